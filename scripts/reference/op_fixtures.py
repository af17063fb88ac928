#!/usr/bin/env python3
"""Outputs and gradients of every op by PyTorch, in f64: the fixture of tests/autograd/test_ops_reference.cpp.

    scripts/reference/op_fixtures.py

writes tests/fixtures/autograd/ops.json. A case holds float inputs, other inputs (indices and masks), a cotangent, the
output and the gradient of each float input for that cotangent. The first word of its name is the op: a test asks for a
case of every op. What else an op takes (axes, exponents, ...) stands here and, in the same words, in the test.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

SEED = 20240901
FILE = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "autograd" / "ops.json"

torch.manual_seed(SEED)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
cases = {}


def array(x):
    values = x.flatten().tolist()
    if x.dtype == torch.bool:
        values = [int(v) for v in values]
    return {"shape": list(x.shape), "values": values}


def case(name, fn, *inputs, other=()):
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = fn(*leaves, *other)
    v = (0.5 + 1.5 * torch.rand_like(y)) * (torch.randint(0, 2, y.shape) * 2 - 1)
    y.backward(v)
    assert name not in cases
    for x in [y, *(leaf.grad for leaf in leaves)]:
        assert torch.isfinite(x).all(), name
    cases[name] = {
        "inputs": [array(x.detach()) for x in leaves],
        "other": [array(x) for x in other],
        "cotangent": array(v),
        "output": array(y.detach()),
        "gradients": [array(leaf.grad) for leaf in leaves],
    }


def normal(*shape):
    return torch.randn(*shape)


def positive(*shape):
    return 0.3 + 2 * torch.rand(*shape)


def ties(*shape):
    """Whole numbers: many are equal."""
    return torch.randint(-1, 2, shape).double()


# Arithmetic
case("add", torch.add, normal(2, 3), normal(3))
case("sub", torch.sub, normal(2, 1), normal(3))
case("mul", torch.mul, normal(2, 3), normal(2, 1))
case("div", torch.div, normal(3), positive(2, 3))
case("neg", torch.neg, normal(3))
case("maximum", torch.maximum, normal(2, 3), normal(2, 3))
case("maximum of ties", torch.maximum, ties(3, 4), ties(3, 4))
case("minimum", torch.minimum, normal(2, 3), normal(3))
case("minimum of ties", torch.minimum, ties(3, 4), ties(3, 4))
case("add.number", lambda x: x + 1.5, normal(3))
case("mul.number", lambda x: x * -2.5, normal(3))
for exponent in (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -1.5):
    case(f"pow {exponent:g}", lambda x, e=exponent: torch.pow(x, e), positive(5))
case("pow 3 of negative numbers", lambda x: torch.pow(x, 3), normal(5))
case("pow 0, 1 and 2 of 0", lambda x: torch.pow(x, 0) + torch.pow(x, 1) + torch.pow(x, 2), torch.zeros(2))

# Functions of one element
span = torch.tensor([-30.0, -6.5, -2.0, -1.0, -0.3, -1e-4, 1e-4, 0.3, 1.0, 2.0, 6.5, 30.0])
for name in ("exp", "tanh", "sigmoid", "relu", "erf", "abs", "sin", "cos"):
    case(name, getattr(torch, name), span)
case("log", torch.log, positive(5))
case("sqrt", torch.sqrt, positive(5))
case("rsqrt", torch.rsqrt, positive(5))
case("gelu", F.gelu, span)
case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), span)
case("silu", F.silu, span)
case("clamp", lambda x: torch.clamp(x, -1, 2), span)
case("clamp at its bounds", lambda x: torch.clamp(x, -1, 2), torch.tensor([-1.0, 2.0, 0.0]))
case("relu of 0", torch.relu, torch.zeros(3))
case("abs of 0", torch.abs, torch.zeros(3))

# Choice
mask = torch.rand(2, 3) < 0.5
case("where", lambda a, b, m: torch.where(m, a, b), normal(2, 3), normal(3), other=[mask])
case("masked_fill", lambda x, m: x.masked_fill(m, 1.5), normal(2, 3), other=[mask])

# Reductions
for axes in ((0,), (1, 2), (0, 1, 2)):
    label = " ".join(map(str, axes))
    case(f"sum {label}", lambda x, a=axes: x.sum(a), normal(2, 3, 2))
    case(f"mean {label}", lambda x, a=axes: x.mean(a, keepdim=True), normal(2, 3, 2))
    case(f"max {label}", lambda x, a=axes: x.amax(a), ties(2, 3, 2))
    case(f"min {label}", lambda x, a=axes: x.amin(a), ties(2, 3, 2))
    case(f"var {label}", lambda x, a=axes: x.var(a, correction=1), normal(2, 3, 2))
    case(f"var biased {label}", lambda x, a=axes: x.var(a, correction=0, keepdim=True), normal(2, 3, 2))
    case(f"logsumexp {label}", lambda x, a=axes: x.logsumexp(a), 3 * normal(2, 3, 2))

# Layout
case("concat", lambda a, b: torch.cat([a, b, a], 1), normal(2, 2), normal(2, 1))
case("stack", lambda a, b: torch.stack([a, b], -1), normal(2, 2), normal(2, 2))
case("split", lambda x: x.split([1, 3], 1)[1] * x.split([1, 3], 1)[0], normal(2, 4))
case("pad", lambda x: F.pad(x, (1, 2), value=0.5), normal(2, 2))
case("slice", lambda x: x[:, 1:6:2], normal(2, 7))
case("slice of one row", lambda x: x[2:3], normal(4, 2))
case("reshape", lambda x: x.reshape(2, -1), normal(3, 4))
case("transpose", lambda x: x.transpose(0, 2), normal(2, 3, 2))
case("permute", lambda x: x.permute(2, 0, 1).reshape(2, 6), normal(2, 3, 2))
case("select", lambda x: x.select(1, 2), normal(2, 3, 2))
case("expand", lambda x: x.expand(2, 3, 2), normal(3, 1))
case("squeeze", lambda x: x.squeeze(1), normal(3, 1, 2))
case("unsqueeze", lambda x: x.unsqueeze(1), normal(3, 2))
case("contiguous", lambda x: x.transpose(0, 1).contiguous(), normal(2, 3))
case("clone", lambda x: x.transpose(0, 1).clone(), normal(2, 3))
case("to", lambda x: x.to(torch.float32).to(torch.float64), normal(5))
case("sum_to", lambda x: x.sum_to_size(3, 1), normal(2, 3, 2))

# Products
case("matmul", torch.matmul, normal(2, 3), normal(3, 4))
case("matmul of batches", torch.matmul, normal(2, 1, 2, 3), normal(3, 3, 2))
case("matmul of a vector and a matrix", torch.matmul, normal(3), normal(3, 2))
case("matmul of a matrix and a vector", torch.matmul, normal(2, 3), normal(3))
case("matmul of vectors", torch.matmul, normal(4), normal(4))
case("linear", F.linear, normal(2, 2, 3), normal(4, 3), normal(4))

# Indexing
ids = torch.tensor([[2, 0, 2], [3, 1, 2]])
case("embedding", lambda t, i: F.embedding(i, t), normal(4, 3), other=[ids])
case("index_select", lambda x, i: x.index_select(1, i), normal(2, 3), other=[torch.tensor([2, 0, 2, 1])])
case("gather", lambda x, i: x.gather(0, i), normal(4, 3), other=[ids])
case("scatter_add", lambda x, s, i: x.scatter_add(0, i, s), normal(4, 3), normal(2, 3), other=[ids])

# Softmax, normalisation, loss
case("softmax", lambda x: x.softmax(-1), 3 * normal(2, 5))
case("softmax 0", lambda x: x.softmax(0), 3 * normal(3, 2))
case("log_softmax", lambda x: x.log_softmax(-1), 3 * normal(2, 5))
case("log_softmax 1 of 3", lambda x: x.log_softmax(1), 3 * normal(2, 3, 2))
case("layer_norm", lambda x, w, b: F.layer_norm(x, (5,), w, b, 1e-5), 2 * normal(2, 2, 5) + 1, normal(5), normal(5))
targets = torch.tensor([[1, -100, 4], [0, 0, -100]])
for smoothing in (0.0, 0.1, 1.0):
    case(f"cross_entropy {smoothing:g}",
         lambda x, t, e=smoothing: F.cross_entropy(x.reshape(-1, 5), t.flatten(), label_smoothing=e),
         2 * normal(2, 3, 5), other=[targets])

# Attention, and the fused ops
qkv = [normal(2, 2, 3, 4), normal(2, 2, 5, 4), normal(2, 2, 5, 4)]
case("scaled_dot_product_attention", F.scaled_dot_product_attention, *qkv)
padding = (torch.arange(5) < torch.tensor([[5], [2]])).reshape(2, 1, 1, 5)
case("scaled_dot_product_attention with padding", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), *qkv, other=[padding])
by_query = torch.rand(2, 2, 3, 5) < 0.5
by_query[..., 1] = True
case("scaled_dot_product_attention with a mask by query", lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), *qkv,
     other=[by_query])
case("scaled_dot_product_attention causal", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), normal(1, 2, 4, 3),
     normal(1, 2, 4, 3), normal(1, 2, 4, 3))


def with_weights(q, k, v, mask):
    """Attention spelt out: the result, then the probabilities, in one row of numbers."""
    p = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).masked_fill(~mask, -torch.inf).softmax(-1)
    return torch.cat([(p @ v).flatten(), p.flatten()])


def from_scores(scores, v):
    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    p = scores.masked_fill(later, -torch.inf).softmax(-1)
    return torch.cat([(p @ v).flatten(), p.flatten()])


case("attention_with_weights", with_weights, *qkv, other=[padding])
case("attention_from_scores", from_scores, normal(2, 3, 3), normal(2, 3, 2))
for name, fn in {"relu": F.relu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
                 "silu": F.silu, "sigmoid": torch.sigmoid, "identity": lambda x: x}.items():
    case(f"bias_activation {name}", lambda x, b, f=fn: f(x + b), normal(2, 3), normal(3))
case("residual_layer_norm", lambda x, r, w, b, bias: F.layer_norm(r + x + bias, (4,), w, b, 1e-12), normal(3, 4),
     normal(3, 4), normal(4), normal(4), normal(4))
types = torch.tensor([[0, 0, 1], [0, 1, 1]])
case("embedding_sum",
     lambda w, t, p, i, k: F.embedding(i, w) + F.embedding(k, t) + p[:3], normal(4, 3), normal(2, 3), normal(5, 3),
     other=[ids, types])

# Options
for reduction in ("mean", "sum", "none"):
    case(f"cross_entropy by {reduction}",
         lambda x, t, r=reduction: F.cross_entropy(x.reshape(-1, 5), t.flatten(), reduction=r).reshape(t.shape if r == "none" else ()),
         2 * normal(2, 3, 5), other=[targets])
    for smoothing in (0.0, 0.1):
        case(f"cross_entropy by {reduction} with weights {smoothing:g}",
             lambda x, t, r=reduction, e=smoothing: F.cross_entropy(
                 x.reshape(-1, 5), t.flatten(), weight=torch.tensor([0.5, 2, 1, 0.25, 4]), reduction=r,
                 label_smoothing=e).reshape(t.shape if r == "none" else ()),
             2 * normal(2, 3, 5), other=[targets])
case("scaled_dot_product_attention with a scale", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3), *qkv)
case("scaled_dot_product_attention with a bias",
     lambda q, k, v, b: F.scaled_dot_product_attention(q, k, v, b, scale=0.7), *qkv, normal(2, 3, 5))
case("layer_norm alone", lambda x: F.layer_norm(x, (5,), eps=1e-5), 2 * normal(2, 2, 5) + 1)
case("layer_norm with a weight", lambda x, w: F.layer_norm(x, (5,), w, eps=1e-5), 2 * normal(2, 2, 5) + 1, normal(5))
case("maximum.number", lambda x: torch.maximum(x, torch.tensor(1.0)), ties(3, 4))
case("minimum.number", lambda x: torch.minimum(x, torch.tensor(0.0)), ties(3, 4))
case("div.number", lambda x: x / -2.5, normal(3))
case("where.number", lambda x: torch.where(x < 0.5, x, 2.0) + torch.where(x > 0.0, -1.0, x), normal(3, 4))

lines = [f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in cases.items()]
FILE.parent.mkdir(exist_ok=True)
FILE.write_text("{" + ",\n".join(lines) + "}\n")  # a case a line
