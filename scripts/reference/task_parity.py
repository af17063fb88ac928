#!/usr/bin/env python3
"""Holds fine-tuned folders to transformers, both ways: what Gradus writes is opened there and says the same, and what
transformers wrote is predicted with, and fine-tuned further, here.

    scripts/reference/task_parity.py PROGRAM FOLDER

FOLDER is a pretrained model. Each task is learnt for a moment, and then compared: labels and choices by the logarithms
of their probabilities, numbers as they are, the tags of words themselves and by the loss of each sentence, answers by
their text, their score and how much more "no answer" has.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import typing
import unicodedata

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import (AutoTokenizer, BertConfig, BertForMultipleChoice, BertForQuestionAnswering,  # noqa: E402
                          BertForSequenceClassification, BertForTokenClassification)
from transformers.utils import logging  # noqa: E402

logging.set_verbosity_error()  # what from_pretrained would say is checked below
logging.disable_progress_bar()

TOLERANCE = 1e-5
CLEAR = 1e-4  # what is this much better than all else must be chosen on both sides
SEED = 20241129
RATE = 3e-4
MOST_SLOTS, OVERLAP, MOST_ANSWER = 128, 32, 30  # what gradus predict takes
WORDS = "Tom Anna was were hungry happy not in the barn kitchen ate an apple and went home he she it . ?".split()
# Several pieces, an accent, one more that is a character of its own, none that the vocabulary knows, and no piece.
RARE_WORDS = ["unbelievable,", "e-mail", "caf\u00e9", "cafe\u0301", "\u2603", "\u200b"]


class Place:
    """A folder with examples, in which the program is called."""

    def __init__(self, program, path):
        self.program, self.path = pathlib.Path(program).resolve(), pathlib.Path(path)
        self.random = random.Random(SEED)
        self.texts, self.pairs = ([self.text() for _ in range(50)] for _ in range(2))
        self.choices = [[self.text() for _ in range(4)] for _ in range(30)]  # each a text and three seconds
        self.write_tables()
        self.sentences = [self.words(RARE_WORDS, 1, 40) for _ in range(25)] + [WORDS * 8]  # the last: too long
        self.tags = [self.tags_for(words) for words in self.sentences]
        self.write_words("words.txt", self.sentences, self.tags)
        self.questions = [(self.marked_text(6), self.marked_text(24)) for _ in range(60)] + [
            (self.marked_text(6), self.text_as_long_as_an_answer()) for _ in range(140)] + [
            (self.marked_text(6), self.marked_text(300)) for _ in range(30)]  # several windows
        self.write_questions()

    def words(self, rare, least, most):
        return self.random.choices([*WORDS, *rare], k=self.random.randint(least, most))

    def text(self):
        return " ".join(self.words([], 1, self.random.choice([10, 30, 150])))  # some: longer than a row

    def marked_text(self, most):
        """Words some of which end with an accent that is a character of its own."""
        return " ".join(word + self.random.choice(["", "", "", "\u0301"])
                        for word in self.words(RARE_WORDS[:-1], 1, most))

    def text_as_long_as_an_answer(self):
        """With other words at both ends than in between: where they are the answer, one piece more is too long."""
        first, last = self.random.sample(WORDS, 2)
        filler = self.random.choice(["the", "was", "it", "he", "."])
        return " ".join([first, *[filler] * self.random.randint(MOST_ANSWER - 3, MOST_ANSWER), last])

    def tags_for(self, words):
        """Tags that IOB2 allows, by lot."""
        tags = []
        for _ in words:
            before = tags[-1][2:] if tags else ""
            tags.append(self.random.choice(["O", "B-PER", "B-LOC"] + ([f"I-{before}"] * 2 if before else [])))
        return tags

    def write(self, name, text):
        (self.path / name).write_text(text, encoding="utf-8")

    def write_table(self, name, columns, rows):
        self.write(name, "".join("\t".join(map(str, row)) + "\n" for row in [columns, *rows]))

    def write_tables(self):
        labels = [self.random.choice(["sad", "glad", "calm"]) for _ in self.texts]
        scores = [round(self.random.uniform(0, 5), 2) for _ in self.texts]
        self.write_table("texts.tsv", ["text", "label"], zip(self.texts, labels))
        self.write_table("pairs.tsv", ["text", "pair", "score"], zip(self.texts, self.pairs, scores))
        self.write_table("choices.tsv", ["text", "choice1", "choice2", "choice3", "label"],
                         [(*question, self.random.randint(1, 3)) for question in self.choices])

    def write_words(self, name, sentences, tags):
        self.write(name, "".join("".join(f"{word} {tag}\n" for word, tag in zip(*sentence)) + "\n"
                                 for sentence in zip(sentences, tags)))

    def write_questions(self):
        paragraphs = []
        for number, (question, context) in enumerate(self.questions):
            answer = self.random.choice(context.split())
            answers = [{"text": answer, "answer_start": context.index(answer)}] if self.random.random() < 0.7 else []
            paragraphs.append({"context": context, "qas": [{"id": str(number), "question": question,
                                                            "is_impossible": not answers, "answers": answers}]})
        self.write("questions.json", json.dumps({"data": [{"title": "", "paragraphs": paragraphs}]}))

    def run(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], cwd=self.path, capture_output=True, text=True)
        assert done.returncode == 0, f"gradus {' '.join(map(str, arguments))}: {done.stderr}"
        return done.stdout

    def predictions(self, folder, file):
        return [json.loads(line) for line in self.run("predict", folder, file, "--json").splitlines()]


def compare(what, ours, theirs):
    difference = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    assert difference <= TOLERANCE, f"{what}: {difference:.1e}"
    return difference


def opened(place, folder, kind):
    """The folder as transformers opens it, nothing left fresh, in double precision, and its tokenizer."""
    model, report = kind.from_pretrained(place.path / folder, output_loading_info=True)
    for keys in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[keys], f"{folder}: {keys}: {report[keys]}"
    assert model.config.architectures == [kind.__name__], f"{folder}: {model.config.architectures}"
    return model.double().eval(), AutoTokenizer.from_pretrained(place.path / folder)


def longest(model):
    return min(MOST_SLOTS, model.config.max_position_embeddings)


def rows_of(model, tokenizer, firsts, seconds=None):
    return tokenizer(firsts, seconds, truncation="longest_first", max_length=longest(model), padding=True,
                     return_tensors="pt")


def logs(probabilities):
    return torch.tensor(list(probabilities.values()), dtype=torch.double).log().tolist()


def check_labels(place, folder):
    model, tokenizer = opened(place, folder, BertForSequenceClassification)
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    expected = torch.log_softmax(model(**rows_of(model, tokenizer, place.texts)).logits, -1).tolist()
    worst = 0.0
    for said, row in zip(place.predictions(folder, "texts.tsv"), expected, strict=True):
        assert list(said["probabilities"]) == labels, f"{folder}: {list(said['probabilities'])}, there {labels}"
        worst = max(worst, compare(folder, logs(said["probabilities"]), row))
    return worst


def check_scores(place, folder):
    model, tokenizer = opened(place, folder, BertForSequenceClassification)
    expected = model(**rows_of(model, tokenizer, place.texts, place.pairs)).logits[:, 0].tolist()
    return compare(folder, [said["score"] for said in place.predictions(folder, "pairs.tsv")], expected)


def check_choices(place, folder):
    model, tokenizer = opened(place, folder, BertForMultipleChoice)
    worst = 0.0
    for said, (text, *seconds) in zip(place.predictions(folder, "choices.tsv"), place.choices, strict=True):
        rows = rows_of(model, tokenizer, [text] * len(seconds), seconds)
        logits = model(**{name: value.unsqueeze(0) for name, value in rows.items()}).logits[0]
        worst = max(worst, compare(folder, logs(said["probabilities"]), torch.log_softmax(logits, -1).tolist()))
    return worst


def first_pieces(model, tokenizer, words):
    """The row of as many whole words as fit, and the slot of the first piece of each that has one."""
    kept = len(words)
    while len(tokenizer(words[:kept], is_split_into_words=True)["input_ids"]) > longest(model):
        kept -= 1
    row = tokenizer(words[:kept], is_split_into_words=True, return_tensors="pt")
    slots = {}
    for slot, word in enumerate(row.word_ids()):
        if word is not None:
            slots.setdefault(word, slot)
    return row, slots


def check_words(place, folder):
    """Tags wherever one is clear, and the mean loss of each sentence's tags."""
    model, tokenizer = opened(place, folder, BertForTokenClassification)
    worst, clear, different = 0.0, 0, set()
    predictions = place.predictions(folder, "words.txt")
    for said, words, tags in zip(predictions, place.sentences, place.tags, strict=True):
        row, slots = first_pieces(model, tokenizer, words)
        logits = model(**row).logits[0]
        for word, tag in enumerate(said["tags"]):
            if word not in slots:
                assert tag == "O", f"{folder}: {words[word]!r} is {tag}"
                continue
            best, second = logits[slots[word]].topk(2).values.tolist()
            expected = model.config.id2label[int(logits[slots[word]].argmax())]
            assert best - second < CLEAR or tag == expected, f"{folder}: {words[word]!r} is {tag}, there {expected}"
            clear += best - second >= CLEAR
            different.add(tag)
        if slots:  # else there is nothing to score
            place.write_words("sentence.txt", [words], [tags])
            figures = json.loads(place.run("predict", folder, "sentence.txt", "--score", "--json"))["figures"]
            loss = torch.nn.functional.cross_entropy(
                logits[list(slots.values())], torch.tensor([model.config.label2id[tags[word]] for word in slots]))
            worst = max(worst, compare(folder, [figures["loss"]["value"]], [loss.item()]))
    assert clear > sum(map(len, place.sentences)) / 2 and len(different) > 1, f"{folder}: {clear}, {different}"
    return worst


