"""A model of the reader's own: what a page's ten lines of Python find on it.

The page shows a program for "your model"; here is one, with its data, and the program is run as it
stands on the page. The images are made, so that no data set is needed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from landscape.book.pictures import Picture
from landscape.book.style import CYCLE, GREY, panel
from landscape.evidence.measurement import format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

#: Images that are trained on and looked at, and their noise in units of the patterns.
IMAGES, NOISE = (1200, 1000), 1.5
#: Long runs beside the program's: epochs, and by what the predicted coefficient is multiplied.
LONG, FACTORS = 200, (0, 0.2, 1, 2, 5)


def your_model() -> tuple[nn.Module, Callable[..., None], Callable[..., float]]:
    """A model, its data and the two functions that the program needs.

    The images are five noisy patterns a class, 64 pixels each.

    Returns:
        model; ``train_epoch(model, optimizer)``, one pass; ``accuracy(model)`` in percent.
    """
    import torch
    from torch import nn

    torch.set_num_threads(1)
    made = torch.Generator().manual_seed(0)
    patterns = torch.randn(50, 64, generator=made)
    which = torch.randint(50, (IMAGES[0] + IMAGES[1],), generator=made)
    x, y = patterns[which] + NOISE * torch.randn(len(which), 64, generator=made), which % 10
    train, test = torch.arange(len(y)).split(IMAGES)
    torch.manual_seed(0)
    sizes = (64, 128, 128, 128, 10)
    layers = [part for fan_in, out in zip(sizes, sizes[1:], strict=False)
              for part in (nn.Linear(fan_in, out), nn.ReLU())]  # fmt: skip
    model = nn.Sequential(*layers[:-1])
    for layer in layers[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    shuffled = torch.Generator().manual_seed(0)

    def train_epoch(model, optimizer):
        for batch in train[torch.randperm(len(train), generator=shuffled)].split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()

    def accuracy(model):
        with torch.no_grad():
            return 100 * float((model(x[test]).argmax(1) == y[test]).double().mean())

    return model, train_epoch, accuracy


def program(page: Path) -> str:
    """The program of a page (its ``page.md``): the first block of Python, as it stands there."""
    text = page.read_text(encoding="utf-8")
    return re.search(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[1]


@functools.cache
def short_run(text: str) -> dict[str, Any]:
    """What a program leaves behind on ``your_model``: ``epochs``, ``accuracies``, ``c``, ..."""
    names = dict(zip(("model", "train_epoch", "accuracy"), your_model(), strict=True))
    exec(compile(text, "the page", "exec"), names)
    return names


@functools.cache
def long_runs(text: str) -> pd.DataFrame:
    """Best accuracy of long runs with multiples of the coefficient that a program predicts.

    Returns:
        A row a run: ``factor`` (times the prediction), ``l2``, ``accuracy`` (percent).
    """
    import torch

    names, rows = short_run(text), []
    rate = names["optimizer"].param_groups[0]["lr"]
    for factor in FACTORS:
        model, train_epoch, accuracy = your_model()
        l2 = factor * names["strength"]
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, weight_decay=l2)
        best = 0.0
        for _ in range(LONG):
            train_epoch(model, optimizer)
            best = max(best, accuracy(model))
        rows.append({"factor": factor, "l2": l2, "accuracy": best})
    return pd.DataFrame(rows)


def draw_long(rows: pd.DataFrame) -> Figure:
    """What the long runs reach, in units of the prediction."""
    figure, ax = panel(height=3.1)
    places = np.arange(len(rows))
    ax.plot(places, rows["accuracy"], "o", color=CYCLE[1])
    ax.set_xticks(places, ["none" if one == 0 else f"{one:g}" for one in rows["factor"]])
    ax.set(xlabel=r"$\lambda$ in units of $c/T$", ylabel="best test accuracy (%)",
           xlim=(-0.4, len(rows) - 0.6))  # fmt: skip
    return figure


def draw_short(names: Mapping[str, Any]) -> Figure:
    """The accuracy while the program trains, and its peak; ``names`` as ``short_run`` has them."""
    figure, ax = panel(height=3.1)
    ax.plot(names["epochs"], names["accuracies"], "o-", color=CYCLE[0], markersize=3.5)
    at = names["c"] / names["probe"]
    ax.axvline(at, color=GREY, linestyle=":", linewidth=1.2)
    ax.annotate(rf"$t_* = {at:g}$", (at, min(names["accuracies"])), ha="left",
                xytext=(5, 5), textcoords="offset points")  # fmt: skip
    ax.set(xlabel="epoch", ylabel="test accuracy (%)")
    return figure


def picture(page: Path) -> Picture:
    """The short run of a page's program, and long ones with what it predicts, with the data."""
    text = program(page)
    names, long = short_run(text), long_runs(text)
    rows = pd.DataFrame({"epoch": names["epochs"], "accuracy": names["accuracies"]})
    return Picture(
        {"a": draw_short(names), "b": draw_long(long)},
        titles={"a": "the short run", "b": f"long runs, {LONG} epochs"},
        data={"short": rows, "long": long},
        alt="Left, test accuracy of a network on made images, trained with a very large "
        "coefficient: it rises within a few epochs, peaks, and falls as the weights shrink. Right, "
        "the best accuracy of long runs without L2 and with multiples of the prediction.",
    )  # fmt: skip


def sentence(page: Path) -> str:
    """What a page's program found, and what that is worth in long runs."""
    text = program(page)
    names, long = short_run(text), long_runs(text).set_index("factor")["accuracy"]
    taken, best = len(names["epochs"]), long.idxmax()
    gain, more = long[1] - long[0], long[best] - long[1]
    end = f"and {format_number(best)} times that $\\lambda$ another {format_number(more, 1)}."
    if best == 1:
        end = "and none of the others does better."
    return (
        f"The accuracy peaks after {names['c'] / names['probe']:g} epochs: $c$ = {names['c']:.2g} "
        f"epochs, and $\\lambda$ = {names['strength']:.2g} for {LONG} epochs. The short run took "
        f"{taken} epochs, {100 * taken / LONG:.0f} % of a long one. In one long run each, the "
        f"prediction gains {format_number(gain, 1)} points over no L2, {end}"
    )
