"""Files of Python's safetensors package, to be read by Gradus, and a check of files that Gradus wrote.

    python safetensors_fixtures.py               writes types.safetensors and written.safetensors
    python safetensors_fixtures.py check FILE    loads FILE and prints every tensor's name, dtype, shape and sum
"""
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/nn"


def write():
    values = torch.tensor([0.0, -0.0, 1.0, -1.5, 3.140625, 65504.0, 6e-8, 2.0**-14, float("inf"), float("-inf")])
    tensors = {
        "f64": values.double() / 3,
        "f32": values / 3,
        "f16": values.half(),
        "bf16": values.bfloat16(),
        "i64": torch.tensor([0, -1, 2**62, -(2**63)]),
        "i32": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int32),
        "i16": torch.tensor([0, -1, 2**15 - 1, -(2**15)], dtype=torch.int16),
        "i8": torch.tensor([0, -1, 127, -128], dtype=torch.int8),
        "u8": torch.tensor([0, 1, 127, 255], dtype=torch.uint8),
        "bool": torch.tensor([[True, False], [False, True]]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "matrix ü": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    }
    OUT.mkdir(parents=True, exist_ok=True)
    written = {
        "b.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 7,
        "b.bias": torch.tensor([0.5, -0.5]),
        "step": torch.tensor(12),
        "ids": torch.arange(3),
        "mask": torch.tensor([True, False, True]),
        "ü \"quoted\"": torch.zeros(2, 0),
    }
    save_file(written, OUT / "written.safetensors", metadata={"format": "pt"})
    save_file(tensors, OUT / "types.safetensors", metadata={"format": "pt", "note": "ü"})


def check(path):
    with safe_open(path, "pt") as file:
        print(file.metadata())
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), tensor.double().sum().item())


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1:2] == ["check"] else write()
