"""Entropy-SGD against SGD on CIFAR-10 (thesis figure 3.6): what is measured, what is drawn."""

import numpy as np

from landscape.evidence import claims, finals, statistics
from landscape.evidence import plateaus as standstill
from landscape.evidence.measurement import format_measurement, format_number, not_run
from landscape.evidence.methods import label

ID = "thesis-fig-3-6"
RUNS = "thesis-fig-3-6-allcnn"
METHODS = ("entropy_sgd", "sgd")
ENTROPY, SGD = METHODS
#: A run is cut into so many parts; the first two are left out.
PARTS, FIRST = 10, 2
#: A part is a plateau if the curve falls in it by less than this share of an even pace.
LIMIT, STRICT = 1 / 5, 1 / 10
#: One standard deviation of the work's difference of errors, in points.
DEVIATION = 0.21


def falls(frame, method, column):
    """What the logarithm of a curve falls by in each tenth that counts, even pace = 1, by seed."""
    return standstill.falls(frame[frame["method"] == method], column, PARTS, FIRST)


def plateaus(frame, method, column, limit=LIMIT):
    """Share of the tenths in which the curve stands still, one number a seed."""
    return standstill.plateaus(falls(frame, method, column), limit)


def drops(runs, method):
    """Where a method's rate drops, as parts of its run."""
    settings = runs.parameters(RUNS, method)
    return [drop / settings["run"]["epochs"] for drop in settings["schedule"]["drop_at"]]


def stairs(frame, method, at):
    """How much of the fall of a training loss lies in the tenths that begin with a drop.

    ``at`` are the drops as parts of the run. One number a seed; 1 is no staircase.
    """
    return standstill.stairs(falls(frame, method, "training_loss"), at, PARTS)


def paired(frame, ours, other, **fields):
    """``ours - other``, paired by seed."""
    pair = statistics.common_seeds(ours, other)
    if len(pair[0]) == 0:
        return not_run("no pair of runs that ended")
    return statistics.paired_difference(
        *pair, diverged=statistics.diverged_runs(frame), **fields
    )  # fmt: skip


def more_plateaus(frame, column, limit=LIMIT):
    """Share of plateaus, SGD minus Entropy-SGD."""
    return paired(frame, *(plateaus(frame, m, column, limit) for m in (SGD, ENTROPY)))


def passes(frame):
    """Effective epochs until an error that both reach, Entropy-SGD over SGD."""
    ends = [finals.final(frame, method).mean() for method in METHODS]
    level = max(ends) + DEVIATION
    times = [
        statistics.time_to_threshold(frame[frame["method"] == method], "test_error", level)
        for method in METHODS
    ]
    never = [f"{time.isna().sum()} of {len(time)} {label(method)} runs never get there"
             for method, time in zip(METHODS, times, strict=True) if time.isna().any()]  # fmt: skip
    # A run whose error never comes so low has the last epoch instead, one that begins there the
    # first evaluation after its beginning.
    epochs = [frame.loc[frame["method"] == m, "effective_epoch"] for m in METHODS]
    pair = [
        time.fillna(seen.max()).clip(lower=seen[seen > 0].min())
        for time, seen in zip(times, epochs, strict=True)
    ]
    note = "; ".join([f"to {level:.2f} %", *never])
    return statistics.ratio_of_means(
        *statistics.common_seeds(*pair), note=note, diverged=statistics.diverged_runs(frame)
    )  # fmt: skip


def measure(runs):
    """Errors, passes and plateaus of both methods."""
    frame = runs.frame(RUNS)
    if frame is None:
        return {}
    if any(finals.final(frame, method).empty for method in METHODS):
        reason = not_run("all runs of a method diverged")
        return {"c1": reason, "c2": reason, "c3": reason}
    steps = [stairs(frame, method, drops(runs, method)) for method in (SGD, ENTROPY)]
    same = [stairs(frame, method, drops(runs, SGD)) for method in (SGD, ENTROPY)]
    few = plateaus(frame, ENTROPY, "training_loss")
    baseline = finals.mean(frame, SGD)
    return {
        "c1": {
            "error": paired(frame, *(finals.final(frame, m) for m in METHODS), unit="%"),
            "passes": passes(frame),
        },
        "c2": {
            "few": statistics.mean_interval(few, diverged=statistics.diverged_runs(frame)),
            "fewer": more_plateaus(frame, "training_loss"),
            "fewer-error": more_plateaus(frame, "test_error"),
            "stairs": paired(frame, *steps),
            "stairs-same": paired(frame, *same),
            "fewer-strict": more_plateaus(frame, "training_loss", STRICT),
        },
        "c3": {"sgd": baseline, "entropy": finals.mean(frame, ENTROPY), "competitive": baseline},
    }


