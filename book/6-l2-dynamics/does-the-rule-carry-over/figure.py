"""Does the predicted L2 strength carry over to other optimizers and to schedules?

The page has no claims; its rules stand in ``landscape.evidence.carry_over`` and were fixed before
the runs, which ``landscape.evidence.carry_over_cases`` reads.
"""

import numpy as np
import pandas as pd

from landscape.evidence import carry_over as rules
from landscape.evidence import carry_over_cases as cases
from landscape.evidence.carry_over_cases import NAMES, SCHEDULES, SHOWN
from landscape.evidence.measurement import format_brief, format_number

RULES = {"budget": "$c/T$", "first_drop": r"$c/(0.3\,T)$", "clock": r"$c\,\eta_0/\sum\eta$"}


def findings(runs):
    """By case: exponent, comparisons, and whether each rule holds."""
    found = {}
    for case in SHOWN:
        own = cases.compare(runs, case)
        exponent = rules.exponent(cases.law_rows(runs, case))
        parts = (rules.holds(exponent), rules.strength_fits(own), rules.accuracy_fits(own))
        found[case] = (exponent, own, parts)
    return found


def carries(parts):
    """Whether the rule carries over, in a word."""
    if any(one is False for one in parts):
        return "no"
    return "yes" if all(parts) else "undecided"


def listed(some):
    """Names in a sentence; their number where they are many."""
    if not some:
        return "none"
    if len(some) > 3:
        of = "all" if len(some) == len(NAMES) else f"{len(some)} of"
        return f"{of} {len(NAMES)} methods"
    other = {"adam": "Adam", "sgd_steps": "stepwise SGD", "sgd_cosine": "cosine SGD"}
    names = [other.get(case, NAMES[case]) for case in some]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def answer(runs):
    """What was found, in one sentence."""
    found = findings(runs)
    law, strength, accuracy = (
        [case for case in NAMES if found[case][2][place] is False] for place in range(3)
    )
    whole = [case for case in NAMES if carries(found[case][2]) == "yes"]
    near = "for all methods" if not strength else f"except for {listed(strength)}"
    left = [case for case in NAMES if carries(found[case][2]) == "undecided"]
    last = f", and all three rules hold for {listed(whole)}"
    if left and not whole:
        plain = ", plain SGD among them," if "sgd" in left and len(left) > 1 else ""
        last = f"; {listed(left)}{plain} {'stay' if len(left) > 1 else 'stays'} undecided"
    return (
        "The predicted $\\lambda$ lies within a factor of ten of the tuned strength "
        f"{near}; $t_*\\propto1/\\lambda$ fails for {listed(law)}; more than {rules.POINTS} points "
        f"are surely lost by {listed(accuracy)}{last}."
    )


# What the page shows


def table(runs):
    """One row a method with what decides."""
    from landscape import book

    rows = []
    for case, (exponent, own, parts) in findings(runs).items():
        off = [b.decades for b in own if b.decades is not None]
        worst = max(own, key=lambda b: b.loss.value if b.loss.finite else -np.inf)
        without = max(own, key=lambda b: b.without.value if b.without.finite else -np.inf)
        marks = {True: "holds", False: "fails", None: "undecided"}
        rows.append([
            SHOWN[case],
            book.Cell(format_brief(exponent), details=marks[parts[0]]),
            book.Cell(spread_text(off), details=marks[parts[1]]),
            book.Cell(format_brief(worst.loss),
                      details=f"at $T = {worst.budget}$: {marks[parts[2]]}"),
            format_brief(without.without), carries(parts),
        ])  # fmt: skip
    return book.Table(
        ["method", "exponent of $t_*$ in $\\lambda$", "predicted / tuned, decades",
         "largest loss by the prediction", "no L2 loses up to", "carries over"],
        rows, label="does-the-rule-carry-over-rules", stack=True,
        caption="The three rules, with 95 % intervals over seeds; accuracies are the largest "
        "within a budget",
    )  # fmt: skip


def later(runs):
    """Sentences: what is lost at the budgets above the smallest."""
    losses = {}
    for case in SHOWN:
        own = cases.compare(runs, case)[1:]
        losses[case] = max((b.loss for b in own if b.loss.finite), key=lambda m: m.value)
    kept = [case for case, most in losses.items() if most.value <= rules.POINTS + 1e-9]
    said = "; ".join(f"{SHOWN[case]} {format_number(m.value, 1)}" for case, m in losses.items())
    first = cases.budgets_of(runs, "sgd")[0]
    fine = "; ".join(SHOWN[case] for case in kept) or "none"
    return (
        f"Training has hardly ended at $T = {first}$. Without that budget, a choice made after the "
        f"runs, the largest losses in points are: {said}. Within {rules.POINTS}: {fine}."
    )


def spread_text(off):
    """Smallest and largest of some decades."""
    if not off:
        return "–"
    return f"{format_number(min(off), 1)} to {format_number(max(off), 1)}"


def picture(runs):
    """Strengths and losses."""
    from landscape import book
    from landscape.book import carry_over_pictures as pictures

    found = {case: cases.compare(runs, case) for case in SHOWN}
    rows = [
        {"method": case, "budget": b.budget, "tuned": b.tuned, "predicted": b.predicted.value,
         "loss": b.loss.value, "without_l2": b.without.value, "tuned_accuracy": b.best.value}
        for case, own in found.items() for b in own
    ]  # fmt: skip
    return book.Picture(
        panels={"a": pictures.strengths(found, SHOWN), "b": pictures.losses(found, SHOWN)},
        titles={"a": "predicted against tuned strength", "b": "accuracy lost"},
        alt="Two panels with one row a method: plain SGD, Entropy-SGD, Parle, AdamW, Adam with L2 "
        "in its gradient, and SGD with a falling rate. On the left the predicted over the tuned "
        "strength at each budget, on the right the points of accuracy that the prediction and no "
        "L2 at all lose. The table below states the numbers.",
        data=pd.DataFrame(rows),
    )


