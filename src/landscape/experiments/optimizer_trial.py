"""An optimizer tried on a few weights, before any run of its method has begun.

Names and settings of optimizers are checked by the optimizers themselves, when a run makes its own:
the last point of a grid, or the last method of a page, would be refused after hours of the others.
"""

from __future__ import annotations

import torch
from torch import nn

from landscape import optim
from landscape.train import distributed
from landscape.train.spec import RunSpec, SpecificationError

#: What the data decide and settings may leave open; any number will do here.
_OF_THE_DATA = {"batches_per_epoch": 100, "samples": 10_000}


def try_optimizer(spec: RunSpec) -> None:
    """Refuse an optimizer that does not exist or cannot be made with these settings.

    Args:
        spec: One run.

    Raises:
        SpecificationError: With the sentence of the optimizer, the experiment and the method.
    """
    if distributed.world().size > 1:  # replicas would talk to each other at once
        return
    options = dict(spec.optimizer_options)
    try:
        settings = optim.settings(spec.optimizer)
        for name, value in _OF_THE_DATA.items():
            if name in settings:
                options.setdefault(name, value)
        if "generator" in settings:
            options["generator"] = torch.Generator()
        copies = [[nn.Parameter(torch.ones(2, 2))] for _ in range(spec.replicas.count)]
        each = copies if optim.trains_replicas(spec.optimizer) else copies[0]
        optim.build(spec.optimizer, each, **options)
    except optim.HyperparameterError as error:
        raise SpecificationError(f"{spec.experiment}, method {spec.method}: {error}") from error
