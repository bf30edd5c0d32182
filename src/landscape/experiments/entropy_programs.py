"""How far Entropy-SGD's three forms drift apart: the thesis', the PyTorch and the Lua program's.

Two cases, one table each::

    lenet   the forms of ``landscape.optim.EntropySGD`` on LeNet, from the same start, mini-batches,
            noise and dropout (the k-th gradient has the same in all forms): distances between the
            weights after each outer update, with the distance to a run on other mini-batches, other
            noise and other dropout beside them
    tiny    one convention switched at a time, on a tiny network in float64, all samples a step and
            no noise, where nothing but the convention differs

Source: Chaudhari (2018), section 3.3.2; github.com/ucla-vision/entropy-sgd.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from landscape import data
from landscape.experiments.entropy_forms import LUA, PYTORCH, THESIS, FlatNetwork, outer_steps
from landscape.experiments.settings_schema import NOT_NEGATIVE, POSITIVE, list_of, mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.train import distributed
from landscape.train.run import Run
from landscape.train.spec import RunSpec
from landscape.train.streams import NOISE_STREAM, ORDER_STREAM
from landscape.train.workers import in_workers

#: What separates the forms, and the field of ``Form`` that says it.
SWITCHES = {
    "averaging": "alpha",
    "first_gradient": "first_gradient",
    "scoping": "scoping",
    "force": "force_after",
    "inner_buffer": "keep_inner",
    "outer_momentum": "momentum_outer",
}
_OTHER = 50_000_017  # added to the seeds of order, noise and dropout of the run on other batches

_SHARE = NOT_NEGATIVE | {"exclusiveMaximum": 1}
_POSITIVES = list_of(POSITIVE, "a list of positive numbers")
_WHOLES = list_of(whole(), "a list of whole numbers of at least 1")
_SETTINGS = {
    "data": {"const": "mnist"}, "train_samples": whole(), "batch_size": whole(), "dropout": _SHARE,
    "lr": POSITIVE, "lr_inner": POSITIVE, "L": whole(), "gamma": POSITIVE,
    "gamma_decay": _SHARE, "temperature": NOT_NEGATIVE, "momentum": _SHARE, "updates": whole(),
    "draws": whole(), "tiny_samples": whole(), "tiny_width": whole(), "tiny_rates": _POSITIVES,
    "tiny_L": _WHOLES, "tiny_gamma": _POSITIVES, "tiny_updates": _WHOLES, "tiny_draws": whole(),
    "seed": whole(0),
}  # fmt: skip
SETTINGS = mapping(_SETTINGS, tuple(_SETTINGS))


def runs_of(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of the optimizer by name of the run.

    The three forms, the thesis' without momentum outside, and the thesis' on other mini-batches.
    """
    common = {key: settings[key] for key in
              ("lr", "lr_inner", "L", "gamma", "temperature", "momentum")}  # fmt: skip
    decay = {"gamma_decay": settings["gamma_decay"]}
    return {
        "thesis": common | decay,
        "pytorch": common | {"convention": "authors"},  # its scope does not shrink
        "lua": common | decay | {"convention": "authors-lua"},
        "thesis_inner": common | decay | {"momentum_outer": 0.0},
        "other_batches": common | decay,
    }


def answers(settings: Mapping[str, Any], name: str, seed: int) -> list[torch.Tensor]:
    """The start and x after each outer update of one run on LeNet, [weights] each."""
    spec = RunSpec(
        experiment="what-the-programs-do",
        method="entropy_sgd",
        seed=seed,
        model="lenet",
        optimizer="entropy_sgd",
        data=data_of(settings),
        model_options={"dropout": settings["dropout"]},
        optimizer_options=runs_of(settings)[name],
        batch_size=settings["batch_size"],
    )
    run = Run(spec, torch.device("cpu"), None, distributed.world())
    if name == "other_batches":
        run.replicas[0].order.manual_seed(seed + ORDER_STREAM + _OTHER)
        run.optimizer.generator.manual_seed(seed + NOISE_STREAM + _OTHER)
        torch.manual_seed(seed + _OTHER)
    found = [_flat(run)]
    run.optimizer.prepare()
    for _ in range(settings["updates"]):
        for _ in range(run.gradients_per_update):
            run.optimizer.observe(run.gradients())
            run.optimizer.step()
            run.step += 1
        with run.optimizer.solution():
            found.append(_flat(run))
    return found


