#!/usr/bin/env python3
"""Holds Gradus' tokenizer to Hugging Face's on every character and on a million generated lines, cased and uncased.

    scripts/reference/tokenizer_lines.py TEST_BERT [COUNT [SEED]]   compares COUNT lines (parity.py: 1,000,000)
    scripts/reference/tokenizer_lines.py TEST_BERT write            writes the two fixtures below

TEST_BERT is the built test program, whose hidden case "[.parity_lines]" does Gradus' part. First every code point is
looked at alone, between two letters; where the two differ must be just where unicode_differences.txt says so. The
lines then hold every character but those, and may differ in no id and no offset.

Fixtures (tokenizers 0.23.3, Python 3.11.7), in tests/fixtures/tokenizer/: unicode_differences.txt, whose ages are
from perl's Unicode::UCD (5.36), and lines.json, a sample of the lines with a vocabulary of its own.
"""
import array
import collections
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SEED = 20261128
COUNT = 1_000_000
CHUNK = 100_000
SAMPLE = 800
FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "tokenizer"
DIFFERENCES = FIXTURES / "unicode_differences.txt"
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SETTINGS = {"uncased": True, "cased": False}  # name: lowercase
LATE = "\u302e"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

ODD_SPECIALS = SPECIALS * 3 + ["[mask]", "[Mask]", "[MASK", "MASK]", "[ MASK ]", "[[MASK]]", "[MASK][MASK]", "##[SEP]",
                               "[SEP]##", "[MA\u0301SK]", "[MASK\u200d]", "[UNK]ing", "un[CLS]", "[PAD]\u0301", "[\u200bSEP]"]
WORDS = ("want un runn low lowest wa hello how are you to of can my name is john pair dog go do not the The Hello "
         "HELLO ing ed ly s t ll don't it's e.g. 3.14 100 $5.00 a b c x http:// @you #tag _ - -- ...").split()
CASES = "İıIiẞßΣσςǅǄǆﬁﬂſKÅΩⅧⅷႠაᎠꭰÀàÉéÑñŐőĂăЁёЙйΐΰ\u0345ŉǰ"
HANGUL = [(0xAC00, 0xD7A3), (0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2), (0x3131, 0x318E)]
IDEOGRAPHS = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0xF900, 0xFA6D),
              (0x2F800, 0x2FA1D), (0x3000, 0x303F), (0x3040, 0x30FF), (0xFF01, 0xFFEE)]
EMOJI = [(0x1F300, 0x1F5FF), (0x1F600, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F910, 0x1F918), (0x2600, 0x27BF), (0x2190, 0x21FF)]
EMOJI_JOINTS = ["", "\u200d", "\ufe0f", "\ufe0f\u200d", "\u20e3", "\U0001f3fd", "\U0001f1e9\U0001f1ea", "\U000e0067"]
RIGHT_TO_LEFT = [(0x5D0, 0x5EA), (0x621, 0x64A), (0x671, 0x6D3), (0x700, 0x72C), (0x7C0, 0x7E7), (0xFB50, 0xFDFB), (0x10A00, 0x10A33)]
RIGHT_TO_LEFT_MARKS = [(0x591, 0x5C7), (0x64B, 0x65F), (0x610, 0x61A), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)]
CONTROLS = [(0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x1680, 0x1680), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F),
            (0x3000, 0x3000), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD), (0xE000, 0xE010), (0xE0001, 0xE007F), (0xFFFE, 0xFFFF)]


