"""Loss and accuracy over time, by lambda, of the networks of figures 2 and 3 (figure S6).

The runs are those two figures' own; where some have not been made, their network is left out.
"""

import numpy as np
import pandas as pd

from landscape.errors import LandscapeError
from landscape.evidence import l2_sweeps, l2_times
from landscape.evidence.loss_minima import least_losses, mean_growth
from landscape.evidence.measurement import format_brief, not_run
from landscape.evidence.statistics import geometric_mean, mean_interval

FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
CNN = "lewkowycz-fig-3-cnn"
#: Experiment and the rate of the work's panels, by network.
NETWORKS = {"fc": (FC, 0.15), "wrn": (WRN, 0.2), "cnn": (CNN, 0.01), "cnn-bn": (CNN, 0.01)}
NAMES = {"fc": "fully connected", "wrn": "Wide ResNet", "cnn": "CNN without batch norm",
         "cnn-bn": "CNN with batch norm"}  # fmt: skip
MAIN, OTHER = ("fc", "wrn"), ("cnn", "cnn-bn")
BY = ["lr", "l2"]


# ------------------------------------------------------------------ what is measured
def frame(runs, network):
    """All rows of one network; None where its runs have not been made."""
    experiment = NETWORKS[network][0]
    try:
        rows = runs.frame(experiment)
    except LandscapeError:  # another page's runs, which may not be there yet
        return None
    if rows is None:
        return None
    if network == "cnn":
        rows = rows[rows["method"].str.startswith("plain")]
    elif network == "cnn-bn":
        rows = rows[rows["method"].str.startswith("batch_norm")]
    return None if rows.empty else rows


def rate(rows, theirs):
    """The work's rate where it was run, else that with most lambdas, the nearest of several."""
    return theirs if (rows["lr"] == theirs).any() else l2_sweeps.budget_rate(rows, theirs)


def shown(runs, network):
    """The rows that are drawn and judged: one rate, runs for the whole horizon; None without."""
    rows = frame(runs, network)
    if rows is None:
        return None
    rows = l2_sweeps.whole(rows[rows["l2"] > 0])
    return rows[rows["lr"] == rate(rows, NETWORKS[network][1])]


def slope(found):
    """Exponent of the time of the least loss against lambda."""
    few = "whose loss has its minimum before the end"
    return l2_sweeps.exponent(found, few, "whose loss is least at the end or at the start")


def way_back(runs, network):
    """How far each run's loss goes back: rows of ``least_losses`` with ``back``, in percent.

    It is what the loss grows after its least value, over what it would if the network came to
    answer nothing, logits zero.
    """
    rows = shown(runs, network)
    given = runs.parameters(NETWORKS[network][0], rows["method"].iloc[0])
    zero = given.get("loss", {}).get("scale", 1.0) * np.log(10)
    least = least_losses(rows)
    return least.assign(back=100 * (least["last"] - least["least"]) / (zero - least["least"]))


def measure(runs):
    """The measurements of the claim."""
    found = {}
    for network in NETWORKS:
        rows = shown(runs, network)
        if rows is None:
            reason = not_run("its runs have not been made")
            keys = ("time", "grows", "smallest") if network in MAIN else ("time", "grows")
            found |= {f"{network}-{key}": reason for key in keys}
            continue
        least = least_losses(rows)
        found |= {f"{network}-time": slope(least), f"{network}-grows": mean_growth(least)}
        if network in MAIN:
            smallest = least[least["l2"] == least["l2"].min()]
            found[f"{network}-smallest"] = mean_growth(smallest)
    return {"c1": found}


def finding(found):
    """Exponent and growth of the two networks that the work speaks of."""
    times = {n: found[f"c1.{n}-time"].measurement for n in MAIN}
    grows = {n: found[f"c1.{n}-grows"].measurement for n in MAIN}
    there = [n for n in MAIN if grows[n] is not None and grows[n].finite]
    if not there:
        return "The runs of the two networks that the work speaks of have not been made."
    when = " and ".join(
        f"{_power(times[n])} in the {NAMES[n]}{' network' if n == 'fc' else ''}" for n in there
    )
    names = ("in the first", "in the second") if len(there) > 1 else ("",)
    above = ", ".join(
        f"{_grown(grows[n])} {at}".strip() for n, at in zip(there, names, strict=True)
    )
    small = "" if found.verdict.scale == "work" else "small "
    return (
        f"In {small}networks the training loss without its L2 term is least after a time like "
        f"{when}; it then grows {above}."
    )


def _power(exponent):
    if exponent is None or not exponent.finite:
        return "that of no law"
    return l2_sweeps.power(r"\lambda", exponent)


def _grown(growth):
    if growth.has_interval and not growth.above(1):
        return "not measurably"
    low, high = (f"{100 * (end - 1):.0f}" for end in (growth.low, growth.high)) if (
        growth.has_interval) else ("", "")  # fmt: skip
    return f"by {100 * (growth.value - 1):.0f} %" + (f" ({low} to {high})" if low else "")


