"""Attention layers as PyTorch computes them, in double precision, with every gradient.

Writes tests/fixtures/nn/attention_layers.safetensors. A case NAME holds
    NAME.in.*         inputs (x, memory; q, k, v; mask)
    NAME.param.*      parameters, under the names that Gradus gives them
    NAME.cotangent    what the output is multiplied with before it is summed
    NAME.out          the output
    NAME.weights      the attention probabilities, where the case has them
    NAME.grad.*       the gradient of each float input and of each parameter

PyTorch's own layers make the cases sdpa_* (F.scaled_dot_product_attention) and mha_* (nn.MultiheadAttention).
The scores of Luong et al. and Bahdanau et al., and the gate of Qiu et al., are written out from the papers.
"""
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/nn/attention_layers.safetensors"
out = {}


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def emit(name, inputs, params, run):
    """run(inputs, params) -> (output, weights or None)"""
    leaves = {}
    for kind, tensors in (("in", inputs), ("param", params)):
        for key, value in tensors.items():
            out[f"{name}.{kind}.{key}"] = value.detach().clone()
            if value.is_floating_point():
                value.requires_grad_()
                leaves[key] = value
    y, weights = run(inputs, params)
    cotangent = randn(*y.shape)
    gradients = torch.autograd.grad((y * cotangent).sum(), list(leaves.values()))
    out[f"{name}.cotangent"] = cotangent
    out[f"{name}.out"] = y.detach().contiguous()
    if weights is not None:
        out[f"{name}.weights"] = weights.detach().contiguous()
    for key, gradient in zip(leaves, gradients):
        out[f"{name}.grad.{key}"] = gradient.contiguous()


def mask_where(condition):
    """0 where a query may look, -inf where it may not."""
    return torch.zeros(condition.shape, dtype=torch.float64).masked_fill(~condition, -math.inf)


# What a query may look at; every query sees at least one key, since PyTorch gives NaN otherwise.
SEEN = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]], dtype=torch.bool)
PADDING = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=torch.bool)


def fused_op():
    def sdpa(inputs, _, **options):
        mask = inputs.get("mask")
        return F.scaled_dot_product_attention(inputs["q"], inputs["k"], inputs["v"], attn_mask=mask, **options), None

    def heads(queries, keys):
        return {"q": randn(2, 2, queries, 4), "k": randn(2, 2, keys, 4), "v": randn(2, 2, keys, 4)}

    emit("sdpa_plain", heads(3, 5), {}, sdpa)
    emit("sdpa_causal", heads(4, 4), {}, lambda i, p: sdpa(i, p, is_causal=True))
    emit("sdpa_mask", heads(3, 5) | {"mask": SEEN.expand(2, 2, 3, 5).contiguous()}, {}, sdpa)


def scores():
    def general(i, p):
        return i["q"] @ p["weight"] @ i["k"].transpose(-2, -1), None

    emit("dot", {"q": randn(2, 3, 4), "k": randn(2, 5, 4)}, {},
         lambda i, p: (torch.einsum("bsd,btd->bst", i["q"], i["k"]), None))
    emit("scaled_dot", {"q": randn(2, 3, 4), "k": randn(2, 5, 4)}, {},
         lambda i, p: (torch.einsum("bsd,btd->bst", i["q"], i["k"]) / 4**0.5, None))
    emit("general", {"q": randn(2, 3, 4), "k": randn(2, 5, 6)}, {"weight": randn(4, 6)}, general)
    emit("general_heads", {"q": randn(2, 3, 4, 5), "k": randn(2, 3, 6, 5)}, {"weight": randn(3, 5, 5)}, general)
    for name, heads, q, k in (("additive", (), randn(2, 3, 4), randn(2, 5, 6)),
                              ("additive_heads", (3,), randn(2, 3, 4, 5), randn(2, 3, 6, 5))):
        params = {"query_weight": randn(*heads, 7, q.shape[-1]), "key_weight": randn(*heads, 7, k.shape[-1]),
                  "vector": randn(*heads, 7)}
        emit(name, {"q": q, "k": k}, params, lambda i, p: (score_of("additive", i["q"], i["k"], p, ""), None))


def projections(names, rows, columns):
    params = {}
    for name in names:
        params[f"{name}.weight"] = randn(rows, columns) / 2
        params[f"{name}.bias"] = randn(rows)
    return params


