"""How long training takes until the test accuracy peaks, over eta and lambda (figure 2).

Times are in steps, on panels in epochs; a run counts for t_* where it reached its horizon.
"""

import numpy as np

from landscape.evidence import l2_sweeps, l2_times, part_records, statistics
from landscape.evidence.measurement import (
    Measurement,
    format_brief,
    format_number,
)

FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
NETWORKS = {"fc": FC, "wrn": WRN}
NAMES = {"fc": "fully connected", "wrn": "Wide ResNet"}
#: The rate of the budget panels in the work, and the budget of the claim in steps.
BUDGET_RATE, BUDGET = {"fc": 0.15, "wrn": 0.2}, 100
BUDGETS = (32, 100, 316)
#: Runs of fewer steps know their t_* too badly to say anything about exponents.
LEAST_STEPS = 20


# ------------------------------------------------------------------ what is measured
def times(runs, network):
    """t_* of every run of one network that reached its horizon; None without a record."""
    frame = runs.frame(NETWORKS[network])
    return None if frame is None else l2_times.peak_times(l2_sweeps.whole(frame), ["lr", "l2"])


def epoch(runs, network):
    """Steps an epoch."""
    return l2_times.steps_an_epoch(runs.parameters(NETWORKS[network], "no_l2"))


def rate(network, found):
    """The rate of the budget panel."""
    return l2_sweeps.budget_rate(found, BUDGET_RATE[network])


def measure(runs):
    """The measurements of the claims."""
    found = {key: times(runs, key) for key in NETWORKS}
    out = {f"c{number}": {} for number in range(1, 6)}
    for key, table in found.items():
        if table is None:
            continue
        out["c1"][key] = l2_sweeps.slope(table)
        out["c2"] |= {
            f"{key}-exponents": l2_sweeps.difference(table),
            f"{key}-share": l2_sweeps.share(table),
        }
        out["c3"] |= {
            f"{key}-falls": l2_sweeps.falls(table),
            f"{key}-rates": l2_sweeps.between_rates(table),
        }
        out["c4"][key] = l2_sweeps.budget_loss(
            runs.frame(NETWORKS[key]), table, BUDGET, rate(key, table)
        )
        out["c5"] |= {key: l2_sweeps.gain(table), f"{key}-best": l2_sweeps.gain(table, best=True)}
    return out


def finding(found):
    """One sentence."""
    slopes = [found[f"c1.{key}"].measurement for key in NETWORKS]
    if any(slope is None or not slope.finite for slope in slopes):
        return "The sweeps over learning rates and L2 coefficients are not complete."
    gains = [found[f"c5.{key}"].measurement for key in NETWORKS]
    better = sum(gain is not None and gain.has_interval and gain.low > 0 for gain in gains)
    ends = {
        2: "a small $\\lambda$ beats none in both",
        1: "a small $\\lambda$ measurably beats none in one of them",
        0: "no small $\\lambda$ measurably beats none",
    }[better]
    if any(slope.has_interval and slope.high >= 0 for slope in slopes):
        lead = r"a smaller $\lambda$ does not always take longer"
    elif all(slope.has_interval and slope.low > -1 for slope in slopes):
        lead = r"a smaller $\lambda$ takes longer, but less than in proportion"
    else:
        lead = r"a smaller $\lambda$ takes longer"
    fc, wrn = (l2_sweeps.power(r"\lambda", slope) for slope in slopes)
    return (
        f"In small networks {lead}: the time to the best accuracy goes as {fc} in the fully "
        f"connected one and as {wrn} in the Wide ResNet; {ends}."
    )