# ------------------------------------------------------------------ tables and sentences
def minima_table(runs):
    """When the loss is least, when the accuracy is best, and by how much the loss grows."""
    from landscape import book

    rows = []
    for network, name in NAMES.items():
        drawn = shown(runs, network)
        if drawn is None:
            continue
        least = way_back(runs, network)
        best = l2_times.peak_times(drawn, BY)
        for l2, part in least.groupby("l2"):
            lr = part["lr"].iloc[0]
            seen = part.dropna(subset="growth")
            if seen.empty:
                rows.append([name, f"{lr:g}", f"{l2:g}", "diverged", "–", "–", "–", "–"])
                continue
            unit = lr * l2
            peaks = best.loc[(best["l2"] == l2) & (best["t_star"] > 0), "t_star"] * unit
            at_end = int(seen["censored"].sum())
            rows.append([
                name, f"{lr:g}", f"{l2:g}", _geometric(seen["t_star"] * unit), _geometric(peaks),
                _geometric(seen["growth"]), format_brief(mean_interval(seen["back"])),
                f"{at_end} of {len(seen)}",
            ])  # fmt: skip
    return book.Table(
        ["network", r"$\eta$", r"$\lambda$", r"least loss at $t\eta\lambda$",
         r"best accuracy at $t\eta\lambda$", "last over least loss", "way back [%]",
         "least at the end"],
        rows, stack=True, folded=True,
        caption="Every coefficient: geometric means over seeds with 95 % intervals, in steps times "
        r"$\eta\lambda$; best accuracy is $t_*$, within half a point of the maximum; the way back "
        "is to the loss of a network that answers nothing",
    )  # fmt: skip


def _geometric(values):
    values = values[values > 0]
    return format_brief(geometric_mean(values)) if len(values) else "–"


def returns(runs):
    """A sentence: from which lambda on more than half of what was learned is forgotten."""
    said = []
    for network, name in NAMES.items():
        if shown(runs, network) is None:
            continue
        means = way_back(runs, network).groupby("l2")["back"].mean()
        far = means.index[means > 50]
        which = rf"those from $\lambda$ = {far.min():g} on" if len(far) else "none"
        if len(far) and (means[means.index >= far.min()] <= 50).any():
            which = ", ".join(f"{l2:g}" for l2 in far)
        said.append(f"{name}, {len(far)} of {len(means)} coefficients, {which}")
    if not said:
        return "None of the runs have been made."
    return f"The loss goes more than half of the way back at: {'; '.join(said)}."


def without_smallest(runs):
    """A sentence: the growth over all lambdas but the smallest, of the networks of the claim."""
    said = []
    for network in MAIN:
        rows = shown(runs, network)
        if rows is not None:
            least = least_losses(rows)
            rest = least[least["l2"] > least["l2"].min()]
            said.append(f"{NAMES[network]}, {format_brief(mean_growth(rest))}")
    if not said:
        return "None of the runs have been made."
    return f"Last loss over least without the smallest $\\lambda$: {'; '.join(said)}."


def orders(runs):
    """A sentence: which comes first, the best accuracy or the least loss."""
    said = []
    for network, name in NAMES.items():
        drawn = shown(runs, network)
        if drawn is None:
            continue
        best = l2_times.peak_times(drawn, BY)[[*BY, "seed", "t_star"]]
        both = least_losses(drawn).merge(best, on=[*BY, "seed"], suffixes=("_loss", "_best"))
        both = both[(both["t_star_loss"] > 0) & (both["t_star_best"] > 0)]
        if both["seed"].nunique() == 0:
            continue
        logs = np.log(both["t_star_best"] / both["t_star_loss"])
        seeds = np.exp(logs.groupby(both["seed"]).mean())
        said.append(f"{name}, {format_brief(geometric_mean(seeds))}")
    if not said:
        return "None of the runs have been made."
    return (
        "Time of the best accuracy over that of the least loss, geometric mean over coefficients, "
        f"with 95 % intervals over seeds: {'; '.join(said)}."
    )


# ------------------------------------------------------------------ pictures
def dynamics(runs, networks):
    """Three panels a network: loss, accuracy on the training set, accuracy on the test set."""
    from landscape import book
    from landscape.book import l2_pictures, loss_minimum_pictures

    there = {name: rows for name in networks if (rows := shown(runs, name)) is not None}
    if not there:
        return book.Picture(
            {"a": loss_minimum_pictures.nothing()},
            titles={"a": " and ".join(NAMES[name] for name in networks)},
            alt="An empty panel: these runs have not been made.",
        )  # fmt: skip
    panels, titles, data = {}, {}, []
    letters = iter("abcdefghijkl")
    for network, rows in there.items():
        method = rows["method"].iloc[0]
        steps = l2_times.steps_an_epoch(runs.parameters(NETWORKS[network][0], method))
        for column in ("training_loss", "training_error", "test_error"):
            letter = next(letters)
            panels[letter] = l2_pictures.draw_course(rows, column, steps)
            titles[letter] = rf"{NAMES[network]}, $\eta$ = {rows['lr'].iloc[0]:.3g}"
        data.append(rows.assign(network=network, epoch=rows["step"] / steps))
    names = ["network", "lr", "l2", "seed", "step", "epoch", "training_loss", "training_error",
             "test_error"]  # fmt: skip
    return book.Picture(
        panels, titles=titles, data=pd.concat(data, ignore_index=True)[names],
        alt="Three panels a network against epochs on a logarithmic axis, one curve a lambda from "
        "blue (smallest) to orange (largest): training loss without its L2 term with a mark at its "
        "least value, training accuracy and test accuracy, means over seeds. The tables state when "
        "the loss is least and by how much it grows.",
    )  # fmt: skip


def law(runs):
    """Time of the least loss, growth after it, and how far back it goes, against lambda."""
    from landscape import book
    from landscape.book import loss_minimum_pictures

    there = {number: (name, way_back(runs, network))
             for number, (network, name) in enumerate(NAMES.items())
             if shown(runs, network) is not None}  # fmt: skip
    return book.Picture(
        loss_minimum_pictures.laws(there),
        titles={"a": "when the loss is least", "b": "by how much it grows",
                "c": "how far back to knowing nothing"},
        alt="Three panels against lambda on a logarithmic axis, one series a network: time of the "
        "least training loss times the learning rate, with dotted lines of slope minus one; the "
        "last loss over the least; and the growth in percent of the way to the loss of a network "
        "that answers nothing.",
    )  # fmt: skip
