"""What the page on modes under L2 says beside its pictures: eq. (3) as printed, and the price.

Source: Lewkowycz & Gur-Ari (2020), section 4 and figure 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from landscape.book.tables import Note, Table
from landscape.evidence.measurement import format_number
from landscape.theory import l2_modes

if TYPE_CHECKING:
    import pandas as pd

#: Width and learning rate of the work's own network.
WIDE, RATE = 100_000, 0.01
#: gamma / lambda and k of the modes in the table.
PRINTED = ((10, 2), (1000, 2), (2000, 2), (10, 1 + 1e-3), (10, 1))


def printed_rows(
    decay: float, start: float, integrated: Callable[..., float]
) -> Sequence[Sequence[str]]:
    """Rows of text: one mode at time 0.1 / lambda as printed, as here, and integrated.

    Args:
        decay: lambda.
        start: f(0) as a share of the label.
        integrated: The mode by gamma, k and time, from its equation of motion.
    """
    rows = []
    with np.errstate(all="ignore"):
        for ratio, k in PRINTED:
            gamma, t = np.float64(ratio * decay), np.float64(0.1 / decay)
            ours = float(l2_modes.mode(t, gamma, k=k, decay=decay, start=start))
            printed = _as_printed(t, gamma, np.float64(k), decay, start)
            rows.append([f"{ratio:g}", f"{k:g}", f"{printed:.6g}", f"{ours:.6g}",
                         f"{integrated(gamma, k, t):.6g}"])  # fmt: skip
    return rows


def _as_printed(t: float, gamma: float, k: float, decay: float, start: float) -> float:
    """Eq. (3) with every exponential evaluated on its own."""
    c = 2 * (k - 1) * decay
    s = np.linspace(0, t, 20_001)
    integrand = np.exp(-gamma * np.exp(-c * s) / c - (k - 2) * decay * s)
    area = ((integrand[1:] + integrand[:-1]) / 2 * np.diff(s)).sum()
    outer = np.exp(gamma * np.exp(-c * t) / c - k * decay * t)
    return outer * (np.exp(-gamma / c) * start + gamma * area)


def printed(decay: float, start: float, integrated: Callable[..., float]) -> Table:
    """The rows as a table that unfolds."""
    return Table(
        [r"$\gamma/\lambda$", "$k$", "as printed", "this page's form", "equation integrated"],
        printed_rows(decay, start, integrated), folded=True,
        caption="Eq. (3) at time 0.1/λ, three ways (nan: overflow or division by zero)",
    )  # fmt: skip


def trained_note(frame: pd.DataFrame) -> Note:
    """What trained networks did, and what the work's own would cost, in sentences.

    Args:
        frame: A row a seed and time: ``loss``, the theory's ``loss_flow``, that of the zero
            function, ``width``, ``decay`` and ``steps``.
    """
    one = frame[frame["seed"] == frame["seed"].min()]
    last, start = one.iloc[-1], one.iloc[0]
    width, decay = int(last["width"]), last["decay"]
    at = one.loc[one["loss_flow"].idxmin()]
    samples = round(2 * start["loss_zero"])
    steps, each = 20 / decay / RATE, 4 * samples**2 * WIDE
    return Note(
        f"At width {width:,} a trained network has {format_number(at['loss'], digits=2)} of loss "
        f"where the theory has its minimum, {format_number(at['loss_flow'], digits=2)}, and ends "
        f"with {format_number(last['loss'], digits=2)}, while the theory ends at the zero "
        f"function's {format_number(last['loss_zero'], digits=3)}. It took "
        f"{int(last['steps']):,} steps. The work's own network, of width {WIDE:,}, takes "
        f"{steps:,.0f} steps of {RATE:g} to $20/\\lambda$, {each / 1e9:.0f} billion operations "
        "each if it is given the samples through their lengths and angles: minutes of a large GPU, "
        "days of two cores."
    )
