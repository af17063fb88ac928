"""Writes tests/fixtures/tokenizer/trainer.json: the merges that Hugging Face's WordPieceTrainer makes.

Run it from the root of the repository with a Python that has tokenizers (0.23.3 made the file here):
    python scripts/reference/trainer_fixture.py
Seed 7. The words are drawn from syllables, with counts that differ, and the fixture ends before the first step at
which two pairs are equally frequent: there the reference's result depends on the order of a hash table.
"""

import collections
import json
import pathlib
import random

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

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
        if len(top) < 2 or top[0][1] == top[1][1]:
            return steps
        (left, right), _ = top[0]
        steps += 1
        for pieces, _ in words:
            i = 0
            while i + 1 < len(pieces):
                if (pieces[i], pieces[i + 1]) == (left, right):
                    pieces[i : i + 2] = [left + right.removeprefix("##")]
                i += 1


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
