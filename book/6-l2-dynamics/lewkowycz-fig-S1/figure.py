"""How long training takes until the training accuracy is 1, over eta and lambda (figure S1)."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_sweeps, l2_times, statistics
from landscape.evidence.measurement import format_measurement, not_run

FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
NETWORKS = {"fc": FC, "wrn": WRN}
NAMES = {"fc": "fully connected", "wrn": "Wide ResNet"}


def fitted(frame):
    """The first step with training accuracy 1: rows (lr, l2), a column a seed, NaN for never."""
    good = frame[frame["training_error"] <= 0]
    first = good.groupby(["lr", "l2", "seed"])["step"].min().unstack("seed")
    whole = frame.groupby(["lr", "l2"]).size().index
    return first.reindex(index=whole, columns=sorted(frame["seed"].unique())).astype(float)


def times(runs, network):
    """``fitted`` of one network, settings at which every seed gets there; None without a record."""
    frame = runs.frame(NETWORKS[network])
    return None if frame is None else fitted(frame).dropna()


def effect(table):
    """Time with the largest lambda over that without L2, mean over the rates that have both."""
    ratios, said = [], []
    for lr, rows in table.groupby("lr"):
        rows = rows.droplevel("lr")
        if 0.0 in rows.index and len(rows) > 1:
            ratios.append(np.log(rows.loc[rows.index.max()] / rows.loc[0.0]))
            said.append(f"lambda = {rows.index.max():.3g} at eta = {lr:.3g}")
    if not ratios:
        return not_run("no rate fits its samples both with and without L2")
    mean = np.exp(pd.concat(ratios, axis=1).mean(axis=1))
    return statistics.ratio_of_means(mean, np.ones(len(mean)), note=", ".join(said))


def slope(table, smallest=None):
    """Slope of log time against log rate, mean over lambdas; of the smallest rates or of all."""
    rates = sorted(table.index.get_level_values("lr").unique())[:smallest]
    slopes = []
    for _, rows in table.groupby("l2"):
        rows = rows.droplevel("l2")
        rows = rows[rows.index.isin(rates)]
        if len(rows) == len(rates) > 1:
            x = np.log(rows.index.to_numpy(dtype=float))
            y = np.log(rows.to_numpy())
            slopes.append((x - x.mean()) @ (y - y.mean(axis=0)) / ((x - x.mean()) ** 2).sum())
    if not slopes:
        return not_run("no lambda at which every rate fits its samples")
    said = ", ".join(f"{rate:.3g}" for rate in rates)
    return statistics.mean_interval(
        np.mean(slopes, axis=0), note=f"eta = {said}; lambdas: {len(slopes)}"
    )


def measure(runs):
    """The measurements of the claims."""
    fc, wrn = (times(runs, key) for key in NETWORKS)
    out = {"c1": {}, "c2": {}}
    if fc is not None:
        out["c1"]["fc"] = effect(fc)
        out["c2"] = {"fc": slope(fc, 2), "fc-all": slope(fc)}
    if wrn is not None:
        out["c1"]["wrn"] = effect(wrn)
    return out


def finding(found):
    """One sentence."""
    small, ratio = found["c2.fc"].measurement, found["c1.fc"].measurement
    if any(one is None or not one.finite for one in (small, ratio)):
        return "No sweep has runs that fit their samples at several rates."
    ends = f" ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.has_interval else ""
    wide = found["c1.wrn"].measurement
    also = ""
    if wide is not None and wide.finite:
        settled = wide.has_interval and wide.high / wide.low < 2
        also = f", in the Wide ResNet {wide.value:.2f} times" if settled else (
            "; in the Wide ResNet seeds differ too much to say")  # fmt: skip
    return (
        "A small fully connected network fits its samples after a time that goes as "
        f"{l2_sweeps.power(chr(92) + 'eta', small)} at small learning rates; the largest "
        f"$\\lambda$ that still lets it fit makes that time {ratio.value:.2f}{ends} times as "
        f"long{also}."
    )


def table_of_times(runs):
    """Steps to training accuracy 1, by network, rate and lambda."""
    from landscape import book

    rows = []
    for key, name in NETWORKS.items():
        frame = runs.frame(name)
        first = fitted(frame)
        least = frame.groupby(["lr", "l2"])["training_error"].min()
        for (lr, l2), values in first.iterrows():
            if not values.notna().any():
                continue
            mean = "–"
            if values.notna().all():
                mean = format_measurement(
                    statistics.ratio_of_means(values, np.ones(len(values))).with_(n=None)
                )
            rows.append([NAMES[key], f"{lr:.4g}", f"{l2:.4g}", mean,
                         f"{values.notna().sum()} of {len(values)}",
                         f"{least[(lr, l2)]:g}"])  # fmt: skip
    return book.Table(
        ["network", r"$\eta$", r"$\lambda$", "steps", "seeds", "least training error [%]"],
        rows, stack=True, folded=True,
        caption="Steps until the training accuracy is 1, geometric mean over seeds with 95 % "
        "interval, for settings with a seed that gets there",
    )  # fmt: skip


def never(runs):
    """A sentence: how many settings do not get there, and from which lambda on."""
    said = []
    for key, name in NETWORKS.items():
        first = fitted(runs.frame(name))
        lost = first[first.isna().all(axis=1)]
        with_l2 = lost.index.get_level_values("l2")
        if len(lost) and with_l2.max() > 0:
            said.append(f"in {len(lost)} of {len(first)} settings ({NAMES[key]}), all with "
                        rf"$\lambda \geq$ {with_l2.min():.3g}")  # fmt: skip
    return f"No seed ever gets every sample right {' and '.join(said)}." if said else ""


def said(runs):
    """What stands below: the time to fit beside that to the peak, who never fits, all times."""
    from landscape import book

    return (book.Note(beside_the_peak(runs)), book.Note(never(runs)), table_of_times(runs))


def beside_the_peak(runs):
    """A sentence: the time to fit over that to the best test accuracy, without L2."""
    said = []
    for key, name in NETWORKS.items():
        frame = runs.frame(name)
        frame = frame[frame["l2"] == 0]
        peaks = l2_times.peak_times(frame, ["lr", "l2"]).set_index(["lr", "l2", "seed"])["t_star"]
        ratio = np.log(fitted(frame) / peaks.unstack("seed")).dropna()
        if len(ratio):
            mean = np.exp(ratio.mean())
            found = statistics.ratio_of_means(mean, np.ones(len(mean)))
            said.append(f"{format_measurement(found)} ({NAMES[key]})")
    head = "Without L2, the time to fit all samples over that to the best test accuracy is "
    return f"{head}{' and '.join(said)}." if said else ""


def draw(table, steps):
    """Epochs to training accuracy 1 against the rate, one series a lambda."""
    from landscape import book
    from landscape.book import l2_pictures

    figure, ax = book.panel(height=3.1)
    for i, (l2, rows) in enumerate(table.groupby("l2")):
        marks = {lr: statistics.ratio_of_means(values / steps, np.ones(len(values)))
                 for lr, values in rows.droplevel("l2").iterrows()}  # fmt: skip
        l2_pictures.series(ax, marks, i, rf"$\lambda$ = {l2:.3g}")
    long = table.stack().rename("t").reset_index()
    l2_pictures.inverse(ax, long["lr"], long["t"] / steps, r"\eta")
    ax.set(xlabel=r"learning rate $\eta$", ylabel="epochs to training accuracy 1")
    if len(table):
        book.log_axis(ax, "x")
        book.log_axis(ax)
        ax.legend(fontsize=9)
    return figure


def figure_s1(runs):
    """Both panels of the work."""
    from landscape import book

    panels, titles, data = {}, {}, {}
    for letter, key in zip("ab", NETWORKS, strict=True):
        table = times(runs, key)
        steps = l2_times.steps_an_epoch(runs.parameters(NETWORKS[key], "no_l2"))
        panels[letter], titles[letter] = draw(table, steps), NAMES[key]
        data[key] = table.rename(columns=lambda seed: f"seed {seed}").reset_index()
    return book.Picture(
        panels, titles=titles, data=data,
        alt="Epochs until the training accuracy is 1 against the learning rate on logarithmic "
        "axes, one series a lambda, with a dotted line of slope minus one. The table states the "
        "times.",
    )  # fmt: skip
