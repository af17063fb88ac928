#!/usr/bin/env python3
"""The same fine-tuning in PyTorch with transformers, to hold `gradus finetune classification` to: the same folder, tables,
batches, epochs, rate, warm-up and decay, clipping at 1, AdamW with decay on weight matrices alone.

    python benchmarks/finetune_in_pytorch.py MODEL TRAIN.tsv TEST.tsv --epochs 3 --seeds 1 2 3
    python benchmarks/finetune_in_pytorch.py MODEL TRAIN.tsv TEST.tsv --gradus build/release/gradus --scratch scratch

Prints accuracy on the test set and seconds of learning for each seed, of the processor and of the clock. The rows come in
the order that `gradus finetune --seed` draws. With --gradus that program learns the same right before, and its figures
stand beside; a MODEL that has a classifier already begins alike on both sides, and without dropout the losses can be
compared step by step. Needs torch and transformers, as build/parity-venv has them.
"""
import argparse
import csv
import json
import pathlib
import resource
import statistics
import subprocess
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

WORD = 0xFFFFFFFF


def philox(counter, key):
    """autograd/random.cpp, Salmon et al. 2011."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & WORD, (p0 >> 32) ^ c3 ^ k1, p0 & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return c0, c1, c2, c3


def order_of_epoch(rows, seed, epoch):
    """The rows in the order of `gradus finetune`: bert/tasks/finetuning.cpp shuffles them with Rng(seed).split(epoch)."""
    key = (seed & WORD, seed >> 32)
    high, low = philox((epoch, 0, 0, 0), (key[0] ^ WORD, key[1] ^ WORD))[:2]
    numbers = (number for block in range(rows) for number in philox((block, 0, low, high), key))
    order = list(range(rows))
    for i in range(rows, 1, -1):
        j = (next(numbers) << 32 | next(numbers)) % i  # that a number is drawn again has a chance of rows / 2^64
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def batches(rows, tokenizer, length, labels):
    texts = tokenizer([r["text"] for r in rows], truncation=True, max_length=length, padding=True, return_tensors="pt")
    return texts, torch.tensor([labels.index(r["label"]) for r in rows])


def groups(model, decay):
    plain = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    rest = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    return [{"params": rest, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def learn(call, train, test, labels, seed):
    """Accuracy on the test, seconds of the processor and of the clock, and the loss of each step."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(call.model)
    model = AutoModelForSequenceClassification.from_pretrained(call.model, num_labels=len(labels),
                                                              hidden_dropout_prob=call.dropout,
                                                              attention_probs_dropout_prob=call.dropout)
    length = min(call.max_length, model.config.max_position_embeddings)
    steps = call.epochs * -(-len(train) // call.batch)
    optimizer = torch.optim.AdamW(groups(model, 0.01), lr=call.learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * steps), steps)
    orders = [order_of_epoch(len(train), seed, epoch) for epoch in range(call.epochs)]
    began, used, losses = time.monotonic(), time.process_time(), []
    model.train()
    for order in orders:
        for begin in range(0, len(order), call.batch):
            texts, truth = batches([train[i] for i in order[begin:begin + call.batch]], tokenizer, length, labels)
            loss = torch.nn.functional.cross_entropy(model(**texts).logits, truth)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    seconds = time.process_time() - used, time.monotonic() - began
    model.eval()
    right = 0
    with torch.no_grad():
        for begin in range(0, len(test), 64):
            texts, truth = batches(test[begin:begin + 64], tokenizer, length, labels)
            right += int((model(**texts).logits.argmax(-1) == truth).sum())
    return right / len(test), *seconds, losses


def processor_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def learn_with_gradus(call, seed):
    """The same of `gradus finetune`. Its processor time is that of the whole program, files and folder with it; that of the
    clock is the steps alone, as in learn."""
    folder = call.scratch / f"gradus-{seed}"
    options = [*map(str, ("--batch", call.batch, "--learning-rate", call.learning_rate, "--dropout", call.dropout,
                          "--max-length", call.max_length, "--seed", seed, "--json"))]
    if call.threads:
        options += ["--threads", str(call.threads)]
    before = processor_of_children()
    said = subprocess.run([call.gradus, "finetune", "classification", call.model, call.train, "--validation-fraction", "0",
                           "--last-epoch", "--epochs", str(call.epochs), "--out", folder, *options],
                          check=True, capture_output=True, text=True).stdout
    used = processor_of_children() - before
    scored = subprocess.run([call.gradus, "predict", folder, call.test, "--score", "--max-length", str(call.max_length), "--json"],
                            check=True, capture_output=True, text=True).stdout
    with (folder / "metrics.csv").open() as file:
        losses = {int(r["step"]): float(r["loss"]) for r in csv.DictReader(file) if r["kind"] == "train"}
    return json.loads(scored)["figures"]["accuracy"]["value"], used, json.loads(said)["seconds"], losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--gradus", help="the program to compare with")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("."), help="where the folders of --gradus go")
    call = parser.parse_args()
    if call.threads:
        torch.set_num_threads(call.threads)
    train, test = read(call.train), read(call.test)
    labels = sorted({row["label"] for row in train})
    results = {"PyTorch": []} | ({"gradus": []} if call.gradus else {})
    for seed in call.seeds:
        if call.gradus:
            results["gradus"].append(learn_with_gradus(call, seed))
        results["PyTorch"].append(learn(call, train, test, labels, seed))
        for side, found in results.items():
            accuracy, used, seconds, _ = found[-1]
            print(f"seed {seed}, {side}: accuracy {accuracy:.4f}, {used:.1f} s of processor, {seconds:.1f} s", flush=True)
        if call.gradus:
            other = results["PyTorch"][-1][3]
            apart = max((abs(loss - other[step - 1]), step) for step, loss in results["gradus"][-1][3].items())
            print(f"seed {seed}: the losses of {len(results['gradus'][-1][3])} steps compared differ by {apart[0]:.1e} at most, at "
                  f"step {apart[1]} of {len(other)}: {other[apart[1] - 1]:.7f}", flush=True)
    for side, found in results.items():
        accuracy, used, seconds = (statistics.mean(run[i] for run in found) for i in range(3))
        print(f"mean, {side}: accuracy {accuracy:.4f}, {used:.1f} s of processor, {seconds:.1f} s")


if __name__ == "__main__":
    main()
