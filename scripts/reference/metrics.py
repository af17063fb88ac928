"""Writes tests/fixtures/bert/metrics/*.json: what scikit-learn, seqeval, scipy and SQuAD's script make of small cases.

Run it from the root of the repository with a Python that has the packages (scikit-learn 1.9.1, seqeval 1.2.2, scipy
1.17.1 and transformers 4.57.6, whose data.metrics.squad_metrics holds the functions of evaluate-v2.0.py, made the
files here): python scripts/reference/metrics.py
NaN is written as null.
"""

import json
import math
import pathlib
import random
import warnings

import numpy as np
import scipy.stats
import sklearn.metrics as sk
from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities
from transformers.data.metrics import squad_metrics as squad

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path("tests/fixtures/bert/metrics")


def plain(value):
    """Lists, dicts and floats that JSON has; NaN becomes null."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def write(name, cases):
    text = "[\n" + ",\n".join(json.dumps(plain(c), ensure_ascii=False) for c in cases) + "\n]\n"
    (FOLDER / name).write_text(text, encoding="utf-8")


def classification():
    rng = random.Random(20261129)
    inputs = [
        ([0], [0], 1),
        ([0, 0, 0], [0, 0, 0], 2),  # one class only
        ([0, 0, 1], [1, 1, 0], 2),  # all wrong
        ([0, 1, 0, 1], [1, 1, 1, 1], 2),  # one answer to everything
        ([0, 1, 2, 2], [0, 1, 1, 1], 5),  # classes that nobody has
    ]
    for classes in (2, 2, 3, 4, 7):
        for n in (5, 40):
            truth = [rng.randrange(classes) for _ in range(n)]
            guess = [t if rng.random() < 0.6 else rng.randrange(classes) for t in truth]
            inputs.append((truth, guess, classes))
    for truth, guess, classes in inputs:
        labels = list(range(classes))
        p, r, f, s = sk.precision_recall_fscore_support(truth, guess, labels=labels, zero_division=0)
        yield {
            "truth": truth, "predicted": guess, "classes": classes,
            "matrix": sk.confusion_matrix(truth, guess, labels=labels),
            "accuracy": sk.accuracy_score(truth, guess), "precision": p, "recall": r, "f1": f, "support": s,
            "macro_f1": sk.f1_score(truth, guess, labels=labels, average="macro", zero_division=0),
            "matthews": sk.matthews_corrcoef(truth, guess),
        }  # fmt: skip


def report(truth, guess, **mode):
    out = classification_report(truth, guess, output_dict=True, zero_division=0, **mode)
    return {k: v for k, v in out.items() if k != "weighted avg"}


def entities():
    rng = random.Random(20261130)
    inputs = [
        ([["O", "O"]], [["B-PER", "O"]]),  # nothing there
        ([["O", "I-PER", "I-PER"]], [["O", "B-PER", "I-PER"]]),  # I- after O
        ([["B-PER", "I-LOC", "I-LOC"]], [["B-PER", "I-PER", "I-LOC"]]),  # the type changes
        ([["I-PER", "B-PER", "I-PER", "B-PER"]], [["B-PER", "B-PER", "I-PER", "I-PER"]]),
        ([["B-X-Y", "I-X-Y"], [], ["I-O"]], [["B-X-Y", "I-X"], [], ["B-O"]]),
        ([["B-A"], ["I-A"]], [["B-A"], ["I-A"]]),  # nothing goes over the end of a sentence
    ]
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    for _ in range(12):
        truth = [[rng.choice(tags) for _ in range(rng.randrange(1, 12))] for _ in range(4)]
        guess = [[t if rng.random() < 0.75 else rng.choice(tags) for t in row] for row in truth]
        inputs.append((truth, guess))
    for truth, guess in inputs:
        strict = [[(e.start, e.end, e.tag) for e in row] for row in Entities(truth, IOB2).entities]
        yield {
            "truth": truth, "predicted": guess,
            "spans": [[(b, e + 1, t) for t, b, e in get_entities(row)] for row in truth],
            "strict_spans": strict,
            "scores": report(truth, guess),
            # Without an entity in truth and guess, seqeval's strict mode fails.
            "strict_scores": report(truth, guess, mode="strict", scheme=IOB2),
        }  # fmt: skip


def answers():
    rng = random.Random(20261201)
    texts = [
        "", "the", "The", "...", "a an the", "The  cat", "cat", "a cat, the cat!", "Cat's", "cats", "theatre", "an-other",
        "U.S.A.", "the U.S.", "a_b", "_a_", "ÉCOLE", "école", "e\u0301cole the", "a\u0301", "naïve a", "ΟΔΟΣ", "ΣΑΣ. Σ",
        "ΑΣ'Α ΑΣ' Σ", "İstanbul", "北京 the 大学", "北京the", "“the”", "the\u00a0cat", "the\u2003cat\u3000sat", "x\x1cy\x85z",
        "the² cat", "the٣", "Ⅻ the Ⅷ", "10 %", "$5", "a\u200bb", "🙂 the 🙂", "in 1066 the Normans", "Normans in 1066", "ß ẞ",
        "a\nb\tthe\r\nc", "the\u0903x", "ǅ the ǅ", "the–cat", "«a»", "a·b", "the\u0660",
    ]  # fmt: skip
    yield {"normalised": [[t, squad.normalize_answer(t)] for t in texts]}
    pairs = [[a, b, squad.compute_exact(b, a), squad.compute_f1(b, a)] for a in texts for b in rng.sample(texts, 6)]
    yield {"pairs": pairs}
    words = ["the", "a", "cat", "Dog", "sat.", "on", "mat", "mat"]

    def some(least):
        return " ".join(rng.choice(words) for _ in range(rng.randrange(least, 5)))

    kinds = ["mixed", "mixed", "mixed", "mixed", "all answered", "none answerable", "ties", "ties", "nothing said"]
    for kind in kinds:
        questions = []
        for _ in range(30):
            gold = [some(1) for _ in range(rng.randrange(1, 4))]
            if kind == "none answerable" or (kind != "all answered" and rng.random() < 0.4):
                gold = []
            answer = rng.choice(gold) if gold and rng.random() < 0.5 else some(0)
            if kind == "nothing said":
                answer = ""
            null = round(rng.gauss(1 if not gold else -1, 2), 0 if kind == "ties" else 6)
            questions.append({"answer": answer, "gold": gold, "null": null})
        # An answer of an article only, which the script takes for nothing where all are so.
        questions += [
            {"answer": "the", "gold": ["the", "an"], "null": 0.25},
            {"answer": "cat", "gold": ["the", "cat"], "null": 0.5},
        ]
        if kind == "none answerable":
            questions = questions[:-2]
        gold_of = {i: q["gold"] for i, q in enumerate(questions)}
        examples = [
            type("Example", (), {"qas_id": i, "answers": [{"text": g} for g in gold]})() for i, gold in gold_of.items()
        ]
        preds = {i: q["answer"] for i, q in enumerate(questions)}
        nulls = {i: q["null"] for i, q in enumerate(questions)}
        has = {i: bool(g) for i, g in gold_of.items()}
        exact, f1 = squad.get_raw_scores(examples, preds)
        scores = {}
        for threshold in (None, 0.0, 1.5):
            limit = math.inf if threshold is None else threshold
            e = squad.apply_no_ans_threshold(exact, nulls, has, limit)
            f = squad.apply_no_ans_threshold(f1, nulls, has, limit)
            out = dict(squad.make_eval_dict(e, f))
            for name, wanted in (("HasAns", True), ("NoAns", False)):
                qids = [i for i in has if has[i] == wanted]
                if qids:
                    part = squad.make_eval_dict(e, f, qid_list=qids)
                    out.update({f"{name}_{k}": v for k, v in part.items()})
            scores["none" if threshold is None else str(threshold)] = out
        best_exact, exact_at = squad.find_best_thresh(preds, exact, nulls, has)
        best_f1, f1_at = squad.find_best_thresh(preds, f1, nulls, has)
        yield {"questions": questions, "scores": scores, "best": [best_exact, exact_at, best_f1, f1_at]}


def correlation():
    rng = random.Random(20261202)
    pairs = [
        ([1.0, 2.0], [5.0, 3.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),  # constant
        ([0.1, 0.1, 0.1], [0.3, 0.3, 0.3]),
        ([1.0, 2.0, 2.0, 3.0], [4.0, 4.0, 5.0, 5.0]),  # ties
        ([1e200, 2e200, -3e200], [1e-200, 5e-200, 2e-200]),
        ([1.0, 2.0, 3.0], [1.0, 4.0, 9.0]),
        ([1e9 + 1, 1e9 + 2, 1e9 + 4, 1e9 + 3], [1.0, 2.0, 3.0, 5.0]),
        ([math.nan, 1.0, 2.0], [1.0, 2.0, 4.0]),
    ]
    for n in (3, 10, 50):
        for whole in (False, True):
            x = [float(rng.randrange(5)) if whole else rng.gauss(0, 1) for _ in range(n)]
            pairs.append((x, [v + (float(rng.randrange(-2, 3)) if whole else rng.gauss(0, 1)) for v in x]))
    for x, y in pairs:
        error = float(np.mean((np.array(x) - np.array(y)) ** 2)) if max(map(abs, x)) < 1e100 else None
        yield {
            "x": x, "y": y, "pearson": scipy.stats.pearsonr(x, y)[0], "spearman": scipy.stats.spearmanr(x, y)[0],
            "mean_squared_error": error,
        }  # fmt: skip


def bootstrap():
    rng = np.random.default_rng(20261203)
    for name, metric in (("mean", np.mean), ("standard deviation", np.std)):
        for level in (0.95, 0.8):
            x = np.round(rng.exponential(size=40), 3)
            found = scipy.stats.bootstrap(
                (x,), metric, n_resamples=20000, confidence_level=level, method="percentile", rng=rng
            )
            low, high = found.confidence_interval
            yield {"metric": name, "level": level, "x": x, "value": metric(x), "low": low, "high": high}


FOLDER.mkdir(parents=True, exist_ok=True)
write("classification.json", classification())
write("entities.json", entities())
write("answers.json", answers())
write("correlation.json", correlation())
write("bootstrap.json", bootstrap())
