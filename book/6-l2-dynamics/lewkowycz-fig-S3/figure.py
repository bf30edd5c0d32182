"""Accuracy against the L2 coefficient by budget (Lewkowycz & Gur-Ari 2020, figure S3)."""

import numpy as np

from landscape.evidence import l2_budgets, l2_races, l2_times, statistics
from landscape.evidence.measurement import Measurement, format_number, not_run

ID = "lewkowycz-fig-S3"
RUNS, PROBE = l2_budgets.CONSTANTS, l2_budgets.PROBE


def measure(runs):
    """The largest distance and price of the prediction, and c at small over c at large lambda."""
    tuning = l2_budgets.read(runs)
    if isinstance(tuning, Measurement):
        return {} if tuning.note == "no runs" else {"c1": tuning, "c2": tuning}
    return {
        "c1": {
            "distance": tuning.over_seeds(tuning.distance().max()),
            "price": tuning.over_seeds(tuning.price().max(), unit="points"),
        },
        "c2": small_over_large(runs, tuning),
    }


def coefficients(runs):
    """c = t_* lambda in epochs at every coefficient that no run was still rising at: by seed."""
    times = l2_times.peak_times(runs.frame(RUNS), ["l2"], time="effective_epoch")
    cut = times[times["censored"] | ~(times["t_star"] > 0)]
    kept = times[~times["l2"].isin(cut["l2"])]
    return kept.assign(c=kept["t_star"] * kept["l2"]).pivot(index="l2", columns="seed", values="c")


def small_over_large(runs, tuning):
    """c at two small coefficients over that of the probe, all within 0.5 points."""
    times = l2_times.peak_times(runs.frame(RUNS), ["l2"], time="effective_epoch")
    every = times.assign(c=times["t_star"] * times["l2"]).pivot(
        index="l2", columns="seed", values="c"
    )
    whole, large = coefficients(runs), runs.frame(PROBE)["l2"].iloc[0]
    within = tuning.reached(tuning.budgets[-1])
    found = {}
    for key, table in (("smallest", whole), ("reached", every[every.index.isin(within)])):
        if table.empty or table.index[0] >= large:
            found[key] = not_run("at every coefficient below the probe's some run was still rising")
            continue
        small, probe = statistics.common_seeds(
            table.iloc[0], l2_budgets.probed(runs.frame(PROBE), l2_times.WITHIN)
        )
        at = f"at {format_number(float(table.index[0]))}"
        found[key] = statistics.ratio_of_means(small, probe, note=at)
    return found


def finding(found):
    """How far off the prediction is at worst, in coefficients and in accuracy."""
    distance, price, ratio = found["c1.distance"], found["c1.price"], found["c2.reached"]
    if distance.value is None or price.value is None:
        return "Nothing was measured."
    tail = "no coefficient below the probe's was followed to its peak"
    if ratio.value is not None:
        times = format_number(ratio.value, digits=2)
        tail = f"c at the smallest coefficient that can peak in time is {times} times the probe's"
        if ratio.measurement.has_interval:
            ends = (ratio.measurement.low, ratio.measurement.high)
            tail += " ({} to {})".format(*(format_number(end, digits=2) for end in ends))
    off = l2_budgets.times_off(distance.measurement)
    small = "On a narrow network the" if distance.verdict.scale != "work" else "The"
    ten = distance.measurement.has_interval and distance.measurement.high < 1
    near = "" if ten else ", not measurably within ten,"
    return (
        f"{small} prediction c/T is at worst {off} off the best coefficient{near} and "
        f"costs up to {format_number(price.value, 1)} points{l2_races.ends(price.measurement)}; "
        f"{tail}."
    )


def picture(runs):
    """One panel a budget: accuracy against the coefficient, the prediction dashed."""
    from landscape import book
    from landscape.book import budget_pictures

    tuning = l2_budgets.read(runs)
    panels, titles = {}, {}
    for letter, budget in zip("abcdefg", tuning.budgets, strict=False):
        panels[letter] = budget_pictures.at_one_budget(tuning, budget)
        titles[letter] = f"$T$ = {budget:g} epochs"
    panels["a"].axes[0].legend(loc="best")
    table = tuning.maxima.reset_index()
    return book.Picture(
        panels=panels, titles=titles,
        alt="A panel for each budget of epochs: the highest test accuracy within it against the L2 "
        "coefficient on a logarithmic axis, with the predicted coefficient as a dashed line. "
        "The larger the budget, the further left is the coefficient above which accuracy falls.",
        data=table.rename(columns={seed: f"seed {seed}" for seed in tuning.maxima.columns}),
    )  # fmt: skip


def clock(runs):
    """c = t_* lambda against the coefficient, and that of the probe."""
    from landscape import book

    table, probe = coefficients(runs), l2_budgets.probed(runs.frame(PROBE), l2_times.WITHIN)
    figure, ax = book.panel(height=2.8)
    for strength, row in table.iterrows():
        ax.plot(np.full(len(row), strength), row, "o", color=book.CYCLE[0], markersize=4)
    if not table.empty:
        ax.plot(table.index, np.exp(np.log(table).mean(axis=1)), color=book.CYCLE[0],
                label="main runs, geometric mean")  # fmt: skip
    if not probe.empty:
        large = runs.frame(PROBE)["l2"].iloc[0]
        ax.plot(np.full(len(probe), large), probe, "s", color=book.CYCLE[1], label="probe")
        ax.axhline(2 * np.exp(np.log(probe).mean()), color=book.INK, linestyle="--",
                   label="twice the probe's")  # fmt: skip
        ax.set(xscale="log", yscale="log")
    if not table.empty:
        longest = runs.parameters(RUNS, l2_budgets.METHOD)["run"]["epochs"]
        # No t_* lies beyond the end of the runs.
        ends = np.array([table.index[0], max(1.5 * table.max().max() / longest, table.index[0])])
        ax.plot(ends, ends * longest, ":", color=book.INK, label="end of the runs")
    ax.set(xlabel=r"L2 coefficient $\lambda$", ylabel=r"$c = t_*\lambda$ [epochs]")
    ax.legend()
    return book.Picture(
        panels={"a": figure}, titles={"a": r"is $t_*\lambda$ one number?"},
        alt="Time of the best accuracy times coefficient against the coefficient, one mark a seed, "
        "with squares for the short probe and a dashed line at twice their mean.",
    )  # fmt: skip
