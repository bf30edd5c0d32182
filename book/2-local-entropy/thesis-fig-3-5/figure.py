"""Entropy-SGD against Adam on MNIST (thesis figure 3.5): what is measured, what is drawn."""

from landscape.evidence import claims, finals, statistics
from landscape.evidence.measurement import format_measurement, format_number

EXPERIMENTS = {"mnistfc": "thesis-tab-3-1-mnistfc", "lenet": "thesis-tab-3-1-lenet"}
NAMES = {"mnistfc": "the fully connected network", "lenet": "LeNet"}
TITLES = {"a": "two layers of 1024 units", "b": "LeNet"}
ENTROPY, ADAM = METHODS = ("entropy_sgd", "adam")
MARGIN = 0.1  # points above the worse of the two final errors: what "trained" means here


def paper(root):
    """Numbers printed in the work, by key."""
    return claims.load("thesis-fig-3-5", root).paper_values


def level(frame):
    """The error in percent at which a network counts as trained."""
    return max(finals.final(frame, method).mean() for method in METHODS) + MARGIN


def passes(frame):
    """Passes until a network is trained, Entropy-SGD over Adam."""
    return finals.passes(frame, ENTROPY, ADAM, level(frame))


def measure(runs):
    """Differences of the final errors, the errors, and the ratio of passes."""
    frames = {task: runs.frame(name) for task, name in EXPERIMENTS.items()}
    frames = {task: frame for task, frame in frames.items() if frame is not None}
    if not frames:
        return {}
    return {
        "c1": {task: finals.gap(frame, ENTROPY, ADAM) for task, frame in frames.items()},
        "c2": {
            f"{task}-{name}": finals.mean(frame, method)
            for task, frame in frames.items()
            for name, method in (("entropy", ENTROPY), ("adam", ADAM))
        },
        "c3": {task: passes(frame) for task, frame in frames.items()},
    }


def finding(found):
    """How far the two optimizers end apart, and after how many passes they get there."""
    if any(found[f"c1.{task}"].value is None for task in EXPERIMENTS):
        return "Nothing was measured."
    ends, times = [], []
    for task in NAMES:
        gap, ratio = found[f"c1.{task}"].measurement, found[f"c3.{task}"].measurement
        judged = found[f"c1.{task}"]
        where = "not measurably apart from"
        if judged.verdict.word == "reproduced":
            where = f"within {format_number(judged.claim.tolerance)} points of"
        elif gap.has_interval and (gap.high < 0 or gap.low > 0):
            side = "below" if gap.high < 0 else "above"
            where = f"{format_number(abs(gap.value), digits=2)} points {side}"
        ends.append(f"{where} Adam")
        times.append(_times(ratio))
    small = [task for task in NAMES if found[f"c1.{task}"].verdict.scale != "work"]
    scale = ", in runs much shorter than the work's" if small else ""
    if len(small) == 1:
        scale = f"; the runs of {NAMES[small[0]]} are much shorter than the work's"
    names = list(NAMES.values())
    apart = (f"{ends[0]} on either network" if ends[0] == ends[1]
             else f"{ends[0]} on {names[0]} and {ends[1]} on {names[1]}")  # fmt: skip
    passes = (f"{times[0]} on either" if times[0] == times[1]
              else f"{times[0]} on the first, {times[1]} on the second")  # fmt: skip
    return f"Entropy-SGD ends {apart}; it takes {passes}{scale}."


def _times(ratio):
    if ratio is None or ratio.value is None:
        return "unknown passes"
    if not ratio.has_interval or ratio.low <= 1 <= ratio.high:
        return "measurably neither more nor fewer passes"
    return f"{format_number(ratio.value, digits=2)} times as many passes"


def _look(axis):
    from landscape import book

    book.log_axis(axis)
    axis.set(ylabel="test error [%]")
    axis.legend(fontsize=9)


def draw(runs, records, task):
    """Test error of both optimizers against passes over the data, and the printed final errors."""
    from landscape import book

    values, name = paper(runs.root), EXPERIMENTS[task]
    figure, ax = book.panel(height=3.1)
    book.curves(ax, runs.frame(name), "effective_epoch", "test_error", METHODS,
                record=records.frame(name), log=True)  # fmt: skip
    for method, key in zip(METHODS, (f"{task}-entropy", f"{task}-adam"), strict=True):
        ax.axhline(values[key].value, color=book.look(method).color, linestyle=":", linewidth=1.4)
    above = records.frame(name) is None  # the curves of a record end at the line
    ax.annotate(
        "printed in the work", (0.03, values[f"{task}-adam"].value * (1.05 if above else 0.93)),
        fontsize=9, xycoords=("axes fraction", "data"), va="bottom" if above else "top",
    )  # fmt: skip
    ax.set(xlabel="effective epochs")
    _look(ax)
    return figure


