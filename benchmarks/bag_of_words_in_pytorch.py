#!/usr/bin/env python3
"""The bag of words beside which a BERT is held, with its penalty chosen: `gradus finetune` takes one of 1e-4.

    python benchmarks/bag_of_words_in_pytorch.py TRAIN.tsv VALIDATION.tsv TEST.tsv --l2 1e-4 1e-5 1e-6 --pairs

Softmax regression as bert/evaluation/bag_of_words.hpp defines it: 1 / sqrt(n) for each of a text's n different words, and
with --pairs also for neighbouring ones. Needs torch, as build/parity-venv has it.
"""
import argparse
import csv
import re
import time
import unicodedata

import torch


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def features(text, pairs):
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    words = re.findall(r"[^\W_]+|[^\w\s]|_", plain)
    return set(words) | {f"{a} {b}" for a, b in zip(words, words[1:])} if pairs else set(words)


def matrix(bags, columns):
    """[texts, columns + 1], the last column all ones."""
    at, values = [[], []], []
    for row, bag in enumerate(bags):
        known = [columns[feature] for feature in bag if feature in columns]
        at[0] += [row] * (len(known) + 1)
        at[1] += known + [len(columns)]
        values += [max(len(known), 1) ** -0.5] * len(known) + [1.0]
    return torch.sparse_coo_tensor(at, values, (len(bags), len(columns) + 1), is_coalesced=False).coalesce().to_sparse_csr()


def fit(x, x_transposed, truth, classes, l2, steps):
    """L-BFGS: on many labels it comes nearer to the least loss than bag_of_words.cpp's steps of one size."""
    weights = torch.zeros(x.shape[1], classes)
    hot = torch.nn.functional.one_hot(truth, classes).float()
    optimizer = torch.optim.LBFGS([weights], max_iter=steps, max_eval=2 * steps, history_size=10, tolerance_grad=1e-7,
                                  tolerance_change=1e-9, line_search_fn="strong_wolfe")

    def loss():
        logits = x @ weights
        weights.grad = x_transposed @ ((torch.softmax(logits, 1) - hot) / len(truth)) + l2 * weights
        return torch.nn.functional.cross_entropy(logits, truth) + l2 / 2 * weights.square().sum()

    optimizer.step(loss)
    return weights


def macro_f1(said, truth, classes):
    right = torch.bincount(truth[said == truth], minlength=classes).double()
    both = torch.bincount(truth, minlength=classes) + torch.bincount(said, minlength=classes)
    return float((2 * right / both.clamp(min=1))[both > 0].mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("train", "validation", "test"):
        parser.add_argument(name)
    parser.add_argument("--l2", type=float, nargs="+", default=[1e-4, 1e-5, 1e-6])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--pairs", action="store_true", help="neighbouring words, too")
    call = parser.parse_args()
    tables = [read(path) for path in (call.train, call.validation, call.test)]
    bags = [[features(row["text"], call.pairs) for row in table] for table in tables]
    columns = {feature: i for i, feature in enumerate(dict.fromkeys(f for bag in bags[0] for f in sorted(bag)))}
    labels = sorted({row["label"] for row in tables[0]})
    x = [matrix(bag, columns) for bag in bags]
    truth = [torch.tensor([labels.index(row["label"]) for row in table]) for table in tables]
    transposed = x[0].to_sparse_coo().t().coalesce().to_sparse_csr()
    print(f"{len(columns)} features, {len(labels)} labels")
    for l2 in call.l2:
        began = time.process_time()
        weights = fit(x[0], transposed, truth[0], len(labels), l2, call.steps)
        seconds = time.process_time() - began
        line = [f"l2 {l2:g}"]
        for name, part, right in zip(("validation", "test"), x[1:], truth[1:]):
            said = (part @ weights).argmax(1)
            line.append(f"{name}: accuracy {float((said == right).float().mean()):.4f}, "
                        f"macro F1 {macro_f1(said, right, len(labels)):.4f}")
        print("; ".join(line) + f"; {seconds:.0f} s of processor", flush=True)


if __name__ == "__main__":
    main()