def scores_of_windows(model, row):
    """Windows over the context of a row: the pieces [begin, end) of each, and their scores; the score of no answer."""
    ids, first = row["input_ids"], row.sequence_ids().index(1)
    room, pieces = longest(model) - first - 1, len(ids) - first - 1
    windows, none = [], float("inf")
    for begin in [*range(0, pieces - room, room - OVERLAP), max(0, pieces - room)]:
        end = min(begin + room, pieces)
        slots = [*ids[:first], *ids[first + begin:first + end], ids[-1]]
        out = model(torch.tensor([slots]), token_type_ids=torch.tensor([[0] * first + [1] * (end - begin + 1)]))
        starts, ends = out.start_logits[0].tolist(), out.end_logits[0].tolist()
        none = min(none, starts[0] + ends[0])
        windows.append((begin, end, starts[first:-1], ends[first:-1]))
    return windows, none


def best_spans(windows):
    """Score, first and last piece of the best span and of the second: each in the window with most context."""
    spans = []
    for first in range(windows[-1][1]):
        for last in range(first, min(first + MOST_ANSWER, windows[-1][1])):
            begin, _, starts, ends = max(windows, key=lambda window: min(first - window[0], window[1] - 1 - last))
            spans.append((starts[first - begin] + ends[last - begin], first, last))
    return sorted(spans, reverse=True)[:2]


