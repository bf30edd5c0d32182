"""Entropy-SGD against the usual optimizer (thesis table 3.1): what is measured, what is drawn."""

from typing import NamedTuple

import pandas as pd

from landscape.errors import LandscapeError
from landscape.evidence import claims, finals, gaps, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number, not_run
from landscape.evidence.methods import label
from landscape.evidence.words import listed

MNISTFC, LENET = "thesis-tab-3-1-mnistfc", "thesis-tab-3-1-lenet"
OUTER = "thesis-tab-3-1-mnistfc-outer"
OWN = (MNISTFC, LENET)
METHODS = ENTROPY, ADAM = "entropy_sgd", "adam"


class Task(NamedTuple):
    """A row of the table: whose runs, which methods, what is compared, and why it may be absent."""

    name: str
    experiment: str
    usual: str = ADAM
    entropic: str = ENTROPY
    column: str = "test_error"
    unit: str = "%"
    absent: str = "no runs of this task yet"


TASKS = {
    "mnistfc": Task("the fully connected network", MNISTFC),
    "lenet": Task("LeNet", LENET),
    "allcnn": Task("All-CNN", "thesis-fig-3-6-allcnn", "sgd",
                   absent="no runs of all-CNN on CIFAR-10 yet (figure 3.6)"),
    "ptb": Task("the words of Penn Treebank", "thesis-fig-3-7-ptb", "sgd", column="test_perplexity",
                unit="perplexity", absent="data set Penn Treebank not fetched (figure 3.7)"),
    "char": Task("the characters of War and Peace", "thesis-fig-3-7-char", entropic="entropy_adam",
                 column="test_loss", unit="nats",
                 absent="no runs of the LSTM on War and Peace yet (figure 3.7)"),
}  # fmt: skip
#: Plain Langevin dynamics by part of the third claim: network and runs. The claim speaks of a rate
#: that falls; on LeNet the best rate of the search is constant and only a control.
SGLD = {
    "lenet": ("lenet", "sgld-comparison-lenet-decaying"),
    "lenet-constant": ("lenet", "sgld-comparison-lenet"),
    "allcnn": ("allcnn", "sgld-comparison-allcnn"),
}
NO_SGLD = "no runs of plain Langevin dynamics yet"
BESIDE = (
    ("lenet-sgld", "the work's own runs, section 3.3.6"),
    ("allcnn-sgld", "the work's own runs, section 3.3.6"),
    ("quoted-mnist", "cited there from other authors"),
    ("quoted-ptb", "cited there from other authors"),
    ("quoted-char", "cited there from other authors"),
)


def paper(root):
    """Numbers printed in the work, by key."""
    return claims.load("thesis-tab-3-1", root).paper_values


def frame_of(runs, experiment):
    """The runs of an experiment; None where there are none, of other pages' too."""
    if experiment in OWN:
        return runs.frame(experiment)
    try:
        return runs.frame(experiment)
    except LandscapeError:  # another page's: not declared, or its data are not there
        return None


def has_both(frame, task):
    """Whether there are runs of both methods; a record may have got one of them so far."""
    return {TASKS[task].entropic, TASKS[task].usual} <= set(frame["method"])


def usual_key(task):
    """The key of the usual optimizer's number in the work."""
    return f"{task}-{TASKS[task].usual}"


def gap(frame, task, printed=None):
    """The entropic optimizer's minus the usual one's final value, paired by seed.

    With the ``printed`` value of the usual one, the note says how far it ends from that.
    """
    one = TASKS[task]
    found = finals.gap(frame, one.entropic, one.usual, one.column, one.unit)
    if printed is None:
        return found
    off = gaps.beyond(finals.mean(frame, one.usual, one.column, found.unit), printed)
    if off is None:
        return found
    side = "above" if off > 0 else "below"
    size = f"{format_number(abs(off), digits=2)} {found.unit}"
    part = gaps.share(found, off)
    then = f", so that {part} of the gap may be the baseline's" if part else ""
    return found.with_(note=f"{label(one.usual)} itself ends {size} {side} its printed value{then}")


