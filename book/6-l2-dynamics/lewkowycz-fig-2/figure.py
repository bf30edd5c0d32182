"""How long training takes until the test accuracy peaks, over eta and lambda (figure 2).

Times are in steps, on panels in epochs; a run counts for t_* where it reached its horizon.
"""

import numpy as np
import pandas as pd

from landscape.evidence import l2_times, statistics
from landscape.evidence.measurement import (
    Measurement,
    format_measurement,
    format_number,
    not_run,
)

FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
NETWORKS = {"fc": FC, "wrn": WRN}
NAMES = {"fc": "fully connected", "wrn": "Wide ResNet"}
#: The rate of the budget panels in the work, and the budget of the claim in steps.
BUDGET_RATE, BUDGET = {"fc": 0.15, "wrn": 0.2}, 100
BUDGETS = (32, 100, 316)


# ------------------------------------------------------------------ what is measured
def whole(frame):
    """The runs that reached their horizon: those cut before (work, SM A) have no t_*.

    Runs without L2 have no horizon in eta lambda and are kept.
    """
    last = frame.groupby(["lr", "l2", "seed"])["step"].transform("max")
    rate = frame["lr"] * frame["l2"]
    lost = frame.groupby(["lr", "l2", "seed"])["diverged"].transform("max") > 0
    usual = (last * rate)[(rate > 0) & ~lost].median()
    # One step of grace: horizons are whole steps.
    return frame[((last + 1) * rate >= 0.9 * usual) | (rate == 0) | lost]


def times(runs, network):
    """t_* of every run of one network that reached its horizon; None without a record."""
    frame = runs.frame(NETWORKS[network])
    return None if frame is None else l2_times.peak_times(whole(frame), ["lr", "l2"])


def epoch(runs, network):
    """Steps an epoch."""
    return l2_times.steps_an_epoch(runs.parameters(NETWORKS[network], "no_l2"))


def slope(found):
    """Exponent of t_* against lambda, mean over the rates with three or more lambdas."""
    fits, points = [], 0
    for _, rows in found.groupby("lr"):
        law = l2_times.power_law(rows, ["l2"])
        if law is not None:
            fits.append(law.by_seed["l2"])
            points += law.points
    if not fits:
        return not_run("no rate has three lambdas whose runs peaked")
    seeds = pd.concat(fits, axis=1).dropna().mean(axis=1)
    return statistics.mean_interval(seeds, note=f"{points} settings at {len(fits)} rates")


def difference(found):
    """a - b of t_* ~ eta^-a lambda^-b."""
    law = l2_times.power_law(found)
    if law is None:
        return not_run("fewer than four settings whose runs peaked")
    return statistics.mean_interval(law.by_seed["l2"] - law.by_seed["lr"])


def share(found):
    """What c'/(eta lambda) explains of the variance of log t_*."""
    folded = l2_times.collapse(found)
    return not_run("fewer than two settings whose runs peaked") if folded is None else folded.share


def accuracies(found):
    """Largest accuracies, rows (lr, l2), a column a seed; settings with all seeds only."""
    return found.set_index(["lr", "l2", "seed"])["best_accuracy"].unstack("seed").dropna()


def falls(found):
    """How far the smallest lambda is below the best, mean over rates, in points."""
    lost = []
    for _, rows in accuracies(found).groupby("lr"):
        rows = rows.droplevel("lr")
        rows = rows[rows.index > 0]
        if len(rows) > 1:
            lost.append(rows.loc[rows.mean(axis=1).idxmax()] - rows.loc[rows.index.min()])
    if not lost:
        return not_run("no rate has two lambdas")
    return statistics.mean_interval(pd.concat(lost, axis=1).mean(axis=1), unit="points")


def between_rates(found):
    """Largest minus smallest accuracy over rates, mean over the lambdas that all of them have."""
    table = accuracies(found)
    table = table[table.index.get_level_values("l2") > 0]
    rates = table.index.get_level_values("lr").nunique()
    by = table.groupby("l2")
    shared = by.size()[by.size() == rates].index
    if rates < 2 or not len(shared):
        return not_run("no lambda was trained to its horizon at every rate")
    gaps = (by.max() - by.min()).loc[shared].mean()
    return statistics.mean_interval(gaps, unit="points", note=f"{len(shared)} lambdas")


def budget_rate(found, network):
    """The rate with most lambdas; of several the nearest to that of the work's panel."""
    counts = found[found["l2"] >= 0].groupby("lr")["l2"].nunique()
    full = counts[counts == counts.max()].index
    return min(full, key=lambda lr: abs(np.log(lr / BUDGET_RATE[network])))