class Lines:
    """Lines from `known`, the characters on which Gradus and the reference agree."""

    def __init__(self, known, seed):
        self.random = random.Random(seed)
        self.known = known
        groups = collections.defaultdict(lambda: collections.defaultdict(list))
        self.marks, self.reordered = [], []
        for code in sorted(known):
            c = chr(code)
            category = unicodedata.category(c)
            # A kind is what the names of a script's characters begin with; its pages are of 128 code points.
            kind = (unicodedata.name(c, "") or category + " ").split()[0]
            groups[kind][code >> 7].append(c)
            if category[0] == "M":
                self.marks.append(c)
                if category != "Mn" and unicodedata.combining(c):
                    self.reordered.append(c)
        self.groups = [list(pages.values()) for pages in groups.values()]
        self.pages = [page for pages in self.groups for page in pages if unicodedata.category(page[0]) not in ("Co", "Cn")]

    def run(self, ranges, most):
        r = self.random
        low, high = r.choice(ranges)
        codes = [r.randint(low, high) for _ in range(r.randint(1, most))]
        return "".join(chr(c) for c in codes if c in self.known)

    def of_one_page(self):
        rare_scripts_too = self.random.random() < 0.5
        page = self.random.choice(self.random.choice(self.groups) if rare_scripts_too else self.pages)
        return "".join(self.random.choices(page, k=self.random.randint(1, 8)))

    def marked(self):
        r = self.random
        base = r.choice(["a", "e", "O", "\u0915", "\u05d0", "\uac00", "\u1100\u1161", "\u212b", "\u1e69", "", " ", self.of_one_page()])
        pool = self.marks if r.random() < 0.7 else self.reordered + ["\u0301", "\u0323", "\u0345", "\u034f", "\u0334"]
        return base + "".join(r.choices(pool, k=r.randint(1, 6)))

    def emoji(self):
        return "".join(self.run(EMOJI, 1) + self.random.choice(EMOJI_JOINTS) for _ in range(self.random.randint(1, 4)))

    def right_to_left(self):
        return "".join(self.run(RIGHT_TO_LEFT, 4) + self.run(RIGHT_TO_LEFT_MARKS, 2) for _ in range(self.random.randint(1, 3)))

    def long_word(self):
        """About a hundred characters, of which marks and controls may leave fewer."""
        unit = self.random.choice(["x", "é", "e\u0301", "x\u200b", "\U00010400", "ab", "Σ"])
        return unit * (self.random.randint(97, 103) // self.random.choice([1, len(unit)]))

    def part(self):
        r = self.random
        kind = r.random()
        if kind < 0.25:
            return self.of_one_page()
        if kind < 0.40:
            return r.choice(WORDS)
        if kind < 0.55:
            return self.marked()
        if kind < 0.63:
            return self.run(IDEOGRAPHS, 6)
        if kind < 0.70:
            return self.run(CONTROLS, 3)
        if kind < 0.76:
            return r.choice(ODD_SPECIALS)
        if kind < 0.82:
            return self.emoji()
        if kind < 0.88:
            return self.right_to_left()
        if kind < 0.92:
            return self.run(HANGUL, 4)
        if kind < 0.97:
            return "".join(r.choices(CASES, k=r.randint(1, 4)))
        if kind < 0.973:
            return self.long_word()
        return "".join(r.choices(["\t", "\r\n", "\n", "\u00a0", "\u2028", "  ", "\x85", "\x0b"], k=r.randint(1, 2)))

    def line(self):
        r = self.random
        parts = [self.part() for _ in range(r.randint(1, 8))]
        return r.choice(["", "", " ", " ", "\u200b"]).join(parts)


def vocabulary(characters, generator):
    """Most of the characters, in the forms that normalisation leaves, as pieces that begin and that continue words."""
    forms = {}
    for c in characters:
        for form in (c, unicodedata.normalize("NFD", c.lower())):
            forms.update((x, None) for x in form if not x.isspace() and unicodedata.category(x) not in ("Cc", "Cf", "Co", "Cn"))
    single = [p for c in forms for p in (c, "##" + c)]
    words = [w for word in WORDS for w in (word, word.lower(), "##" + word.lower(), "##" + word)]
    runs = [p for c in forms if generator.random() < 0.2 for p in ("##" + c + generator.choice("aeiost"), c + c, "##" + c + c)]
    kept = [p for p in single + words + runs if generator.random() < 0.9]
    return list(dict.fromkeys(SPECIALS + kept))


def reference(vocab, lowercase):
    t = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocab)}, unk_token="[UNK]", max_input_chars_per_word=100))
    t.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIALS])
    return t


