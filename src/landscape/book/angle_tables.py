"""Angles between two gradients on two networks, as a table and in words (figure 3.7).

Their rows are those of ``landscape.experiments.gradient_angles``; what is counted how is said in
``landscape.evidence.angles``. ``measured`` has them by loop, then by network.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from landscape.book.tables import Cell, Table
from landscape.evidence import statistics
from landscape.evidence.angles import change, drift, mean_angle, memory
from landscape.evidence.measurement import format_measurement

Networks = Mapping[str, pd.DataFrame]


def table(measured: Mapping[str, Networks], label: str) -> Table:
    """The angle, its change, its memory and its drift: a row a network in each loop."""
    rows = []
    for loop, networks in measured.items():
        for name, found in networks.items():
            columns = (mean_angle(found), change(found), memory(found), drift(found))
            rows.append([Cell(name, details=loop), *map(_interval, columns)])
    return Table(
        ["network", "mean angle", "change a step", "correlation with the next", "drift"], rows,
        label=label, stack=True,
        caption="Angle between x − z and the plain gradient in degrees, 95 % intervals over seeds",
    )  # fmt: skip


def sizes(networks: Networks) -> str:
    """Sentences: on which of two networks the two gradients are the less correlated."""
    (first, one), (second, other) = networks.items()
    angles = mean_angle(one), mean_angle(other)
    gap = statistics.difference(*angles)
    said = f"Over the runs the angle is {_whole(one)} degrees on {first} and {_whole(other)} on "
    if not gap.has_interval or gap.low <= 0 <= gap.high:
        return f"{said}{second}, no measurable difference."
    name = first if gap.low > 0 else second
    return (
        f"{said}{second}: the two gradients are less correlated on {name}, and the work says so of "
        "recurrent networks."
    )


def later(measured: Mapping[str, Networks]) -> str:
    """Sentences: the second half of the runs alone, in two loops, on two networks."""
    (one, other), (one_same, other_same) = (
        [(name, rows[rows["update"] > rows["update"].max() / 2])
         for name, rows in networks.items()] for networks in measured.values()
    )  # fmt: skip
    changes = [_interval(change(rows)) for _, rows in (one, other, one_same, other_same)]
    around = [_whole(rows) for _, rows in (one, other, one_same, other_same)]
    return (
        f"In the second half of the runs alone the angle changes by {changes[0]} degrees a step on "
        f"{one[0]}, around {around[0]} degrees, and by {changes[1]} on {other[0]}, around "
        f"{around[1]}. With one loop for both it changes by {changes[2]} and by {changes[3]} "
        f"degrees there, around {around[2]} and {around[3]}."
    )


def _interval(values: pd.Series) -> str:
    return format_measurement(statistics.mean_interval(values).with_(n=None))


def _whole(rows: pd.DataFrame) -> str:
    return f"{mean_angle(rows).mean():.0f}"
