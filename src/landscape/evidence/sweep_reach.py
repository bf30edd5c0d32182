"""How far a number of hours reaches into a sweep: its networks by what each takes.

Horizons that go as 1 / (lr * l2) spread over many decades, so that the cheap networks of a grid are
nearly all of them and nearly none of its cost. A network takes its steps and its looks at test and
training samples (``landscape.train.sweep_spec.instants``); what a step and an evaluation of a
thousand samples take is measured (``benchmarks/paper_scale.py``, ``landscape.experiments.probe``).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from landscape.data.canonical import IMAGE_SETS
from landscape.evidence import paper_costs
from landscape.experiments import catalogue, settings
from landscape.experiments.sweep_settings import configurations
from landscape.train.spec import DataSpec
from landscape.train.sweep_spec import Shared, instants

#: Columns beside those of a point.
_BESIDE = ("method", "seed", "steps", "evaluated", "seconds", "reached")


def networks(
    experiment: str, root: Path, methods: Sequence[str] | None = None, profile: str = "paper"
) -> pd.DataFrame:
    """Every network of a sweep.

    Args:
        experiment: Its id.
        root: The project's folder.
        methods: Some of its methods; by default all.
        profile: Whose settings.

    Returns:
        The points' columns, ``method``, ``seed``, ``steps`` and ``evaluated``, the samples of all
        its looks.

    Raises:
        LandscapeError: There is no such sweep.
    """
    rows = []
    counted: dict[tuple[str, int], tuple[int, int]] = {}
    for method in methods or catalogue.get(experiment, "sweep", root).runs:
        given = settings.method_settings(experiment, method, profile, root)
        for one in configurations(given, experiment):
            shared, key = one.shared, (repr(one.shared), one.steps)
            if key not in counted:
                seen = instants(one.steps, shared.rows_per_decade, shared.looks)
                counted[key] = len(seen), sum(seen.values())
            looks, becoming_rows = counted[key]
            train, test = _samples(shared)
            few = min(train, shared.evaluation_samples or train)
            rows.append(
                dict(one.point) | {"method": method, "seed": one.seed, "steps": one.steps,
                                   "evaluated": looks * test + becoming_rows * few}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _samples(shared: Shared) -> tuple[int, int]:
    """Training and test samples of image sets that are kept as arrays."""
    given: DataSpec = shared.data
    arrays = IMAGE_SETS[given.name].arrays
    train, test = (arrays[f"{part}_labels"].shape[0] for part in ("train", "test"))
    held = round(train * given.holdout)
    return given.train_samples or train - held, given.test_samples or test


def with_seconds(frame: pd.DataFrame, step: float, evaluation: float) -> pd.DataFrame:
    """The networks with ``seconds``, the cheapest first.

    Args:
        frame: Of ``networks``.
        step: Seconds of a step.
        evaluation: Seconds of a thousand samples.
    """
    seconds = frame["steps"] * step + frame["evaluated"] / 1000 * evaluation
    return frame.assign(seconds=seconds).sort_values(["seconds", "seed"], kind="stable",
                                                     ignore_index=True)  # fmt: skip


@dataclass(frozen=True)
class Portion:
    """The networks of a sweep with no more than so many steps.

    Attributes:
        most_steps: None: all networks.
        networks: How many.
        share: Of all networks.
        seconds: That they take one after the other.
    """

    most_steps: int | None
    networks: int
    share: float
    seconds: float


def portions(frame: pd.DataFrame) -> list[Portion]:
    """What can be run of a sweep at once: up to every power of ten in steps, and all of it.

    Each portion holds those before it, and a power that adds nothing is left out.

    Args:
        frame: Of ``with_seconds``.
    """
    found: list[Portion] = []
    longest = int(frame["steps"].max())
    for power in range(math.ceil(math.log10(longest)) + 1):
        most = 10**power
        rows = frame[frame["steps"] <= most]
        if len(rows) and len(rows) > (found[-1].networks if found else 0):
            limit = None if len(rows) == len(frame) else most
            share = len(rows) / len(frame)
            found.append(Portion(limit, len(rows), share, float(rows["seconds"].sum())))
    return found


def measured(
    root: Path, experiment: str, method: str | None = None, device: str = "cpu"
) -> tuple[float, float, str] | None:
    """Seconds of a step and of a thousand evaluated samples as last recorded, and the machine.

    Args:
        root: The project's folder.
        experiment: A sweep.
        method: One of its methods; by default medians over those recorded.
        device: ``cpu`` or ``cuda``.

    Returns:
        None where nothing is known.
    """
    for costs in paper_costs.of(root, [experiment], None if method is None else [method]):
        if costs.device == device:
            step, evaluation = (statistics.median(row[name] for row in costs.rows)
                                for name in ("step_seconds", "evaluation_seconds"))  # fmt: skip
            return step, evaluation, costs.machine
    return None


@dataclass(frozen=True)
class Reach:
    """What so many hours of one core or card give of a sweep, the cheapest networks first.

    Attributes:
        frame: All networks with ``seconds`` and ``reached``.
        hours: What is given.
    """

    frame: pd.DataFrame
    hours: float

    @property
    def whole(self) -> float:
        """Hours of all networks."""
        return float(self.frame["seconds"].sum()) / 3600

    @property
    def spent(self) -> float:
        """Hours of those that are reached."""
        return float(self.frame.loc[self.frame["reached"], "seconds"].sum()) / 3600

    @property
    def count(self) -> int:
        """How many are reached."""
        return int(self.frame["reached"].sum())


def reach(frame: pd.DataFrame, hours: float) -> Reach:
    """The networks that fit into so many hours, every seed of a point or none.

    Args:
        frame: Of ``with_seconds``.
        hours: Of one core or card.
    """
    point = [name for name in frame if name not in _BESIDE]
    each = frame.groupby(point, sort=False, dropna=False)["seconds"].sum()
    inside = each.sort_values(kind="stable").cumsum() <= 3600 * hours
    keys = frame[point].apply(lambda row: tuple(row) if len(point) > 1 else row.iloc[0], axis=1)
    return Reach(frame.assign(reached=keys.map(inside)), hours)
