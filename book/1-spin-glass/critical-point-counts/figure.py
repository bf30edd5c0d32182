"""Exact and found numbers of critical points against the field: what is measured and drawn.

The page has no claims: it stands beside theorems 2.7 to 2.9 and 2.13 of Chaudhari (2018).
"""

from functools import cache

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.experiments import critical_point_summary
from landscape.theory import critical_counts, kac_rice, kac_rice_index, spin_glass

NAME, P = "critical-point-counts", 3
UNIT = spin_glass.critical_field(P)  # fields are shown in units of the critical one
SEARCHED = 10  # spins of the landscapes whose indices are drawn
EXPECTED = {"search": "expected_critical", "descents": "expected_minima"}
LEAST = {"search": 2, "descents": 1}  # no landscape has fewer
NAMES = {"search": "critical points, searched", "descents": "minima, by descents"}
REGIMES = ("exponential", "polynomial", "trivial")  # of figure 2.2


def theory(runs):
    """One row a number of spins and B: exact numbers, limits and the printed forms."""
    return runs.table(NAME, "theory")


def counted(values, least):
    """Mean of counts with its interval, whose lower end is not below the least possible number."""
    mean = statistics.mean_interval(values)
    low = None if mean.low is None else min(max(mean.low, least), mean.value)
    return mean.with_(low=low)


def means(rows, least):
    """What was found plus the estimate of those unseen, with intervals: a row a size and field."""
    found = []
    for (n, field), group in rows.groupby(["spins", "field"]):
        mean = counted(group["found"] + group["unseen"], least)
        low, high = (mean.value, mean.value) if mean.low is None else (mean.low, mean.high)
        found.append([n, field / UNIT, mean.value, low, high])
    return pd.DataFrame(found, columns=["spins", "field", "mean", "low", "high"])


def compared(runs):
    """One row a case, size and field: expected, found, and whether the interval has the former."""
    tables = {case: runs.table(NAME, case) for case in EXPECTED}
    rows = critical_point_summary.summary(tables)
    for i, row in rows.iterrows():
        table = tables[row["case"]]
        group = table[(table["spins"] == row["spins"]) & (table["field"] == row["field"])]
        mean = counted(group["found"] + group["unseen"], LEAST[row["case"]])
        rows.loc[i, "expected"] = row[EXPECTED[row["case"]]]
        rows.loc[i, "median"] = group["found"].median()
        rows.loc[i, "text"] = format_measurement(mean)
        inside = mean.low is not None and mean.low <= rows.loc[i, "expected"] <= mean.high
        rows.loc[i, "inside"] = float(inside)
    return rows


def moved(runs):
    """(size, mean distance) of the minima under a constant field, smallest and largest size."""
    table = runs.table(NAME, "displacement")
    table = table[table["scaling"] == "constant"]
    sizes = table["spins"].min(), table["spins"].max()
    return [(n, statistics.mean_interval(table[table["spins"] == n]["distance"])) for n in sizes]


def answer(runs):
    """What was found, in one sentence."""
    exact, rows = theory(runs), compared(runs)
    n = int(exact["spins"].max())
    many = np.log10(kac_rice.expected_critical_points(n, spin_glass.field_parameter(0, P)))
    points, minima = kac_rice.expected_counts(n, [-(n ** (-2 / 3))])
    (small, first), (large, last) = moved(runs)  # the work: by less than N^-0.3
    return (
        f"A field does thin the landscape out, of {n} spins from about $10^{{{many:.0f}}}$ "
        rf"critical points to {2 * n} at $\nu_c$ and two beyond, and the exact number lies in the "
        f"interval of {int(rows['inside'].sum())} of {len(rows)} sets of searched landscapes; but "
        f"on the way only {100 * minima[0] / points[0]:.0f} % are minima where the work has almost "
        f"all, and a constant field moves these by {format_number(first.value, 2)} for {small} "
        f"spins and {format_number(last.value, 2)} for {large}, where the work has at most about "
        f"{small**-0.3:.2f} and {large**-0.3:.2f}."
    )


def number_rows(runs):
    """Rows of text: what was searched, and expected and found numbers."""
    return [
        [NAMES[row["case"]], f"{row['spins']}", f"{row['field'] / UNIT:.2f}", f"{row['b']:.4f}",
         f"{row['expected']:.4g}", row["text"], f"{row['median']:g}"]
        for _, row in compared(runs).iterrows()
    ]  # fmt: skip


