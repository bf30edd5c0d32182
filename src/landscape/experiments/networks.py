"""Networks of finished runs, for analyses: apart from their tables, because this needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landscape.train.weights import decoded

if TYPE_CHECKING:
    from torch import nn


def network(
    runs: Any, experiment: str, run: str, seed: int = 0, at: float = 1.0, **point: Any
) -> nn.Module | None:
    """The network of one training run, at the optimizer's answer, in evaluation mode.

    Args:
        runs: This build's runs, or runs made now (``landscape.evidence.runs.Runs``).
        experiment: Its id.
        run: A method.
        seed: The run's seed.
        at: One of the instants that ``run: weights`` of its settings names, 1 for the end.
        **point: Values of the grid's columns where the method has a grid.

    Returns:
        The network on the CPU in float32; None for a record, which holds tables only.

    Raises:
        LandscapeError: There are no such weights, or their file is missing or damaged.
    """
    path = runs.weights(experiment, run, seed, at, **point)
    return None if path is None else decoded(path)[0]
