"""What a sweep runs: many small networks that differ in a few numbers.

A configuration is one network trained by SGD: its settings, its seed and its own horizon, the
number of steps after which it stops. Configurations that share everything but ``lr``, ``l2``,
``momentum``, seed and horizon can be trained together in one batch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from landscape.train.spec import DataSpec, SpecificationError

LOSSES = ("cross_entropy", "mse")


@dataclass(frozen=True)
class Shared:
    """What configurations of one batch have in common.

    Attributes:
        data: Which samples.
        model: Name of the network; ``model_options`` its options.
        loss: ``cross_entropy`` (nats, mean over samples) or ``mse`` (squared distance to one-hot
            targets, mean over samples and outputs).
        loss_scale: What the loss is multiplied with before the L2 term is added. Lewkowycz &
            Gur-Ari (2020), supplement A, divide the cross-entropy by twice the number of classes:
            0.05 for ten.
        batch_size: Samples a step; ``None`` takes all, without any order.
        evaluation_samples: The first so many training samples give the training columns; ``None``
            takes all.
        rows_per_decade: Rows a factor of ten in steps; there is always one at the start and one at
            the horizon.
        looks: The test error is looked at so many times a row, for its running minimum.
    """

    data: DataSpec
    model: str
    model_options: dict[str, Any] = field(default_factory=dict)
    loss: str = "cross_entropy"
    loss_scale: float = 1.0
    batch_size: int | None = None
    evaluation_samples: int | None = None
    rows_per_decade: int = 15
    looks: int = 4

    def __post_init__(self) -> None:
        _require(self.loss in LOSSES, f"loss is {self.loss!r}; known are {', '.join(LOSSES)}")
        _require(_is_number(self.loss_scale) and self.loss_scale > 0,
                 f"loss scale is {self.loss_scale!r}; it must be a positive number")  # fmt: skip
        for name in ("batch_size", "evaluation_samples"):
            value = getattr(self, name)
            _require(value is None or _is_whole(value),
                     f"{name} is {value!r}; it must be a whole number of at least 1")  # fmt: skip
        for name in ("rows_per_decade", "looks"):
            value = getattr(self, name)
            _require(_is_whole(value),
                     f"{name} is {value!r}; it must be a whole number of at least 1")  # fmt: skip


@dataclass(frozen=True)
class Configuration:
    """One network of a sweep.

    It minimises ``loss_scale * loss + l2 / 2 * |theta|^2`` over all its parameters, biases and
    batch-norm gains included, by SGD: ``v = momentum v + gradient``, ``theta = theta - lr v``.
    Source: Lewkowycz & Gur-Ari (2020), section 1.

    Attributes:
        lr: The step size eta.
        l2: The coefficient lambda.
        seed: Of the random start and the order of the samples.
        steps: Its horizon.
        momentum: 0 for plain SGD.
        point: What it differs in from the others, as columns of the table: name and value.
    """

    shared: Shared
    lr: float
    l2: float
    seed: int
    steps: int
    momentum: float = 0.0
    point: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        _require(_is_number(self.lr) and self.lr > 0,
                 f"lr is {self.lr!r}; it must be a positive number")  # fmt: skip
        _require(_is_number(self.l2) and self.l2 >= 0,
                 f"l2 is {self.l2!r}; it must be a number of at least 0")  # fmt: skip
        _require(_is_number(self.momentum) and 0 <= self.momentum < 1,
                 f"momentum is {self.momentum!r}; it must be from 0 to below 1")  # fmt: skip
        _require(_is_whole(self.steps),
                 f"steps is {self.steps!r}; it must be a whole number of at least 1")  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, as it is hashed."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Horizon:
    """After how many steps a configuration stops.

    Attributes:
        steps_lr_l2: The product steps * lr * l2, the same for all (the t eta lambda of Lewkowycz &
            Gur-Ari 2020, figure 2); ``None``: all run ``at_most`` steps.
        at_least: No configuration stops before.
        at_most: None goes on longer; needed where ``l2`` is 0.
    """

    steps_lr_l2: float | None = None
    at_least: int = 1
    at_most: int | None = None

    def steps(self, lr: float, l2: float) -> int:
        """The horizon of one configuration.

        Raises:
            SpecificationError: There is none, because ``l2`` is 0 and no ``at_most`` is given.
        """
        wanted = math.inf
        if self.steps_lr_l2 is not None and lr * l2 > 0:
            wanted = max(self.steps_lr_l2 / (lr * l2), self.at_least)
        if self.at_most is not None:
            wanted = min(wanted, self.at_most)
        _require(math.isfinite(wanted),
                 f"with lr {lr:g} and l2 {l2:g} a configuration would never end; give the horizon "
                 "an at_most")  # fmt: skip
        return max(1, round(wanted))


def instants(horizon: int, rows_per_decade: int, looks: int) -> dict[int, bool]:
    """Steps at which a configuration is looked at, and whether the look becomes a row.

    The steps are those nearest to a logarithmic grid that is the same for every horizon, so that
    configurations of a batch are looked at together; 0 and the horizon always become rows.
    """
    found = {0: True}
    fine = rows_per_decade * looks
    last = math.ceil(fine * math.log10(horizon)) if horizon > 1 else 0
    for i in range(last + 1):
        step = round(10 ** (i / fine))
        if step < horizon:
            found[step] = found.get(step, False) or i % looks == 0
    return found | {horizon: True}


def chunks(
    configurations: Sequence[Configuration], size: Callable[[Shared, int], int]
) -> list[list[int]]:
    """Positions of the configurations that are trained together, longest horizons first.

    Those of a chunk share what ``Shared`` says and have neighbouring horizons, so that few run on
    alone. The chunks depend on the configurations only, never on the number of workers.

    Args:
        configurations: All of them.
        size: How many to train together, of so many that share this.
    """
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(configurations):
        groups.setdefault(repr(one.shared), []).append(number)
    found = []
    for group in groups.values():
        ordered = sorted(group, key=lambda i: (-configurations[i].steps, i))
        most = size(configurations[group[0]].shared, len(group))
        found += [ordered[at : at + most] for at in range(0, len(ordered), most)]
    return sorted(found, key=lambda chunk: (-configurations[chunk[0]].steps, chunk))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise SpecificationError(f"Sweep: {sentence}.")
