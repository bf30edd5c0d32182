"""The settings of a sweep: a training experiment whose methods have ``sweep``.

In ``settings.yaml``, everything in ``common`` or in a method and with what profiles change, as for
every experiment (``landscape.experiments.settings``)::

    lewkowycz-fig-2-fc:
      title: How long a network trains until its test accuracy peaks
      common:
        data: {name: mnist, train_samples: 512}
        model: {name: fc_lewkowycz, width: 256}
        loss: {name: cross_entropy, scale: 0.05}      # or mse
        optimizer: {momentum: 0.0}                    # SGD; lr, l2 and momentum
        run: {seeds: 3, batch_size: 512}              # no batch_size: all samples a step
        sweep:
          axes:                                       # shaped like the settings themselves
            optimizer:
              lr: [0.15, 0.5]                         # a list of values, or
              l2: {from: 1.0e-4, to: 0.1, points: 7}  # so many on a logarithmic range
          horizon: {steps_lr_l2: 2.0, at_least: 100, at_most: 50000}
          rows_per_decade: 15
          looks: 4
      methods:
        softmax: {}

Every combination of the axes' values is trained with seeds 0, 1, ... to its own horizon, and all of
it is one run with one ``results.csv``, whose columns ``landscape.train.sweeps`` names. What the
axes vary has no value beside it. ``horizon: {at_most: 1000}`` gives all the same number of steps;
``sweep.together`` sets how many are trained in one batch, which is chosen by measurement otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from landscape import schema
from landscape.experiments.grid import grid_changes, with_values
from landscape.experiments.settings_file import SettingsError, Tree, leaves, plain
from landscape.experiments.settings_schema import (
    NOT_NEGATIVE,
    POSITIVE,
    TRAINING,
    mapping,
    optional,
    whole,
)
from landscape.train.spec import DataSpec
from landscape.train.sweep_spec import LOSSES, Configuration, Horizon, Shared

_RANGE = {"from", "to", "points"}
_LOSS_FIELDS = {"name": "loss", "scale": "loss_scale"}
_LOSS = {"enum": list(LOSSES), "description": f"one of {', '.join(LOSSES)}"}

#: The settings in force of one method, with the first value of every axis in its place.
SWEEP = mapping(
    {
        "data": TRAINING["properties"]["data"] | {"required": ["name"]},
        "model": TRAINING["properties"]["model"],
        "loss": mapping({"name": _LOSS, "scale": POSITIVE}),
        "optimizer": mapping(
            {
                "lr": POSITIVE,
                "l2": NOT_NEGATIVE,
                "momentum": {"type": "number", "minimum": 0, "exclusiveMaximum": 1,
                             "description": "a number from 0 to below 1"},
            },
            ("lr", "l2"),
        ),
        "run": mapping(
            {
                "seeds": whole(),
                "batch_size": optional(whole()),
                "evaluation_samples": optional(whole()),
            },
            ("seeds",),
        ),
        "sweep": mapping(
            {
                "axes": {"type": "object", "minProperties": 1,
                         "description": "a mapping whose ends are lists of values, or ranges with "
                                        "from, to and points"},
                "horizon": mapping(
                    {"steps_lr_l2": POSITIVE, "at_least": whole(), "at_most": optional(whole())}
                ),
                "rows_per_decade": whole(),
                "looks": whole(),
                "together": whole(),
            },
            ("axes", "horizon"),
        ),
    },
    ("data", "model", "optimizer", "run", "sweep"),
)  # fmt: skip


def with_ranges(axes: Tree, where: str, path: str = "sweep.axes") -> Tree:
    """The axes with every range as the list of its values.

    Raises:
        SettingsError: A range is incomplete or has no such values.
    """
    found: Tree = {}
    for key, part in axes.items():
        if isinstance(part, dict) and _RANGE & set(part):
            leaf = next(iter(part.values()))
            found[key] = replace(leaf, value=_values(plain(part), f"{where}: {path}.{key}"))
        elif isinstance(part, dict):
            found[key] = with_ranges(part, where, f"{path}.{key}")
        else:
            found[key] = part
    return found


def _values(given: dict[str, Any], where: str) -> list[float]:
    for problem in schema.problems(
        given, mapping({"from": POSITIVE, "to": POSITIVE, "points": whole(2)}, tuple(_RANGE))
    ):
        raise SettingsError(f"{where}: {problem}.".replace("?.", "?"))
    first, last = math.log10(given["from"]), math.log10(given["to"])
    parts = [i / (given["points"] - 1) for i in range(given["points"])]
    # Five digits, so that the value in the table is the value that was trained with.
    return [float(f"{10 ** (first + part * (last - first)):.5g}") for part in parts]


def probes(axes: Tree, where: str) -> Iterator[Tree]:
    """The first value of every axis, shaped like settings, then each other one in its place.

    A setting that is refused at some value of its axis is refused in one of them.

    Raises:
        SettingsError: An axis is no list of values, or what it varies cannot be varied.
    """
    grid_changes(plain(axes), where, "sweep.axes")
    ends = dict(leaves(axes))
    for path in ends:
        if path[0] == "sweep" or path == ("run", "seeds"):
            raise SettingsError(
                f"{where}: sweep.axes.{'.'.join(path)} cannot be an axis; seeds and horizons stand "
                "beside the axes."
            )
    first: Tree = {}
    for path, leaf in ends.items():
        first = with_values(first, {path: replace(leaf, value=leaf.value[0])})
    yield first
    for path, leaf in ends.items():
        for value in leaf.value[1:]:
            yield with_values(first, {path: replace(leaf, value=value)})


def configurations(given: Mapping[str, Any], where: str) -> list[Configuration]:
    """Everything that a sweep trains, the first axis changing slowest and the seed fastest.

    Args:
        given: The settings in force of one method, ``landscape.experiments.settings``.
        where: What they belong to, for errors.

    Raises:
        SettingsError: An axis is no list, or two have the same last name.
        SpecificationError: A value is impossible, or a configuration would never end.
    """
    given = dict(given)
    sweep = given.pop("sweep")
    found = []
    for changes in grid_changes(sweep["axes"], where, "sweep.axes"):
        point = tuple((path[-1], value) for path, value in changes.items())
        one = with_values(given, changes)
        data = {k: tuple(v) if isinstance(v, list) else v for k, v in one.get("data", {}).items()}
        model, loss, run = dict(one["model"]), one.get("loss", {}), one["run"]
        shared = Shared(
            data=DataSpec(**data),
            model=model.pop("name"),
            model_options=model,
            **{_LOSS_FIELDS[key]: value for key, value in loss.items()},
            **{key: value for key, value in run.items() if key != "seeds"},
            **{key: sweep[key] for key in ("rows_per_decade", "looks") if key in sweep},
        )
        rates = one["optimizer"]
        steps = Horizon(**sweep["horizon"]).steps(rates["lr"], rates["l2"])
        for seed in range(run["seeds"]):
            found.append(Configuration(shared, seed=seed, steps=steps, point=point, **rates))
    return found