def write_texts(path, texts):
    with open(path, "wb") as out:
        for text in texts:
            data = text.encode()
            out.write(struct.pack("<I", len(data)) + data)


def gradus(test_bert, place):
    """What Gradus makes of place/texts.bin with place/vocab.txt: SETTING.bin, and SETTING_words.txt if that is there."""
    subprocess.run([test_bert, "[.parity_lines]"], check=True, env={**os.environ, "GRADUS_PARITY": str(place)},
                   stdout=subprocess.DEVNULL)


def effect(code, words):
    """What became of the character in a?b: K kept, D dropped, S a space, P a word of its own; or into what it changed."""
    c = chr(code)
    named = {f"a{c}b": "K", f"a{c}{LATE}b": "M", "ab": "D", "a b": "S", f"a {c} b": "P"}
    return named.get(words) or ".".join("_" if x == " " else f"{ord(x):X}" for x in words[1:-1])


def character_differences(test_bert, place):
    """{code: (effect in the reference uncased, in Gradus, in the reference cased, in Gradus)} where they differ.

    What stays after LATE, a mark that nearly all marks stand before, and moves before it, has a combining class."""
    texts = [f"a{before}{chr(c)}b" for c in CODE_POINTS for before in ("", LATE)]
    write_texts(place / "texts.bin", texts)
    (place / "vocab.txt").write_text("\n".join(SPECIALS) + "\n")
    for setting in SETTINGS:
        (place / f"{setting}_words.txt").touch()
    gradus(test_bert, place)
    split = pre_tokenizers.BertPreTokenizer()
    rows = [[] for _ in texts]
    for setting, lowercase in SETTINGS.items():
        normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        path = place / f"{setting}_words.txt"
        ours = path.read_text(encoding="utf-8").split("\n")[:-1]
        path.unlink()
        assert len(ours) == len(texts), (len(ours), len(texts))
        for row, text, words in zip(rows, texts, ours):
            theirs = " ".join(word for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text)))
            row += [theirs, words]
    out = {}
    for code, alone, after in zip(CODE_POINTS, rows[::2], rows[1::2]):
        # After LATE only an order matters that the effect on the character alone does not explain.
        for row in (alone, after):
            if (row[0] != row[1] or row[2] != row[3]) and code not in out:
                out[code] = tuple(effect(code, words) for words in row)
    return out


def listed_differences():
    out = {}
    for line in DIFFERENCES.read_text().splitlines():
        if not line.startswith("#"):
            first, last, *effects, _ = line.split()
            out.update((c, tuple(effects)) for c in range(int(first, 16), int(last, 16) + 1))
    return out


def write_differences(differences):
    ages = subprocess.run(["perl", "-MUnicode::UCD=charprop", "-ne", "chomp; print charprop(hex, 'Age'), qq(\n)"], check=True,
                          input="".join(f"{c:X}\n" for c in differences), capture_output=True, text=True).stdout
    rows = []
    for (code, effects), age in zip(differences.items(), ages.split()):
        age = age.lstrip("V").replace("_", ".").replace("Unassigned", "15.0+")
        if rows and rows[-1][1] == code - 1 and rows[-1][2:] == [*effects, age]:
            rows[-1][1] = code
        else:
            rows.append([code, code, *effects, age])
    with open(DIFFERENCES, "w", encoding="ascii") as out:
        out.write("# Where Gradus (Unicode 15.0) and tokenizers differ, by scripts/reference/tokenizer_lines.py:\n"
                  "# first, last, uncased there, here, cased there, here, Unicode version that has the characters.\n"
                  "# K kept, D dropped, S a space, P a word of its own, or what the character becomes (_ a space);\n"
                  "# 302E.c and M: after the mark U+302E it is left there, or moved before that mark.\n")
        for first, last, *rest in rows:
            out.write(f"{first:X} {last:X} {' '.join(rest)}\n")


