"""The picture of part II: local entropy is an area, and the larger area need not be the deeper one.

One weight, so that the average over the neighbourhood is a sum. The loss is that of figure 3.2.
What the part's pages found is said with the pages' own numbers.
"""

from functools import cache

import numpy as np
import pandas as pd

from landscape.evidence import figures, finals, form_rules, wider
from landscape.evidence.measurement import format_measurement, format_number
from landscape.theory import line_entropy
from landscape.theory.line_loss import WIDE_AND_SHARP

LOSS, SCOPE = WIDE_AND_SHARP, 0.1  # gamma of the areas
GRID = np.linspace(-4, 2, 1201)
ALT = (
    "Left: under the curve of exp of minus the loss lie a low, broad hump and a tall, thin one; "
    "within the scope the broad one has the larger area. Right: the lowest value at the sharp "
    "valley rises fast with the scope and crosses that of the wide valley."
)


@cache
def minima():
    """The wide and the sharp minimum of the loss."""
    return line_entropy.sides(LOSS, None)


def area(x, gamma=SCOPE):
    """The integral of exp(-f(y) - (x-y)^2 / 2 gamma): what local entropy is the logarithm of."""
    value = float(line_entropy.local(LOSS, x, gamma).value)
    return float(np.exp(line_entropy.unnormalised(gamma) - value))


def integrand(x, gamma=SCOPE):
    """What is integrated, on GRID."""
    return np.exp(-LOSS.value(GRID) - (x - GRID) ** 2 / (2 * gamma))


@cache
def heights():
    """How low local entropy is on both sides, by scope."""
    gammas = np.geomspace(1e-3, 1, 40)
    rows = [[side.value for side in line_entropy.sides(LOSS, float(g))] for g in gammas]
    return pd.DataFrame(rows, columns=["wide", "sharp"]).assign(gamma=gammas)


@cache
def crossing():
    """The gamma from which on the wide valley is the lower one."""
    return line_entropy.crossing(LOSS)


def draw_areas():
    """The weighed neighbourhoods of both minima."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    ax.plot(GRID, np.exp(-LOSS.value(GRID)), color=book.INK, label="$e^{-f}$")
    for side, color, name, to in zip(minima(), book.CYCLE[:2], ("wide", "sharp"),
                                     ((-1.9, 0.17), (0.8, 0.25)), strict=True):  # fmt: skip
        ax.fill_between(GRID, integrand(side.place), color=color, alpha=0.5, linewidth=0,
                        label=f"around the {name} minimum")  # fmt: skip
        ax.annotate(f"area {area(side.place):.3f}", to, color=color,
                    ha="left" if name == "wide" else "right")  # fmt: skip
    ax.set(xlim=(-4, 2), ylim=(0, 0.52), xlabel="weight $y$", ylabel="$e^{-f}$")
    ax.legend(loc="upper left", fontsize=9)
    return figure


def draw_heights():
    """How low the two valleys are against the scope."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    table = heights()
    ax.plot(table["gamma"], table["wide"], color=book.CYCLE[0], label="wide valley")
    ax.plot(table["gamma"], table["sharp"], "--", color=book.CYCLE[1], label="sharp valley")
    ax.axvline(crossing(), color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xscale="log", xlabel=r"scope $\gamma$", ylabel=r"lowest $f_\gamma$")
    ax.legend(loc="lower right", fontsize=9)
    return figure


def picture():
    """Both panels with their data."""
    from landscape import book

    columns = {name: integrand(side.place)
               for name, side in zip(("wide", "sharp"), minima(), strict=True)}  # fmt: skip
    drawn = pd.DataFrame({"y": GRID, "exp_minus_loss": np.exp(-LOSS.value(GRID)), **columns})
    return book.Picture(
        panels={"a": draw_areas(), "b": draw_heights()},
        titles={"a": rf"what is around, $\gamma = {SCOPE:g}$", "b": "which valley is lower?"},
        alt=ALT, data={"areas": drawn[::3], "heights": heights()},
    )  # fmt: skip