def passes(frame, task):
    """Passes until the usual optimizer's final value is reached, entropic over usual.

    A run that never gets there counts with its last epoch. Where none does the ratio would be that
    of the lengths of the runs, which are about one to two by design, and nothing is measured.
    """
    one = TASKS[task]
    if not has_both(frame, task):
        return not_run("the record has one of the two methods")
    level = finals.final(frame, one.usual, one.column).mean()
    rows = frame[frame["method"] == one.entropic]
    if statistics.time_to_threshold(rows, one.column, level).isna().all():
        return not_run(f"no {label(one.entropic)} run gets to where {label(one.usual)} ends")
    return finals.passes(frame, one.entropic, one.usual, level, one.column)


def measure(runs):
    """Differences of final values where there are runs; what is absent says why."""
    frames = {task: frame_of(runs, one.experiment) for task, one in TASKS.items()}
    if all(frames[task] is None for task in ("mnistfc", "lenet")):
        return {}
    # Small runs end far from what is printed, whatever the optimizer.
    printed = paper(runs.root) if runs.scale == "paper" else {}
    ends = {task: not_run(TASKS[task].absent) if frame is None
            else gap(frame, task, printed.get(usual_key(task)))
            for task, frame in frames.items()}  # fmt: skip
    times = {f"{task}-passes": ends[task] if frames[task] is None else passes(frames[task], task)
             for task in ("ptb", "char")}  # fmt: skip
    plain = {part: (frame_of(runs, name), frames[task]) for part, (task, name) in SGLD.items()}
    return {
        "c1": {task: ends[task] for task in ("mnistfc", "lenet", "allcnn")},
        "c2": {**{task: ends[task] for task in ("ptb", "char")}, **times},
        "c3": {
            part: not_run(NO_SGLD)
            if sgld is None or entropy is None
            else finals.between(sgld, "sgld", entropy, ENTROPY)
            for part, (sgld, entropy) in plain.items()
        },
    }  # fmt: skip


def finding(found):
    """On which tasks the entropic optimizer ends lower, higher or not measurably apart."""
    places = {"c1": ("mnistfc", "lenet", "allcnn"), "c2": ("ptb", "char")}
    judged = {task: found[f"{claim}.{task}"] for claim, tasks in places.items() for task in tasks}
    groups = {"lower": [], "higher": [], "not measurably apart": []}
    absent = [TASKS[task].name for task, part in judged.items() if part.value is None]
    for task, part in judged.items():
        if part.value is not None:
            side = gaps.side(part.measurement, "higher", "lower", "not measurably apart")
            groups[side].append(_named(task, part))
    if len(absent) == len(judged):
        return "Nothing was measured."
    ends = ", and ".join(f"{side} on {listed(names)}" for side, names in groups.items() if names)
    left = f"; {listed(absent)} were not run" if absent else ""
    full, short = ([TASKS[task].name for task, part in judged.items()
                    if part.value is not None and (part.verdict.scale == "work") == is_full]
                   for is_full in (True, False))  # fmt: skip
    scale = ", in runs much shorter than the work's" if short else ""
    if len(full) > len(short) > 0:
        scale = f"; the runs of {listed(short)} are much shorter than the work's"
        left = left.replace(";", ", and", 1)
    elif full and short:
        scale += f" but for {listed(full)}"
    return f"Compared with the usual optimizer the entropic one ends {ends}{scale}{left}."


def _named(task, part):
    """A task's name, and where its baseline ends if that is not where the work has it."""
    name, note = TASKS[task].name, part.measurement.note
    return f"{name} (where {note.split(', so')[0]})" if "itself" in note else name


# What the page shows


def rows(runs, records):
    """The table of the work with our final values beside."""
    from landscape import book

    values, table = paper(runs.root), []
    for task, one in TASKS.items():
        frames = [frame_of(source, one.experiment) for source in (records, runs)]
        for key, method in ((f"{task}-entropy", one.entropic), (usual_key(task), one.usual)):
            name, optimizer, epochs = values[key].what.split(", ")
            ours = ["–" if frame is None or method not in set(frame["method"])
                    else _cell(frame, method, one) for frame in frames]  # fmt: skip
            if frames[1] is None:
                ours[1] = book.Cell("not run", details=one.absent)
            table.append(
                [name, optimizer, book.Cell(str(values[key]), details=f"after {epochs}"), *ours]
            )
    return table


