#!/usr/bin/env python3
"""What transformers computes for small BERTs with a task on top: the fixtures of tests/bert/tasks.

    scripts/reference/task_fixtures.py

writes tests/fixtures/bert/tasks/: a folder for each task that transformers saved, with its tokenizer, and
expected.safetensors, the logits and losses of these models in double precision.
"""
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import (BertConfig, BertForMultipleChoice, BertForQuestionAnswering, BertForSequenceClassification,
                          BertForTokenClassification)

SEED = 20261129
ROOT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "bert"
TASKS = ROOT / "tasks"


def config(labels, **more):
    names = dict(enumerate(labels))
    return BertConfig(vocab_size=48, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                      max_position_embeddings=16, initializer_range=0.2, attn_implementation="eager", id2label=names,
                      label2id={name: i for i, name in names.items()}, **more)


def make(kind, of, folder):
    torch.manual_seed(SEED)
    model = kind(of).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    place = TASKS / folder
    shutil.rmtree(place, ignore_errors=True)
    model.save_pretrained(place)
    for file in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(ROOT / "small" / file, place / file)
    return model.double()


def main():
    generator = torch.Generator().manual_seed(SEED)
    ids = torch.randint(5, 48, (4, 11), generator=generator)
    types, mask = torch.zeros_like(ids), torch.ones_like(ids)
    for row, real in enumerate([11, 7, 11, 5]):
        ids[row, 0], ids[row, real // 2], ids[row, real - 1] = 2, 3, 3
        ids[row, real:], mask[row, real:] = 0, 0
        types[row, real // 2 + 1:real] = 1
    row = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
    labels = torch.tensor([2, 0, 1, 1])
    numbers = torch.tensor([0.5, -1.25, 3.0, 0.0], dtype=torch.float64)
    words = torch.where(mask.bool() & (ids > 4), ids % 5, -100)
    starts, ends = torch.tensor([6, 4, 0, 3]), torch.tensor([8, 5, 0, 3])
    right = torch.tensor([1, 0])
    tensors = {**row, "labels": labels, "numbers": numbers, "word_labels": words, "starts": starts, "ends": ends,
               "right": right}

    def note(name, out):
        tensors[name + ".loss"] = out.loss
        if hasattr(out, "logits"):
            tensors[name + ".logits"] = out.logits
        else:
            tensors[name + ".logits"] = torch.stack([out.start_logits, out.end_logits], -1)

    three = config(["dull", "plain", "glad"], problem_type="single_label_classification", classifier_dropout=0.2)
    note("classification", make(BertForSequenceClassification, three, "classification")(**row, labels=labels))
    note("regression", make(BertForSequenceClassification, config(["LABEL_0"], problem_type="regression"),
                            "regression")(**row, labels=numbers))
    tags = config(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
    note("words", make(BertForTokenClassification, tags, "words")(**row, labels=words))
    note("questions", make(BertForQuestionAnswering, config(["LABEL_0", "LABEL_1"]), "questions")(
        **row, start_positions=starts, end_positions=ends))
    pairs = {name: t.reshape(2, 2, -1) for name, t in row.items()}
    note("choice", make(BertForMultipleChoice, config(["LABEL_0", "LABEL_1"]), "choice")(**pairs, labels=right))
    save_file({name: t.detach().contiguous() for name, t in tensors.items()}, str(TASKS / "expected.safetensors"))


if __name__ == "__main__":
    main()
