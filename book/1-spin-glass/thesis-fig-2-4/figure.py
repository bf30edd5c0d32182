"""Do the weights align with the field? (thesis figure 2.4): what is measured, what is drawn."""

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.evidence.methods import label

RUNS = "thesis-tab-2-1-allcnn"
FIXED, REDRAWN = METHODS = ("anneal_sgd", "resampled_noise")


def with_lengths(frame):
    """The runs with a field, with positive alignments and the lengths that they contain."""
    rows = frame[frame["method"].isin(METHODS)].dropna(subset=["alignment_cosine"]).copy()
    rows["weights"] = rows["alignment_unit"] / rows["alignment_cosine"]  # |w|
    rows["field"] = rows["alignment"] / rows["alignment_unit"]  # |h_i|
    rows["count"] = (rows["alignment_sphere"] / rows["alignment"] * rows["weights"]) ** 2  # N
    for name in ("alignment", "alignment_after", "alignment_sphere", "alignment_unit"):
        rows[f"{name}_size"] = rows[name].abs()
    rows["cosine_size"] = rows["alignment_cosine"].abs()
    return rows


def mean_size(frame, method, column, last=1.0):
    """Mean over the last part of the run, one number a seed."""
    rows = statistics.finished(frame[frame["method"] == method])
    rows = rows[rows["step"] > (1 - last) * rows["step"].max()]
    return rows.groupby("seed")[column].mean()


def ratio(frame, column, last=1.0):
    """Fixed field over redrawn noise, geometric mean over seeds."""
    pair = (mean_size(frame, method, column, last) for method in METHODS)
    return statistics.ratio_of_means(
        *statistics.common_seeds(*pair), diverged=statistics.diverged_runs(frame)
    )


def persistence(frame, method):
    """Mean product of consecutive alignments over their mean square, one number a seed."""
    rows = statistics.finished(frame[frame["method"] == method]).sort_values("step")
    return rows.groupby("seed")["alignment_cosine"].agg(
        lambda c: (c.to_numpy()[1:] * c.to_numpy()[:-1]).mean() / (c**2).mean()
    )


def measure(runs):
    """Ratios of alignments, fixed field over redrawn noise, and what lasts."""
    frame = runs.frame(RUNS)
    if frame is None:
        return {}
    frame = with_lengths(frame)
    names = statistics.diverged_runs(frame)
    pair = statistics.common_seeds(*(persistence(frame, method) for method in METHODS))
    bias = mean_size(frame, FIXED, "alignment_cosine")
    return {
        "c1": {
            "field": ratio(frame, "alignment_sphere_size"),
            "direction": ratio(frame, "alignment_unit_size"),
            "keep": ratio(frame, "cosine_size", last=1 / 3),
            "after": ratio(frame, "alignment_after_size"),
            "bias": statistics.mean_interval(bias, diverged=names),
            "uncorrelated": statistics.paired_difference(*pair, diverged=names),
        }
    }


def finding(found):
    """How much more the weights align with a fixed field."""
    field, end = found["c1.field"], found["c1.keep"]
    if field.value is None:
        return "Nothing was measured."
    sure = field.measurement.has_interval and field.measurement.low > 1
    more = "more" if sure else "not measurably more"
    small = "" if field.verdict.scale == "work" else ", on a narrow network after a few epochs"
    return (
        f"The weights align {more} with a fixed field than with redrawn noise, "
        f"{format_number(field.value, 1)} times as much over the run and "
        f"{format_number(end.value, 1)} times in its last third{small}, but most of that is "
        "arithmetic: weights are minus a running sum of what was added to them."
    )


def field_alone(fields, rates, optimizer):
    """``|h.w| / |h|`` under SGD if the field and weight decay were all the gradient.

    ``fields`` are lengths of the field, ``rates`` learning rates, both for every step.
    """
    momentum, decay = optimizer["momentum"], optimizer["weight_decay"]
    product = velocity = 0.0
    path = []
    for field, rate in zip(fields, rates, strict=True):
        pull = field + decay * product
        velocity = momentum * velocity + pull
        product -= rate * (pull + momentum * velocity if optimizer["nesterov"] else velocity)
        path.append(abs(product))
    return np.array(path)


def alone_in_the_build(runs):
    """Epochs and ``field_alone`` for the lengths and rates that the build's runs had."""
    rows = with_lengths(runs.frame(RUNS))
    rows = rows[rows["method"] == FIXED]
    lengths = np.log(rows.groupby("step")["field"].mean())
    slope, start = np.polyfit(lengths.index - 1, lengths, 1)  # a pure exponential
    rates = rows.groupby("step")["learning_rate"].first()  # of the step after the row
    steps = range(rates.index[-1])
    at = [min(rates.index.searchsorted(step + 1), len(rates) - 1) for step in steps]
    fields = [np.exp(start + slope * step) for step in steps]
    path = field_alone(fields, rates.iloc[at], runs.parameters(RUNS, FIXED)["optimizer"])
    return np.arange(1, len(path) + 1) * rows["effective_epoch"].max() / len(path), path


def random_level(frame):
    """Mean absolute cosine of a random direction in N dimensions."""
    return np.sqrt(2 / (np.pi * frame["count"].median()))


