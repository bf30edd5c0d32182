"""Entropy-SGD against its scope: from where on the force matters, and where the loop breaks.

The page has no claims; its rules stand in ``landscape.evidence.scope_rules``.
"""

import math

from landscape.evidence.measurement import format_brief, format_measurement, format_number
from landscape.evidence.scope_rules import (
    change,
    changes,
    curvature_early,
    curvature_late,
    edge,
    loops,
    matters_from,
    off_by,
    part,
    predicted_edge,
    ratio,
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


def loop_of(L, alpha):
    """The inner loop of the runs, as theory takes it."""
    return {"L": L, "alpha": alpha, "lr_inner": LR_INNER, "momentum": MOMENTUM}


def predicted(runs, L, alpha):
    """Edges by theory: with the late curvature, with the early one, of an endless loop alone."""
    bent = part(runs.table(NAME, "map", "curvature"), L, alpha)
    late, early = (predicted_edge(top, **loop_of(L, alpha))
                   for top in (curvature_late(bent), curvature_early(bent)))  # fmt: skip
    return late, early, LR_INNER / (2 * (1 + MOMENTUM) / (1 + 2 * MOMENTUM))


def half_step(L, alpha):
    """The scope at which the force halves an outer step on a straight slope."""
    low, high = 1e-2, 1e4
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = ((low, middle) if inner_loop.step_share(middle, **loop_of(L, alpha)) > 0.5
                     else (middle, high))  # fmt: skip
    return high


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
    there = [what for what, first, rate, L, *_, updates in WORKS
             if (felt := _start_for(rows, L)) is not None
             and _last(first, rate, updates) <= felt]  # fmt: skip
    tasks = f"of the work's tasks {' and '.join(there)} reach" if there else (
        "none of the work's tasks reaches")  # fmt: skip
    tasks = tasks.replace(" reach", " alone reaches") if len(there) == 1 else tasks
    far = format_brief(ratio(here, start))
    return (
        "On a small network Entropy-SGD's force moves the end further than other mini-batches only "
        rf"from $\gamma = {start:g}$ down ($L = {longest}$; there {far} times as far), "
        f"where {_gain(here, start)}; {tasks} such scopes."
    )


def _last(first, rate, updates):
    """The scope with which one of the work's tasks ends."""
    return first / (1 + rate) ** updates if rate else first


def _gain(rows, start):
    """What the test error does where the force matters, in words."""
    lower, higher = ([g for g in found if g <= start] for found in changes(rows)[:2])
    count = len([g for g in zone(rows) if g <= start])
    if not lower and not higher:
        return f"the test error changes measurably at none of {count} scopes"
    less, more = (len([g for g in found if g <= start]) for found in changes(rows, "rate")[:2])
    return (
        f"the test error rises at {len(higher)} and falls at {len(lower)} of {count} scopes, "
        f"compared with a matched smaller rate at {more} and {less}"
    )


def beyond(runs):
    """A sentence on what the force does where it matters that a smaller rate does not."""
    rows, counted, higher, lower = table(runs), 0, 0, 0
    for L, alpha in loops(rows):
        here = part(rows, L, alpha)
        start = matters_from(here)
        if start is not None:
            counted += len([g for g in zone(here) if g <= start])
            less, more, _ = changes(here, "rate")
            lower += len([g for g in less if g <= start])
            higher += len([g for g in more if g <= start])
    return (
        f"Of the {counted} stable scopes of all loops at which the force matters, the test error "
        f"is higher than that of the matched smaller rate at {higher}, lower at {lower}, and not "
        f"measurably different at {counted - higher - lower}."
    )


def map_table(runs):
    """Where the force matters and the loop breaks, for every L and alpha."""
    from landscape import book

    rows, cells = table(runs), []
    for L, alpha in loops(rows):
        here = part(rows, L, alpha)
        broken, least = edge(here)
        late, early, _ = predicted(runs, L, alpha)
        cells.append([
            _loop(L, alpha), _scope(matters_from(here, "noise")), _scope(matters_from(here)),
            f"{half_step(L, alpha):.2g}", f"{broken:g} – {least:g}" if broken else f"< {least:g}",
            f"{late:.2g}", f"{early:.2g}",
        ])  # fmt: skip
    return book.Table(
        ["inner loop", "beyond noise", "beyond batches", "half a step",
         "edge, measured", "edge, late curvature", "edge, early curvature"],
        cells, stack=True,
        caption=r"Scopes $\gamma$ from which down the force moves the end further than other "
        "noise, or other batches and noise, do; at which it halves an outer step on a straight "
        "slope; and below which training breaks, measured and by theory (the early curvature was "
        "tried after the late one had been seen to be too large)")  # fmt: skip


def _loop(L, alpha):
    return rf"$L = {L}$, $\alpha = {alpha:g}$"


def _scope(gamma):
    return "nowhere" if gamma is None else f"{gamma:g}"


def gains_table(runs):
    """At how many scopes the test error falls or rises, all and beyond a smaller rate."""
    from landscape import book

    rows, cells = table(runs), []
    for L, alpha in loops(rows):
        here = part(rows, L, alpha)
        line = [_loop(L, alpha)]
        for beside in ("force", "rate"):
            lower, higher, count = changes(here, beside)
            line.append(f"{len(lower)} lower, {len(higher)} higher of {count}")
            best = min(zone(here), key=lambda g, b=beside, h=here: _value(change(h, g, b)))
            found = change(here, best, beside)
            line.append(f"{format_measurement(found.with_(n=None))} at {best:g}"
                        if found is not None else "–")  # fmt: skip
        cells.append(line)
    return book.Table(
        ["inner loop", "against no force", "the lowest", "against a smaller rate",
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
        last = _last(first, rate, updates)
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
            what, f"{L}", f"{format_number(first)} → {format_number(last, digits=3)}" if rate
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
    rows = table(runs)
    every = [(edge(part(rows, *pair)), predicted(runs, *pair)) for pair in loops(rows)]
    said = []
    for place, words in enumerate(("largest curvature of training", "curvature at its start")):
        off = [off_by(measured, theory[place]) for measured, theory in every]
        inside = sum(factor == 1 for factor in off)
        said.append(f"with the {words} its edge lies between the last stable scope and the next in "
                    f"{inside} of {len(every)} cases and is wrong by a factor of up to "
                    f"{max(off):.1f} otherwise")  # fmt: skip
    return (
        rf"On the force alone an endless loop breaks below $\gamma = {every[0][1][2]:.3f}$. Theory "
        f"adds $L$ and curvature: {'; '.join(said)}."
    )


def ends(runs):
    """How far the ends move and what the test error does: the first picture."""
    from landscape import book
    from landscape.book import scope_pictures

    rows = table(runs)
    kept = ["inner_steps", "alpha", "kind", "gamma", "stands_for", "seed", "training_loss",
            "test_error", "distance"]  # fmt: skip
    return book.Picture(
        panels={"a": scope_pictures.draw_distance(rows, _alpha(rows)),
                "b": scope_pictures.draw_change(rows, _alpha(rows))},
        titles={"a": "how far the end moves", "b": "test error"},
        alt="Left, the distance of the end from that without force, in units of that of other "
        "mini-batches, against the scope, for both numbers of inner steps. Right, the difference "
        "in test error from no force, and from a matched smaller rate. The tables below state them "
        "in numbers.",
        data=rows[kept],
    )  # fmt: skip


def losses(runs):
    """Where training breaks, and the work's scopes: the second picture."""
    from landscape import book
    from landscape.book import scope_pictures

    rows = table(runs)
    every = sorted({L for L, _ in loops(rows)})
    alone = predicted(runs, *loops(rows)[0])[2]
    panels = {
        letter: scope_pictures.draw_losses(
            rows, L, {alpha: predicted(runs, L, alpha)[1] for M, alpha in loops(rows) if M == L},
            alone,
        )
        for letter, L in zip("ab", every, strict=False)
    }  # fmt: skip
    starts = {L: start for L in every if (start := _start_for(rows, L)) is not None}
    works = [(what, first, rate, L, updates) for what, first, rate, L, _, _, updates in WORKS]
    return book.Picture(
        panels=panels | {"c": scope_pictures.draw_scoping(works, starts, alone)},
        titles={letter: f"$L = {L}$" for letter, L in zip("ab", every, strict=False)}
        | {"c": "scopes of the work"},
        alt="Two panels of the training loss at the end against the scope, one line for each "
        "alpha, flat for wide scopes, with vertical lines at the edges that theory predicts. In "
        "the third the scopes of the work's four tasks on a logarithmic axis against the number of "
        "outer updates, with dashed lines below which the force matters on the small network. The "
        "table below states when they are reached.",
    )


def _alpha(rows):
    return ALPHA if ALPHA in set(rows["alpha"]) else rows["alpha"].iloc[0]
