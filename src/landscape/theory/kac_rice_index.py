"""Exact expected numbers of critical points of every index of the p-spin glass in a field.

The index is the number of descent directions: 0 for minima, N - 1 for maxima. With the eigenvalues
l_0 <= l_1 <= ... of one N x N matrix of the Gaussian orthogonal ensemble, as in `kac_rice`::

    E crt_k = 2 sqrt(1+B) ((1+B)/(1-B))^{(N-1)/2} E exp(-B l_k^2 / 4),

so that with n(x) the number of eigenvalues below x, by partial integration::

    E crt_k - E crt_{k-1} = -2 sqrt(1+B) (...) int (B x / 2) exp(-B x^2 / 4) P(n(x) = k) dx.

P(n(x) = k) is a coefficient of E s^n(x), the Pfaffian of a polynomial matrix in s. It is evaluated
on a circle of s, whose radius keeps the digits of small probabilities, and transformed back.
Source: Fyodorov (2013); Auffinger, Ben Arous & Cerny (2013), theorem 2.1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from landscape.theory.kac_rice import (
    _check,
    _density,
    _hermite,
    _log_prefactor,
    _reach,
    expected_minima,
)

LARGEST = 40  # above, the Pfaffians take minutes
_HALO = 1e-250  # expected numbers of eigenvalues below this are not followed


def pfaffian(matrices: np.ndarray) -> np.ndarray:
    """Pfaffians of antisymmetric matrices [..., 2m, 2m], by elimination with pivoting.

    Raises ValueError for an odd size.
    """
    a = np.array(matrices, dtype=np.result_type(matrices, float))
    size = a.shape[-1]
    if size % 2:
        raise ValueError(f"the matrices have {size} rows; a Pfaffian needs an even number.")
    shape = a.shape[:-2]
    a = a.reshape(-1, size, size)
    which, out = np.arange(len(a)), np.ones(len(a), dtype=a.dtype)
    for i in range(0, size, 2):
        pivot = i + 1 + np.abs(a[:, i + 1 :, i]).argmax(axis=1)
        swap = pivot != i + 1
        for axis in (1, 2):  # rows, then columns
            rows = a if axis == 1 else a.transpose(0, 2, 1)
            kept = rows[which, pivot].copy()
            rows[which, pivot] = rows[:, i + 1]
            rows[:, i + 1] = kept
        value = a[:, i, i + 1]
        out *= np.where(swap, -value, value)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(value[:, None] == 0, 0, a[:, i, i + 2 :] / value[:, None])
        update = ratio[:, :, None] * a[:, i + 1, None, i + 2 :]
        a[:, i + 2 :, i + 2 :] += update.transpose(0, 2, 1) - update
    return out.reshape(shape)


@lru_cache(maxsize=8)
def eigenvalues_below(n: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Equal steps x in [-reach, reach] and P(k eigenvalues of a GOE matrix are below x) [K, n+1].

    Density exp(-tr G^2 / 4). Small probabilities keep their relative accuracy as far as the most
    likely of their kind does: P(1) at the far left, P(n-1) at the far right.
    Raises ValueError for n above `LARGEST`.
    """
    if n > LARGEST:
        raise ValueError(f"N is {n}; index by index it is implemented up to N = {LARGEST}.")
    edges, nodes, weights, psi, tail = _hermite(n, reach)
    inner, count = len(nodes), len(edges) - 1
    total, sign = tail[:n, inner], (-1.0) ** np.arange(n)
    panel = psi[:n, :inner] * weights
    right = np.zeros((count + 1, n, n))  # both eigenvalues of a pair above the edge
    for k in range(count - 1, -1, -1):
        part = slice(16 * k, 16 * (k + 1))
        product = panel[:, part] @ tail[:n, part].T
        right[k] = right[k + 1] + product - product.T
    # psi_j has the parity of j: what is below x is what is above -x, without cancellation.
    left = -sign[:, None] * sign * right[::-1]
    above = tail[:n, inner:].T
    below = sign * above[::-1]
    mixed = below[:, :, None] * above[:, None, :]
    mixed = mixed - mixed.transpose(0, 2, 1)
    density = _density(n, psi[:, :inner], tail[:, :inner], tail[:, inner])
    mass = np.add.reduceat(density * weights, np.arange(0, inner, 16))
    expected = np.concatenate([[0.0], np.cumsum(mass)])

    middle = count // 2 + 1  # the edges up to 0; the others follow by reflection
    root = np.exp(2j * np.pi * np.arange(n + 1) / (n + 1))
    whole = pfaffian(_bordered(right[:1], total[None]))[0]
    out = np.zeros((count + 1, n + 1))
    out[:, 0] = 1.0
    for k in range(middle):
        if expected[k] > _HALO:
            radius = min(max(1.0, 1 / expected[k]), 10 ** (250 / n))
            s = (radius * root)[:, None, None]
            matrix = right[k] + s * mixed[k] + s**2 * left[k]
            border = above[k] + s[:, :, 0] * below[k]
            values = pfaffian(_bordered(matrix, border)) / whole
            out[k] = (np.fft.fft(values) / (n + 1)).real / radius ** np.arange(n + 1)
    out[middle:] = out[: count + 1 - middle][::-1, ::-1]
    return edges, out


def _bordered(matrices: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """For odd n the matrices [K, n, n] with `borders` [K, n] as one more row and column."""
    count, n = matrices.shape[:2]
    if n % 2 == 0:
        return matrices
    out = np.zeros((count, n + 1, n + 1), dtype=np.result_type(matrices, borders))
    out[:, :n, :n], out[:, :n, n], out[:, n, :n] = matrices, borders, -borders
    return out


def expected_by_index(n: int, b: float) -> np.ndarray:
    """Expected numbers of critical points of index 0 to N - 1 [N] at field parameter B; exact.

    Their sum is `kac_rice.expected_critical_points`. Raises ValueError unless 2 <= N <= `LARGEST`
    and -1 < B < 1. Source: Fyodorov (2013); Auffinger, Ben Arous & Cerny (2013), theorem 2.1.
    """
    _check(n, b)
    x, below = eigenvalues_below(n, _reach(n, b))
    slope = -b * x / 2 * np.exp(_log_prefactor(n, b) - b * x**2 / 4)
    steps = (x[1] - x[0]) * slope @ below[:, 1:n]
    return expected_minima(n, b) + np.concatenate([[0.0], np.cumsum(steps)])
