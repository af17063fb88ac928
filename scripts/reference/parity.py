#!/usr/bin/env python3
"""Holds Gradus to Hugging Face, live: scripts/parity calls it with the path of the built `gradus` program.

- Folders that Gradus writes open in transformers without a missing or extra weight, and compute the same.
- The example in the README opens what `gradus pretrain` writes, and guesses what `gradus fill-mask` guesses.
- A million generated lines of every kind of character become the same ids and offsets (tokenizer_lines.py).
- So do 100,000 lines by Google's rules, which --google asks for (google_tokenizer.py).
- Chapter 15's Python opens its folder, and prints what the chapter shows (chapter_15.py).
- The vectors of `gradus embed` are those of transformers, on folders of both origins (embed_parity.py).
- Fine-tuned folders open there and say the same, and transformers' own are fine-tuned further here (task_parity.py).
- Vocabularies are learnt in the same steps, as far as no two pairs are equally frequent (trainer_fixture.py).
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import chapter_15
import embed_parity
import hf_roundtrip
import task_parity
import tokenizer_folders
import tokenizer_lines
import trainer_fixture

SEED = 20240901
ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
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


def check_example(program, place):
    """docs/open_in_python.py beside `gradus fill-mask`: the same pieces, the same rounded probabilities."""
    def gradus(*arguments):
        return subprocess.run([program, *arguments], check=True, cwd=place, capture_output=True, text=True).stdout

    gradus("corpus", "toy", "--out", "toy", "--stories", "300")
    gradus("pretrain", "toy/train.txt", "--held-out", "toy/held-out.txt", "--out", "trained", "--vocab-size", "300",
           "--steps", "20", "--evaluations", "0", "--evaluation-rows", "16")
    for text in ["Tom went to the [MASK].", "The [MASK] was in the [MASK], said \u5929 \u2603."]:
        script = ROOT / "docs" / "open_in_python.py"
        shown = subprocess.run([sys.executable, script, "trained", text], check=True, cwd=place, capture_output=True,
                               text=True).stdout.splitlines()
        filled = json.loads(gradus("fill-mask", "trained", text, "--json"))["texts"][0]
        candidates = [candidate for mask in filled["masks"] for candidate in mask["candidates"]]
        assert len(shown) == len(candidates) == 5 * text.count("[MASK]"), (shown, candidates)
        for line, candidate in zip(shown, candidates):
            share, piece = line.split()
            assert piece == candidate["piece"], (line, candidate)
            assert abs(float(share.rstrip("%")) - 100 * candidate["probability"]) < 0.06, (line, candidate)
    print("the README's Python: the same guesses as gradus fill-mask")


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
        embed_parity.check_all(program, [*folders, FIXTURES / "bert" / "small"])
        check_example(program, place)
        task_parity.check(program, place / "trained")
        chapter_15.check(program.parent)
        trainer_fixture.check(program, place)
        tokenizer_lines.check_characters(tests, place)
        tokenizer_lines.check_lines(tests, place)
        subprocess.run([sys.executable, ROOT / "scripts/reference/google_tokenizer.py", tests], check=True)
    print("parity: all agree")


if __name__ == "__main__":
    main()
