"""Convolutional networks with and without batch norm over lambda (figure 3): measuring, drawing.

Times are in steps, on panels in epochs. Every network has one learning rate.
"""

import numpy as np
import pandas as pd

from landscape.evidence import l2_races, l2_sweeps, l2_times, statistics
from landscape.evidence.measurement import format_brief, format_number, not_run

RUNS = "lewkowycz-fig-3-cnn"
KINDS = {"plain": "plain", "bn": "batch_norm"}  # by key of the claims: its methods begin so
NAMES = {"plain": "without batch norm", "bn": "with batch norm"}
BY = ["lr", "l2"]
#: The budget of claim 3 in parts of 1/(eta lambda) of the middle lambda; panels have it three ways.
BUDGET, AROUND = 0.5, (0.25, 1, 4)
MARGINS = (0.5, 1.0, 2.0)  # percentage points; the first is the work's


# ------------------------------------------------------------------ what is measured
def table(runs, kind):
    """The rows of one network, with and without L2; None without any."""
    frame = runs.frame(RUNS)
    if frame is None:
        return None
    name = KINDS[kind]
    rows = frame[frame["method"].isin([name, f"{name}_no_l2"])]
    return None if rows.empty else rows


def epoch(runs, kind):
    """Steps an epoch."""
    return l2_times.steps_an_epoch(runs.parameters(RUNS, KINDS[kind]))


def slope(found):
    """Exponent of t_* against lambda, every seed with its own fit."""
    left_out = "still rising at the end or never better than the start"
    return l2_sweeps.exponent(found, "whose runs all peaked", left_out)


def gap(rows, first, second):
    """One coefficient's accuracy minus another's, in points."""
    return statistics.mean_interval(
        rows.loc[first] - rows.loc[second], unit="points",
        note=rf"$\lambda$ = {first:g} and {second:g}",
    )  # fmt: skip


def plateau(found):
    """The measurements of claim 2 for one network, by the end of their key."""
    rows = l2_sweeps.accuracies(found).droplevel("lr").sort_index()
    some = rows[rows.index > 0]
    if len(some) < 2:
        reason = not_run("fewer than two coefficients without a diverged seed")
        return dict.fromkeys(("falls", "level", "large", "none"), reason)
    small, next_, large = some.index[0], some.index[1], some.index[-1]
    none = gap(rows, small, 0.0) if 0.0 in rows.index else not_run("there are no runs without L2")
    return {"falls": gap(some, some.mean(axis=1).idxmax(), small), "level": gap(some, small, next_),
            "large": gap(some, small, large), "none": none}  # fmt: skip


