"""Three forms of Entropy-SGD side by side: the thesis', the PyTorch and the Lua program's.

The page has no claims; its rules stand in ``landscape.evidence.form_rules``.
"""

from landscape.evidence import finals, statistics
from landscape.evidence import form_rules as rules
from landscape.evidence.measurement import format_brief, format_measurement
from landscape.evidence.words import listed

NAME, APART = "what-the-programs-do", "what-the-programs-do-apart"
FORMS = {
    "entropy_sgd_thesis": "the text's form",
    "entropy_sgd_pytorch": "the PyTorch program",
    "entropy_sgd_pytorch_rate": "the PyTorch program at its own rate",
    "entropy_sgd_lua": "the Lua program",
}
SHORT = {"entropy_sgd_thesis": "text", "entropy_sgd_pytorch": "PyTorch",
         "entropy_sgd_pytorch_rate": "PyTorch, rate 0.1", "entropy_sgd_lua": "Lua",
         rules.FAIR: "Adam, constant rate", rules.ADAM: "Adam, schedule scaled"}  # fmt: skip
LUA = "entropy_sgd_lua"
#: What differs between the programs and what the text leaves open, as sentences and axes say it.
SWITCHES = {
    "averaging": r"the weight $\alpha$",
    "first_gradient": "the outer buffer's start",
    "scoping": r"the shrinking of $\gamma$",
    "force": "the force's place",
    "inner_buffer": "the kept inner buffer",
    "outer_momentum": "the outer momentum",
}
#: Where text and PyTorch program have the same convention.
SHARED = ("inner_buffer", "outer_momentum")


def setting(runs, L, lr):
    """Rows of the tiny network for one L and outer rate."""
    rows = runs.table(APART, "tiny")
    return rows[(rows["inner_steps"] == L) & (rows["lr"] == lr)]


def settings(runs):
    """All (L, gamma, outer rate) of the tiny network, first the settings' first L, largest rate."""
    every = runs.table(APART, "tiny")[["inner_steps", "gamma", "lr"]].drop_duplicates()
    first = every["inner_steps"].iloc[0]
    order = sorted(every.itertuples(index=False), key=lambda s: (s[0] != first, -s[2]))
    return [(int(L), gamma, lr) for L, gamma, lr in order]


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
    said, parts = rules.readings(frame, FORMS), []
    for one, many, what, kind in (
        ("ends", "end", f"at most {rules.PARITY:g} points above Adam", rules.REACHES),
        ("stays", "stay", f"over {rules.PARITY:g} points above Adam", rules.ABOVE),
        ("is", "are", "not decided", rules.OPEN),
    ):
        forms = [FORMS[form] for form, found in said.items() if found == kind]
        if len(forms) == len(said):
            parts.append(f"every form of Entropy-SGD {one} {what}")
        elif forms:
            parts.append(f"{listed(forms)} {one if len(forms) == 1 else many} {what}")
    found, beside = rules.sides(frame, FORMS, LUA), []
    for side in ("above", "below"):
        if found[side]:
            points = listed([format_brief(apart.with_(unit="")) for _, apart in found[side]])
            verb = "end" if len(found[side]) > 1 else "ends"
            beside.append(f"{listed([FORMS[form] for form, _ in found[side]])} {verb} {points} "
                          f"points {side} the Lua program")  # fmt: skip
    if beside and found["level"]:
        level = listed([FORMS[form] for form, _ in found["level"]])
        beside.append(f"{level} not measurably apart from it")
    L, _, lr = settings(runs)[0]
    most, size = next(iter(rules.effects(setting(runs, L, lr), SWITCHES).items()))
    return (
        f"After {frame['step'].max()} gradients on LeNet {', '.join(parts)}; "
        f"{', '.join(beside) or 'none ends measurably apart from the Lua program'}; on a tiny "
        f"network ($L = {L}$) {SWITCHES[most]} alone moves weights most, by {_percent(size)} of "
        "their way."
    )


def _percent(measurement):
    if measurement is None:
        return "an unbounded part"
    share = 100 * measurement.value
    return f"{share:.0f} %" if share >= 1 else f"{share:.1f} %"


