"""What one training run is, complete and validated before anything expensive starts."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from landscape.train.options import SEQUENCES, AugmentationSpec, LossSpec, check
from landscape.train.spec_checks import SpecificationError
from landscape.train.spec_checks import is_number as _is_number
from landscape.train.spec_checks import require as _require
from landscape.train.spec_checks import require_whole as _require_whole

#: Keys of ``run`` in the settings, but for ``seeds``.
RUN_KEYS = (
    "batch_size", "epochs", "evaluations_per_epoch", "evaluation_samples", "clip_norm",
    "clip_value", "weights", "record_every", "evaluation_batch", "batch_statistics",
)  # fmt: skip
#: Fields that are hashed only where they are stated.
LATER = ("augmentation", "loss", *RUN_KEYS[4:])


@dataclass(frozen=True)
class DataSpec:
    """Which samples are read and how they are scaled.

    ``train_samples`` picks that many samples (after the hold-out is taken) by a fixed seeded
    permutation, ``None`` takes all. ``holdout`` is the fraction of the training set kept for
    validation, 0 for none. ``test_samples`` takes the first so many test images; ``downsample``
    averages over blocks of so many pixels a side; ``classes`` keeps these labels only, renumbered
    in the given order; ``parity`` makes the labels even (0) and odd (1). All of them are the
    arguments of ``landscape.data.prepare``.

    For sequences (``text``, ``ptb``), ``unroll`` is the number of steps that a mini-batch unrolls
    and ``train_samples`` and ``test_samples`` take so many tokens from the beginning.
    """

    name: str = "mnist"
    scaling: str = "unit"
    holdout: float = 0.0
    train_samples: int | None = None
    split_seed: int = 0
    test_samples: int | None = None
    downsample: int = 1
    classes: tuple[int, ...] | None = None
    parity: bool = False
    unroll: int | None = None


@dataclass(frozen=True)
class ScheduleSpec:
    """Divide the learning rate by ``factor`` at each of the stated moments.

    ``drop_at`` states them in epochs, as thesis chapters 2 to 5 do. For methods with L gradients an
    update, an epoch holds as many *updates* as an epoch of SGD holds steps, so ``drop_at`` counts
    the same epochs as ``RunSpec.epochs``. ``drop_at_fraction`` states them as parts of the whole
    run, each between 0 and 1 (Lewkowycz & Gur-Ari 2020, figure 1a: 0.3, 0.6 and 0.9). A run uses
    one of the two.
    """

    drop_at: tuple[float, ...] = ()
    factor: float = 1.0
    drop_at_fraction: tuple[float, ...] = ()


@dataclass(frozen=True)
class ReplicaSpec:
    """Several networks trained together by Parle or Elastic-SGD.

    Args:
        count: Number n of replicas. Each has its own order of mini-batches and its own dropout.
        data_fraction: Part of the training set that each replica sees, the parts together covering
            it (thesis section 5.5: 0.5 for 3 replicas, 0.25 for 6); ``None`` gives everything to
            each. See ``landscape.train.split.replica_subsets``.
        same_start: Whether all replicas start from the same weights. The thesis does not say. The
            authors' program starts each from its own; equal starts are the default here because
            section 5.0.1 wants the copies to stay aligned (hidden units of different starts
            correspond only after a permutation), which a distance between weights cannot bring
            about.
    """

    count: int = 1
    data_fraction: float | None = None
    same_start: bool = True

    def __post_init__(self) -> None:
        count, fraction = self.count, self.data_fraction
        _require(
            isinstance(count, int) and not isinstance(count, bool) and count >= 1,
            f"replicas: count is {count!r}; it must be a whole number of at least 1",
        )
        if fraction is not None:
            _require(
                isinstance(fraction, (int, float)) and 0 < fraction <= 1,
                f"replicas: data_fraction is {fraction!r}; it must be in (0, 1], or absent",
            )
            _require(
                fraction * count >= 1 - 1e-9,
                f"replicas: {count} times a data_fraction of {fraction} cannot cover the data "
                "set; raise one of them",
            )


@dataclass(frozen=True)
class RunSpec:
    """One run: a network, a data set, an optimizer and a seed.

    Args:
        experiment, method: Where the run belongs; they name its result file.
        seed: Seeds initialisation, dropout, the order of mini-batches and the optimizer's noise.
            Two methods with equal seeds share initialisation and order, as thesis section 2.4.2
            asks.
        epochs: Epochs as the works count them: passes over the training set for SGD and Adam; for
            Entropy-SGD an epoch holds as many weight updates, each of L gradients, so it costs L
            passes ("effective epochs", thesis section 3.3.2). Fractions are allowed.
        evaluations_per_epoch: Evaluations per *effective* epoch.
        evaluation_samples: How many training samples the training loss and error are measured on.
        replicas: For Parle and Elastic-SGD, how many networks are trained together and on which
            data. ``epochs`` and ``drop_at`` count passes over a replica's *own* part of the data
            (times L): the times in thesis table 5.2 fall in proportion to the part, so the work's
            epochs do so too. The history's ``effective_epoch`` counts mini-batches of one replica
            in units of the whole data set, and so does the scoping of gamma and rho (eq. 5.10).
        auto_l2: Settings of ``landscape.optim.AutoL2``, which then sets the optimizer's weight
            decay.
        augmentation, loss: See ``landscape.train.options``.
        clip_norm: Gradients longer than this, over all parameters together, are scaled down to it
            (Zaremba et al. 2014: 10 for the large network); ``None``: never.
        clip_value: Entries of the gradient are cut to this size (char-rnn, Karpathy 2015: 5).
        weights: Instants, as parts of the run between 0 (the start) and 1 (the end), at which the
            answer's weights are kept as safetensors.
        record_every: Write the norms of every so manieth step into the table of steps; ``None``:
            no such table.
        evaluation_batch: Samples that are evaluated together, in parts of nearly equal size
            (``None``: 1000); for sequences the number of streams (``None``: ``batch_size``).
        batch_statistics: Batch norm uses the statistics of the batch at hand in evaluation too,
            and keeps none (Lewkowycz & Gur-Ari, SM A).

    Raises:
        SpecificationError: For unknown keys and impossible values, in one sentence.
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
    replicas: ReplicaSpec = field(default_factory=ReplicaSpec)
    auto_l2: Mapping[str, Any] | None = None
    augmentation: AugmentationSpec = field(default_factory=AugmentationSpec)
    loss: LossSpec = field(default_factory=LossSpec)
    clip_norm: float | None = None
    clip_value: float | None = None
    weights: tuple[float, ...] = ()
    record_every: int | None = None
    evaluation_batch: int | None = None
    batch_statistics: bool = False

    def __post_init__(self) -> None:
        _require_whole(0, seed=self.seed, split_seed=self.data.split_seed)
        _require_whole(
            1,
            batch_size=self.batch_size,
            evaluations_per_epoch=self.evaluations_per_epoch,
            downsample=self.data.downsample,
        )
        _require_whole(2, evaluation_samples=self.evaluation_samples)
        for name in ("train_samples", "test_samples"):
            if (samples := getattr(self.data, name)) is not None:
                _require_whole(1, **{name: samples})
        _require(
            _is_number(self.epochs) and self.epochs > 0,
            f"epochs is {self.epochs!r}; it must be a positive number",
        )
        holdout, factor = self.data.holdout, self.schedule.factor
        _require(
            _is_number(holdout) and 0 <= holdout < 1,
            f"holdout is {holdout!r}; it must be in [0, 1)",
        )
        _require(
            _is_number(factor) and factor >= 1,
            f"schedule factor is {factor!r}; a learning rate is divided by at least 1",
        )
        epochs, fractions = self.schedule.drop_at, self.schedule.drop_at_fraction
        for name, moments in (("drop_at", epochs), ("drop_at_fraction", fractions)):
            _require(
                isinstance(moments, (tuple, list)),
                f"schedule {name} is {moments!r}; it must be a list of numbers",
            )
        _require(
            all(_is_number(epoch) and epoch > 0 for epoch in epochs),
            f"schedule drop_at is {list(epochs)}; it must hold positive numbers of epochs",
        )
        _require(
            all(_is_number(part) and 0 < part < 1 for part in fractions),
            f"schedule drop_at_fraction is {list(fractions)}; each must lie between 0 and 1",
        )
        _require(
            not (epochs and fractions),
            "the schedule has both drop_at and drop_at_fraction; keep one of them",
        )
        _require(
            self.auto_l2 is None or self.replicas.count == 1,
            "auto_l2 follows one network's loss; it cannot be used with several replicas",
        )
        check(self)

    @property
    def sequential(self) -> bool:
        """Whether the data are one long sequence."""
        return self.data.name in SEQUENCES

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
        replicas = settings.pop("replicas", {}) or {}
        auto_l2 = settings.pop("auto_l2", None)
        augmentation, loss = settings.pop("augmentation", {}), settings.pop("loss", {})
        only_known(settings, ("data", "model", "optimizer", "schedule", "run"), experiment)
        only_known(run, RUN_KEYS, f"{experiment}: run")
        if isinstance(run.get("weights"), list):
            run["weights"] = tuple(run["weights"])
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
            replicas=_nested(ReplicaSpec, replicas, f"{experiment}: replicas"),
            auto_l2=auto_l2,
            augmentation=_nested(AugmentationSpec, augmentation, f"{experiment}: augmentation"),
            loss=_nested(LossSpec, loss, f"{experiment}: loss"),
            **run,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, as it is hashed and written to provenance.

        What few experiments state is in it only where it is stated, so that the digests of the
        others are those that they had before it existed.
        """
        found = dataclasses.asdict(self)
        for part in dataclasses.fields(self):
            if part.name in LATER and getattr(self, part.name) == _default(part):
                del found[part.name]
        if self.data.unroll is None:
            del found["data"]["unroll"]
        return found

    def digest(self, extra: str = "") -> str:
        """SHA-256 of the specification (and of ``extra``, such as the code's fingerprint)."""
        text = json.dumps(self.as_dict(), sort_keys=True, default=str) + extra
        return hashlib.sha256(text.encode()).hexdigest()


def _default(part: dataclasses.Field) -> Any:
    if part.default_factory is not dataclasses.MISSING:
        return part.default_factory()
    return part.default


def _nested(kind: type, values: Mapping[str, Any], where: str) -> Any:
    names = tuple(f.name for f in dataclasses.fields(kind))
    only_known(values, names, where)
    # YAML has lists where a frozen specification holds tuples.
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def only_known(values: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    """Refuse a key that is not among the names, with the nearest one that is."""
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}."
            raise SpecificationError(f"{where} has an unknown key {key!r}{hint}")
