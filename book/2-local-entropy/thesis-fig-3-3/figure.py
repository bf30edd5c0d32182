"""All solutions of binary perceptrons (thesis figure 3.3): what is measured, drawn and said."""

from functools import partial

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_brief, format_number
from landscape.experiments import perceptron_summary as summary
from landscape.theory import binary_perceptron as theory

NAME = "thesis-fig-3-3"
MAIN, LOW, RADIUS = 0.8, 0.4, 2
EXACT_LENGTH = 1001
GAPS = (0.2, 0.4, 0.6, 0.8)
STORAGE, TEACHER = 0.833, 1.245  # section 3.1.1


def solutions(runs, case="teacher", alpha=MAIN):
    """One row a length and data set at this alpha; None where there is no record."""
    table = runs.table(NAME, case)
    return None if table is None else summary.at_alpha(table, alpha)


def entropy(runs, alpha=MAIN):
    """Local entropy against test error at the largest length, by data set."""
    return summary.longest(summary.at_alpha(runs.table(NAME, "teacher", "entropy"), alpha))


#: Mean over data sets; values that do not exist are left out.
mean = partial(statistics.mean_of_known, missing="no data set has both")


def measure(runs):
    """What the claims compare; intervals are over data sets."""
    table = solutions(runs)
    if table is None:
        return {}
    last, low = summary.longest(table), summary.longest(solutions(runs, alpha=LOW))
    chosen = entropy(runs)
    limits = {case: runs.table(NAME, case, "limits") for case in ("teacher", "random")}
    learned = limits["random"][limits["random"]["d"] == limits["random"]["d"].max()]
    share = last["isolated"] / last["solutions"]
    isolated = summary.slopes(table, np.log1p(table["isolated"]))
    right, printed = summary.largest_difference(EXACT_LENGTH)
    points = {"unit": "points"}
    return {
        "c1": {
            "isolated": mean(isolated),
            "clusters": mean(summary.slopes(table, table["clusters"])),
            "slower": mean(isolated - summary.slopes(table, np.log1p(table["clusters"]))),
            "better": mean(last["error_isolated"] - last["error_clusters"], **points),
            "connected": mean(last["error_isolated"] - last["error_connected"], **points),
            "entropy": mean(chosen[f"correlation_{RADIUS}"]),
        },
        "c2": {"limit": Measurement(right), "printed": Measurement(printed)},
        "c3": {
            "width": mean(summary.slopes(table, table["width"])),
            "fewer": mean(share - last["in_clusters"] / last["solutions"]),
            "pooled": mean(last["isolated"] - last["in_clusters"]),
        },
        "c4": {
            "typical": mean(share),
            "every": mean(low["isolated"] / low["solutions"]),
            "rising": mean(summary.slopes(table, table["isolated"] / table["solutions"])),
            "pairs": mean(_alone(chosen, last)),
            "gap": Measurement(min(map(theory.isolation_gap, GAPS))),
        },
        "c5": {
            "picked": mean(chosen[f"shell_{RADIUS}"] - chosen["error"], **points),
            "ball": mean(chosen[f"ball_{RADIUS}"] - chosen["error"], **points),
            "margin": mean(chosen[f"shell_{RADIUS}"] - chosen["margin"], **points),
            "hebb": mean(chosen[f"shell_{RADIUS}"] - chosen["mean_margin"], **points),
        },
        "c6": {
            "printed": _solvable(learned, 0.6),
            "above": _solvable(learned, 1.2),
            "storage": mean(summary.extrapolated(limits["random"])),
            "teacher": mean(summary.extrapolated(limits["teacher"])),
        },
    }


def _alone(chosen, last):
    """Share of solutions without another one within two flips, by data set."""
    return chosen["alone_2"] / last["solutions"]


def _solvable(rows, alpha):
    """Share of the data sets with a solution at alpha times d patterns."""
    return statistics.wilson_interval(int((rows["patterns"] >= alpha * rows["d"]).sum()), len(rows))


