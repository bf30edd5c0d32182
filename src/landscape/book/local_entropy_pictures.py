"""What figure 3.2 leaves open, drawn: the price of depth, averaging instead, the inner loop.

All on losses of one weight (`landscape.theory.line_loss`).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from landscape.book import style
from landscape.book.pictures import Picture
from landscape.book.text import number
from landscape.theory import inner_langevin, line_entropy
from landscape.theory.line_loss import TWINS, WIDE_AND_SHARP, two_wells

LOSS = WIDE_AND_SHARP
WIDE, SHARP = LOSS.wells
WORK_TEMPERATURES = (1e-8, 1e-6)  # section 3.2.2
#: The inner loop: scope, rate (rate x (sharpest + 1/gamma) = 1.7), chains, and lengths L.
SCOPE, RATE, CHAINS = 0.1, 0.003, 400
LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
PLACES = np.linspace(-5, 5, 41)
_HEIGHT = 3.1
_PRICES = (
    "First panel: lines of equal crossing scope over width ratio and gap in depth rise with the "
    "ratio and stay below a thick line that rises with its logarithm; above it the wide valley "
    "never wins. Second: the crossing scope grows with the inverse temperature and becomes "
    "infinite before two."
)
_AVERAGES = (
    "First panel: for both the averaged loss and local entropy the wide side becomes the lower one "
    "as the variance grows, for the averaged loss at once and by far more. Second: two needles; "
    "the averaged loss and local entropy both have one minimum in the middle between them."
)
_INNER = (
    "First panel: the mean estimate of 20 steps follows the exact slope at a fraction of its size, "
    "inside a band of one standard deviation as broad as the slope itself. Second: the bias falls "
    "with the number of steps; the spread rises to a constant, and falls only if all steps are "
    "averaged."
)


@cache
def widths() -> pd.DataFrame:
    """By width ratio and gap in depth: the crossing scope, infinite where there is none."""
    rows = []
    for ratio in np.geomspace(1.5, 30, 13):
        for gap in np.linspace(0.1, 3.7, 13):
            loss = two_wells(gap, ratio)
            wide, sharp = loss.wells
            found = line_entropy.crossing_of(loss, wide.centre, sharp.centre)
            near = line_entropy.laplace_crossing(gap, wide.curvature, sharp.curvature)
            rows.append((ratio, gap, found, near))
    return pd.DataFrame(rows, columns=["ratio", "gap", "crossing", "laplace"])


@cache
def _minima() -> tuple[line_entropy.Lowest, line_entropy.Lowest, list[float]]:
    wide, sharp = line_entropy.sides(LOSS, None)
    return wide, sharp, [float(LOSS.curvature(side.place)) for side in (wide, sharp)]


@cache
def temperatures() -> pd.DataFrame:
    """By inverse temperature: the crossing scope of the figure's loss."""
    wide, sharp, bends = _minima()
    rows = [(beta, line_entropy.crossing_of(LOSS, wide.place, sharp.place, beta),
             line_entropy.laplace_crossing(wide.value - sharp.value, *bends, beta))
            for beta in np.linspace(0.1, 2.3, 23)]  # fmt: skip
    return pd.DataFrame(rows, columns=["beta", "crossing", "laplace"])


def largest_gap(ratio: float, depth: float = WIDE.depth) -> float:
    """The gap above which the wide valley never wins, by Laplace's method at temperature 1.

    A fixed point, because a deeper well of the same width is more curved.
    """
    gap = 0.0
    for _ in range(40):
        gap = math.log(ratio) + math.log1p(gap / depth) / 2
    return gap


def prices() -> Picture:
    """Which pairs of valleys change places, and at which scope."""
    first, ax = style.panel(height=_HEIGHT)
    table = widths()
    grid = table.pivot_table(index="gap", columns="ratio", values="crossing")
    level = np.log10(grid.where(np.isfinite(grid)).to_numpy())
    lines = ax.contour(grid.columns, grid.index, level, levels=[-3, -2, -1],
                       colors=[style.CYCLE[k] for k in (0, 2, 5)])  # fmt: skip
    names = {-3: r"$\gamma = 0.001$", -2: "0.01", -1: "0.1"}
    ax.clabel(lines, fmt=names, manual=[(16.0, 0.6), (10.0, 1.15), (7.4, 1.65)], fontsize=8.5)
    ratios = np.geomspace(1.5, 30, 60)
    gaps = [largest_gap(float(ratio)) for ratio in ratios]
    ax.plot(ratios, gaps, color=style.INK, linewidth=2)
    ax.fill_between(ratios, gaps, 3.7, color=style.GREY, alpha=0.2, linewidth=0)
    ax.text(2.1, 2.7, "never")
    wide, sharp, _ = _minima()
    ax.plot(WIDE.width / SHARP.width, wide.value - sharp.value, "D", color=style.INK)
    ax.set(xscale="log", ylim=(0.1, 3.7), xlabel="width of the wide over the sharp valley",
           ylabel="how much deeper the sharp is")  # fmt: skip
    ax.set_xticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    ax.minorticks_off()
    second, bx = style.panel(height=_HEIGHT)
    betas = temperatures()
    for column, line, color, label in (("crossing", "o", style.CYCLE[0], "quadrature"),
                                       ("laplace", "--", style.INK, "Laplace")):  # fmt: skip
        shown = betas[np.isfinite(betas[column])]
        bx.plot(shown["beta"], shown[column], line, color=color, label=label)
    bx.axvspan(largest_beta(), 2.4, color=style.GREY, alpha=0.2, linewidth=0)
    bx.text(2.37, 3e-3, "never", ha="right")
    bx.set(yscale="log", xlim=(0, 2.4), xlabel=r"inverse temperature $\beta$",
           ylabel=r"scope $\gamma$ of the crossing")  # fmt: skip
    bx.legend(loc="upper left")
    return Picture(
        panels={"a": first, "b": second},
        titles={"a": r"any two valleys, $\beta = 1$", "b": "those of the figure"},
        alt=_PRICES, data={"widths": table, "temperatures": betas},
    )  # fmt: skip


