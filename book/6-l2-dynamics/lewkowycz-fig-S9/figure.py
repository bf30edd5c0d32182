"""AutoL2 against constant lambdas at a constant rate (figure S9): what is measured and drawn."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_races as budgets
from landscape.evidence.methods import label

ID = "lewkowycz-fig-S9"
RUNS, CONSTANTS = "lewkowycz-fig-s9-auto", "lewkowycz-fig-4-constants"
RATE = 0.2  # learning rate of the work, supplement A
AUTO, FIVE = METHODS = ("auto_l2", "auto_l2_every_5")


def read(runs):
    """AutoL2's runs with those of the constants, and lambda by constant; None where one lacks."""
    auto, constant = runs.frame(RUNS), runs.frame(CONSTANTS)
    if auto is None or constant is None:
        return None
    constant, names = budgets.constants(runs, CONSTANTS, constant)
    kept = constant[constant["method"].isin(names)]
    frame = pd.concat([auto, kept], ignore_index=True)
    return frame, names


def measure(runs):
    """Gaps and ratios of times of both measurement intervals."""
    found = read(runs)
    if found is None:
        return {}
    return {
        "c1": {
            "better": budgets.gap_to_best(*found, AUTO),
            "faster": budgets.time_to_best(*found, AUTO),
            "better-at-5": budgets.gap_to_best(*found, FIVE),
            "faster-at-5": budgets.time_to_best(*found, FIVE),
            "end": budgets.gap_to_best(*found, AUTO, budgets.final),
        }
    }


def finding(found):
    """What AutoL2 gains over the best constant, and whether and when it gets as far."""
    gap, time = found["c1.better"], found["c1.faster"]
    if gap.value is None or time.value is None:
        return "Nothing was measured."
    where = (
        "At a constant rate"
        if gap.verdict.scale == "work"
        else "In a short run of a narrow network"
    )
    five, other = found["c1.better-at-5"], ""
    if five.value is not None:
        said = budgets.lead(five.measurement).removesuffix(" over").removesuffix(" than")
        other = f"; measured every 5 steps, it {said}"
    arrival = (
        "and no run of it gets within half a point of that one's highest accuracy"
        if budgets.never_there(time.measurement, AUTO)
        else "and gets within half a point of its highest accuracy "
        f"{budgets.speed(time.measurement)} than the first constant"
    )
    return (
        f"{where} AutoL2 {budgets.lead(gap.measurement)} the best constant $\\lambda$, "
        f"{arrival}{other}."
    )


def curves(runs):
    """Accuracy during training, and lambda."""
    from landscape import book
    from landscape.book import auto_l2_pictures

    frame, names = read(runs)
    columns = ["method", "seed", "step", budgets.EPOCH, "test_error", "strength"]
    return book.Picture(
        panels={"a": auto_l2_pictures.accuracies(frame, names, METHODS),
                "b": auto_l2_pictures.strengths(frame, names, METHODS)},
        titles={"a": "test accuracy", "b": r"$\lambda$ during training"},
        alt="On the left test accuracy against epochs for AutoL2 with both measurement intervals, "
        "for the best constant lambda and thinner for the other constants; on the right lambda of "
        "AutoL2 on a logarithmic axis falls in steps of ten, with the best constant as a line. The "
        "table below states accuracies and times.",
        data=frame[columns],
    )  # fmt: skip


def table(runs):
    """Accuracies, and when the best constant's level is reached."""
    from landscape.book import auto_l2_pictures

    return auto_l2_pictures.accuracy_table(*read(runs), METHODS, f"{ID}-accuracies")


def held(frame, method):
    """Step at which each lambda has been left, mean over the seeds that leave it, by lambda.

    Only looks are stored: a change lies between the look that shows it and the one before.
    """
    found = {}
    for _, rows in budgets.rows_of(frame, method).groupby("seed"):
        changes = rows[rows["strength"].diff() < 0]
        left = rows["strength"].shift().loc[changes.index]
        for strength, step in zip(left, changes["step"], strict=True):
            found.setdefault(float(f"{strength:.6g}"), []).append(step)
    return {one: float(np.mean(steps)) for one, steps in sorted(found.items(), reverse=True)}


def clock(runs):
    """Sentences: how long each lambda is held, and that the clock counts steps."""
    frame, _ = read(runs)
    last = frame.loc[frame["step"].idxmax()]
    told = "; ".join(
        f"{label(method)}: "
        + ", ".join(f"{one:g} to step {steps:.0f}" for one, steps in held(frame, method).items())
        for method in METHODS
    )
    settings = runs.parameters(RUNS, AUTO)
    auto, times = settings["auto_l2"], settings["optimizer"]["lr"] / RATE
    begun = ""
    if times != 1:
        begun = (
            f" The rate is {times:g} times the work's, so AutoL2 begins at {auto['initial']:g} "
            f"here and waits ${auto['refractory']:g}/\\lambda$ steps: "
            "the product of both is the work's."
        )
    return (
        f"Here {last[budgets.EPOCH]:g} epochs are {last['step']:,} steps, the work's 200 are about "
        f"9,800. When a $\\lambda$ is left, mean over the seeds that leave it: {told}.{begun}"
    )
