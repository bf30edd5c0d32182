"""Batch-norm statistics that belong to an optimizer's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norm_layers(model: nn.Module) -> list[_BatchNorm]:
    """The batch-norm layers (also synchronised ones) of `model` that keep running statistics."""
    return [m for m in model.modules() if isinstance(m, _BatchNorm) and m.running_mean is not None]


@contextmanager
def estimated_batch_norm(
    model: nn.Module, batches: Iterable[Any], *, limit: int | None = None
) -> Iterator[None]:
    r"""Within, batch-norm statistics are those of `batches` for the weights as they are.

    Running statistics follow the point where gradients are taken. An answer that is another point
    (`own_answer`: Entropy-SGD's x, HEAT's x, an average of weights) has other activations, and
    with the run's statistics its error is that of a network which never existed. So before such an
    answer is evaluated, or saved, they are estimated again::

        with optimizer.solution(), estimated_batch_norm(model, loader):
            evaluate(model)

    One pass over `batches` without gradients: batch-norm layers in training mode, everything else
    (dropout!) in evaluation mode; mean and variance are averages over the batches, all with the
    same weight. Within the block the whole model is in evaluation mode. Afterwards, also after an
    exception, statistics, momenta and every module's training flag are what they were, bit for
    bit, and so is torch's global CPU generator, from which a shuffling loader draws: evaluating
    changes nothing in the run.

    `torch.optim.swa_utils.update_bn` gives the same numbers for a model without dropout; it leaves
    dropout on, and the run's own statistics are gone for good.

    Args:
        model: on one device; batches are moved there. A batch-norm layer in evaluation mode within
            a model in training mode has been frozen on purpose and keeps its statistics (if the
            whole model is in evaluation mode, that cannot be seen: all are estimated). Layers with
            track_running_stats=False have nothing to estimate.
        batches: training inputs of the usual batch size, not test data: a data loader, or any other
            iterable of tensors [samples, ...] or of tuples and lists whose first entry is one, as
            (x, y). A batch of a single sample is skipped: it has no variance.
        limit: use so many batches at most; None: all, so that they must come to an end.

    Raises:
        ValueError: there are batch-norm layers, but no batch of at least two samples.
        TypeError: a batch of another form.

    Nothing is read from `batches` if the model has no batch norm. With several processes every
    process estimates from its own batches, unless its layers are `torch.nn.SyncBatchNorm`.

    Memory: one copy of the statistics, and what one forward pass needs.

    Source: the program that the authors of Entropy-SGD published for PyTorch, which runs over the
    training set with dropout off before it evaluates the answer; Izmailov et al. (2018), section
    3.2, for averages of weights.

    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(0.5))
    >>> with estimated_batch_norm(model, [torch.tensor([[1.0], [5.0]]), torch.tensor([[3.0]] * 2)]):
    ...     print(model[0].running_mean.item(), model[0].running_var.item(), model[1].training)
    3.0 4.0 False
    >>> model[0].running_mean.item(), model[0].running_var.item(), model[1].training
    (0.0, 1.0, True)
    """
    modes = [(module, module.training) for module in model.modules()]
    layers = [m for m in batch_norm_layers(model) if m.training or not model.training]
    kept = [(m, m.momentum, {k: v.clone() for k, v in _statistics(m).items()}) for m in layers]
    try:
        model.eval()
        if layers:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                _estimate(model, layers, islice(batches, limit))
            model.eval()
        yield
    finally:
        with torch.no_grad():
            for layer, momentum, statistics in kept:
                layer.momentum = momentum
                for name, now in _statistics(layer).items():
                    now.copy_(statistics[name])
        for module, training in modes:
            module.training = training


def _statistics(layer: _BatchNorm) -> dict[str, Tensor]:
    names = ("running_mean", "running_var", "num_batches_tracked")
    return {name: getattr(layer, name) for name in names if getattr(layer, name) is not None}


def _estimate(model: nn.Module, layers: list[_BatchNorm], batches: Iterable[Any]) -> None:
    for layer in layers:
        layer.train()
        layer.reset_running_stats()
        layer.momentum = None  # torch's name for the plain average over the batches
    device = next((t.device for t in model.parameters()), layers[0].running_mean.device)
    used = 0
    for batch in batches:
        x = batch[0] if isinstance(batch, (tuple, list)) and batch else batch
        if not isinstance(x, Tensor):
            raise TypeError(
                "estimated_batch_norm takes input tensors or (inputs, labels) pairs, not "
                f"{type(x).__name__}; pass the inputs alone, as (b['x'] for b in loader)."
            )
        if len(x) > 1:
            model(x.to(device, non_blocking=True))
            used += 1
    if not used:
        raise ValueError(
            "Batch-norm statistics need at least one batch of two samples, but there was none; "
            "pass training inputs (an iterator that has been used up is empty)."
        )