def largest_beta() -> float:
    """From this inverse temperature on the sharp valley wins at every scope, by Laplace."""
    wide, sharp, bends = _minima()
    return math.log(bends[1] / bends[0]) / (2 * (wide.value - sharp.value))


def prices_said() -> str:
    """The bound in numbers."""
    wide, sharp, _ = _minima()
    gap = wide.value - sharp.value
    allowed = gap * largest_beta()
    coldest, warmest = WORK_TEMPERATURES
    return (
        rf"In the figure the sharp valley is {gap:.2f} deeper and could be {allowed:.2f} deeper; "
        rf"equally, the wide one wins below $\beta = {largest_beta():.2f}$ only. At the "
        rf"temperature that the work trains with, ${number(coldest)}$ to ${number(warmest)}$ "
        rf"(section 3.2.2), one direction makes up for a gap of ${number(allowed * warmest, 2)}$ "
        rf"at most, $10^6$ such directions together for {allowed * warmest * 1e6:.1f}."
    )


@cache
def variances() -> pd.DataFrame:
    """By kernel variance: how much lower the sharp side is, of both functions."""
    rows = []
    for variance in np.geomspace(1e-3, 1, 31):
        averaged = line_entropy.sides(LOSS.smoothed(float(variance)), None)
        entropy = line_entropy.sides(LOSS, float(variance))
        rows.append((variance, *(side[0].value - side[1].value for side in (averaged, entropy))))
    return pd.DataFrame(rows, columns=["variance", "averaged", "entropy"])


def averages() -> Picture:
    """Averaging the loss beside local entropy, with the same kernel."""
    first, ax = style.panel(height=_HEIGHT)
    table = variances()
    ax.axhline(0, color=style.GREY, linewidth=1)
    ax.plot(table["variance"], table["averaged"], "--", color=style.CYCLE[1], label="averaged loss")
    ax.plot(table["variance"], table["entropy"], color=style.CYCLE[0], label="local entropy")
    ax.set(xscale="log", xlabel=r"variance of the kernel ($\gamma$)",
           ylabel="wide side minus sharp side")  # fmt: skip
    ax.legend(loc="lower left")
    second, bx = style.panel(height=_HEIGHT)
    x = np.linspace(-2.5, 2.5, 501)
    lines = {"loss": TWINS.value(x), "averaged": TWINS.smoothed(0.5).value(x),
             "entropy": line_entropy.local(TWINS, x, 0.5).value}  # fmt: skip
    forms = (("loss", "-", style.INK, "loss"),
             ("averaged", "--", style.CYCLE[1], "averaged loss"),
             ("entropy", "-", style.CYCLE[0], "local entropy"))  # fmt: skip
    for name, form, color, label in forms:
        bx.plot(x, lines[name], form, color=color, label=label)
    bx.set(xlim=(-2.5, 2.5), ylim=(0, 12.5), xlabel="weight $x$", ylabel="loss")
    bx.legend(loc="upper center", ncols=2)
    return Picture(
        panels={"a": first, "b": second},
        titles={"a": "below zero the wide side is lower", "b": "two sharp valleys, variance 0.5"},
        alt=_AVERAGES, data={"variances": table, "twins": pd.DataFrame({"x": x, **lines})},
    )  # fmt: skip


def averages_said() -> str:
    """At which variance averaging changes sides, and why there is no bound."""

    def ahead(log_variance: float) -> float:
        wide, sharp = line_entropy.sides(LOSS.smoothed(math.exp(log_variance)), None)
        return wide.value - sharp.value

    found = math.exp(brentq(ahead, math.log(1e-4), math.log(1.0), xtol=1e-6))
    return (
        f"The averaged loss changes sides at the variance ${number(found, 2)}$, local entropy at "
        f"${number(line_entropy.crossing(LOSS), 2)}$. A well keeps the part $w/\\sqrt{{w^2+s^2}}$ "
        "of its depth, so for a broad kernel the wide valley wins whenever its depth times its "
        f"width $w$ is larger: here the sharp one could be {WIDE.width / SHARP.width:.1f} times "
        "as deep as the wide one, not just a logarithm deeper."
    )


