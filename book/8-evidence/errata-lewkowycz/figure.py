"""Time of the least loss (erratum 37), when AutoL2 decays (25), where linear networks end (23)."""

import numpy as np
import pandas as pd

from landscape.errata import lewkowycz

ALT = (
    "In the first panel the time of the least loss falls as one over lambda: the dots lie on the "
    "falling line, the dashed line of the print rises. In the second an error falls and turns "
    "three times; the marks where it stands above its minimum twice in a row are where the "
    "corrected listing decays. In the third the output at which trained linear networks end falls "
    "along one minus lambda times the root of the width, to zero; the print would rise."
)
MIDDLE = 1e-3  # both lines pass through the time measured here


def times(decays=(1e-4, 3e-4, MIDDLE, 3e-3, 1e-2)):
    """Time of the least loss for each lambda, and what is printed and right from the middle one."""
    frame = pd.DataFrame({"decay": decays})
    frame["time"] = [lewkowycz.time_of_least_loss(decay) for decay in decays]
    middle = lewkowycz.time_of_least_loss(MIDDLE)
    frame["printed"] = middle * frame["decay"] / MIDDLE
    frame["right"] = middle * MIDDLE / frame["decay"]
    return frame


def draw_times():
    """Panel a."""
    from landscape import book

    frame = times()
    figure, ax = book.panel()
    ax.plot(frame["decay"], frame["right"], color=book.INK, label="∝ 1/λ")
    ax.plot(frame["decay"], frame["printed"], "--", color=book.CYCLE[1], label="as printed: ∝ λ")
    ax.plot(frame["decay"], frame["time"], "o", color=book.CYCLE[0], label="modes of eq. (3)")
    ax.set(xscale="log", yscale="log", xlabel="λ", ylabel="time of the least loss")
    ax.legend(loc="upper center")
    return figure


def ends(widths=(16, 64), strengths=(0.0, 0.2, 0.4, 0.6, 0.8, 1.2, 1.4)):
    """Output after gradient descent for each width and lambda sqrt(n)."""
    return pd.DataFrame([
        {"width": width, "strength": strength,
         "output": lewkowycz.trained_output(strength / width**0.5, width)}
        for width in widths for strength in strengths
    ])  # fmt: skip


def draw_ends():
    """Panel c."""
    from landscape import book

    frame, line = ends(), np.linspace(0, 1.5, 61)
    figure, ax = book.panel()
    ax.plot(line, np.maximum(1 - line, 0), color=book.INK, label="1 − λ√n, then 0")
    ax.plot(line, 1 + line, "--", color=book.CYCLE[1], label="as printed")
    for (width, rows), mark in zip(frame.groupby("width"), "os", strict=True):
        ax.plot(rows["strength"], rows["output"], mark, color=book.CYCLE[0 if mark == "o" else 2],
                markersize=8 if mark == "o" else 4, label=f"trained, n = {width}")  # fmt: skip
    ax.set(xlabel="λ√n", ylabel="output f", ylim=(-0.1, 2.1))
    ax.legend(loc="center right", fontsize=8.5)
    return figure


def places():
    """The page's picture."""
    from landscape import book

    return book.Picture(
        {"a": draw_times(), "b": draw_listing(), "c": draw_ends()}, alt=ALT,
        data={"times": times(), "listing": listing(), "ends": ends()},
    )  # fmt: skip


def listing():
    """Error at successive measurements and where the corrected and the printed test decay."""
    frame = pd.DataFrame({"error": lewkowycz.ERRORS})
    frame["least"] = np.minimum.accumulate(lewkowycz.ERRORS)
    for name, printed in (("right", False), ("printed", True)):
        when = lewkowycz.decays(lewkowycz.LOSSES, lewkowycz.ERRORS, printed=printed)
        frame[name] = frame.index.isin(when)
    return frame


def draw_listing():
    """Panel b."""
    from landscape import book

    frame = listing()
    figure, ax = book.panel()
    ax.step(
        frame.index, frame["least"], where="post", color=book.INK, linewidth=1, label="least so far"
    )
    ax.plot(frame.index, frame["error"], "o-", color=book.CYCLE[0], label="error")
    found = frame[frame["right"]]
    ax.plot(found.index, found["error"], "s", markersize=10, markerfacecolor="none",
            color=book.CYCLE[2], label=f"decays, corrected: {len(found)}")  # fmt: skip
    wrong = frame[frame["printed"]]
    ax.plot(wrong.index, wrong["error"], "x", markersize=10, color=book.CYCLE[1],
            label=f"decays, as printed: {len(wrong)}")  # fmt: skip
    ax.set(xlabel="measurement", ylabel="error (%)")
    ax.legend(loc="upper right")
    return figure