def errors_table(runs, records):
    """The same as a numbered table."""
    from landscape import book

    return book.Table(
        ["network", "optimizer", "paper", "record", f"this build ({runs.scale})"],
        rows(runs, records), label="thesis-tab-3-1-errors", stack=True,
        caption="Chaudhari (2018), table 3.1: error or perplexity at the end of training (95 % "
        "intervals of ours)",
    )  # fmt: skip


def _cell(frame, method, task):
    from landscape import book

    epochs = format_number(frame.loc[frame["method"] == method, "effective_epoch"].max())
    final = finals.mean(frame, method, task.column, task.unit)
    return book.Cell(format_measurement(final), details=f"after {epochs} effective epochs")


def beside(root):
    """Langevin dynamics, as reported and cited by the work: network, method, value, source."""
    values = paper(root)
    return [[*values[key].what.split(", ", 1), str(values[key]), source] for key, source in BESIDE]


def beside_table(root):
    """The same as a table that unfolds."""
    from landscape import book

    return book.Table(
        ["network", "method", "value", "where it comes from"], beside(root), folded=True,
        stack=True, caption="Langevin dynamics, as reported and cited by the work",
    )  # fmt: skip


def relative(frame, task):
    """The entropic optimizer's final value over the usual one's, minus one, in percent."""
    one = TASKS[task]
    pair = (finals.final(frame, method, one.column) for method in (one.entropic, one.usual))
    ratio = statistics.ratio_of_means(*statistics.common_seeds(*pair))
    return Measurement(
        *(None if end is None else 100 * (end - 1) for end in (ratio.value, ratio.low, ratio.high)),
        ratio.n,
    )


def printed(root):
    """The same of the work's numbers, and its ratio of epochs, by task."""
    values, found = paper(root), {}
    for task in TASKS:
        pair = [values[key] for key in (f"{task}-entropy", usual_key(task))]
        epochs = [float(value.what.rsplit(", ", 1)[1].split()[0]) for value in pair]
        found[task] = 100 * (pair[0].value / pair[1].value - 1), epochs[0] / epochs[1]
    return found


def differences(runs, records):
    """One row a task and source (work, record, build): both quantities of the picture."""
    table = []
    for task, (change, ratio) in printed(runs.root).items():
        table.append({"task": task, "source": "work", "change": change, "passes": ratio})
        for source, one in (("record", records), ("build", runs)):
            frame = frame_of(one, TASKS[task].experiment)
            if frame is None or not has_both(frame, task):
                continue
            end, time = relative(frame, task), passes(frame, task)
            table.append({
                "task": task, "source": source, "change": end.value, "change_low": end.low,
                "change_high": end.high, "passes": time.value, "passes_low": time.low,
                "passes_high": time.high,
            })  # fmt: skip
    return pd.DataFrame(table)


def picture(runs, records):
    """How much lower the entropic optimizer ends, and after how many passes."""
    from landscape import book
    from landscape.book import task_pictures

    table = differences(runs, records)
    ends, _ = task_pictures.lines(table, list(TASKS), "change", 0, "final value, change [%]",
                                  ENTROPY)  # fmt: skip
    times, ax = task_pictures.lines(table, list(TASKS), "passes", 1, "passes, entropic over usual",
                                    ENTROPY)  # fmt: skip
    book.log_axis(ax, "x")
    return book.Picture(
        panels={"a": ends, "b": times},
        titles={"a": "how much higher it ends", "b": "after how many passes"},
        alt="Two panels with one line a task: on the left how much higher in percent the entropic "
        "optimizer ends than the usual one, printed in the work and measured here; on the right "
        "the ratio of passes. The tables below state them in numbers.",
        data=table,
    )


def momentum(runs):
    """A sentence on what momentum in the outer loop does to the fully connected network."""
    inner, both = (finals.mean(runs.frame(name), ENTROPY) for name in (MNISTFC, OUTER))
    return (
        "Final test error of Entropy-SGD on mnistfc in this build: momentum in the inner loop only "
        f"{format_measurement(inner)}, in both loops {format_measurement(both)}."
    )
