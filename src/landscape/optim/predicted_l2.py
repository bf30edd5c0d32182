"""The L2 strength predicted from a short run with a large one (Lewkowycz and Gur-Ari).

The time t_* of the best test accuracy is c / lambda, also where lambda is large and t_* short: one
run of two epochs gives c, and lambda = c / T is the smallest strength whose peak falls within T
epochs. Times are in epochs, as in the figures of the work and in T = c / lambda; where it counts
steps or gradient-flow time, c is another number (0.0066 epochs are 0.32 steps at batch 1,024 on the
50,000 images of CIFAR-10). Accuracies are in percent.

>>> probe = 0.01  # lambda of the short run
>>> epochs, accuracy = [0.25, 0.5, 0.65, 1.0, 2.0], [31.0, 42.0, 44.5, 40.0, 30.0]
>>> c = coefficient(peak_time(epochs, accuracy), probe)
>>> round(c, 6), round(predicted_l2(c, epochs=200, first_drop=0.3), 7)
(0.0065, 0.0001083)

Source: Lewkowycz and Gur-Ari (2020), sections 1.1, 2 and 3, SM A and SM C.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .rules import AT_LEAST_ZERO, POSITIVE, HyperparameterError, plain

#: c of the Wide ResNet of the work, in epochs: the text's value, twice this for the refinement of
#: SM C.3 (0.0132). Its list of predictions in SM A was made with a c from 0.0065625 to 0.006565.
COEFFICIENT = 0.0066
#: "Within .5 % of the maximum": the tolerance of t_* in the sweeps (figures 2 and 3).
SWEEP_TOLERANCE = 0.5
#: Strengths this close to the best accuracy make the bars of figure 4b.
TUNED_TOLERANCE = 0.1


def peak_time(
    epochs: Sequence[float], accuracies: Sequence[float], tolerance: float = 0.0
) -> float:
    """Time t_* of the best accuracy, in epochs.

    More exactly in the unit of the times that are handed over, which nothing checks: `coefficient`
    and `predicted_l2` have to be given the same one, and `COEFFICIENT` is in epochs.

    Accuracies that nowhere exceed 1 are taken for fractions and refused. A network at the chance of
    100 or more classes has such percentages: multiply them and the tolerance by ten; the time of
    the peak stays the same.

    Args:
        epochs: increasing times, shape [n].
        accuracies: test accuracy at each, percent.
        tolerance: percentage points. 0, for the short run that measures c: the first maximum.
            `SWEEP_TOLERANCE` (0.5), the rule of the work's sweeps: the first time that the accuracy
            is that close to its maximum.

    Raises:
        HyperparameterError: no times, not increasing, not as many accuracies, an accuracy that is
            no number or not in percent (none above 1 counts as that), a negative tolerance.

    >>> peak_time([1, 2, 3, 4], [90.0, 94.6, 95.0, 94.9])
    3.0
    >>> peak_time([1, 2, 3, 4], [90.0, 94.6, 95.0, 94.9], SWEEP_TOLERANCE)
    2.0
    """
    times = _row("epochs", epochs)
    if not (np.diff(times) > 0).all():
        raise HyperparameterError("The epochs must increase; sort the measurements by time.")
    close = _near_best(accuracies, len(times), "epochs", tolerance)
    return float(times[np.argmax(close)])


def coefficient(peak: float, strength: float) -> float:
    """c = t_* lambda of a run with L2 strength lambda whose accuracy peaks at t_* (epochs).

    >>> round(coefficient(0.66, 0.01), 6)
    0.0066
    """
    return _positive("peak", peak) * _positive("strength", strength)


def predicted_l2(
    c: float, epochs: float, first_drop: float | None = None, *, refined: bool = False
) -> float:
    """lambda = c / T for a training budget of T epochs.

    Args:
        c: coefficient t_* lambda, in epochs.
        epochs: the budget T.
        first_drop: with a learning-rate schedule, the fraction of T at which the rate first falls;
            the peak is to come before: lambda = c / (first_drop T). 0.3 in the work.
        refined: use 2 c. A c measured at large lambda is about half of that at small lambda
            (SM C.3).

    Raises:
        HyperparameterError: c or epochs not positive, first_drop not in (0, 1].

    >>> predicted_l2(COEFFICIENT, 200, first_drop=0.3)
    0.00011
    >>> predicted_l2(COEFFICIENT, 1000, refined=True)
    1.32e-05
    """
    if first_drop is not None and not (POSITIVE[0](first_drop) and first_drop <= 1):
        raise HyperparameterError(f"first_drop must be in (0, 1], not {first_drop!r}.")
    span = _positive("epochs", epochs) * (1.0 if first_drop is None else first_drop)
    return _positive("c", c) * (2 if refined else 1) / span


def tuned_range(
    strengths: Sequence[float], accuracies: Sequence[float], tolerance: float = TUNED_TOLERANCE
) -> tuple[float, float, float]:
    """Best of the strengths tried, and the smallest and largest within `tolerance` of it.

    The range need not be an interval: a strength between the two may do worse.

    Args:
        strengths: lambda, any order.
        accuracies: of each, percent; as in `peak_time` where none exceeds 1.
        tolerance: percentage points.

    >>> tuned_range([1e-5, 1e-4, 1e-3, 1e-2], [95.0, 96.65, 96.7, 93.0])
    (0.001, 0.0001, 0.001)
    """
    values = _row("strengths", strengths)
    best = values[np.argmax(_near_best(accuracies, len(values), "strengths", 0.0))]
    near = values[_near_best(accuracies, len(values), "strengths", tolerance)]
    return float(best), float(near.min()), float(near.max())


def _near_best(accuracies: Sequence[float], n: int, beside: str, tolerance: float) -> np.ndarray:
    if not AT_LEAST_ZERO[0](tolerance):
        raise HyperparameterError(f"tolerance must be a number of at least 0, not {tolerance!r}.")
    values = _row("accuracies", accuracies)
    if len(values) != n:
        raise HyperparameterError(f"There are {n} {beside} but {len(values)} accuracies.")
    best = values.max()
    if not 1 < best <= 100 or values.min() < 0:
        raise HyperparameterError(
            f"Accuracies must be in percent, but they run from {values.min()} to {best}; multiply "
            "fractions by 100."
        )
    return values >= best - tolerance - 1e-9  # 96.6 is within 0.1 of 96.7


def _row(name: str, values: Sequence[float]) -> np.ndarray:
    row = np.asarray(values, dtype=float)
    if row.ndim != 1 or not len(row) or not np.isfinite(row).all():
        raise HyperparameterError(f"{name} must be a list of numbers, not {values!r}.")
    return row


def _positive(name: str, value: float) -> float:
    if not POSITIVE[0](value):
        raise HyperparameterError(f"{name} must be a positive number, not {value!r}.")
    return plain(value)