def law(runs):
    """t_* against lambda for all constant rates."""
    from landscape import book
    from landscape.book import carry_over_pictures as pictures

    panels = {"a": ("sgd", "entropy_sgd", "entropy_sgd_slower", "parle"), "b": ("adamw",),
              "c": ("adam",)}  # fmt: skip
    return book.Picture(
        panels={
            letter: pictures.times(
                {c: (cases.times(runs, c)[1], cases.product_rows(runs, c)) for c in some},
                {c: cases.part(runs, c)["rate"].iloc[0] for c in some}, SHOWN,
            ) for letter, some in panels.items()
        },
        titles={"a": "L2 in the gradient of SGD", "b": "decoupled decay",
                "c": "L2 in Adam's gradient"},
        alt="Time of the best accuracy against the strength, logarithmic on both axes: SGD, "
        "Entropy-SGD and Parle; AdamW at two learning rates; Adam with L2 in the gradient at two. "
        "Dotted lines have the slope of the law.",
    )  # fmt: skip


def which_product(runs):
    """Sentences: what sets the time scale of AdamW, and of Adam with L2 in the gradient."""
    said = []
    for case, name in (("adamw", "AdamW"), ("adam", "Adam with L2 in the gradient")):
        found = cases.product(runs, case)
        if found is None:
            said.append(f"{name}: too few strengths train at both rates to tell.")
            continue
        rate, l2 = (format_brief(found.exponents[n]) for n in ("rate", "l2"))
        both = all(rules.holds(found.exponents[n]) for n in ("rate", "l2"))
        verdict = ("the product of both sets the time" if both else
                   "which is not what a time set by their product would give")  # fmt: skip
        said.append(
            f"{name}: $t_* \\propto \\eta^p\\lambda^q$ with $p$ = {rate} and "
            f"$q$ = {l2} over {found.points} pairs of both "
            f"rates; {verdict}."
        )
    return " ".join(said)


def schedule_table(runs):
    """Every rule that a schedule could have, at every budget."""
    from landscape import book

    rows = []
    for case in SCHEDULES:
        for rule, name in RULES.items():
            if cases.expected(runs, case, rule).empty:
                continue
            own = cases.compare(runs, case, rule)
            off = [b.decades for b in own if b.decades is not None]
            losses = [format_brief(b.loss.with_(unit="")) for b in own]
            word = carries((rules.strength_fits(own), rules.accuracy_fits(own)))
            rows.append([NAMES[case], name, spread_text(off), *losses, word])
    heads = [f"loss at $T = {budget}$" for budget in cases.budgets_of(runs, "sgd_steps")]
    return book.Table(
        ["schedule", "prediction", "decades off", *heads, "both rules hold"], rows, stack=True,
        caption="Predictions for a falling rate: decades above the tuned strength and points lost",
    )  # fmt: skip


def clocks(runs):
    """Sentences: is the sum of the rates the better clock for t_*?"""
    said = []
    for case in SCHEDULES:
        rows = cases.clock_rows(runs, case)
        found = None if rows.empty else rules.scatter_of_clocks(rows)
        if found is None:
            said.append(f"{NAMES[case]}: too few runs peak.")
            continue
        plain, gain = found
        word = ("the sum is the better clock" if gain.has_interval and gain.low > 0 else
                "counting gradients is the better clock" if gain.has_interval and gain.high < 0
                else "the two clocks are not told apart")  # fmt: skip
        said.append(
            f"{NAMES[case]}: $\\log(t_*\\lambda)$ scatters by "
            f"{format_brief(plain)} counted in gradients, and by "
            f"{format_brief(gain)} less in $\\sum\\eta/\\eta_0$; {word}."
        )
    return " ".join(said)


def schedules(runs):
    """Accuracy against strength at the smallest and the largest budget."""
    from landscape import book
    from landscape.book import carry_over_pictures as pictures

    found = cases.budgets_of(runs, "sgd_steps")
    ends = {"a": found[0], "b": found[-1]}
    return book.Picture(
        panels={letter: pictures.accuracies(*cases.at_budget(runs, budget), NAMES)
                for letter, budget in ends.items()},
        titles={letter: f"T = {budget:,} gradients" for letter, budget in ends.items()},
        alt="Best test accuracy within the budget against the strength, for SGD at a constant "
        "rate, with steps and with a cosine, at the smallest and the largest budget. Dashed lines "
        "are the predictions.",
    )


def coefficients(runs):
    """A folded table: the short runs and what they predict."""
    from landscape import book

    rows = []
    for case in [case for case in SHOWN if case not in SCHEDULES]:
        c, first = cases.c_of(runs, case), cases.expected(runs, case)
        strength = first["probe_l2"].iloc[0] if len(first) else None
        cells = [f"{b.predicted.value:.2g} / {b.tuned:.2g}" if b.predicted.finite else "–"
                 for b in cases.compare(runs, case)]  # fmt: skip
        measured = format_brief(c)
        rows.append([SHOWN[case], "–" if strength is None else f"{strength:g}", measured, *cells])
    heads = [f"$T = {budget}$" for budget in cases.budgets_of(runs, "sgd")]
    return book.Table(
        ["method", "$\\lambda$ of the short run", "$c = t_*\\lambda$ [gradients]", *heads], rows,
        folded=True, stack=True, caption="Short runs, and predicted / tuned strengths",
    )  # fmt: skip
