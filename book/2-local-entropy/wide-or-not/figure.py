"""Are Entropy-SGD's solutions wider, at equal training loss? What is compared, said and drawn.

The page has no claims. The rules are ``landscape.evidence.wider``; how runs are brought to one
loss is ``landscape.experiments.equal_loss``.
"""

import numpy as np

from landscape.evidence import wider
from landscape.evidence.measurement import format_brief, format_number
from landscape.experiments import equal_loss, width_summary

NAME, TRAINING, RATES = "wide-or-not", "wide-or-not-training", "wide-or-not-rates"
CHAINS, EXACT = "wide-or-not-chains", "wide-or-not-exact"
METHODS = {
    "entropy_sgd": r"Entropy-SGD, $\gamma = 1$",
    "entropy_sgd_loose": r"Entropy-SGD, $\gamma = 10^4$",
    "sgd": "SGD",
    "sgd_inner": "SGD, inner rate",
    "adam": "Adam",
}
#: Smaller is wider, and a rescaled network has the same: these decide.
MEASURES = {
    "sampled_width": "local entropy, sampled",
    "balanced_width_1": "local entropy, Laplace",
    "balanced_trace": "trace of the Hessian",
    "balanced_top": "its top eigenvalue",
    "rise": "rise around the weights",
}
#: The same without balancing: shown, not counted.
PLAIN = {
    "plain_width_1": "local entropy, Laplace",
    "plain_trace": "trace of the Hessian",
    "plain_top": "its top eigenvalue",
}
PAIRS = (("entropy_sgd", "sgd"), ("entropy_sgd", "adam"), ("entropy_sgd", "sgd_inner"),
         ("entropy_sgd_loose", "sgd"), ("entropy_sgd_loose", "adam"))  # fmt: skip
RATE = {"sgd": "lr", "adam": "lr", "entropy_sgd": "lr_inner", "entropy_sgd_loose": "lr_inner"}
TEMPERATURE = 1e-6  # thesis 3.3.2


def measured(runs):
    """One row a kept network: what its curvature and the chains say of it."""
    rows = runs.table(NAME, "measures").drop(columns="case")
    return width_summary.measured(rows, runs.table(CHAINS, "sampled"))


def at_common_loss(runs):
    """(level, one row a run with everything that was measured at that training loss)."""
    rows = measured(runs)
    level = equal_loss.common_level(rows)
    columns = [*MEASURES, *PLAIN, "test_error", "test_loss", "slope", "at"]
    return level, equal_loss.compared(rows, columns, level)


def readings(found, method, base):
    """What each measure says of two methods, by measure."""
    return {m: wider.reading(wider.ratio(found, m, method, base)) for m in MEASURES}


def says(found, method, base):
    """What all measures say together."""
    return wider.together(found, MEASURES, method, base)


def answer(runs):
    """What was found, in one sentence."""
    _, found = at_common_loss(runs)
    felt, work = ({base: says(found, method, base) for base in ("sgd", "adam")}
                  for method in ("entropy_sgd", "entropy_sgd_loose"))  # fmt: skip
    sizes = [format_brief(wider.ratio(found, "balanced_width_1", "entropy_sgd", b)) for b in felt]
    return (
        f"At equal training loss Entropy-SGD's solutions are {_than(felt)} where its force is "
        f"felt (width term {' and '.join(sizes)} times theirs), at the work's scope {_than(work)}; "
        f"{_errs(found)}."
    )


def _than(words):
    """What is said of each other method, those of which the same is said together."""
    forms = {
        wider.WIDER: "by most measures wider than {}",
        wider.NARROWER: "by most measures narrower than {}",
        wider.APART: "not told apart from {}", wider.UNMEASURED: "not compared to {}",
        wider.DISAGREE: "wider or narrower than {} depending on the measure",
    }  # fmt: skip
    same = {}
    for base, word in words.items():
        same.setdefault(word, []).append(METHODS[base] + "'s")
    return ", ".join(forms[word].format(" and ".join(of)) for word, of in same.items())


def rests(runs):
    """On how many of the measures each word "narrower" rests, and on how little, in sentences."""
    found = at_common_loss(runs)[1]
    pairs = [pair for pair in PAIRS
             if pair[0] == "entropy_sgd" and says(found, *pair) == wider.NARROWER]  # fmt: skip
    if not pairs:
        return "By no comparison is Entropy-SGD where its force is felt narrower."
    ends = {(pair[1], m): wider.ratio(found, m, *pair).low for pair in pairs
            for m, word in readings(found, *pair).items() if word == wider.NARROWER}  # fmt: skip
    counts = [sum(base == pair[1] for base, _ in ends) for pair in pairs]
    said = ", ".join(f"{n} against {METHODS[base]}"
                     for n, (_, base) in zip(counts, pairs, strict=True))  # fmt: skip
    bare = f"; {wider.MAJORITY} are the fewest that count" if min(counts) == wider.MAJORITY else ""
    base, name = min(ends, key=ends.get)
    return (
        f"Of the {len(MEASURES)} measures, not independent of each other, so many say that "
        f"{METHODS['entropy_sgd']} is narrower: {said}{bare}. The lowest of these intervals, "
        f"{MEASURES[name]} against {METHODS[base]}, begins at {ends[base, name]:.3f}."
    )


