"""The diffusion matrix of SGD: its eigenvalues and its rank.

With g_k the gradient of sample k, g their mean and G [N, d] the rows g_k - g, drawn with
replacement::

    D = (1/N) G^T G,   variance of a gradient over b samples = D / b

(eq. 6.4; without replacement 1/(N - 1) stands for 1/N, eq. 6.5 corrected). The nonzero eigenvalues
of D [d, d] are those of (1/N) G G^T [N, N]: where there are fewer samples than weights, the
smaller matrix is formed (Gram's trick). It has rank N - 1 at most.

Source: Chaudhari (2018), Lemma 6.3, eqs. (6.4), (6.5), section 6.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.errors import LandscapeError

from .eigenvalues import eigenvalues_in_place
from .mean_loss import MeanLoss
from .sample_gradients import sample_gradients
from .spectrum_plan import activations_per_sample


@dataclass(frozen=True)
class DiffusionSpectrum:
    """Eigenvalues of a diffusion matrix.

    Attributes:
        values: [min(N, d)], descending, on the CPU; the other d - min(N, d) are exactly 0.
        weights: Their number d.
    """

    values: Tensor
    weights: int

    @property
    def threshold(self) -> float:
        """Largest eigenvalue x d x machine precision, the footnote of section 6.3.2."""
        return float(self.values[0]) * self.weights * torch.finfo(self.values.dtype).eps

    @property
    def rank(self) -> int:
        """Eigenvalues above `threshold`."""
        return int((self.values > self.threshold).sum())

    @property
    def mean(self) -> float:
        """Mean over all d eigenvalues; the noise rule (6.45) keeps (rate / batch) x mean."""
        return float(self.values.double().sum() / self.weights)

    @property
    def variance(self) -> float:
        """Variance over all d eigenvalues (remark 6.40)."""
        return float(self.values.double().square().sum() / self.weights) - self.mean**2


def diffusion_spectrum(
    f: MeanLoss, *, memory: float, replacement: bool = True
) -> DiffusionSpectrum:
    """All eigenvalues of D at `f.weights`.

    With N < d samples the Gram matrix is made tile by tile; gradients are computed again for each
    pair of tiles rather than kept, so that N^2 numbers and two tiles are all that is needed.

    Args:
        f: The loss.
        memory: Bytes that the computation may take.
        replacement: Mini-batches are drawn with replacement (eq. 6.4) or without (6.5).

    Raises:
        LandscapeError: It does not fit; the sentence names the need.
    """
    if f.samples < 2:
        raise ValueError("One sample has no noise: the diffusion matrix needs at least 2.")
    item = torch.finfo(f.dtype).bits // 8
    order = min(f.samples, f.size)
    # Beside the matrix: two tiles of gradients, the copies that making and centring them takes,
    # and what the passes through the network keep.
    copies = 3 if f.device.type == "cuda" else 1
    one = 4 * f.size + 12 * activations_per_sample(f)
    tile = int((memory - copies * order**2 * item) // (one * item))
    if tile < 1:
        need = (copies * order**2 + one) * item
        raise LandscapeError(
            f"The diffusion matrix of {f.samples:,} samples and {f.size:,} weights needs "
            f"{need / 1e9:.3g} GB, more than the {memory / 1e9:.3g} GB allowed: use more memory, "
            "fewer samples, float32, or Lanczos with kind='diffusion'."
        )
    tile = min(tile, f.samples, f.chunk if f.samples >= f.size else f.samples)
    mean = f.gradient(f.weights) - f.weight_decay * f.weights
    matrix = (_gram if f.samples < f.size else _second_moment)(f, mean, tile)
    matrix /= f.samples if replacement else f.samples - 1
    values = eigenvalues_in_place(matrix).cpu().flip(0)
    return DiffusionSpectrum(values, f.size)


def _second_moment(f: MeanLoss, mean: Tensor, tile: int) -> Tensor:
    total = torch.zeros(f.size, f.size, dtype=f.dtype, device=f.device)
    for rows in sample_gradients(f, tile):
        rows -= mean
        total.addmm_(rows.T, rows)
    return total


def _gram(f: MeanLoss, mean: Tensor, tile: int) -> Tensor:
    total = torch.empty(f.samples, f.samples, dtype=f.dtype, device=f.device)
    for i, left in enumerate(sample_gradients(f, tile)):
        left = left - mean
        start = i * tile
        down = slice(start, start + len(left))
        total[down, down] = left @ left.T
        for j, right in enumerate(sample_gradients(f.first(start), tile) if start else ()):
            across = slice(j * tile, j * tile + len(right))
            total[down, across] = left @ (right - mean).T
            total[across, down] = total[down, across].T.clone()
    return total
