"""Ten steps of PyTorch's optimisers on a small module, and learning rates of transformers' schedules.

Writes tests/fixtures/nn/optimizers.safetensors: the starting values, the gradients of every step, and the
parameters after ten steps for each setting; and schedules.safetensors: one rate for each step.
google-research/bert's Adam has no twin in PyTorch, so it is written out here from its definition.
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/nn"
STEPS = 10


def bert_adam(params, grads, lr, decay, eps=1e-6, beta1=0.9, beta2=0.999):
    m = [torch.zeros_like(p) for p in params]
    v = [torch.zeros_like(p) for p in params]
    for step in range(STEPS):
        for i, p in enumerate(params):
            g = grads[i][step]
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = beta2 * v[i] + (1 - beta2) * g * g
            p -= lr * (m[i] / (v[i].sqrt() + eps) + decay[i] * p)


def run(make, start, grads, decay, clip=None):
    weight, bias = (torch.nn.Parameter(p.clone()) for p in start)
    optimizer = make([{"params": [weight], "weight_decay": decay}, {"params": [bias], "weight_decay": 0.0}])
    for step in range(STEPS):
        weight.grad, bias.grad = grads[0][step].clone(), grads[1][step].clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([weight, bias], clip)
        optimizer.step()
    return weight.detach(), bias.detach()


def muon(start, grads, lr=0.01, decay=0.05):
    """Muon on the weight and AdamW on the bias. PyTorch rounds what it makes orthogonal to bfloat16; here it stays f64."""
    rounded, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, lambda self: self.clone()
    weight, bias = (torch.nn.Parameter(p.clone()) for p in start)
    of_weight = torch.optim.Muon([weight], lr=lr, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
    of_bias = torch.optim.AdamW([bias], lr=lr, weight_decay=0.0)
    for step in range(STEPS):
        weight.grad, bias.grad = grads[0][step].clone(), grads[1][step].clone()
        of_weight.step()
        of_bias.step()
    torch.Tensor.bfloat16 = rounded
    return weight.detach(), bias.detach()


def optimizers():
    torch.manual_seed(20240901)
    start = [torch.randn(3, 4, dtype=torch.float64), torch.randn(3, dtype=torch.float64)]
    grads = [torch.randn(STEPS, 3, 4, dtype=torch.float64), torch.randn(STEPS, 3, dtype=torch.float64)]
    out = {"start.weight": start[0], "start.bias": start[1], "grad.weight": grads[0], "grad.bias": grads[1]}
    optim = torch.optim
    settings = {
        "sgd": (lambda g: optim.SGD(g, lr=0.1), 0.0, None),
        "sgd_momentum": (lambda g: optim.SGD(g, lr=0.1, momentum=0.9), 0.05, None),
        "sgd_nesterov": (lambda g: optim.SGD(g, lr=0.1, momentum=0.9, nesterov=True), 0.05, None),
        "adam": (lambda g: optim.Adam(g, lr=0.01), 0.05, None),
        "adamw": (lambda g: optim.AdamW(g, lr=0.01), 0.05, None),
        "adamw_clipped": (lambda g: optim.AdamW(g, lr=0.01), 0.05, 1.0),
    }
    for name, (make, decay, clip) in settings.items():
        out[name + ".weight"], out[name + ".bias"] = run(make, start, grads, decay, clip)
    params = [p.clone() for p in start]
    bert_adam(params, grads, lr=0.01, decay=[0.05, 0.0])
    out["bert.weight"], out["bert.bias"] = params
    out["muon.weight"], out["muon.bias"] = muon(start, grads)
    save_file({k: v.contiguous() for k, v in out.items()}, OUT / "optimizers.safetensors")


def schedules():
    def rates(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
        schedule = make(optimizer)
        values = []
        for _ in range(25):
            values.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return torch.tensor(values, dtype=torch.float64)

    save_file(
        {
            "constant": rates(lambda o: get_constant_schedule_with_warmup(o, 4)),
            "linear": rates(lambda o: get_linear_schedule_with_warmup(o, 4, 20)),
            "cosine": rates(lambda o: get_cosine_schedule_with_warmup(o, 4, 20)),
            "linear_no_warmup": rates(lambda o: get_linear_schedule_with_warmup(o, 0, 20)),
        },
        OUT / "schedules.safetensors",
    )


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    optimizers()
    schedules()
