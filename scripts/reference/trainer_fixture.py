"""Compares vocabularies with those of Hugging Face's WordPieceTrainer; or writes tests/fixtures/tokenizer/trainer.json.

parity.py calls check(), which learns from forty random texts and one of the toy world with both, each as far as the
first step at which two pairs are equally frequent.

Run it from the root of the repository with a Python that has tokenizers (0.23.3 made the file here):
    python scripts/reference/trainer_fixture.py
Seed 7. The words are drawn from syllables, with counts that differ, and the fixture ends before the first step at
which two pairs are equally frequent: there the reference's result depends on the order of a hash table.
"""

import collections
import json
import pathlib
import random
import subprocess

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def steps_without_ties(counts):
    """Plain byte-pair encoding that recounts everything at each step; stops at the first tie."""
    words = [([w[0]] + ["##" + c for c in w[1:]], n) for w, n in counts.items()]
    steps = 0
    while True:
        pairs = collections.Counter()
        for pieces, n in words:
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += n
        top = pairs.most_common(2)
        if len(top) < 2 or top[0][1] == top[1][1] or top[0][1] < 2:
            return steps
        (left, right), _ = top[0]
        steps += 1
        for pieces, _ in words:
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == (left, right):
                    pieces[i : i + 2] = [left + right.removeprefix("##")]
                i += 1


def random_text(generator):
    """Words of random syllables of one to three scripts, as often as their random counts say, in random order."""
    scripts = ["aeioubcdfghklmnprst", "абвгдежзийклмно", "αβγδεζηθικλμνξο", "가나다라마바사", "كلمةسطرنص", "अआइकखगचजत", "0123456789"]
    letters = "".join(generator.sample(scripts, generator.randint(1, 3)))
    syllables = ["".join(generator.choices(letters, k=generator.randint(1, 3))) for _ in range(generator.randint(5, 40))]
    words = []
    for _ in range(generator.randint(20, 300)):
        word = "".join(generator.choices(syllables, k=generator.randint(1, 5)))
        words += [generator.choice([word, word.capitalize(), word + "."])] * generator.randint(1, 900)
    generator.shuffle(words)
    return [" ".join(words[i : i + 20]) for i in range(0, len(words), 20)]


def compare(program, lines, lowercase, place):
    """The number of merges, after checking that the two vocabularies are the same as far as the first tie."""
    normalizer, split = normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer()
    counts = collections.Counter(w for line in lines for w, _ in split.pre_tokenize_str(normalizer.normalize_str(line)))
    steps = steps_without_ties(counts)
    begins = sorted({c for w in counts for c in w})
    continues = {"##" + c for w in counts for c in w[1:]}
    # Twice the alphabet, so that Gradus keeps all of it whatever is frequent.
    size = max(len(SPECIALS) + len(begins) + len(continues) + steps, 2 * (len(SPECIALS) + len(begins) + len(continues)))
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer = normalizer, split
    t.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=size, min_frequency=2, special_tokens=SPECIALS,
                                                           show_progress=False))
    theirs = [p for p, _ in sorted(t.get_vocab().items(), key=lambda x: x[1])]
    (place / "learn.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run([program, "vocab", "learn.txt", "--out", "learnt.txt", "--size", str(size), "--force",
                    *([] if lowercase else ["--cased"])], check=True, cwd=place, capture_output=True)
    ours = (place / "learnt.txt").read_text(encoding="utf-8").splitlines()
    first, last = len(SPECIALS) + len(begins), len(SPECIALS) + len(begins) + len(continues)
    assert ours[:first] == theirs[:first] == SPECIALS + begins, (ours[:first], theirs[:first])
    assert set(ours[first:last]) == set(theirs[first:last]) == continues, (ours[first:last], theirs[first:last])
    merges = slice(last, last + steps)  # a merge that makes a piece which is there already adds none
    assert ours[merges] == theirs[merges], (ours[merges], theirs[merges])
    return steps


def check(program, place):
    merges = 0
    for seed in range(40):
        generator = random.Random(seed)
        merges += compare(program, random_text(generator), generator.random() < 0.5, place)
    subprocess.run([program, "corpus", "toy", "--out", "world", "--stories", "300"], check=True, cwd=place, capture_output=True)
    toy = compare(program, (place / "world" / "train.txt").read_text(encoding="utf-8").splitlines(), True, place)
    print(f"vocabularies: {merges} merges of 40 random texts and {toy} of the toy world are the reference's, in its order")


def main():
    generator = random.Random(7)
    syllables = ["ba", "ne", "ti", "ko", "lu", "ra", "é", "st", "in", "g", "ing", "博", "aa", "un"]
    counts = {}
    for _ in range(260):
        word = "".join(generator.choice(syllables) for _ in range(generator.randint(1, 5)))
        counts[word] = generator.randint(1, 900)
    steps = steps_without_ties(counts)
    alphabet = {c for w in counts for c in w} | {"##" + c for w in counts for c in w[1:]}
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=len(SPECIALS) + len(alphabet) + steps, min_frequency=2, limit_alphabet=1000,
        special_tokens=SPECIALS, show_progress=False)
    t.train_from_iterator((" ".join([w] * n) for w, n in counts.items()), trainer)
    pieces = [p for p, _ in sorted(t.get_vocab().items(), key=lambda x: x[1])]
    start = len(SPECIALS) + len(alphabet)
    fixture = {"tokenizers": tokenizers.__version__, "words": counts, "vocab_size": len(pieces),
               "begins": pieces[: start - sum(p.startswith("##") for p in alphabet)],
               "continues": sorted(pieces[start - sum(p.startswith("##") for p in alphabet) : start]),
               "merges": pieces[start:]}
    path = pathlib.Path("tests/fixtures/tokenizer/trainer.json")
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n", encoding="ascii")
    print(f"{len(counts)} words, {len(fixture['merges'])} merges before the first tie")


if __name__ == "__main__":
    main()