def curves(runs, records):
    """The picture of the work: both networks."""
    from landscape import book

    return book.Picture(
        panels={letter: draw(runs, records, task)
                for letter, task in zip("ab", EXPERIMENTS, strict=True)},
        titles=TITLES,
        alt="Two panels, test error on a logarithmic axis against effective epochs for Entropy-SGD "
        "and Adam, with horizontal lines at the printed final errors. The claims table states the "
        "final errors and the passes in numbers.",
        data={task: runs.frame(name)[["method", "seed", "effective_epoch", "test_error"]]
              for task, name in EXPERIMENTS.items()},
    )  # fmt: skip


def gradients_an_update(runs):
    """L: gradients that one update of Entropy-SGD's weights takes."""
    return runs.parameters(EXPERIMENTS["mnistfc"], ENTROPY)["optimizer"]["L"]


def by_updates(runs, task):
    """A run's rows with ``updates``, the updates of the weights x in units of an epoch."""
    frame = runs.frame(EXPERIMENTS[task])
    length = frame["method"].map({ENTROPY: gradients_an_update(runs)}).fillna(1)
    return frame.assign(updates=frame["effective_epoch"] / length)


def draw_updates(runs, task):
    """Test error against updates of the weights, whatever they cost."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    rows = by_updates(runs, task)
    rows = rows[rows["updates"] > 0]
    book.curves(ax, rows, "updates", "test_error", METHODS, log=True)
    book.log_axis(ax, "x")
    ax.set(xlabel="epochs of weight updates")
    _look(ax)
    return figure


def updates(runs):
    """The same runs against what an epoch would be if only updates of the weights were counted."""
    from landscape import book

    return book.Picture(
        panels={letter: draw_updates(runs, task)
                for letter, task in zip("ab", EXPERIMENTS, strict=True)},
        titles=TITLES,
        alt="The same errors against updates of the weights on a logarithmic axis: the curve of "
        "Entropy-SGD lies far to the left of Adam's and ends where that begins.",
    )  # fmt: skip


def costs(runs, records):
    """A sentence: passes to train, counted in both ways, of a record where there is one."""
    length, parts = gradients_an_update(runs), []
    for task, name in NAMES.items():
        record = records.frame(EXPERIMENTS[task])
        ratio = passes(runs.frame(EXPERIMENTS[task]) if record is None else record)
        if ratio.value is None:
            continue
        fewer, where = ratio.value / length, "in this build" if record is None else "in the record"
        noted = f" ({ratio.note})" if ratio.note else ""
        parts.append(
            f"on {name}, {where}, {format_measurement(ratio)} counted in passes{noted}, "
            f"{format_number(fewer, 3)} counted in updates"
        )
    return (
        f"One update of Entropy-SGD costs {length} gradients. To get within {MARGIN:g} points of "
        f"the worse of both final errors it needs, as a multiple of Adam: {'; '.join(parts)}."
    )


def largest_force(optimizer, scope):
    """Upper estimate of the force over the gradient in an inner loop.

    In ``L`` steps of rate eta with momentum m the inner iterate moves by at most about
    ``L eta g / (1 - m)`` under a gradient of size g, so that the force (y - x) / gamma is at most
    ``L eta / ((1 - m) gamma)`` of it.
    """
    return optimizer["L"] * optimizer["lr_inner"] / ((1 - optimizer["momentum"]) * scope)


def force(runs, records):
    """A sentence: how large the force of the inner loop can be beside the gradient."""
    recorded = [task for task in EXPERIMENTS if records.frame(EXPERIMENTS[task]) is not None]
    used, task = (records, recorded[0]) if recorded else (runs, "mnistfc")
    name, where = EXPERIMENTS[task], "in the record of" if recorded else "in this build on"
    optimizer = used.parameters(name, ENTROPY)["optimizer"]
    end = statistics.finished(used.frame(name))
    step = end.loc[end["method"] == ENTROPY, "step"].max()
    scope = optimizer["gamma"] / (1 + optimizer["gamma_decay"]) ** (step // optimizer["L"])
    first, last = (100 * largest_force(optimizer, one) for one in (optimizer["gamma"], scope))
    return (
        f"The scope falls from {format_number(optimizer['gamma'])} to {format_number(scope, 0)} "
        f"{where} {NAMES[task]}. A gradient that never turned would move the inner iterate so far "
        f"that the force is {format_number(first, 2)} % of it at the beginning and "
        f"{format_number(last, 2)} % at the end."
    )
