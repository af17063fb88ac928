#!/usr/bin/env python3
"""Holds Gradus to Hugging Face, live: scripts/parity calls it with the path of the built `gradus` program.

- Folders that Gradus writes open in transformers without a missing or extra weight, and compute the same.
- Random strings of every kind of character become the same ids and offsets.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import hf_roundtrip
import tokenizer_folders

SEED = 20240901
FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures"
WORDS = (FIXTURES / "bert" / "small" / "vocab.txt").read_text().split()
# Ranges on which all versions of Unicode agree: see tests/fixtures/README.md.
RANGES = [(0x20, 0x7E)] * 4 + [(0x00, 0x1F), (0xA0, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x4E00, 0x4EFF),
                               (0x300, 0x315), (0x2010, 0x2027), (0x1F600, 0x1F60F), (0xAC00, 0xAC20)]


def random_text(generator):
    parts = []
    for _ in range(generator.randint(0, 12)):
        if generator.random() < 0.5:
            parts.append(generator.choice(WORDS).replace("##", generator.choice(["##", ""])))
        else:
            low, high = generator.choice(RANGES)
            parts.append("".join(chr(generator.randint(low, high)) for _ in range(generator.randint(1, 5))))
    return generator.choice(["", " "]).join(parts)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    tests = program.parent / "tests" / "test_bert"
    generator = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        with open(place / "texts.jsonl", "w", encoding="utf-8") as out:
            for _ in range(3000):
                out.write(json.dumps({"text": random_text(generator)}) + "\n")
        subprocess.run([tests, "[.parity]"], check=True, env={**os.environ, "GRADUS_PARITY": str(place)},
                       stdout=subprocess.DEVNULL)
        folders = sorted(path for path in place.iterdir() if path.is_dir())
        assert len(folders) == 3, folders
        for folder in folders:
            print(f"{folder.name}: opened by transformers, largest difference {hf_roundtrip.check(folder):.1e}")
        tokenizer_folders.check(folders[0], place / "tokenized.jsonl")
    print("parity: all agree")


if __name__ == "__main__":
    main()
