"""How wide the solutions of several methods are, by several measures, from kept weights.

Five cases, one table each::

    measures  every kept network: losses, errors, curvature, the loss around it
    sampled   the networks on both sides of the common loss: local entropy by Langevin chains
    exact     whole spectra of some solutions, beside what ``curvature`` says of them
    lines     the loss along random directions and along the top eigenvector, near the common loss
    rescaled  one solution rescaled without changing what it computes: what do the measures say?

``plain`` is the network as it was trained, ``balanced`` the one with the same outputs whose hidden
units have incoming and outgoing weights of equal length (``analysis.rescaling``).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from landscape.experiments import equal_loss, reading
from landscape.experiments.settings_schema import (
    POSITIVE,
    SEED,
    list_of,
    mapping,
    whole,
)
from landscape.experiments.simulation import Outcome, csv_text
from landscape.train.workers import in_workers

_SETTINGS = {
    "reads": reading.READS,
    "scopes": list_of(POSITIVE, "a list of positive numbers"),
    "sampled_scope": POSITIVE,
    "probes": whole(2),
    "steps": whole(2),
    "directions": whole(),
    "distance": POSITIVE,
    "chains": whole(2),
    "nodes": whole(4),
    "burn_in": whole(0),
    "samples": whole(2),
    "exact_seeds": whole(0),
    "factors": list_of(POSITIVE, "a list of positive numbers"),
    "spread": POSITIVE,
    "draws": whole(),
    "seed": SEED,
}
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))

FORMS = ("plain", "balanced")
MEMORY = 2e9  # bytes of a whole spectrum
NEAR = np.linspace(-1, 1, 17)  # of the furthest step along a line
FURTHEST = {"random": 0.5, "eigenvector": 2.0}  # filters' lengths; units of weight


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
    *,
    kept: reading.KeptRuns,
) -> Outcome:
    """Run one case; ``kept`` are the training runs that the settings name in ``reads``."""
    solutions = _solutions(settings, kept)
    if case == "rescaled":
        end = max((one for one in solutions if one[1:3] == solutions[0][1:3]), key=lambda o: o[3])
        table = pd.DataFrame(_rescaled(settings, kept, end))
        return Outcome({"results": csv_text(table, "%.8g")})
    if case == "exact":
        solutions = [one for one in solutions
                     if one[3] == 1.0 and one[2] < settings["exact_seeds"]]  # fmt: skip
    if case in ("sampled", "lines"):
        losses = list(in_workers(_loss, [(kept, one) for one in solutions], 1))
        frame = pd.DataFrame(solutions, columns=["experiment", "method", "seed", "at"])
        frame["training_loss"] = losses
        level = equal_loss.common_level(frame)
        chosen = equal_loss.instants_needed(frame, level)
        if case == "lines":
            chosen = chosen.assign(far=np.abs(np.log(chosen["training_loss"] / level)))
            chosen = chosen.sort_values("far").groupby(equal_loss.KEYS, sort=False).head(1)
        columns = ["experiment", "method", "seed", "at"]
        solutions = list(chosen.sort_index()[columns].itertuples(index=False, name=None))
    one = {"measures": _measures, "sampled": _sampled, "exact": _exact, "lines": _lines}[case]
    rows = sum(in_workers(one, [(settings, kept, which) for which in solutions], workers), [])
    table = pd.DataFrame(rows, columns=None if rows else ["method", "seed", "at"])
    return Outcome({"results": csv_text(table, "%.8g")})


def _solutions(settings: Mapping[str, Any], kept: reading.KeptRuns) -> list[tuple]:
    """(experiment, method, seed, at) of every kept network, in order."""
    found = []
    for run_id in reading.runs_read(settings, kept.root):
        experiment, method = run_id.split("/")[1:]
        run = kept.parameters(experiment, method)["run"]
        found += [(experiment, method, seed, float(at))
                  for seed in range(run["seeds"]) for at in run["weights"]]  # fmt: skip
    return found


@functools.lru_cache(maxsize=2)
def _data(text: str):
    from landscape import data
    from landscape.train.spec import DataSpec

    given = vars(DataSpec(**json.loads(text))).copy()
    del given["unroll"]  # of sequences
    return data.prepare(given.pop("name"), **given)


def _network_and_data(kept: reading.KeptRuns, which: tuple):
    from landscape.experiments.networks import network

    experiment, method, seed, at = which
    given = kept.parameters(experiment, method)["data"]
    return network(kept, experiment, method, seed, at), _data(json.dumps(given, sort_keys=True))


def _training_loss(network, splits):
    import torch

    from landscape.analysis.mean_loss import MeanLoss

    torch.set_num_threads(1)
    split = splits.train
    return MeanLoss(network, split.x, split.y, chunk=2000, dtype=torch.float32)


def _loss(kept: reading.KeptRuns, which: tuple) -> float:
    f = _training_loss(*_network_and_data(kept, which))
    return float(f.value(f.weights))


def _named(which: tuple) -> dict[str, Any]:
    return dict(zip(("method", "seed", "at"), which[1:], strict=True))


def _measures(settings: Mapping[str, Any], kept: reading.KeptRuns, which: tuple) -> list[dict]:
    from landscape.analysis import laplace, rescaling

    network, splits = _network_and_data(kept, which)
    f = _training_loss(network, splits)
    row = _named(which) | {"weights": f.size, "samples": f.samples}
    # Methods share probes within a seed, seeds do not: intervals over seeds then hold their error.
    own = {**settings, "seed": settings["seed"] + 1000 * which[2]}
    for part, split in (("training", splits.train), ("test", splits.test)):
        row[f"{part}_loss"], row[f"{part}_error"] = _loss_and_error(f, split)
    row["slope"] = laplace.slope_term(f, settings["sampled_scope"])
    row["length"] = float(f.weights.norm())
    row["imbalance"] = float(rescaling.imbalance(network)[0].abs().mean())
    row |= curvature(f, own, "plain")
    g = _training_loss(rescaling.balanced(network), splits)
    row |= curvature(g, own, "balanced")
    row["rise"] = rise(g, own)
    return [row]


def _loss_and_error(f, split) -> tuple[float, float]:
    """Mean cross-entropy and error in percent at the weights of f."""
    import torch
    from torch.nn import functional

    with torch.no_grad():
        out = f.outputs(f.weights, split.x.to(f.dtype))
    wrong = (out.argmax(1) != split.y).double().mean()
    return float(functional.cross_entropy(out, split.y)), 100 * float(wrong)


def curvature(f, settings: Mapping[str, Any], form: str) -> dict[str, float]:
    """Trace in closed form, top eigenvalue and the width term of each scope.

    The last two are from Lanczos quadratures, whose error in the trace is taken out of the width
    terms (``analysis.known_trace``).
    """
    from landscape.analysis import known_trace, lanczos, laplace

    operator = lanczos.SymmetricOperator.of(f)
    found = lanczos.density(
        operator, steps=settings["steps"], probes=settings["probes"], seed=settings["seed"]
    )
    trace = known_trace.relu_trace(f)
    row = {
        f"{form}_trace": trace,
        f"{form}_top": float(found.nodes.max()),  # Ritz values come from below
    }
    for scope in settings["scopes"]:
        total = known_trace.sum_with_trace(
            found, lambda nodes, scope=scope: laplace.log_widths(nodes, scope), trace
        )
        row[f"{form}_width_{scope:g}"] = total / (2 * f.samples)
    return row


def rise(f, settings: Mapping[str, Any]) -> float:
    """Mean rise of the loss at a distance along filter-normalised directions, both ways."""
    from landscape.analysis import directions

    drawn = directions.random_directions(f, settings["directions"], settings["seed"])
    steps = settings["distance"] * drawn.to(f.weights)
    around = f.value(f.weights + _both(steps))
    return float(around.mean() - f.value(f.weights))


def _both(steps):
    import torch

    return torch.cat([steps, -steps])


def _sampled(settings: Mapping[str, Any], kept: reading.KeptRuns, which: tuple) -> list[dict]:
    """Local entropy minus the loss, without the slope: of the balanced network."""
    from landscape.analysis import laplace, rescaling
    from landscape.analysis.local_entropy import local_entropy

    network, splits = _network_and_data(kept, which)
    f = _training_loss(rescaling.balanced(network), splits)
    found = local_entropy(
        laplace.Levelled(f),
        settings["sampled_scope"],
        beta=float(f.samples),
        samples=settings["samples"],
        burn_in=settings["burn_in"],
        chains=settings["chains"],
        nodes=settings["nodes"],
        step=1.0,
        seed=settings["seed"],
    )
    here = float(f.value(f.weights))
    return [
        _named(which)
        | {
            "training_loss": here,
            "sampled_width": found.value.value - here,
            "error": found.value.error,
            "quadrature_gap": found.quadrature_gap,
            "acceptance": float(found.acceptance.min()),
            "correlation": float(found.correlation.max()),
        }
    ]


def _exact(settings: Mapping[str, Any], kept: reading.KeptRuns, which: tuple) -> list[dict]:
    from landscape.analysis import laplace
    from landscape.analysis.exact_spectrum import exact_spectrum

    f = _training_loss(*_network_and_data(kept, which))
    values = exact_spectrum(f, memory=MEMORY).values.double().numpy()
    row = _named(which) | {
        "trace": float(values.sum()),
        "top": float(values[-1]),
        "bottom": float(values[0]),
        "above_1": int((values > 1).sum()),
        "near_zero": float((np.abs(values) < 1e-4).mean()),
    }
    for scope in settings["scopes"]:
        row[f"width_{scope:g}"] = laplace.width_term(values, scope, f.samples)
    return [row | curvature(f, settings, "lanczos")]


def _lines(settings: Mapping[str, Any], kept: reading.KeptRuns, which: tuple) -> list[dict]:
    import torch

    from landscape.analysis import directions, lanczos, rescaling

    network, splits = _network_and_data(kept, which)
    f = _training_loss(rescaling.balanced(network), splits)
    drawn = directions.random_directions(f, settings["directions"], settings["seed"])
    operator = lanczos.SymmetricOperator.of(f)
    top = lanczos.extreme_eigenvalues(operator, 1, seed=settings["seed"])[2]
    here, rows = float(f.value(f.weights)), []
    for kind, vectors in (("random", drawn), ("eigenvector", torch.from_numpy(top))):
        steps = torch.from_numpy(FURTHEST[kind] * NEAR)
        losses = torch.stack([directions.loss_along(f, v, steps) for v in vectors]).mean(0)
        if kind == "eigenvector" and losses[0] < losses[-1]:
            losses = losses.flip(0)  # its sign means nothing: the steeper side to the left
        rows += [
            _named(which) | {"kind": kind, "step": float(t), "rise": float(loss) - here}
            for t, loss in zip(steps, losses, strict=True)
        ]
    return rows


def _rescaled(settings: Mapping[str, Any], kept: reading.KeptRuns, which: tuple) -> list[dict]:
    import torch

    from landscape.analysis import rescaling

    network, splits = _network_and_data(kept, which)
    units = rescaling.linear_layers(network)[0].out_features
    generator = torch.Generator().manual_seed(settings["seed"])
    changes = [("layer", float(a), a) for a in settings["factors"]]
    changes += [
        ("unit", float(draw), (settings["spread"] * torch.randn(units, generator=generator)).exp())
        for draw in range(settings["draws"])
    ]
    outputs = _training_loss(network, splits)
    same = outputs.outputs(outputs.weights, splits.train.x)
    rows = []
    for kind, factor, factors in changes:
        changed = rescaling.rescaled(network, [factors])
        f = _training_loss(changed, splits)
        g = _training_loss(rescaling.balanced(changed), splits)
        moved = (f.outputs(f.weights, splits.train.x) - same).abs().max()
        rows.append(
            _named(which)
            | {"kind": kind, "factor": factor, "outputs_moved": float(moved)}
            | {"training_loss": float(f.value(f.weights)), "rise": rise(f, settings)}
            | curvature(f, settings, "plain")
            | {"balanced_rise": rise(g, settings)}
            | curvature(g, settings, "balanced")
        )
    return rows