def _shown(measurement):
    """A part of the way; what is nothing to three decimals is said so."""
    if measurement is None:
        return "–"
    if measurement.has_interval and max(abs(measurement.low), abs(measurement.high)) < 5e-4:
        return "0.000"
    return format_measurement(measurement.with_(n=None))


def errors_table(runs):
    """Final errors of all methods and their distance from Adam."""
    from landscape import book

    frame = runs.frame(NAME)
    words = {rules.REACHES: "reaches Adam", rules.ABOVE: "stays above", rules.OPEN: "not decided"}
    rows = []
    for method in (*FORMS, rules.FAIR, rules.ADAM):
        own = frame[frame["method"] == method]
        ends = finals.final(frame, method)
        error = statistics.mean_interval(ends, unit="%").with_(n=None) if len(ends) else None
        apart = [None if method in (rules.FAIR, other) else rules.gap(frame, method, other)
                 for other in (rules.FAIR, LUA)]  # fmt: skip
        rows.append([
            SHORT[method], f"{own['step'].max()}", format_measurement(error),
            *(format_measurement(m and m.with_(n=None)) for m in apart),
            words[rules.reading(apart[0])] if method in FORMS else "–",
        ])  # fmt: skip
    return book.Table(
        ["form", "gradients", "final test error", "minus Adam", "minus Lua", "reading"], rows,
        caption="LeNet: means over seeds with 95 % intervals, paired by seed. Chosen after seeing "
        "results: Adam at its first rate throughout, because the work's schedule, scaled, stops "
        "Adam too soon in so short a run (last row); and the Lua program, said to be the work's "
        "own, as the form to compare with, because all forms had reached Adam",
        stack=True)  # fmt: skip


def parting(runs):
    """A sentence on when the forms' errors part."""
    frame = runs.frame(NAME)
    last, said = frame.loc[frame["method"] == "entropy_sgd_thesis", "step"].max(), []
    for second in ("entropy_sgd_pytorch", LUA):
        first = rules.parted(frame, "entropy_sgd_thesis", second)
        when = "at the last evaluation only" if first == last else f"from gradient {first} on"
        said.append(f"not measurably apart from {FORMS[second]} at the end" if first is None
                    else f"apart from {FORMS[second]} {when}")  # fmt: skip
    apart = {pair: drift(runs, "thesis", pair) for pair in ("pytorch", "lua", "other_batches")}
    last = max(apart["lua"])
    return (
        f"From the same start the test error of the text's form is {' and '.join(said)}. After "
        f"{last} outer steps (panel b) its weights are {_percent(apart['pytorch'][last])} and "
        f"{_percent(apart['lua'][last])} of its way from theirs, and "
        f"{_percent(apart['other_batches'][last])} from its own on other batches. Such distances "
        "say little about conventions: the gradient that a program throws away shifts all "
        "mini-batches and dropout that follow, and without momentum outside, too, the text's "
        f"weights are {_percent(drift(runs, 'lua', 'thesis_inner')[last])} from the Lua program's."
    )


def switch_table(runs):
    """Effects of all conventions at both settings and rates, with what was once measured."""
    from landscape import book

    every = runs.table(APART, "tiny")
    update = rules.at(every)
    rows = []
    for (L, gamma, lr), part in every.groupby(["inner_steps", "gamma", "lr"], sort=False):
        for switch, label in SWITCHES.items():
            known = rules.RECORDED.get(L, {}).get(switch) if lr == 0.1 else None
            shown = known is not None and update in rules.RECORDED_AT
            old = f"{known[rules.RECORDED_AT.index(update)]:g}" if shown else "–"
            closes = None if switch in SHARED else rules.explained(part, switch)
            rows.append([f"L = {L}, γ = {gamma:g}, η′ = {lr:g}", label.removeprefix("the "),
                         _shown(rules.effect(part, switch, update)), old,
                         _shown(closes)])  # fmt: skip
    return book.Table(
        ["setting", "convention", "effect", "once measured", "explains"], rows,
        folded=True, stack=True,
        caption=f"One convention switched, tiny network, after {update} outer steps: way from the "
        "PyTorch program in parts of its own; as measured on the program itself; part of the "
        "distance between text and program that the switch closes")  # fmt: skip


