"""A narrow network on CIFAR-10 (Lewkowycz & Gur-Ari, figure S7): what is measured and drawn."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_sweeps, l2_times, statistics
from landscape.evidence.measurement import format_measurement, not_run

ID, SWEEP = "lewkowycz-fig-S7", "lewkowycz-fig-s7-narrow"


def rate(runs):
    """The learning rate, which all runs share."""
    return runs.parameters(SWEEP, "softmax")["optimizer"]["lr"]


def accuracies(times):
    """Maximal test accuracies, seeds by coefficients, of the seeds whose runs all ended."""
    return times.pivot(index="seed", columns="l2", values="best_accuracy").dropna()


def optimum(times):
    """The coefficient above zero whose maximal test accuracy, mean over seeds, is largest."""
    means = accuracies(times).mean()
    return float(means[means.index > 0].idxmax())


def at_others_best(times):
    """By seed: the maximal accuracy at the coefficient above zero that is best for the others.

    No seed chooses for itself, so that its own luck does not count as a gain.
    """
    table = accuracies(times)
    found = {}
    for seed in table.index:
        means = table.drop(index=seed).loc[:, table.columns > 0].mean()
        found[seed] = table.loc[seed, means.idxmax()]
    return pd.Series(found)


def peaks(frame):
    """The row with the least test error of every run that did not diverge, one a row."""
    key = ["l2", "seed"]
    lost = frame[frame["diverged"].fillna(0).astype(bool)].set_index(key).index
    rows = frame[~frame.set_index(key).index.isin(lost)].reset_index(drop=True)
    return rows.loc[rows.groupby(key)["test_error"].idxmin()]


def falls(frame, l2):
    """By seed: maximal minus last test accuracy of one coefficient."""
    best = peaks(frame[frame["l2"] == l2]).set_index("seed")["test_error"]
    last = statistics.per_seed(frame[frame["l2"] == l2], "test_error")
    return (last - best).dropna()


def law_above(times, censored=True):
    """Exponent of t_* in lambda at lambda_opt and above.

    Without ``censored`` coefficients are left out of which a run had its best look in its last row.
    """
    rows = times[times["l2"] >= optimum(times)]
    many = rows["l2"].nunique() > 1
    law = l2_times.power_law(rows, ["l2"], censored=censored) if many else None
    if law is None:
        return not_run("fewer than three coefficients from the best one on have a t_*")
    notes = [f"{law.points} coefficients"]
    if law.left_out:
        notes.append(f"{law.left_out} left out")
    if censored and (cut := int(rows["censored"].sum())):
        notes.append(f"{cut} of {len(rows)} runs had their best look in their last row")
    return law.exponents["l2"].with_(note=", ".join(notes))


def constancy(times):
    """t_* at the smallest coefficient above zero over that without regularization."""
    small = times.loc[times["l2"] > 0, "l2"].min()
    pair = [times[times["l2"] == l2].set_index("seed")["t_star"] for l2 in (small, 0)]
    pair = statistics.common_seeds(*(one[one > 0] for one in pair))
    if len(pair[0]) == 0:
        return not_run("no seed has a t_* at both")
    cut = int(times.loc[times["l2"].isin((small, 0)), "censored"].sum())
    note = f"{cut} runs ended while still rising" if cut else ""
    return statistics.ratio_of_means(*pair, note=note)


def left_at_peak(frame, l2):
    """Training error in percent where the test error is least, mean over seeds."""
    rows = peaks(frame[frame["l2"] == l2])
    if rows.empty:
        return not_run("all runs diverged")
    return statistics.mean_interval(rows["training_error"], unit="%")


def measure(runs):
    """Where the peak in lambda lies, how t_* scales on both sides, training errors there."""
    frame = runs.frame(SWEEP)
    if frame is None:
        return {}
    times = l2_times.peak_times(frame, ["l2"])
    table = accuracies(times)
    if len(table) < 2:
        reason = not_run("fewer than two seeds ended with every coefficient")
        return {"c1": reason, "c2": reason, "c3": reason}
    best, largest = at_others_best(times), table.columns.max()
    small = table.columns[table.columns > 0].min()
    middle = (table[0.0] + best) / 2
    found = {"unit": "%", "diverged": statistics.diverged_runs(frame)}
    return {
        "c1": {
            "gain": statistics.paired_difference(best, table[0.0], **found),
            "falls": statistics.paired_difference(best, table[largest], **found),
            "between": statistics.paired_difference(table[small], middle, **found),
        },
        "c2": {
            "above": law_above(times),
            "above-strict": law_above(times, censored=False),
            "constant": constancy(times),
            "peak-without": statistics.mean_interval(falls(frame, 0.0), unit="points"),
        },
        "c3": {
            "at-optimum": left_at_peak(frame, optimum(times)),
            "without": left_at_peak(frame, 0.0),
        },
    }


def finding(found):
    """The gain at the best coefficient, the exponent above it, and t_* below."""
    gain, law, same = found["c1.gain"], found["c2.above"], found["c2.constant"]
    if gain.value is None:
        return "Nothing was measured."
    m = gain.measurement
    if m.has_interval and m.low > 0:
        words = (
            "The narrow network tests best with some L2 regularization, "
            f"{_with_ends(m, 1)} points above none"
        )
    else:
        words = (
            "In a narrow network the best L2 coefficient is not measurably better than none "
            f"({_with_ends(m, 1, ', ')} points)"
        )
    if law.value is not None:
        words += f"; above it $t_*$ goes as {l2_sweeps.power(chr(92) + 'lambda', law.measurement)}"
    if same.value is not None:
        words += (
            "; at the smallest coefficient it is "
            f"{_with_ends(same.measurement, 2)} times that without"
        )
    return f"{words}."


def _with_ends(m, decimals, before=" ("):
    """``value (low to high)``."""
    ends = f"{m.low:.{decimals}f} to {m.high:.{decimals}f}" if m.has_interval else ""
    after = ")" if before == " (" else ""
    return f"{m.value:.{decimals}f}" + (f"{before}{ends}{after}" if ends else "")


def clocks(runs):
    """A sentence: whether t_* is a matter of the runs' lengths, and whether any run fits all."""
    frame = runs.frame(SWEEP)
    least = frame.groupby(["l2", "seed"])["training_error"].min()
    none = least[least.index.get_level_values("l2") == 0]
    ratio = l2_sweeps.shortened(frame, ["l2"]).with_(n=None)
    return (
        f"Of {len(least)} runs {int((least <= 0).sum())} ever fit all training images; without L2 "
        f"the least training errors are {none.min():.0f} to {none.max():.0f} %. Had every run "
        f"ended after half of its steps, $t_*$ would be {format_measurement(ratio)} times as large."
    )


