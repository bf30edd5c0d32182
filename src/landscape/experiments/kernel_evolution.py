"""Training losses of the infinitely wide network on digits (Lewkowycz & Gur-Ari, figure 5c).

The tangent kernel of a two-layer ReLU network of finite width at its random start is taken as the
kernel of the infinitely wide one; eq. (1) of the work then gives the outputs on the training set,
for the network's own degree k = 2 and for the linear model k = 1. One table: draw of the network,
time (steps times learning rate), and the three losses: k = 1, k = 2, and that of the zero function.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from landscape import data
from landscape.experiments.settings_schema import POSITIVE, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.models.ntk import ntk_two_layer
from landscape.theory import l2_modes

_SETTINGS = {
    "data": {"const": "mnist"}, "samples": whole(2), "width": whole(), "decay": POSITIVE,
    "draws": whole(), "points": whole(2), "horizon": POSITIVE, "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def digits(samples: int) -> tuple[torch.Tensor, np.ndarray]:
    """The first training digits in [0, 1], and +1 for even, -1 for odd ones."""
    found = data.load("mnist")
    images = torch.from_numpy(found.train_images[:samples].astype(np.float64) / 255.0)
    return images[:, None], 1.0 - 2.0 * (found.train_labels[:samples] % 2)


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """The losses of every draw of the network; takes seconds, so nothing is kept.

    Args:
        settings: As SETTINGS says; ``horizon`` is in units of ``1 / decay``.
        case: ``theory``.
        checkpoints: Not used.
        workers: Not used.

    Source: Lewkowycz & Gur-Ari (2020), eqs. (1) and (S10), figure 5c and supplement A.
    """
    x, labels = digits(settings["samples"])
    decay = float(settings["decay"])
    ends = np.log10(0.5), np.log10(settings["horizon"] / decay)
    times = np.concatenate([[0.0], np.logspace(*ends, settings["points"] - 1)])
    rows = []
    for draw in range(settings["draws"]):
        torch.manual_seed(settings["seed"] + draw)
        network = ntk_two_layer(width=settings["width"]).double()
        with torch.no_grad():
            kernel, start = network.kernel(x).numpy(), network(x)[:, 0].numpy()
        losses = {
            f"loss_k{k}": 0.5 * ((l2_modes.evolve(kernel, labels, times, k=k, decay=decay,
                                                  start=start) - labels) ** 2).sum(1)
            for k in (1, 2)
        }  # fmt: skip
        zero = 0.5 * float((labels**2).sum())
        rows.append(pd.DataFrame({"draw": draw, "time": times, **losses, "loss_zero": zero}))
    return Outcome({"results": csv_text(pd.concat(rows), "%.6g")})
