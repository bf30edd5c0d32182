"""Entropy-SGD on recurrent networks (thesis figure 3.7): what is measured, what is drawn."""

import math

from landscape.errors import LandscapeError
from landscape.evidence import claims, finals, gaps, statistics
from landscape.evidence.angles import change, drift, mean_angle, memory
from landscape.evidence.measurement import format_measurement, format_number, not_run

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
NETWORKS = {RECURRENT: "char-LSTM", CONVOLUTIONAL: "LeNet"}
LOOPS = {"own": "as the work says", "same": "one loop for both"}


def passes(frame, first, second, column):
    """Ratio of the effective epochs until the worse of the two final means, paired by seed.

    Unlike in ``finals.passes`` no pair is left out; who never gets there has its own last epoch.
    """
    for method in (first, second):
        if method not in set(frame["method"]):
            return finals.absent(method)
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
    """Final test loss of the first minus the second, paired by seed."""
    return finals.gap(frame, first, second, **NATS)


def stated(root):
    """What the work prints for both methods on the characters."""
    values = claims.load("thesis-fig-3-7", root).paper_values
    return {ADAM: values["char-adam"], ENTROPY: values["char-entropy"]}


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
            "test": test.with_(note=f"stand-in: {title}") if title else test,
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
    """Which of the two optimizers ends lower on the characters, and what the angle does.

    A record at the work's scale comes first, with how far its baseline is from the work's.
    """
    test, rate, angle, mean = (
        found[key] for key in ("c2.test", "c2.rate", "c3.change", "c3.uncorrelated")
    )
    if any(part.value is None for part in (test, rate, angle, mean)):
        return "Nothing was measured."
    work, controlled = (part.verdict.scale == "work" for part in (test, rate))
    note = test.measurement.note
    text = f" of {note.removeprefix('stand-in: ')}, a stand-in," if note else ""
    gap = test.measurement
    first = gaps.apart(gap)
    scale = "At the work's scale" if work else "In short runs"
    said = f"{scale} Entropy-Adam ends {first} Adam on characters{text} with half the gradients"
    if work:
        said += _baseline(gap, found["c2.adam"])
    beside = f"{format_number(abs(rate.value), digits=2)} nats"
    if work and not controlled:  # a record need not have the control; the angle has its section
        there = gaps.side(rate.measurement, f"{beside} below", f"{beside} above",
                          "not measurably apart from")  # fmt: skip
        return f"{said}; in short runs Adam at Entropy-Adam's rate ends {there} it."
    second = gaps.side(rate.measurement, f"{beside} above", f"{beside} below",
                       "not measurably apart from")  # fmt: skip
    joint = "and" if first.split()[-1] == second.split()[-1] else "but"
    faster = gaps.side(angle.measurement, "faster", "more slowly", "not measurably faster")
    near = mean.measurement.has_interval and mean.measurement.low > 80
    return (
        f"{said}, {joint} {second} Adam at Entropy-Adam's rate; its gradient's angle with the "
        f"plain one changes {faster} on the LSTM than on LeNet{' and' if near else ', but'} is "
        f"{mean.value:.0f} degrees, {'nearly' if near else 'not'} 90."
    )


def _baseline(gap, adam):
    """That Adam itself does not end where the work has it; "" where it does or may."""
    off = gaps.beyond(adam.measurement, adam.claim.paper[0])
    if off is None:
        return ""
    said = f"{format_number(abs(off), digits=2)} nats {'above' if off > 0 else 'below'}"
    part = gaps.share(gap, off)
    then = f", so that {part} of the gap may be the baseline's" if part else ""
    return f" (Adam itself ends {said} its printed value{then})"


