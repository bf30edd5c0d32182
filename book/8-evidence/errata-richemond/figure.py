"""The slope along the most likely line (erratum 24), and smoothing of a shifted loss."""

import numpy as np
import pandas as pd

from landscape.errata import richemond

ALT = (
    "In the first panel the slope with coupling rises from zero at r = 1 and stays below two; "
    "dots of difference quotients lie on it, the dashed printed curve falls from two and crosses "
    "it at r = 5. In the second the strength of the decay falls with training if no constant is "
    "added to the loss, and stays near one for large constants, smoothed or not."
)


def slopes():
    """Slope of psi over energy against r, as printed, corrected and by differences."""
    r = np.array([1.05, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12])
    frame = pd.DataFrame({"r": r})
    rows = richemond.effective_step(tuple(1 / (r - 1)))
    for name in ("printed", "corrected", "check"):
        frame[name] = [getattr(row, name) for row in rows]
    return frame


def draw_slopes(frame):
    """Panel a."""
    from landscape import book

    figure, ax = book.panel()
    ax.axhline(2, color=book.GREY, linestyle=":", label="without coupling")
    ax.plot(frame["r"], frame["corrected"], color=book.INK, label="2(1 - 2/(1+r))")
    ax.plot(frame["r"], frame["printed"], "--", color=book.CYCLE[1], label="printed: 1 + 2/(1+r)")
    ax.plot(frame["r"], frame["check"], "o", color=book.CYCLE[0], label="difference quotients")
    ax.set(xlabel="r", ylabel="(∂ψ/∂ε) / ε", xlim=(0.8, 12.2), ylim=(0, 2.9))
    ax.legend(loc="upper right", ncols=2, columnspacing=1.0)
    return figure


def strengths(memories=(1, 10, 50), constants=(0.0, 1.0, 10.0, 100.0), epochs=100):
    """lambda / lambda_0 by epoch, for memories of the smoothing and constants added to the loss."""
    epoch = np.arange(epochs + 1)
    losses = 1 / (1 + epoch)
    return pd.concat(
        [pd.DataFrame({"memory": memory, "constant": constant, "epoch": epoch,
                       "strength": richemond.smoothed_strength(losses + constant, memory)})
         for constant in constants for memory in memories], ignore_index=True)  # fmt: skip


def draw_strengths(frame):
    """Panel b."""
    from landscape import book

    figure, ax = book.panel()
    colors = dict(zip(sorted(frame["constant"].unique()), book.CYCLE, strict=False))
    styles = dict(zip(sorted(frame["memory"].unique()), (":", "-", "--"), strict=True))
    for (constant, memory), rows in frame.groupby(["constant", "memory"]):
        label = f"L + {constant:g}" if styles[memory] == "-" else None
        ax.plot(rows["epoch"], rows["strength"], styles[memory], color=colors[constant],
                linewidth=1.3, label=label)  # fmt: skip
    ax.set(xlabel="epoch", ylabel="λ / λ₀", ylim=(0, 1.03))
    ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.71))
    return figure


def last(frame):
    """What is left of lambda at the end without smoothing and with the longest memory."""
    epochs = frame["epoch"].max()
    end = frame[frame["epoch"] == epochs].set_index(["constant", "memory"])["strength"]
    constants, memories = end.index.levels
    said = [
        f"{end[c, memories[0]]:.3f} without smoothing and {end[c, memories[-1]]:.3f} with "
        f"$K = {memories[-1]}$ for $L + {c:g}$"
        for c in (constants[0], constants[-1])
    ]
    return rf"After {epochs} epochs $\lambda/\lambda_0$ is {', and '.join(said)}."