def finding(found):
    """What the enumeration says about the cartoon, in one sentence."""
    if found["c1.isolated"].value is None:
        return "Nothing was measured."
    yes = {key: one.verdict.word == "reproduced" for key, one in found.items()}
    number = {key: format_number(abs(one.value), 1) for key, one in found.items()
              if one.value is not None}  # fmt: skip
    factor = format_number(float(np.exp(found["c1.isolated"].value)), 2)
    alone = "does not measurably multiply isolated solutions"
    if yes["c1.isolated"]:
        alone = f"multiplies isolated solutions by {factor}"
    dense = format_number(found["c1.clusters"].value, 2)
    better = f"{number['c1.better']} points less" if yes["c1.better"] else "not measurably less"
    picked = f"{number['c5.picked']} less" if yes["c5.picked"] else "no less"
    hebb = "" if yes["c5.hebb"] or not yes["c5.picked"] else ", as does Hebb's"
    faults = [words for key, words in (("c3.width", "clusters widen"),
                                       ("c4.every", "with few patterns most connect"))
              if not yes[key]]  # fmt: skip
    return (
        f"Each further weight {alone} and adds {dense} dense clusters; solutions in these err "
        f"{better} than isolated ones, local entropy's choice {picked} than the mean{hebb}"
        + (f"; but {', and '.join(faults)}" if faults else "") + "."
    )  # fmt: skip


def first(runs):
    """The page's picture: a map, test error by density, numbers against d."""
    from landscape import book
    from landscape.book import perceptron_pictures as draw

    points, profile = (runs.table(NAME, "teacher", name) for name in ("map", "profile"))
    table = solutions(runs)
    return book.Picture(
        {"a": draw.solution_map(points, RADIUS), "b": draw.error_by_density(profile, RADIUS),
         "c": draw.counts(table)},
        titles={"a": f"one data set, $d = {points_length(runs)}$", "b": "dense ones err less",
                "c": "how many there are"},
        alt="First panel: a map of all solutions of one data set; two groups of darker dots are "
        "joined by lines, single red dots lie everywhere around them and the teacher is a star "
        "near the groups. Second: the test error falls with the number of other solutions within "
        "two flips. Third: the number of isolated solutions rises along the exact line, the number "
        "of dense clusters stays below one.",
        data={"map": points, "profile": profile,
              "counts": table[["d", "data_set", "isolated", "clusters", "in_clusters"]]},
    )  # fmt: skip


def points_length(runs):
    """Length of the largest perceptrons."""
    return int(solutions(runs)["d"].max())


def isolation_note(runs):
    """How isolated the solutions of the longest perceptrons are, in words."""
    from landscape import book

    chosen, last = entropy(runs), summary.longest(solutions(runs))
    one, two = last["isolated"] / last["solutions"], _alone(chosen, last)
    joined = chosen["largest_2"] / last["solutions"]
    percent = [format_brief(mean(100 * x, unit="%")) for x in (one, two, joined)]
    gap = " and ".join(
        f"{100 * theory.isolation_gap(a):.2g} % of the weights at $\\alpha = {a}$"
        for a in (MAIN, LOW)
    )
    return book.Note(
        f"Of the solutions of a data set with $d = {points_length(runs)}$ and $\\alpha = {MAIN}$, "
        f"{percent[0]} have no other solution one flip away, but only {percent[1]} have "
        f"none within two; steps of up to two connect {percent[2]} of them. For long perceptrons "
        f"the gap around a solution is {gap}: less than one weight up to some hundred or thousand "
        "weights."
    )


def clusters_note(runs):
    """How many dense clusters there are in the shortest and the longest perceptrons, in words."""
    from landscape import book

    groups = solutions(runs).groupby("d")["clusters"]
    means = [(d, format_brief(mean(groups.get_group(d))))
             for d in (min(groups.groups), max(groups.groups))]  # fmt: skip
    return book.Note(
        f"A data set has {means[0][1]} dense clusters in the mean at $d = {means[0][0]}$ and "
        f"{means[1][1]} at $d = {means[1][0]}$. The tolerance that was set beforehand, half a "
        "cluster in ten weights, is wide for such numbers: over these lengths it allows "
        f"{0.05 * (means[1][0] - means[0][0]):.1f} more."
    )


def picks_note(runs):
    """What picks as well as local entropy, and what does not, in words."""
    from landscape import book

    rows = entropy(runs)
    own = rows[f"shell_{RADIUS}"]
    margin, hebb, centre = (
        format_brief(mean(own - rows[name], unit="points"))
        for name in ("margin", "mean_margin", "centre")
    )
    return book.Note(
        f"The test error of local entropy's choice at {RADIUS} flips, minus that of others: "
        f"{margin} against the largest margin, which nearly all solutions share; "
        f"{hebb} against the solution with the largest *mean* margin, nearest to Hebb's sum "
        rf"$\sum_i y_i\xi_i$, which asks for no neighbours; {centre} against the centre, the "
        "vector of the entries that most solutions have."
    )