def curves_and_angles(runs, records):
    """The page's first picture: the work's panel b, and the angle that its text speaks of."""
    from landscape import book
    from landscape.book import recurrent_pictures

    frames = {name: runs.table(network, "own") for network, name in NETWORKS.items()}
    columns = ["method", "seed", "effective_epoch", NATS["column"], PERPLEXITY["column"]]
    characters = recurrent_pictures.losses(
        runs.frame(CHAR), records.frame(CHAR), (ADAM, ENTROPY),
        (RATE, "Adam, Entropy-Adam's rate"), stated(runs.root)[ADAM].value,
    )  # fmt: skip
    return book.Picture(
        {"b": characters, "c": recurrent_pictures.angles(frames)},
        titles={"b": "characters", "c": "angle of the two gradients"},
        alt="Left, test loss in nats a character against effective epochs for Adam, Entropy-Adam "
        "and Adam at Entropy-Adam's rate, with a horizontal line at the printed values. Right, the "
        "angle between the gradient of local entropy and the plain one against outer steps, for "
        "the char-LSTM and LeNet. The tables below state both in numbers.",
        data={"characters": runs.frame(CHAR)[columns]}
        | {name: rows[["seed", "update", "angle", "angle_first"]]
           for name, rows in frames.items()},
    )  # fmt: skip


def memory_of_the_text(runs):
    """The second picture: what tables of the last characters reach, beside the printed value."""
    from landscape.book import text_tables

    return text_tables.picture(runs.table(TEXT, "characters"), stated(runs.root)[ADAM].value)


def reading(runs, records):
    """Sentences: why the printed values are nats, and where Adam's network ends beside them."""
    from landscape.book import text_tables

    table, record = runs.table(TEXT, "characters"), records.frame(CHAR)
    recorded = record is not None and ADAM in set(record["method"])
    where, frame = ("in the record", record) if recorded else ("here", runs.frame(CHAR))
    ours = finals.mean(frame, ADAM, **NATS)
    beside = gaps.side(gaps.less(ours, table["of_training"].min()), "more than that table",
                       "less than that table", "not measurably apart from that table")  # fmt: skip
    return (
        f"{text_tables.reading(table, stated(runs.root)[ADAM].value)} Adam's network ends {where} "
        f"at {format_measurement(ours)}, {beside}, a perplexity of {math.exp(ours.value):.1f}."
    )


def ends_table(runs, records):
    """Every method on the characters: effective epochs, printed, record, nats, perplexity."""
    from landscape.book import recurrent_pictures

    inner = {f"inner rate {rate:g}": (ENTROPY, part)
             for rate, part in runs.frame(INNER).groupby("lr_inner")}  # fmt: skip
    return recurrent_pictures.ends(
        runs.frame(CHAR), records.frame(CHAR), METHODS,
        stated(runs.root), inner, runs.scale, "thesis-fig-3-7-ends",
    )  # fmt: skip


def rate_of_learning(runs):
    """Sentences: what of the gain is the rate's."""
    frame = runs.frame(CHAR)
    found = [finals.gap(frame, ENTROPY, other, **NATS).with_(n=None, unit="")
             for other in (ADAM, SHORT, RATE)]  # fmt: skip
    ends = [format_measurement(gap) for gap in found]
    last = frame[frame["method"] == ADAM]["learning_rate"].min()
    theirs = claims.load("thesis-fig-3-7", runs.root).paper_values["char-gap"]
    within = "is within" if abs(theirs.value) <= theirs.err else "exceeds"
    return (
        f"In this build Entropy-Adam's final loss minus Adam's is {ends[0]} nats, minus that of "
        f"Adam with as many gradients {ends[1]}, and minus that of Adam with as many gradients and "
        f"Entropy-Adam's rate and drops {ends[2]}. The comparison is one of learning rates, too: "
        f"Adam's falls to {format_number(last, digits=1)} here. The work's own difference, "
        f"{theirs.value:.3f}, {within} its printed error (±{theirs.err:.3f})."
    )


def at_the_works_scale(runs, records):
    """Sentences: what a record has and what it has not."""
    from landscape.book import recurrent_pictures

    record = records.frame(CHAR)
    if record is None:
        return "No record of these runs at the work's scale has been made."
    said = recurrent_pictures.said_of_record(record, (ENTROPY, ADAM), stated(runs.root))
    if {SHORT, RATE} <= set(record["method"]):
        return said
    return f"{said} The controls, Adam with as many gradients, were run in the short form alone."


def said_of_ends(runs, records):
    """Notes below the table: what a record says, and what the rate of learning does."""
    return at_the_works_scale(runs, records), rate_of_learning(runs)


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