def finding(found):
    """How far the two end apart, and which of the curves stands still more often."""
    gap, more = found["c1.error"], found["c2.fewer"]
    if gap.value is None or more.value is None:
        return "Nothing was measured."
    where = "not measurably apart from SGD"
    if gap.measurement.has_interval and (gap.measurement.low > 0 or gap.measurement.high < 0):
        side = "above" if gap.value > 0 else "below"
        where = f"{format_number(abs(gap.value), 1)} points {side} SGD"
    few = found["c2.few"].value
    ours, theirs = (format_number(100 * share, 0) for share in (few, few + more.value))
    apart = more.measurement.has_interval and not (
        more.measurement.low <= 0 <= more.measurement.high
    )
    tail = "" if apart else ", which is no measurable difference"
    small = gap.verdict.scale != "work"
    scale = "On a narrow network and a tenth of the images " if small else ""
    return (
        f"{scale}Entropy-SGD ends {where}; after the run's first fifth its training loss stands "
        f"still for {ours} % of the time, SGD's for {theirs} %{tail}."
    )


def curves(runs, records):
    """The work's two panels: training loss and error against effective epochs."""
    from landscape import book

    values = claims.load(ID, runs.root).paper_values
    frame, record = runs.frame(RUNS), records.frame(RUNS)
    where, longest = (runs, frame) if record is None else (records, record)
    panels = {}
    for letter, column, name in (
        ("a", "training_loss", "training loss"), ("b", "test_error", "test error [%]")
    ):  # fmt: skip
        figure, ax = book.panel(height=3.1)
        book.curves(ax, frame, "effective_epoch", column, METHODS, record=record, log=True)
        for method in METHODS:
            for drop in drops(where, method):
                ax.axvline(
                    drop * longest["effective_epoch"].max(), color=book.look(method).color,
                    linestyle=":", linewidth=1, alpha=0.8,
                )  # fmt: skip
        book.log_axis(ax)
        ax.set(ylabel=name, xlabel="effective epochs", xlim=(0, None))
        if column == "test_error" and record is not None:
            for method, key in zip(METHODS, ("entropy", "sgd"), strict=True):
                ax.axhline(values[key].value, color=book.look(method).color, linewidth=0.8)
        ax.legend()
        panels[letter] = figure
    names = ["method", "seed", "effective_epoch", "training_loss", "test_error"]
    return book.Picture(
        panels=panels, titles={"a": "training loss", "b": "error on the test set"},
        alt="Two panels against effective epochs, training loss and test error on logarithmic "
        "axes, for SGD and Entropy-SGD, with dotted vertical lines where each method's rate drops. "
        "The tables below state final errors and standstills in numbers.",
        data=frame[names],
    )  # fmt: skip


def pace(runs):
    """How fast both training losses fall in each tenth of the run, in units of an even pace."""
    from landscape import book

    frame = runs.frame(RUNS)
    panels = {}
    for letter, method in zip("ab", (SGD, ENTROPY), strict=True):
        look = book.look(method)
        table = falls(frame, method, "training_loss").dropna()
        figure, ax = book.panel(height=2.8)
        middle = (np.array(table.columns, float) + 0.5) / PARTS
        ax.bar(middle, table.mean(), width=0.08, color=look.color, alpha=0.45)
        for _, row in table.iterrows():
            ax.plot(middle, row, look.marker, color=look.color, markersize=4)
        ax.axhline(LIMIT, color=book.INK, linewidth=1, linestyle="--")
        ax.axhline(1, color=book.GREY, linewidth=1)
        for drop in drops(runs, method):
            ax.axvline(drop, color=look.color, linestyle=":", linewidth=1.2)
        ax.set(xlabel="part of the run", ylabel="fall, even pace = 1", xlim=(FIRST / PARTS, 1))
        panels[letter] = figure
    return book.Picture(
        panels=panels, titles={"a": label(SGD), "b": label(ENTROPY)},
        alt="Two panels of bars, one a tenth of the run from its first fifth on: by how much the "
        "logarithm of the training loss falls, in units of an even pace, for SGD and for "
        "Entropy-SGD; marks are seeds, dotted lines drops of the rate, a dashed line the limit "
        "below which a tenth is a plateau.",
    )  # fmt: skip


