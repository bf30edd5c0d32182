"""Index of critical points of a Gaussian field (Richemond & Guo, figure 1): measuring, drawing."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number
from landscape.theory import gaussian_field as theory
from landscape.theory import gaussian_field_sampling as sampling

SIZE, BATCHES, SEED = 100, 8, 0
DRAWS = {"smoke": 80, "laptop": 800, "paper": 4000}
SHIFTS = np.linspace(-1, 1, 17)
LEVELS = np.array([-0.8, -0.4, -0.2, 0.2, 0.4, 0.6, 0.8])  # energies over the critical one
FIELD = theory.Covariance.power(1.0)  # f(x) = 1 / (1 + x): f f'' = 2 f'^2


@cache
def matrices(scale):
    """Random matrices: negative fraction by shift, spectra, critical points at given energies."""
    rng = np.random.default_rng(SEED)
    fractions, spectra = sampling.sampled_index(rng, SHIFTS, SIZE, DRAWS[scale])
    counted = np.array([
        [sampling.sampled_critical_points(level * FIELD.critical_energy, FIELD, part, points=601)
         for part in np.split(spectra, BATCHES)]
        for level in LEVELS
    ])  # fmt: skip
    return fractions, spectra, counted


def curve_violation():
    """Largest violation of the index's end points, centre, direction and integral."""
    fine = theory.index(np.linspace(-1, 1, 10_001))
    integrated = [
        abs(quad(lambda z, s=s: float(theory.semicircle(z, s, 1.0)), s - 1, 0, epsabs=1e-12)[0]
            - float(theory.index(s)))
        for s in (-0.9, -0.3, 0.2, 0.7)
    ]  # fmt: skip
    ends = abs(fine[0] - 1), abs(fine[-1]), abs(fine[5000] - 0.5)
    return max(*ends, np.diff(fine).max(), *integrated)


def line_violation():
    """How far relative changes of energy and mean eigenvalue differ on the most likely line."""
    share = np.linspace(0.1, 0.9, 9)
    found = np.array([
        minimize_scalar(lambda z, e=e: float(theory.psi(e, z, FIELD)), bracket=(0.0, FIELD.radius),
                        tol=1e-12).x
        for e in share * FIELD.critical_energy
    ])  # fmt: skip
    return np.abs(np.diff(found) / found[:-1] / (np.diff(share) / share[:-1]) - 1).max()


def measure(runs):
    """Formulas against quadrature and minimisation, and against random matrices."""
    fractions, _, counted = matrices(runs.scale)
    at_half = np.argmin(np.abs(SHIFTS - 0.5))
    sampled = statistics.mean_interval(fractions[at_half] - theory.index(SHIFTS[at_half]))
    distance = np.geomspace(1e-8, 1e-5, 13)
    edge = theory.index_of_energy((1 - distance) * FIELD.critical_energy, FIELD)
    near = float(theory.index_of_energy((1 - 1e-6) * FIELD.critical_energy, FIELD))
    per_energy = counted[:, :, 0] / (LEVELS * FIELD.critical_energy)[:, None]
    ratio = per_energy[LEVELS == 0.8][0] / per_energy[LEVELS == 0.4][0]
    step, note = 1e-5, f"N = {SIZE}"
    slope = float(theory.index(step) - theory.index(-step)) / (2 * step)
    return {
        "c1": {"curve": Measurement(curve_violation()), "matrices": sampled.with_(note=note)},
        "c2": {
            "slope": Measurement(slope),
            "exponent": Measurement(float(np.polyfit(np.log(distance), np.log(edge), 1)[0])),
            "coefficient": Measurement(near / 1e-9),
        },
        "c3": {
            "line": Measurement(line_violation()),
            "matrices": statistics.mean_interval(ratio, note=note),
        },
    }


def finding(found):
    """Whether formulas and matrices agree, and what they do not say."""
    held = all(found[name].verdict.word == "reproduced" for name in ("c1", "c2", "c3"))
    words = (
        "All three panels hold, in the formulas and in random matrices of finite size"
        if held else "The panels do not hold throughout"
    )  # fmt: skip
    factor = theory.slope_factor(FIELD)
    return (
        f"{words}; the further conclusion that the coupling enlarges the step does not: at "
        f"$r = {format_number(FIELD.r)}$ the slope is {format_number(2 * factor, 2)}, where the "
        f"print has {format_number(1 + 2 / (1 + FIELD.r), 2)}, and it is 2 without the coupling."
    )


def line_rows(scale):
    """Rows of text: energy, counted mean eigenvalue, eq. (10), and without the determinant."""
    rows = []
    for level, batch in zip(LEVELS, matrices(scale)[2][:, :, 0], strict=True):
        energy = level * FIELD.critical_energy
        rows.append([
            f"{level:g}", format_measurement(statistics.mean_interval(batch)),
            f"{float(theory.most_likely_eigenvalue(energy, FIELD)):.3f}",
            f"{FIELD.slope / FIELD.value * energy:.3f}",
        ])  # fmt: skip
    return rows


def slopes():
    """Slope of psi on the line over the energy, by r: numerical, corrected, printed."""
    r = np.geomspace(1.05, 20, 60)
    return pd.DataFrame({
        "r": r, "corrected": 2 * (1 - 2 / (1 + r)), "printed": 1 + 2 / (1 + r),
    })  # fmt: skip


