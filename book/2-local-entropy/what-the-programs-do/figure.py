"""Three forms of Entropy-SGD side by side: the thesis', the PyTorch and the Lua program's.

The page has no claims; its rules stand in ``landscape.evidence.form_rules``.
"""

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.form_rules import (
    ABOVE,
    ADAM,
    FAIR,
    OPEN,
    PARITY,
    REACHES,
    at,
    effect,
    effects,
    explained,
    final,
    gap,
    parted,
    reading,
    readings,
    sides,
)
from landscape.evidence.measurement import format_measurement

NAME, APART = "what-the-programs-do", "what-the-programs-do-apart"
FORMS = {
    "entropy_sgd_thesis": "the text's form",
    "entropy_sgd_pytorch": "the PyTorch program",
    "entropy_sgd_pytorch_rate": "the PyTorch program at its own rate",
    "entropy_sgd_lua": "the Lua program",
}
SHORT = {"entropy_sgd_thesis": "text", "entropy_sgd_pytorch": "PyTorch",
         "entropy_sgd_pytorch_rate": "PyTorch, rate 0.1", "entropy_sgd_lua": "Lua",
         FAIR: "Adam, constant rate", ADAM: "Adam, schedule scaled"}  # fmt: skip
LUA = "entropy_sgd_lua"
SWITCHES = {
    "averaging": r"weight $\alpha$ of the old average",
    "first_gradient": "outer buffer begins with a gradient",
    "scoping": r"$\gamma$ shrinks",
    "force": "force and noise beside the momentum",
    "inner_buffer": "inner buffer kept",
    "outer_momentum": "momentum outside",
}
BRIEF = {"averaging": r"$\alpha$", "first_gradient": "outer buffer's\nstart",
         "scoping": "scoping", "force": "force's place", "inner_buffer": "inner buffer\nkept",
         "outer_momentum": "outer\nmomentum"}  # fmt: skip
#: Where text and PyTorch program have the same convention.
SHARED = ("inner_buffer", "outer_momentum")
#: The same effects as once measured on the authors' program itself (another start, rate 0.1, after
#: 1, 10 and 30 outer steps), by L, and by switch.
RECORDED = {
    20: {"averaging": (0.18, 0.18, 0.11), "first_gradient": (0.11, 0.02, 0.02),
         "outer_momentum": (0.52, 0.77, 0.78), "inner_buffer": (0.0, 0.47, 0.29)},
    5: {"averaging": (0.43, 0.48, 0.78), "first_gradient": (0.51, 0.19, 0.08),
        "force": (0.09, 0.12, 0.17), "outer_momentum": (0.73, 0.78, 0.86),
        "inner_buffer": (0.0, 0.87, 1.72)},
}  # fmt: skip
RECORDED_AT = (1, 10, 30)


def setting(runs, L=None, lr=None):
    """Rows of the tiny network for one L and outer rate: the first of the settings, the largest."""
    rows = runs.table(APART, "tiny")
    rows = rows[rows["inner_steps"] == (rows["inner_steps"].iloc[0] if L is None else L)]
    return rows[rows["lr"] == (rows["lr"].max() if lr is None else lr)]


def drift(runs, first, second):
    """Distance of two runs on LeNet in parts of the first's way: update -> Measurement."""
    rows = runs.table(APART, "lenet")
    for one, other in ((first, second), (second, first)):
        pair = rows[(rows["first"] == one) & (rows["second"] == other)]
        if len(pair):
            return {int(update): statistics.mean_interval(part["apart"] / part["moved"])
                    for update, part in pair.groupby("update")}  # fmt: skip
    return {}


def answer(runs):
    """What was found, in one sentence."""
    frame = runs.frame(NAME)
    said = readings(frame, FORMS)
    groups = [
        (f"end within {PARITY:g} points of Adam or lower", REACHES),
        (f"stay over {PARITY:g} points above Adam", ABOVE),
        ("are not decided", OPEN),
    ]
    parts = []
    for words, kind in groups:
        forms = [FORMS[form] for form, what in said.items() if what == kind]
        if len(forms) == len(said):
            parts = [f"every form {_one(words)}"]
        elif forms:
            parts.append(f"{_listed(forms)} {words if len(forms) > 1 else _one(words)}")
    found, beside = sides(frame, FORMS, LUA), []
    for side in ("above", "below"):
        if found[side]:
            points = _listed([f"{abs(value):.2f}" for _, value in found[side]])
            verb = "end" if len(found[side]) > 1 else "ends"
            beside.append(f"{_listed([FORMS[form] for form, _ in found[side]])} {verb} {side} the "
                          f"Lua program by {points}")  # fmt: skip
    most, size = next(iter(effects(setting(runs), SWITCHES).items()))
    apart = f"{' and '.join(beside)} points" if beside else "none ends apart from the Lua program"
    return (
        f"At equal gradients {', '.join(parts)}; {apart}; of single conventions {_plain(most)} "
        f"moves the weights most, by {_percent(size)}."
    )


