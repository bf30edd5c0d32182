"""Finite-N checks of the Gaussian field's formulas by drawing random matrices.

The Hessian of the field at a point is lambda_bar I + G, where G is a traceless matrix of the
Gaussian orthogonal ensemble with <G_ij^2> = f''/N off the diagonal and lambda_bar is Gaussian and
independent of G: <H_ij H_kl> = (f''/N) (d_ij d_kl + d_ik d_jl + d_il d_jk). Nothing here uses the
semicircle or the large-N limit. See ``gaussian_field`` for the source.
"""

from __future__ import annotations

import math

import numpy as np

from .gaussian_field import Covariance


def goe_eigenvalues(
    rng: np.random.Generator, size: int, draws: int, *, traceless: bool = True
) -> np.ndarray:
    """Sorted eigenvalues ``[draws, size]`` of GOE matrices with off-diagonal variance 1/size.

    The spectrum fills [-2, 2] for large size; the diagonal has variance 2/size. ``traceless``
    subtracts the mean eigenvalue of each draw.
    """
    if size < 2 or draws < 1:
        raise ValueError(f"size is {size} and draws is {draws}; they must be >= 2 and >= 1.")
    out = np.empty((draws, size))
    for i in range(draws):
        a = rng.normal(size=(size, size))
        out[i] = np.linalg.eigvalsh((a + a.T) / math.sqrt(2.0 * size))
    return out - out.mean(axis=1, keepdims=True) if traceless else out


def sampled_index(
    rng: np.random.Generator, x: np.ndarray, size: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fraction of negative eigenvalues of lambda_bar I + G at x = lambda_bar / (2 sqrt f'').

    The same ``draws`` matrices serve all ``x``. Returns the fractions ``[len(x), draws]`` (one
    per matrix, so that the caller can form intervals) and the eigenvalues used.
    """
    spectra = goe_eigenvalues(rng, size, draws)
    shifts = 2.0 * np.asarray(x, dtype=float)
    counts = np.stack([(spectra + shift < 0).mean(axis=1) for shift in shifts])
    return counts, spectra


def sampled_critical_points(
    energy: float, field: Covariance, spectra: np.ndarray, points: int = 1501
) -> tuple[float, float]:
    """Mean of lambda_bar and of the index over the critical points at ``energy``, at finite N.

    By Kac-Rice every lambda_bar counts with its Gaussian probability given the energy times the
    mean of `|det(lambda_bar I + G)|`. The mean is taken over ``spectra`` (from
    ``goe_eigenvalues``), the integral over lambda_bar on a grid of ``points``. The first tends to
    ``most_likely_eigenvalue`` as N grows, the second to ``index_of_energy``; without the
    determinant the first would be f' energy / f.
    """
    size = spectra.shape[1]
    centre = field.slope / field.value * energy
    # Variance of lambda_bar given the energy; <lambda_bar^2> = f'' (1 + 2/N) / N.
    variance = (field.curvature * (1 + 2 / size) - field.slope**2 / field.value) / size
    # The determinant pushes outwards by at most the factor of the large-N line; be generous.
    reach = 12 * math.sqrt(variance * (1 + field.r)) + 2 * abs(centre)
    grid = np.linspace(-reach, reach, points) + centre
    scaled = spectra * math.sqrt(field.curvature)
    logs = np.empty((points, len(spectra)))
    fractions = np.empty_like(logs)
    with np.errstate(divide="ignore"):
        for row, shift in enumerate(grid):
            shifted = scaled + shift
            logs[row] = np.log(np.abs(shifted)).sum(axis=1)
            fractions[row] = (shifted < 0).mean(axis=1)
    logs -= ((grid - centre) ** 2 / (2 * variance))[:, None]
    weights = np.exp(logs - logs.max())
    total = weights.sum()
    return (
        float((grid[:, None] * weights).sum() / total),
        float((fractions * weights).sum() / total),
    )
