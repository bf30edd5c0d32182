"""Search for critical points of a given index on the sphere, by following eigenvectors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscape.theory.p_spin import PSpin


def follow_index(
    model: PSpin, start: Tensor, index: Tensor, iterations: int = 80
) -> tuple[Tensor, Tensor]:
    """Critical points of given index on the sphere: (end points [M, N], converged [M]).

    Eigenvector following, float64: a step climbs along the `index` [M] lowest eigenvectors of the
    Hessian and descends along all others, each by its gradient over the size of its eigenvalue.
    Near a critical point of that index it is Newton's method; plain Newton from afar is caught
    where the Hessian is singular. The Hessian comes from differences of the gradient, exact up to
    rounding for p <= 3. A start that has arrived does not move again.
    """
    n = model.n
    final, moving = start.to(torch.float64).clone(), torch.arange(len(start))
    arrived = torch.zeros(len(start), dtype=torch.bool)
    step = 1.0 if model.p <= 3 else 1e-4
    identity = torch.eye(n, dtype=torch.float64)
    rank = torch.arange(n - 1)
    for _ in range(iterations):
        points = final[moving]
        gradient = model.gradient(points)
        multiplier = (points * gradient).sum(1) / n
        gradient = gradient - multiplier[:, None] * points
        still = gradient.norm(dim=1) > 1e-9
        arrived[moving[~still]] = True
        moving, points, gradient, multiplier = (
            part[still] for part in (moving, points, gradient, multiplier)
        )
        if len(moving) == 0:
            break
        sides = [
            model.gradient((points[:, None] + sign * step * identity).reshape(-1, n))
            for sign in (1, -1)
        ]
        hessian = ((sides[0] - sides[1]) / (2 * step)).reshape(-1, n, n)
        hessian = hessian - multiplier[:, None, None] * identity
        across = points[:, :, None] * points[:, None, :] / n
        tangent = identity - across
        # The direction of the point itself gets the largest eigenvalue and is left out.
        values, vectors = torch.linalg.eigh(tangent @ hessian @ tangent + 1e6 * across)
        values, vectors = values[:, :-1], vectors[:, :, :-1]
        along = (vectors.transpose(1, 2) @ gradient[:, :, None])[:, :, 0]
        sign = torch.where(rank < index[moving][:, None], 1.0, -1.0)
        move = (vectors @ (sign * along / values.abs().clamp_min(1e-3))[:, :, None])[:, :, 0]
        length = move.norm(dim=1, keepdim=True).clamp_min(1e-300)
        points = points + move * torch.clamp(0.1 * math.sqrt(n) / length, max=1)
        final[moving] = points * (math.sqrt(n) / points.norm(dim=1, keepdim=True))
    return final, arrived
