"""Where gradient descent ends on a 3-spin glass (thesis figure 2.2): what is measured."""

from functools import cache

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number
from landscape.experiments import spin_glass_summary
from landscape.theory import kac_rice, spin_glass

NAME, P = "thesis-fig-2-2", 3
REGIMES = ("exponential", "polynomial", "trivial")
DISTANCES = (
    ("cosine distance, all pairs of end points", "distance_end_points"),
    ("cosine distance, pairs of distinct minima", "distance_minima"),
    ("cosine distance, pairs of starts that end in different minima", "distance_other_minimum"),
    ("cosine distance of an end point to the farthest other minimum", "distance_farthest"),
    ("angle in radians, all pairs of end points", "angle_end_points"),
    (r"Euclidean distance $/\sqrt N$, all pairs of end points", "chord_end_points"),
)
TITLES = dict(zip("abc", REGIMES, strict=True))
SMOOTHING = 0.025  # bandwidth of the background, as a share of the panel's width


def draws(runs):
    """Regime -> one row a draw of the disorder; None where there is no record."""
    found = {regime: runs.table(NAME, regime, "draws") for regime in REGIMES}
    if any(table is None for table in found.values()):
        return None
    return {regime: table.set_index("draw") for regime, table in found.items()}


def minima(runs):
    """Regime -> one row a distinct end point, all draws."""
    return {regime: runs.table(NAME, regime, "minima") for regime in REGIMES}


def spins(tables):
    """N of the simulated spin glass."""
    return int(tables["exponential"]["spins"].iloc[0])


@cache
def exact_mean(n):
    """Mean energy of the minima at N = n without field, exact."""
    grid, weight = kac_rice.minima_by_energy(n, P)
    return float((grid * weight).sum() / weight.sum())


def saddles(found):
    """Share of end points' starts whose lowest curvature is negative: (starts, of how many)."""
    rows = [table[table["smallest_eigenvalue"] < 0] for table in found.values()]
    return int(sum(one["starts"].sum() for one in rows))


def measure(runs):
    """What the claims compare; intervals are over draws of the disorder."""
    tables = draws(runs)
    if tables is None:
        return {}
    a, b, c = (tables[regime] for regime in REGIMES)
    mean, n = statistics.mean_interval, spins(tables)
    found = minima(runs)
    starts = int(sum(table["starts"].sum() for table in tables.values()))
    m1, m2 = exact_mean(100), exact_mean(200)
    limit = m2 + (m2 - m1) * 200**-0.5 / (100**-0.5 - 200**-0.5)
    edges = (-spin_glass.energy_level(0, P), -spin_glass.e_infinity(P))
    inside = found["exponential"].groupby("draw")["energy"].apply(
        lambda e: ((e > edges[0]) & (e < edges[1])).mean()
    )
    return {
        "c1": {"one": mean(c["minima"]), "distance": mean(c["distance_end_points"])},
        "c2": {
            "many": mean(a["minima"]),
            "isolated": mean(a["smallest_eigenvalue"]),
            "independent": mean(a["distance_end_points"]),
            "printed": mean(a["distance_end_points"]),
            "possible": Measurement(20_000 / (20_000 - 1)),
        },
        "c3": {"exponential": _paired(a, b), "polynomial": _paired(b, c)},
        "c4": {
            "inside": mean(inside),
            "finite": mean(a["minima_energy_mean"] - exact_mean(n)),
            "limit": Measurement(limit + spin_glass.e_infinity(P)),
        },
        "c5": statistics.wilson_interval(saddles(found), starts),
    }


def _paired(first, second):
    both = first.index.intersection(second.index)
    return statistics.paired_difference(first["minima"].loc[both], second["minima"].loc[both])


def finding(found):
    """How many end points each regime has, and what the narrow strands are."""
    many, one, saddle = found["c2.many"], found["c1.one"], found["c5"]
    if many.value is None:
        return "Nothing was measured."
    number = saddle.measurement
    stopped = f"{round(number.value * number.n):,} of {number.n:,} starts end at one"
    fall = all(found[f"c3.{part}"].verdict.word == "reproduced" for part in REGIMES[:2])
    words = "fall with the field as the work says" if fall else "do not measurably fall everywhere"
    return (
        f"The distinct end points {words}, from {format_number(many.value, 0)} to "
        f"{format_number(one.value, 2)} per disorder, but the narrow strands of the maps are no "
        f"saddles ({stopped}) and a mean cosine distance of 1.16 is impossible."
    )


def drawn(runs, records):
    """Name, source and draws of this build and of the record, as far as they are there."""
    found = [(name, source, draws(source))
             for name, source in (("this build", runs), ("record", records))]  # fmt: skip
    return [one for one in found if one[2] is not None]


def counts(runs, records):
    """Rows of text: regime, run, expected and found numbers of minima, distance, energy."""
    rows = []
    for name, source, tables in drawn(runs, records):
        whole = spin_glass_summary.summary(
            {regime: table.reset_index() for regime, table in tables.items()},
            source.parameters(NAME),
        ).set_index("regime")
        for regime in REGIMES:
            d, s = tables[regime], whole.loc[regime]
            starts = " / ".join(f"{count:,.0f}" for count in d["starts"].iloc[:2])
            rows.append([
                regime, name, starts, f"{s['expected_critical_points']:.4g}",
                f"{s['expected_minima']:.2f}", *(
                    format_measurement(statistics.mean_interval(values))
                    for values in (d["minima"], d["minima"] + d["unseen"], d["distance_end_points"],
                                   d["energy_mean"])
                ),
            ])  # fmt: skip
    return sorted(rows, key=lambda row: REGIMES.index(row[0]))