def limits_note(runs):
    """Extrapolated thresholds, in words."""
    from landscape import book

    storage, teacher = (
        format_brief(mean(summary.extrapolated(runs.table(NAME, case, "limits"))))
        for case in ("random", "teacher")
    )
    return book.Note(
        f"Straight lines in $1/d$ through the mean numbers of patterns end at {storage} for random "
        f"labels (printed: {STORAGE}) and at {teacher} for the teacher (printed: {TEACHER})."
    )


def counts_table(runs):
    """Numbers at the largest length for every alpha and both problems."""
    from landscape import book

    rows = []
    for case in ("teacher", "random"):
        table = runs.table(NAME, case)
        for alpha, some in table[table["d"] == table["d"].max()].groupby("alpha"):
            some = some[some["solutions"] > 0]
            values = (some["solutions"], 100 * some["isolated"] / some["solutions"],
                      100 * some["in_clusters"] / some["solutions"], some["clusters"],
                      some["half_open_clusters"], some["width"])  # fmt: skip
            cells = [format_brief(mean(one)) for one in values]
            rows.append([rf"{case}, $\alpha = {alpha:g}$ ({len(some)})", *cells])
    return book.Table(
        ["labels (data sets)", "solutions", "isolated, %", "in dense clusters, %",
         "dense clusters", "other reading", "width, flips"], rows, folded=True, stack=True,
        caption=f"All $\\alpha$ at $d = {points_length(runs)}$: means over the data sets that have "
        "a solution. Other reading of a dense cluster: a solution in it has at least half of its "
        "neighbours as solutions. Width: mean distance in the largest cluster",
    )  # fmt: skip


def gains_table(runs):
    """By how much solutions in dense clusters err less, for every alpha and three lengths."""
    from landscape import book

    table = runs.table(NAME, "teacher")
    lengths = sorted(table["d"].unique())
    lengths = lengths[:: max(1, len(lengths) // 2)]
    gain = table["error_isolated"] - table["error_clusters"]
    rows = [
        [f"${alpha:g}$", *(str(mean(gain[some.index[some["d"] == d]])) for d in lengths)]
        for alpha, some in table.groupby("alpha")
    ]  # fmt: skip
    return book.Table(
        [r"$\alpha$", *(f"$d = {d}$" for d in lengths)], rows, folded=True, stack=True,
        caption="Test error of isolated solutions minus that of solutions in dense clusters, in "
        "points, over the data sets that have both",
    )  # fmt: skip


def far(runs):
    """How isolated solutions are, from short perceptrons to long ones."""
    from landscape import book
    from landscape.book import perceptron_pictures as draw

    return book.Picture(
        draw.isolation(runs.table(NAME, "random"), (MAIN, 0.6, LOW)),
        titles={"a": "isolated share", "b": "nearest solution"},
        alt="Left: the share of isolated solutions rises slowly with the number of weights, faster "
        "for more patterns; dots from enumeration up to 25 weights lie around the exact lines. "
        "Right: the nearest solution is one or two flips away up to some hundred weights and "
        "only then becomes proportional to their number.",
    )


def picks(runs):
    """Test error of what local entropy picks, by distance, beside other choices."""
    from landscape import book
    from landscape.book import perceptron_pictures as draw

    rows = entropy(runs)
    return book.Picture(
        draw.choices(rows),
        alt="Test error against the distance at which other solutions are counted. Both choices by "
        "local entropy lie below the line of the mean solution at small distances; counting within "
        "a distance stays there, counting exactly at it does not. The number of other "
        "solutions at a distance picks about as well as the centre of all solutions.",
        data=rows,
    )


def thresholds(runs):
    """Share of data sets with a solution, and with one besides the teacher, against alpha."""
    from landscape import book
    from landscape.book import perceptron_pictures as draw

    data = {case: summary.shares(runs.table(NAME, case, "limits"), np.linspace(0, 2.4, 121))
            for case in ("random", "teacher")}  # fmt: skip
    return book.Picture(
        {"a": draw.solvable(data["random"], STORAGE), "b": draw.solvable(data["teacher"], TEACHER)},
        titles={"a": "random labels: a solution", "b": "teacher: not alone"}, data=data,
        alt="Two panels of falling curves, three lengths nearly alike; the first cross one half "
        "near the dotted line at 0.833, the second somewhat beyond the one at 1.245.",
    )  # fmt: skip