@cache
def errors() -> pd.DataFrame:
    """By length: bias and spread of the estimate over PLACES, relative to the exact slope."""
    exact = line_entropy.local(LOSS, PLACES, SCOPE).slope
    size = math.sqrt((exact**2).mean())
    rng = np.random.default_rng(0)
    rows = []
    for kind, alpha, temperature in (("alpha", 0.25, 1.0), ("all", None, 1.0),
                                     ("cold", 0.25, WORK_TEMPERATURES[1])):  # fmt: skip
        for length in LENGTHS:
            found = inner_langevin.estimates(
                LOSS.slope, PLACES, SCOPE, steps=length, rate=RATE, rng=rng, alpha=alpha,
                temperature=temperature, chains=CHAINS if temperature == 1 else 2,
            )  # fmt: skip
            bias = math.sqrt(((found.mean(0) - exact) ** 2).mean()) / size
            spread = math.sqrt(found.var(0, ddof=1).mean()) / size
            rows.append((kind, length, bias, spread, math.hypot(bias, spread)))
    return pd.DataFrame(rows, columns=["average", "L", "bias", "spread", "error"])


@cache
def estimated(steps: int = 20) -> pd.DataFrame:
    """By place: the exact slope, and mean and standard deviation of its estimates."""
    x = np.linspace(-5, 5, 121)
    found = inner_langevin.estimates(LOSS.slope, x, SCOPE, steps=steps, rate=RATE,
                                     rng=np.random.default_rng(1), chains=CHAINS)  # fmt: skip
    return pd.DataFrame({"x": x, "slope": LOSS.slope(x),
                         "exact": line_entropy.local(LOSS, x, SCOPE).slope,
                         "mean": found.mean(0), "deviation": found.std(0, ddof=1)})  # fmt: skip


def inner_loop() -> Picture:
    """How near the inner loop's estimates are to the gradient of local entropy."""
    first, ax = style.panel(height=_HEIGHT)
    table = estimated()
    low, high = table["mean"] - table["deviation"], table["mean"] + table["deviation"]
    ax.fill_between(table["x"], low, high, color=style.CYCLE[0], alpha=0.2, linewidth=0)
    ax.plot(table["x"], table["mean"], color=style.CYCLE[0], label="estimates, $L = 20$")
    ax.plot(table["x"], table["exact"], color=style.INK, linewidth=2, label="exact")
    ax.set(xlim=(-5, 5), ylim=(-10.5, 14), xlabel="weight $x$", ylabel=r"$\nabla f_\gamma$")
    ax.legend(loc="upper left")
    second, bx = style.panel(height=_HEIGHT)
    parts = errors()
    for kind, column, form, color, label in (
        ("alpha", "bias", "o-", style.INK, "bias"),
        ("alpha", "spread", "s-", style.CYCLE[1], "spread"),
        ("all", "spread", "^--", style.CYCLE[2], "spread, all steps"),
        ("all", "bias", "v--", style.CYCLE[0], "bias, all steps"),
    ):
        rows = parts[parts["average"] == kind]
        bx.plot(rows["L"], rows[column], form, color=color, label=label)
    bx.axvspan(5, 20, color=style.GREY, alpha=0.18, linewidth=0)
    bx.set(xscale="log", ylim=(0, 1.75), xlabel="Langevin steps $L$",
           ylabel="error over gradient (rms)")  # fmt: skip
    bx.set_xticks([1, 5, 20, 100, 500], ["1", "5", "20", "100", "500"])
    bx.minorticks_off()
    bx.legend(loc="upper left", ncols=2, fontsize=8.5)
    return Picture(
        panels={"a": first, "b": second},
        titles={"a": rf"estimates, $\gamma = {SCOPE:g}$", "b": "bias and spread"},
        alt=_INNER, data={"estimates": table, "errors": parts},
    )  # fmt: skip


def inner_loop_said() -> str:
    """Errors at the work's lengths, at temperature 1 and at the work's."""
    table = errors().set_index(["average", "L"])

    def both(kind: str, length: int) -> str:
        row = table.loc[(kind, length)]
        return f"a bias of {row['bias']:.0%} and a spread of {row['spread']:.0%}".replace("%", " %")

    total = table.loc[("alpha", 20), "error"]
    nearer = "no better than zero" if total > 1 else "better than zero"
    cold = table.loc[("cold", 20), "error"]
    return (
        f"At $L = 5$ an estimate has {both('alpha', 5)} of the gradient's size, at $L = 20$ "
        f"{both('alpha', 20)}, taken together {nearer}; 500 steps, all averaged, still have "
        f"{both('all', 500)}, because a chain seldom leaves a valley. At the work's temperature "
        "there is no spread to speak of, but what is estimated is the gradient at another "
        f"temperature: at $L = 20$ it is {100 * cold:.0f} % away from that at $\\beta = 1$."
    )
