#!/usr/bin/env python3
"""Transformer layers by PyTorch in f64: the fixture of tests/nn/test_transformer_reference.cpp.

    scripts/reference/transformer_layers.py

writes tests/fixtures/nn/transformer_layers.safetensors. A case c holds inputs "c.in.x", "c.in.memory", ..., parameters
"c.param.NAME" under Gradus' names, the output "c.out", a cotangent "c.cotangent", and the gradients for it, "c.grad.x", ...
and "c.grad.NAME".
"""
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/nn/transformer_layers.safetensors"
H, A, I, B, S, T = 8, 2, 12, 2, 4, 5

torch.manual_seed(20240917)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
saved = {}


def perturb(module):
    """Biases and LayerNorms away from 0 and 1."""
    with torch.no_grad():
        for p in module.parameters():
            p += 0.3 * torch.randn_like(p)
    return module.eval()


def attention_names(ours, module):
    """{our name: a function that takes our part out of their parameter or its gradient}"""
    names = {}
    for i, part in enumerate(["query", "key", "value"]):
        rows = slice(i * H, (i + 1) * H)
        names[f"{ours}.self.{part}.weight"] = (module.in_proj_weight, rows)
        names[f"{ours}.self.{part}.bias"] = (module.in_proj_bias, rows)
    names[f"{ours}.output.dense.weight"] = (module.out_proj.weight, slice(None))
    names[f"{ours}.output.dense.bias"] = (module.out_proj.bias, slice(None))
    return names


def pair(ours, module):
    return {f"{ours}.{n}": (p, slice(None)) for n, p in module.named_parameters()}


def decoder_layer_names(layer):
    return {
        **attention_names("attention", layer.self_attn),
        **pair("attention.output.LayerNorm", layer.norm1),
        **attention_names("crossattention", layer.multihead_attn),
        **pair("crossattention.output.LayerNorm", layer.norm2),
        **pair("intermediate.dense", layer.linear1),
        **pair("output.dense", layer.linear2),
        **pair("output.LayerNorm", layer.norm3),
    }


def encoder_layer_names(layer):
    return {
        **attention_names("attention", layer.self_attn),
        **pair("attention.output.LayerNorm", layer.norm1),
        **pair("intermediate.dense", layer.linear1),
        **pair("output.dense", layer.linear2),
        **pair("output.LayerNorm", layer.norm2),
    }


def case(name, fn, inputs, parameters, masks={}):
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = fn(**leaves)
    v = (0.5 + 1.5 * torch.rand_like(y)) * (torch.randint(0, 2, y.shape) * 2 - 1)
    y.backward(v)
    for key, value in masks.items():
        saved[f"{name}.in.{key}"] = value
    saved[f"{name}.out"], saved[f"{name}.cotangent"] = y.detach(), v
    for key, leaf in leaves.items():
        saved[f"{name}.in.{key}"], saved[f"{name}.grad.{key}"] = leaf.detach(), leaf.grad
    for key, (p, rows) in parameters.items():
        saved[f"{name}.param.{key}"] = p.detach()[rows].clone()
        saved[f"{name}.grad.{key}"] = p.grad[rows].clone()


memory_mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=torch.bool)
target_mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]], dtype=torch.bool)
causal = torch.triu(torch.ones(S, S, dtype=torch.bool), 1)

for name, pre_norm, activation in [("decoder_post", False, "relu"), ("decoder_pre", True, "gelu")]:
    layer = perturb(
        torch.nn.TransformerDecoderLayer(
            H, A, I, 0.0, activation, layer_norm_eps=1e-5, batch_first=True, norm_first=pre_norm
        )
    )

    def run(x, memory):
        return layer(
            x, memory, tgt_mask=causal, tgt_key_padding_mask=~target_mask, memory_key_padding_mask=~memory_mask
        )

    case(
        name,
        run,
        {"x": torch.randn(B, S, H), "memory": torch.randn(B, T, H)},
        decoder_layer_names(layer),
        {"target_mask": target_mask, "memory_mask": memory_mask},
    )

# The whole of torch.nn.Transformer: both stacks, each with its last LayerNorm, which Gradus has with pre-norm.
whole = perturb(
    torch.nn.Transformer(H, A, 2, 2, I, 0.0, "relu", layer_norm_eps=1e-5, batch_first=True, norm_first=True)
)
names = {}
for i, layer in enumerate(whole.encoder.layers):
    names |= {f"encoder.layer.{i}.{k}": v for k, v in encoder_layer_names(layer).items()}
names |= pair("encoder.LayerNorm", whole.encoder.norm)
for i, layer in enumerate(whole.decoder.layers):
    names |= {f"decoder.layer.{i}.{k}": v for k, v in decoder_layer_names(layer).items()}
names |= pair("decoder.LayerNorm", whole.decoder.norm)
case(
    "transformer",
    lambda x, memory: whole(
        memory,
        x,
        tgt_mask=causal,
        src_key_padding_mask=~memory_mask,
        memory_key_padding_mask=~memory_mask,
        tgt_key_padding_mask=~target_mask,
    ),
    {"x": torch.randn(B, S, H), "memory": torch.randn(B, T, H)},
    names,
    {"target_mask": target_mask, "memory_mask": memory_mask},
)

# Gated feed-forward: torch.nn.functional.glu for GLU, the others with its activations (Shazeer 2020).
for kind, act in [("bilinear", lambda z: z), ("reglu", F.relu), ("geglu", F.gelu), ("swiglu", F.silu), ("glu", None)]:
    first, gate, second = (perturb(torch.nn.Linear(*s)) for s in [(H, I), (H, I), (I, H)])

    def run(x):
        if act is None:
            return second(F.glu(torch.cat([first(x), gate(x)], -1)))  # its second half goes through the sigmoid
        return second(act(gate(x)) * first(x))

    case(
        kind,
        run,
        {"x": torch.randn(B, 3, H)},
        {**pair("intermediate.dense", first), **pair("intermediate.gate", gate), **pair("output.dense", second)},
    )

# Attention pooling, by torch's attention with one learned query and scores that are tanh of a linear map.
dense = perturb(torch.nn.Linear(H, 3))
query = torch.nn.Parameter(torch.randn(2, 3))


def run(x):
    scores = torch.einsum("btd,rd->brt", torch.tanh(dense(x)), query)
    scores = scores.masked_fill(~memory_mask[:, None], -math.inf)
    return torch.softmax(scores, -1) @ x


case(
    "pooling",
    run,
    {"x": torch.randn(B, T, H)},
    {**pair("dense", dense), "query.weight": (query, slice(None))},
    {"memory_mask": memory_mask},
)

p, j = torch.arange(20.0)[:, None], torch.arange(0, H, 2.0)
angle = p / 10000 ** (j / H)
saved["sinusoids.out"] = torch.stack([torch.sin(angle), torch.cos(angle)], -1).reshape(20, H).contiguous()

save_file({k: v.clone().contiguous() for k, v in saved.items()}, OUT)
