#!/usr/bin/env python3
"""The same fine-tuning in PyTorch with transformers, to hold `gradus finetune classification` to: the same folder, tables,
epochs, batch, rate, warm-up and decay, clipping at 1, AdamW with decay on weight matrices alone.

    python benchmarks/finetune_in_pytorch.py MODEL TRAIN.tsv TEST.tsv --epochs 3 --seeds 1 2 3

Prints accuracy on the test set and seconds of learning for each seed. (The order of examples is another one, since each
side draws its own; so compare means over seeds.) Needs torch and transformers, as build/parity-venv has them.
"""
import argparse
import csv
import statistics
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup


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
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(call.model)
    model = AutoModelForSequenceClassification.from_pretrained(call.model, num_labels=len(labels),
                                                              hidden_dropout_prob=call.dropout,
                                                              attention_probs_dropout_prob=call.dropout)
    length = min(call.max_length, model.config.max_position_embeddings)
    steps = call.epochs * -(-len(train) // call.batch)
    optimizer = torch.optim.AdamW(groups(model, 0.01), lr=call.learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * steps), steps)
    began = time.monotonic()
    model.train()
    for _ in range(call.epochs):
        order = torch.randperm(len(train)).tolist()
        for begin in range(0, len(order), call.batch):
            texts, truth = batches([train[i] for i in order[begin:begin + call.batch]], tokenizer, length, labels)
            loss = torch.nn.functional.cross_entropy(model(**texts).logits, truth)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    seconds = time.monotonic() - began
    model.eval()
    right = 0
    with torch.no_grad():
        for begin in range(0, len(test), 64):
            texts, truth = batches(test[begin:begin + 64], tokenizer, length, labels)
            right += int((model(**texts).logits.argmax(-1) == truth).sum())
    return right / len(test), seconds


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
    call = parser.parse_args()
    if call.threads:
        torch.set_num_threads(call.threads)
    train, test = read(call.train), read(call.test)
    labels = sorted({row["label"] for row in train})
    results = []
    for seed in call.seeds:
        results.append(learn(call, train, test, labels, seed))
        print(f"seed {seed}: accuracy {results[-1][0]:.4f}, {results[-1][1]:.1f} s", flush=True)
    print(f"mean: accuracy {statistics.mean(a for a, _ in results):.4f}, median {statistics.median(s for _, s in results):.1f} s")


if __name__ == "__main__":
    main()
