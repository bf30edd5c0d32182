r"""Statements of Chaudhari (2018), chapter 3, on curvature that fail without a slip of the pen."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from landscape.errata.entry import Row, erratum

_INPUTS = np.array([1.0, 2.0])  # of a logistic regression with one weight


@erratum("fisher-hessian", "the Fisher information is the Hessian", {"thesis": "section 3.3.1"})
def fisher_and_hessian(labels: tuple[float, float] = (0.9, 0.6)) -> list[Row]:
    """Section 3.3.1: E g^2 - (E g)^2 of the data's labels against the Hessian, at a minimum.

    Args:
        labels: Share of labels 1 at the inputs 1 and 2. No logistic curve through the origin has
            both, so that the model does not hold even at its best.
    """
    share = np.asarray(labels)

    def loss(w: float) -> float:
        z = w * _INPUTS
        return float(np.mean(np.logaddexp(0, z) - share * z))

    best = float(minimize_scalar(loss, bracket=(0.0, 1.0), tol=1e-12).x)
    p = 1 / (1 + np.exp(-best * _INPUTS))
    # g = (p - y) x with y = 1 or 0; its mean is zero at the minimum.
    squares = float(np.mean((share * (1 - p) ** 2 + (1 - share) * p**2) * _INPUTS**2))
    slope = float(np.mean((p - share) * _INPUTS))
    step = 1e-3
    bend = (loss(best + step) - 2 * loss(best) + loss(best - step)) / step**2
    first = (1 - 0.9**10) / (1 - 0.9**1000)  # Adam's moments of 990 zeros and ten ones
    second = (1 - 0.999**10) / (1 - 0.999**1000)
    gradients = np.r_[np.zeros(990), np.ones(10)]
    m = v = 0.0
    for g in gradients:
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    found = float(v / (1 - 0.999**1000) - (m / (1 - 0.9**1000)) ** 2)
    return [
        Row("curvature of a logistic loss at its minimum", squares - slope**2,
            float(np.mean(p * (1 - p) * _INPUTS**2)), bend, "second difference of the loss", 1e-6),
        Row(r"$\mathbb{E}g^2-(\mathbb{E}g)^2$ by Adam's moments, 990 steps of 0 and 10 of 1",
            float(gradients.var()), second - first**2, found, "Adam's recurrences", 1e-9),
    ]  # fmt: skip
