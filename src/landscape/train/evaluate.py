"""Loss and error of the optimizer's current answer, without disturbing the run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from landscape.train.device import autocast

_CHUNK = 1000


def batch_norm_layers(model: nn.Module) -> list[_BatchNorm]:
    """All batch-norm layers that keep running statistics."""
    return [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]


@contextlib.contextmanager
def estimated_batch_norm(model: nn.Module, x: torch.Tensor, batch_size: int) -> Iterator[None]:
    """Inside, batch-norm statistics are re-estimated on ``x`` for the weights as they are.

    An averaged or outer answer (Entropy-SGD's x) has other activations than the inner iterates the
    running statistics were gathered on; every published program of these methods re-estimates them
    on data with dropout off before evaluating. The run's own statistics come back at the end.

    ``x`` is [samples, channels, height, width] on the model's device.
    """
    layers = batch_norm_layers(model)
    if not layers:
        yield
        return
    kept = [
        (m.momentum, m.running_mean.clone(), m.running_var.clone(), m.num_batches_tracked.clone())
        for m in layers
    ]
    model.eval()  # dropout off ...
    for layer in layers:
        layer.train()  # ... statistics on
        layer.reset_running_stats()
        layer.momentum = None  # cumulative average over the batches
    with torch.no_grad():
        for batch in x.split(batch_size):
            if len(batch) > 1:
                model(batch)
    model.eval()
    try:
        yield
    finally:
        for layer, (momentum, mean, variance, count) in zip(layers, kept, strict=True):
            layer.momentum = momentum
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
            layer.num_batches_tracked.copy_(count)


@torch.no_grad()
def loss_and_error(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, convolutional: bool = False
) -> tuple[float, float]:
    """Mean cross-entropy in nats and error in percent, in evaluation mode.

    ``x``: [samples, channels, height, width], ``y``: [samples] class numbers.
    """
    model.eval()
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    wrong = torch.zeros((), dtype=torch.int64, device=x.device)
    for xs, ys in zip(x.split(_CHUNK), y.split(_CHUNK), strict=True):
        with autocast(x.device, convolutional):
            logits = model(xs).float()
        total += nn.functional.cross_entropy(logits, ys, reduction="sum").double()
        wrong += (logits.argmax(1) != ys).sum()
    return float(total) / len(y), 100.0 * float(wrong) / len(y)


@torch.no_grad()
def gradient_extremes(model: nn.Module, field: list | None) -> dict[str, float]:
    """The four gradient columns of ``History`` for the gradients now stored in the parameters.

    ``field`` is the optimizer's additive perturbation, one tensor or None a parameter, or None.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    fields = field if field is not None else [None] * len(parameters)
    used, raw, used_layers, raw_layers = [], [], [], []
    for parameter, extra in zip(parameters, fields, strict=True):
        if parameter.grad is None:
            continue
        plain = parameter.grad.abs()
        added = plain if extra is None else (parameter.grad + extra).abs()
        raw.append(plain.min())
        used.append(added.min())
        if parameter.dim() > 1:
            raw_layers.append(plain.mean())
            used_layers.append(added.mean())
    smallest = lambda values: float(torch.stack(values).min()) if values else float("nan")  # noqa: E731
    return {
        "gradient_min": smallest(used),
        "gradient_min_raw": smallest(raw),
        "gradient_layer_min": smallest(used_layers),
        "gradient_layer_min_raw": smallest(raw_layers),
    }
