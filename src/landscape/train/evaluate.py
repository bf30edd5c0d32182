"""Loss and error of the optimizer's current answer, without disturbing the run."""

from __future__ import annotations

import torch
from torch import nn

from landscape.train.device import autocast

_CHUNK = 1000


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
