"""All solutions of binary perceptrons on random data sets (Chaudhari 2018, figure 3.3).

Two cases: ``teacher`` (answers of a teacher, who is left out as a solution and as a neighbour) and
``random`` (random answers). Patterns of a data set come one after another, so its solutions at a
larger alpha are some of those at a smaller one. Tables::

    results   one row a length, alpha and data set: solutions, isolated ones, clusters, test errors
    limits    one row a length and data set: patterns that still have a solution, or leave several
    entropy   teacher: local entropy against test error, one row a length, alpha and data set
    profile   teacher, largest length: test error by number of solutions nearby and data set
    map       teacher, largest length, data set 0: the solutions in the plane
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from landscape.analysis import perceptron_solutions as perceptron
from landscape.errors import LandscapeError
from landscape.experiments.settings_schema import POSITIVE, list_of, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.theory.binary_perceptron import disagreement
from landscape.train.workers import in_workers

CASES = ("teacher", "random")
_ALPHAS = list_of(POSITIVE, "a list of positive numbers")
_SETTINGS = {
    "lengths": list_of(whole(3, perceptron.LONGEST), "a list of odd lengths"),
    "data_sets": whole(2),
    "alphas": _ALPHAS,
    "entropy_alphas": _ALPHAS,
    "shown_alpha": POSITIVE,
    "farthest": whole(),
    "radius": whole(),
    "seed": whole(0),
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
_PATTERNS = 12  # a weight, at most: leave the teacher alone with certainty


def counted(alpha: float, length: int, data_set: int, data_sets: int) -> int:
    """Patterns of a data set: alpha times length on average over the data sets, rounded evenly."""
    return math.floor(alpha * length + (data_set + 0.5) / data_sets)


def _data_set(settings: Mapping[str, Any], case: str, length: int, index: int) -> dict[str, list]:
    """Rows of every table from one data set."""
    rng = np.random.default_rng([settings["seed"], length, index, CASES.index(case)])
    patterns = perceptron.random_patterns(length, _PATTERNS * length, rng)
    taught = case == "teacher"
    if taught:
        patterns = perceptron.taught(patterns, length)
    error = 100 * disagreement(length, np.arange(length + 1))  # percent, by differing weights
    key = {"d": length, "data_set": index}
    rows: dict[str, list] = {"results": [], "entropy": [], "profile": [], "map": []}
    left, used, limit = None, 0, None
    last = 1 if taught else 0  # solutions that remain at the end
    for alpha in sorted(settings["alphas"]):
        number = counted(alpha, length, index, settings["data_sets"])
        if left is None:
            left, limit = _first(patterns[:number], length, last)
        else:
            left, limit = _walk(left, patterns[used:number], length, last, used, limit)
        used = number
        others = left[left != 0] if taught else left
        errors = error[np.bitwise_count(others)] if taught else None
        here = key | {"alpha": alpha, "patterns": number}
        row, label = _clusters(others, errors, length)
        rows["results"].append(here | row)
        if taught and alpha in settings["entropy_alphas"] and len(others) > 1:
            near = perceptron.neighbours(others, length, settings["farthest"])
            rows["entropy"].append(here | _entropy(others, near, errors, patterns[:number], length))
            if alpha == settings["shown_alpha"] and length == max(settings["lengths"]):
                ball = near[:, : settings["radius"]].sum(1)
                rows["profile"] += [key | row for row in _profile(ball, errors)]
                if index == 0:
                    rows["map"] = _map(others, near[:, 0], ball, label, errors, length)
    limit = _walk(left, patterns[used:], length, last, used, limit)[1]
    rows["limits"] = [key | {"patterns": limit}]
    return rows


def _clusters(
    vectors: np.ndarray, errors: np.ndarray | None, length: int
) -> tuple[dict[str, float], np.ndarray]:
    """(counts and mean test errors, label of each solution's cluster)."""
    pairs = perceptron.single_flips(vectors, length)
    degree = np.bincount(pairs.ravel(), minlength=len(vectors))
    label = perceptron.clusters(len(vectors), pairs)
    size = np.bincount(label)
    dense = size > length
    member = dense[label] if len(vectors) else np.zeros(0, bool)
    open_half = degree >= length / 2
    row: dict[str, float] = {
        "solutions": len(vectors),
        "isolated": int((degree == 0).sum()),
        "components": len(size),
        "clusters": int(dense.sum()),
        "in_clusters": int(member.sum()),
        "half_open": int(open_half.sum()),
        "half_open_clusters": len(np.unique(label[open_half])),
        "largest": int(size.max(initial=0)),
        "width": _width(vectors[label == size.argmax()] if len(size) else vectors, length),
        "width_all": _width(vectors, length),
    }
    if errors is not None:
        groups = {"": degree >= 0, "_isolated": degree == 0, "_connected": degree > 0,
                  "_clusters": member}  # fmt: skip
        for name, chosen in groups.items():
            row[f"error{name}"] = errors[chosen].mean() if chosen.any() else float("nan")
    return row, label


def _width(vectors: np.ndarray, length: int) -> float:
    return perceptron.mean_distance(vectors, length)


def _entropy(
    vectors: np.ndarray, near: np.ndarray, errors: np.ndarray, patterns: np.ndarray, length: int
) -> dict[str, float]:
    """Correlations with the test error, what several measures pick, and clusters of two flips."""
    row = {"error": errors.mean(), "nearest": _nearest(vectors, near, length)}
    ball = near.cumsum(1)
    for i in range(near.shape[1]):
        row[f"correlation_{i + 1}"] = _correlation(np.log1p(ball[:, i]), errors)
        row[f"ball_{i + 1}"] = _picked(ball[:, i], errors)
        row[f"shell_{i + 1}"] = _picked(near[:, i], errors)
    row["margin"] = _picked(perceptron.margins(vectors, patterns, length), errors)
    row["mean_margin"] = _picked(perceptron.mean_margins(vectors, patterns, length), errors)
    label = perceptron.clusters(len(vectors), perceptron.pairs_within(vectors, 2))
    size = np.bincount(label)
    row |= {"alone_2": int((size == 1).sum()), "components_2": len(size), "largest_2": size.max()}
    minus = (perceptron.signs(vectors, length) < 0).sum(0)
    wrong = int((2 * minus >= len(vectors)).sum())  # a tie counts as wrong
    row["centre"] = 100 * float(disagreement(length, wrong))
    return row


def _nearest(vectors: np.ndarray, near: np.ndarray, length: int) -> float:
    """Mean distance to the nearest other solution."""
    found = near > 0
    nearest = np.where(found.any(1), found.argmax(1) + 1, 0)
    for i in np.flatnonzero(nearest == 0):  # farther away than was counted
        apart = np.bitwise_count(vectors ^ vectors[i])
        nearest[i] = apart[apart > 0].min()
    return float(nearest.mean())


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's; NaN where one of them does not vary."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _picked(score: np.ndarray, errors: np.ndarray) -> float:
    """Mean error of those with the largest score."""
    return float(errors[score == score.max()].mean())


def _profile(ball: np.ndarray, errors: np.ndarray) -> list[dict[str, float]]:
    """Mean error by number of solutions nearby, in bins 0, 1, 2-3, 4-7, ..."""
    octave = np.ceil(np.log2(ball + 1)).astype(int)
    return [
        {"octave": i, "nearby": np.exp(np.log1p(ball[octave == i]).mean()) - 1,
         "solutions": int((octave == i).sum()), "error": errors[octave == i].mean()}
        for i in np.unique(octave)
    ]  # fmt: skip


def _map(
    vectors: np.ndarray, degree: np.ndarray, ball: np.ndarray, label: np.ndarray,
    errors: np.ndarray, length: int,
) -> list[dict[str, float]]:
    """The solutions in the plane of classical scaling of their Hamming distances.

    The squared Euclidean distance of sign vectors is four times Hamming's: these are principal
    components. Signs of the axes are such that the third moment is positive. The teacher, who
    has no part in the axes, is the last row, cluster -1.
    """
    entries = perceptron.signs(vectors, length).astype(float)
    middle = entries.mean(0)
    left, values, right = np.linalg.svd(entries - middle, full_matrices=False)
    # In units whose square is a Hamming distance; the teacher has all entries 1.
    place, teacher = left[:, :2] * values[:2] / 2, (1 - middle) @ right[:2].T / 2
    turned = np.where((place**3).sum(0) < 0, -1, 1)
    place, teacher = place * turned, teacher * turned
    share = values[:2] ** 2 / (values**2).sum()
    size = np.bincount(label)[label]
    return [
        {"vector": int(vectors[i]), "x": place[i, 0], "y": place[i, 1], "neighbours": degree[i],
         "nearby": ball[i], "cluster": label[i], "cluster_size": size[i], "error": errors[i],
         "share_x": share[0], "share_y": share[1]}
        for i in range(len(vectors))
    ] + [{"vector": 0, "x": teacher[0], "y": teacher[1], "cluster": -1, "error": 0.0}]  # fmt: skip


def _first(patterns: np.ndarray, length: int, last: int) -> tuple[np.ndarray, int | None]:
    """What `_walk` gives, from no pattern to these: all weights are tried."""
    left, limit = perceptron.solutions(patterns, length), None
    if len(left) <= last:  # rare: fewer patterns at a time
        counts = range(len(patterns) - 1, -1, -1)
        limit = next(n for n in counts if len(perceptron.solutions(patterns[:n], length)) > last)
    return left, limit


def _walk(
    left: np.ndarray, patterns: np.ndarray, length: int, last: int, used: int, limit: int | None
) -> tuple[np.ndarray, int | None]:
    """(solutions of the further patterns, most patterns with more than `last` solutions).

    The second is None while there still are more.
    """
    for pattern in patterns:
        left = perceptron.keep(left, [pattern], length)
        if limit is None and len(left) <= last:
            limit = used
        used += 1
    return left, limit


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Enumerate the solutions of every data set; gives the tables of the module's description.

    A run takes a minute: nothing is kept in `checkpoints`.

    Raises:
        LandscapeError: A length is even, or the shown alpha is none of those with local entropy.
    """
    if settings["shown_alpha"] not in settings["entropy_alphas"] or not set(
        settings["entropy_alphas"]
    ) <= set(settings["alphas"]):
        raise LandscapeError(
            "thesis-fig-3-3: shown_alpha must be one of entropy_alphas, and those some of alphas."
        )
    calls = [
        (settings, case, length, index)
        for length in settings["lengths"]
        for index in range(settings["data_sets"])
    ]
    found = list(in_workers(_data_set, calls, workers))
    tables = {}
    for name in found[0]:
        rows = [row for tables_of in found for row in tables_of[name]]
        if rows:
            tables[name] = csv_text(pd.DataFrame(rows), "%.5g")
    return Outcome(tables)
