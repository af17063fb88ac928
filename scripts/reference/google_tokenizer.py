#!/usr/bin/env python3
"""Texts as Google's tokenizer cuts them, for Gradus' --google: its published rules in a few lines of Python's own.

    scripts/reference/google_tokenizer.py            writes tests/fixtures/tokenizer/google.json
    scripts/reference/google_tokenizer.py TEST_BERT  compares 100,000 more texts with Gradus, by the hidden case
                                                     "[.google_lines]" of that test program

Needs the standard library only (Python 3.11.7, Unicode 14.0). Characters are taken from blocks that have not changed
since Unicode 8.0. Special tokens are not among the texts: Google's code cuts [MASK] in a text into three, and Gradus
leaves it whole whatever the rules.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

FIXTURE = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "tokenizer" / "google.json"
SEED = 20261129
LONGEST = 200

IDEOGRAPHS = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
              (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]
BLOCKS = {
    "letters": [(0x41, 0x5A), (0x61, 0x7A)],
    "marked": [(0xC0, 0x24F), (0x1E00, 0x1EFF)],
    "greek": [(0x391, 0x3A1), (0x3A3, 0x3CE), (0x1F00, 0x1F15)],
    "sigmas": [(0x3A3, 0x3A3), (0x3C2, 0x3C3), (0x41, 0x41), (0x61, 0x61)],
    "between": [(0x27, 0x27), (0x2E, 0x2E), (0x3A, 0x3A), (0xB7, 0xB7), (0x300, 0x303), (0x2019, 0x2019),
                (0x2B0, 0x2B3), (0xAD, 0xAD), (0xAA, 0xAA), (0xBA, 0xBA), (0x2160, 0x2163), (0x5E, 0x5E)],
    "cyrillic": [(0x410, 0x44F)],
    "hebrew": [(0x5D0, 0x5EA), (0x5B0, 0x5B9)],
    "devanagari": [(0x904, 0x939), (0x93E, 0x94D)],
    "hangul": [(0xAC00, 0xAC60)],
    "punctuation": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E), (0x2010, 0x2027), (0x3001, 0x3003)],
    "digits": [(0x30, 0x39)],
    "ideographs": [(0x4E00, 0x4E20), (0x3400, 0x3410), (0x20000, 0x20010), (0x2A700, 0x2A710), (0x2B740, 0x2B750),
                   (0xF900, 0xF910)],
    "google's": [(0x2B820, 0x2B91F), (0x2B920, 0x2B940), (0x2CEA0, 0x2CEA1)],
    "private": [(0xE000, 0xE010), (0xF8FF, 0xF8FF), (0x100000, 0x100003)],
    "controls": [(0x01, 0x20), (0x7F, 0xA0), (0x200B, 0x200F), (0x2028, 0x202F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
                 (0xFFFD, 0xFFFD)],
}
GOLDEN = ["UNwantéd,running", "ah博推zz", " \tHeLLo!how  \n Are yoU?  ", "HäLLo", "a\n'll !!to?'d of, can't.", "ΟΔΟΣ, ΟΔΟΣ'",
          "Σ aΣ aΣb aΣ' aΣ'b Σa a.Σ. ΑΣ\u0301 ΑΣ-ΑΣ", "a\u2028b\u2029c", "x\ue000y", "\U0002b820\U0002b91f\U0002b920", "İI",
          "x" * 100, "x" * 101, "x" * 200, "x" * 201, "\u00ad", ""]


def is_control(c):
    return c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cf")


def is_space(c):
    return c in " \t\n\r" or unicodedata.category(c) == "Zs"


def is_punctuation(c):
    return c.isascii() and 33 <= ord(c) <= 126 and not c.isalnum() or unicodedata.category(c).startswith("P")


def is_ideograph(c):
    return any(first <= ord(c) <= last for first, last in IDEOGRAPHS)


def words_of(text, lowercase):
    """First what is dropped and set apart, then each word: lower case, accents, punctuation."""
    cleaned = ""
    for c in text:
        if c in "\0\ufffd" or is_control(c):
            continue
        cleaned += " " if is_space(c) else f" {c} " if is_ideograph(c) else c
    words = []
    for word in cleaned.split():
        if lowercase:
            word = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
        words += "".join(f" {c} " if is_punctuation(c) else c for c in word).split()
    return words


def pieces_of(word, vocabulary):
    """The longest piece at each place; [UNK] where there is none."""
    if len(word) > LONGEST:
        return ["[UNK]"]
    pieces, begin = [], 0
    while begin < len(word):
        mark = "##" if begin else ""
        end = next((end for end in range(len(word), begin, -1) if mark + word[begin:end] in vocabulary), None)
        if end is None:
            return ["[UNK]"]
        pieces.append(mark + word[begin:end])
        begin = end
    return pieces


def make_texts(count, seed):
    draw = random.Random(seed)
    characters = {name: [chr(c) for first, last in ranges for c in range(first, last + 1)] for name, ranges in BLOCKS.items()}
    names = list(characters)
    for _ in range(count):
        kinds = draw.sample(names, draw.randint(1, 3))
        text = ""
        for _ in range(draw.randint(1, 6)):
            kind = draw.choice(kinds)
            text += "".join(draw.choice(characters[kind]) for _ in range(draw.randint(1, 5)))
            text += draw.choice(["", " ", "", draw.choice(characters[draw.choice(["between", "punctuation"])])])
        yield text


def make_vocabulary(texts):
    """Every character of the words but each tenth, alone and within a word, and some pairs."""
    characters, pairs = set(), set()
    for text in texts:
        for lowercase in (True, False):
            for word in words_of(text, lowercase):
                characters.update(word)
                pairs.update(word[i:i + 2] for i in range(len(word) - 1))
    characters = sorted(characters)
    kept = [c for i, c in enumerate(characters) if i % 10 != 3]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + kept + ["##" + c for c in kept]
    return pieces + sorted(pairs)[::7] + ["##" + pair for pair in sorted(pairs)[::5]]


def ids_of(text, lowercase, numbers):
    return [numbers[piece] for word in words_of(text, lowercase) for piece in pieces_of(word, numbers)]


def cases_of(texts, numbers):
    return [{"text": text, "uncased": ids_of(text, True, numbers), "cased": ids_of(text, False, numbers)} for text in texts]


def main():
    sample = GOLDEN + list(make_texts(500, SEED))
    vocabulary = make_vocabulary(sample)
    numbers = {piece: i for i, piece in enumerate(vocabulary)}
    if len(sys.argv) == 1:
        lines = [json.dumps(case, ensure_ascii=True) for case in cases_of(sample, numbers)]
        FIXTURE.write_text('{"vocab": ' + json.dumps(vocabulary, ensure_ascii=True) + ',\n"cases": [\n' + ",\n".join(lines) + "\n]}\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "google.json"
        place.write_text(json.dumps({"vocab": vocabulary, "cases": cases_of(make_texts(100_000, SEED + 1), numbers)}))
        subprocess.run([sys.argv[1], "[.google_lines]"], check=True, env={"GRADUS_GOOGLE_LINES": str(place)})
    print("100,000 texts by Google's rules: every id is the same, cased and uncased")


if __name__ == "__main__":
    main()
