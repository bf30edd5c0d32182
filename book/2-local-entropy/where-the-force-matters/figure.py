"""Entropy-SGD against its scope: from where on the force matters, and where the loop breaks.

The page has no claims; its rules stand in ``landscape.evidence.scope_rules``.
"""

import math

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number
from landscape.evidence.scope_rules import (
    change,
    changes,
    edge,
    loops,
    matters_from,
    of,
    part,
    ratio,
    scopes,
    zone,
)
from landscape.theory import inner_loop

NAME = "where-the-force-matters"
ALPHA = 0.25  # the work's
LR_INNER, MOMENTUM = 0.1, 0.9  # of the runs, thesis 3.3.2 and 3.3.5
#: Scopes of the work's experiments: (what, first scope, rate of scoping, L, inner rate, momentum,
#: outer updates). Section 3.3; the batch size of the image tasks is the programs' 128.
WORKS = (
    ("MNIST", 1e4, 1e-3, 20, 0.1, 0.9, 5 * (60_000 // 128)),
    ("CIFAR-10", 30.0, 1e-3, 20, 0.1, 0.9, 10 * (50_000 // 128)),
    ("Penn Treebank", 1e3, 0.0, 5, 1.0, 0.5, None),
    ("War and Peace", 100.0, 0.0, 5, None, 0.5, None),
)


def table(runs):
    """One row a network at its end; no force is an infinite scope."""
    rows = runs.table(NAME, "map")
    return rows.astype({"gamma": float, "stands_for": float})


def top_curvature(runs, L, alpha):
    """Largest Hessian eigenvalue without force, mean over seeds: at the start, at the end."""
    rows = part(runs.table(NAME, "map", "curvature"), L, alpha)
    return float(rows["start"].mean()), float(rows["end"].mean())


def predicted(runs, L, alpha):
    """Edges that theory has: a loop without end on the force alone, and this L with curvature.

    The second is the widest scope at which an outer step grows along some curvature between 0 and
    the largest one of the network without force, start or end, whichever is larger.
    """
    top = max(top_curvature(runs, L, alpha))
    alone = LR_INNER * (1 + 2 * MOMENTUM) / (2 * (1 + MOMENTUM))
    grid = np.geomspace(0.01, 10, 301)
    bend = np.geomspace(1e-3, max(top, 2e-3), 40)
    loop = {"L": L, "alpha": alpha, "lr_inner": LR_INNER, "momentum": MOMENTUM}
    return alone, float(inner_loop.outer_edge(bend, grid, **loop))


def answer(runs):
    """What was found, in one sentence."""
    rows = table(runs)
    longest = max(L for L, _ in loops(rows))
    alphas = [alpha for steps, alpha in loops(rows) if steps == longest]
    alpha = ALPHA if ALPHA in alphas else alphas[0]
    here = part(rows, longest, alpha)
    start = matters_from(here)
    if start is None:
        return "At no scope does the force move the end further than other mini-batches do."
    what, first, rate, *_, updates = WORKS[0]
    needed = inner_loop.updates_until(first, start, rate)
    when = f"{needed:,} updates" if needed else "no update"
    return (
        rf"With $L = {longest}$ the force matters from $\gamma = {start:g}$ down: the work's "
        rf"${_power(first)}$ on {what} needs {when} of scoping to get there and has {updates:,}; "
        f"at the scopes where it matters {_gain(here, start)}."
    )


def _power(number):
    exponent = math.log10(number)
    return f"10^{{{exponent:.0f}}}" if exponent == round(exponent) else f"{number:g}"


def _gain(rows, start):
    """What the test error does where the force matters, in words."""
    lower, higher, _ = changes(rows)
    lower, higher = ([g for g in found if g <= start] for found in (lower, higher))
    count = len([g for g in zone(rows) if g <= start])
    if not lower and not higher:
        return f"the test error changes measurably at none of {count}"
    return f"the test error falls at {len(lower)} and rises at {len(higher)} of {count}"


def map_table(runs):
    """Where the force matters and the loop breaks, for every L and alpha."""
    from landscape import book

    rows, cells = table(runs), []
    for L, alpha in loops(rows):
        here = part(rows, L, alpha)
        broken, least = edge(here)
        alone, bent = predicted(runs, L, alpha)
        measured = f"{broken:g} – {least:g}" if broken else f"below {least:g}"
        share = inner_loop.step_share(matters_from(here) or math.inf, L=L, alpha=alpha,
                                      lr_inner=LR_INNER, momentum=MOMENTUM)  # fmt: skip
        cells.append([
            f"{L}", f"{alpha:g}", _scope(matters_from(here, "noise")), _scope(matters_from(here)),
            f"{100 * share:.0f} %", measured, f"{bent:.3g}" if bent else "none", f"{alone:.3g}",
        ])  # fmt: skip
    return book.Table(
        ["$L$", r"$\alpha$", "further than noise", "than batches", "step left", "edge, measured",
         "edge, this $L$", "edge, long loop"],
        cells, stack=True,
        caption=r"Scopes $\gamma$ from which down the force moves the end further than other "
        "noise, or other batches and noise, do; part of a straight step that is left there; and "
        "where training breaks, measured and by theory")  # fmt: skip


def _scope(gamma):
    return "nowhere" if gamma is None else f"{gamma:g}"


def gains_table(runs):
    """At how many scopes the test error falls or rises, all and beyond a smaller rate."""
    from landscape import book

    rows, cells = table(runs), []
    for L, alpha in loops(rows):
        here = part(rows, L, alpha)
        line = [f"{L}", f"{alpha:g}"]
        for beside in ("force", "rate"):
            lower, higher, count = changes(here, beside)
            line.append(f"{len(lower)} lower, {len(higher)} higher of {count}")
            best = min(zone(here), key=lambda g, b=beside, h=here: _value(change(h, g, b)))
            found = change(here, best, beside)
            line.append(f"{format_measurement(found.with_(n=None))} at {best:g}"
                        if found is not None else "–")  # fmt: skip
        cells.append(line)
    return book.Table(
        ["$L$", r"$\alpha$", "against no force", "the lowest", "against a smaller rate",
         "the lowest"],
        cells, stack=True, folded=True,
        caption="Test errors at stable scopes: how many 95 % intervals leave zero out (one in "
        "twenty would by chance), and the lowest difference, chosen after seeing them")  # fmt: skip


def _value(measurement):
    return math.inf if measurement is None else measurement.value


def works_table(runs):
    """What the work's scopes mean on this map."""
    from landscape import book

    rows, cells = table(runs), []
    for what, first, rate, L, lr_inner, momentum, updates in WORKS:
        start = _start_for(rows, L)
        last = first / (1 + rate) ** updates if rate else first
        if lr_inner is None:
            shares = "rate not stated"
        else:
            loop = {"L": L, "alpha": ALPHA, "lr_inner": lr_inner, "momentum": momentum}
            shares = [inner_loop.step_share(g, **loop) for g in dict.fromkeys((first, last))]
            shares = " → ".join(f"{100 * share:.1f} %" for share in shares)
        if start is None:
            needed = "–"
        elif first <= start:
            needed = "from the start"
        else:
            needed = f"{inner_loop.updates_until(first, start, rate):,}" if rate else "never"
        cells.append([
            what, f"{L}", f"{format_number(first)} → {format_number(last)}" if rate
            else f"{format_number(first)}, fixed", "–" if updates is None or not rate else
            f"{updates:,}", needed, shares,
        ])  # fmt: skip
    return book.Table(
        ["task", "$L$", r"$\gamma$ of the work", "updates made", "updates until it matters",
         "straight step left"],
        cells, stack=True,
        caption=r"The work's scopes on this map (small network, $\alpha = 0.25$, its $\eta$ and "
        "momentum on MNIST); the last column follows each task's own $L$, $\\eta$ and "
        "momentum")  # fmt: skip


def _start_for(rows, L):
    here = part(rows, L, ALPHA)
    return matters_from(here) if len(here) else None


def breaking(runs):
    """A sentence on how well theory has the edge."""
    rows, inside, every = table(runs), 0, loops(table(runs))
    for L, alpha in every:
        broken, least = edge(part(rows, L, alpha))
        _, bent = predicted(runs, L, alpha)
        inside += broken <= bent <= least
    alone, _ = predicted(runs, *every[0])
    tops = [top_curvature(runs, L, alpha) for L, alpha in every]
    return (
        rf"A loop without end breaks on the force alone below $\gamma = {alone:.3f}$; with its own "
        f"$L$ and the network's curvatures (at most {max(max(t) for t in tops):.1f}) theory has "
        f"the measured edge in {inside} of {len(every)} cases between the two scopes that enclose "
        "it."
    )


def ends(runs):
    """How far the ends move and what the test error does: the first picture."""
    from landscape import book

    rows = table(runs)
    kept = ["inner_steps", "alpha", "kind", "gamma", "stands_for", "seed", "training_loss",
            "test_error", "distance"]  # fmt: skip
    return book.Picture(
        panels={"a": draw_distance(rows), "b": draw_change(rows)},
        titles={"a": "how far the end moves", "b": "test error"},
        alt="Left, the distance of the end from that without force, in units of that of other "
        "mini-batches, against the scope, for both numbers of inner steps. Right, the difference "
        "in test error from no force, and from a matched smaller rate. The tables below state them "
        "in numbers.",
        data=rows[kept],
    )  # fmt: skip


def _alpha(rows):
    return ALPHA if ALPHA in set(rows["alpha"]) else rows["alpha"].iloc[0]


def _errorbar(ax, places, found, **look):
    middle = np.array([m.value for m in found])
    bars = np.array([[m.value - m.low, m.high - m.value] if m.has_interval else [0, 0]
                     for m in found]).T  # fmt: skip
    ax.errorbar(places, middle, np.maximum(bars, 0), capsize=2, linewidth=1.2, **look)


def draw_distance(rows):
    """Distances against the scope at the work's alpha."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for L, color, mark in _long_first(rows):
        here = part(rows, L, _alpha(rows))
        found = {g: ratio(here, g) for g in zone(here)}
        found = {g: m for g, m in found.items() if m is not None}
        _errorbar(ax, list(found), list(found.values()), color=color, marker=mark,
                  label=f"$L = {L}$")  # fmt: skip
        quiet = statistics.ratio_of_means(of(here, "noise")["distance"],
                                          of(here, "batches")["distance"])  # fmt: skip
        ax.axhline(quiet.value, color=color, linestyle=":", linewidth=1,
                   label=f"other noise, $L = {L}$")  # fmt: skip
    ax.axhline(1, color=book.INK, linewidth=1, linestyle="--", label="other batches and noise")
    ax.set(xscale="log", yscale="log", xlabel=r"scope $\gamma$",
           ylabel="distance / of other batches")  # fmt: skip
    ax.invert_xaxis()
    ax.legend(fontsize=8)
    return figure


def _long_first(rows):
    from landscape import book

    lengths = sorted(rows["inner_steps"].unique(), reverse=True)
    return list(zip(lengths, (book.CYCLE[0], book.CYCLE[1]), ("o", "s"), strict=False))


def draw_change(rows):
    """Differences of the test error against the scope at the work's alpha."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for L, color, mark in _long_first(rows):
        here = part(rows, L, _alpha(rows))
        for beside, label, style in (("force", "no force", "-"), ("rate", "smaller rate", "--")):
            found = {g: change(here, g, beside) for g in zone(here)}
            found = {g: m for g, m in found.items() if m is not None and m.has_interval}
            if found:
                _errorbar(ax, list(found), list(found.values()), color=color, marker=mark,
                          linestyle=style, markerfacecolor=color if style == "-" else book.PAPER,
                          label=f"$L = {L}$, minus {label}")  # fmt: skip
    ax.axhline(0, color=book.INK, linewidth=1)
    ax.set(xscale="log", xlabel=r"scope $\gamma$", ylabel="test error, difference [points]")
    ax.set_yscale("symlog", linthresh=1)
    ax.invert_xaxis()
    ax.legend(fontsize=8)
    return figure


def losses(runs):
    """Where training breaks, and the work's scopes: the second picture."""
    from landscape import book

    rows = table(runs)
    lengths = [L for L, *_ in _long_first(rows)][::-1]
    return book.Picture(
        panels={letter: draw_losses(runs, rows, L)
                for letter, L in zip("ab", lengths, strict=False)} | {"c": draw_scoping(runs)},
        titles={letter: f"$L = {L}$" for letter, L in zip("ab", lengths, strict=False)}
        | {"c": "scopes of the work"},
        alt="Two panels of the training loss at the end against the scope, one line for each "
        "alpha, flat for wide scopes, with vertical lines at the edges that theory predicts. In "
        "the third the scopes of the work's four tasks on a logarithmic axis against the number of "
        "outer updates, with dashed lines below which the force matters on the small network. The "
        "table below states when they are reached.",
    )  # fmt: skip


def draw_losses(runs, rows, L):
    """Final training loss against the scope for one L."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for alpha, color in zip(sorted(rows["alpha"].unique()), book.CYCLE, strict=False):
        here = part(rows, L, alpha)
        found = {}
        for gamma in scopes(here):
            values = of(here, "force", gamma)["training_loss"].dropna()
            if len(values) and (values > 0).all() and values.max() < 1e3:
                found[gamma] = np.exp(np.log(values).mean())
        ax.plot(list(found), list(found.values()), "o-", color=color, markersize=3.5,
                label=rf"$\alpha = {alpha:g}$")  # fmt: skip
        free = of(here, "force")["training_loss"]
        ax.axhline(np.exp(np.log(free).mean()), color=color, linewidth=0.8, linestyle=":")
        ax.axvline(predicted(runs, L, alpha)[1] or np.nan, color=color, linewidth=1, linestyle="--")
    ax.axvline(predicted(runs, L, rows["alpha"].iloc[0])[0], color=book.INK, linewidth=1)
    ax.axhline(float(rows["start_loss"].mean()), color=book.GREY, linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel=r"scope $\gamma$", ylabel="final training loss")
    ax.invert_xaxis()
    ax.legend(fontsize=8)
    return figure


def draw_scoping(runs):
    """Scopes over updates."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    rows = table(runs)
    for (what, first, rate, L, _, _, updates), color in zip(WORKS, book.CYCLE, strict=False):
        t = np.arange(0, updates if updates and rate else 4000)
        ax.plot(t, first / (1 + rate) ** t, color=color, label=f"{what}, $L = {L}$")
    for L, color, _ in _long_first(rows):
        start = _start_for(rows, L)
        if start is not None:
            ax.axhline(start, color=color, linestyle="--", linewidth=1.2,
                       label=f"matters, $L = {L}$")  # fmt: skip
    ax.axhline(predicted(runs, *loops(rows)[0])[0], color=book.INK, linewidth=1,
               label="long loop breaks")  # fmt: skip
    ax.set(yscale="log", xlabel="outer updates", ylabel=r"scope $\gamma$", ylim=(0.03, 3e4))
    ax.legend(fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.45, 1.0))
    return figure