def budget_loss(runs, network, found):
    """Accuracy within the budget at the best lambda minus that at the smallest, in points."""
    frame, rate = runs.frame(NETWORKS[network]), budget_rate(found, network)
    frame = frame[(frame["lr"] == rate) & (frame["l2"] > 0)]
    rows = l2_times.within_budget(frame, ["lr", "l2"], BUDGET, found)
    table = rows.set_index(["l2", "seed"])["best_accuracy"].unstack("seed").dropna()
    if len(table) < 2:
        return not_run("fewer than two lambdas")
    best = table.mean(axis=1).idxmax()
    return statistics.mean_interval(
        table.loc[best] - table.loc[table.index.min()], unit="points",
        note=f"best at lambda = {best:g}, smallest {table.index.min():g}, eta = {rate:g}",
    )  # fmt: skip


def gain(found, best=False):
    """Accuracy at the smallest (or best) lambda minus that without L2, same rate, in points."""
    table = accuracies(found)
    both = [lr for lr, rows in table.groupby("lr") if 0.0 in rows.droplevel("lr").index]
    some = table[(table.index.get_level_values("l2") > 0)
                 & table.index.get_level_values("lr").isin(both)]  # fmt: skip
    if some.empty:
        return not_run("no rate was run with and without L2")
    chosen = [some.mean(axis=1).idxmax()]
    if not best:
        small = some.index.get_level_values("l2").min()
        chosen = [key for key in some.index if key[1] == small]
    gaps = pd.concat([table.loc[key] - table.loc[(key[0], 0.0)] for key in chosen], axis=1)
    return statistics.mean_interval(
        gaps.mean(axis=1), unit="points",
        note=f"lambda = {chosen[0][1]:g}, eta = {', '.join(f'{key[0]:g}' for key in chosen)}",
    )  # fmt: skip


def measure(runs):
    """The measurements of the claims."""
    found = {key: times(runs, key) for key in NETWORKS}
    out = {f"c{number}": {} for number in range(1, 6)}
    for key, table in found.items():
        if table is None:
            continue
        out["c1"][key] = slope(table)
        out["c2"] |= {f"{key}-exponents": difference(table), f"{key}-share": share(table)}
        out["c3"] |= {f"{key}-falls": falls(table), f"{key}-rates": between_rates(table)}
        out["c4"][key] = budget_loss(runs, key, table)
        out["c5"] |= {key: gain(table), f"{key}-best": gain(table, best=True)}
    return out


def finding(found):
    """One sentence."""
    slopes = [found[f"c1.{key}"].value for key in NETWORKS]
    shares = [found[f"c2.{key}-share"].value for key in NETWORKS]
    if None in slopes or None in shares:
        return "The sweeps over learning rates and L2 coefficients are not complete."
    gains = [found[f"c5.{key}"].measurement for key in NETWORKS]
    better = sum(gain is not None and gain.has_interval and gain.low > 0 for gain in gains)
    ends = {2: "in both", 1: "in one of them", 0: "in neither"}[better]
    return (
        rf"In small networks the time to the best accuracy falls as $\lambda^{{{slopes[0]:.2f}}}$ "
        rf"(fully connected) and $\lambda^{{{slopes[1]:.2f}}}$ (Wide ResNet); $1/(\eta\lambda)$ "
        f"explains {_percent(shares[0])} and {_percent(shares[1])} of it, and a small $\\lambda$ "
        f"measurably beats none {ends}."
    )


def _percent(value):
    return f"{max(0, round(100 * value))} %"


# ------------------------------------------------------------------ tables and sentences
def exponents(runs):
    """Fits of t_* over all runs, its larger and its smaller lambdas, by network."""
    from landscape import book

    rows = []
    for key in NETWORKS:
        table = times(runs, key)
        middle = float(np.sqrt(np.prod(_span(table, "l2"))))
        for words, part in (
            ("all", table),
            (rf"$\lambda \geq$ {middle:.2g}", table[table["l2"] >= middle * (1 - 1e-9)]),
            (rf"$\lambda <$ {middle:.2g}", table[table["l2"] < middle * (1 - 1e-9)]),
        ):
            law, folded = l2_times.power_law(part), l2_times.collapse(part)
            if law is None:
                continue
            wide = l2_times.power_law(part, over="points")
            rows.append([
                f"{NAMES[key]}, {words}", f"{law.points}", _exponent(law, wide, "lr"),
                _exponent(law, wide, "l2"), _short(slope(part)),
                f"{folded.spread.value:.2f} → {folded.left.value:.2f}",
                "–" if not folded.apart.finite else f"{folded.apart.value:.2f}",
            ])  # fmt: skip
    return book.Table(
        ["runs", "settings", r"of $\eta$", r"of $\lambda$", r"of $\lambda$, rate by rate",
         "spread", "apart"],
        rows, stack=True,
        caption=r"Exponents of the joint fit $t_* \propto \eta^x \lambda^y$ with 95 % intervals "
        "over seeds (in brackets, half the width over the grid's points, which holds the "
        r"departures from a law); the spread of $\log t_*$ and of $\log(t_*\eta\lambda)$; and "
        r"how far $\log t_*$ is apart at equal $\eta\lambda$",
    )  # fmt: skip