def without_force(runs):
    """What the word against Adam at the work's scope owes to local entropy, in a sentence."""
    found = at_common_loss(runs)[1]
    return (
        "At the work's scope the force is next to nothing: what is found there comes from "
        f"the inner rate and the averages. SGD itself against Adam: {says(found, 'sgd', 'adam')}."
    )


def _errs(found):
    """By how many measures sharper solutions have more test error, or less."""
    words = [wider.goes_with(wider.rank_correlation(found, m, "test_error")) for m in MEASURES]
    more, less = (words.count(f"sharper solutions err {word}") for word in ("more", "less"))
    said = f"sharper solutions err more by {more} of {len(words)} measures"
    return said + (f" and less by {less}" if less else "")


def rate(runs):
    """What the learning rate alone does to SGD's solutions, in a sentence."""
    found = at_common_loss(runs)[1]
    own, inner = (runs.parameters(TRAINING, m)["optimizer"]["lr"] for m in ("sgd", "sgd_inner"))
    top, width = (wider.ratio(found, m, "sgd", "sgd_inner")
                  for m in ("balanced_top", "balanced_width_1"))  # fmt: skip
    return (
        f"The rate alone: SGD at {own:g} has {format_brief(top)} times the top eigenvalue and "
        f"{format_brief(width)} times the width term of SGD at {inner:g}, the inner rate of "
        f"Entropy-SGD, and is by all measures together {says(found, 'sgd', 'sgd_inner')}; "
        f"Entropy-SGD against SGD at that rate: {says(found, 'entropy_sgd', 'sgd_inner')}."
    )


def comparison(runs):
    """The table of ratios at the common loss."""
    from landscape.book import width_tables

    return width_tables.ratios(*at_common_loss(runs)[::-1], PAIRS, METHODS, MEASURES, PLAIN)


def lower(runs):
    """The same two ratios at the lowest loss that the methods without the control reach."""
    rows = measured(runs)
    rows = rows[rows["method"] != "sgd_inner"]
    level = equal_loss.common_level(rows)
    found = equal_loss.compared(rows, ["balanced_width_1", "balanced_top"], level)
    words = []
    for base in ("sgd", "adam"):
        width, top = (wider.ratio(found, m, "entropy_sgd", base)
                      for m in ("balanced_width_1", "balanced_top"))  # fmt: skip
        words.append(f"{format_brief(width)} times {METHODS[base]}'s for the width term and "
                     f"{format_brief(top)} for the top eigenvalue")  # fmt: skip
    return (
        f"At {format_number(level, digits=3)}, the lowest training loss that all but the control "
        f"reach, {METHODS['entropy_sgd']} has {' and '.join(words)}."
    )


def ends(runs):
    """The table at the end of training: equal gradients, losses that differ."""
    from landscape.book import width_tables

    return width_tables.ends(measured(runs), at_common_loss(runs)[1], METHODS)


def correlations(runs):
    """The table of rank correlations with the test error."""
    from landscape.book import width_tables

    return width_tables.correlations(at_common_loss(runs)[1], MEASURES)


def changed_table(runs):
    """The table of what rescaling does to each measure."""
    from landscape.book import width_tables

    names = {**PLAIN, "rise": "rise around the weights, filter-normalised",
             "balanced_trace": "trace, balanced", "balanced_rise": "rise, balanced"}  # fmt: skip
    return width_tables.changed(runs.table(NAME, "rescaled"), names)


def theory(runs):
    """How Laplace's value, chains and whole spectra agree, in a sentence."""
    rows, exact = measured(runs).dropna(subset=["sampled_width"]), runs.table(EXACT, "exact")
    rows = rows[rows["sampled_width"] > 0]
    off = (rows["sampled_width"] / rows["balanced_width_1"]).median()
    error = 100 * (rows["error"] / rows["sampled_width"]).median()
    text = (
        f"The sampled width term is {format_number(off, 2)} times Laplace's in the median of "
        f"{len(rows)} networks, its sampling error {error:.0f} % of it"
    )
    if "width_1" in exact and len(exact):
        gap = (exact["lanczos_width_1"] / exact["width_1"] - 1).abs().max()
        text += (
            f"; Laplace's differs from that of {len(exact)} whole spectra, of networks as trained "
            f"at the end, by at most {100 * gap:.0f} %, and of their eigenvalues "
            f"{100 * exact['near_zero'].mean():.0f} % are within $10^{{-4}}$ of zero while the "
            f"lowest is {exact['bottom'].min():.2f}"
        )
    return text + "."