def counts_table(runs, records):
    """Expected and found numbers, as a numbered table."""
    from landscape import book

    return book.Table(
        ["regime", "run", "starts, first draw / others", "critical points, exact", "minima, exact",
         "minima found", "with those unseen", "mean cosine distance", "$H / N$"],
        counts(runs, records), label="thesis-fig-2-2-counts", stack=True,
        caption="Expected and found per draw of the disorder (95 % intervals over draws). The "
        "record has the work's 20,000 starts",
    )  # fmt: skip


def curvature(runs, records):
    """Rows of text on the curvature at the end points, all draws."""
    rows = []
    for regime in REGIMES:
        for name, source, tables in drawn(runs, records):
            one, d = minima(source)[regime], tables[regime]
            rows.append([
                regime, name, f"{one['smallest_eigenvalue'].min():.3g}",
                f"{one['smallest_eigenvalue'].median():.3g}", f"{one['newton_step'].max():.2g}",
                f"{100 * one['soft_share'].median():.0f} %", f"{d['iterations_mean'].mean():.0f}",
            ])  # fmt: skip
    return rows


def curvature_table(runs, records):
    """The same as a table that unfolds."""
    from landscape import book

    return book.Table(
        ["regime", "run", "lowest curvature, all", "median", "Newton step, largest",
         "spread in the softest direction", "steps, mean"],
        curvature(runs, records), folded=True, stack=True,
        caption="Curvature at the end points. The Newton step is the distance to the exact minimum "
        r"on a sphere of radius $\sqrt N$; the spread is the share of the variance within one "
        "minimum, out of $N - 1$ directions",
    )  # fmt: skip


def distances(runs):
    """Rows of text: what 1.16 and 0.02 might have been, means over draws."""
    tables, rows = draws(runs), []
    for name, key in DISTANCES:
        if key not in tables["exponential"]:
            continue
        cells = []
        for regime in REGIMES:
            values = tables[regime][key].dropna()
            cells.append(
                format_measurement(statistics.mean_interval(values)) if len(values) else "–"
            )
        rows.append([name, *cells])
    return rows


def distances_table(runs):
    """The same as a table that unfolds."""
    from landscape import book

    return book.Table(
        ["mean", *REGIMES], distances(runs), folded=True, stack=True,
        caption="What 1.16 (exponential) and 0.02 (trivial) might have been; this build",
    )  # fmt: skip


def end_points(runs):
    """Regime -> the points of its map, for a reader's own picture."""
    return {regime: runs.table(NAME, regime).head(2000) for regime in REGIMES}


def maps(runs):
    """The page's picture: the end points of every regime in the plane."""
    from landscape import book

    return book.Picture(
        {letter: draw_map(runs, regime) for letter, regime in TITLES.items()},
        titles=TITLES,
        alt="Three maps. The first, exponential regime, is a scatter of small separate clumps of "
        "dots with different colours. The second, polynomial regime, consists of a few large "
        "blobs, each of one colour. The third, trivial regime, is one connected cloud of a "
        "single colour.",
        data=end_points(runs),
    )


def draw_map(runs, regime, dot=2.2):
    """End points of draw 0 in the plane of t-SNE over the smoothed energy."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize
    from matplotlib.ticker import MaxNLocator

    from landscape import book
    from landscape.book import spin_glass_pictures

    rows = runs.table(NAME, regime)
    x, y, energy = (rows[name].to_numpy() for name in ("x", "y", "energy"))
    field, extent = spin_glass_pictures.background(x, y, energy, SMOOTHING)
    middle, span = (energy.max() + energy.min()) / 2, max(np.ptp(energy), 0.02)
    # The dark end of the map is left out: dark dots must be seen on it.
    light = ListedColormap(colormaps["cividis"](np.linspace(0.35, 1, 256)))
    figure, ax = book.panel(width=3.9, height=3.1)
    image = ax.imshow(
        field, origin="lower", extent=extent, cmap=light, aspect="equal",
        norm=Normalize(middle - span / 2, middle + span / 2), interpolation="bilinear",
    )  # fmt: skip
    ax.scatter(x, y, s=dot, color="#1B1B3A", linewidths=0)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    bar = figure.colorbar(image, ax=ax, shrink=0.85)
    bar.set_label("$H / N$")
    bar.ax.yaxis.set_major_locator(MaxNLocator(4))
    bar.ax.yaxis.set_major_formatter("{x:.3f}")
    return figure


def energies(runs, records):
    """Minima of the exponential regime by energy, found and exact."""
    from landscape import book
    from landscape.book import spin_glass_pictures

    tables, record = draws(runs), records.table(NAME, REGIMES[0], "minima")
    if spins(tables) != 100:  # the work's N, which the record has
        record = None
    found, number = minima(runs)[REGIMES[0]], len(tables[REGIMES[0]])
    return book.Picture(
        spin_glass_pictures.energies(found, number, spins(tables), P, record),
        alt="A bell-shaped histogram of energies per spin with its peak a little above minus one "
        "and a half; the exact line follows the bars. The narrow shaded band lies at the left "
        "foot of the bell.",
    )