def _span(table, column):
    values = table.loc[table[column] > 0, column]
    return values.min(), values.max()


def _short(measured):
    return "–" if not measured.finite else format_measurement(measured.with_(n=None, note=""))


def _exponent(law, wide, name):
    half = (wide.exponents[name].high - wide.exponents[name].low) / 2
    return f"{_short(law.exponents[name])} (±{half:.2f})"


def every_setting(runs):
    """t_*, its product and the accuracy of every setting."""
    from landscape import book

    rows = []
    for key in NETWORKS:
        steps = epoch(runs, key)
        frame = whole(runs.frame(NETWORKS[key]))
        least = frame.groupby(["lr", "l2"])["training_error"].min()
        for (lr, l2), part in times(runs, key).groupby(["lr", "l2"]):
            at = l2_times.mean_peak_time(part, 1 / steps)
            constant = l2_times.mean_peak_time(part, lr * l2) if l2 else Measurement(None)
            best = part["best_accuracy"].dropna()
            rows.append([
                NAMES[key], f"{lr:g}", f"{l2:g}", _short(at),
                _short(constant), f"{best.mean():.1f}" if len(best) else "diverged",
                format_number(least[(lr, l2)], digits=3), at.note or "–",
            ])  # fmt: skip
    return book.Table(
        ["network", r"$\eta$", r"$\lambda$", "$t_*$ [epochs]", r"$t_*\eta\lambda$ [steps]",
         "best [%]", "least training error [%]", "cut short"],
        rows, stack=True, folded=True,
        caption="Every setting: geometric means over seeds with 95 % intervals, which reach down "
        "at least to the row before",
    )  # fmt: skip


def against_none(runs):
    """A sentence: t_* at the smallest lambda against that without L2."""
    said = []
    for key in NETWORKS:
        table = times(runs, key)
        peaks = table.set_index(["lr", "l2", "seed"])["t_star"].unstack("seed").dropna()
        none = [lr for lr, l2 in peaks.index if l2 == 0]
        small = [k for k in peaks.index if k[1] > 0 and k[0] in none]
        if not small:
            continue
        lr, l2 = min(small, key=lambda k: k[1])
        ratio = statistics.ratio_of_means(peaks.loc[(lr, l2)], peaks.loc[(lr, 0.0)])
        constant = statistics.ratio_of_means(peaks.loc[(lr, l2)] * lr * l2, np.ones(peaks.shape[1]))
        said.append(
            rf"{NAMES[key]}, $\eta = {lr:g}$, $\lambda = {l2:g}$: $t_*\eta\lambda$ = "
            f"{_short(constant)}, $t_*$ is {_short(ratio)} times that without L2"
        )
    return "At the smallest coefficients: " + "; ".join(said) + "." if said else ""


# ------------------------------------------------------------------ pictures
def figure_2(runs):
    """The six panels of the work."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles, data = {}, {}, {}
    for letters, key in zip(("abc", "def"), NETWORKS, strict=True):
        table, frame, steps = times(runs, key), runs.frame(NETWORKS[key]), epoch(runs, key)
        rate = budget_rate(table, key)
        drawn = (
            l2_pictures.draw_times(table, steps),
            l2_pictures.draw_best(table),
            l2_pictures.draw_budgets(
                frame[frame["lr"] == rate], table[table["lr"] == rate], BUDGETS, steps
            ),
        )
        heads = ("time to the best", "best accuracy", rf"fixed budgets, $\eta$ = {rate:g}")
        for letter, figure, head in zip(letters, drawn, heads, strict=True):
            panels[letter], titles[letter] = figure, f"{NAMES[key]}: {head}"
        data[key] = table
    return book.Picture(
        panels, titles=titles, data=data,
        alt="Two rows of three panels against lambda on a logarithmic axis, the fully connected "
        "network above the Wide ResNet, one series a learning rate: epochs to the best test "
        "accuracy, the maximum test accuracy, and the maximum within fixed budgets. The claims "
        "table states them in numbers.",
    )  # fmt: skip


def collapsed(runs):
    """All runs against eta lambda, and what is left of the law."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles = {}, {}
    for (one, two), key in zip(("ab", "cd"), NETWORKS, strict=True):
        table = times(runs, key)
        panels[one] = l2_pictures.draw_collapse(table, epoch(runs, key))
        panels[two] = l2_pictures.draw_constant(table)
        titles[one], titles[two] = f"{NAMES[key]}: all rates", f"{NAMES[key]}: the constant"
    return book.Picture(
        panels, titles=titles,
        alt="Four panels on logarithmic axes. Left, the time to the best accuracy against the "
        "product of learning rate and lambda, with a line of slope minus one; right, time times "
        "product against lambda, which would be flat under the law. The table states exponents.",
    )  # fmt: skip
