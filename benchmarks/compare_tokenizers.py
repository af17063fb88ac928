"""Sets Gradus's tokenizer beside Hugging Face's tokenizers, one thread each, in one run, and checks the ids.

    python benchmarks/compare_tokenizers.py PATH/TO/bench_tokenizer TEXT.txt [VOCAB_SIZE] [ROUNDS] [--json]

The two take turns, ROUNDS (5) times; medians and their ratio are printed. Learning counts the text's words and learns
VOCAB_SIZE (8000) pieces. Encoding gives ids, types, offsets, words and pieces for each line; on Hugging Face's side it
is encode_batch, and encode_batch_fast, which leaves out the offsets, stands beside our tokenize (ids only).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers  # noqa: E402

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def seconds(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def learn(lines, size):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=2, limit_alphabet=1000, special_tokens=SPECIALS, show_progress=False)
    t.train_from_iterator(lines, trainer)
    return t


def main():
    as_json = sys.argv[-1] == "--json"
    if as_json:
        sys.argv.pop()
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, path = sys.argv[1:3]
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 8000
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    lines = [line for line in open(path, encoding="utf-8").read().split("\n") if line]
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            ours.append(json.loads(subprocess.run(
                [program, path, str(size), folder], check=True, capture_output=True, text=True).stdout))
            learning, learnt = seconds(lambda: learn(lines, size))
            t = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
            encoding, encoded = seconds(lambda: t.encode_batch(lines))
            fast, _ = seconds(lambda: t.encode_batch_fast(lines))
            theirs.append({"learn": learning, "encode": encoding, "tokenize": fast})
        ids = [[int(i) for i in line.split()] for line in open(os.path.join(folder, "ids.txt"))]
        wrong = sum(a != b.ids for a, b in zip(ids, encoded, strict=True))
        shared = len(set(learnt.get_vocab()) & set(t.get_vocab()))
    if as_json:
        by_key = lambda rows: {key: [row[key] for row in rows] for key in ("learn", "encode", "tokenize")}
        print(json.dumps({"gradus": by_key(ours), "tokenizers": by_key(theirs), "wrong": wrong}))
        sys.exit(wrong != 0)
    print(f"tokenizers {tokenizers.__version__}, {len(lines)} lines, {sum(map(len, lines))} characters, medians of {rounds}")
    print(f"{wrong} lines differ in their ids; {shared} of {size} learnt pieces are the same")
    print("             Gradus s   tokenizers s   ratio")
    for key in ("learn", "encode", "tokenize"):
        a, b = (statistics.median(row[key] for row in rows) for rows in (ours, theirs))
        print(f"{key:10} {a:10.3f} {b:14.3f} {b / a:7.1f}")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