def _one(words):
    return words.replace("end within", "ends within").replace("stay", "stays").replace("are", "is")


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plain(switch):
    return {"averaging": r"$\alpha$", "outer_momentum": "the outer momentum",
            "inner_buffer": "a kept inner buffer", "force": "where the force acts",
            "scoping": "the scoping",
            "first_gradient": "the outer buffer's start"}[switch]  # fmt: skip


def _percent(measurement):
    return "unbounded" if measurement is None else f"{100 * measurement.value:.0f} %"


def errors_table(runs):
    """Final errors of all methods and their distance from Adam."""
    from landscape import book

    frame = runs.frame(NAME)
    words = {REACHES: "reaches Adam", ABOVE: "stays above", OPEN: "not decided"}
    rows = []
    for method in (*FORMS, FAIR, ADAM):
        own = frame[frame["method"] == method]
        ends = final(frame, method)
        error = format_measurement(statistics.mean_interval(ends, unit="%")) if len(ends) else "–"
        apart = [None if method in (FAIR, other) else gap(frame, method, other)
                 for other in (FAIR, LUA)]  # fmt: skip
        rows.append([
            SHORT[method], f"{own['step'].max()}", error,
            *("–" if m is None else format_measurement(m.with_(n=None)) for m in apart),
            words[reading(apart[0])] if method in FORMS else "–",
        ])  # fmt: skip
    return book.Table(
        ["form", "gradients", "final test error", "minus Adam", "minus Lua", "reading"], rows,
        caption="LeNet: means over seeds with 95 % intervals, paired by seed; Adam at its first "
        "rate throughout, chosen after seeing that the work's schedule, scaled, stops Adam too "
        "soon in so short a run (last row)", stack=True)  # fmt: skip


def parting(runs):
    """A sentence on when the forms' errors part."""
    frame = runs.frame(NAME)
    said = []
    for second in ("entropy_sgd_pytorch", "entropy_sgd_lua"):
        first = parted(frame, "entropy_sgd_thesis", second)
        said.append(f"the text's form and {FORMS[second]} "
                    + (f"differ in test error from gradient {first} on" if first is not None
                       else "do not differ measurably in test error at the end"))  # fmt: skip
    apart = {pair: drift(runs, "thesis", pair) for pair in ("pytorch", "lua", "other_batches")}
    last = max(apart["lua"])
    return (
        f"From the same start {' and '.join(said)}. After {last} outer steps their weights are "
        f"{_percent(apart['pytorch'][last])} and {_percent(apart['lua'][last])} of the way apart; "
        f"the text's form on other batches is {_percent(apart['other_batches'][last])} away from "
        "itself. Without momentum outside it is still "
        f"{_percent(drift(runs, 'lua', 'thesis_inner')[last])} from the Lua program: the gradient "
        "that the program throws away shifts all mini-batches and dropout that follow, so that "
        "such distances say little about conventions."
    )


def switch_table(runs):
    """Effects of all conventions at both settings and rates, with what was once measured."""
    from landscape import book

    every = runs.table(APART, "tiny")
    update = at(every)
    rows = []
    for (L, gamma, lr), part in every.groupby(["inner_steps", "gamma", "lr"], sort=False):
        for switch, label in SWITCHES.items():
            known = RECORDED.get(L, {}).get(switch) if lr == 0.1 else None
            shown = known is not None and update in RECORDED_AT
            old = f"{known[RECORDED_AT.index(update)]:g}" if shown else "–"
            found = effect(part, switch, update)
            rows.append([f"{L}, {gamma:g}, {lr:g}", label,
                         "–" if found is None else format_measurement(found.with_(n=None)), old,
                         "–" if switch in SHARED else
                         format_measurement(explained(part, switch).with_(n=None))])  # fmt: skip
    return book.Table(
        [r"$L$, $\gamma$, $\eta'$", "convention", "effect", "once measured", "explains"], rows,
        folded=True, stack=True,
        caption=f"One convention switched, tiny network, after {update} outer steps: way from the "
        "PyTorch program in parts of its own; as measured on the program itself; part of the "
        "distance between text and program that the switch closes")  # fmt: skip


def agreement(runs):
    """Our effects over those measured on the program: (smallest ratio, largest, how many)."""
    ratios = []
    for L, known in RECORDED.items():
        rows = setting(runs, L, 0.1)
        for switch, values in known.items():
            for update, value in zip(RECORDED_AT, values, strict=True):
                found = effect(rows, switch, update) if (rows["update"] == update).any() else None
                if value and found is not None:
                    ratios.append(found.value / value)
    return (min(ratios), max(ratios), len(ratios)) if ratios else None


def confirmed(runs):
    """A sentence on how our recurrences compare with the program's own iterates."""
    found = agreement(runs)
    if found is None:
        return "This profile has no setting at which the program itself was measured."
    low, high, count = found
    return (
        f"The program itself, run on such a network from another start, gave {count} of these "
        f"numbers; ours are {low:.2f} to {high:.2f} times as large."
    )


