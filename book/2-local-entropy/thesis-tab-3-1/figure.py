"""Entropy-SGD against the usual optimizer (thesis table 3.1): what is measured, what is drawn."""

from landscape.evidence import claims, statistics
from landscape.evidence.measurement import format_measurement, format_number, not_run

MNISTFC, LENET = "thesis-tab-3-1-mnistfc", "thesis-tab-3-1-lenet"
OUTER = "thesis-tab-3-1-mnistfc-outer"
EXPERIMENTS = {"mnistfc": MNISTFC, "lenet": LENET}
METHODS = ("entropy_sgd", "adam")
ABSENT = {
    "allcnn": "all-CNN on CIFAR-10 belongs to figure 3.6, whose page is not written",
    "ptb": "data set Penn Treebank not fetched; figure 3.7's page is not written",
    "char": "the LSTM on War and Peace belongs to figure 3.7, whose page is not written",
}
ROWS = (  # task, paper value, method in our runs ("" for none)
    ("mnistfc", "mnistfc-entropy", "entropy_sgd"), ("mnistfc", "mnistfc-adam", "adam"),
    ("lenet", "lenet-entropy", "entropy_sgd"), ("lenet", "lenet-adam", "adam"),
    ("allcnn", "allcnn-entropy", ""), ("allcnn", "allcnn-sgd", ""),
    ("ptb", "ptb-entropy", ""), ("ptb", "ptb-sgd", ""),
    ("char", "char-entropy", ""), ("char", "char-adam", ""),
)  # fmt: skip
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


def end(frame, method):
    """Final test error of one method in percent, mean over seeds."""
    rows = frame[frame["method"] == method]
    return statistics.mean_interval(
        statistics.per_seed(rows, "test_error"), unit="%", diverged=statistics.diverged_runs(rows)
    )


def gap(frame):
    """Entropy-SGD's minus Adam's final test error, paired by seed."""
    pair = (
        statistics.per_seed(frame[frame["method"] == method], "test_error") for method in METHODS
    )
    return statistics.paired_difference(
        *statistics.common_seeds(*pair), unit="%", diverged=statistics.diverged_runs(frame)
    )


def measure(runs):
    """Differences of final errors where there are runs; what is absent says why."""
    frames = {task: runs.frame(experiment) for task, experiment in EXPERIMENTS.items()}
    gaps = {task: gap(frame) for task, frame in frames.items() if frame is not None}
    if not gaps:
        return {}
    absent = {task: not_run(reason) for task, reason in ABSENT.items()}
    language = {task: absent[task] for task in ("ptb", "char")}
    return {
        "c1": {**gaps, "allcnn": absent["allcnn"]},
        "c2": {**language, **{f"{task}-passes": one for task, one in language.items()}},
        "c3": not_run("no runs of plain Langevin dynamics yet; its page is not written"),
    }


def finding(found):
    """How far the two optimizers end apart on the two networks that were trained."""
    parts = [(name, found[f"c1.{task}"]) for task, name in
             (("mnistfc", "the fully connected network"), ("lenet", "LeNet"))]  # fmt: skip
    if any(part.value is None for _, part in parts):
        return "Nothing was measured."
    words = []
    for name, part in parts:
        number = format_measurement(part.measurement.with_(n=None, unit="points"))
        low, high = part.measurement.low, part.measurement.high
        where = "not measurably apart from"
        if part.measurement.has_interval and (high < 0 or low > 0):
            where = "lower than" if high < 0 else "higher than"
        words.append(f"{where} Adam on {name} ({number})")
    small = any(part.verdict.scale != "work" for _, part in parts)
    scale = " in runs much shorter than the work's and on fewer images" if small else ""
    return (
        f"Entropy-SGD ends {words[0]} and {words[1]}{scale}; the other three tasks are not run yet."
    )


def rows(runs, records):
    """The table of the work with our errors beside."""
    from landscape import book

    values, table = paper(runs.root), []
    frames = {task: (records.frame(e), runs.frame(e)) for task, e in EXPERIMENTS.items()}
    for task, key, method in ROWS:
        name, optimizer, epochs = values[key].what.split(", ")
        ours = ["–", book.Cell("not run", details=ABSENT.get(task, ""))]
        if method:
            ours = ["–" if frame is None else _cell(frame, method, book) for frame in frames[task]]
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


def _cell(frame, method, book):
    epochs = format_number(frame.loc[frame["method"] == method, "effective_epoch"].max())
    return book.Cell(
        format_measurement(end(frame, method)), details=f"after {epochs} effective epochs"
    )


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


def momentum(runs):
    """A sentence on what momentum in the outer loop does to the fully connected network."""
    inner, both = (end(runs.frame(name), "entropy_sgd") for name in (MNISTFC, OUTER))
    return (
        "Final test error of Entropy-SGD on mnistfc in this build: momentum in the inner loop only "
        f"{format_measurement(inner)}, in both loops {format_measurement(both)}."
    )


def panels(runs, records):
    """Both panels of the picture."""
    tasks = dict(zip("ab", EXPERIMENTS, strict=True))
    return {letter: draw(runs, records, task) for letter, task in tasks.items()}


def draw(runs, records, task):
    """Test error of both optimizers against effective epochs, and the printed final errors."""
    from landscape import book

    values = paper(runs.root)
    figure, ax = book.panel(height=3.1)
    book.curves(ax, runs.frame(EXPERIMENTS[task]), "effective_epoch", "test_error", METHODS,
                record=records.frame(EXPERIMENTS[task]), log=True)  # fmt: skip
    for method, key in zip(METHODS, (f"{task}-entropy", f"{task}-adam"), strict=True):
        ax.axhline(values[key].value, color=book.look(method).color, linestyle=":", linewidth=1.4)
    ax.annotate("printed in the work", (0.03, values[f"{task}-adam"].value * 1.05), fontsize=9,
                xycoords=("axes fraction", "data"), va="bottom")  # fmt: skip
    book.log_axis(ax)
    ax.set(ylabel="test error [%]", xlabel="effective epochs")
    ax.legend(fontsize=9)
    return figure
