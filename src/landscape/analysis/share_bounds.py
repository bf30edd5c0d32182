"""What a Lanczos quadrature knows for certain about the share of eigenvalues near zero."""

from __future__ import annotations

import numpy as np


def distribution_bounds(nodes: np.ndarray, weights: np.ndarray, at: float) -> tuple[float, float]:
    """Bounds of the share of a probe's spectral mass at or below a point.

    With nodes l_1 < ... < l_m and weights w of a Gauss quadrature, the mass F(l_j) up to a node
    lies between w_1 + ... + w_{j-1} and w_1 + ... + w_j, both ends included; between two nodes F
    can only grow.

    Args:
        nodes: [m].
        weights: [m], their sum is 1.
        at: The point.

    Source: the Chebyshev-Markov-Stieltjes inequalities (Szego, Orthogonal Polynomials, 3.41).
    """
    order = np.argsort(nodes)
    nodes, mass = nodes[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    passed = int(np.searchsorted(nodes, at, side="right"))
    low = mass[max(passed - 1, 0)]
    high = mass[min(passed + 1, len(nodes))]
    return float(low), float(min(high, 1.0))


def share_bounds(nodes: np.ndarray, weights: np.ndarray, width: float) -> tuple[float, float]:
    """Bounds of the share of a probe's spectral mass within [-width, width].

    Args:
        nodes: [m], a probe's nodes.
        weights: [m], their weights.
        width: Half of the interval.
    """
    left = distribution_bounds(nodes, weights, -width)
    right = distribution_bounds(nodes, weights, width)
    return max(0.0, right[0] - left[1]), min(1.0, right[1] - left[0])
