"""All eigenvalues of a curvature matrix, within a memory budget, through any number of kills."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.files import require_writable, sealing, unsealed

from .curvature import products
from .eigenvalues import eigenvalues_in_place, symmetrise_
from .mean_loss import MeanLoss
from .spectrum_plan import plan


@dataclass(frozen=True)
class Spectrum:
    """All eigenvalues of one matrix.

    Attributes:
        values: [d], ascending, on the CPU, in the precision of the loss.
        asymmetry: max ``|A - A^T|`` before it was symmetrised: the rounding error of its entries.
            No eigenvalue is off by more than about d times that, commonly sqrt(d) times.
    """

    values: Tensor
    asymmetry: float

    def share_within(self, width: float) -> float:
        """Share of the eigenvalues of magnitude up to `width` (figure 3.1 takes 1e-4)."""
        return float((self.values.abs() <= width).double().mean())


def exact_spectrum(
    f: MeanLoss,
    *,
    memory: float,
    kind: str = "hessian",
    folder: Path | str | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Spectrum:
    """Form the matrix in blocks of rows and take its eigenvalues.

    Args:
        f: The loss; the matrix is taken at `f.weights`, in its precision, on its device.
        memory: Bytes that the computation may take, the matrix included; see `spectrum_plan`.
        kind: One of `curvature.KINDS`.
        folder: Where finished blocks are kept (d^2 numbers in all) until the eigenvalues are
            there. A computation that was killed goes on from them, to the same bytes. Blocks of
            another matrix, or cut by another budget, are never mixed in: they lie in a folder of
            their own.
        report: Called with (blocks done, blocks in all) after each block.

    Raises:
        LandscapeError: The matrix does not fit the budget, or is not finite.
        ValueError: An unknown kind.

    Source: Chaudhari (2018), section 3.3.1, figures 3.1 and 3.4.
    """
    needs = plan(f, memory)
    place = None if folder is None else Path(folder) / _key(f, kind, needs.block_rows)
    if place is not None:
        done = _load(place / "spectrum.npy")
        if done is not None:
            return Spectrum(done[1:], float(done[0]))
        require_writable(place, needs.matrix_bytes - _kept_bytes(place))
    matrix = torch.empty(f.size, f.size, dtype=f.dtype, device=f.device)
    for number, first in enumerate(range(0, f.size, needs.block_rows)):
        rows = matrix[first : first + needs.block_rows]
        path = None if place is None else place / f"rows-{first:06d}.npy"
        kept = None if path is None else _load(path)
        if kept is None:
            rows.zero_()
            rows[range(len(rows)), range(first, first + len(rows))] = 1
            rows.copy_(products(f, rows, kind))
            if not rows.isfinite().all():
                raise LandscapeError(
                    f"The {kind} matrix is not finite in its rows from {first} on: look at the "
                    "weights and the data, the loss itself may be infinite there."
                )
            if path is not None:
                _save(path, rows)
        else:
            rows.copy_(kept)
        if report is not None:
            report(number + 1, needs.blocks)
    asymmetry = symmetrise_(matrix)
    values = eigenvalues_in_place(matrix).cpu()
    if place is not None:
        _save(place / "spectrum.npy", torch.cat([values.new_tensor([asymmetry]), values]))
        for path in place.glob("rows-*.npy"):
            with contextlib.suppress(OSError):
                path.unlink()
    return Spectrum(values, asymmetry)


def _key(f: MeanLoss, kind: str, rows: int) -> str:
    """A name for the matrix and how it is cut: its weights, data, settings and code of the loss."""
    digest = hashlib.sha256()
    loss = f"{getattr(f.loss, '__module__', '')}.{getattr(f.loss, '__qualname__', f.loss)}"
    settings = (kind, rows, f.dtype, f.chunk, f.weight_decay, f.device.type, loss, str(f.network))
    digest.update(repr(settings).encode())
    for tensor in (f.weights, f.inputs, f.targets, *f.network.buffers()):
        tensor = tensor.detach().cpu().contiguous()
        digest.update(repr((tensor.shape, tensor.dtype)).encode())
        digest.update(tensor.numpy().tobytes())
    return f"{kind}-{digest.hexdigest()[:16]}"


def _save(path: Path, tensor: Tensor) -> None:
    with sealing(path) as temporary, open(temporary, "wb") as stream:
        np.save(stream, tensor.cpu().numpy())


def _load(path: Path) -> Tensor | None:
    """The tensor of a whole file; None where there is none or it is damaged."""
    content = unsealed(path)
    return None if content is None else torch.from_numpy(np.load(io.BytesIO(content)))


def _kept_bytes(place: Path) -> int:
    return sum(path.stat().st_size for path in place.glob("rows-*.npy"))
