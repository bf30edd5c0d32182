"""A symmetric matrix made tridiagonal by whole reflections, one after the other, in float64."""

import numpy as np


def tridiagonal(matrix):
    """Diagonal and subdiagonal of H_k ... H_1 A H_1 ... H_k, H = 1 - 2 u u^T / (u^T u)."""
    a = np.array(matrix, dtype=float)
    size = len(a)
    for k in range(size - 2):
        x = a[k + 1 :, k].copy()
        if not np.any(x[1:]):
            continue
        u = np.zeros(size)
        u[k + 1 :] = x
        u[k + 1] += np.copysign(np.linalg.norm(x), x[0])
        h = np.eye(size) - 2 * np.outer(u, u) / (u @ u)
        a = h @ a @ h
    return np.diag(a).copy(), np.diag(a, -1).copy()
