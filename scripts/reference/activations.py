"""Writes tests/fixtures/bert/activations.json: every activation of transformers' ACT2FN at a few places, in f64.

Run it from the root of the repository with a Python that has torch and transformers (2.13.0 and 5.23.0 made the
file here): python scripts/reference/activations.py
Nothing is random. Left out are those with weights of their own (prelu, xielu).
"""

import json
import pathlib

import torch
from transformers.activations import ACT2FN

PLACES = [-12.0, -10.5, -4.0, -2.5, -1.702, -1.0, -0.3, -1e-3, 0.0, 1e-3, 0.3, 1.0, 1.702, 2.5, 4.0, 10.5, 12.0]

values = {}
for name in sorted(ACT2FN):
    if name in ("prelu", "xielu"):
        continue
    values[name] = ACT2FN[name](torch.tensor(PLACES, dtype=torch.float64)).tolist()
text = json.dumps({"places": PLACES, "values": values}, indent=1)
pathlib.Path("tests/fixtures/bert/activations.json").write_text(text + "\n")