def index_rows(runs):
    """Rows of text: minima and saddles that the search found beside the exact numbers."""
    rows = []
    for (n, field), group in runs.table(NAME, "search").groupby(["spins", "field"]):
        exact = kac_rice_index.expected_by_index(int(n), group["b"].iloc[0])
        saddles = group["found"] - group["minima"] - group["maxima"]
        rows.append([
            f"{n}", f"{field / UNIT:.2f}", f"{exact[0]:.3f}",
            format_measurement(counted(group["minima"], 1)), f"{exact[1:-1].sum():.2f}",
            format_measurement(counted(saddles, 0)), f"{100 * exact[0] / exact.sum():.0f} %",
        ])  # fmt: skip
    return rows


def whole(runs):
    """In how many searches the numbers by index alternate as they must: (so many, of how many)."""
    found = runs.table(NAME, "search")
    return int((found["alternating_sum"] == 1 + (-1) ** (found["spins"] - 1)).sum()), len(found)


def limits(runs):
    """How far the limit for many spins is from the exact numbers at worst, in a sentence."""
    exact = theory(runs)
    worst = {
        name: 100 * np.expm1((exact[f"log_{name}_asymptotic"] - exact[f"log_{name}"]).abs().max())
        for name in ("critical", "minima")
    }
    return (
        "Largest distance of a dot from its line, all $N$ and fields: "
        f"{worst['critical']:.1f} % for critical points, {worst['minima']:.1f} % for minima."
    )


def colours(runs):
    """Number of spins -> colour, the same in all panels; searched sizes after the others."""
    from landscape import book

    palette = [color for color in book.CYCLE if color != book.INK]
    sizes = sorted(theory(runs)["spins"].unique())
    more = sorted({*runs.table(NAME, "search")["spins"], *runs.table(NAME, "descents")["spins"]})
    every = [*sizes, *(n for n in more if n not in sizes)]
    return {n: palette[i % len(palette)] for i, n in enumerate(every)}


def data(runs):
    """What the first picture is made of, to be downloaded."""
    found = {f"{case}-found": means(runs.table(NAME, case), LEAST[case]) for case in EXPECTED}
    return {"exact": theory(runs).drop(columns=["method", "case"])} | found