def _band(ax, m, label):
    """The value without regularization and its interval across the panel."""
    from landscape import book

    if m.value is None:
        return
    ax.axhline(m.value, color=book.GREY, linestyle="--", linewidth=1.2, label=label)
    if m.has_interval:
        ax.axhspan(m.low, m.high, color=book.GREY, alpha=0.15, linewidth=0)


def panels(runs):
    """t_*, maximal test accuracy and the training error at the peak, against lambda."""
    from landscape import book

    frame = runs.frame(SWEEP)
    times, color = l2_times.peak_times(frame, ["l2"]), book.CYCLE
    l2s = sorted(value for value in frame["l2"].unique() if value > 0)
    best, none = optimum(times), r"$\lambda = 0$"
    reached = {l2: l2_times.mean_peak_time(times[times["l2"] == l2]) for l2 in (0.0, *l2s)}
    table = accuracies(times)
    top = {l2: statistics.mean_interval(table[l2]) for l2 in (0.0, *l2s)}
    left = {l2: left_at_peak(frame, l2) for l2 in (0.0, *l2s)}
    figures = {}
    for letter, found, name, log in (
        ("a", reached, "$t_*$ [steps]", True),
        ("b", top, "maximal test accuracy [%]", False),
        ("c", left, "training error at the peak [%]", False),
    ):
        figure, ax = book.panel(height=3.1)
        _band(ax, found[0.0], none)
        book.errorbars(ax, {l2: found[l2] for l2 in l2s}, color=color["abc".index(letter)],
                       marker="o", capsize=2)  # fmt: skip
        ax.axvline(best, color=book.GREY, linestyle=":", linewidth=1)
        if log and found[best].value is not None:
            scale = found[best].value * best
            above = np.array([l2 for l2 in l2s if l2 >= best / 1.01])
            ax.plot(above, scale / above, ":", color=book.INK, label=r"$1/\lambda$", linewidth=1.2)
            ax.set_yscale("log")
        ax.set(xscale="log", xlabel=r"L2 coefficient $\lambda$", ylabel=name)
        if not log:
            ax.set_ylim(0 if letter == "c" else None, None)
        ax.legend()
        figures[letter] = figure
    return book.Picture(
        panels=figures,
        titles={"a": "time to the maximal test accuracy", "b": "maximal test accuracy",
                "c": "training errors left at the peak"},
        alt="Three panels against the L2 coefficient on a logarithmic axis, with a dashed line for "
        "no regularization and a dotted one at the best coefficient: the time to the maximal test "
        "accuracy beside a line of slope minus one, the maximal test accuracy, and the training "
        "error at the peak. The table below has the numbers.",
        data=times,
    )  # fmt: skip


