"""AutoL2 with a learning-rate schedule (figure S10): what is measured and drawn."""

from landscape.evidence import l2_races as budgets
from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.evidence.methods import label

ID = "lewkowycz-fig-S10"
RUNS = "lewkowycz-fig-s10-schedule"
AUTO, FIVE = METHODS = ("auto_l2", "auto_l2_every_5")
#: Parts of the run around its first drop: looks from the first to the second come before it.
BEFORE, AFTER = (0.2, 0.3), (0.3, 0.4)
#: Percent: above the 10 % of chance by more than a look's fluctuation.
CHANCE = 15


def read(runs):
    """All runs with the schedule, and lambda by constant; None where there are none."""
    frame = runs.frame(RUNS)
    if frame is None:
        return None
    return budgets.constants(runs, RUNS, frame)


def drops(runs):
    """When the rate falls, in epochs."""
    settings = runs.parameters(RUNS, AUTO)
    ends = settings["run"]["epochs"]
    return [part * ends for part in settings["schedule"]["drop_at_fraction"]]


def around(frame, method, part):
    """Mean accuracy over the looks of a part of the run, one number a seed."""
    ends = frame[budgets.EPOCH].max()
    return budgets.over(frame, method, part[0] * ends, part[1] * ends)


def jump(frame, method):
    """What the first drop lifts the mean accuracy by, one number a seed with looks around it."""
    return (around(frame, method, AFTER) - around(frame, method, BEFORE)).dropna()


def measure(runs):
    """AutoL2 against the constant with the highest accuracy: before, at and after the drops."""
    found = read(runs)
    if found is None:
        return {}
    frame, names = found
    best, first = budgets.best(frame, list(names)), BEFORE[1] * frame[budgets.EPOCH].max()

    def gain(of, ours, other, *rest):
        return budgets.gain(frame, of(frame, ours, *rest), of(frame, other, *rest))

    return {
        "c1": {
            "faster": gain(budgets.area, AUTO, best, first),
            "ahead": gain(around, AUTO, best, BEFORE),
            "jump": gain(jump, best, AUTO),
            "overtaken": gain(budgets.highest, best, AUTO),
            "overtaken-at-5": gain(budgets.highest, best, FIVE),
        }
    }


def finding(found):
    """Where AutoL2 stands before the first drop, and how high it gets."""
    ahead, end = found["c1.ahead"], found["c1.overtaken"]
    if ahead.value is None or end.value is None:
        return "Nothing was measured."
    small = "" if end.verdict.scale == "work" else ", in a short run of a narrow network"
    five = found["c1.overtaken-at-5"]
    other = ""
    if five.value is not None:
        where = below(five.measurement).removesuffix(" from")
        other = f" (measured every 5 steps: {where})"
    return (
        f"With a learning-rate schedule{small}, AutoL2 is {budgets.apart(ahead.measurement)} the "
        f"best constant $\\lambda$ just before the rate first drops; its highest accuracy "
        f"is {below(end.measurement)} that constant's{other}."
    )


def below(measured):
    """How far AutoL2 is from the constant, from the constant's lead in points."""
    return budgets.apart(budgets.turned(measured))


def curves(runs):
    """Accuracy during training, and lambda."""
    from landscape import book
    from landscape.book import auto_l2_pictures

    frame, names = read(runs)
    columns = ["method", "seed", "step", budgets.EPOCH, "learning_rate", "test_error", "strength"]
    return book.Picture(
        panels={"a": auto_l2_pictures.accuracies(frame, names, METHODS, drops(runs)),
                "b": auto_l2_pictures.strengths(frame, names, METHODS, drops=drops(runs))},
        titles={"a": "test accuracy", "b": r"$\lambda$ during training"},
        alt="On the left test accuracy against epochs with a learning rate that falls at three "
        "dotted lines, for AutoL2 with both measurement intervals, the best constant lambda and "
        "thinner the others; on the right lambda of AutoL2 on a logarithmic axis, with the best "
        "constant as a line. The table below states the numbers around the first drop.",
        data=frame[columns],
    )  # fmt: skip


def table(runs):
    """Accuracies before and after the first drop, what it lifts, and the highest."""
    from landscape import book

    frame, names = read(runs)
    rows = []
    for method in (*METHODS, *names):
        parts = (around(frame, method, BEFORE), jump(frame, method),
                 budgets.highest(frame, method), budgets.final(frame, method))  # fmt: skip
        means = (statistics.mean_interval(part).with_(n=None) if len(part) else None
                 for part in parts)  # fmt: skip
        name = label(method) if method in METHODS else (
            rf"$\lambda$ = {format_number(names[method])}")
        rows.append([name, *(format_measurement(mean) for mean in means)])
    return book.Table(
        ["", "before the drop [%]", "what it lifts [points]", "highest [%]", "at the end [%]"],
        rows, stack=True, label=f"{ID}-drop",
        caption="Test accuracies around the first drop of the rate, with 95 % intervals",
    )  # fmt: skip


def overtaking(runs):
    """Sentence: whether the constant's end is an overtaking, and whom the first drop lifts more."""
    found = measure(runs)["c1"]
    ahead, jump = found["ahead"], found["jump"]
    if ahead.has_interval and ahead.high < 0:
        first = ("That the constant ends above an AutoL2 that measures every 10 steps is no "
                 "overtaking here, as that AutoL2 is behind before the drop")  # fmt: skip
    else:
        first = f"Before the drop that AutoL2 is {budgets.apart(ahead)} the constant"
    more = "AutoL2 not measurably more or less than the constant"
    if jump.has_interval and not jump.low <= 0 <= jump.high:
        most, by = ("the constant", jump) if jump.low > 0 else ("AutoL2", budgets.turned(jump))
        more = f"{most} more, by {format_number(by.value, 1)} points{budgets.ends(by)}"
    return f"{first}; the first drop lifts {more}."


def said(runs):
    """The sentences below the table."""
    from landscape import book

    return [book.Note(overtaking(runs)), book.Note(in_the_meantime(runs))]


def in_the_meantime(runs):
    """Sentences: when AutoL2 leaves chance, and its lambda at the first drop and at the end."""
    frame, names = read(runs)
    rows = budgets.rows_of(frame, AUTO)
    first = BEFORE[1] * frame[budgets.EPOCH].max()
    begun = statistics.time_to_threshold(rows, "test_error", 100 - CHANCE)
    left = f"at {begun.mean():.0f} epochs" if begun.notna().all() else "not in every run"

    def median(part):
        return format_number(part.groupby("seed")["strength"].last().median())

    return (
        f"AutoL2 is above {CHANCE} % for the first time {left} (mean over seeds); the rate drops "
        f"for the first time at {format_number(first, 1)}. By then AutoL2 has $\\lambda$ = "
        f"{median(rows[rows[budgets.EPOCH] <= first * (1 + 1e-9)])}, at the end {median(rows)} "
        f"(medians); the best constant is {format_number(names[budgets.best(frame, list(names))])}."
    )