def check_answers(place, folder):
    """The scores of each question, and the text of the answer where one is clear."""
    model, tokenizer = opened(place, folder, BertForQuestionAnswering)
    worst, clear = 0.0, 0
    for said, (question, context) in zip(place.predictions(folder, "questions.json"), place.questions, strict=True):
        row = tokenizer(question, context, return_offsets_mapping=True)
        windows, none = scores_of_windows(model, row)
        (score, first, last), *others = best_spans(windows)
        worst = max(worst, compare(folder, [said["score"], said["null_difference"]], [score, none - score]))
        if others and score - others[0][0] < CLEAR:
            continue
        offsets = row["offset_mapping"][row.sequence_ids().index(1):]
        begin, end = offsets[first][0], offsets[last][1]
        while end < len(context) and unicodedata.category(context[end]) == "Mn":
            end += 1  # an accent that is a character of its own belongs to its letter
        found = (said["span"], said["begin"], said["end"])
        assert found == (context[begin:end], begin, end), f"{folder}: {found}, there {context[begin:end]!r}"
        clear += 1
    assert clear > len(place.questions) / 2, f"{folder}: {clear} answers are clear"
    return worst


class Task(typing.NamedTuple):
    name: str  # what finetune calls it
    kind: type
    file: str
    check: typing.Callable
    labels: list  # of transformers' own folder: in an order of their own, which must stay