def errors_table(runs, records):
    """Final errors as printed, in the record and in this build, with two that the work cites."""
    from landscape import book

    values, rows = claims.load(ID, runs.root).paper_values, []
    frames = (records.frame(RUNS), runs.frame(RUNS))
    for method, key in ((SGD, "sgd"), (ENTROPY, "entropy")):
        ours = [None if frame is None else finals.mean(frame, method) for frame in frames]
        rows.append([label(method), str(values[key]), *(format_measurement(m) for m in ours)])
    for key in ("springenberg", "elu"):
        rows.append([values[key].what, str(values[key]), "–", "–"])
    return book.Table(
        ["method", "the work", "record", f"this build ({runs.scale})"], rows, stack=True,
        label="thesis-fig-3-6-errors",
        caption="Errors on CIFAR-10 without augmentation at the end, with 95 % intervals",
    )  # fmt: skip


def plateau_table(runs):
    """How much of the run both curves stand still, and how much of the fall is at drops."""
    from landscape import book

    frame, rows = runs.frame(RUNS), []
    for method in (SGD, ENTROPY):
        shares = [
            statistics.mean_interval(100 * plateaus(frame, method, column), unit="%")
            for column in ("training_loss", "test_error")
        ]
        for whose in (method, SGD):
            step = stairs(frame, method, drops(runs, whose))
            shares += [statistics.mean_interval(step)] if len(step) else [None]
        rows.append([label(method), *(format_measurement(share) for share in shares)])
    return book.Table(
        ["method", "training loss stands still", "error does", "fall at drops, even = 1",
         "fall at SGD's drops"], rows, stack=True,
        caption="Plateaus after the first fifth of the run: share of its tenths",
    )  # fmt: skip


def scope(settings, updates):
    """The scope after so many updates and what one inner loop then keeps of the distance to x.

    Args:
        settings: Those of the optimizer.
        updates: Outer updates, at least 0.

    Returns:
        gamma, and ``exp(-L lr_inner / ((1 - momentum) gamma))``: what the force alone leaves of
        ``y - x`` in one inner loop.
    """
    gamma = settings["gamma"] / (1 + settings["gamma_decay"]) ** updates
    step = settings["lr_inner"] / (1 - settings["momentum"])
    return gamma, float(np.exp(-settings["L"] * step / gamma))


def updates_of(settings, samples):
    """Outer updates of a run: epochs times mini-batches."""
    return max(1, round(settings["run"]["epochs"] * (samples // settings["run"]["batch_size"])))


def scope_table(runs):
    """The scope at the beginning and the end of the work's run and of this build's."""
    from landscape import book
    from landscape.experiments.settings import method_settings

    work = method_settings(RUNS, ENTROPY, "paper", runs.root)
    ours = runs.parameters(RUNS, ENTROPY)
    long = updates_of(work, 50_000)
    short = updates_of(ours, ours["data"]["train_samples"] or 50_000)
    rows = []
    for name, settings, count in (
        ("the work's, at the beginning", work, 0),
        ("the work's, at the end", work, long),
        ("this build's, had its factor been the work's, at the end", work, short),
        ("this build's, at the end", ours, short),
    ):
        gamma, kept = scope(settings["optimizer"], count)
        rows.append([
            name, f"{count:,}", format_number(gamma, digits=3), format_number(100 * kept, digits=2)
        ])  # fmt: skip
    return book.Table(
        ["run", "updates", r"$\gamma$", r"left of $y-x$ after an inner loop [%]"], rows, stack=True,
        caption="The scope, and what its force alone would leave of a distance from $x$",
    )  # fmt: skip
