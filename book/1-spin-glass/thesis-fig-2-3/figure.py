"""A fading random field against Adam on MNIST (thesis figure 2.3): measuring and drawing."""

import re

import numpy as np

from landscape.evidence import claims, races, statistics
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
    if _adam_never_starts(found["c1.epochs-default"].measurement):
        starts += ", where plain Adam does not learn at all"
    end = found["c3.sign-default"].measurement
    if end is not None and end.has_interval:
        starts += f", {'and' if end.high < 0 else 'but'} ends {_apart(end)}"
    lost = re.match(r"\d+ of \d+", deep.measurement.note)
    never = f", as {lost[0]} runs never learn" if lost else ""
    where = "differs" if _excludes_zero(lenet.measurement) else "does not measurably differ"
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
    if not _excludes_zero(gap):
        return f"no lower than Adam within the interval ({points})"
    return f"{'lower' if gap.value < 0 else 'higher'} than Adam ({points})"


def _adam_never_starts(race: Measurement | None):
    """Whether no run of Adam comes down to 50 %, which a race says in its note."""
    return race is not None and re.match(r"(\d+) of \1 Adam runs never do", race.note) is not None


def _excludes_zero(m: Measurement | None):
    return m is not None and m.has_interval and (m.low > 0 or m.high < 0)


# ---------------------------------------------------------------------- tables
def dead_rows(runs, records):
    """Rows of text: network, optimizer, runs that end above 50 %, record and build."""
    from landscape import book

    def dead(frame, method):
        if frame is None or not (frame["method"] == method).any():
            return "–"
        last = frame[frame["method"] == method].groupby("seed").last()
        silent = (last["gradient_layer_min_raw"] == 0).sum()
        number = (last["validation_error"] > 50).sum()
        return book.Cell(f"{number} of {len(last)}", details=f"{silent} with a silent layer")

    return [[NETWORKS[name], label(method), dead(records.frame(name), method),
             dead(runs.frame(name), method)]
            for name in (GLOROT, DEFAULT) for method in METHODS]  # fmt: skip


def dead_table(runs, records):
    """The same as a numbered table."""
    from landscape import book

    return book.Table(
        ["network", "optimizer", "record", f"this build ({runs.scale})"],
        dead_rows(runs, records), label="thesis-fig-2-3-dead",
        caption="Runs that end above 50 % validation error",
    )  # fmt: skip


def control_rows(runs):
    """Rows of text: noise minus Adam and AnnealSGD minus noise, early and final."""
    rows = []
    for name, title in NETWORKS.items():
        frame = runs.frame(name)
        for what, function in (("first fifth, mean", early_error), ("final", final_error)):
            cells = [format_measurement(difference(frame, function, methods=methods))
                     for methods in ((NOISE, ADAM), (FIELD, NOISE))]  # fmt: skip
            rows.append([title, what, *cells])
    return rows


def control_table(runs):
    """The same as a table that unfolds."""
    from landscape import book

    return book.Table(
        ["network", "validation error", "resampled noise minus Adam",
         "AnnealSGD minus resampled noise"],
        control_rows(runs), folded=True, stack=True,
        caption="Control: differences paired by seed, this build (95 % intervals)",
    )  # fmt: skip


def sweep_cells(runs):
    """``{(J, tau0): (mean final error, its difference from Adam)}`` of the same seeds."""
    sweep, cells = runs.frame(SWEEP), {}
    adam = runs.frame(GLOROT)
    adam = final_error(adam[(adam["method"] == ADAM) & adam["seed"].isin(sweep["seed"])])
    for point, rows in sweep.groupby(["J", "tau0"]):
        both = statistics.common_seeds(final_error(rows), adam)
        if len(both[0]):
            cells[point] = (both[0].mean(), statistics.paired_difference(*both, unit="%"))
    return cells


def sweep_sentence(runs):
    """How many fields beat Adam, and where the stated one ranks."""
    cells = sweep_cells(runs)
    stated = runs.parameters(GLOROT, FIELD)["optimizer"]
    lower = sum(_excludes_zero(gap) and gap.value < 0 for _, gap in cells.values())
    higher = sum(_excludes_zero(gap) and gap.value > 0 for _, gap in cells.values())
    chance = f"about {0.025 * len(cells):.1f} of each are expected from chance alone"
    text = (f"Of {len(cells)} fields {lower} ended below Adam by more than the interval and "
            f"{higher} above it ({chance})")  # fmt: skip
    here = cells.get((stated["J"], stated["tau0"]))
    if here:
        rank = 1 + sum(cell[0] < here[0] for cell in cells.values())
        text += f"; the stated one ranks {_ordinal(rank)}"
    frame = runs.frame(SWEEP)
    return f"{text}. {frame['seed'].nunique()} seeds a field, the main comparison has more."


def _ordinal(number):
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number, "th")  # of at most twenty


def other_p(runs):
    """A sentence: final errors with p = 3 and with p = 16, Glorot initialisation."""
    ends = []
    for name in (GLOROT, P16):
        rows = runs.frame(name)
        rows = rows[rows["method"] == FIELD]
        end = statistics.mean_interval(final_error(rows), unit="%",
                                       diverged=statistics.diverged_runs(rows))  # fmt: skip
        ends.append(format_measurement(end))
    return (f"Final validation error of AnnealSGD in this build with $p = 3$: {ends[0]}; with "
            f"$p = 16$: {ends[1]}.")  # fmt: skip