def data_of(settings: Mapping[str, Any]) -> Any:
    """The samples of the case ``lenet``, those of the page's training runs."""
    from landscape.train.spec import DataSpec

    return DataSpec(
        name=settings["data"],
        scaling="minus_one_one",
        train_samples=settings["train_samples"],
        test_samples=1,
    )


def _flat(run: Run) -> torch.Tensor:
    # In the order of the weights' names, whatever lies innermost in memory.
    return torch.cat([p.detach().reshape(-1).double() for p in run.model.parameters()])


def drifts(settings: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    """Rows of the case ``lenet`` for one start: distances between all pairs of runs."""
    torch.set_num_threads(1)
    found = {name: answers(settings, name, seed) for name in runs_of(settings)}
    rows = []
    for first, second in itertools.combinations(found, 2):
        for update, (a, b) in enumerate(zip(found[first], found[second], strict=True)):
            if update:
                rows.append({
                    "seed": seed, "first": first, "second": second, "update": update,
                    "apart": float((a - b).norm()),
                    "moved": float((a - found[first][0]).norm()),
                })  # fmt: skip
    return rows


def switched(settings: Mapping[str, Any], L: int, gamma: float, lr: float) -> list[dict[str, Any]]:
    """Rows of the case ``tiny`` for one L, scope and outer rate: one convention at a time.

    From either base the switch goes to the other's convention; where they agree, to the third that
    there is (buffer kept, no momentum outside).
    """
    torch.set_num_threads(1)
    network = FlatNetwork(
        "small_fc_ch6", torch.float64, width=settings["tiny_width"], batch_norm=False
    )
    splits = data.prepare(
        settings["data"], "minus_one_one", train_samples=settings["tiny_samples"], downsample=4
    )
    same = {"gamma": gamma, "lr": lr}
    bases = {"thesis": replace(THESIS, scoping=settings["gamma_decay"], **same),
             "pytorch": replace(PYTORCH, **same)}  # fmt: skip
    lua = replace(LUA, scoping=settings["gamma_decay"], **same)
    forms = {(base, "none"): form for base, form in bases.items()} | {("lua", "none"): lua}
    for (base, form), other in zip(bases.items(), reversed(bases.values()), strict=True):
        for switch, field in SWITCHES.items():
            value = getattr(other, field)
            if value == getattr(form, field):
                value = {"inner_buffer": True, "outer_momentum": 0.0}[switch]
            forms[base, switch] = replace(form, **{field: value})
    seeds = range(settings["seed"], settings["seed"] + settings["tiny_draws"])
    start = torch.cat([network.start(seed).expand(len(forms), -1) for seed in seeds])
    x, y = (t.expand(len(start), *t.shape) for t in (splits.train.x.double(), splits.train.y))
    steps = outer_steps(
        lambda theta, k: network.gradients(theta, x, y), start, [*forms.values()] * len(seeds),
        max(settings["tiny_updates"]), L=L, lr_inner=settings["lr_inner"],
        momentum=settings["momentum"],
    )  # fmt: skip
    rows = []
    for update, now in enumerate(steps, 1):
        if update not in settings["tiny_updates"]:
            continue
        for i, seed in enumerate(seeds):
            at = dict(zip(forms, now[i * len(forms) : (i + 1) * len(forms)], strict=True))
            for (base, switch), point in at.items():
                other = "pytorch" if base == "thesis" else "thesis"
                rows.append({
                    "inner_steps": L, "gamma": gamma, "lr": lr, "seed": seed, "base": base,
                    "switch": switch, "update": update,
                    "apart": float((point - at[base, "none"]).norm()),
                    "left": float((point - at[other, "none"]).norm()),
                    "moved": float((at[base, "none"] - start[i * len(forms)]).norm()),
                })  # fmt: skip
    return rows


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: str | Path = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """Run one case; takes about a minute at laptop scale, so nothing is kept in `checkpoints`."""
    if case == "tiny":
        pairs = zip(settings["tiny_L"], settings["tiny_gamma"], strict=True)
        tasks = [(settings, L, gamma, lr) for L, gamma in pairs for lr in settings["tiny_rates"]]
        found = list(in_workers(switched, tasks, workers))
    else:
        seeds = range(settings["seed"], settings["seed"] + settings["draws"])
        found = list(in_workers(drifts, [(settings, seed) for seed in seeds], workers))
    return Outcome({"results": csv_text(pd.DataFrame(sum(found, [])), "%.6g")})