def measured_slope(power):
    """The same by central differences of psi, for f = (1 + x)^-power: (r, slope / energy)."""
    field, h = theory.Covariance.power(power), 1e-5
    e = 0.5 * field.critical_energy
    at = float(theory.most_likely_eigenvalue(e, field))
    rise = float(theory.psi(e + h, at, field) - theory.psi(e - h, at, field))
    return field.r, rise / (2 * h) / e


def _points(ax, x, measured):
    from landscape import book

    value = np.array([m.value for m in measured])
    low, high = value - [m.low for m in measured], [m.high for m in measured] - value
    ax.errorbar(x, value, yerr=[low, high], fmt="s", color=book.look("anneal_sgd").color, capsize=3,
                label="matrices")  # fmt: skip


def draw_semicircle(scale):
    """Density of eigenvalues: the law and random matrices."""
    from landscape import book

    figure, ax = book.panel()
    grid = np.linspace(-2.2, 2.2, 300)
    ax.hist(matrices(scale)[1].ravel(), bins=60, density=True, color=book.GREY, alpha=0.5,
            label=f"matrices, $N = {SIZE}$")  # fmt: skip
    ax.plot(grid, theory.semicircle(grid), color=book.look("adam").color, label="semicircle")
    ax.set(xlabel=r"eigenvalue $/\sqrt{f''}$, centred", ylabel=r"density $\rho$", ylim=(0, 0.45))
    ax.legend(loc="upper right", fontsize=9)
    return figure


def draw_index(scale):
    """Index against the mean eigenvalue."""
    from landscape import book

    figure, ax = book.panel()
    x = np.linspace(-1, 1, 300)
    ax.plot(x, theory.index(x), color=book.look("adam").color, label="eq. (9)")
    _points(ax, SHIFTS, [statistics.mean_interval(row) for row in matrices(scale)[0]])
    ax.set(xlabel=r"mean eigenvalue $\bar\lambda\,/\,2\sqrt{f''}$", ylabel=r"index $\alpha$")
    ax.legend(loc="upper right", fontsize=9)
    return figure


def draw_energy(scale):
    """Index of critical points against the energy."""
    from landscape import book

    figure, ax = book.panel()
    critical = FIELD.critical_energy
    energy = np.linspace(1.25, -1.1, 300) * critical
    ax.plot(energy, theory.index_of_energy(energy, FIELD), color=book.look("adam").color,
            label="eq. (11)")  # fmt: skip
    counted = matrices(scale)[2][:, :, 1]
    _points(ax, LEVELS * critical, [statistics.mean_interval(row) for row in counted])
    ax.axvline(critical, color=book.GREY, linestyle="--", label=r"$\epsilon_c$")
    ax.set(xlabel=r"energy $\epsilon$", ylabel=r"index $\alpha$")
    ax.legend(loc="lower right", fontsize=9)
    return figure


def draw_slopes():
    """Slope of psi on the most likely line: corrected, printed, and measured."""
    from landscape import book

    figure, ax = book.panel(height=3.0)
    frame = slopes()
    ax.plot(frame["r"], frame["corrected"], color=book.CYCLE[0], label="corrected")
    ax.plot(frame["r"], frame["printed"], "--", color=book.CYCLE[1], label="as printed")
    ax.axhline(2, color=book.GREY, linewidth=1, label="without coupling")
    r, slope = zip(*map(measured_slope, (4.0, 1.0, 0.5, 0.25, 0.1)), strict=True)
    ax.plot(r, slope, "o", color=book.INK, markerfacecolor=book.PAPER, label="measured")
    ax.set(xscale="log", xlabel=r"$r = f f''/f'^2$", ylabel=r"$\partial_\epsilon\psi\,/\,\epsilon$")
    ax.legend(fontsize=9)
    return figure


def index(scale):
    """The page's picture: spectrum, index and energy."""
    from landscape import book

    return book.Picture(
        {"a": draw_semicircle(scale), "b": draw_index(scale), "c": draw_energy(scale)},
        titles={"a": "spectrum", "b": "index and centre", "c": "index and energy"},
        alt="Three panels: a half-ellipse of density that matches a histogram; the index falling "
        "from one to zero as the mean eigenvalue rises; the index rising with energy from "
        "zero at the critical energy. Points lie on the curves.",
    )


def idea(scale):
    """The part's picture: the spectrum, and the index against energy."""
    from landscape import book

    return book.Picture(
        {"a": draw_semicircle(scale), "b": draw_energy(scale)},
        titles={"a": "spectrum", "b": "index and energy"},
        alt="Left: a semicircle of eigenvalues that matches random matrices. Right: the index "
        "rises with the energy from zero at the critical energy.",
    )


def slope_of_the_line():
    """The slope of the most likely line, measured, corrected and printed."""
    from landscape import book

    return book.Picture(
        draw_slopes(),
        alt="The measured points lie on the corrected curve, which rises towards two; the printed "
        "curve falls from two towards one.",
        data=slopes(),
    )


def line_table(scale):
    """Mean eigenvalue at given energy as a numbered table."""
    from landscape import book

    return book.Table(
        ["energy / critical energy", "critical points", "eq. (10)", "without the determinant"],
        line_rows(scale), label="richemond-fig-1-line",
        caption=f"Mean eigenvalue at given energy, $N = {SIZE}$ (n: batches of matrices)",
    )  # fmt: skip
