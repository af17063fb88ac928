#!/usr/bin/env python3
"""How far PyTorch's attention in f32 is from f64 where scores are large, for tests/autograd/test_ops_attention_sharp.cpp.

    attention_errors.py > tests/fixtures/autograd/attention_errors.json

Needs torch 2.13.0. Each case holds the error of the output and of the three gradients as |f32 - f64| / |f64|
(Euclidean norms), the geometric mean of eight draws, by PyTorch's "math" backend, which keeps the probabilities (the
more exact one of its two).
"""
import json
import warnings

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

B, A, S, D = 2, 2, 40, 32
DRAWS = 8
warnings.filterwarnings("ignore")


def values(seed):
    """Numbers in [-1, 1] by a hash of their position, as the test makes them."""
    h = (np.arange(B * A * S * D, dtype=np.uint64) * 2654435761 + seed * 40503) % 2**32
    h = ((h ^ (h >> 15)) * 2246822519) % 2**32
    h ^= h >> 13
    x = (h % 2001).astype(np.float64) / 1000 - 1
    return torch.tensor(x.astype(np.float32)).reshape(B, A, S, D)


def run(dtype, factor, causal, draw):
    q, k, v, cotangent = (values(4 * draw + i) for i in range(4))
    q = q * factor
    q, k, v = (x.to(dtype).requires_grad_() for x in (q, k, v))
    with sdpa_kernel(SDPBackend.MATH):
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    y.backward(cotangent.to(dtype))
    return [x.detach().double() for x in (y, q.grad, k.grad, v.grad)]


cases = []
for causal in (False, True):
    for factor in (1, 30, 300, 3000):
        logs = torch.zeros(4, dtype=torch.float64)
        for draw in range(DRAWS):
            exact, single = (run(dtype, factor, causal, draw) for dtype in (torch.float64, torch.float32))
            logs += torch.stack([((a - b).norm() / b.norm()).log() for a, b in zip(single, exact)])
        errors = (logs / DRAWS).exp().tolist()
        cases.append({"causal": causal, "factor": factor, **dict(zip(("y", "dq", "dk", "dv"), errors))})
print(json.dumps(cases, indent=1))
