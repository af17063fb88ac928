#!/usr/bin/env python3
"""What transformers makes of words that have a tag each: fixtures of tests/bert/tasks.

    scripts/reference/word_fixtures.py

writes tests/fixtures/bert/tasks/word_tags.json: the pieces of each sentence as is_split_into_words gives them, the
label at each piece as Hugging Face's example of token classification has it (-100 but at a word's first piece), and the
loss of all sentences as one batch in double precision, by the model in tests/fixtures/bert/tasks/words.
"""
import json
import pathlib

import torch
from transformers import BertForTokenClassification, BertTokenizerFast

TASKS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "bert" / "tasks"
SENTENCES = [
    (["The", "dogs", "likes", "unlikely", "foxes", "."], ["O", "B-PER", "O", "B-LOC", "I-LOC", "O"]),
    (["cat"], ["B-PER"]),
    (["\u200b", "running", "is", "dog's", "?!", "\u00e9t\u00e9", "fox\u200b"],
     ["B-LOC", "O", "O", "B-PER", "I-PER", "O", "B-LOC"]),
    (["old", "[MASK]", "tree,house", "[SEP]", "the", "Birds"], ["O", "B-PER", "I-PER", "O", "O", "B-LOC"]),
]


def main():
    tokenizer = BertTokenizerFast.from_pretrained(TASKS / "words")
    model = BertForTokenClassification.from_pretrained(TASKS / "words", attn_implementation="eager").double().eval()
    sentences = []
    for words, tags in SENTENCES:
        encoded = tokenizer(words, is_split_into_words=True)
        labels, last = [], None
        for word in encoded.word_ids():
            labels.append(-100 if word is None or word == last else model.config.label2id[tags[word]])
            last = word
        sentences.append({"words": words, "tags": tags, "ids": encoded["input_ids"], "labels": labels})
    batch = tokenizer.pad({"input_ids": [s["ids"] for s in sentences]}, return_tensors="pt")
    length = batch["input_ids"].shape[1]
    labels = torch.tensor([s["labels"] + [-100] * (length - len(s["labels"])) for s in sentences])
    with torch.no_grad():
        loss = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
    place = TASKS / "word_tags.json"
    lines = ",\n".join(json.dumps(sentence) for sentence in sentences)
    place.write_text(f'{{"sentences": [\n{lines}],\n"loss": {loss.item()}}}\n')


if __name__ == "__main__":
    main()