# ---------------------------------------------------------------------- pictures
def draw_error(runs, records, name, methods=(ADAM, FIELD)):
    """Validation error of one network, build and record."""
    from landscape import book

    figure, ax = book.panel(height=2.75)
    frame, record = runs.frame(name), records.frame(name)
    if record is not None and not set(methods) <= set(record["method"]):
        record = None
    book.curves(ax, frame, "effective_epoch", "validation_error", methods, record=record, log=True)
    book.log_axis(ax)
    low = min(f["validation_error"].min() for f in (frame, record) if f is not None)
    ax.set(xlabel="epochs", ylabel="validation error [%]", ylim=(0.8 * low, 120))
    ax.legend(fontsize=9, loc="best")
    return figure


def draw_sweep(runs):
    """Final validation error of every field, coloured by its difference from Adam."""
    from matplotlib.colors import SymLogNorm

    from landscape import book

    cells = sweep_cells(runs)
    strengths, times = (sorted({point[i] for point in cells}) for i in (0, 1))
    colours = np.array([[cells[J, t][1].value if (J, t) in cells else np.nan for J in strengths]
                        for t in times])  # fmt: skip
    figure, ax = book.panel(width=4.6, height=2.5)
    image = ax.imshow(colours, cmap="RdBu_r", norm=SymLogNorm(linthresh=1, vmin=-100, vmax=100),
                      origin="lower", aspect="auto")  # fmt: skip
    for (J, t), (mean, gap) in cells.items():
        text = f"{mean:.1f}" + ("*" if _excludes_zero(gap) else "")
        # Dark and light numbers on the picture's own colours, the same in both modes.
        red, green, blue, _ = image.cmap(image.norm(gap.value))
        color = "#1b1b1b" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "#fafafa"
        ax.text(strengths.index(J), times.index(t), text, ha="center", va="center", color=color)
    ax.set(xticks=range(len(strengths)), xticklabels=[f"{J:g}" for J in strengths],
           yticks=range(len(times)), yticklabels=[f"{t:g}" for t in times],
           xlabel="strength $J$", ylabel=r"decay time $\tau_0$")  # fmt: skip
    ax.grid(False)
    figure.colorbar(image, ax=ax, label="minus Adam's [points]", ticks=[-100, -10, 0, 10, 100])
    return figure


def draw_early(runs, records):
    """The first fifth of training under Glorot, ten evaluations an epoch where there are."""
    from landscape import book

    figure, ax = book.panel(height=2.75)
    record = records.frame(EARLY)
    book.curves(ax, runs.frame(EARLY), "effective_epoch", "validation_error", (ADAM, FIELD),
                record=record, log=True)  # fmt: skip
    book.log_axis(ax)
    ax.set(xlabel="epochs", ylabel="validation error [%]", ylim=(None, 120))
    ax.legend(fontsize=9)
    return figure


def draw_gradient(runs, records, name, column="gradient_min_raw"):
    """Median over seeds, with their range, of the smallest gradient."""
    from landscape import book

    figure, ax = book.panel(height=2.75)
    for frame, line in ((runs.frame(name), "-"), (records.frame(name), "--")):
        for method in (ADAM, FIELD) if frame is not None else ():
            rows = frame[frame["method"] == method].dropna(subset=[column])
            seeds = rows.groupby("effective_epoch")[column].agg(["median", "min", "max"])
            look = book.look(method)
            ax.plot(
                seeds.index, seeds["median"], line, color=look.color, marker=look.marker,
                markevery=max(1, len(seeds) // 8),
                markerfacecolor=look.color if line == "-" else book.PAPER,
                label=look.label + ("" if line == "-" else ", record"),
            )  # fmt: skip
            ax.fill_between(seeds.index, seeds["min"], seeds["max"], color=look.color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    # Linear below 1e-12, so that a gradient of exactly zero (silent units) has a place.
    ax.set_yscale("symlog", linthresh=1e-12)
    ax.set(ylim=(-2e-13, 10), yticks=[0, 1e-12, 1e-9, 1e-6, 1e-3, 1], xlabel="epochs",
           ylabel="smallest |gradient|")  # fmt: skip
    ax.legend(fontsize=9)
    return figure


def networks(runs, records):
    """The page's picture: errors of both networks, and the least gradient."""
    from landscape import book

    columns = ["method", "seed", "effective_epoch", "validation_error", "gradient_layer_min_raw"]
    return book.Picture(
        {
            "a": draw_error(runs, records, GLOROT),
            "b": draw_error(runs, records, DEFAULT),
            "c": draw_error(runs, records, LENET),
            "d": draw_gradient(runs, records, GLOROT, "gradient_layer_min_raw"),
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
        {"a": draw_early(runs, records), "b": draw_error(runs, records, DEFAULT, METHODS)},
        titles={"a": "the beginning, Glorot", "b": "the control, library's default"},
        alt="Two panels of validation error against epochs: the first fifth of training for Adam "
        "and AnnealSGD; and Adam, AnnealSGD and resampled noise on the deep network with "
        "default initialisation.",
    )


def sweep(runs):
    """Errors over strengths and decay times of the field."""
    from landscape import book

    return book.Picture(
        draw_sweep(runs),
        alt="A table of numbers with coloured cells, strength of the field from left to right, "
        "decay time from bottom to top. The sentence below states the extremes in numbers.",
    )