# ------------------------------------------------------------------ tables and sentences
def exponents(runs):
    """Fits of t_* over all runs, and over those whose lambda costs accuracy or none."""
    from landscape import book

    rows = []
    for key in NETWORKS:
        table = times(runs, key)
        costs = l2_sweeps.costly(table)
        for words, part in (
            ("all", table),
            (r"$\lambda$ costs accuracy", table[costs]),
            (r"$\lambda$ costs none", table[~costs]),
        ):
            law, folded = l2_times.power_law(part), l2_times.collapse(part)
            if law is None:
                continue
            wide = l2_times.power_law(part, over="points")
            rows.append([
                f"{NAMES[key]}, {words}", f"{law.points}", _exponent(law, wide, "lr"),
                _exponent(law, wide, "l2"), format_brief(l2_sweeps.slope(part)),
                f"{folded.spread.value:.2f} → {folded.left.value:.2f}",
                _two(folded.apart), _two(l2_sweeps.apart_at_equal_lambda(part)),
            ])  # fmt: skip
    return book.Table(
        ["runs", "settings", r"of $\eta$", r"of $\lambda$", r"of $\lambda$, rate by rate",
         "spread", r"apart at equal $\eta\lambda$", r"apart at equal $\lambda$"],
        rows, stack=True,
        caption=r"Exponents of the joint fit $t_* \propto \eta^x \lambda^y$ with 95 % intervals "
        "over seeds (in brackets, half the width over the grid's points, which holds the "
        r"departures from a law); the spread of $\log t_*$ and of $\log(t_*\eta\lambda)$; how far "
        r"rates are apart in $\log t_*$ at equal $\eta\lambda$, and in $\log(t_*\eta)$ at equal "
        r"$\lambda$",
    )  # fmt: skip


def _two(measured):
    return "–" if not measured.finite else f"{measured.value:.2f}"


def _exponent(law, wide, name):
    half = (wide.exponents[name].high - wide.exponents[name].low) / 2
    return f"{format_brief(law.exponents[name])} (±{half:.2f})"


def every_setting(runs):
    """t_*, its product and the accuracy of every setting."""
    from landscape import book

    rows = []
    for key in NETWORKS:
        steps = epoch(runs, key)
        frame = l2_sweeps.whole(runs.frame(NETWORKS[key]))
        least = frame.groupby(["lr", "l2"])["training_error"].min()
        for (lr, l2), part in times(runs, key).groupby(["lr", "l2"]):
            at = l2_times.mean_peak_time(part, 1 / steps)
            constant = l2_times.mean_peak_time(part, lr * l2) if l2 else Measurement(None)
            best = part["best_accuracy"].dropna()
            rows.append([
                NAMES[key], f"{lr:.4g}", f"{l2:.4g}", format_brief(at),
                format_brief(constant), f"{best.mean():.1f}" if len(best) else "diverged",
                format_number(least[(lr, l2)], digits=3), at.note or "–",
            ])  # fmt: skip
    return book.Table(
        ["network", r"$\eta$", r"$\lambda$", "$t_*$ [epochs]", r"$t_*\eta\lambda$ [steps]",
         "best [%]", "least training error [%]", "cut short"],
        rows, stack=True, folded=True,
        caption="Every setting: geometric means over seeds with 95 % intervals, which reach down "
        "at least to the row before",
    )  # fmt: skip


def against_none(runs):
    """A sentence: t_* at the smallest lambda against that without L2."""
    said = []
    for key in NETWORKS:
        table = times(runs, key)
        peaks = table.set_index(["lr", "l2", "seed"])["t_star"].unstack("seed").dropna()
        none = [lr for lr, l2 in peaks.index if l2 == 0]
        small = [k for k in peaks.index if k[1] > 0 and k[0] in none]
        if not small:
            continue
        lr, l2 = min(small, key=lambda k: k[1])
        ratio = statistics.ratio_of_means(peaks.loc[(lr, l2)], peaks.loc[(lr, 0.0)])
        constant = statistics.ratio_of_means(peaks.loc[(lr, l2)] * lr * l2, np.ones(peaks.shape[1]))
        said.append(
            rf"{NAMES[key]}, $\eta = {lr:.3g}$, $\lambda = {l2:.3g}$: $t_*\eta\lambda$ = "
            f"{format_brief(constant)}, $t_*$ is {format_brief(ratio)} times that without L2"
        )
    return "At the smallest coefficients: " + "; ".join(said) + "." if said else ""


def halves(runs):
    """A sentence: how much t_* depends on how long a run is."""
    said = []
    for key, name in NETWORKS.items():
        ratio = l2_sweeps.shortened(l2_sweeps.whole(runs.frame(name)))
        same = ratio.has_interval and ratio.low > 0.9 and ratio.high < 1.1
        lengths = "does not come from" if same else "may rest partly on"
        said.append(f"{format_brief(ratio)} in the {_network(key)}, whose exponent {lengths} the "
                    "lengths of its runs")  # fmt: skip
    return (
        "Had every run ended after half of its steps, $t_*$ would be so many times as large: "
        f"{'; '.join(said)}."
    )


def _network(key):
    return f"{NAMES[key]} network" if key == "fc" else NAMES[key]