def check_characters(test_bert, place):
    found, listed = character_differences(test_bert, place), listed_differences()
    for code in sorted({*found, *listed}):
        assert found.get(code) == listed.get(code), f"U+{code:04X}: {found.get(code)}, listed as {listed.get(code)}"
    print(f"characters: {len(CODE_POINTS):,} code points, cased and uncased; the {len(found)} that differ are those listed")


def encoded(encodings, vocab):
    out = array.array("i")
    for e in encodings:
        ids = e.ids
        assert e.tokens == [vocab[i] for i in ids]
        out.append(len(ids))
        out.extend(ids)
        for span in e.offsets:
            out.extend(span)
    return out


def first_difference(texts, theirs, ours):
    """The first text with another encoding, and both."""
    def row(data, at):
        n = data[at]
        return list(data[at + 1 : at + 1 + n]), list(data[at + 1 + n : at + 1 + 3 * n]), at + 1 + 3 * n
    a = b = 0
    for text in texts:
        *their_row, a = row(theirs, a)
        *our_row, b = row(ours, b)
        if their_row != our_row:
            return f"{text!r} {[f'{ord(c):X}' for c in text]}\n  theirs {their_row}\n  ours   {our_row}"
    return "none"


def known_characters():
    return set(CODE_POINTS) - set(listed_differences())


def check_lines(test_bert, place, count=COUNT, seed=SEED):
    known = known_characters()
    lines = Lines(known, seed)
    assigned = [chr(c) for c in sorted(known) if unicodedata.category(chr(c)) not in ("Cn", "Co")]
    vocab = vocabulary(assigned, lines.random)
    (place / "vocab.txt").write_text("\n".join(vocab) + "\n", encoding="utf-8")
    tokenizer = {setting: reference(vocab, lowercase) for setting, lowercase in SETTINGS.items()}
    seen, pieces, unknown = set(), 0, 0
    for begin in range(0, count, CHUNK):
        texts = [lines.line() for _ in range(min(CHUNK, count - begin))]
        seen.update(*texts)
        write_texts(place / "texts.bin", texts)
        gradus(test_bert, place)
        for setting in SETTINGS:
            encodings = tokenizer[setting].encode_batch(texts, add_special_tokens=False)
            theirs, ours = encoded(encodings, vocab), array.array("i", (place / f"{setting}.bin").read_bytes())
            assert theirs == ours, f"{setting}: {first_difference(texts, theirs, ours)}"
            pieces += sum(len(e.ids) for e in encodings)
            unknown += sum(e.ids.count(1) for e in encodings)
    met = sum(c in seen for c in assigned)
    print(f"lines: {count:,} of {met:,} of {len(assigned):,} characters, cased and uncased, have the same {pieces:,} pieces "
          f"and offsets ({100 * unknown / pieces:.0f} % [UNK])")


def write_sample():
    lines = Lines(known_characters(), SEED)
    texts = [lines.line() for _ in range(SAMPLE)]
    vocab = vocabulary(sorted(set("".join(texts))), lines.random)
    rows = [{"text": text} for text in texts]
    for setting, lowercase in SETTINGS.items():
        for row, e in zip(rows, reference(vocab, lowercase).encode_batch(texts, add_special_tokens=False)):
            row[setting] = {"ids": e.ids, "offsets": [x for span in e.offsets for x in span]}
    with open(FIXTURES / "lines.jsonl", "w", encoding="ascii") as out:
        for row in [{"tokenizers": tokenizers.__version__, "vocab": vocab}, *rows]:
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


def main():
    test_bert = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        if sys.argv[2:] == ["write"]:
            write_differences(character_differences(test_bert, place))
            write_sample()
            return
        check_characters(test_bert, place)
        check_lines(test_bert, place, *map(int, sys.argv[2:]))


if __name__ == "__main__":
    main()
