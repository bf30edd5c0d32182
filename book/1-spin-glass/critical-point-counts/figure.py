"""Exact and found numbers of critical points against the field: what is measured and drawn.

The page has no claims: it stands beside theorems 2.7 to 2.9 and 2.13 of Chaudhari (2018).
"""

import numpy as np
import pandas as pd

from landscape.evidence import statistics
from landscape.evidence.critical_points import UNIT, P, counted, means
from landscape.evidence.measurement import format_measurement, format_number
from landscape.experiments import critical_point_summary
from landscape.theory import kac_rice, kac_rice_index, spin_glass

NAME = "critical-point-counts"
SEARCHED = 10  # spins of the landscapes whose indices are drawn
EXPECTED = {"search": "expected_critical", "descents": "expected_minima"}
LEAST = {"search": 2, "descents": 1}  # no landscape has fewer
NAMES = {"search": "critical points, searched", "descents": "minima, by descents"}
REGIMES = ("exponential", "polynomial", "trivial")  # of figure 2.2


def theory(runs):
    """One row a number of spins and B: exact numbers, limits and the printed forms."""
    return runs.table(NAME, "theory")


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
    from landscape.book import critical_point_pictures as draw

    scale, case = {"critical": ("tau", "search"), "minima": ("kappa", "descents")}[kind]
    color, searched = colours(runs), runs.table(NAME, case)
    figure, ax = book.panel(height=3.3)
    for n, rows in theory(runs).groupby("spins"):
        rows = rows.sort_values("field")
        x, y = rows["field"] / UNIT, np.exp(rows[f"log_{kind}"])
        draw.line(ax, x, y, rows[scale].abs() <= 1.02, color[n], n)
        dots = rows.iloc[:: max(len(rows) // 14, 1)]
        ax.plot(dots["field"] / UNIT, np.exp(dots[f"log_{kind}_asymptotic"]), ".", color=color[n])
    if kind == "critical":  # the sizes that can be searched whole are smaller
        v = np.linspace(0, 1.75, 60)
        b = [spin_glass.field_parameter(x * UNIT, P) for x in v]
        for n in sorted(searched["spins"].unique()):
            ax.plot(v, kac_rice.expected_counts(int(n), b)[0], "--", color=color[n], linewidth=1.2,
                    label=f"$N = {n}$")  # fmt: skip
    draw.marks(ax, means(searched, LEAST[case]), "s", color)
    if kind == "minima":
        more = pd.concat(runs.table("thesis-fig-2-2", regime, "draws") for regime in REGIMES)
        draw.marks(ax, means(more.assign(found=more["minima"]), 1), "D", color)
    ax.axhline(LEAST[case], color=book.GREY, linestyle=":", linewidth=1.2)
    top, name = (1e13, "critical points") if kind == "critical" else (1e5, "minima")
    ax.set(yscale="log", xlim=(-0.03, 1.75), ylim=(0.7, top), xlabel=draw.FIELD,
           ylabel=f"expected number of {name}")  # fmt: skip
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
    from landscape.book import critical_point_pictures as draw

    exact, color = theory(runs), colours(runs)
    return book.Picture(
        {
            "a": draw.points_near_transition(exact, color),
            "b": draw.minima_near_transition(exact, color),
        },
        titles={"a": "critical points", "b": "minima"},
        alt="Two panels. In the first, curves for all sizes lie on the limit near tau zero; the "
        "dashed printed curves meet it far from zero only and diverge at zero. In the second "
        "the curves gather around the limit; the dashed printed curve is far too high.",
    )


def indices(runs):
    """Numbers by index, and the share of minima."""
    from landscape import book
    from landscape.book import critical_point_pictures as draw

    searched = runs.table(NAME, "search")
    n = SEARCHED if SEARCHED in set(searched["spins"]) else int(searched["spins"].max())
    return book.Picture(
        {"a": draw.indices(searched, n), "b": draw.share_of_minima(theory(runs), colours(runs))},
        titles={"a": "by index", "b": "share of the minima"},
        alt="Two panels. In the first, curves for each index meet at the critical field with the "
        "value two; to its right that of the minima tends to one while the others vanish. In "
        "the second the share of minima rises with the field towards one half, the later the "
        "more spins; the thick parts lie well below one half for the most part.",
    )


def displacement(runs):
    """How far a field moves the minima."""
    from landscape import book
    from landscape.book import critical_point_pictures as draw

    table = runs.table(NAME, "displacement")
    return book.Picture(
        draw.displacement(table),
        alt="With a constant field the distance does not fall with the number of spins and stays "
        "above the dashed bound; with a field divided by the root of N it falls along with "
        "it.",
        data=table.drop(columns=["method", "case"]),
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