def curves(runs):
    """Test accuracy against the step, and against t eta lambda, of every coefficient."""
    from landscape import book

    frame = runs.frame(SWEEP)
    frame = frame[(frame["step"] > 0) & (frame["diverged"].fillna(0) == 0)]
    lr = rate(runs)
    figures = {letter: book.panel(height=3.1) for letter in "ab"}
    lines = ("-", "--", "-.", ":") * 3
    for l2, color, line in zip(sorted(frame["l2"].unique()), (*book.CYCLE, book.GREY), lines,
                               strict=False):  # fmt: skip
        rows = frame[frame["l2"] == l2].groupby("step")["test_error"].mean()
        for letter, (_, ax) in figures.items():
            if letter == "b" and l2 == 0:
                continue
            x = rows.index * (lr * l2 if letter == "b" else 1)
            ax.plot(x, 100 - rows, line, color=color, label=rf"$\lambda = {l2:g}$", linewidth=1.2)
    figures["a"][1].set(xlabel="step")
    figures["b"][1].set(xlabel=r"time $t\,\eta\lambda$")
    for _, ax in figures.values():
        ax.set(xscale="log", ylabel="test accuracy [%]")
    figures["a"][1].legend(fontsize=7.5, loc="upper left")
    return book.Picture(
        panels={letter: figure for letter, (figure, _) in figures.items()},
        titles={"a": "against the step", "b": r"against $t\,\eta\lambda$"},
        alt="Test accuracy of every coefficient, mean over seeds, against the step and against "
        "the step times rate and coefficient, logarithmic. Large coefficients peak early in steps "
        "and at about the same scaled time; small ones rise with the network without "
        "regularization, and jump about as it does.",
        data=frame[["l2", "seed", "step", "test_error"]],
    )  # fmt: skip


def table(runs):
    """Every coefficient: t_*, scaled time, maximal and last accuracy, training error there."""
    from landscape import book

    frame, rows = runs.frame(SWEEP), []
    times, lr = l2_times.peak_times(frame, ["l2"]), rate(runs)
    found = accuracies(times)
    for l2 in found.columns:
        own = times[times["l2"] == l2]
        last = 100 - statistics.per_seed(frame[frame["l2"] == l2], "test_error")
        rows.append([
            f"{l2:g}", *(format_measurement(m) for m in (
                l2_times.mean_peak_time(own),
                l2_times.mean_peak_time(own, lr * l2) if l2 else None,
                statistics.mean_interval(found[l2], unit="%"),
                statistics.mean_interval(last, unit="%"), left_at_peak(frame, l2),
            )),
        ])  # fmt: skip
    return book.Table(
        [r"$\lambda$", "$t_*$ [steps]", r"$t_*\eta\lambda$", "maximal test accuracy",
         "last test accuracy", "training error at the peak"], rows, stack=True,
        caption="Every coefficient, with 95 % intervals over seeds",
    )  # fmt: skip
