"""Entropy-SGD on recurrent networks (thesis figure 3.7): what is measured, what is drawn."""

import math

from landscape.errors import LandscapeError
from landscape.evidence import claims, finals, statistics
from landscape.evidence.angles import change, drift, mean_angle, memory
from landscape.evidence.measurement import (
    Measurement,
    format_brief,
    format_measurement,
    format_number,
    not_run,
)
from landscape.evidence.methods import label

CHAR, INNER, PTB = "thesis-fig-3-7-char", "thesis-fig-3-7-inner", "thesis-fig-3-7-ptb"
TEXT = "thesis-fig-3-7-text"
RECURRENT, CONVOLUTIONAL = "thesis-fig-3-7-angle-char", "thesis-fig-3-7-angle-lenet"
EXPERIMENTS = (CHAR, INNER, RECURRENT, CONVOLUTIONAL, TEXT, PTB)
ADAM, ENTROPY, SHORT, RATE, MOMENTUM = METHODS = (
    "adam", "entropy_adam", "adam_short", "adam_larger_rate", "entropy_adam_more_momentum",
)  # fmt: skip
NATS = {"column": "test_loss", "unit": "nats"}
VALIDATION = {"column": "validation_loss", "unit": "nats"}
PERPLEXITY = {"column": "test_perplexity", "unit": ""}
NO_WORDS = "data set Penn Treebank not fetched"
COMMAND = f"landscape fetch ptb && landscape run {PTB} --profile laptop"
NO_CONTROL = "the record has not this control"
NETWORKS = {RECURRENT: "char-LSTM", CONVOLUTIONAL: "LeNet"}
LOOPS = {"own": "as the work says", "same": "one loop for both"}


def passes(frame, first, second, column):
    """Ratio of the effective epochs until the worse of the two final means, paired by seed.

    Unlike in ``finals.passes`` no pair is left out; who never gets there has its own last epoch.
    """
    level = max(finals.final(frame, method, column).mean() for method in (first, second))
    times = []
    for method in (first, second):
        rows = frame[frame["method"] == method]
        reached = statistics.time_to_threshold(rows, column, level)
        times.append(reached.fillna(rows["effective_epoch"].max()))
    if min(map(len, times)) < 2:
        return not_run("fewer than two pairs of runs")
    return statistics.ratio_of_means(*statistics.common_seeds(*times))


def apart(frame, first, second):
    """Final test loss of the first minus the second, paired by seed; a record may lack either."""
    if not {first, second} <= set(frame["method"]):
        return not_run(NO_CONTROL)
    return finals.gap(frame, first, second, **NATS)


def printed(root):
    """What the work prints for Adam on the characters."""
    return claims.load("thesis-fig-3-7", root).paper_values["char-adam"].value


def words(runs):
    """The runs on the Penn Treebank, None where there are none."""
    try:
        return runs.frame(PTB)
    except LandscapeError:
        return None


def stand_in(runs):
    """The title of the text that stands for War and Peace, "" where it is that novel."""
    facts = runs.table(TEXT, "characters", "facts")
    if facts is None or not facts["stand_in"].iloc[0]:
        return ""
    return str(facts["title"].iloc[0])


def measure(runs):
    """Words, characters and angles; what was not run says why."""
    found = {}
    frame = words(runs)
    if frame is not None:
        found["c1"] = {
            "test": finals.gap(frame, "entropy_sgd", "sgd", **PERPLEXITY),
            "passes": passes(frame, "entropy_sgd", "sgd", PERPLEXITY["column"]),
            "sgd": finals.mean(frame, "sgd", **PERPLEXITY),
            "entropy": finals.mean(frame, "entropy_sgd", **PERPLEXITY),
        }
    elif runs.scale != "paper":
        found["c1"] = not_run(NO_WORDS)
    char = runs.frame(CHAR)
    if char is not None:
        title = stand_in(runs)
        test = apart(char, ENTROPY, ADAM)
        found["c2"] = {
            "test": test.with_(note=f"stand-in: {title}" if title else ""),
            "passes": passes(char, ENTROPY, ADAM, NATS["column"]),
            "adam": finals.mean(char, ADAM, **NATS),
            "entropy": finals.mean(char, ENTROPY, **NATS),
            "adam-validation": finals.mean(char, ADAM, **VALIDATION),
            "entropy-validation": finals.mean(char, ENTROPY, **VALIDATION),
            "equal": apart(char, ENTROPY, SHORT),
            "rate": apart(char, ENTROPY, RATE),
        }
    third = {} if char is None else {"momentum": apart(char, ENTROPY, MOMENTUM)}
    pairs = {loop: [runs.table(network, loop) for network in NETWORKS] for loop in LOOPS}
    if all(rows is not None for pair in pairs.values() for rows in pair):
        third |= _angles(*pairs.values())
    return found | ({"c3": third} if third else {})


