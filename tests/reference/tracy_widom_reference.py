"""Slow twin of landscape.theory.tracy_widom: the kernels on (s, inf) as first written."""

import numpy as np
from scipy.special import airy


def _nodes(s, count=120, end=20.0):
    x, w = np.polynomial.legendre.leggauss(count)
    half = (end - s) / 2
    return s + half * (x + 1), half * w


def f1_half_kernel(s):
    """det(1 - K) with K(x, y) = Ai((x + y) / 2) / 2 (Ferrari and Spohn)."""
    x, w = _nodes(s, end=40.0)
    kernel = 0.5 * airy((x[:, None] + x) / 2)[0]
    return np.linalg.det(np.eye(len(x)) - kernel * w)


def f2_airy_kernel(s):
    """det(1 - K) with K(x, y) = (Ai(x) Ai'(y) - Ai'(x) Ai(y)) / (x - y)."""
    x, w = _nodes(s)
    ai, slope = airy(x)[:2]
    difference = x[:, None] - x
    np.fill_diagonal(difference, 1.0)
    kernel = (ai[:, None] * slope - slope[:, None] * ai) / difference
    np.fill_diagonal(kernel, slope**2 - x * ai**2)
    return np.linalg.det(np.eye(len(x)) - kernel * w)


def sampled_edges(n, draws, seed=0):
    """(largest eigenvalue - 2 sqrt(M)) M^{1/6}, M = n - 1/2, of dense matrices exp(-tr G^2/4)."""
    from scipy.linalg import eigvalsh_tridiagonal

    rng = np.random.default_rng(seed)
    out = []
    for _ in range(draws):
        # Householder's reduction of a GOE matrix, drawn directly (Dumitriu and Edelman).
        diagonal = np.sqrt(2) * rng.standard_normal(n)
        side = np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1)))
        top = eigvalsh_tridiagonal(diagonal, side, select="i", select_range=(n - 1, n - 1))[0]
        out.append((top - 2 * np.sqrt(n - 0.5)) * (n - 0.5) ** (1 / 6))
    return np.array(out)
