"""All eigenvalues of a symmetric matrix that is too large for the card's own routine.

cuSOLVER refuses symmetric eigenvalue problems whose workspace or whose number of entries leaves 32
bits (https://github.com/NVIDIA/CUDALibrarySamples/issues/246), which 47,658 weights do: a matrix
holds 2.3e9 numbers. Householder reflections make it tridiagonal in its own memory with products of
torch alone, whose indices have 64 bits, so that one matrix has to fit and not three. What is left,
two vectors, goes to LAPACK on the CPU.

Half of the 4/3 d^3 operations are products of the shrinking matrix with one vector, bound by
memory: d^3 / 3 numbers are read, 2.9e14 bytes for 47,658 weights in float64.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from .eigenvalues import eigenvalues_in_place

#: Numbers that one call to a library may span: some count them in 32 bits.
SPAN = 2**30


def eigenvalues_(matrix: Tensor) -> Tensor:
    """Ascending eigenvalues [d], on the CPU, of a symmetric matrix [d, d], which is destroyed.

    On the CPU by LAPACK in the matrix' memory, elsewhere by ``tridiagonal_``.
    """
    if matrix.device.type == "cpu":
        return eigenvalues_in_place(matrix)
    return of_tridiagonal(*tridiagonal_(matrix))


def of_tridiagonal(diagonal: Tensor, beside: Tensor) -> Tensor:
    """Ascending eigenvalues [d] of a tridiagonal matrix, its diagonal [d] and what is beside it."""
    values = scipy.linalg.eigvalsh_tridiagonal(
        diagonal.cpu().numpy(), beside.cpu().numpy(), lapack_driver="sterf"
    )
    return torch.from_numpy(np.ascontiguousarray(values))


def tridiagonal_(matrix: Tensor, panel: int = 64) -> tuple[Tensor, Tensor]:
    """Diagonal [d] and subdiagonal [d - 1] of a tridiagonal matrix with the same eigenvalues.

    The matrix ``A`` becomes ``A - V W^T - W V^T``, a panel of columns at a time; within a panel the
    matrix stays as it is and its products are corrected by what the panel has found so far.

    Args:
        matrix: Symmetric [d, d], both halves filled, on any device; destroyed.
        panel: Columns that are taken off before the matrix is brought up to date.

    Source: Golub & Van Loan, Matrix Computations, section 8.3.1; blocked as LAPACK's ``sytrd``.
    """
    size = len(matrix)
    diagonal = matrix.new_empty(size)
    beside = matrix.new_empty(max(size - 1, 0))
    for first in range(0, size - 1, panel):
        count = min(panel, size - 1 - first)
        rest = matrix[first:, first:]
        # [V W] and [W V], of all columns, those to come zero: shapes stay the same.
        vw, wv = (matrix.new_zeros(size - first, 2 * count) for _ in range(2))
        for j in range(count):
            column = rest[j:, j] - vw[j:] @ wv[j]
            diagonal[first + j] = column[0]
            v, tau, beside[first + j] = _reflection(column[1:])
            w = _times(rest[j + 1 :, j + 1 :], v) - vw[j + 1 :] @ (wv[j + 1 :].T @ v)
            w *= tau
            w -= (tau * (w @ v) / 2) * v
            vw[j + 1 :, j], vw[j + 1 :, count + j] = v, w
            wv[j + 1 :, j], wv[j + 1 :, count + j] = w, v
        left = rest[count:, count:]
        for rows in _strips(left):
            left[rows].addmm_(vw[count:][rows], wv[count:].T, alpha=-1)
    if size:
        diagonal[-1] = matrix[-1, -1]
    return diagonal, beside


def _strips(matrix: Tensor) -> list[slice]:
    """Slices of rows, none of which spans more than SPAN numbers of memory."""
    step = max(1, SPAN // matrix.stride(0))
    return [slice(first, first + step) for first in range(0, len(matrix), step)]


def _times(matrix: Tensor, v: Tensor) -> Tensor:
    return torch.cat([matrix[rows] @ v for rows in _strips(matrix)])


def _reflection(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """v, tau, beta with ``(1 - tau v v^T) x = (beta, 0, ...)``; nothing leaves the device."""
    alpha, rest = x[0], x[1:].norm()
    beta = -torch.copysign(torch.hypot(alpha, rest), alpha)
    flat = rest == 0  # there is nothing to turn
    scale = torch.where(flat, torch.ones_like(alpha), alpha - beta)
    v = x / scale
    v[0] = 1
    tau = torch.where(flat, torch.zeros_like(alpha), (beta - alpha) / beta)
    return v, tau, torch.where(flat, alpha, beta)
