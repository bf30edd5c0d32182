"""Loss and error of the optimizer's current answer, without disturbing the run."""

from __future__ import annotations

import torch
from torch import nn

from landscape.train.device import autocast
from landscape.train.objective import one_hot
from landscape.train.spec import SpecificationError

Field = list[torch.Tensor | None]

_CHUNK = 1000


@torch.no_grad()
def loss_and_error(
    model: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    convolutional: bool = False,
    *,
    loss: str = "cross_entropy",
    batch: int | None = None,
) -> tuple[float, float]:
    """Mean loss and error in percent, in evaluation mode.

    Args:
        model: The network.
        x: [samples, channels, height, width].
        y: [samples] class numbers.
        convolutional: Whether it may compute in bfloat16 on CUDA.
        loss: ``cross_entropy`` in nats, or ``mse``: the sum over the classes of (f - y)^2.
        batch: Samples evaluated together, at most, in parts of nearly equal size: they matter to
            batch norm without running statistics. ``None``: parts of 1000 and a rest.
    """
    count = None if batch is None else -(-len(y) // batch)
    parts = [t.split(_CHUNK) if count is None else t.tensor_split(count) for t in (x, y)]
    model.eval()
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    wrong = torch.zeros((), dtype=torch.int64, device=x.device)
    for xs, ys in zip(*parts, strict=True):
        with autocast(x.device, convolutional):
            logits = model(xs).float()
        if loss == "mse":
            total += (logits - one_hot(ys, logits)).square().sum().double()
        else:
            total += nn.functional.cross_entropy(logits, ys, reduction="sum").double()
        wrong += (logits.argmax(1) != ys).sum()
    return float(total) / len(y), 100.0 * float(wrong) / len(y)


@torch.no_grad()
def sequence_loss_and_error(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, streams: int, unroll: int
) -> tuple[float, float]:
    """Mean cross-entropy in nats a token and wrong predictions in percent, in evaluation mode.

    The tokens x and those that follow them y, int64 [n], are cut into so many streams of equal
    length (less than one a stream at the end are left out), whose hidden states start at zero and
    are carried along; 1 stream reads them as they stand.
    """
    model.eval()
    length = len(x) // streams
    if not length:
        raise SpecificationError(
            f"{len(x)} tokens cannot be evaluated in {streams} streams; lower evaluation_batch."
        )
    xs, ys = (t[: streams * length].view(streams, length) for t in (x, y))
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    wrong = torch.zeros((), dtype=torch.int64, device=x.device)
    state = None
    for tokens, following in zip(xs.split(unroll, 1), ys.split(unroll, 1), strict=True):
        logits, state = model(tokens, state)
        logits, labels = logits.float().flatten(0, 1), following.flatten()
        total += nn.functional.cross_entropy(logits, labels, reduction="sum").double()
        wrong += (logits.argmax(1) != labels).sum()
    return float(total) / ys.numel(), 100.0 * float(wrong) / ys.numel()


@torch.no_grad()
def gradient_extremes(model: nn.Module, field: Field | None) -> dict[str, float]:
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


@torch.no_grad()
def alignment(model: nn.Module, field: Field | None) -> dict[str, float]:
    """The alignment columns of ``History`` but ``alignment_after``; none without a field.

    ``field`` as for ``gradient_extremes``. The numbers are signed; where the weights or the field
    are zero, those that divide by them are not a number.
    """
    pairs = _felt(model, field)
    if not pairs:
        return {}
    product = _product(pairs)
    fields, weights = (
        sum(float(part.double().square().sum()) for part in side) ** 0.5
        for side in zip(*pairs, strict=True)
    )
    count = sum(weight.numel() for _, weight in pairs)
    over = lambda length: product / length if length else float("nan")  # noqa: E731
    return {
        "alignment": product,
        "alignment_sphere": over(weights) * count**0.5,
        "alignment_unit": over(fields),
        "alignment_cosine": over(fields * weights),
    }


@torch.no_grad()
def alignment_after(model: nn.Module, field: Field | None) -> dict[str, float]:
    """The column ``alignment_after``, once the step with this field has been taken."""
    pairs = _felt(model, field)
    return {"alignment_after": _product(pairs)} if pairs else {}


def _felt(model: nn.Module, field: Field | None) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(field, weight) of the parameters that feel the field."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        (extra, weight.detach())
        for weight, extra in zip(parameters, field or [None] * len(parameters), strict=True)
        if extra is not None
    ]


def _product(pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Inner product, summed in double precision."""
    return sum(float((extra.double() * weight.double()).sum()) for extra, weight in pairs)
