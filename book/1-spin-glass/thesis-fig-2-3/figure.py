"""A fading random field against Adam on MNIST (thesis figure 2.3): measuring and drawing."""

import re

import numpy as np

from landscape.evidence import claims, field_sweep, finals, races, statistics
from landscape.evidence.measurement import Measurement, format_measurement
from landscape.evidence.methods import label

GLOROT, DEFAULT = "thesis-fig-2-3-mnistfc-glorot", "thesis-fig-2-3-mnistfc"
EARLY, LENET = "thesis-fig-2-3-early", "thesis-fig-2-3-lenet"
P16, SWEEP = "thesis-fig-2-3-mnistfc-p16", "thesis-fig-2-3-sensitivity"
NETWORKS = {GLOROT: "16 layers, Glorot", DEFAULT: "16 layers, default", LENET: "LeNet"}
ADAM, FIELD, NOISE = METHODS = ("adam", "anneal_sgd", "resampled_noise")
FIRST = 0.2  # share of training that counts as its beginning
HALFWAY = 50.0  # validation error in percent that counts as having started to learn


def pair(frame, function, first=FIELD, second=ADAM):
    """Two methods' numbers for the seeds that both finished."""
    both = (function(frame[frame["method"] == method]) for method in (first, second))
    return statistics.common_seeds(*both)


def early_error(rows, until=None):
    """Validation error averaged over the first fifth of training, one number a seed."""
    return statistics.area(rows, "validation_error", until or FIRST * rows["effective_epoch"].max())


def final_error(rows):
    """Validation error at the end, one number a seed."""
    return statistics.per_seed(rows, "validation_error")


def median_of(column):
    """The function that takes a column's median over the evaluations of a run."""
    return lambda rows: statistics.per_seed(rows, column, "median")


def difference(frame, function, unit="%", times=1.0, methods=(FIELD, ADAM)):
    """First method's number minus ``times`` the second's, paired by seed."""
    one, other = pair(frame, function, *methods)
    note = "" if one.any() or other.any() else "zero in every run"
    if len(one) > 1 and one.nunique() == other.nunique() == 1 and not note:
        named = zip(methods, (one, other), strict=True)
        note = " and ".join(f"{label(m)} {v.iloc[0]:.4g}" for m, v in named) + " in every run"
    named = statistics.diverged_runs(frame[frame["method"].isin(methods)])
    return statistics.paired_difference(one, times * other, unit=unit, note=note, diverged=named)


def near_end(frame, name, root):
    """The race to twice the error that the work prints for Adam on that network."""
    key = "lenet-adam" if name == LENET else "mnistfc-adam"
    level = 2 * claims.load("thesis-fig-2-3", root).paper_values[key].value
    return races.race(frame, FIELD, ADAM, level)


def beginning(runs):
    """Rows that show the first fifth of the Glorot network's training, and where it ends.

    At the work's scale only the runs with ten evaluations an epoch count (claims.yaml).
    """
    fine = runs.frame(EARLY)
    if fine is not None and runs.scale == "paper":
        return fine, fine["effective_epoch"].max()
    frame = runs.frame(GLOROT)
    if frame is None or runs.scale == "paper":
        return None, None
    return frame, FIRST * frame["effective_epoch"].max()


def measure(runs):
    """Measurements of all claims that the given runs allow."""
    found = {"c1": {}, "c2": {}, "c3": {}}
    frames = {name: runs.frame(name) for name in NETWORKS}
    start, until = beginning(runs)
    if start is not None:
        found["c1"]["area"] = difference(start, lambda rows: early_error(rows, until))
        found["c1"]["epochs"] = races.race(start, FIELD, ADAM, HALFWAY).ratio()
    for name, end in ((GLOROT, ""), (DEFAULT, "-default")):
        frame = frames[name]
        if frame is None:
            continue
        if end:
            found["c1"]["area" + end] = difference(frame, early_error)
            found["c1"]["epochs" + end] = races.race(frame, FIELD, ADAM, HALFWAY).ratio()
        for part, column in (("field", "gradient_min"), ("raw", "gradient_min_raw"),
                             ("layer", "gradient_layer_min_raw")):  # fmt: skip
            found["c2"][part + end] = difference(frame, median_of(column), "", times=2)
        gap = difference(frame, final_error)
        found["c3"]["sign" + end] = gap.with_(note=gap.note or _lost(frame))
    if "sign" in found["c3"]:
        found["c3"]["size"] = found["c3"]["sign"]
    if frames[LENET] is not None:
        found["c4"] = _lenet(frames, runs.root)
    return {claim: parts for claim, parts in found.items() if parts}