def budget(frame):
    """Steps of claim 3: half of 1/(eta lambda) of the middle lambda (of two, the smaller)."""
    values = sorted(frame.loc[frame["l2"] > 0, "l2"].unique())
    return BUDGET / (frame["lr"].iloc[0] * values[(len(values) - 1) // 2])


def budget_loss(frame, found):
    """Accuracy within the budget at the best lambda minus that at the smallest, in points."""
    until = budget(frame)
    measured = l2_sweeps.budget_loss(frame, found, until, frame["lr"].iloc[0])
    return measured.with_(note=f"within {until:.0f} steps; {measured.note}")


def measure(runs):
    """The measurements of the claims."""
    out = {"c1": {}, "c2": {}, "c3": {}}
    for kind in KINDS:
        frame = table(runs, kind)
        if frame is None:
            continue
        found = l2_times.peak_times(frame, BY)
        out["c1"][kind] = slope(found)
        out["c1"][f"{kind}-relative"] = slope(l2_times.peak_times(frame, BY, relative=True))
        out["c2"] |= {f"{kind}-{key}": m for key, m in plateau(found).items()}
        out["c3"][kind] = budget_loss(frame, found)
    return out


def finding(found):
    """The two exponents, and what the smallest coefficient lacks to the best."""
    slopes = {kind: found[f"c1.{kind}"].measurement for kind in KINDS}
    lacks = {kind: found[f"c2.{kind}-falls"].measurement for kind in KINDS}
    if any(m is None or not m.finite for m in [*slopes.values(), *lacks.values()]):
        return "The runs over L2 coefficients are not complete."
    powers = {kind: l2_sweeps.power(r"\lambda", slopes[kind]) for kind in KINDS}
    where = "" if found.verdict.scale == "work" else "In narrow networks the"
    plain, bn = (
        f"{format_number(lacks[kind].value, 1)}{l2_races.ends(lacks[kind])}" for kind in KINDS
    )
    return (
        f"{where or 'The'} time to the best accuracy goes as {powers['plain']} without batch norm "
        f"and as {powers['bn']} with it; given that time, the smallest $\\lambda$ ends "
        f"{plain} and {bn} points below the best."
    )


# ------------------------------------------------------------------ tables and sentences
def settings_table(runs):
    """t_*, its product, accuracy, and how well the training set is fitted, by coefficient."""
    from landscape import book

    rows = []
    for kind, name in NAMES.items():
        frame, steps = table(runs, kind), epoch(runs, kind)
        found = l2_times.peak_times(frame, BY)
        least = frame.groupby("l2")["training_error"].min()
        at = frame.merge(found, on=[*BY, "seed"]).query("step == t_star")
        there = at.groupby("l2")["training_error"].mean()
        for l2, part in found.groupby("l2"):
            peak, lr = l2_times.mean_peak_time(part, 1 / steps), part["lr"].iloc[0]
            constant = l2_times.mean_peak_time(part, lr * l2) if l2 else not_run("")
            best = part["best_accuracy"].dropna()
            rows.append([
                name, f"{lr:g}", f"{l2:g}", format_brief(peak), format_brief(constant),
                format_brief(statistics.mean_interval(best)) if len(best) else "diverged",
                format_number(there.get(l2, np.nan), 1), format_number(least[l2], 1),
                peak.note or "–",
            ])  # fmt: skip
    return book.Table(
        ["network", r"$\eta$", r"$\lambda$", "$t_*$ [epochs]", r"$t_*\eta\lambda$ [steps]",
         "best accuracy [%]", "training error at $t_*$ [%]", "least training error [%]",
         "cut short"],
        rows, stack=True, folded=True,
        caption="Every coefficient: means over seeds (of times geometric) with 95 % intervals, "
        "which for times reach down at least to the row before",
    )  # fmt: skip


def margins(runs):
    """The exponent if t_* is the time within half a point, one or two of the best."""
    from landscape import book

    rows = []
    for kind, name in NAMES.items():
        frame = table(runs, kind)
        for within in MARGINS:
            found = l2_times.peak_times(frame, BY, within)
            law, measured = l2_times.power_law(found, ["l2"]), slope(found)
            scatter = "–" if law is None else format_number(law.scatter.value, 2)
            rows.append([name, f"{within:g}", format_brief(measured), scatter])
    return book.Table(
        ["network", "within [points]", r"exponent of $\lambda$", "scatter"], rows,
        caption=r"The exponent of $t_*$ against $\lambda$ with 95 % intervals over seeds, by the "
        "margin within which the best accuracy counts as reached (the work: half a point), and "
        r"what the fit leaves of $\log t_*$",
    )  # fmt: skip


def fitted(runs):
    """A sentence: which of the networks fit all samples, and which do so when they are best."""
    said = []
    for kind, name in NAMES.items():
        frame = table(runs, kind)
        some = frame[frame["l2"] > 0]
        worst = some.groupby(["l2", "seed"])["training_error"].min().groupby("l2").max()
        fit = int((worst == 0).sum())
        found = l2_times.peak_times(some, BY)
        at = some.merge(found, on=[*BY, "seed"]).query("step == t_star")["training_error"]
        said.append(
            f"{name}, {fit} of {len(worst)} coefficients let every seed fit all training samples, "
            f"and {int((at == 0).sum())} of {len(at)} runs have done so when they are best"
        )
    return f"In these runs: {'; '.join(said)}."


def halves(runs):
    """A sentence: how much t_* depends on how long a run is."""
    ratios = {kind: l2_sweeps.shortened(table(runs, kind), BY) for kind in KINDS}
    said = [f"{format_brief(ratio)} {NAMES[kind]}" for kind, ratio in ratios.items()]
    return (
        "Had every run ended after half of its steps, $t_*$ would be so many times as large: "
        f"{' and '.join(said)}."
    )


def same_length(runs):
    """A sentence: the smallest lambda against none within the steps that none had, in points."""
    said, steps = [], []
    for kind in KINDS:
        frame = table(runs, kind)
        until = frame.loc[frame["l2"] == 0, "step"].max()
        best = l2_sweeps.accuracies_until(frame, until)
        if 0.0 not in best.index or len(best) < 2:
            continue
        small = best.index[best.index > 0].min()
        steps.append(f"{until:,.0f}")
        said.append(f"{format_brief(gap(best, small, 0.0))} {NAMES[kind]}")
    if not said:
        return "There are no runs without L2."
    return (
        f"Within the steps that runs without L2 had ({' and '.join(dict.fromkeys(steps))}), the "
        f"smallest coefficient is better than none by {' and '.join(said)}."
    )


def of_the_budget(runs):
    """A sentence: what more the smallest lambda lacks to the best within the budget of claim 3."""
    said = []
    for kind in KINDS:
        frame = table(runs, kind)
        frame = frame[frame["l2"] > 0]
        within, whole = (l2_sweeps.lack(l2_sweeps.accuracies_until(frame, until))
                         for until in (budget(frame), np.inf))  # fmt: skip
        more = statistics.mean_interval(within - whole, unit="points")
        said.append(f"{format_brief(more)} {NAMES[kind]}")
    return (
        "What the smallest coefficient lacks to the best within the budget of the third claim, "
        f"less what it lacks at its full length: {' and '.join(said)}."
    )


def length(runs):
    """A sentence: how many steps the work's runs take, and ours."""
    from landscape.experiments import settings

    totals = []
    for profile in ("paper", runs.scale):
        steps = 0.0
        for kind in KINDS.values():
            for method in (kind, f"{kind}_no_l2"):
                given = settings.method_settings(RUNS, method, profile, runs.root)
                rates, horizon = given["sweep"]["axes"]["optimizer"], given["sweep"]["horizon"]
                for l2 in rates["l2"]:
                    each = horizon["steps_lr_l2"] / (rates["lr"][0] * l2) if l2 else np.inf
                    steps += min(each, horizon.get("at_most", np.inf)) * given["run"]["seeds"]
        totals.append(steps)
    return (
        f"The work's runs take {totals[0] / 1e6:.0f} million steps of 128 images in all, these "
        f"{totals[1] / 1e3:,.0f} thousand."
    )


# ------------------------------------------------------------------ pictures
def figure_3(runs):
    """The six panels of the work."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles, data = {}, {}, {}
    for letters, kind in zip(("abc", "def"), KINDS, strict=True):
        frame, steps = table(runs, kind), epoch(runs, kind)
        found = l2_times.peak_times(frame, BY)
        budgets = [round(part * budget(frame)) for part in AROUND]
        drawn = (
            l2_pictures.draw_times(found, steps),
            l2_pictures.draw_best(found),
            l2_pictures.draw_budgets(frame, found, budgets, steps),
        )
        heads = ("time to the best", "best accuracy", "fixed budgets")
        for letter, figure, head in zip(letters, drawn, heads, strict=True):
            panels[letter] = l2_pictures.plain_ticks(figure)
            titles[letter] = f"{head}, {NAMES[kind]}"
        data[kind] = found
    return book.Picture(
        panels, titles=titles, data=data,
        alt="Two rows of three panels against lambda on a logarithmic axis, without batch "
        "normalization above, with it below: epochs to the best test accuracy with a line of slope "
        "minus one, the maximum test accuracy, and the maximum within fixed budgets. The table of "
        "claims states them in numbers.",
    )  # fmt: skip


def courses(runs):
    """Test accuracy against t eta lambda, one curve a coefficient."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles, data = {}, {}, []
    for letter, kind in zip("ab", KINDS, strict=True):
        frame = table(runs, kind)
        rows = frame[(frame["l2"] > 0) & (frame["step"] > 0)].assign(
            time=lambda rows: rows["step"] * rows["lr"] * rows["l2"],
            accuracy=lambda rows: 100 - rows["test_error"],
            network=kind,
        )
        panels[letter], titles[letter] = l2_pictures.draw_accuracies(rows), NAMES[kind]
        data += [part for _, part in rows.groupby("l2")]
    names = ["network", "lr", "l2", "seed", "step", "time", "accuracy", "training_error"]
    return book.Picture(
        panels, titles=titles, data=pd.concat(data, ignore_index=True)[names],
        alt="Two panels, without and with batch normalization: test accuracy against the product "
        "of steps, learning rate and lambda on a logarithmic axis, one curve a lambda, mean over "
        "seeds with intervals.",
    )  # fmt: skip