def _angles(own, same):
    def apart(function, pair, unit="degrees"):
        return statistics.difference(*map(function, pair), unit=unit)

    return {
        "change": apart(change, own),
        "memory": apart(memory, own, ""),
        "uncorrelated": statistics.mean_interval(mean_angle(own[0]), unit="degrees"),
        "change-same": apart(change, same),
        "change-first": apart(lambda rows: change(rows, "angle_first"), own),
        "drift": apart(drift, own),
    }


def finding(found):
    """Which of the two optimizers ends lower on the characters, and what the angle does."""
    test, rate, angle, mean = (
        found[key] for key in ("c2.test", "c2.rate", "c3.change", "c3.uncorrelated")
    )
    if any(part.value is None for part in (test, rate, angle, mean)):
        return "Nothing was measured."
    work = [part.verdict.scale == "work" for part in (test, rate)]
    note = test.measurement.note
    text = f" of {note.removeprefix('stand-in: ')}, a stand-in," if note else ""
    first, second = (
        _side(part.measurement, f"{_nats(part)} above", f"{_nats(part)} below",
              "not measurably apart from") for part in (test, rate)
    )  # fmt: skip
    joint = " and" if first.split()[-1] == second.split()[-1] else " but"
    if work[0] and not work[1]:  # a record need not have the control
        joint = f" at the work's scale,{joint} in short runs"
    elif not work[0]:
        first = f"in short runs {first}"
    faster = _side(angle.measurement, "faster", "more slowly", "not measurably faster")
    near = mean.measurement.has_interval and mean.measurement.low > 80
    return (
        f"On characters{text} Entropy-Adam ends {first} Adam{joint} {second} Adam at "
        f"Entropy-Adam's rate; its gradient's angle with the plain one changes {faster} "
        f"on the LSTM than on LeNet{' and' if near else ', but'} is {mean.value:.0f} degrees, "
        f"{'nearly' if near else 'not'} 90."
    )


def _nats(part):
    return f"{format_number(abs(part.value), digits=2)} nats"


def _side(gap, above, below, between):
    """The words for an interval above zero, below zero, or around it."""
    if not gap.has_interval or gap.low <= 0 <= gap.high:
        return between
    return above if gap.low > 0 else below


def curves_and_angles(runs, records):
    """The page's first picture: the work's panel b, and the angle that its text speaks of."""
    from landscape import book

    frames = {network: runs.table(network, "own") for network in NETWORKS}
    columns = ["method", "seed", "effective_epoch", NATS["column"], PERPLEXITY["column"]]
    return book.Picture(
        {"b": draw_characters(runs, records), "c": draw_angles(frames)},
        titles={"b": "characters", "c": "angle of the two gradients"},
        alt="Left, test loss in nats a character against effective epochs for Adam, Entropy-Adam "
        "and Adam at Entropy-Adam's rate, with a horizontal line at the printed values. Right, the "
        "angle between the gradient of local entropy and the plain one against outer steps, for "
        "the char-LSTM and LeNet. The tables below state both in numbers.",
        data={"characters": runs.frame(CHAR)[columns]}
        | {NETWORKS[name]: rows[["seed", "update", "angle", "angle_first"]]
           for name, rows in frames.items()},
    )  # fmt: skip


def draw_characters(runs, records):
    """Test loss against effective epochs."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    column = NATS["column"]
    book.curves(ax, runs.frame(CHAR), "effective_epoch", column, (ADAM, ENTROPY),
                record=records.frame(CHAR))  # fmt: skip
    book.curve(ax, runs.frame(CHAR), "effective_epoch", column, RATE, color=book.GREY, marker="x",
               label="Adam, Entropy-Adam's rate")  # fmt: skip
    value = printed(runs.root)
    ax.axhline(value, color=book.INK, linestyle=":", linewidth=1.4)
    above = records.frame(CHAR) is None  # the curves of a record end at the line
    ax.annotate("printed in the work", (0.03, value + (0.04 if above else -0.04)), fontsize=9,
                va="bottom" if above else "top", xycoords=("axes fraction", "data"))  # fmt: skip
    ax.set(xlabel="effective epochs", ylabel="test loss [nats a character]", ylim=(1, None))
    ax.legend(fontsize=9)
    return figure


def draw_angles(frames):
    """The angle at every outer step, a line a seed."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for (name, rows), color in zip(frames.items(), book.CYCLE, strict=False):
        for seed, own in rows.groupby("seed"):
            text = None if seed else f"{NETWORKS[name]} (n = {rows['seed'].nunique()})"
            ax.plot(own["update"], own["angle"], color=color, linewidth=1, alpha=0.8, label=text)
    ax.axhline(90, color=book.INK, linestyle=":", linewidth=1)
    ax.set(xlabel="outer steps", ylabel="angle [degrees]", ylim=(0, 135), yticks=range(0, 121, 30))
    ax.legend(fontsize=9, loc="lower right")
    return figure


