"""Spectral density, trace and extreme eigenvalues from products alone, with error bars.

This is the one module that knows curvlinops (Lanczos runs, Hutchinson's trace); everything is
estimated from several random probes, and an interval says how far the probes disagree. The same
seed gives the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from curvlinops import hutchinson_trace
from curvlinops._torch_base import PyTorchLinearOperator
from curvlinops.papyan2020traces.spectrum import (
    fast_lanczos,
    lanczos_approximate_spectrum_from_iter,
)
from scipy import stats
from scipy.sparse.linalg import eigsh
from torch import Tensor

from landscape.errors import LandscapeError

from .curvature import products
from .intervals import Estimate, from_independent
from .mean_loss import MeanLoss


class SymmetricOperator(PyTorchLinearOperator):
    """A symmetric matrix that is known by its products; what curvlinops multiplies with.

    Args:
        product: rows [k, d] -> [k, d], row i the matrix times row i.
        size: Its order d.
        dtype: Of the rows.
        device: Of the rows.
    """

    SELF_ADJOINT = True

    def __init__(
        self,
        product: Callable[[Tensor], Tensor],
        size: int,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ):
        super().__init__([(size,)], [(size,)])
        self._product, self._dtype, self._device = product, dtype, torch.device(device)

    @classmethod
    def of(cls, f: MeanLoss, kind: str = "hessian") -> SymmetricOperator:
        """A curvature matrix of `f` at its weights; `kind` is one of `curvature.KINDS`."""
        return cls(lambda rows: products(f, rows, kind), f.size, f.dtype, f.device)

    def _matmat(self, X: list[Tensor]) -> list[Tensor]:
        return [self._product(X[0].T.contiguous()).T.contiguous()]

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return self._device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the rows."""
        return self._dtype


