"""CIFAR-10 without augmentation (thesis table 2.1): what is measured, what is drawn."""

import numpy as np

from landscape.evidence import claims, finals, statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.evidence.methods import label

RUNS = "thesis-tab-2-1-allcnn"
METHODS = ("sgd", "resampled_noise", "anneal_sgd")  # in the table's order
GAINS = {"resampled_noise": "noise-gain", "anneal_sgd": "fixed-gain"}


def measure(runs):
    """Differences of final test errors between the three methods, and from the cited error."""
    frame = runs.frame(RUNS)
    if frame is None:
        return {}
    cited = claims.load("thesis-tab-2-1", runs.root).paper_values["cited-allcnn-text"].value
    fixed = finals.gap(frame, "anneal_sgd", "sgd")
    noise = finals.gap(frame, "resampled_noise", "sgd")
    baseline = statistics.mean_interval(
        finals.final(frame, "sgd") - cited, unit="%",
        diverged=statistics.diverged_runs(frame[frame["method"] == "sgd"]),
    )  # fmt: skip
    return {
        "c1": {"fixed-noise": finals.gap(frame, "anneal_sgd", "resampled_noise"),
               "noise-sgd": noise, "fixed-sgd": fixed},
        "c2": {"fixed": fixed, "noise": noise},
        "c3": {"below": baseline, "size": baseline},
    }  # fmt: skip


def finding(found):
    """Whether the field or the noise moved the final error."""
    fixed, noise = found["c1.fixed-sgd"], found["c1.noise-sgd"]
    if fixed.value is None or noise.value is None:
        return "Nothing was measured."
    scale = (
        "At the work's scale" if fixed.verdict.scale == "work"
        else "On a narrow network after a few epochs, which cannot decide about errors near 8 %,"
    )  # fmt: skip
    points = [one.measurement.with_(n=None) for one in (fixed, noise)]
    numbers = [format_measurement(one) for one in points]
    if not any(_moved(one.measurement) for one in (fixed, noise)):
        return (f"{scale} neither the fixed field ({numbers[0]}) nor redrawn noise ({numbers[1]}) "
                "measurably changes the final test error.")  # fmt: skip
    words = [
        f"{name} {_moved(one.measurement) or 'does not measurably change'} it ({number})"
        for name, one, number in zip(("the fixed field", "redrawn noise"), (fixed, noise), numbers,
                                     strict=True)
    ]  # fmt: skip
    return f"{scale} the final test error depends on the method: {words[0]}, {words[1]}."


def _moved(difference):
    """The verb for an interval that excludes zero, "" for one that does not and for none."""
    if not difference.has_interval:
        return ""
    return "lowers" if difference.high < 0 else "raises" if difference.low > 0 else ""


def rows(runs, records):
    """The table of the work with our errors beside: one row a method."""
    from landscape import book

    paper = claims.load("thesis-tab-2-1", runs.root).paper_values
    frames = (records.frame(RUNS), runs.frame(RUNS))
    return [
        [paper[method].what, str(paper[method]),
         *(_measured(frame, method, book) for frame in frames)]
        for method in METHODS
    ]


def errors_table(runs, records):
    """The same as a numbered table."""
    from landscape import book

    return book.Table(
        ["row of the work", "paper", "record", f"this build ({runs.scale})"],
        rows(runs, records), label="thesis-tab-2-1-errors", stack=True,
        caption="Chaudhari (2018), table 2.1: test error at the end of training (95 % intervals "
        "of ours)",
    )  # fmt: skip


def _measured(frame, method, book):
    if frame is None:
        return "–"
    own = frame[frame["method"] == method]
    names = statistics.diverged_runs(own)
    last = finals.mean(frame, method)
    left_out = f"; left out as diverged: {', '.join(names)}" if names else ""
    epochs = format_number(own["effective_epoch"].max())
    return book.Cell(format_measurement(last), details=f"after {epochs} epochs{left_out}")


