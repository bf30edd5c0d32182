"""AutoL2 that measures on training images as they are, not on the mini-batch that is trained on.

The work does not say what loss and error AutoL2 looks at. The training loop measures on the next
mini-batch, which costs nothing but is mixed, flipped and cropped as training asks, so that a
measurement above the least one may be the draw of the mixing. Here they come from a fixed part of
the training set. Nothing else differs: the same weights, mini-batches, steps and evaluations.

One table per case: the columns of a training run (``landscape.train.history``), of all seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from landscape.experiments.settings_schema import mapping, whole
from landscape.experiments.simulation import Outcome, csv_text
from landscape.optim import AutoL2
from landscape.train import device as devices
from landscape.train import distributed
from landscape.train.evaluate import loss_and_error
from landscape.train.run import Run
from landscape.train.spec import RunSpec
from landscape.train.workers import in_workers

EXPERIMENT = "when-autol2-pays-on-set"
_PART = {"type": "object", "description": "a mapping of settings"}
_PARTS = ("data", "model", "optimizer", "augmentation", "loss", "run")
SETTINGS = mapping(
    {
        **dict.fromkeys(_PARTS, _PART),
        "measured_samples": whole(2),
        "seeds": whole(),
        "seed": whole(0),
        "methods": {"type": "object", "additionalProperties": mapping({"auto_l2": _PART})},
    },
    (*_PARTS, "measured_samples", "seeds", "seed", "methods"),
)
#: What History fills only for other runs.
_EMPTY = ("validation_loss", "validation_error", "gradient_min", "gradient_min_raw",
          "gradient_layer_min", "gradient_layer_min_raw")  # fmt: skip


class _Elsewhere:
    """An AutoL2 that takes its measurements from a function of its own."""

    def __init__(self, inner: AutoL2, measure: Callable[[], tuple[float, float]]) -> None:
        self.inner, self.measure = inner, measure

    @property
    def strength(self) -> float:
        return self.inner.strength

    def step(self, **ignored: Any) -> bool:
        return self.inner.step(measure=self.measure)

    def state_dict(self) -> dict[str, Any]:
        return self.inner.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.inner.load_state_dict(state)


class OnSet(Run):
    """A run whose AutoL2 measures on the first training images, without augmentation.

    Args:
        spec: Of the run, with ``auto_l2``.
        device: Where it runs.
        samples: So many training images; batch norm sees them in parts as in evaluation.
    """

    def __init__(self, spec: RunSpec, device: torch.device, samples: int) -> None:
        super().__init__(spec, device, None, distributed.World())
        x, y = (part[:samples] for part in (self.splits.train.x, self.splits.train.y))
        self.auto_l2 = _Elsewhere(
            self.auto_l2,
            lambda: loss_and_error(
                self.model, x, y, self.convolutional, loss=spec.loss.name,
                batch=spec.evaluation_batch,
            ),
        )  # fmt: skip


def specification(settings: Mapping[str, Any], case: str, seed: int) -> RunSpec:
    """The run of a case."""
    given = {key: settings[key] for key in _PARTS} | settings["methods"][case]
    return RunSpec.from_settings(EXPERIMENT, case, seed, given)


def path(settings: Mapping[str, Any], case: str, seed: int) -> pd.DataFrame:
    """Train one network and return its rows."""
    device = devices.pick()
    if device.type == "cpu":
        torch.set_num_threads(1)  # paths are the unit of parallel work
    run = OnSet(specification(settings, case, seed), device, settings["measured_samples"])
    due = run.evaluation_steps()
    run.optimizer.prepare()
    run.evaluate({})
    while run.step < run.total_steps and not run.diverged:
        loss = run.gradients()
        if run.lost(loss, run.step + 1 in due)[0]:
            run.diverged = True
        else:
            run.optimizer.observe(loss)
            run.optimizer.step()
        run.step += 1
        if run.diverged or run.step in due:
            run.evaluate({})
    return run.history.frame().drop(columns=list(_EMPTY))


def simulate(
    settings: Mapping[str, Any],
    case: str,
    checkpoints: Path | str = "checkpoints",
    workers: int = 1,
) -> Outcome:
    """All seeds of one case.

    Args:
        settings: As SETTINGS says.
        case: One of its methods.
        checkpoints: Not used: a path takes seconds at small scale.
        workers: Paths that are trained at the same time.

    Raises:
        LandscapeError: What ``RunSpec`` raises.
    """
    seeds = range(settings["seed"], settings["seed"] + settings["seeds"])
    calls = [(settings, case, seed) for seed in seeds]
    frames = in_workers(path, calls, min(workers, len(calls)))
    return Outcome({"results": csv_text(pd.concat(frames), "%.6g")})