def _lost(frame):
    """How many of AnnealSGD's runs end without having learned; empty for none."""
    ends = final_error(frame[frame["method"] == FIELD])
    number = int((ends > HALFWAY).sum())
    return f"{number} of {len(ends)} AnnealSGD runs end above {HALFWAY:g} %" if number else ""


def _lenet(frames, root):
    lenet, names = frames[LENET], statistics.diverged_runs(frames[LENET])
    field, adam = pair(lenet, final_error)
    found = {
        "anneal": statistics.mean_interval(field, unit="%", diverged=names),
        "adam": statistics.mean_interval(adam, unit="%", diverged=names),
        "sign": difference(lenet, final_error),
    }
    for name, end in ((GLOROT, ""), (DEFAULT, "-default")):
        deep = frames[name]
        if deep is None:
            continue
        bad = names + statistics.diverged_runs(deep)
        gains = [np.log(other / one) for one, other in
                 (pair(frame, early_error) for frame in (lenet, deep))]  # fmt: skip
        found["speed" + end] = statistics.difference(*gains, diverged=bad)
        found["epochs" + end] = races.difference_of_speed_ups(
            near_end(lenet, LENET, root), near_end(deep, name, root), ("LeNet", "deep network"),
            diverged=bad,
        )
    return found


def finding(found):
    """What the field does to the deep network under both initialisations, and to LeNet."""
    deep, lenet = found["c3.sign"], found["c4.sign"]
    if deep.value is None or lenet.value is None:
        return "Nothing was measured."
    plain = found["c1.area-default"].measurement
    starts = "helps the deep network to start under the library's default initialisation"
    if plain is None or not plain.has_interval or plain.high >= 0:
        starts = "does not help the deep network to start"
    race = found["c1.epochs-default"].measurement
    if race is not None and races.never_there(race, ADAM):
        starts += ", where plain Adam does not learn at all"
    end = found["c3.sign-default"].measurement
    if end is not None and end.has_interval:
        starts += f", {'and' if end.high < 0 else 'but'} ends {_apart(end)}"
    lost = re.match(r"\d+ of \d+", deep.measurement.note)
    never = f", as {lost[0]} runs never learn" if lost else ""
    where = "differs" if lenet.measurement.apart() else "does not measurably differ"
    points = format_measurement(lenet.measurement.with_(n=None))
    return (
        f"The field {starts}; under Glorot's, where Adam learns, it ends {_apart(deep.measurement)}"
        f"{never}; on LeNet the final error {where} ({points})."
    )


def _apart(gap: Measurement):
    """A difference of final errors in words, with its interval in points."""
    if gap.low == gap.high == 0:
        return "exactly where Adam does"
    points = format_measurement(gap.with_(n=None, note=""))
    if not gap.apart():
        return f"no lower than Adam within the interval ({points})"
    return f"{'lower' if gap.value < 0 else 'higher'} than Adam ({points})"


# ---------------------------------------------------------------------- tables
def dead_table(runs, records):
    """Runs of the deep network that end above 50 %, record and build."""
    from landscape.book import field_pictures

    deep = {NETWORKS[name]: (records.frame(name), runs.frame(name)) for name in (GLOROT, DEFAULT)}
    return field_pictures.dead_table(
        deep, METHODS, HALFWAY, runs.scale, "thesis-fig-2-3-dead"
    )


def control_table(runs):
    """Noise minus Adam and AnnealSGD minus noise, early and final; unfolds."""
    from landscape import book

    rows = []
    for name, title in NETWORKS.items():
        frame = runs.frame(name)
        for what, function in (("first fifth, mean", early_error), ("final", final_error)):
            cells = [format_measurement(difference(frame, function, methods=methods))
                     for methods in ((NOISE, ADAM), (FIELD, NOISE))]  # fmt: skip
            rows.append([title, what, *cells])
    return book.Table(
        ["network", "validation error", "resampled noise minus Adam",
         "AnnealSGD minus resampled noise"],
        rows, folded=True, stack=True,
        caption="Control: differences paired by seed, this build (95 % intervals)",
    )  # fmt: skip