def sentence():
    """What the picture shows, in numbers."""
    wide, sharp = minima()
    return (
        f"In the picture the sharp valley is {wide.value - sharp.value:.2f} deeper than the wide "
        rf"one, and from $\gamma = {crossing():.3f}$ on local entropy prefers the wide one "
        "([figure 3.2](thesis-fig-3-2.html) says at which price)."
    )


def words(card):
    """``{"thesis-fig-3-2-c1": "reproduced", ...}`` of all claims."""
    return {f"{row['id']}-{claim['id']}": claim["verdict"]["word"]
            for row in card["artifacts"] for claim in row["claims"]}  # fmt: skip


def answer(card, runs, root):
    """The part's question, answered: for one weight, and for small networks."""
    claims = words(card)
    holds = all(claims.get(f"thesis-fig-3-2-{one}") == "reproduced" for one in ("c1", "c3"))
    first = "In a loss of one weight local entropy prefers the wide valley"
    if not holds:
        first = "Not even in a loss of one weight does local entropy prefer the wide valley"
    page = figures.load("wide-or-not", root)
    _, found = page.at_common_loss(runs)
    goes = [wider.goes_with(wider.rank_correlation(found, m, "test_error")) for m in page.MEASURES]
    more = sum(one == "sharper solutions err more" for one in goes)
    said = {page.says(found, "entropy_sgd", base) for base in ("sgd", "adam")}
    than = "not wider throughout than"
    if len(said) == 1:
        than = {
            wider.WIDER: "by most measures wider than",
            wider.NARROWER: "by most measures narrower than",
            wider.APART: "not told apart from",
        }.get(said.pop(), "not clearly wider than")  # fmt: skip
    return (
        f"{first}; in small networks sharper solutions err more by {more} of {len(goes)} measures, "
        f"but at equal training loss those of Entropy-SGD, where its force is felt, are {than} "
        "SGD's and Adam's."
    )


def _text(measurement, **changes):
    return format_measurement(measurement.with_(n=None, **changes))


def _finding(card, name):
    """The sentence of a figure or table."""
    return next(row for row in card["artifacts"] if row["id"] == name)["finding"]


def perceptrons(runs, root):
    """What counting all solutions says about dense clusters."""
    found = figures.load("thesis-fig-3-3", root).measure(runs)
    better, picked = (found[key][part] if found else None
                      for key, part in (("c1", "better"), ("c5", "picked")))  # fmt: skip
    if better is None or better.value is None:
        return "**Dense clusters** of [perceptrons](thesis-fig-3-3.html) were not compared."
    lead = "Do dense solutions err less?"
    if better.has_interval and better.low > 0:
        lead = "Dense solutions err less where all can be counted."
    return (
        f"**{lead}** In [binary perceptrons](thesis-fig-3-3.html) isolated solutions err "
        f"{_text(better)} more than those in dense clusters, and the one that local entropy picks "
        f"{format_number(-picked.value, 1)} points less than the mean."
    )


def spectra(card):
    """How flat networks are where training ends."""
    return (
        f"**Many directions are flat.** {_finding(card, 'thesis-fig-3-1')} That is a "
        "[small LeNet](thesis-fig-3-1.html); [three more networks](thesis-fig-3-4.html) differ "
        "much from each other."
    )


def stopped(runs):
    """How far Adam ends above in the short runs of LeNet, and what its scaled schedule costs it."""
    frame, lenet = runs.frame("what-the-programs-do"), runs.frame("thesis-tab-3-1-lenet")
    if frame is None or lenet is None:
        return ""
    cost = finals.gap(frame, form_rules.ADAM, form_rules.FAIR)
    gap = finals.gap(lenet, "adam", "entropy_sgd")
    if not all(found.has_interval and found.low > 0 for found in (cost, gap)):
        return ""
    return (
        f"In short runs of LeNet Adam ends {_text(gap)} above Entropy-SGD, in part because its "
        f"schedule is scaled, which [costs it](what-the-programs-do.html) {_text(cost)} in runs "
        "about as short. "
    )


