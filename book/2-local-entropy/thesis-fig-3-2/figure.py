"""Local entropy of one weight (thesis figure 3.2): what is measured, what is drawn.

The loss is `line_loss.WIDE_AND_SHARP`, the inverse temperature 1 as in definition 3.3.
"""

from functools import cache

import numpy as np
import pandas as pd

from landscape.evidence.measurement import Measurement, format_number
from landscape.theory import line_entropy
from landscape.theory.line_loss import PLATEAU, TWINS, WIDE_AND_SHARP

LOSS = WIDE_AND_SHARP
WIDE, SHARP = LOSS.wells
SCOPES = (0.002, 0.1, 1.0)
MIDDLE_SCOPE = 0.1
X = np.linspace(-6, 6, 1201)
ALT = (
    "First panel: a loss with a wide valley on the left, a deeper needle beside it, and a plateau "
    "right of them; a growing scope fills the needle up and leaves the wide valley. Second: the "
    "global minimiser jumps once from the needle to the wide valley and drifts back a little for "
    "very large scopes. Third: Shannon entropy is lowest at the needle, higher in the wide valley "
    "and higher still on the plateau."
)
BROAD = 0.5  # variance with which the twin valleys are averaged


@cache
def minima():
    """The wide and the sharp minimum of the loss."""
    return line_entropy.sides(LOSS, None)


@cache
def crossing():
    """The scope from which on the wide side is lower."""
    return line_entropy.crossing(LOSS)


@cache
def local(gamma):
    """Local entropy and the rest on X."""
    return line_entropy.local(LOSS, X, gamma)


@cache
def scan():
    """By scope: both sides' lowest values and the global minimiser."""
    rows = []
    for gamma in np.geomspace(1e-4, 1e2, 43):
        wide, sharp = line_entropy.sides(LOSS, float(gamma))
        best = min(wide, sharp, key=lambda side: side.value)
        rows.append((gamma, wide.value, sharp.value, best.place, best is wide))
    return pd.DataFrame(rows, columns=["gamma", "wide", "sharp", "minimiser", "in_wide"])


@cache
def roughness():
    """By scope: the largest upward and the largest absolute curvature on X."""
    rows = []
    for gamma in np.geomspace(1e-4, 10, 31):
        curvature = line_entropy.local(LOSS, X, float(gamma)).curvature
        rows.append((gamma, curvature.max(), np.abs(curvature).max()))
    return pd.DataFrame(rows, columns=["gamma", "upward", "absolute"])


def largest_rise(values):
    """The largest relative rise between neighbours, 0 where there is none."""
    values = np.asarray(values)
    return max(0.0, float((np.diff(values) / values[:-1]).max()))


def away(gamma, well):
    """Distance of the global minimiser from a well's minimum, in its widths."""
    best = min(line_entropy.sides(LOSS, gamma), key=lambda side: side.value)
    return abs(best.place - minima()[LOSS.wells.index(well)].place) / well.width


def between(function):
    """A function of x in the middle of the twins minus at them, over their depth."""
    middle, left = (float(function(x)) for x in (0.0, TWINS.wells[0].centre))
    return (middle - left) / TWINS.wells[0].depth


def measure(runs):
    """Everything by quadrature; no runs are read."""
    wide, sharp = (side.place for side in minima())
    scopes = np.geomspace(1.5 * crossing(), 10, 12)
    table, rough = scan(), roughness()
    limit = line_entropy.local(LOSS, X, 1e-7).value - LOSS.value(X)
    shannon = local(MIDDLE_SCOPE).shannon
    at_wide, at_sharp, at_plateau = line_entropy.local(
        LOSS, [wide, sharp, PLATEAU], MIDDLE_SCOPE
    ).shannon
    averaged = [side.value for side in line_entropy.sides(LOSS.smoothed(MIDDLE_SCOPE), None)]

    def number(value):
        return Measurement(float(value))

    return {
        "c1": {
            "small": number(away(SCOPES[0], SHARP)),
            "large": number(max(away(float(gamma), WIDE) for gamma in scopes)),
            "once": number(np.abs(np.diff(table["in_wide"].astype(int))).sum()),
        },
        "c2": {
            "smoother": number(np.abs(local(1.0).curvature).max()
                               / np.abs(LOSS.curvature(X)).max()),
            "curvature": number(largest_rise(rough["upward"])),
            "both": number(largest_rise(rough["absolute"])),
            "limit": number(np.abs(limit).max()),
            "printed": number(np.abs(limit - line_entropy.unnormalised(1e-7)).max()),
        },
        "c3": number(max(away(gamma, WIDE) for gamma in SCOPES[1:])),
        "c4": {
            "blind": number(abs(at_plateau - at_wide) / abs(at_wide - at_sharp)),
            "smallest": number(shannon[np.abs(X - PLATEAU) <= 1].min() - shannon.min()),
        },
        "c5": {
            "smoothed": number(averaged[0] - averaged[1]),
            "between": number(between(TWINS.smoothed(BROAD).value)),
            "entropy": number(between(lambda x: line_entropy.local(TWINS, x, BROAD).value)),
        },
    }  # fmt: skip