def sweep_cells(runs):
    """``{(J, tau0): (mean final error, its difference from Adam)}`` of the same seeds."""
    return field_sweep.cells(runs.frame(SWEEP), runs.frame(GLOROT))


def sweep_sentence(runs):
    """How many fields beat Adam, and where the stated one ranks."""
    stated = runs.parameters(GLOROT, FIELD)["optimizer"]
    said = field_sweep.sentence(sweep_cells(runs), (stated["J"], stated["tau0"]))
    seeds = runs.frame(SWEEP)["seed"].nunique()
    return f"{said}. {seeds} seeds a field, the main comparison has more."


def other_p(runs):
    """A sentence: final errors with p = 3 and with p = 16, Glorot initialisation."""
    ends = [format_measurement(finals.mean(runs.frame(name), FIELD, "validation_error"))
            for name in (GLOROT, P16)]  # fmt: skip
    return (f"Final validation error of AnnealSGD in this build with $p = 3$: {ends[0]}; with "
            f"$p = 16$: {ends[1]}.")  # fmt: skip


# ---------------------------------------------------------------------- pictures
def draw_error(runs, records, name, methods=(ADAM, FIELD)):
    """Validation error of an experiment, build and record."""
    from landscape import book

    figure, ax = book.panel(height=2.75)
    frame, record = runs.frame(name), records.frame(name)
    if record is not None and not set(methods) <= set(record["method"]):
        record = None
    book.curves(ax, frame, "effective_epoch", "validation_error", methods, record=record, log=True)
    book.log_axis(ax)
    low = min(f["validation_error"].min() for f in (frame, record) if f is not None)
    bottom = None if name == EARLY else 0.8 * low  # the beginning fills its panel as it is
    ax.set(xlabel="epochs", ylabel="validation error [%]", ylim=(bottom, 120))
    ax.legend(fontsize=9, loc="best")
    return figure


def networks(runs, records):
    """The page's picture: errors of both networks, and the least gradient."""
    from landscape import book
    from landscape.book import field_pictures

    weakest = "gradient_layer_min_raw"  # a layer's mean
    gradients = (source.frame(GLOROT) for source in (runs, records))
    columns = ["method", "seed", "effective_epoch", "validation_error", weakest]
    return book.Picture(
        {
            "a": draw_error(runs, records, GLOROT),
            "b": draw_error(runs, records, DEFAULT),
            "c": draw_error(runs, records, LENET),
            "d": field_pictures.least_gradient(*gradients, (ADAM, FIELD), weakest),
        },
        titles={
            "a": "16 layers, Glorot",
            "b": "16 layers, library's default",
            "c": "LeNet",
            "d": "weakest layer's gradient, Glorot",
        },
        alt="Four panels against epochs: validation error of the deep thin network for Adam and "
        "AnnealSGD under two initialisations, of LeNet, and the smallest gradient entry. The "
        "claims table states them in numbers.",
        data={name: runs.frame(name)[columns] for name in NETWORKS},
    )


def controls(runs, records):
    """The beginning of training, and resampled noise beside the field."""
    from landscape import book

    return book.Picture(
        {"a": draw_error(runs, records, EARLY), "b": draw_error(runs, records, DEFAULT, METHODS)},
        titles={"a": "the beginning, Glorot", "b": "the control, library's default"},
        alt="Two panels of validation error against epochs: the first fifth of training for Adam "
        "and AnnealSGD; and Adam, AnnealSGD and resampled noise on the deep network with "
        "default initialisation.",
    )


def sweep(runs):
    """Errors over strengths and decay times of the field."""
    from landscape import book
    from landscape.book import field_pictures

    return book.Picture(
        field_pictures.sweep(sweep_cells(runs)),
        alt="A table of numbers with coloured cells, strength of the field from left to right, "
        "decay time from bottom to top. The sentence below states the extremes in numbers.",
    )
