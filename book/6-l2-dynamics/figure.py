"""The picture of part VI: learned, then forgotten, at a time that the penalty sets.

One mode of an infinitely wide network in theory, and a small network that was trained. What the
part's pages found is said with their own sentences.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from landscape.evidence import figures
from landscape.theory import l2_modes

GAMMA, DECAYS = 1.0, (0.1, 0.01, 0.001)
SWEEP = "predict-your-l2"
#: Coefficients of the sweep that are drawn, of the largest to one that is small.
DRAWN = 4
ALT = (
    "Left: a mode of a two-layer network against time for three coefficients: each rises towards "
    "its label and falls to zero, later the smaller the coefficient; a linear model stays. Right: "
    "test "
    "accuracy of a small network against time times coefficient, for four coefficients: the curves "
    "rise, reach their best at about the same product, and those of large coefficients fall."
)


@cache
def modes():
    """A mode of a two-layer network and of a linear one, by time and coefficient."""
    times = np.geomspace(0.1, 2e4, 160)
    rows = []
    for decay in DECAYS:
        for k in (2, 1):
            values = l2_modes.mode(times, GAMMA, k=k, decay=decay)
            rows.append(pd.DataFrame({"k": k, "lambda": decay, "time": times, "mode": values}))
    return pd.concat(rows, ignore_index=True)


def draw_modes():
    """Learned and forgotten, and a linear model that keeps it."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for decay, color in zip(DECAYS, book.CYCLE, strict=False):
        for k, style in ((2, "-"), (1, ":")):
            rows = modes().query("k == @k and `lambda` == @decay")
            ax.plot(rows["time"], rows["mode"], style, color=color, linewidth=1.4 if k == 2 else 1,
                    label=rf"$\lambda = {decay:g}$" if k == 2 else None)  # fmt: skip
    ax.set(xscale="log", xlabel="time", ylabel="mode, as a share of its label", ylim=(-0.03, 1.4))
    ax.set_yticks([0, 0.5, 1])
    ax.legend(loc="upper center", fontsize=9, ncols=3, columnspacing=1, handlelength=1.4)
    return figure


