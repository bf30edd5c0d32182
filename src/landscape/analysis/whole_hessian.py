"""The Hessian of a piecewise linear network in one piece of memory, through any number of kills.

As ``layered_hessian``: one dense layer's block is a product of Jacobians, the other rows are
Hessian products. Here the block is added up where it belongs, so that a single matrix is in memory
(9.1 GB for 47,658 weights in float32, 18.2 GB in float64), and the rows are kept on disk block by
block. Only the block from Jacobians is made again after a kill; it takes the smaller part of the
time (``landscape.experiments.whole_spectrum.costs`` measures both).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.files import require_writable

from .curvature import products
from .eigenvalues import symmetrise_
from .exact_spectrum import Spectrum, _key, _load, _save
from .layered_hessian import _place, _require, _slopes
from .mean_loss import MeanLoss
from .tridiagonal import eigenvalues_


def whole_spectrum(
    f: MeanLoss, layer: str, *, rows: int = 32, folder: Path | str,
    report: Callable[[int, int], None] | None = None,
) -> Spectrum:  # fmt: skip
    """All eigenvalues of the Hessian at ``f.weights``.

    Args:
        f: The mean cross-entropy of a network of the modules ``layered_hessian`` knows.
        layer: The dense layer whose block comes from Jacobians.
        rows: How many of the other rows are made at once, and kept as one file.
        folder: Where finished blocks lie until the eigenvalues are there, and these afterwards, in
            a folder that is named after the matrix.
        report: Called with (blocks done, blocks in all) after each block.

    Raises:
        LandscapeError: The matrix is not finite, or the folder cannot hold the rows.
        ValueError: See ``layered_hessian``.

    Source: Chaudhari (2018), section 3.3.1, figure 3.1.
    """
    place = Path(folder) / _key(f, f"hessian-{layer}", rows)
    done = _load(place / "spectrum.npy")
    if done is not None:
        return Spectrum(done[1:], float(done[0]))
    matrix = whole_hessian(f, layer, rows=rows, place=place, report=report)
    asymmetry = symmetrise_(matrix)
    values = eigenvalues_(matrix)
    _save(place / "spectrum.npy", torch.cat([values.new_tensor([asymmetry]), values]))
    for path in place.glob("rows-*.npy"):
        path.unlink(missing_ok=True)
    return Spectrum(values, asymmetry)


def whole_hessian(
    f: MeanLoss, layer: str, *, rows: int = 32, place: Path,
    report: Callable[[int, int], None] | None = None,
) -> Tensor:  # fmt: skip
    """The matrix [d, d] itself, with the blocks of rows kept in ``place``; see above."""
    _require(f, layer)
    start, size = _place(f, layer)
    others = [i for i in range(f.size) if not start <= i < start + size]
    item = torch.finfo(f.dtype).bits // 8
    kept = sum(path.stat().st_size for path in place.glob("rows-*.npy"))
    require_writable(place, max(len(others) * f.size * item - kept, 0))
    matrix = torch.zeros(f.size, f.size, dtype=f.dtype, device=f.device)
    block = slice(start, start + size)
    firsts = range(0, len(others), rows)
    for number, first in enumerate(firsts):
        which, path = others[first : first + rows], place / f"rows-{first:06d}.npy"
        found = _load(path)
        if found is None:
            found = products(f, unit_rows(f, which))
            if not found.isfinite().all():
                raise LandscapeError(
                    f"The Hessian is not finite in its rows from {which[0]} on: look at the "
                    "weights and the data, the loss itself may be infinite there."
                )
            _save(path, found)
        found = found.to(f.device)
        matrix[which] = found
        matrix[block, which] = found[:, block].T
        if report is not None:
            report(number + 1, len(firsts))
    view = matrix[block, block]
    for x, _ in f.chunks():
        add_jacobians_(view, f, layer, x)
    view /= f.samples
    view.diagonal().add_(f.weight_decay)
    return matrix


def unit_rows(f: MeanLoss, which: list[int]) -> Tensor:
    """Unit vectors [k, d] at the places ``which``."""
    units = torch.zeros(len(which), f.size, dtype=f.dtype, device=f.device)
    units[range(len(which)), which] = 1
    return units


def add_jacobians_(
    view: Tensor, f: MeanLoss, layer: str, x: Tensor, columns: slice = slice(None)
) -> None:
    """Add the sum over some samples of the layer's Gauss-Newton matrices.

    Args:
        view: [layer's weights, as many as ``columns``], changed.
        f: The loss.
        layer: The dense layer.
        x: Samples, in the loss' precision and on its device.
        columns: A part of the matrix' columns, to see what it costs.
    """
    entering, slopes, outputs = _slopes(f, layer, x)
    p = outputs.softmax(1)
    # Rows of the root of diag(p) - p p^T times the outputs' slopes: see layered_hessian.
    mean = (p[:, :, None] * slopes).sum(1, keepdim=True)
    e = p.sqrt()[:, :, None] * (slopes - mean)  # [B, K, out]
    weights = (e[..., None] * entering[:, None, None, :]).flatten(2)
    table = torch.cat([weights, e], 2).flatten(0, 1)
    view.addmm_(table.T, table[:, columns])