def curves(runs):
    """Test error against gradients, and distances of the weights: the first picture."""
    from landscape import book

    return book.Picture(
        panels={"a": draw_errors(runs), "b": draw_drift(runs)},
        titles={"a": "test error", "b": "distance between weights"},
        alt="Left, test error on a logarithmic axis against gradient evaluations for Adam and four "
        "forms of Entropy-SGD. Right, distances between the forms' weights after each outer step, "
        "in parts of the way gone. The table and the sentence below state the ends in numbers.",
        data={"errors": runs.frame(NAME)[["method", "seed", "step", "test_error"]],
              "distances": runs.table(APART, "lenet").drop(columns=["method", "case"],
                                                           errors="ignore")},
    )  # fmt: skip


def _look(method):
    from landscape import book

    colors = (*(book.CYCLE[i] for i in (1, 2, 5, 4, 0)), book.GREY)
    marks = ("s", "^", "v", "D", "o", "x")
    return dict(zip((*FORMS, FAIR, ADAM), zip(colors, marks, strict=True), strict=True))[method]


def draw_errors(runs):
    """Test error of all methods against gradient evaluations."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    frame = runs.frame(NAME)
    for method in (*FORMS, FAIR, ADAM):
        rows = frame[(frame["method"] == method) & (frame["step"] > 0)]
        color, marker = _look(method)
        book.curve(ax, rows.assign(at=rows.groupby("seed").cumcount()).pipe(_together), "step",
                   "test_error", method, label=SHORT[method], color=color, marker=marker,
                   log=True)  # fmt: skip
    book.log_axis(ax)
    ax.set(xlabel="gradient evaluations", ylabel="test error [%]")
    ax.legend(fontsize=9)
    return figure


def _together(rows):
    """The same place on the axis for the same evaluation of every seed."""
    return rows.assign(step=rows.groupby("at")["step"].transform("max"))


def draw_drift(runs):
    """Distances on LeNet after each outer step."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for (first, second), label, color, mark in (
        (("thesis", "pytorch"), "text – PyTorch", book.CYCLE[2], "^"),
        (("thesis", "lua"), "text – Lua", book.CYCLE[4], "D"),
        (("lua", "thesis_inner"), "Lua – text without\nmomentum outside", book.CYCLE[6], "o"),
        (("thesis", "other_batches"), "text – itself on\nother batches", book.GREY, "s"),
    ):
        found = drift(runs, first, second)
        middle = np.array([m.value for m in found.values()])
        ax.plot(list(found), middle, marker=mark, color=color, label=label)
        if all(m.has_interval for m in found.values()):
            ax.fill_between(list(found), [max(m.low, 0) for m in found.values()],
                            [m.high for m in found.values()], color=color, alpha=0.15,
                            linewidth=0)  # fmt: skip
    ax.set(xlabel="outer steps", ylabel="distance / way gone", ylim=(0, None))
    ax.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def switches(runs):
    """One convention switched at a time: the second picture."""
    from landscape import book

    pairs = runs.table(APART, "tiny")[["inner_steps", "gamma"]].drop_duplicates().to_numpy()
    panels = {letter: draw_switches(runs, int(L))
              for letter, (L, _) in zip("ab", pairs, strict=False)}  # fmt: skip
    titles = {letter: rf"$L = {int(L)}$, $\gamma = {gamma:g}$"
              for letter, (L, gamma) in zip("ab", pairs, strict=False)}  # fmt: skip
    return book.Picture(
        panels=panels,
        titles=titles,
        alt="For each of six conventions a dot: how far it alone moves the weights, for two outer "
        "rates, with crosses where the program itself was measured. The folded table states them "
        "in numbers.",
        data=runs.table(APART, "tiny").drop(columns=["method", "case"], errors="ignore"),
    )


def draw_switches(runs, L):
    """Effects of the conventions for one L, both outer rates."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    every = runs.table(APART, "tiny")
    update = at(every)
    places = np.arange(len(SWITCHES))[::-1]
    for lr, shift, color in zip(sorted(every["lr"].unique()), (0.12, -0.12),
                                (book.CYCLE[0], book.CYCLE[1]), strict=False):  # fmt: skip
        rows = setting(runs, L, lr)
        for place, switch in zip(places, SWITCHES, strict=True):
            found = effect(rows, switch, update)
            if found is None or not found.has_interval:
                continue
            bars = [[found.value - max(found.low, 1e-6)], [found.high - found.value]]
            ax.errorbar(max(found.value, 1e-6), place + shift, xerr=np.maximum(bars, 0), fmt="o",
                        color=color, capsize=2, linewidth=1,
                        label=rf"$\eta' = {lr:g}$" if switch == "averaging" else None)  # fmt: skip
    if update in RECORDED_AT:
        known = [(place + 0.12, RECORDED[L][switch][RECORDED_AT.index(update)])
                 for place, switch in zip(places, SWITCHES, strict=True)
                 if switch in RECORDED.get(L, {})]  # fmt: skip
        if known:
            ax.plot([v for _, v in known], [p for p, _ in known], "x", color=book.INK,
                    markersize=8, label=r"program, $\eta' = 0.1$")  # fmt: skip
    ax.set_yticks(places, [BRIEF[switch] for switch in SWITCHES])
    ax.set(xscale="log", xlim=(5e-7, 20), xlabel=f"moved / way, {update} outer steps")
    ax.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.3, 1.0))
    return figure