def draw_numbers(runs, kind):
    """Expected numbers of ``critical`` points or ``minima`` against the field, and those found."""
    from landscape import book

    scale, case = {"critical": ("tau", "search"), "minima": ("kappa", "descents")}[kind]
    color, searched = colours(runs), runs.table(NAME, case)
    figure, ax = book.panel(height=3.3)
    for n, rows in theory(runs).groupby("spins"):
        rows = rows.sort_values("field")
        x, y = rows["field"] / UNIT, np.exp(rows[f"log_{kind}"])
        _line(ax, x, y, rows[scale].abs() <= 1.02, color[n], n)
        dots = rows.iloc[:: max(len(rows) // 14, 1)]
        ax.plot(dots["field"] / UNIT, np.exp(dots[f"log_{kind}_asymptotic"]), ".", color=color[n])
    if kind == "critical":  # the sizes that can be searched whole are smaller
        v = np.linspace(0, 1.75, 60)
        b = [spin_glass.field_parameter(x * UNIT, P) for x in v]
        for n in sorted(searched["spins"].unique()):
            ax.plot(v, kac_rice.expected_counts(int(n), b)[0], "--", color=color[n], linewidth=1.2,
                    label=f"$N = {n}$")  # fmt: skip
    points(ax, means(searched, LEAST[case]), "s", color)
    if kind == "minima":
        more = pd.concat(runs.table("thesis-fig-2-2", regime, "draws") for regime in REGIMES)
        points(ax, means(more.assign(found=more["minima"]), 1), "D", color)
    ax.axhline(LEAST[case], color=book.GREY, linestyle=":", linewidth=1.2)
    top, name = (1e13, "critical points") if kind == "critical" else (1e5, "minima")
    ax.set(yscale="log", xlim=(-0.03, 1.75), ylim=(0.7, top), xlabel=r"field $\nu / \nu_c$",
           ylabel=f"expected number of {name}")  # fmt: skip
    ax.legend(loc="upper right", fontsize=9)
    return figure


def _line(ax, x, y, band, color, n):
    """A line that is thick in the band."""
    ax.plot(x, y, color=color, linewidth=1.2, label=f"$N = {n}$")
    ax.plot(x[band], y[band], color=color, linewidth=4, alpha=0.55, solid_capstyle="butt")


def points(ax, rows, mark, color):
    """Means with their intervals as marks."""
    from landscape import book

    for n, group in rows.groupby("spins"):
        bars = [group["mean"] - group["low"], group["high"] - group["mean"]]
        ax.errorbar(group["field"], group["mean"], bars, fmt=mark, color=color.get(n, book.INK),
                    markersize=4, capsize=2, linewidth=1)  # fmt: skip


def draw_band(runs):
    """Critical points per spin against tau: exact, the limit F, and the two printed cases."""
    from scipy.interpolate import CubicSpline

    from landscape import book

    figure, ax = book.panel(height=3.1)
    tau, color = np.linspace(-4, 12, 300), colours(runs)
    right, left = tau[tau > 0.15], tau[tau < -0.15]
    printed = book.CYCLE[7]
    ax.plot(right, 2 / np.sqrt(np.pi) * right**-1.5, "--", color=printed, label="printed")
    ax.plot(left, 4 * np.exp(-left) / np.sqrt(np.pi * -left), "--", color=printed)
    ax.plot(tau, [critical_counts.critical_points_per_spin(t) for t in tau], color=book.INK,
            linewidth=2.2, label=r"limit $F(\tau)$")  # fmt: skip
    for n, rows in theory(runs).groupby("spins"):
        rows = rows.sort_values("tau")
        fine = tau[(tau >= rows["tau"].min()) & (tau <= rows["tau"].max())]
        smooth = CubicSpline(rows["tau"], rows["log_critical"])(fine)  # B has a coarse grid here
        ax.plot(fine, np.exp(smooth) / n, color=color[n], linewidth=1.2, label=f"$N = {n}$")
    return _band(ax, figure, (-4, 12), (0.02, 200), r"$\tau = -NB$", "critical points / $N$")


def draw_edge(runs):
    """Minima against kappa: exact, the limit, and the printed growth."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    kappa, color = np.linspace(-3.5, 4, 150), colours(runs)
    far = kappa[kappa < -0.5]
    ax.plot(far, np.exp(critical_counts.log_minima_as_printed(far)), "--", color=book.CYCLE[7],
            label="printed, $C = 1$")  # fmt: skip
    ax.plot(kappa, [critical_counts.minima_at_edge(k) for k in kappa], color=book.INK,
            linewidth=2.2, label="limit")  # fmt: skip
    for n, rows in theory(runs).groupby("spins"):
        rows = rows.sort_values("kappa")
        ax.plot(rows["kappa"], np.exp(rows["log_minima"]), color=color[n], linewidth=1.2,
                label=f"$N = {n}$")  # fmt: skip
    return _band(ax, figure, (-3.5, 4), (0.7, 1e4), r"$\kappa = -2N^{1/3}B$", "minima")


def _band(ax, figure, x, y, xlabel, ylabel):
    from landscape import book

    ax.axvspan(-1, 1, color=book.GREY, alpha=0.2, linewidth=0)
    ax.set(yscale="log", xlim=x, ylim=y, xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper right", fontsize=9)
    return figure


@cache
def by_index(n):
    """Fields in units of the critical one, and the exact numbers of each index there."""
    v = np.linspace(0, 1.75, 36)
    b = [spin_glass.field_parameter(x * UNIT, P) for x in v]
    return v, np.array([kac_rice_index.expected_by_index(n, x) for x in b])


def draw_indices(runs):
    """Expected numbers of each index at few spins, and the minima that the search found."""
    from landscape import book

    searched = runs.table(NAME, "search")
    n = SEARCHED if SEARCHED in set(searched["spins"]) else int(searched["spins"].max())
    v, numbers = by_index(n)
    figure, ax = book.panel(height=3.1)
    palette = (book.INK, *book.CYCLE[:3], *book.CYCLE[4:])
    for k in range(n // 2):
        label = "0 (minima)" if k == 0 else f"{k} or {n - 1 - k}"
        ax.plot(v, numbers[:, k], color=palette[k], linewidth=1.2 if k else 2.2, label=label)
    rows = searched[searched["spins"] == n].assign(found=lambda table: table["minima"], unseen=0)
    points(ax, means(rows, 1), "s", {})
    ax.set(yscale="log", ylim=(0.03, 2000), xlim=(-0.03, 1.75), xlabel=r"field $\nu / \nu_c$",
           ylabel=f"expected number, $N = {n}$")  # fmt: skip
    ax.legend(loc="upper right", title="index $k$", ncols=2, fontsize=9)
    return figure


def draw_share(runs):
    """Share of the minima among all critical points against the field."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    color = colours(runs)
    for n, rows in theory(runs).groupby("spins"):
        rows = rows.sort_values("field")
        x, share = rows["field"] / UNIT, np.exp(rows["log_minima"] - rows["log_critical"])
        band = rows["b"].between(-(n ** (-1 / 3)) * 1.001, -0.999 / n)
        _line(ax, x, share, band, color[n], n)
    ax.axhline(0.5, color=book.GREY, linestyle="--", linewidth=1)
    ax.set(xlim=(-0.03, 1.75), ylim=(0, 0.53), xlabel=r"field $\nu / \nu_c$",
           ylabel="minima / critical points")  # fmt: skip
    ax.legend(loc="center left", fontsize=9)
    return figure


def draw_displacement(runs):
    """How far a field moves the minima, constant and divided by sqrt(N), against N."""
    from landscape import book

    figure, ax = book.panel(height=2.9)
    table = runs.table(NAME, "displacement")
    for scaling, label, color, mark in (
        ("constant", r"$\nu$ constant", book.CYCLE[0], "o"),
        ("shrinking", r"$\nu/\sqrt{N}$", book.CYCLE[1], "s"),
    ):
        book.curve(ax, table[table["scaling"] == scaling].drop(columns="method"), "spins",
                   "distance", scaling, label=label, color=color, marker=mark)  # fmt: skip
    bound = table.groupby("spins")["bound"].first()
    ax.plot(bound.index, bound, "--", color=book.GREY, label="$N^{-0.3}$")
    book.log_axis(ax)
    ax.set_xscale("log")
    ax.set_xticks(bound.index, [f"{n}" for n in bound.index])
    ax.minorticks_off()
    ax.set(xlabel="spins $N$", ylabel="distance on the unit sphere", ylim=(0.05, 10))
    ax.legend(loc="upper right", fontsize=9)
    return figure


def numbers(runs):
    """The page's picture: how many critical points and minima there are."""
    from landscape import book

    return book.Picture(
        {"a": draw_numbers(runs, "critical"), "b": draw_numbers(runs, "minima")},
        titles={"a": "critical points", "b": "minima"},
        alt="Two panels with logarithmic vertical axes. One line for each number of spins falls "
        "as the field grows; lines of more spins start higher, cross near the critical field "
        "and end at two critical points or one minimum. Dots of the limit lie on the lines, "
        "marks of simulated landscapes around them.",
        data=data(runs),
    )


def limit_laws(runs):
    """Exact numbers near the transition and the laws of the limit, corrected and printed."""
    from landscape import book

    return book.Picture(
        {"a": draw_band(runs), "b": draw_edge(runs)},
        titles={"a": "critical points", "b": "minima"},
        alt="Two panels. In the first, curves for all sizes lie on the limit near tau zero; the "
        "dashed printed curves meet it far from zero only and diverge at zero. In the second "
        "the curves gather around the limit; the dashed printed curve is far too high.",
    )


def indices(runs):
    """Numbers by index, and the share of minima."""
    from landscape import book

    return book.Picture(
        {"a": draw_indices(runs), "b": draw_share(runs)},
        titles={"a": "by index", "b": "share of the minima"},
        alt="Two panels. In the first, curves for each index meet at the critical field with the "
        "value two; to its right that of the minima tends to one while the others vanish. In "
        "the second the share of minima rises with the field towards one half, the later the "
        "more spins; the thick parts lie well below one half for the most part.",
    )


def displacement(runs):
    """How far a field moves the minima."""
    from landscape import book

    return book.Picture(
        draw_displacement(runs),
        alt="With a constant field the distance does not fall with the number of spins and stays "
        "above the dashed bound; with a field divided by the root of N it falls along with "
        "it.",
        data=runs.table("critical-point-counts", "displacement").drop(columns=["method", "case"]),
    )


def numbers_table(runs):
    """What the simulated landscapes contain, folded."""
    from landscape import book

    return book.Table(
        ["what", "$N$", r"$\nu / \nu_c$", "$B$", "expected, exact", "found, with those unseen",
         "median found"], number_rows(runs), folded=True,
        caption="What the simulated landscapes contain: means over disorders with 95 % intervals",
    )  # fmt: skip


def index_table(runs):
    """The same by index, folded."""
    from landscape import book

    return book.Table(
        ["$N$", r"$\nu / \nu_c$", "minima, exact", "minima found", "saddles, exact",
         "saddles found", "share of minima"], index_rows(runs), folded=True,
        caption="By index: means over disorders with 95 % intervals. Numbers by index alternate to "
        "the sphere's Euler number in {} of {} searches; the others missed some points".format(
            *whole(runs)
        ),
    )  # fmt: skip
