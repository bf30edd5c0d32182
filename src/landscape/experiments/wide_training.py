"""Wide networks trained by gradient descent on digits, beside the theory of infinite width.

A network of ``degree`` layers without biases, in NTK parameterisation, is trained on all samples at
once with squared error (summed) and L2. Its own kernel at the start gives the theory: eq. (1) of
the work as gradient flow, and the same for the steps that were taken
(``landscape.theory.l2_outputs``). Degree 1 is the two-layer network made linear at its start,
f = grad f(theta_0) . theta from theta_0 / 2, for which the theory is exact: what is left there is
the length of the steps.

The steps are ``step`` where that is given. Else they come in cycles
(``landscape.theory.step_cycles``) that the kernel's largest eigenvalue at the latest look allows. A
cycle goes as far as ``growth`` times the time so far and ``latest / lambda`` at most. A network
that has come to rest is not trained on: its last rows repeat.

A network sees the samples through their lengths and angles only, so that it is given as many inputs
as there are samples (``landscape.models.ntk_layers.as_few_inputs``), with the same law.

Tables: ``results``, one row a time; ``edge``, the L2 strength from which on the zero function is
stable for two layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from landscape.experiments.kernel_evolution import digits
from landscape.experiments.settings_schema import (
    POSITIVE,
    list_of,
    mapping,
    optional,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.models.ntk_layers import NTKLayers, as_few_inputs
from landscape.theory import l2_modes
from landscape.theory.l2_outputs import Descent
from landscape.theory.step_cycles import cycle
from landscape.train.workers import in_workers

_SETTINGS = {
    "data": {"const": "mnist"}, "samples": whole(2), "degree": whole(1, 4),
    "widths": list_of(whole(), "a list of whole numbers of at least 1"),
    "decays": list_of(POSITIVE, "a list of positive numbers"),
    "step": optional(POSITIVE), "growth": POSITIVE, "latest": POSITIVE,
    "seeds": whole(), "points": whole(2), "horizon": POSITIVE, "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
LOOK = 10  # cycles between two looks at the kernel
MARGIN = 1.2  # what its largest eigenvalue may grow by until the next
REST = 1e-4  # a network that moves less from one row to the next, as a share of the labels, rests
EARLIEST_REST = 2.0  # in units of 1 / lambda
FIRST = 0.5  # first time recorded
STARTS = 100  # of the search for the edge


class WideRun(NamedTuple):
    """One network: its width, lambda and seed."""

    width: int
    decay: float
    seed: int


def runs(settings: Mapping[str, Any]) -> list[WideRun]:
    """All networks."""
    return [
        WideRun(width, decay, settings["seed"] + seed)
        for decay in settings["decays"]
        for width in settings["widths"]
        for seed in range(settings["seeds"])
    ]


def times(settings: Mapping[str, Any], decay: float) -> np.ndarray:
    """When the network is looked at: 0, then from 0.5 to the horizon in equal ratios."""
    ends = np.log10(FIRST), np.log10(settings["horizon"] / decay)
    return np.concatenate([[0.0], np.logspace(*ends, settings["points"] - 1)])


class Wide:
    """A network that is trained, or for degree 1 the one made linear at its start."""

    def __init__(self, settings: Mapping[str, Any], run: WideRun, x: torch.Tensor, y: np.ndarray):
        torch.manual_seed(run.seed)
        self.degree, self.decay = settings["degree"], run.decay
        layers = max(2, self.degree)
        network = NTKLayers(layers=layers, width=run.width, inputs=x.shape[1]).to(x.dtype)
        with torch.no_grad():
            self.start = network(x).double().numpy()
        self.kernel_at_start = network.kernel(x).double().numpy()
        self.x, self.labels = x, torch.from_numpy(y).to(x.dtype)
        if self.degree == 1:
            self._linear, self._f = torch.from_numpy(self.kernel_at_start), torch.tensor(self.start)
            self._y = torch.from_numpy(y)
        else:
            self.network = network

    def outputs(self) -> np.ndarray:
        """f on the samples."""
        if self.degree == 1:
            return self._f.numpy().copy()
        with torch.no_grad():
            return self.network(self.x).double().numpy()

    def kernel(self) -> np.ndarray:
        """The tangent kernel now."""
        if self.degree == 1:
            return self.kernel_at_start
        return self.network.kernel(self.x).double().numpy()

    def descend(self, step: float) -> None:
        """One step of gradient descent."""
        if self.degree == 1:  # the weights enter through the outputs alone
            pull = step * (self._linear @ (self._f - self._y))
            self._f = (1 - step * self.decay) * self._f - pull
        else:
            self.network.descend(self.x, lambda f: f - self.labels, step, self.decay)


def train(
    settings: Mapping[str, Any], run: WideRun, dtype: torch.dtype = torch.float32
) -> pd.DataFrame:
    """The rows of one network."""
    torch.set_num_threads(1)
    images, labels = digits(settings["samples"])
    wide = Wide(settings, run, as_few_inputs(images.flatten(1)).to(dtype), labels)
    k, decay, at = settings["degree"], run.decay, times(settings, run.decay)
    theory = {"k": k, "decay": decay}
    flow = l2_modes.evolve(wide.kernel_at_start, labels, at, start=wide.start, **theory)
    descent = Descent(wide.kernel_at_start, labels, wide.start, **theory)
    size, first_trace = float(np.linalg.norm(labels)), float(np.trace(wide.kernel_at_start))
    now, count, cycles, rows, top, first_top = 0.0, 0, 0, [], np.nan, np.nan
    f, kernel, resting = wide.start, wide.kernel_at_start, False
    for time, by_flow in zip(at, flow, strict=True):
        while now < time:
            if settings["step"]:
                ahead = np.array([min(settings["step"], time - now)])
            else:
                if cycles % LOOK == 0 and not resting:
                    top = max(float(np.linalg.eigvalsh(wide.kernel())[-1]), 1e-9)
                    first_top = first_top if cycles else top
                furthest = settings["growth"] * (now + 1 / first_top), settings["latest"] / decay
                ahead = cycle(min(*furthest, time - now), MARGIN * top)
            for step in ahead:
                descent.step(step)
                if not resting:
                    wide.descend(float(step))
            now, count, cycles = now + float(ahead.sum()), count + len(ahead), cycles + 1
            now = time if time - now < 1e-9 * time else now
        before = f
        if not resting:
            f, kernel = wide.outputs(), wide.kernel()
        expected = descent.outputs
        rows.append({
            "degree": k, "width": run.width, "decay": decay, "seed": run.seed, "time": time,
            "steps": count, "loss": _loss(f, labels), "loss_flow": _loss(by_flow, labels),
            "loss_steps": _loss(expected, labels), "loss_zero": _loss(0 * f, labels),
            "apart": float(np.linalg.norm(f - expected)) / size,
            "apart_steps": float(np.linalg.norm(expected - by_flow)) / size,
            "norm": float(np.linalg.norm(f)) / size,
            "kernel": float(np.trace(kernel)) / first_trace, "kernel_theory": descent.kernel_left,
        })  # fmt: skip
        moved = float(np.linalg.norm(f - before)) / size
        resting = resting or (time * decay > EARLIEST_REST and moved < REST)
    return pd.DataFrame(rows)


def _loss(f: np.ndarray, labels: np.ndarray) -> float:
    return 0.5 * float(((f - labels) ** 2).sum())


def edge(x: np.ndarray, y: np.ndarray, starts: int = STARTS) -> float:
    """The largest lambda sqrt(n) at which a unit of a two-layer ReLU network can stay alive.

    Near zero weights the loss of a unit with incoming weights r u and outgoing weight +-r is
    lambda r^2 - r^2 M(u) / sqrt(n) with M(u) = ``|sum_i y_i relu(u . x_i) / sqrt(d)|``, so that the
    zero function is stable from lambda sqrt(n) = max M on. For one linear unit, x = y = 1, that is
    1, as in eq. (S21). Found by ascent on the sphere from random starts: a lower bound.

    Args:
        x: ``[samples, d]``.
        y: ``[samples]``.
        starts: How many.
    """
    rng = np.random.default_rng(0)
    inputs, best = x / np.sqrt(x.shape[1]), 0.0
    for sign in (1.0, -1.0):
        u = rng.standard_normal((starts, x.shape[1]))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        for count in range(400):
            before = u @ inputs.T
            slope = sign * ((before > 0) * y) @ inputs
            value = (slope * u).sum(1)
            best = max(best, float(value.max()))
            length = np.linalg.norm(slope, axis=1, keepdims=True) + 1e-12
            u = u + slope / length / (1 + 0.1 * count)
            u /= np.linalg.norm(u, axis=1, keepdims=True)
    return best


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Train all networks; a minute or two in the laptop profile, so nothing is kept.

    Args:
        settings: As SETTINGS says; ``horizon`` is in units of ``1 / decay``.
        case: ``trained``.
        checkpoints: Not used.
        workers: Processes.

    Source: Lewkowycz & Gur-Ari (2020), figure 5c, section 4 and supplement A.
    """
    tables = list(in_workers(train, [(dict(settings), run) for run in runs(settings)], workers))
    images, labels = digits(settings["samples"])
    found = edge(as_few_inputs(images.flatten(1)).numpy(), labels)
    least = pd.DataFrame([{"samples": settings["samples"], "edge": found}])
    results = csv_text(pd.concat(tables), "%.6g")
    return Outcome({"results": results, "edge": csv_text(least, "%.6g")})
