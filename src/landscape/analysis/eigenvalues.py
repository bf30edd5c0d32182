"""All eigenvalues of a symmetric matrix, in the matrix' own memory."""

from __future__ import annotations

import scipy.linalg
import torch
from torch import Tensor


def symmetrise_(matrix: Tensor, tile: int = 1024) -> float:
    """Replace A by (A + A^T)/2 tile by tile; returns ``max |A - A^T|``, what rounding had left."""
    largest = 0.0
    for i in range(0, len(matrix), tile):
        for j in range(0, i + tile, tile):
            lower = matrix[i : i + tile, j : j + tile]
            upper = matrix[j : j + tile, i : i + tile]
            if lower.numel():
                largest = max(largest, float((lower - upper.T).abs().max()))
                mean = (lower + upper.T) / 2
                lower.copy_(mean)
                upper.copy_(mean.T)
    return largest


def eigenvalues_in_place(matrix: Tensor) -> Tensor:
    """Ascending eigenvalues [d] of a symmetric matrix [d, d], which is destroyed on the CPU.

    LAPACK's syevr works in the matrix' memory when it is given by columns; a symmetric matrix
    given by rows is its own transpose. torch.linalg.eigvalsh would copy it, and is used on CUDA.
    """
    if matrix.device.type != "cpu":
        return torch.linalg.eigvalsh(matrix)
    values = scipy.linalg.eigh(
        matrix.numpy().T, eigvals_only=True, overwrite_a=True, check_finite=False, driver="evr"
    )
    return torch.from_numpy(values)