def cited(root):
    """Rows that the work took from other authors: what, error, where."""
    values = claims.load("thesis-tab-2-1", root).paper_values.items()
    return [[one.what, str(one), one.where] for key, one in values
            if key.startswith("cited-") and key != "cited-gain"]  # fmt: skip


def cited_table(root):
    """The same as a table that unfolds."""
    from landscape import book

    return book.Table(
        ["network", "cited error", "cited in"], cited(root), folded=True, stack=True,
        caption="Rows of the table that the work took from other authors",
    )  # fmt: skip


def panels(runs, records):
    """Both panels of the picture."""
    return {"a": draw_errors(runs, records), "b": draw_gains(runs, records)}


def draw_errors(runs, records):
    """Test error against epochs of the three methods, and the printed errors."""
    from landscape import book

    paper = claims.load("thesis-tab-2-1", runs.root).paper_values
    figure, ax = book.panel(height=3.1)
    book.curves(ax, runs.frame(RUNS), "effective_epoch", "test_error", METHODS,
                record=records.frame(RUNS), log=True)  # fmt: skip
    for method in METHODS:
        ax.axhline(paper[method].value, color=book.look(method).color, linestyle=":", linewidth=1.2)
    ax.annotate("printed in the work", (0.02, 8.6), xycoords=("axes fraction", "data"), fontsize=9)
    book.log_axis(ax)
    ax.set(ylabel="test error [%]", xlabel="epochs", ylim=(7, 110))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.42), fontsize=9)
    return figure


def draw_gains(runs, records):
    """Final test error minus SGD's: every seed, the mean, and the printed difference."""
    from landscape import book

    paper = claims.load("thesis-tab-2-1", runs.root).paper_values
    figure, ax = book.panel(height=3.1)
    for place, (method, key) in enumerate(GAINS.items()):
        look = book.look(method)
        sources = ((runs.frame(RUNS), 0, True), (records.frame(RUNS), 0.2, False))
        for frame, shift, filled in sources:
            if frame is None:
                continue
            pair = (finals.final(frame, name) for name in (method, "sgd"))
            one, other = statistics.common_seeds(*pair)
            each, mean = (one - other).to_numpy(), finals.gap(frame, method, "sgd")
            beside = place + shift - 0.08 - 0.02 * np.arange(len(each))  # equal ones stay visible
            ax.plot(beside, each, look.marker, color=look.color,
                    markerfacecolor=look.color if filled else book.PAPER)  # fmt: skip
            ends = None
            if mean.has_interval:
                ends = [[mean.value - mean.low], [mean.high - mean.value]]
            ax.errorbar([place + shift + 0.06], [mean.value], yerr=ends, fmt="_", color=look.color,
                        markersize=14, capsize=4)  # fmt: skip
        ax.errorbar([place - 0.28], [paper[key].value], yerr=[paper[key].err], fmt="x",
                    color=book.GREY, capsize=3,
                    label=None if place else "printed in the work")  # fmt: skip
    ax.axhline(0, color=book.GREY, linewidth=1)
    ax.set(xticks=range(len(GAINS)), xticklabels=[label(method) for method in GAINS],
           xlim=(-0.5, 1.5), ylabel="test error minus SGD's [points]")  # fmt: skip
    ax.legend(loc="best", fontsize=9)
    return figure


def errors(runs, records):
    """The page's picture: errors during training and differences at its end."""
    from landscape import book

    return book.Picture(
        panels(runs, records),
        titles={"a": "during training", "b": "at the end"},
        alt="Left, test error against epochs for SGD, resampled noise and AnnealSGD, with "
        "horizontal lines at the printed errors. Right, each method's final error minus "
        "SGD's, by seed, beside the printed difference. The table below states them in "
        "numbers.",
        data=runs.frame(RUNS)[["method", "seed", "effective_epoch", "test_error"]],
    )