def accuracies(runs):
    """Mean test accuracy over seeds by step and coefficient, of the coefficients that are drawn."""
    frame = runs.frame(SWEEP)
    every = np.sort(frame["l2"].unique())[::-1]
    chosen = every[np.linspace(0, len(every) // 2, min(DRAWN, len(every))).round().astype(int)]
    mean = frame[frame["l2"].isin(chosen)].groupby(["l2", "step"])["test_error"].mean()
    return (100 - mean).rename("accuracy").reset_index()


def draw_accuracies(runs):
    """Accuracy against time times coefficient."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    page = figures.load(SWEEP, runs.root)
    c = page.coefficient(page.frame_of(runs))
    table = accuracies(runs)
    for color, (l2, rows) in zip(
        book.CYCLE, sorted(table.groupby("l2"), reverse=True), strict=False
    ):
        rows = rows[rows["step"] > 0]
        ax.plot(rows["step"] * l2, rows["accuracy"], color=color, label=rf"$\lambda = {l2:g}$")
    if c.value is not None:
        ax.axvline(c.value, color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xscale="log", xlabel=r"epochs times $\lambda$", ylabel="test accuracy (%)")
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.4), fontsize=9)
    return figure


def picture(runs):
    """Both panels with their data."""
    from landscape import book

    return book.Picture(
        {"a": draw_modes(), "b": draw_accuracies(runs)},
        titles={"a": "theory: learned, then forgotten", "b": "a small network"},
        alt=ALT,
        data={"modes": modes(), "accuracies": accuracies(runs)},
    )


def verdicts(card):
    """``{"lewkowycz-fig-2-c1": "reproduced", ...}`` of all claims that were judged."""
    return {
        f"{row['id']}-{claim['id']}": claim["verdict"]["word"]
        for row in card["artifacts"] for claim in row["claims"]
    }  # fmt: skip


#: The claims that the part's first sentence is about.
LAW, PREDICTED, LOWERED = "lewkowycz-fig-2-c1", "lewkowycz-fig-4-c1", "lewkowycz-fig-1-c4"
#: Pages that measure the time at a constant rate without momentum: four networks.
MEASURED = ("lewkowycz-fig-2", "lewkowycz-fig-3")


def exponents(runs):
    """Exponents of the time to the best accuracy in lambda, flattest first, by network."""
    found = []
    for name in MEASURED:
        measured = figures.load(name, runs.root).measure(runs).get("c1", {})
        found += [one.value for key, one in measured.items()
                  if one.value is not None and not key.endswith("-relative")]  # fmt: skip
    return sorted(found, reverse=True)


def answer(card, runs):
    """The part's question, answered from the claims that were judged."""
    words, said = verdicts(card), []
    judged = {claim for claim in (LAW, PREDICTED, LOWERED)
              if words.get(claim) not in (None, "not run")}  # fmt: skip
    if LAW in judged:
        found = exponents(runs)
        powers = [rf"$\lambda^{{{power:.2f}}}$" for power in found]
        ends = " to ".join(dict.fromkeys([powers[0], powers[-1]])) if powers else r"$1/\lambda$"
        count = f"means of {len(found)} networks; " if len(found) > 1 else ""
        as_said = (", as the work says" if words[LAW] == "reproduced"
                   else rf" ({count}the work: $\lambda^{{-1}}$)")  # fmt: skip
        said.append(f"the time to the best accuracy goes as {ends}{as_said}")
    if PREDICTED in judged:
        near = "within ten times the tuned one"
        said.append(
            {
                "reproduced": f"the predicted coefficient is {near}",
                "undecided": f"whether the predicted coefficient is always {near} is left open",
            }.get(words[PREDICTED], f"the predicted coefficient is not always {near}")
        )
    if LOWERED in judged:
        beats = "beats" if words[LOWERED] == "reproduced" else "does not measurably beat"
        said.append(f"AutoL2 {beats} a tuned constant")
    if not said:
        return "The part's claims on training have not been judged."
    where = "In small networks " if small(card) else ""
    text = where + "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def small(card):
    """Whether any of the claims that the answer takes was judged at small scale only."""
    return any(
        claim["verdict"].get("scale") == "small"
        for row in card["artifacts"] for claim in row["claims"]
        if f"{row['id']}-{claim['id']}" in (LAW, PREDICTED, LOWERED)
    )  # fmt: skip


#: (claim that decides the lead, lead if it holds, lead if not, artifact whose sentence is quoted,
#: other pages with words for their links).
FINDINGS = (
    ("lewkowycz-fig-2-c1", "The law holds.", "How far does the law hold?",
     "lewkowycz-fig-2", {"lewkowycz-fig-3": "convolutional networks",
     "lewkowycz-fig-S1": "the time to fit", "lewkowycz-fig-S5": "squared loss",
     "lewkowycz-fig-S6": "training curves"}),
    ("lewkowycz-fig-S7-c1", "It ends in a narrow network.",
     "In a narrow network, where it should end.",
     "lewkowycz-fig-S7", {"lewkowycz-fig-S8": "ImageNet"}),
    ("lewkowycz-fig-4-c1", "The coefficient can be predicted.", "Can the coefficient be predicted?",
     "lewkowycz-fig-4", {"lewkowycz-fig-1": "what it costs", "lewkowycz-fig-S2": "momentum",
     "lewkowycz-fig-S3": "budget by budget", "lewkowycz-fig-S4": "the doubled coefficient",
     "predict-your-l2": "your own", "does-the-rule-carry-over": "other optimizers"}),
    ("lewkowycz-fig-S9-c1", "AutoL2 wins at a constant rate.", "Does AutoL2 win?",
     "lewkowycz-fig-S9", {"lewkowycz-fig-S10": "with a schedule",
     "when-autol2-pays": "when it pays"}),
    ("lewkowycz-fig-5-c1", "The theory explains the forgetting.", "The theory of forgetting.",
     "lewkowycz-fig-5", {"theory-and-width": "how wide is wide"}),
)  # fmt: skip


def findings(card, there):
    """Five sentences with links, of the pages that are there.

    Args:
        card: The scorecard.
        there: Names of the pages of the part.
    """
    words, rows = verdicts(card), {row["id"]: row for row in card["artifacts"]}
    said = []
    for claim, holds, fails, name, others in FINDINGS:
        row = rows.get(name, {})
        lead = holds if words.get(claim) == "reproduced" else fails
        found = row.get("finding") or (
            "Its runs have not been judged." if name in there else "Not written yet.")  # fmt: skip
        links = [f"[{text}]({page}.html){_not_run(rows.get(page))}"
                 for page, text in others.items() if page in there]  # fmt: skip
        number = row.get("number", "the figure")
        own = f"[{number[0].lower()}{number[1:]}]({name}.html)" if name in there else ""
        also = ", ".join(filter(None, [own, *links]))
        said.append(f"**{lead}** {found}" + (f" See {also}." if also else ""))
    return said


def _not_run(row):
    """A remark behind the link of a figure that nobody has run."""
    word = (row or {}).get("verdict", {}).get("word")
    return " (not run)" if word == "not run" else ""


#: Pages beside the figures, with their titles.
BESIDE = {
    "predict-your-l2": "Predict your own L2 coefficient",
    "when-autol2-pays": "When AutoL2 pays",
    "does-the-rule-carry-over": "Does the rule carry over?",
    "theory-and-width": "How wide is infinitely wide?",
}


def there_are(root):
    """Names of the part's pages."""
    from landscape.project import pages

    return {page.name for page in pages(Path(root)) if page.item.startswith("6-l2-dynamics/")}


def beside(runs, root):
    """The pages without claims that are there, with their sentences."""
    from landscape import book

    known = there_are(root)
    rows = [[f"[{title}]({name}.html)", figures.load(name, root).answer(runs)]
            for name, title in BESIDE.items() if name in known]  # fmt: skip
    return book.Table(["page", "what was found"], rows, stack=True, folded=True,
                      caption="Pages that the work has not")  # fmt: skip
