"""Parts of a run's specification that few experiments state: augmentation and the loss.

With their defaults a run does what it did before they existed, and its digest is the same.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from landscape.schema import nearest
from landscape.train.spec_checks import is_number, require, require_whole

if TYPE_CHECKING:
    from landscape.train.spec import RunSpec

#: Data sets that are one long sequence.
SEQUENCES = ("text", "ptb")
LOSSES = ("cross_entropy", "mse")
SCALINGS = ("mean", "half", "half_over_classes", "sum_over_time")


@dataclass(frozen=True)
class AugmentationSpec:
    """What happens to each mini-batch of training images, in this order; all off by default.

    Args:
        flip: Probability of mirroring an image left to right (thesis, chapter 5: 0.5).
        crop: Pixels of padding before a random crop of the old size (thesis, chapter 5: 4).
        mixup: alpha of the Beta distribution that mixes pairs of images and their labels, one
            weight a batch; 0: no mixing (Zhang et al. 2018; Lewkowycz & Gur-Ari do not state it).
    """

    flip: float = 0.0
    crop: int = 0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        require(
            is_number(self.flip) and 0 <= self.flip <= 1,
            f"augmentation: flip is {self.flip!r}; it must be a probability, 0.5 for example",
        )
        require_whole(0, **{"augmentation: crop": self.crop})
        require(
            is_number(self.mixup) and self.mixup >= 0,
            f"augmentation: mixup is {self.mixup!r}; it must be a number of at least 0",
        )

    def __bool__(self) -> bool:
        return bool(self.flip or self.crop or self.mixup)


@dataclass(frozen=True)
class LossSpec:
    """What the run minimises: ``scale x (batch mean of the sample loss) + l2 / 2 |theta|^2``.

    The sample loss is the cross-entropy in nats, or for ``mse`` the sum over the classes of
    (f - y)^2 with one-hot y. The rows of the history hold its mean without scale and l2; the
    gradients, what optimizers observe and the table of steps have both.

    Args:
        name: ``cross_entropy`` or ``mse``.
        scaling: ``mean``: scale 1. ``half``: 1/2, as Lewkowycz & Gur-Ari (2020) define the MSE in
            theorem 2. ``half_over_classes``: 1/(2k) for k classes, their softmax loss (SM A); what
            they divide the MSE of figure S5 by is not stated. ``sum_over_time``: the number of
            unrolled steps (sequences only), the loss of Zaremba et al. (2014), whose learning rate
            1 and norm 10 belong to it.
        l2: lambda in ``lambda/2 |theta|^2`` over all trained parameters, biases and gains included
            (Lewkowycz & Gur-Ari, section 1).
    """

    name: str = "cross_entropy"
    scaling: str = "mean"
    l2: float = 0.0

    def __post_init__(self) -> None:
        for key, value, known in (("name", self.name, LOSSES), ("scaling", self.scaling, SCALINGS)):
            require(value in known, f"loss: {key} is {value!r}; {_hint(value, known)}")
        require(
            is_number(self.l2) and self.l2 >= 0,
            f"loss: l2 is {self.l2!r}; it must be a number of at least 0",
        )

    def scale(self, classes: int, steps: int) -> float:
        """The factor before the mean loss, for so many classes and unrolled steps."""
        return {"mean": 1.0, "half": 0.5, "half_over_classes": 0.5 / classes,
                "sum_over_time": float(steps)}[self.scaling]  # fmt: skip


def check(spec: RunSpec) -> None:
    """Refuse what cannot be right in the options of a run, or together."""
    for name in ("clip_norm", "clip_value"):
        value = getattr(spec, name)
        require(
            value is None or (is_number(value) and value > 0),
            f"{name} is {value!r}; it must be a positive number, or absent",
        )
    for name, least in (("record_every", 1), ("evaluation_batch", 2 - spec.sequential)):
        if (value := getattr(spec, name)) is not None:
            require_whole(least, **{name: value})
    instants = spec.weights
    require(
        isinstance(instants, (tuple, list))
        and all(is_number(at) and 0 <= at <= 1 for at in instants)
        and list(instants) == sorted(set(instants)),
        f"weights is {instants!r}; it must be a rising list of parts of the run, from 0 to 1",
    )
    decay = spec.optimizer_options.get("weight_decay")
    require(
        not (spec.loss.l2 and (decay or spec.auto_l2 is not None)),
        "L2 is asked for twice: keep loss l2 or the optimizer's weight_decay or auto_l2",
    )
    if not spec.sequential:
        require(
            spec.data.unroll is None,
            f"unroll belongs to sequences ({', '.join(SEQUENCES)}), not to {spec.data.name}",
        )
        require(
            spec.loss.scaling != "sum_over_time",
            f"loss: scaling sum_over_time belongs to sequences, not to {spec.data.name}",
        )
        return
    meant = ("name", "train_samples", "test_samples", "unroll")
    other = [
        part.name for part in dataclasses.fields(spec.data)
        if part.name not in meant and getattr(spec.data, part.name) != part.default
    ]  # fmt: skip
    require(
        not other,
        f"{spec.data.name} is a sequence, for which data {''.join(other[:1])} has no meaning; "
        "leave it out",
    )
    require(
        spec.data.unroll is not None,
        f"{spec.data.name} is a sequence: set data unroll, 50 for the char-LSTM, 35 for the "
        "PTB-LSTM",
    )
    require_whole(1, unroll=spec.data.unroll)
    for given, what in (
        (spec.augmentation, "augmentation"),
        (spec.loss.name == "mse", "loss mse"),
        (spec.batch_statistics, "batch_statistics"),
        (spec.auto_l2 is not None, "auto_l2"),
        (spec.replicas.count > 1, "replicas"),
    ):
        require(not given, f"{spec.data.name} is a sequence, which {what} cannot be used with")


def _hint(value: object, known: tuple[str, ...]) -> str:
    return nearest(value, list(known)).removesuffix("?")
