"""Settings as they stand in parameter groups, where users, schedulers and other code write, too."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from .rules import HyperparameterError, plain

#: A rate may be a tensor that its owner changes in place, as in torch; every step reads it anew.
LIVE = ("lr", "lr_inner")
# Keys of torch itself and of its schedulers, some of them spelt much like a setting.
_TORCH = {
    "params", "param_names", "name", "initial_lr", "base_lr", "min_lr", "max_lr", "swa_lr",
    "base_momentum", "max_momentum",
}  # fmt: skip
# What other optimizers call their settings; asking for one that is not there must not go unnoticed.
_STEPS = {
    "amsgrad", "betas", "dampening", "eps", "lr_inner", "maximize", "momentum", "momentum_outer",
    "nesterov", "temperature", "weight_decay",
}  # fmt: skip
_OTHER_NAMES = {
    "learning_rate": "lr", "rate": "lr", "eta": "lr", "step_size": "lr", "l2": "weight_decay",
    "wd": "weight_decay", "decay": "weight_decay", "temp": "temperature", "mu": "momentum",
}  # fmt: skip
_SIMPLE = (int, str, bool, type(None))


def refuse_misspelt(
    owner: object, group: dict[str, Any], own: Iterable[str], whole: Iterable[str]
) -> None:
    """Refuse a key of a new group that was meant as a setting; other code's keys are let through.

    Args:
        owner: the optimizer.
        group: the group as it was given.
        own: settings that a group may have.
        whole: settings of the optimizer as a whole.

    Raises:
        HyperparameterError: a key that is spelt nearly like a setting, a setting of the optimizer
            as a whole, or one of other optimizers that asks for something (that is not 0 or None).

    >>> refuse_misspelt("SGD", {"lr": 0.1, "lr_scale": 0.5, "rho": 2}, ["lr", "momentum"], [])
    """
    own, whole = sorted(own), set(whole)
    kind = type(owner).__name__
    for key in sorted(set(group) - set(own) - _TORCH):
        if key in whole:
            raise HyperparameterError(
                f"{kind} has no setting {key!r} for a parameter group, since it holds for all of "
                f"them; give it to {kind}(...) itself."
            )
        meant = _OTHER_NAMES.get(key.lower())
        near = [meant] if meant in own else difflib.get_close_matches(key.lower(), own, 1, 0.75)
        if near or (key in _STEPS and group[key]):
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise HyperparameterError(
                f"{kind} has no setting {key!r} for a parameter group{hint}; it has "
                f"{', '.join(own)}."
            )


def read(owner: Any, group: dict[str, Any], names: Iterable[str]) -> None:
    """Make Python numbers of the settings `names` in a group, in place.

    They may be numpy scalars or tensors of one element; a rate that is a tensor stays one.

    Raises:
        HyperparameterError: a setting is not a number any more, or a rate infinite.

    >>> group = {"lr": Tensor([0.5]), "momentum": Tensor([0.5])}
    >>> read("SGD", group, group)
    >>> group
    {'lr': tensor([0.5000]), 'momentum': 0.5}
    """
    for name in names:
        value = group.get(name)  # torch adds a default of its own to copied optimizers
        kind = type(value)
        if kind in _SIMPLE or (kind is float and math.isfinite(value)):
            continue
        if kind is not float:
            number = plain(value)
            if not (name in LIVE and isinstance(value, Tensor)):
                group[name] = number
            value = number
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(part, float) and not math.isfinite(part):
                if math.isinf(part) and name not in LIVE:
                    continue
                raise HyperparameterError(
                    f"{type(owner).__name__}: {name} is {part!r} at iteration {owner.iteration}, "
                    "and the weights are unchanged; look at what writes into "
                    "optimizer.param_groups, a scheduler say."
                )
