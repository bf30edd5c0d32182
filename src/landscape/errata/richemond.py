"""Errata of Richemond & Guo (2019): 24 (the effective step), 40 (the index), and smoothing."""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad

from landscape.errata.entry import Row, erratum
from landscape.errors import LandscapeError
from landscape.theory import gaussian_field, gaussian_field_sampling


@erratum("24", "whether the coupling enlarges the step", {"richemond": "eq. (19)"})
def effective_step(exponents: tuple[float, ...] = (4.0, 1.0, 0.1)) -> list[Row]:
    """Erratum 24: d psi / d eps on the most likely line, at half the critical energy.

    The check differentiates the quadratic form (14) by differences. Exponents n of the covariance
    (1 + x)^-n give r = 1 + 1/n; r = 5, where both forms agree by accident, is left out.
    """
    rows = []
    for exponent in exponents:
        field = gaussian_field.Covariance.power(exponent)
        energy, h = field.critical_energy / 2, 1e-3
        line = float(gaussian_field.most_likely_eigenvalue(energy, field))
        up, down = (float(gaussian_field.psi(energy + s, line, field)) for s in (h, -h))
        name = rf"$\partial\psi/\partial\epsilon$ divided by $\epsilon$, $r = {field.r:g}$"
        rows.append(Row(name, 1 + 2 / (1 + field.r), 2 * gaussian_field.slope_factor(field),
                        (up - down) / (2 * h * energy),
                        "difference quotient of eq. (14)"))  # fmt: skip
    return rows


@erratum("40", "direction of the index", {"richemond": "sections 3.1 and 3.3, eq. (8)"})
def index_direction(
    size: int = 400, draws: int = 4, width: float = 1e-4, seed: int = 0
) -> list[Row]:
    """Erratum 40: the index falls with the loss, such points are no minima, the delta has mass 1.

    The check draws Hessians of `size` rows; the delta is tried on a standard normal number, whose
    density at 0 it must give.
    """
    levels = np.array([0.0, 0.5])
    counts, _ = gaussian_field_sampling.sampled_index(
        np.random.default_rng(seed), levels, size, draws
    )
    expected, sampled = gaussian_field.index(levels), counts.mean(axis=1)
    how = f"{draws} sampled Hessians, $N = {size}$"

    def gaussian(x: float) -> float:
        return math.exp(-(x**2) / (2 * width) - x**2 / 2) / math.sqrt(2 * math.pi)

    bare = quad(gaussian, -1, 1, points=[0.0], epsabs=1e-14)[0]
    return [
        Row(r"sign of the change of $\alpha$ from energy 0 to $\epsilon_c/2$", 1.0,
            float(np.sign(expected[1] - expected[0])), float(np.sign(sampled[1] - sampled[0])),
            how),
        Row(r"share of negative eigenvalues at the points counted at $\epsilon_c/2$", 0.0,
            float(expected[1]), float(sampled[1]), how, 0.03),
        Row(rf"mean of $\delta(Z)$ for a standard normal $Z$, $\varepsilon = {width:g}$", bare,
            bare / math.sqrt(2 * math.pi * width), 1 / math.sqrt(2 * math.pi),
            "density of $Z$ at 0", 1e-3),
    ]  # fmt: skip


@erratum("smoothing", "smoothing protects against an added constant", {"richemond": "section 4"})
def shifted_strength(
    constants: tuple[float, ...] = (1.0, 10.0, 100.0), memory: int = 10, epochs: int = 100
) -> list[Row]:
    """Section 4: matched annealing with exponential smoothing when a constant is added to L.

    The loss falls from 1 as 1 / (1 + i). The print's robustness would leave lambda_i / lambda_0
    where it is without the constant. The smoother S is linear and keeps constants, so it gives
    (S(L) + c) / (L(0) + c). The check runs the rule on the shifted losses.
    """
    losses = 1 / (1 + np.arange(epochs + 1.0))
    alone = smoothed_strength(losses, memory)[-1]
    return [
        Row(rf"$\lambda/\lambda_0$ after {epochs} epochs, $K = {memory}$, $L + {c:g}$",
            float(alone), float((alone * losses[0] + c) / (losses[0] + c)),
            float(smoothed_strength(losses + c, memory)[-1]), "the rule, step by step")
        for c in constants
    ]  # fmt: skip


def smoothed_strength(losses: np.ndarray, memory: int) -> np.ndarray:
    """lambda_i / lambda_0 = S_K(L(i) / L(0)), S_K exponential with weight 2 / (K + 1), from 1.

    Args:
        losses: L at the start and after every epoch, one axis; the shape of the result.
        memory: K; 1 is no smoothing.

    Raises:
        LandscapeError: for a first loss that is not positive.
    """
    losses = np.asarray(losses, dtype=np.float64)
    if not losses[0] > 0:
        raise LandscapeError(f"L(0) is {losses[0]:g}; it must be positive.")
    smooth, out = 1.0, []
    for ratio in losses / losses[0]:
        smooth += 2 / (memory + 1) * (ratio - smooth)
        out.append(smooth)
    return np.array(out)