TASKS = [Task("classification", BertForSequenceClassification, "texts.tsv", check_labels, ["calm", "sad", "glad"]),
         Task("regression", BertForSequenceClassification, "pairs.tsv", check_scores, ["LABEL_0"]),
         Task("choices", BertForMultipleChoice, "choices.tsv", check_choices, []),
         Task("entities", BertForTokenClassification, "words.txt", check_words,
              ["I-PER", "O", "B-LOC", "I-LOC", "B-PER"]),
         Task("questions", BertForQuestionAnswering, "questions.json", check_answers, [])]


def write_theirs(place, base, task, folder):
    """A folder that transformers writes: the base with all weights a little different, and a head with large ones."""
    torch.manual_seed(SEED)
    labels = {"id2label": dict(enumerate(task.labels)),
              "label2id": {name: i for i, name in enumerate(task.labels)}} if task.labels else {}
    config = BertConfig.from_pretrained(base, initializer_range=0.1, classifier_dropout=0.3, **labels)
    model = task.kind.from_pretrained(base, config=config)
    for parameter in model.parameters():
        parameter.add_(0.02 * torch.randn_like(parameter))
    model.save_pretrained(place.path / folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(place.path / folder)


def tune(place, task, model, folder):
    """The steps that were made."""
    return json.loads(place.run("finetune", task.name, model, task.file, "--out", folder, "--epochs", 1, "--batch", 8,
                                "--learning-rate", RATE, "--json"))["steps"]


def check_continues(place, before, after, steps):
    """The head of `after` is that of `before` some steps of AdamW later, no fresh one."""
    heads = [{name: value for name, value in load_file(place.path / folder / "model.safetensors").items()
              if name.startswith(("classifier.", "qa_outputs."))} for folder in (before, after)]
    assert len(heads[0]) == 2 and heads[0].keys() == heads[1].keys(), f"{after}: {heads[1].keys()}"
    moved = max(float((heads[0][name] - heads[1][name]).abs().max()) for name in heads[0])
    assert 0 < moved <= 4 * RATE * steps, f"{after}: the head is {moved:.1e} from that of {before}"


@torch.no_grad()
def check(program, base):
    base = pathlib.Path(base).resolve()
    with tempfile.TemporaryDirectory() as path:
        place = Place(program, path)
        for task in TASKS:
            ours, theirs, further = (f"{task.name}-{origin}" for origin in ("ours", "theirs", "further"))
            tune(place, task, base, ours)
            write_theirs(place, base, task, theirs)
            steps = tune(place, task, theirs, further)
            check_continues(place, theirs, further, steps)
            print(f"gradus finetune {task.name}: the same as transformers, largest difference "
                  f"{task.check(place, ours):.1e}; of their folder {task.check(place, theirs):.1e}, fine-tuned "
                  f"further {task.check(place, further):.1e}")


if __name__ == "__main__":
    check(sys.argv[1], sys.argv[2])