def own_terms(runs):
    """What the terms of Entropy-SGD's own objective are at its end points, in a sentence."""
    rows = measured(runs)
    last = rows[(rows["at"] == 1) & (rows["method"] == "entropy_sgd")]
    width = (last["plain_width_1"] * last["samples"] * TEMPERATURE).mean()
    return (
        "At its end points the objective of Entropy-SGD consists of a loss of "
        f"{format_number(last['training_loss'].mean(), digits=2)}, minus a slope term of "
        f"{format_number(last['slope'].mean(), digits=2)}, plus a width term of "
        f"{_power(width)}: at the temperature $10^{{-6}}$ of the work it follows the smoothed "
        "slope and can hardly see the walls."
    )


def _power(value):
    if not np.isfinite(value) or value <= 0:
        return "–"
    exponent = int(np.floor(np.log10(value)))
    return rf"${value / 10**exponent:.1f}\cdot10^{{{exponent}}}$"


def widths(runs):
    """The first picture: the width term against the training loss, and the ratios."""
    from landscape import book
    from landscape.book import width_pictures as draw

    rows, (level, found) = measured(runs), at_common_loss(runs)
    others = [base for method, base in PAIRS if method == "entropy_sgd"]
    of = {METHODS[base]: {m: wider.ratio(found, m, "entropy_sgd", base) for m in MEASURES}
          for base in others}  # fmt: skip
    return book.Picture(
        {"a": draw.against_loss(rows, "balanced_width_1", METHODS, level, "width term"),
         "b": draw.ratios(of, MEASURES)},
        alt="First panel: five curves of the width term against the falling training loss, with a "
        "dotted line at the common loss. Second panel: ratios of Entropy-SGD to three other "
        "methods for five measures, with intervals. The table below has them in numbers.",
        titles={"a": "width term against loss", "b": r"Entropy-SGD, $\gamma=1$, by the others"},
        data={"measures": rows, "common-loss": found},
    )  # fmt: skip


def comparable(runs):
    """The picture of what rescaling does, and of sampled against Laplace's width terms."""
    from landscape import book
    from landscape.book import width_pictures as draw

    rows, all_rows = runs.table(NAME, "rescaled"), measured(runs)
    series = {"plain_trace": "trace", "plain_top": "top eigenvalue", "plain_width_1": "width term",
              "rise": "rise, filter-normalised", "balanced_trace": "trace, balanced"}  # fmt: skip
    scatter = draw.scatter(all_rows, "balanced_width_1", "sampled_width", METHODS, "Laplace",
                           "sampled", equal=True)  # fmt: skip
    return book.Picture(
        {"a": draw.rescaled(rows, series), "b": scatter}, data={"rescaled": rows},
        titles={"a": "one network, rescaled", "b": "width term, two ways"},
        alt="First panel: trace, top eigenvalue and width term of one network change many times "
        "as its layers are rescaled, while the filter-normalised rise and the balanced trace stay. "
        "Second panel: sampled width terms against Laplace's.",
    )  # fmt: skip


def profile(runs):
    """The picture of the loss along random directions and along the top eigenvector."""
    from landscape import book
    from landscape.book import width_pictures as draw

    lines = runs.table(NAME, "lines")
    of = {kind: lines[lines["kind"] == kind] for kind in ("random", "eigenvector")}
    return book.Picture(
        {"a": draw.lines(of["random"], METHODS, "step / length of each filter"),
         "b": draw.lines(of["eigenvector"], METHODS, "step")},
        titles={"a": "along random directions", "b": "along the top eigenvector"}, data=lines,
        alt="Two panels: the training loss rises to both sides of the weights for every method; "
        "the bands are intervals over seeds.",
    )  # fmt: skip


def errors(runs):
    """The picture of test error against width at the common loss."""
    from landscape import book
    from landscape.book import width_pictures as draw

    found = at_common_loss(runs)[1]
    return book.Picture(
        draw.scatter(found, "balanced_width_1", "test_error", METHODS, "width term",
                     "test error [%]"), data=found,
        alt="Test error against the width term, a mark a solution at the common loss; the table "
        "below has the rank correlations in numbers.",
    )  # fmt: skip