def score_of(kind, q, k, p, prefix):
    """Scores of q [..., S, D] and k [..., T, D]; with heads the parameters have a leading axis."""
    if kind == "dot":
        return q @ k.transpose(-2, -1)
    if kind == "scaled_dot":
        return q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if kind == "general":
        return q @ p[prefix + "weight"] @ k.transpose(-2, -1)
    from_q = q @ p[prefix + "query_weight"].transpose(-2, -1)
    from_k = k @ p[prefix + "key_weight"].transpose(-2, -1)
    inner = torch.tanh(from_q.unsqueeze(-2) + from_k.unsqueeze(-3))
    return torch.einsum("bste,e->bst" if inner.dim() == 4 else "baste,ae->bast", inner, p[prefix + "vector"])


def score_params(kind, size, prefix, heads=()):
    if kind == "general":
        return {prefix + "weight": randn(*heads, size, size)}
    if kind == "additive":
        return {prefix + "query_weight": randn(*heads, size, size), prefix + "key_weight": randn(*heads, size, size),
                prefix + "vector": randn(*heads, size)}
    return {}


KINDS = ("dot", "scaled_dot", "general", "additive")


def single_heads():
    for kind in KINDS:
        def run(i, p, kind=kind):
            q = F.linear(i["x"], p["query.weight"], p["query.bias"])
            k = F.linear(i["memory"], p["key.weight"], p["key.bias"])
            v = F.linear(i["memory"], p["value.weight"], p["value.bias"])
            scores = score_of(kind, q, k, p, "score.")
            weights = torch.softmax(scores + mask_where(i["mask"]).unsqueeze(1), -1)
            return weights @ v, weights

        params = projections(["query"], 4, 6) | projections(["key", "value"], 4, 5) | score_params(kind, 4, "score.")
        emit(f"single_{kind}", {"x": randn(2, 3, 6), "memory": randn(2, 5, 5), "mask": PADDING}, params, run)


def multi_heads():
    hidden, heads = 6, 2
    size = hidden // heads
    names = ["self.query", "self.key", "self.value"]

    def pytorch_layer(i, p):
        layer = torch.nn.MultiheadAttention(hidden, heads, batch_first=True, dtype=torch.float64)
        state = {"in_proj_weight": torch.cat([p[f"{n}.weight"] for n in names]),
                 "in_proj_bias": torch.cat([p[f"{n}.bias"] for n in names]),
                 "out_proj.weight": p["output.dense.weight"], "out_proj.bias": p["output.dense.bias"]}
        memory = i.get("memory", i["x"])
        padding = ~i["mask"] if "mask" in i else None
        causal = mask_where(torch.ones(4, 4, dtype=torch.bool).tril()) if "mask" not in i and "memory" not in i else None
        return torch.func.functional_call(
            layer, state, (i["x"], memory, memory),
            {"key_padding_mask": padding, "attn_mask": causal, "average_attn_weights": False})

    params = lambda: projections([*names, "output.dense"], hidden, hidden)
    emit("mha_self_causal", {"x": randn(2, 4, 6)}, params(), pytorch_layer)
    emit("mha_cross_padding", {"x": randn(2, 3, 6), "memory": randn(2, 5, 6), "mask": PADDING}, params(), pytorch_layer)

    def split(x):
        return x.unflatten(-1, (heads, size)).transpose(1, 2)

    def by_hand(i, p, kind, gated):
        q, k, v = (split(F.linear(i[source], p[f"{n}.weight"], p[f"{n}.bias"]))
                   for n, source in zip(names, ["x", "memory", "memory"]))
        weights = torch.softmax(score_of(kind, q, k, p, "self.score.") + mask_where(i["mask"])[:, None, None], -1)
        merged = (weights @ v).transpose(1, 2).flatten(2)
        if gated:
            merged = merged * torch.sigmoid(F.linear(i["x"], p["self.gate.weight"]))
        return F.linear(merged, p["output.dense.weight"], p["output.dense.bias"]), weights

    for kind in KINDS:
        for gated in (False, True):
            p = params() | score_params(kind, size, "self.score.", (heads,))
            if gated:
                p["self.gate.weight"] = randn(hidden, hidden)
            emit(f"multi_{kind}{'_gated' if gated else ''}",
                 {"x": randn(2, 3, 6), "memory": randn(2, 5, 6), "mask": PADDING}, p,
                 lambda i, p, kind=kind, gated=gated: by_hand(i, p, kind, gated))


torch.manual_seed(20240904)
fused_op()
scores()
single_heads()
multi_heads()
save_file(out, str(OUT), metadata={"torch": torch.__version__})
print(f"{OUT.name}: {len(out)} tensors, {OUT.stat().st_size} bytes")