def work_size(root):
    """What a record of a part of the work's own grid says of the fully connected network.

    A note and a table by lambda; nothing without such a record.
    """
    from landscape import book

    part = part_records.newest(FC, root)
    if part is None:
        return []
    last = part.frame.groupby(["lr", "l2", "seed"])["step"].transform("max")
    long = part.frame[(last >= LEAST_STEPS) & (part.frame["l2"] > 0)]
    table = l2_times.peak_times(long, ["lr", "l2"])
    table = table[(table["t_star"] > 0) & ~table["censored"].astype(bool)]
    law = l2_times.power_law(table, over="points") if len(table) else None
    fit = "are too few for a fit"
    if law is not None:
        x, y = (format_brief(law.exponents[name]) for name in ("lr", "l2"))
        fit = (rf"give $t_* \propto \eta^x\lambda^y$ with $x$ = {x} and $y$ = {y} (intervals over "
               "the grid's points, as there is one seed)")  # fmt: skip
    rows = []
    for l2, of in table.groupby("l2", sort=True):
        constant, best = of["t_star"] * of["lr"] * l2, of["best_accuracy"]
        rows.append([f"{l2:g}", f"{len(of)}", f"{np.exp(np.log(constant).mean()):.2g}",
                     f"{constant.min():.2g} to {constant.max():.2g}",
                     f"{best.min():.1f} to {best.max():.1f}"])  # fmt: skip
    note = book.Note(
        f"A record of {part.date} holds {part.networks} of the {part.whole} runs of the work's "
        f"grid, none of more than {part.most_steps:,} steps ({format_number(part.hours, 1)} hours "
        rf"on {part.machine}). It judges nothing, as the small $\eta\lambda$ are missing. Its "
        f"{len(table)} runs of {LEAST_STEPS} steps or more that peak before their end {fit}."
    )
    return [note] if not rows else [note, book.Table(
        [r"$\lambda$", "rates", r"$t_*\eta\lambda$ [steps]", "over rates", "best [%]"], rows,
        stack=True, caption="The work's own network, one seed: geometric mean over rates, smallest "
        "and largest of $t_*\\eta\\lambda$, and the range of best accuracies",
    )]  # fmt: skip


def reach(root, hours=6):
    """How far hours of one core reach into the work's own grid of the fully connected network."""
    from landscape.book import reach_tables

    return reach_tables.table(root, FC, hours=hours)


# ------------------------------------------------------------------ pictures
def figure_2(runs):
    """The six panels of the work."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles, data = {}, {}, {}
    for letters, key in zip(("abc", "def"), NETWORKS, strict=True):
        table, frame, steps = times(runs, key), runs.frame(NETWORKS[key]), epoch(runs, key)
        at = rate(key, table)
        drawn = (
            l2_pictures.draw_times(table, steps),
            l2_pictures.draw_best(table),
            l2_pictures.draw_budgets(
                frame[frame["lr"] == at], table[table["lr"] == at], BUDGETS, steps
            ),
        )
        heads = ("time to the best", "best accuracy", rf"fixed budgets, $\eta$ = {at:.3g}")
        for letter, figure, head in zip(letters, drawn, heads, strict=True):
            panels[letter], titles[letter] = figure, f"{NAMES[key]}: {head}"
        data[key] = table
    return book.Picture(
        panels, titles=titles, data=data,
        alt="Two rows of three panels against lambda on a logarithmic axis, the fully connected "
        "network above the Wide ResNet, one series a learning rate: epochs to the best test "
        "accuracy, the maximum test accuracy, and the maximum within fixed budgets. The claims "
        "table states them in numbers.",
    )  # fmt: skip


def collapsed(runs):
    """All runs against eta lambda, and what is left of the law."""
    from landscape import book
    from landscape.book import l2_pictures

    panels, titles = {}, {}
    for (one, two), key in zip(("ab", "cd"), NETWORKS, strict=True):
        table = times(runs, key)
        panels[one] = l2_pictures.draw_collapse(table, epoch(runs, key))
        panels[two] = l2_pictures.draw_constant(table)
        titles[one], titles[two] = f"{NAMES[key]}: all rates", f"{NAMES[key]}: the constant"
    return book.Picture(
        panels, titles=titles,
        alt="Four panels on logarithmic axes. Left, the time to the best accuracy against the "
        "product of learning rate and lambda, with a line of slope minus one; right, time times "
        "product against lambda, which would be flat under the law. The table states exponents.",
    )  # fmt: skip
