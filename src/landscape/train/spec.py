"""What one training run is, complete and validated before anything expensive starts."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from landscape.errors import LandscapeError


class SpecificationError(LandscapeError):
    """A run specification that cannot be run."""


@dataclass(frozen=True)
class DataSpec:
    """Which samples are read and how they are scaled.

    ``train_samples`` picks that many samples (after the hold-out is taken) by a fixed seeded
    permutation, ``None`` takes all. ``holdout`` is the fraction of the training set kept for
    validation, 0 for none.
    """

    name: str = "mnist"
    scaling: str = "unit"
    holdout: float = 0.0
    train_samples: int | None = None
    split_seed: int = 0


@dataclass(frozen=True)
class ScheduleSpec:
    """Divide the learning rate by ``factor`` at each of ``drop_at`` (in epochs, as the works say).

    For methods with L gradients an update, an epoch holds as many *updates* as an epoch of SGD
    holds steps, so ``drop_at`` counts the same epochs as ``RunSpec.epochs``.
    """

    drop_at: tuple[float, ...] = ()
    factor: float = 1.0


@dataclass(frozen=True)
class RunSpec:
    """One run: a network, a data set, an optimizer and a seed.

    Parameters
    ----------
    experiment, method:
        Where the run belongs; they name its result file.
    seed:
        Seeds initialisation, dropout, the order of mini-batches and the optimizer's noise. Two
        methods with equal seeds share initialisation and order, as thesis section 2.4.2 asks.
    epochs:
        Epochs as the works count them: passes over the training set for SGD and Adam; for
        Entropy-SGD an epoch holds as many weight updates, each of L gradients, so it costs L passes
        ("effective epochs", thesis section 3.3.2). Fractions are allowed.
    evaluations_per_epoch:
        Evaluations per *effective* epoch.
    evaluation_samples:
        How many training samples the training loss and error are measured on.

    Raises
    ------
    SpecificationError
        For unknown keys and impossible values, in one sentence.
    """

    experiment: str
    method: str
    seed: int
    model: str
    optimizer: str
    data: DataSpec = field(default_factory=DataSpec)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    batch_size: int = 128
    epochs: float = 1.0
    evaluations_per_epoch: int = 1
    evaluation_samples: int = 10_000

    def __post_init__(self) -> None:
        _require(self.seed >= 0, f"seed is {self.seed}; it must be 0 or larger")
        _require(self.batch_size >= 1, f"batch_size is {self.batch_size}; it must be at least 1")
        _require(
            math.isfinite(self.epochs) and self.epochs > 0,
            f"epochs is {self.epochs}; it must be a positive number",
        )
        _require(
            self.evaluations_per_epoch >= 1,
            f"evaluations_per_epoch is {self.evaluations_per_epoch}; it must be at least 1",
        )
        _require(
            0 <= self.data.holdout < 1,
            f"holdout is {self.data.holdout}; it must be in [0, 1)",
        )
        _require(
            self.schedule.factor >= 1,
            f"schedule factor is {self.schedule.factor}; a learning rate is divided by at least 1",
        )

    @classmethod
    def from_settings(
        cls, experiment: str, method: str, seed: int, settings: Mapping[str, Any]
    ) -> RunSpec:
        """Build from the nested mapping of the parameter files, refusing unknown keys."""
        settings = dict(settings)
        run = dict(settings.pop("run", {}))
        run.pop("seeds", None)  # how many runs there are, not what one run is
        model = dict(settings.pop("model", {}))
        optimizer = dict(settings.pop("optimizer", {}))
        data = _nested(DataSpec, settings.pop("data", {}), f"{experiment}: data")
        schedule = dict(settings.pop("schedule", {}) or {})
        if "drop_at" in schedule:
            schedule["drop_at"] = tuple(schedule["drop_at"])
        _known(settings, ("data", "model", "optimizer", "schedule", "run"), experiment)
        _known(run, ("batch_size", "epochs", "evaluations_per_epoch", "evaluation_samples"),
               f"{experiment}: run")
        for part, name in ((model, "model"), (optimizer, "optimizer")):
            _require("name" in part, f"{experiment}: {name} has no `name`")
        return cls(
            experiment=experiment,
            method=method,
            seed=seed,
            model=model.pop("name"),
            model_options=model,
            optimizer=optimizer.pop("name"),
            optimizer_options=optimizer,
            data=data,
            schedule=_nested(ScheduleSpec, schedule, f"{experiment}: schedule"),
            **run,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, as it is hashed and written to provenance."""
        return dataclasses.asdict(self)

    def digest(self, extra: str = "") -> str:
        """SHA-256 of the specification (and of ``extra``, such as the code's fingerprint)."""
        text = json.dumps(self.as_dict(), sort_keys=True, default=str) + extra
        return hashlib.sha256(text.encode()).hexdigest()


def _nested(kind: type, values: Mapping[str, Any], where: str) -> Any:
    names = tuple(f.name for f in dataclasses.fields(kind))
    _known(values, names, where)
    return kind(**values)


def _known(values: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}."
            raise SpecificationError(f"{where} has an unknown key {key!r}{hint}")


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise SpecificationError(sentence + ".")
