"""The theory of L2 dynamics checked two ways, and what it says of digits that were not trained on.

Cases:

* ``checks``, one row a check with two numbers' largest relative distance: tangent kernels written
  out and by automatic differentiation, solutions and integrated equations (1) and (S10), the
  network on few inputs and on all pixels, and deep linear networks and eq. (S20).
* ``elsewhere``, test error and loss of the infinitely wide network against time, for subsets of
  training digits. The kernel is that of infinitely many units, the outputs start at their mean, 0.

Source: Lewkowycz & Gur-Ari (2020), section 4 and supplement B.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from landscape import data
from landscape.analysis.tangent_kernel import tangent_kernel
from landscape.experiments.kernel_evolution import digits
from landscape.experiments.settings_schema import POSITIVE, list_of, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.models.ntk_layers import NTKLayers, as_few_inputs
from landscape.theory import deep_linear, l2_modes, l2_outputs

_SETTINGS = {
    "data": {"const": "mnist"}, "samples": whole(2), "checked_samples": whole(2),
    "checked_width": whole(), "degrees": list_of(whole(1, 4), "a list of whole numbers"),
    "subsets": whole(), "test_samples": whole(), "points": whole(2), "horizon": POSITIVE,
    "decays": list_of(POSITIVE, "a list of positive numbers"), "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))
CHECKED_DECAY = 0.05


def matrix_form(
    kernel: np.ndarray, labels: np.ndarray, start: np.ndarray, time: float, k: int, decay: float
) -> np.ndarray:
    """Eq. (S10) with matrix exponentials of differences, so that none grows; slow.

    The kernel's part at k = 1, where the print divides by zero, is its limit.
    """
    c = 2 * (k - 1) * decay

    def moved(since: float) -> np.ndarray:
        """(Theta_since - Theta_time) / c."""
        if c == 0:
            return kernel * (time - since)
        return kernel * np.exp(-c * since) * -np.expm1(-c * (time - since)) / c

    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = time - np.concatenate([[0.0], np.geomspace(1e-3, time, 20)])[::-1]
    learned = np.zeros_like(labels)
    for left, right in zip(edges, edges[1:], strict=False):
        for node, weight in zip(nodes, weights, strict=True):
            s = left + (right - left) * (node + 1) / 2
            part = expm(-moved(s)) @ kernel @ labels
            learned += weight * (right - left) / 2 * np.exp(-(k - 2) * decay * s) * part
    return np.exp(-k * decay * time) * (expm(-moved(0.0)) @ start + learned)


def checks(settings: Mapping[str, Any]) -> pd.DataFrame:
    """One row a check: what, degree, largest distance relative to the largest value."""
    images, labels = digits(settings["checked_samples"])
    pixels = images.flatten(1)
    rows = []
    for k in settings["degrees"]:
        torch.manual_seed(settings["seed"])
        layers = {"layers": max(2, k), "width": settings["checked_width"]}
        network = NTKLayers(**layers, inputs=pixels.shape[1]).double()
        kernel = network.kernel(pixels).numpy()
        if k > 1:
            rows.append(("kernel", k, _off(tangent_kernel(network, pixels).numpy(), kernel)))
            rows.append(("inputs", k, _off(*_both_inputs(network, layers, pixels, labels))))
        with torch.no_grad():
            start = network(pixels).numpy()
        time = 2 / CHECKED_DECAY
        mode = {"k": k, "decay": CHECKED_DECAY}
        ours = l2_modes.evolve(kernel, labels, np.array([time]), start=start, **mode)[0]
        rows.append(("matrix", k, _off(matrix_form(kernel, labels, start, time, **mode), ours)))
        done = solve_ivp(
            lambda t, f, k=k, kernel=kernel: -np.exp(-2 * (k - 1) * CHECKED_DECAY * t) * kernel
            @ (f - labels) - k * CHECKED_DECAY * f,
            (0, time), start, method="Radau", rtol=1e-11, atol=1e-13,
        )  # fmt: skip
        rows.append(("equation", k, _off(done.y[:, -1], ours)))
    for hidden in (1, 2):
        one = np.ones((1, 1))
        ends = deep_linear.descend(one, one[0], 0.04, 16, hidden=hidden)
        point = np.array([deep_linear.fixed_point(0.04, 16, hidden=hidden)])
        rows.append(("fixed-point", hidden + 1, _off(deep_linear.outputs(ends, one), point)))
        rng = np.random.default_rng(settings["seed"])
        x = rng.standard_normal((5, 3))
        y = x[:, 0] + 0.3 * rng.standard_normal(5)
        ends = deep_linear.descend(x, y, 0.05, 16, hidden=hidden, step=0.01, steps=20_000)
        rows.append(("samples", hidden + 1, _off(*deep_linear.two_sides(ends, x, y, 0.05))))
    return pd.DataFrame(rows, columns=["check", "degree", "off"])


def _both_inputs(network, layers, pixels: torch.Tensor, labels: np.ndarray) -> tuple:
    """Outputs after some steps of the network on all pixels, and of the one on few inputs."""
    few = as_few_inputs(pixels)
    small = NTKLayers(**layers, inputs=few.shape[1]).double()
    with torch.no_grad():
        for ours, theirs in zip(small.weights, network.weights, strict=True):
            if ours.shape == theirs.shape:
                ours.copy_(theirs)
        basis = torch.linalg.qr(pixels.T)
        small.weights[0].copy_(network.weights[0] @ basis.Q)
    y, found = torch.from_numpy(labels), []
    for one, x in ((network, pixels), (small, few)):
        trained = NTKLayers(**layers, inputs=x.shape[1]).double()
        trained.load_state_dict(one.state_dict())
        for _ in range(50):
            trained.descend(x, lambda f: f - y, 0.5, CHECKED_DECAY)
        with torch.no_grad():
            found.append(trained(x).numpy())
    return tuple(found)


def _off(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest distance as a share of the largest value, no smaller than 1e-7: bytes stay alike."""
    off = np.abs(np.asarray(ours) - theirs).max() / np.abs(theirs).max()
    return max(float(f"{off:.0e}"), 1e-7)


