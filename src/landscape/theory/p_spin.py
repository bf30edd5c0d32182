"""The spherical p-spin glass in a random field, and projected gradient descent on it.

The Hamiltonian of Chaudhari (2018), eqs. (2.4), (2.14) and (2.32), on the sphere `|s|^2 = N`::

    -H(s) = J N^{-(p-1)/2} sum_{i1..ip} J_{i1..ip} s_i1 ... s_ip + sum_i h_i s_i

with all N^p couplings independent N(0, 1) and h_i ~ N(0, v^2). H is a polynomial, so only the sum
of the couplings over each multiset of indices matters: C(N+p-1, p) coefficients instead of N^p.
The gradient is one matrix product: the monomials of degree p-1 of every start (for p = 3 the
N(N+1)/2 products s_j s_k, j <= k) times a fixed matrix. This halves the work of the plain
contraction and keeps every start of a batch in one call of the matrix multiplication.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Progress = Callable[[int, int], None]  # (iteration, starts still moving)


def multiset_count(n: int, size: int) -> int:
    """Number of multisets of `size` indices out of `n`."""
    return math.comb(n + size - 1, size)


def multiset_rank(indices: np.ndarray, n: int) -> np.ndarray:
    """Lexicographic position of sorted index tuples [..., size] among all multisets of `n`."""
    size = indices.shape[-1]
    rank = np.zeros(indices.shape[:-1], dtype=np.int64)
    previous = np.zeros(indices.shape[:-1], dtype=np.int64)
    for position in range(size):
        # Tuples whose entry here lies in [previous, current) come first; counted by a difference.
        left = size - position
        count = np.array([math.comb(n - v + left - 1, left) for v in range(n)], dtype=np.int64)
        rank += count[previous] - count[indices[..., position]]
        previous = indices[..., position]
    return rank


def _multisets(n: int, size: int) -> np.ndarray:
    """All multisets as rows of sorted indices, in lexicographic order."""
    rows = np.arange(n)[:, None]
    for width in range(1, size):
        # Those that begin with i continue with the multisets of indices >= i: the last rows.
        tails = [rows[len(rows) - multiset_count(n - i, width):] for i in range(n)]
        heads = np.repeat(np.arange(n), [len(tail) for tail in tails])
        rows = np.column_stack([heads, np.concatenate(tails)])
    return rows


def _orderings(rows: np.ndarray) -> np.ndarray:
    """Number of different orderings of each row of sorted indices."""
    size = rows.shape[1]
    repeats, run = np.ones(len(rows), dtype=np.int64), np.ones(len(rows), dtype=np.int64)
    for column in range(1, size):
        run = np.where(rows[:, column] == rows[:, column - 1], run + 1, 1)
        repeats *= run
    return math.factorial(size) // repeats


class PSpin:
    """One draw of the p-spin Hamiltonian with field, evaluated on batches of configurations.

    `coefficients` [C(N+p-1, p)] holds the sum of J_{i1..ip} over the orderings of each multiset, in
    lexicographic order; `field` [N]. Configurations are tensors [M, N] with `|s|^2 = N`. The matrix
    kept on the device has C(N+p-2, p-1) x N entries: 2 MB for N = 100, p = 3 in float32.
    Raises ValueError for p < 2 or arrays of the wrong length.
    Source: Chaudhari (2018), eqs. (2.4), (2.14), (2.32).
    """

    def __init__(
        self,
        coefficients: np.ndarray,
        field: np.ndarray,
        p: int = 3,
        coupling: float = 1.0,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        n = len(field)
        if p < 2:
            raise ValueError(f"p is {p}; a p-spin Hamiltonian needs p >= 2.")
        if len(coefficients) != multiset_count(n, p):
            raise ValueError(
                f"{len(coefficients)} coefficients given; N = {n} and p = {p} need "
                f"{multiset_count(n, p)} (one per multiset of indices)."
            )
        self.n, self.p, self.coupling = n, p, coupling
        self.coefficients, self.device, self.dtype = coefficients, torch.device(device), dtype
        self.scale = coupling * n ** (-(p - 1) / 2)
        self._matrix = torch.as_tensor(self._gradient_matrix(), dtype=dtype, device=self.device)
        self.field = torch.as_tensor(field, dtype=dtype, device=self.device)
        self._field_numpy = np.asarray(field, dtype=np.float64)

    @classmethod
    def draw(
        cls,
        n: int,
        p: int = 3,
        field_strength: float = 0.0,
        coupling: float = 1.0,
        seed: int | list[int] = 0,
        **options,
    ) -> PSpin:
        """Draw the disorder; the same seed gives the same J and the same h/v at every v.

        A sum of k independent N(0, 1) couplings is N(0, k), so the coefficients are drawn directly,
        k being the number of orderings of the multiset: the same law as N^p separate draws.
        """
        streams = np.random.SeedSequence(seed).spawn(2)
        couplings, fields = (np.random.default_rng(stream) for stream in streams)
        orderings = _orderings(_multisets(n, p))
        coefficients = couplings.standard_normal(len(orderings)) * np.sqrt(orderings)
        return cls(coefficients, field_strength * fields.standard_normal(n), p, coupling, **options)

    @classmethod
    def from_tensor(cls, tensor: np.ndarray, field: np.ndarray, **options) -> PSpin:
        """Take all N^p couplings, not necessarily symmetric, as an array with p axes."""
        n, p = len(field), tensor.ndim
        if tensor.shape != (n,) * p:
            raise ValueError(f"couplings of shape {tensor.shape} do not fit a field of length {n}.")
        indices = np.sort(np.stack(np.indices(tensor.shape), -1).reshape(-1, p), axis=1)
        sums = np.bincount(multiset_rank(indices, n), weights=tensor.ravel())
        return cls(sums, field, p=p, **options)

    def to(self, dtype: torch.dtype) -> PSpin:
        """The same Hamiltonian in another precision."""
        return PSpin(
            self.coefficients, self._field_numpy, self.p, self.coupling, self.device, dtype
        )

    def _gradient_matrix(self) -> np.ndarray:
        """Rows: monomials m of degree p-1; column i: coefficient of m in the derivative by s_i."""
        monomials = _multisets(self.n, self.p - 1)
        matrix = np.empty((len(monomials), self.n))
        for i in range(self.n):
            full = np.sort(np.column_stack([monomials, np.full(len(monomials), i)]), axis=1)
            power = (full == i).sum(axis=1)  # d/ds_i of s_i^k gives the factor k
            matrix[:, i] = self.coefficients[multiset_rank(full, self.n)] * power
        return matrix

    def _monomials(self, columns: Tensor, out: Tensor | None = None) -> Tensor:
        """All monomials of degree p-1 of `columns` [N, M]: [C(N+p-2, p-1), M]."""
        n, current = self.n, columns
        for degree in range(2, self.p):
            last = degree == self.p - 1
            rows = multiset_count(n, degree)
            reuse = last and out is not None
            following = out if reuse else columns.new_empty(rows, columns.shape[1])
            lower = multiset_count(n, degree - 1)
            row = 0
            for j in range(n):
                # Monomials of the lower degree with all indices >= j are the last ones.
                tail = current[lower - multiset_count(n - j, degree - 1):]
                torch.mul(tail, columns[j], out=following[row: row + len(tail)])
                row += len(tail)
            current = following
        return current

    def _force(self, columns: Tensor, out: Tensor | None = None) -> Tensor:
        """-grad of the p-spin part alone, for configurations in columns [N, M]."""
        return self.scale * (self._matrix.T @ self._monomials(columns, out))

    def energy(self, spins: Tensor) -> Tensor:
        """H(s) (not divided by N) for configurations [M, N]; result [M]."""
        columns = spins.to(self.device, self.dtype).T
        # Euler: the p-spin part is homogeneous of degree p, so it is s . grad / p.
        return -((columns * self._force(columns)).sum(0) / self.p + self.field @ columns)

    def gradient(self, spins: Tensor) -> Tensor:
        """Euclidean gradient of H [M, N] (Chaudhari 2018, section 2.4.1)."""
        columns = spins.to(self.device, self.dtype).T
        return -(self._force(columns) + self.field[:, None]).T

    def tangential_gradient(self, spins: Tensor) -> Tensor:
        """Gradient of H along the sphere [M, N]: the radial part is removed."""
        spins = spins.to(self.device, self.dtype)
        gradient = self.gradient(spins)
        return gradient - spins * (spins * gradient).sum(1, keepdim=True) / self.n

    def hessian(self, spin: Tensor) -> Tensor:
        """Hessian of H on the sphere at one configuration [N]: [N-1, N-1] in a tangent basis."""
        spin = spin.to(self.device, self.dtype)
        value = spin[:, None]
        slope = torch.eye(self.n, dtype=self.dtype, device=self.device)  # d monomial / d s
        for degree in range(2, self.p):
            lower = multiset_count(self.n, degree - 1)
            values, slopes = [], []
            for j in range(self.n):
                start = lower - multiset_count(self.n - j, degree - 1)
                values.append(value[start:] * spin[j])
                product = slope[start:] * spin[j]
                product[:, j] += value[start:, 0]
                slopes.append(product)
            value, slope = torch.cat(values), torch.cat(slopes)
        euclidean = -self.scale * (self._matrix.T @ slope)
        radial = (spin @ self.gradient(spin[None])[0]) / self.n
        basis = self.tangent_basis(spin)
        identity = torch.eye(self.n - 1, dtype=self.dtype, device=self.device)
        return basis.T @ euclidean @ basis - radial * identity

    def tangent_basis(self, spin: Tensor) -> Tensor:
        """Orthonormal basis [N, N-1] of the plane tangent to the sphere at `spin` [N]."""
        spin = spin.to(self.device, self.dtype)
        identity = torch.eye(self.n, dtype=self.dtype, device=self.device)
        return torch.linalg.qr(torch.cat([spin[:, None], identity], 1))[0][:, 1: self.n]


def uniform_on_sphere(starts: int, n: int, seed: int | list[int]) -> Tensor:
    """Independent configurations [starts, n] uniform on the sphere of radius sqrt(n), float64."""
    gaussian = np.random.default_rng(seed).standard_normal((starts, n))
    return torch.from_numpy(
        gaussian * (math.sqrt(n) / np.linalg.norm(gaussian, axis=1, keepdims=True))
    )


@dataclass
class Descent:
    """End points of a batch: points [M, N], iterations, converged and gradient_norm [M]."""

    points: Tensor
    iterations: Tensor
    converged: Tensor
    gradient_norm: Tensor


def descend(
    model: PSpin,
    start: Tensor,
    step_size: float = 0.1,
    tolerance: float = 1e-4,
    max_iterations: int = 20_000,
    progress: Progress | None = None,
    compact_every: int = 16,
) -> Descent:
    """Projected gradient descent from every row of `start` [M, N] to `|tangential grad H| <= tol`.

    A step moves along the projected gradient and rescales to the sphere. A start that has met the
    tolerance never moves again; finished starts leave the batch every `compact_every` iterations.
    Starts that reach `max_iterations` are returned with converged = False.
    Source: Chaudhari (2018), section 2.4.1.
    """
    total, n = start.shape
    device, dtype = model.device, model.dtype
    # A copy in any case: the transpose of a single row is contiguous and would share its memory.
    points = start.to(device, dtype).T.clone(memory_format=torch.contiguous_format)
    final = torch.empty_like(points)
    iterations = torch.zeros(total, dtype=torch.int64, device=device)
    norms = torch.full((total,), torch.inf, dtype=dtype, device=device)
    alive = torch.arange(total, device=device)
    rows = multiset_count(n, model.p - 1)
    buffer, taken = points.new_empty(rows, total) if model.p > 2 else None, 0
    steps = torch.zeros(total, dtype=torch.int64, device=device)
    while True:
        force = model._force(points, buffer).add_(model.field[:, None])
        force.sub_(points * ((points * force).sum(0) / n))
        norm = force.square().sum(0).sqrt_()
        moving = norm > tolerance
        finished = taken >= max_iterations
        if finished or taken % compact_every == 0:
            if progress is not None:
                progress(taken, int(moving.sum()))
            stop = torch.ones_like(moving) if finished else ~moving
            if bool(stop.any()):
                done = alive[stop]
                final[:, done] = points[:, stop]
                iterations[done], norms[done] = steps[stop], norm[stop]
                keep = ~stop
                alive, steps, moving = alive[keep], steps[keep], moving[keep]
                points, force = points[:, keep].contiguous(), force[:, keep]
                buffer = None if buffer is None else buffer.new_empty(rows, len(alive))
            if len(alive) == 0:
                break
        points.add_(force * moving, alpha=step_size)
        # A start at rest is not rescaled either, so its end point does not depend on the batch.
        length = points.square().sum(0).sqrt_().mul_(1 / math.sqrt(n))
        points.div_(torch.where(moving, length, torch.ones_like(length)))
        steps.add_(moving)
        taken += 1
    return Descent(final.T.contiguous(), iterations, norms <= tolerance, norms)
