"""Errata of Lewkowycz & Gur-Ari (2020).

22 (sign of the loss), 23 (a fixed point), 25 (what AutoL2 compares) and 37 (time of the peak).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import entropy

from landscape.errata.entry import Row, erratum
from landscape.theory import deep_linear, l2_modes

# A loss that only falls beside an error that turns: percent at successive measurements.
LOSSES = np.linspace(1.0, 0.1, 12)
ERRORS = np.array([50.0, 40, 30, 31, 29, 28, 30, 31, 27, 28, 29, 30])


@erratum("22", "sign of the loss", {"lewkowycz": "supplement A"})
def sign_of_the_loss(classes: int = 10) -> list[Row]:
    """Erratum 22: the loss where all classes are equally likely, and of a network nearly right.

    The check is the relative entropy of the labels and the prediction, over 2k; it is never
    negative.
    """
    label = np.eye(classes)[0]
    rows = []
    for name, share in ((f"{classes} equally likely classes", 1 / classes),
                        ("0.99 on the right class", 0.99)):  # fmt: skip
        predicted = np.where(label == 1, share, (1 - share) / (classes - 1))
        mean = float(label @ np.log(predicted)) / (2 * classes)
        found = float(entropy(label, predicted)) / (2 * classes)
        rows.append(Row(f"loss of one sample, {name}", mean, -mean, found,
                        "relative entropy of label and prediction"))  # fmt: skip
    return rows


@erratum("23", "where a deep linear network ends", {"lewkowycz": "eq. (S21)"})
def linear_fixed_point(decay: float = 0.1, widths: tuple[int, ...] = (16, 64)) -> list[Row]:
    """Erratum 23: the output of one hidden linear layer after gradient descent, x = y = 1."""
    rows = []
    for width in widths:
        strength = decay * width**0.5
        rows.append(Row(
            rf"$f$ at the fixed point, $n={width}$, $\lambda={decay:g}$", 1 + strength,
            deep_linear.fixed_point(decay, width), trained_output(decay, width),
            "gradient descent from random weights", 1e-6,
        ))  # fmt: skip
    return rows


def trained_output(decay: float, width: int) -> float:
    """Where gradient descent takes one hidden linear layer on x = y = 1."""
    one = np.ones((1, 1))
    return float(deep_linear.outputs(deep_linear.descend(one, one[0], decay, width), one)[0])


def decays(losses: np.ndarray, errors: np.ndarray, *, printed: bool) -> list[int]:
    """When the listing of AutoL2 decays lambda, without its refractory period.

    Args:
        losses: at successive measurements.
        errors: at the same.
        printed: read the ERROR that it compares with as the present error.

    Returns:
        The measurements after which lambda is decayed.
    """
    least_loss = least_error = np.inf
    times = []
    for t in range(len(losses)):
        before = t - 1 if t else 0
        bound = errors[t] if printed else least_error
        up = losses[t] > least_loss and losses[before] > least_loss
        up = up or (errors[t] > bound and errors[before] > bound)
        if up:
            times.append(t)
        else:
            least_loss = min(least_loss, losses[before])
            least_error = min(least_error, errors[before])
    return times


@erratum("25", "what AutoL2 compares errors with", {"lewkowycz": "supplement E"})
def auto_l2() -> list[Row]:
    """Erratum 25: decays of lambda on a run whose loss falls and whose error turns three times.

    The check is the sentence after the listing: above its minimum so far, twice in a row.
    """
    above = [t for t in range(1, len(ERRORS)) if ERRORS[t] > ERRORS[:t].min()]
    twice = sum(1 for t in above if t - 1 in above)
    return [
        Row(f"decays caused by the error in {len(ERRORS)} measurements",
            float(len(decays(LOSSES, ERRORS, printed=True))),
            float(len(decays(LOSSES, ERRORS, printed=False))), float(twice),
            "twice in a row above the least error, counted")
    ]  # fmt: skip


@erratum("37", "time to the best performance", {"lewkowycz": "section 5"})
def peak_of_performance(
    decay: float = 1e-3, factor: float = 4.0, degree: int = 2, slope: float = 0.7
) -> list[Row]:
    """Erratum 37: the time of the least loss when lambda is divided by `factor`."""
    before = time_of_least_loss(decay, degree, slope)
    return [
        Row(rf"time of the least loss, $\lambda$ divided by {factor:g}, in units of that before",
            1 / factor, factor, time_of_least_loss(decay / factor, degree, slope) / before,
            f"modes of eq. (3), $k = {degree}$, power-law spectrum", 1e-2)
    ]  # fmt: skip


def time_of_least_loss(decay: float, degree: int = 2, slope: float = 0.7) -> float:
    """When independent modes have their least loss under theorem 2; lambda is `decay`.

    The spectrum is a power law, so that lambda is the only scale: kernel eigenvalues gamma over
    ten decades, each decade with weight gamma^slope.
    """
    gammas = np.logspace(-7, 3, 601)

    def loss(log_time: float) -> float:
        modes = l2_modes.mode(np.exp(log_time), gammas, k=degree, decay=decay)
        return float(np.sum(gammas**slope * (1 - modes) ** 2))

    around = np.log(0.3 / decay)
    found = minimize_scalar(loss, bounds=(around - 4, around + 4), method="bounded",
                            options={"xatol": 1e-7})  # fmt: skip
    return float(np.exp(found.x))
