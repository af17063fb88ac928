"""The work of `gradus bench` in PyTorch, for `peers` to time in turn with it. Prints a JSON object of medians.

    in_pytorch.py step tiny --threads 1 --attention sdpa --optimizer fused
    in_pytorch.py huggingface tiny | inference tiny | tensors | about

The step is that of a careful user: only masked positions reach the decoder, gradients are set to None, warnings are off.
`huggingface` is BertForPreTraining as its examples run it, with the logits of all positions.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"tiny": (2, 128, 2), "mini": (4, 256, 4), "small": (4, 512, 8), "medium": (8, 512, 8), "base": (12, 768, 12)}


class Layer(nn.Module):
    def __init__(self, hidden, heads, dropout, attention):
        super().__init__()
        self.heads, self.dropout, self.attention = heads, dropout, attention
        self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.first, self.second = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(hidden, 1e-12), nn.LayerNorm(hidden, 1e-12)

    def forward(self, x):
        b, s, h = x.shape
        q, k, v = self.qkv(x).view(b, s, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        p = self.dropout if self.training else 0.0
        if self.attention == "sdpa":
            y = F.scaled_dot_product_attention(q, k, v, dropout_p=p)
        else:
            y = F.dropout(torch.softmax(q @ k.transpose(-1, -2) * (h // self.heads) ** -0.5, -1), p) @ v
        x = self.norm1(x + F.dropout(self.out(y.transpose(1, 2).reshape(b, s, h)), p))
        return self.norm2(x + F.dropout(self.second(F.gelu(self.first(x))), p))


class Bert(nn.Module):
    def __init__(self, size, vocabulary, length, dropout, attention):
        super().__init__()
        layers, hidden, heads = SIZES[size]
        self.words, self.types = nn.Embedding(vocabulary, hidden), nn.Embedding(2, hidden)
        self.positions, self.norm = nn.Embedding(length, hidden), nn.LayerNorm(hidden, 1e-12)
        self.layers = nn.ModuleList(Layer(hidden, heads, dropout, attention) for _ in range(layers))
        self.pooler, self.next = nn.Linear(hidden, hidden), nn.Linear(hidden, 2)
        self.transform, self.transform_norm = nn.Linear(hidden, hidden), nn.LayerNorm(hidden, 1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.dropout = dropout

    def encode(self, ids, types):
        x = self.words(ids) + self.types(types) + self.positions(torch.arange(ids.shape[1]))
        x = F.dropout(self.norm(x), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, ids, types, at, labels, next_labels):
        x = self.encode(ids, types)
        masked = x.reshape(-1, x.shape[-1])[at]
        masked = self.transform_norm(F.gelu(self.transform(masked)))
        logits = F.linear(masked, self.words.weight, self.bias)
        pairs = self.next(torch.tanh(self.pooler(x[:, 0])))
        return F.cross_entropy(logits, labels) + F.cross_entropy(pairs, next_labels)


def batch_of(rows, length, vocabulary):
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, vocabulary, (rows, length), generator=generator)
    types = (torch.arange(length) >= length // 2).long().expand(rows, length).contiguous()
    at = torch.randperm(rows * length, generator=generator)[: int(0.15 * rows * length)].sort().values
    return ids, types, at, ids.reshape(-1)[at], torch.arange(rows) % 2


def median_ms(work, times, warm=3):
    for _ in range(warm):
        work()
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - begin))
    return statistics.median(took)


def step(call, model, loss):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=call.optimizer == "fused",
                                  foreach=None if call.optimizer == "fused" else call.optimizer == "foreach")

    def once():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return {"milliseconds": median_ms(once, call.steps)}


def own_step(call):
    model = Bert(call.size, call.vocabulary, call.length, 0.1, call.attention)
    batch = batch_of(call.rows, call.length, call.vocabulary)
    run = torch.compile(model) if call.compile else model
    return step(call, model, lambda: run(*batch))


def huggingface(call):
    from transformers import BertConfig, BertForPreTraining
    layers, hidden, heads = SIZES[call.size]
    model = BertForPreTraining(BertConfig(vocab_size=call.vocabulary, hidden_size=hidden, num_hidden_layers=layers,
                                          num_attention_heads=heads, intermediate_size=4 * hidden))
    ids, types, at, labels, next_labels = batch_of(call.rows, call.length, call.vocabulary)
    all_labels = torch.full((call.rows * call.length,), -100)
    all_labels[at] = labels
    return step(call, model, lambda: model(input_ids=ids, token_type_ids=types, labels=all_labels.view(ids.shape),
                                           next_sentence_label=next_labels).loss)


def inference(call):
    model = Bert(call.size, call.vocabulary, call.length, 0.1, "sdpa").eval()
    results = {}
    for rows in (1, 32):
        ids, types, *_ = batch_of(rows, call.length, call.vocabulary)
        with torch.inference_mode():
            results[f"batch {rows}"] = median_ms(lambda: model.encode(ids, types), 5 * call.steps)
    return results


def least_ns(work):
    """A small work is repeated, and the quickest round counts: what disturbs it only ever makes it longer."""
    work()
    best = float("inf")
    for _ in range(20):
        begin = time.perf_counter()
        for _ in range(200):
            work()
        best = min(best, (time.perf_counter() - begin) / 200)
    return 1e9 * best


def tensors(call):
    results = {}
    for n in (8, 16, 32, 64, 128, 256):
        a, b = torch.randn(n, n), torch.randn(n, n)
        recorded = a.clone().requires_grad_()
        results[f"matmul {n}"] = least_ns(lambda: torch.matmul(a, b))
        results[f"matmul {n}, recorded"] = least_ns(lambda: torch.matmul(recorded, b))
    for n in (1, 16, 256):
        x, w, b = (torch.randn(n, requires_grad=True) for _ in range(3))

        def chain():
            x.grad = w.grad = b.grad = None
            y = x
            for _ in range(5):
                y = torch.tanh(y * w + b)
            y.sum().backward()

        results[f"an operation of a chain on {n}"] = least_ns(chain) / 15
    mlp = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(mlp.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    x, target = torch.randn(32, 64), torch.arange(32) % 10

    def learn():
        optimizer.zero_grad()
        F.cross_entropy(mlp(x), target).backward()
        optimizer.step()

    results["MLP step"] = least_ns(learn)
    return results


def about(_):
    """The versions, and the vectors that PyTorch would take itself; a product, at which MKL says what it takes."""
    import transformers
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    return {"torch": torch.__version__, "transformers": transformers.__version__,
            "vectors": torch.backends.cpu.get_cpu_capability()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["step", "huggingface", "inference", "tensors", "about"])
    parser.add_argument("size", nargs="?", choices=SIZES, default="tiny")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--attention", choices=["plain", "sdpa"], default="plain")
    parser.add_argument("--optimizer", choices=["plain", "foreach", "fused"], default="fused")
    parser.add_argument("--compile", action="store_true")
    call = parser.parse_args()
    call.rows = 32 if call.size in ("tiny", "mini") else 16
    torch.set_num_threads(call.threads)
    torch.manual_seed(1)
    work = {"step": own_step, "huggingface": huggingface, "inference": inference, "tensors": tensors,
            "about": about}[call.what]
    print(json.dumps(work(call)))


if __name__ == "__main__":
    main()