def finding(found):
    """What the picture shows, and which sentences of the text about it fail."""
    drawn = all(found[name].verdict.word == "reproduced" for name in ("c1", "c2", "c3"))
    said = (
        rf"The picture holds: from $\gamma = {format_number(crossing(), digits=2)}$ on local "
        "entropy is lowest in the wide valley"
        if drawn else "Local entropy does not prefer the wide valley as it is drawn"
    )  # fmt: skip
    fails = []
    if found["c4.smallest"].verdict.word != "reproduced":
        fails.append("Shannon entropy is smallest in the sharp valley, not on the plateau")
    if found["c5.smoothed"].verdict.word != "reproduced":
        fails.append("averaging the loss moves the minimum too")
    if not fails:
        return f"{said}."
    if not drawn:
        return f"{said}; and {', and '.join(fails)}."
    many = ("a sentence about it fails", "two sentences about it fail")
    return f"{said}; {many[len(fails) - 1]}: {', and '.join(fails)}."


def curves():
    """Panels of the figure: local entropy, its minimiser, Shannon entropy."""
    from landscape import book

    colors = dict(zip(SCOPES, (book.CYCLE[2], book.CYCLE[0], book.CYCLE[1]), strict=True))
    first, ax = book.panel(height=3.1)
    ax.plot(X, LOSS.value(X), color=book.INK, linewidth=2, label="loss $f$")
    third, bx = book.panel(height=3.1)
    for gamma, color in colors.items():
        ax.plot(X, local(gamma).value, color=color, label=rf"$\gamma = {gamma:g}$")
        bx.plot(X, local(gamma).shannon, color=color, label=rf"$\gamma = {gamma:g}$")
    marks = {minima()[1].place: r"$\hat x_f$", minima()[0].place: r"$\hat x_{f_\gamma}$"}
    for place, name in marks.items():
        ax.annotate(name, (place, LOSS.value(place)), (0, -3), textcoords="offset points",
                    ha="center", va="top")  # fmt: skip
    ax.annotate("plateau", (PLATEAU, LOSS.value(PLATEAU)), (0, 4), textcoords="offset points",
                ha="center")  # fmt: skip
    for place in (*marks, PLATEAU):
        bx.axvline(place, color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xlim=(-6, 6), ylim=(-0.6, 13), xlabel="weight $x$", ylabel=r"$f$ and $f_\gamma$")
    ax.legend(loc="upper center", ncols=2)
    bx.set(xlim=(-6, 6), ylim=(-2.4, 3.4), xlabel="weight $x$", ylabel="Shannon entropy (nats)")
    bx.legend(loc="upper center", ncols=2)
    second, cx = book.panel(height=3.1)
    table = scan()
    for inside, name in ((False, "sharp valley"), (True, "wide valley")):
        part = table[table["in_wide"] == inside]
        cx.plot(part["gamma"], part["minimiser"], "o-", color=book.INK, markersize=3)
        first_one = part.iloc[0]
        cx.annotate(name, (first_one["gamma"], first_one["minimiser"]), (0, 7),
                    textcoords="offset points")  # fmt: skip
    cx.axvline(crossing(), color=book.GREY, linestyle=":", linewidth=1.2)
    cx.axhspan(WIDE.centre - WIDE.width, WIDE.centre + WIDE.width, color=book.GREY, alpha=0.18,
               linewidth=0)  # fmt: skip
    cx.set(xscale="log", ylim=(-4, 2), xlabel=r"scope $\gamma$", ylabel="global minimiser")
    columns = {f"gamma_{gamma:g}": local(gamma).value for gamma in SCOPES}
    columns |= {f"shannon_{gamma:g}": local(gamma).shannon for gamma in SCOPES}
    drawn = pd.DataFrame({"x": X, "loss": LOSS.value(X), **columns})[::3]
    return book.Picture(
        panels={"a": first, "b": second, "c": third},
        titles={"a": "loss and local entropy", "b": "where it is lowest",
                "c": "Shannon entropy of the neighbourhood"},
        alt=ALT,
        data={"curves": drawn, "minimiser": table},
    )  # fmt: skip


def places_table():
    """The three marked places in numbers."""
    from landscape import book

    rows = []
    for name, x in (("wide minimum", minima()[0].place), ("sharp minimum", minima()[1].place),
                    ("plateau", PLATEAU)):  # fmt: skip
        found = {gamma: line_entropy.local(LOSS, x, gamma) for gamma in SCOPES}
        rows.append([name, f"{x:.2f}", f"{LOSS.value(x):.2f}", f"{LOSS.curvature(x):.3g}",
                     *(f"{float(one.value):.2f}" for one in found.values()),
                     f"{float(found[MIDDLE_SCOPE].shannon):.2f}"])  # fmt: skip
    scopes = [rf"$f_\gamma$, $\gamma={gamma:g}$" for gamma in SCOPES]
    return book.Table(["place", "$x$", "$f$", "$f''$", *scopes, f"Shannon, ${MIDDLE_SCOPE}$"], rows,
                      stack=True, folded=True, caption="The marked places in numbers")  # fmt: skip


def far_scopes():
    """What becomes of the minimiser when the scope is very wide."""
    last = scan().iloc[-1]
    return (
        "For very wide scopes the minimum drifts up the side of the wide valley, towards the mean "
        rf"of a weight with density $\propto e^{{-f}}$: at $\gamma = {last['gamma']:g}$ it lies at "
        rf"${last['minimiser']:.2f}$, where the loss is "
        rf"{float(LOSS.value(last['minimiser'])):.1f} instead of {minima()[0].value:.1f}."
    )
