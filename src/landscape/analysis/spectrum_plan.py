"""What an exact spectrum needs, said before it starts.

The matrix itself sets the size: d^2 numbers, which LAPACK takes apart in place. What is left of
the memory budget decides how many rows are made at once.

=======  ================  ========  ========  ======================================
weights  network           float64   float32   on two cores
=======  ================  ========  ========  ======================================
3,978    small_fc_ch6      0.13 GB   0.06 GB   minutes
13,338   small_lenet_ch6   1.42 GB   0.71 GB   hours with a subset of the data
26,982   small_allcnn      5.82 GB   2.91 GB   `estimate` first; a GPU
47,658   small_lenet_ch3   18.2 GB   9.09 GB   a GPU (figure 3.1), or many sittings
50,890   smallfc           20.7 GB   10.4 GB   the same (figure 3.4)
=======  ================  ========  ========  ======================================

Measured: 3,978 weights on 10,000 samples took 73 s of one core in float32, eigenvalues included.
The rows' cost grows as samples x weights^2, the eigenvalues' as weights^3.

On CUDA (not yet run there) the eigenvalue routine works on a copy and needs room for another:
three matrices (54.5 GB for 47,658 weights in float64, 27.3 GB in float32), and cuSOLVER may refuse
so many weights. ``whole_hessian`` with ``tridiagonal`` needs one matrix and no such routine.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError

from .curvature import products
from .eigenvalues import eigenvalues_in_place
from .mean_loss import MeanLoss

MOST_ROWS = 64  # beyond it rows gain nothing by company, and lose the caches
_PROBE = 600  # size of the matrix whose eigenvalues are timed


@dataclass(frozen=True)
class Plan:
    """An exact spectrum's needs. Bytes; seconds are None until `estimate` measured them."""

    weights: int
    matrix_bytes: int  # one matrix; also what the finished blocks take on disk
    copies: int  # how many of it are in memory at once
    block_bytes: int  # working memory of one block of rows, an upper estimate
    block_rows: int
    product_seconds: float | None = None
    eigenvalue_seconds: float | None = None

    @property
    def blocks(self) -> int:
        """Number of blocks of rows."""
        return math.ceil(self.weights / self.block_rows)

    @property
    def total_bytes(self) -> int:
        """Memory that is needed at the same time."""
        return self.copies * self.matrix_bytes + self.block_bytes

    def __str__(self) -> str:
        text = (
            f"{self.weights:,} weights: {self.total_bytes / 1e9:.2f} GB of memory "
            f"({self.copies} x {self.matrix_bytes / 1e9:.2f} GB for the matrix), "
            f"{self.blocks:,} blocks of {self.block_rows} rows"
        )
        if self.product_seconds is None or self.eigenvalue_seconds is None:
            return text + "."
        return text + (
            f", about {self.product_seconds:.0f} s for them and {self.eigenvalue_seconds:.0f} s "
            "for the eigenvalues."
        )


def plan(f: MeanLoss, memory: float) -> Plan:
    """How the spectrum of a d x d matrix of `f` fits `memory` bytes. Computes nothing large.

    Raises:
        LandscapeError: It does not fit; the sentence names what is needed.
    """
    item = torch.finfo(f.dtype).bits // 8
    matrix = f.size**2 * item
    copies = 3 if f.device.type == "cuda" else 1
    # Counted in copies of all activations of a chunk: the passes that all rows share keep about
    # 12, each row about 3 more and a few vectors of weights.
    activations = min(f.chunk, f.samples) * activations_per_sample(f) * item
    shared, row = 12 * activations + 8 * f.size * item, 3 * activations + 6 * f.size * item
    rows = min(int((memory - copies * matrix - shared) // row), MOST_ROWS, f.size)
    if rows < 1:
        whole = f"{f.size:,} weights need {copies * matrix / 1e9:.3g} GB for the matrix"
        if copies > 1:
            whole += f" ({copies} copies of it on this device)"
        remedy = "use more memory, a smaller network"
        remedy += ", or float32" if f.dtype == torch.float64 else ""
        raise LandscapeError(
            f"{whole} and {(shared + row) / 1e9:.3g} GB for one row of it, more than the "
            f"{memory / 1e9:.3g} GB allowed: {remedy}, a smaller chunk, or the Lanczos density."
        )
    return Plan(f.size, matrix, copies, shared + rows * row, rows)


def estimate(f: MeanLoss, memory: float, kind: str = "hessian") -> Plan:
    """`plan` with seconds, measured on one block of rows, one chunk and a small matrix.

    Good to a factor of two on a machine that does nothing else.

    Raises:
        LandscapeError: see `plan`.
    """
    found = plan(f, memory)
    part = f.first(min(f.samples, f.chunk))
    rows = torch.zeros(found.block_rows, f.size, dtype=f.dtype, device=f.device)
    rows.fill_diagonal_(1)
    block = min(_seconds(lambda: products(part, rows, kind), f) for _ in range(2))
    probe = torch.randn(_PROBE, _PROBE, dtype=f.dtype, device=f.device)
    probe = probe + probe.T
    small = min(_seconds(lambda: eigenvalues_in_place(probe.clone()), f) for _ in range(2))
    return replace(
        found,
        product_seconds=block * found.blocks * f.samples / part.samples,
        eigenvalue_seconds=small * (f.size / _PROBE) ** 3,
    )


def _seconds(work, f: MeanLoss) -> float:
    start = time.perf_counter()
    work()
    if f.device.type == "cuda":
        torch.cuda.synchronize(f.device)
    return time.perf_counter() - start


def activations_per_sample(f: MeanLoss) -> int:
    """Numbers that all layers together give out for one sample, the input included."""
    total = 0

    def count(_module: nn.Module, _inputs: tuple, out: object) -> None:
        nonlocal total
        total += out.numel() if isinstance(out, Tensor) else 0

    leaves = [m for m in f.network.modules() if not list(m.children())]
    hooks = [m.register_forward_hook(count) for m in leaves]
    try:
        inputs, _ = f.batch(slice(0, 1))
        with torch.no_grad():
            f.network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return total + inputs.numel()
