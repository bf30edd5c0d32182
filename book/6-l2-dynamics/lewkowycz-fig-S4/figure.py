"""The prediction with a doubled coefficient (Lewkowycz & Gur-Ari 2020, figure S4)."""

from landscape.evidence import l2_budgets
from landscape.evidence.measurement import Measurement, format_measurement, format_number

ID = "lewkowycz-fig-S4"
RUNS, PROBE = l2_budgets.CONSTANTS, l2_budgets.PROBE
DOUBLED = 2.0


def measure(runs):
    """What doubling c gains, in distance to the best and in accuracy."""
    tuning = l2_budgets.read(runs)
    if isinstance(tuning, Measurement):
        return {} if tuning.note == "no runs" else {"c1": tuning}
    long = tuning.long()
    short = [budget for budget in tuning.budgets if budget not in long] or long
    closer = tuning.distance() - tuning.distance(DOUBLED)
    gained = tuning.accuracy(DOUBLED) - tuning.accuracy()
    return {
        "c1": {
            "closer": tuning.over_seeds(closer.loc[long].mean()),
            "accuracy": tuning.over_seeds(gained.loc[long].mean(), unit="points"),
            "short": tuning.over_seeds(gained.loc[short].mean(), unit="points"),
        }
    }


def finding(found):
    """Whether 2c is closer to the best and does better at long budgets."""
    closer, gained = found["c1.closer"], found["c1.accuracy"]
    if closer.value is None or gained.value is None:
        return "Nothing was measured."
    accuracy = told(gained, "raises the", "lowers the", "does not measurably raise the")
    distance = told(
        closer, "brings the prediction closer to", "takes the prediction further from",
        "does not measurably bring the prediction closer to",
    )  # fmt: skip
    points = format_number(gained.value, 1)
    if gained.measurement.has_interval:
        ends = (gained.measurement.low, gained.measurement.high)
        points += " [{}, {}]".format(*(format_number(end, 1) for end in ends))
    small = "on a narrow network" if closer.verdict.scale != "work" else "at the work's scale"
    return (
        f"At the longer budgets {small}, doubling c {distance} the best coefficient and "
        f"{accuracy} accuracy ({points} points)."
    )


def told(item, up, down, neither):
    """The words that a judged difference supports."""
    measured = item.measurement
    if measured.has_interval and measured.low > 0:
        return up
    if measured.has_interval and measured.high < 0:
        return down
    return neither


def picture(runs):
    """Accuracy and coefficient against the budget: tuned, c / T, 2c / T."""
    from landscape import book
    from landscape.book import budget_pictures

    tuning = l2_budgets.read(runs)
    figure, ax = book.panel(height=3.1)
    series = (
        (tuning.maxima.groupby(level=0).max(), "best for each seed", book.CYCLE[0], "o-"),
        (tuning.accuracy(), "at $c/T$", book.CYCLE[1], "s-"),
        (tuning.accuracy(DOUBLED), "at $2c/T$", book.CYCLE[2], "^--"),
    )
    for table, label, color, style in series:
        ends = [book.interval(row) for row in table.to_numpy()]
        low, high = zip(*ends, strict=True)
        ax.plot(table.index, table.mean(axis=1), style, color=color, label=label)
        ax.fill_between(table.index, low, high, color=color, alpha=0.12, linewidth=0)
    ax.set(xscale="log", xlabel="budget $T$ [epochs]", ylabel="best accuracy [%]")
    book.ticks_at(ax, tuning.budgets)
    ax.legend(loc="upper left")
    right = budget_pictures.against_budget(tuning, {1.0: "$c/T$", DOUBLED: "$2c/T$"})
    return book.Picture(
        panels={"a": figure, "b": right},
        titles={"a": "what they reach", "b": "which coefficient"},
        alt="Two panels against the budget of epochs. Left, the highest test accuracy of the best "
        "coefficient, of the prediction and of the doubled prediction. Right, on logarithmic axes, "
        "the best coefficient with bars and the two predictions as parallel falling lines.",
        data={"c over T": tuning.accuracy(), "2c over T": tuning.accuracy(DOUBLED)},
    )  # fmt: skip


def table(runs):
    """By budget: what c / T and 2c / T lose to the best, and what doubling gains."""
    from landscape import book

    tuning, rows = l2_budgets.read(runs), []
    for budget in tuning.budgets:
        lost = [tuning.price(factor).loc[budget] for factor in (1.0, DOUBLED)]
        rows.append([
            format_number(budget),
            *(format_measurement(tuning.over_seeds(loss)) for loss in lost),
            format_measurement(tuning.over_seeds(lost[0] - lost[1])),
        ])  # fmt: skip
    return book.Table(
        ["budget [epochs]", "lost at $c/T$", "lost at $2c/T$", "gained by doubling"], rows,
        stack=True, label="lewkowycz-fig-S4-price",
        caption="Points of accuracy below the best coefficient of the grid, with 95 % intervals",
    )  # fmt: skip