def elsewhere(settings: Mapping[str, Any]) -> pd.DataFrame:
    """Training loss, test loss and test error by subset, lambda, degree and time."""
    found = data.load("mnist")
    tested = found.test_images[: settings["test_samples"]].reshape(settings["test_samples"], -1)
    tested = tested / 255.0
    signs = 1.0 - 2.0 * (found.test_labels[: settings["test_samples"]] % 2)
    frames = []
    for subset in range(settings["subsets"]):
        part = slice(subset * settings["samples"], (subset + 1) * settings["samples"])
        x = found.train_images[part].reshape(settings["samples"], -1) / 255.0
        y = 1.0 - 2.0 * (found.train_labels[part] % 2)
        for k in settings["degrees"]:
            layers = max(2, k)  # k = 1: the two-layer network made linear
            kernel = l2_outputs.infinite_kernel(x, x, layers=layers)
            cross = l2_outputs.infinite_kernel(tested, x, layers=layers)
            for decay in settings["decays"]:
                times = np.logspace(-0.5, np.log10(settings["horizon"] / decay), settings["points"])
                trained = l2_modes.evolve(kernel, y, times, k=k, decay=decay)
                f = l2_outputs.elsewhere(trained, times, kernel, cross, k=k, decay=decay)
                frames.append(pd.DataFrame({
                    "subset": subset, "degree": k, "decay": decay, "time": times,
                    "training_loss": 0.5 * ((trained - y) ** 2).mean(1),
                    "test_loss": 0.5 * ((f - signs) ** 2).mean(1),
                    "test_error": 100 * (f * signs <= 0).mean(1),
                    "size": np.sqrt((f**2).mean(1)),
                }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """One case; seconds, so nothing is kept.

    Args:
        settings: As SETTINGS says; ``horizon`` is in units of ``1 / decay``.
        case: ``checks`` or ``elsewhere``.
        checkpoints: Not used.
        workers: Not used.
    """
    torch.set_num_threads(1)
    table = {"checks": checks, "elsewhere": elsewhere}[case](settings)
    return Outcome({"results": csv_text(table, "%.6g")})