def lead(finding):
    """What table 3.1's sentence says in a few words."""
    lower, higher = (f" {side} on " in finding for side in ("lower", "higher"))
    if lower:
        also = ", higher on others" if higher else ""
        worse = "itself ends" in finding and "above its printed value" in finding
        also += ", beside a baseline worse than the work's" if worse else ""
        return f"Lower errors on some tasks{also}."
    return "Higher errors on some tasks." if higher else "No measurably lower errors."


def training(card, runs):
    """Where Entropy-SGD ends, from table 3.1."""
    worse = words(card).get("thesis-tab-3-1-c3") == "reproduced"
    langevin = "ends higher" if worse else "is compared, too"
    said = _finding(card, "thesis-tab-3-1")
    return (
        f"**{lead(said)}** {said} {stopped(runs)}See [the table](thesis-tab-3-1.html) and the "
        "curves on [MNIST](thesis-fig-3-5.html), [CIFAR-10](thesis-fig-3-6.html) and "
        "[text](thesis-fig-3-7.html); "
        f"[plain Langevin dynamics](sgld-comparison.html) {langevin}."
    )


def reasons(runs, root):
    """What averages of SGD's weights give, and what part of the gain is left without the force."""
    page = figures.load("is-it-the-averaging", root)
    left = []
    for name, network in page.NETWORKS.items():
        measured, _, _ = page.found(runs, name)
        if page.share_is_known(measured) and measured["no force"][2] is not None:
            left.append((network, measured["no force"][2]))
    if not left:
        return f"**[Is it the averaging?](is-it-the-averaging.html)** {page.answer(runs)}"
    kept = all(part.low is not None and part.low > 0 for _, part in left)
    lead = "The gain is there without the force, too." if kept else "Is it the force?"
    parts = " and ".join(f"{page.percent(part)} of its gain on {network}" for network, part in left)
    return (
        f"**{lead}** Without its force Entropy-SGD keeps {parts}. "
        f"[Is it the averaging?](is-it-the-averaging.html) {page.answer(runs)}"
    )


def widths(runs, root):
    """What was found about width itself."""
    said = figures.load("wide-or-not", root).answer(runs)
    return f"**Wider valleys** are [looked for](wide-or-not.html). {said}"


def findings(card, runs, root):
    """Five sentences with links."""
    return [perceptrons(runs, root), spectra(card), training(card, runs), reasons(runs, root),
            widths(runs, root)]  # fmt: skip


#: Pages beside the figures and tables, with their titles.
BESIDE = {
    "sgld-comparison": "Plain Langevin dynamics instead of Entropy-SGD",
    "is-it-the-averaging": "Is it the averaging?",
    "what-the-programs-do": "What the published programs do",
    "where-the-force-matters": "Where the force matters",
    "wide-or-not": "Wide or not?",
}


def beside(runs, root):
    """The pages without claims, with their sentences."""
    from landscape import book

    rows = [[f"[{title}]({name}.html)", figures.load(name, root).answer(runs)]
            for name, title in BESIDE.items()]  # fmt: skip
    return book.Table(["page", "what was found"], rows, stack=True, folded=True,
                      caption="Five pages that the work has not")  # fmt: skip


#: Figures and tables that have runs of their own.
WITH_RUNS = ("thesis-fig-3-1", "thesis-fig-3-3", "thesis-fig-3-4", "thesis-fig-3-6",
             "thesis-fig-3-7", "thesis-tab-3-1")  # fmt: skip


def cost(runs, root):
    """What the part's runs cost together, in a sentence, and by page in a table."""
    from landscape.book import cost_tables

    return cost_tables.of_part(runs, root, "2-local-entropy", (*WITH_RUNS, *BESIDE))