def memory_of_the_text(runs):
    """The second picture: what tables of the last characters reach, beside the printed value."""
    from landscape.book import text_tables

    return text_tables.picture(runs.table(TEXT, "characters"), printed(runs.root))


def reading(runs, records):
    """Sentences: why the printed values are nats."""
    from landscape.book import text_tables

    record = records.frame(CHAR)
    where, frame = ("here", runs.frame(CHAR)) if record is None else ("in the record", record)
    ours = finals.mean(frame, ADAM, **NATS)
    return (
        f"{text_tables.reading(runs.table(TEXT, 'characters'), printed(runs.root))} Adam's network "
        f"ends {where} at {format_measurement(ours)}, a perplexity of {math.exp(ours.value):.1f}."
    )


def ends_table(runs, records):
    """Every method on the characters: effective epochs, printed, record, nats, perplexity."""
    from landscape import book

    values = claims.load("thesis-fig-3-7", runs.root).paper_values
    stated = {ADAM: values["char-adam"], ENTROPY: values["char-entropy"]}
    frame, record = runs.frame(CHAR), records.frame(CHAR)
    known = set() if record is None else set(record["method"])
    rows = []
    for method in METHODS:
        epochs = frame.loc[frame["method"] == method, "effective_epoch"].max()
        paper = stated.get(method)
        rows.append([
            book.Cell(label(method), details=f"{format_number(epochs)} effective epochs"),
            f"{paper.value:g} ± {paper.err:g}" if paper else "–",
            _recorded(record, method) if method in known else "–",
            *_nats_and_perplexity(frame, method),
        ])  # fmt: skip
    for rate, part in runs.frame(INNER).groupby("lr_inner"):
        name = book.Cell(label(ENTROPY), details=f"inner rate {rate:g}")
        rows.append([name, "–", "–", *_nats_and_perplexity(part, ENTROPY)])
    return book.Table(
        ["optimizer", "printed", "record", f"this build ({runs.scale})", "its perplexity"], rows,
        label="thesis-fig-3-7-ends", stack=True,
        caption="Test loss on the characters at the end of training, nats a character "
        "(95 % intervals of ours)",
    )  # fmt: skip


def _recorded(record, method):
    from landscape import book

    epochs = record.loc[record["method"] == method, "effective_epoch"].max()
    return book.Cell(format_measurement(finals.mean(record, method, **NATS)),
                     details=f"{format_number(epochs)} effective epochs")  # fmt: skip


def rate_of_learning(runs, records):
    """Sentences: what of the gain is the rate's."""
    frame = runs.frame(CHAR)
    gaps = [finals.gap(frame, ENTROPY, other, **NATS).with_(n=None, unit="")
            for other in (ADAM, SHORT, RATE)]  # fmt: skip
    gaps = [format_measurement(found) for found in gaps]
    last = frame[frame["method"] == ADAM]["learning_rate"].min()
    paper = claims.load("thesis-fig-3-7", runs.root).paper_values
    theirs = paper["char-gap"]
    within = "is within" if abs(theirs.value) <= theirs.err else "exceeds"
    record, more = records.frame(CHAR), ""
    if record is not None:
        gap = format_brief(apart(record, ENTROPY, ADAM))
        more = f" In the record, at the work's scale, it is {gap}."
    return (
        f"In this build Entropy-Adam's final loss minus Adam's is {gaps[0]} nats, minus that of "
        f"Adam with as many gradients {gaps[1]}, and minus that of Adam with as many gradients and "
        f"Entropy-Adam's rate and drops {gaps[2]}. The comparison is one of learning rates, too: "
        f"Adam's falls to {format_number(last, digits=1)} here. The work's own difference, "
        f"{theirs.value:.3f}, {within} its printed error (±{theirs.err:.3f}).{more}"
    )


def _nats_and_perplexity(frame, method):
    nats = finals.mean(frame, method, **NATS)
    values = [None if x is None else math.exp(x) for x in (nats.value, nats.low, nats.high)]
    return format_measurement(nats), format_measurement(Measurement(*values))


def angles_table(runs):
    """Both networks in both loops: the angle, its change, its memory and its drift."""
    from landscape.book import angle_tables

    return angle_tables.table(_angles_of(runs), "thesis-fig-3-7-angles")


def said_of_angles(runs):
    """Sentences: the angles' sizes, and the second half of the runs alone."""
    from landscape.book import angle_tables

    measured = _angles_of(runs)
    return angle_tables.sizes(measured[LOOPS["own"]]), angle_tables.later(measured)


def _angles_of(runs):
    return {said: {name: runs.table(experiment, loop) for experiment, name in NETWORKS.items()}
            for loop, said in LOOPS.items()}  # fmt: skip


def not_run_words(runs):
    """A sentence on the work's left panel."""
    if words(runs) is not None:
        return "Words of the Penn Treebank were run; their ends stand in the table of claims."
    return (
        f"The left panel of the work is not run: {NO_WORDS}. It is fetched only by name; these "
        "commands fetch it and train:"
    )