def largest(runs):
    """Sentences: which conventions move the weights most where, and how far the force's place."""
    first, pairs, places = {}, [], []
    for L, gamma, lr in settings(runs):
        found = rules.effects(setting(runs, L, lr), SWITCHES)
        most, second, *_ = found
        where = rf"$L = {L}$, $\eta' = {lr:g}$"
        first.setdefault(most, []).append(f"{where} ({_percent(found[most])})")
        pairs.append({most, second})
        if gamma > 1e3:
            places.append(_percent(found["force"]))
    same = all(pair == pairs[0] for pair in pairs)
    text = "; ".join(f"{SWITCHES[most]} at {listed(where)}" for most, where in first.items())
    text = f"What moves the weights most: {text}."
    if same:
        text += f" Everywhere {listed(sorted(SWITCHES[one] for one in pairs[0]))} are the two "
        text += "largest."
    if places:
        text += rf" At the work's scope on MNIST the force's place moves them by {listed(places)}."
    return text


def confirmed(runs):
    """A sentence on how our recurrences compare with the program's own iterates."""
    found = rules.agreement(runs.table(APART, "tiny"))
    if found is None:
        return "This profile has no setting at which the program itself was measured."
    return (
        f"The program itself, run on such a network from another start, gave {found[2]} of these "
        f"numbers; ours are {found[0]:.1f} to {found[1]:.1f} times as large."
    )


def curves(runs):
    """Test error against gradients, and distances of the weights: the first picture."""
    from landscape import book
    from landscape.book import program_pictures

    frame = runs.frame(NAME)
    names = {method: SHORT[method] for method in (*FORMS, rules.FAIR, rules.ADAM)}
    drifts = {pair: drift(runs, *pair) for pair, *_ in program_pictures.PAIRS}
    return book.Picture(
        panels={"a": program_pictures.draw_errors(frame, names),
                "b": program_pictures.draw_drift(drifts)},
        titles={"a": "test error", "b": "distance between weights"},
        alt="Left, test error on a logarithmic axis against gradient evaluations for Adam and four "
        "forms of Entropy-SGD. Right, distances between the forms' weights after each outer step, "
        "in parts of the way gone. The table and the sentence below state the ends in numbers.",
        data={"errors": frame[["method", "seed", "step", "test_error"]],
              "distances": runs.table(APART, "lenet").drop(columns=["method", "case"],
                                                           errors="ignore")},
    )  # fmt: skip


def switches(runs):
    """One convention switched at a time: the second picture."""
    from landscape import book

    pairs = list(dict.fromkeys((L, gamma) for L, gamma, _ in settings(runs)))[:2]
    return book.Picture(
        panels={letter: draw_switches(runs, L)
                for letter, (L, _) in zip("ab", pairs, strict=False)},
        titles={letter: rf"$L = {L}$, $\gamma = {gamma:g}$"
                for letter, (L, gamma) in zip("ab", pairs, strict=False)},
        alt="For each of six conventions a dot: how far it alone moves the weights, for two outer "
        "rates, with crosses where the program itself was measured. The folded table states them "
        "in numbers.",
        data=runs.table(APART, "tiny").drop(columns=["method", "case"], errors="ignore"),
    )  # fmt: skip


def draw_switches(runs, L):
    """Effects of the conventions for one L, both outer rates."""
    from landscape.book import program_pictures

    update = rules.at(runs.table(APART, "tiny"))
    effects = {lr: rules.effects(setting(runs, L, lr), SWITCHES)
               for length, _, lr in settings(runs) if length == L}  # fmt: skip
    recorded = rules.RECORDED.get(L, {}) if update in rules.RECORDED_AT else {}
    recorded = {switch: v[rules.RECORDED_AT.index(update)] for switch, v in recorded.items()}
    names = {switch: words.removeprefix("the ") for switch, words in SWITCHES.items()}
    return program_pictures.draw_switches(effects, names, recorded, update)