@dataclass(frozen=True)
class Density:
    """Lanczos quadratures of the spectral density p(l) = (1/d) sum_i delta(l - l_i).

    Attributes:
        nodes, weights: [P, m], the quadrature of each probe: sum_j weights[p, j] g(nodes[p, j])
            estimates the mean of g over the eigenvalues; weights[p] sum to 1.
        size: Their number d.
    """

    nodes: np.ndarray
    weights: np.ndarray
    size: int

    def mean(self, function: Callable[[np.ndarray], np.ndarray]) -> Estimate:
        """Mean of a function over the eigenvalues, with its interval over the probes."""
        return from_independent((self.weights * function(self.nodes)).sum(1))

    def share_within(self, width: float) -> Estimate:
        """Share of the eigenvalues of magnitude up to `width`.

        Sharp edges are the hardest for a quadrature: m nodes see steps of the size of a weight.
        """
        return self.mean(lambda nodes: np.abs(nodes) <= width)

    def curve(
        self, points: int = 512, kappa: float = 1.1, level: float = 0.95
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(eigenvalues [points], density [points], half width of its interval [points]).

        Each node is a Gaussian, 2 / ((m - 1) sqrt(8 log kappa)) wide on a spectrum scaled to [-1,
        1]. At curvlinops' own kappa = 3 that is less than the nodes' distance, and a smooth
        density looks like a comb; 1.1 is the distance.
        """
        span = (float(self.nodes.min()), float(self.nodes.max()))
        curves = []
        for nodes, weights in zip(self.nodes, self.weights, strict=True):
            pair = torch.from_numpy(nodes), torch.from_numpy(np.sqrt(weights))[None]
            grid, one = lanczos_approximate_spectrum_from_iter(pair, span, points, kappa, 0.05)
            curves.append(one.numpy())
        factor = stats.t.ppf((1 + level) / 2, len(curves) - 1) / np.sqrt(len(curves))
        return grid.numpy(), np.mean(curves, 0), factor * np.std(curves, 0, ddof=1)


def density(
    operator: SymmetricOperator, *, steps: int = 64, probes: int = 8, seed: int = 0
) -> Density:
    """Lanczos quadratures from random starts; `probes` x `steps` products, 3 vectors of memory.

    Args:
        operator: The matrix.
        steps: m, at most the size; more steps resolve finer, without limit by rounding: without
            reorthogonalisation large eigenvalues come again as copies that share their weight.
        probes: P >= 2 random starts.
        seed: Of the starts, one generator state a probe.

    Raises:
        ValueError: steps or probes outside their range.
        LandscapeError: The Krylov space of a start was used up (few distinct eigenvalues), or a
            product is not finite. The sentence speaks of the first only, and "use fewer steps" does
            not help the second: look at ``MeanLoss.value`` of the weights first.

    Source: Papyan (2020), algorithm 2; Ghorbani, Krishnan and Xiao (2019).
    """
    size = operator.shape[0]
    if not 2 <= steps <= size:
        raise ValueError(f"steps must be from 2 to the number of weights, {size}, not {steps}.")
    if probes < 2:
        raise ValueError("One value has no error bar: use at least 2 probes or chains.")
    nodes, weights = [], []
    for probe in range(probes):
        with _seeded(seed + probe, operator):
            values, vectors = _finite_lanczos(operator, steps)
        nodes.append(values.double().cpu().numpy())
        weights.append(vectors[0].double().square().cpu().numpy())
    return Density(np.stack(nodes), np.stack(weights), size)


def trace(operator: SymmetricOperator, *, probes: int = 32, seed: int = 0) -> Estimate:
    """Hutchinson's estimate of the trace from +-1 vectors, one product a probe, with interval.

    Not finite where a product is not.
    """
    if probes < 2:
        raise ValueError("One value has no error bar: use at least 2 probes or chains.")
    with _seeded(seed, operator):
        values = [float(hutchinson_trace(operator, num_matvecs=1)) for _ in range(probes)]
    return from_independent(np.array(values))


def extreme_eigenvalues(
    operator: SymmetricOperator, count: int = 10, *, end: str = "largest", seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest or smallest eigenvalues with bounds of their error.

    Args:
        operator: The matrix.
        count: How many, fewer than the size.
        end: "largest" or "smallest" (most negative).
        seed: Of the start.

    Returns:
        (values [count], from the end inwards; bounds [count]; vectors [count, d], of length 1).
        Within `bounds` of each value lies an eigenvalue: ``|A v - l v|`` for the vector found.

    Raises:
        ValueError: `end` or `count` outside its range.
        scipy.sparse.linalg.ArpackError: ARPACK gave up. Of a product that is not finite (weights
            that diverged, say) it says that it could not build an Arnoldi factorization; what is
            wrong is seen in ``MeanLoss.value`` of the weights. ``ArpackNoConvergence``, one of
            these, means too few iterations for eigenvalues that lie so close.
    """
    which = {"largest": "LA", "smallest": "SA"}.get(end)
    if which is None:
        raise ValueError(f"end must be 'largest' or 'smallest', not {end!r}.")
    size = operator.shape[0]
    if not 1 <= count < size:
        raise ValueError(f"count must be from 1 to {size - 1}, not {count}.")
    start = np.random.default_rng(seed).standard_normal(size)
    values, vectors = eigsh(operator.to_scipy(), k=count, which=which, v0=start)
    order = np.argsort(values)[:: -1 if end == "largest" else 1]
    values, rows = values[order], torch.from_numpy(vectors.T[order].copy())
    rows = rows.to(operator.device, operator.dtype)
    images = torch.stack([operator @ row for row in rows])
    misfit = images - torch.as_tensor(values, dtype=rows.dtype, device=rows.device)[:, None] * rows
    return values, misfit.norm(dim=1).cpu().numpy(), rows.cpu().numpy()


def _finite_lanczos(operator: SymmetricOperator, steps: int) -> tuple[Tensor, Tensor]:
    sentence = (
        f"Lanczos' {steps} steps used up the space of their start: the matrix has fewer distinct "
        "eigenvalues; use fewer steps."
    )
    try:
        values, vectors = fast_lanczos(operator, steps)
    except RuntimeError as error:  # torch.linalg refuses a matrix that is not finite
        raise LandscapeError(sentence) from error
    if not (values.isfinite().all() and vectors.isfinite().all()):
        raise LandscapeError(sentence)
    return values, vectors


@contextlib.contextmanager
def _seeded(seed: int, operator: SymmetricOperator) -> Iterator[None]:
    """Seed torch's global generator, which curvlinops draws from, and put its state back."""
    with torch.random.fork_rng([operator.device] if operator.device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