def _draw(ax, runs, records, column):
    from landscape import book

    for frame, line in ((runs.frame(RUNS), "-"), (records.frame(RUNS), "--")):
        for method in METHODS if frame is not None else ():
            rows = with_lengths(frame)
            rows, look = rows[rows["method"] == method], book.look(method)
            seeds = rows.groupby("effective_epoch")[column].agg(["mean", "min", "max"])
            ax.plot(
                seeds.index, seeds["mean"], line, color=look.color, marker=look.marker,
                markerfacecolor=look.color if line == "-" else book.PAPER,
                label=f"{look.label}{'' if line == '-' else ', record'} "
                f"(n = {rows['seed'].nunique()})",
            )  # fmt: skip
            ax.fill_between(
                seeds.index, seeds["min"], seeds["max"], color=look.color, alpha=0.2, linewidth=0
            )
    ax.set(yscale="log", xlabel="epochs", xlim=(0, None))


def panels(runs, records):
    """The three panels of the picture."""
    draw = {"a": draw_literal, "b": draw_direction, "c": draw_cosine}
    return {letter: one(runs, records) for letter, one in draw.items()}


def draw_literal(runs, records):
    """The product with the field as it stands, which fades for both."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    _draw(ax, runs, records, "alignment_sphere_size")
    rows = with_lengths(runs.frame(RUNS))
    for method in METHODS:
        means = rows[rows["method"] == method].groupby("effective_epoch")
        means = means[["alignment_sphere_size", "field"]].mean()
        fading = means["field"] * means["alignment_sphere_size"].iloc[0] / means["field"].iloc[0]
        ax.plot(fading.index, fading, ":", linewidth=1.2, color=book.look(method).color,
                label="fading alone" if method == FIXED else None)  # fmt: skip
    ax.set_ylabel(r"$|h_i^\top w|\,\sqrt{N}\,/\,|w|$")
    ax.legend(fontsize=9)
    return figure


def draw_direction(runs, records):
    """The product of the unscaled weights with the field's direction."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    _draw(ax, runs, records, "alignment_unit_size")
    ax.plot(*alone_in_the_build(runs), ":", color=book.look(FIXED).color,
            label="field and decay alone")  # fmt: skip
    ax.set_ylabel(r"$|h^\top w|\,/\,|h|$")
    ax.legend(fontsize=9)
    return figure


def draw_cosine(runs, records):
    """Both scaled to length one, with the level of a random direction."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    _draw(ax, runs, records, "cosine_size")
    ax.axhline(random_level(with_lengths(runs.frame(RUNS))), color=book.GREY, linewidth=1.2,
               label="a random direction")  # fmt: skip
    ax.set_ylabel(r"$|h^\top w|\,/\,|h||w|$")
    ax.legend(fontsize=9)
    return figure


def arithmetic(runs):
    """Sentences: what noise before its step does, how the fixed field's curve compares."""
    rows = with_lengths(runs.frame(RUNS))
    level = random_level(rows)
    noise = statistics.mean_interval(mean_size(rows, REDRAWN, "cosine_size") / level)
    fixed = statistics.finished(rows[rows["method"] == FIXED])
    end = fixed[fixed["step"] == fixed["step"].max()].groupby("seed")["alignment_unit_size"].first()
    alone = alone_in_the_build(runs)[1][-1]
    return (
        f"The cosine with {label(REDRAWN)} before its step is {format_measurement(noise)} times "
        "that of a random direction. In panel b the field and weight decay alone would end at "
        f"{format_number(alone)}; measured is "
        f"{format_measurement(statistics.mean_interval(end))}."
    )


def fading_at_the_works_scale(runs):
    """A sentence: for how long the work's own field could be seen by arithmetic alone."""
    from landscape.experiments.settings import method_settings

    work = method_settings(RUNS, FIXED, "paper", runs.root)
    epoch = 50_000 // work["run"]["batch_size"]  # iterations
    steps = np.arange(work["run"]["epochs"] * epoch)
    field, p = work["optimizer"], work["optimizer"]["layers"]
    drops = np.searchsorted(np.array(work["schedule"]["drop_at"]) * epoch, steps, side="right")
    shift = field_alone(
        field["J"] * np.sqrt(2 * p * (p - 2)) * np.exp(-steps / (2 * field["tau0"])),
        field["lr"] / float(work["schedule"]["factor"]) ** drops,
        field,
    )
    faded = np.flatnonzero(shift > 0.01 * shift.max())[-1]
    return (
        "At the work's own settings the field and weight decay alone would shift each weight by up "
        f"to {format_number(shift.max())} (root mean square, after {shift.argmax() / epoch:.1f} "
        f"epochs) and undo 99 % of it within {faded / epoch:.0f} of {work['run']['epochs']} "
        "epochs: whatever alignment is left later would have to come from the loss."
    )


def alignments(runs, records):
    """The page's picture: three ways to measure the alignment."""
    from landscape import book

    return book.Picture(
        panels(runs, records),
        titles={"a": "as drawn in the work", "b": "direction of the field", "c": "cosine"},
        alt="Three panels, alignment on a logarithmic axis against epochs, for AnnealSGD and "
        "resampled noise: with the fading field, with its direction, and as a cosine beside "
        "the level of a random direction. The claims table below states the ratios in "
        "numbers.",
        data=runs.frame(RUNS).filter(regex="method|seed|epoch|alignment"),
    )
