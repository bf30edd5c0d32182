"""Reading lists of parameters, one a replica, and saying where two replicas differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

from .rules import HyperparameterError


def first_difference(descriptions: Sequence[Sequence[tuple[str, Any]]]) -> str | None:
    """What tells the first differing replica from replica 0; None: they are alike.

    >>> first_difference([[("lr", 0.1), ("L", 5)], [("lr", 0.1), ("L", 4)]])
    'L is 5 for replica 0 and 4 for replica 1'
    """
    for a, other in enumerate(descriptions):
        for mine, theirs in zip(descriptions[0], other, strict=False):
            if mine != theirs:
                if mine[0] != theirs[0]:
                    return f"replica 0 has {mine[0]} where replica {a} has {theirs[0]}"
                return f"{mine[0]} is {mine[1]!r} for replica 0 and {theirs[1]!r} for replica {a}"
        if len(other) != len(descriptions[0]):
            return f"replica {a} has other settings than replica 0"
    return None


def refuse(difference: str | None) -> None:
    """Raise `HyperparameterError` about a difference, if there is one."""
    if difference is not None:
        raise HyperparameterError(
            f"Replicas must be alike, but {difference}; build all of them with the same model and "
            "the same settings."
        )


def plain_names(group: dict[str, Any]) -> list[str]:
    """Names of a group's parameters without the replica's number."""
    return [name.split(": ", 1)[1] for name in group["param_names"]]


def describe(params: Iterable[Any]) -> list[tuple[str, Any]]:
    """What must be the same in all replicas, in words and values."""
    params = list(params)
    described: list[tuple[str, Any]] = [("the number of parameters", len(params))]
    for j, (name, p) in enumerate(map(named, params)):
        described.append((f"the name of parameter {j}", name))
        label = name or f"parameter {j}"
        described.append((f"the shape of {label}", tuple(p.shape)))
        described.append((f"the type of {label}", str(p.dtype)))
        described.append((f"requires_grad of {label}", p.requires_grad))
    return described


def named(entry: Any) -> tuple[str, Tensor]:
    """(name, parameter); the name is empty where none was given."""
    return entry if isinstance(entry, tuple) else ("", entry)


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)


def replica_lists(params: Any) -> list[list[Any]]:
    """A list of parameters (or of pairs with names) for each replica."""
    if isinstance(params, (Tensor, set)):
        return [[params]] if isinstance(params, Tensor) else [params]  # torch refuses the set
    entries = list(params)
    nested = [not (isinstance(entry, Tensor) or _is_pair(entry)) for entry in entries]
    if not any(nested):
        return [entries]
    if not all(nested):
        raise HyperparameterError(
            "Give either one replica's parameters or a list of parameters for each replica, "
            "not a mixture."
        )
    if any(isinstance(entry, (str, dict)) or not hasattr(entry, "__iter__") for entry in entries):
        raise HyperparameterError(
            "Replicas must be iterables of parameters; groups with settings of their own are "
            'written {"params": [[... of replica 0], [... of replica 1]], "lr": ...}.'
        )
    lists = [list(entry) for entry in entries]
    for a, members in enumerate(lists):
        for entry in members:
            if not (isinstance(entry, Tensor) or _is_pair(entry)):
                raise HyperparameterError(
                    f"Replica {a} must be an iterable of parameters, but holds a "
                    f"{type(entry).__name__}; groups with settings of their own are written "
                    '{"params": [[... of replica 0], [... of replica 1]], "lr": ...}.'
                )
    return lists


def refuse_shared(lists: list[list[Any]]) -> None:
    """Raise `HyperparameterError` where two replicas lie in the same memory."""
    owners: dict[int, str] = {}
    for a, params in enumerate(lists):
        mine: dict[int, str] = {}
        for j, (name, p) in enumerate(map(named, params)):
            label = f"replica {a}: {name or f'parameter {j}'}"
            place = p.untyped_storage().data_ptr() if p.numel() else 0
            if place and place in owners:
                raise HyperparameterError(
                    f"Replicas must not share memory, but {label!r} is {owners[place]!r}; make "
                    "each replica a model of its own, by copy.deepcopy for instance."
                )
            mine[place] = label
        owners.update(mine)
