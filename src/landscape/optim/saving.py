"""How an optimizer's state is saved so that other people's savers lose nothing of it.

`torch.distributed.checkpoint` keeps the entries "state" and "param_groups" of an optimizer's state
and no other, fills a fresh optimizer's own state in place, entry by entry, and so wants to find the
same entries before training as in the middle of it. Therefore what belongs to the optimizer as a
whole goes as text into the first group, too, and every trainable parameter's state has all entries
that it can ever have, and so has a frozen one's that has any; those that it does not hold yet are
zeros, and listed as not held.
"""

from __future__ import annotations

import base64
import io
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from . import sixteen_bit
from .rules import HyperparameterError

ENTRY = "landscape"
_TENSOR = "tensor, saved by torch"


class PerParameter(defaultdict):
    """State by parameter; true while it is empty.

    `torch.distributed.checkpoint.state_dict` takes a step with gradients of zero where an optimizer
    has no state yet, to learn its entries. Here that step would count, draw noise and move weights,
    and the entries are known without it.

    >>> bool(PerParameter(dict))
    True
    """

    def __bool__(self) -> bool:
        return True


def pack(owner: Any, state: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What `state_dict()` returns: torch's own `state`, completed, and `own` in both places."""
    held: list[list[str] | None] = []
    entries: dict[int, dict[str, Any]] = {}
    for group in owner.param_groups:
        for place, parameter in enumerate(group["params"]):
            number = len(held)
            found = state["state"].get(number)
            held.append(None if found is None else list(found))
            if found is None and not parameter.requires_grad:
                continue
            entries[number] = dict(found or {})
            if not found and not parameter.requires_grad:
                continue  # what was frozen later may be loaded before it is frozen
            tensors, numbers = owner._kept(group, place)
            small = parameter.dtype in sixteen_bit.TYPES
            for name in [*tensors, *([sixteen_bit.KEY] if small else [])]:
                if name not in entries[number]:
                    kind = torch.float32 if small else parameter.dtype
                    entries[number][name] = torch.zeros_like(
                        parameter, dtype=kind, requires_grad=False
                    )
            for name in numbers:
                entries[number].setdefault(name, 0)
    own = {**own, "held": held}
    first, *others = state["param_groups"]
    groups = [{**first, ENTRY: json.dumps(own, default=_plain)}, *others]
    return {**state, "state": entries, "param_groups": groups, ENTRY: own}


def unpack(owner: Any, state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy of a saved state for torch to load, and what belongs to the optimizer as a whole.

    Tensors are copied: torch would let two optimizers share the memory of one state.

    Raises:
        HyperparameterError: the state of another optimizer, or one that a saver has cut.
    """
    first = next(iter(state["param_groups"]), {})
    if ENTRY not in state and ENTRY not in first:
        raise HyperparameterError(
            f"This state was not saved by {type(owner).__name__}, or a saver has dropped what it "
            f"needs: it has no {ENTRY!r} entry; save it again with this optimizer (with "
            "torch.distributed.checkpoint: without flatten_optimizer_state_dict)."
        )
    own = state[ENTRY] if ENTRY in state else json.loads(first[ENTRY], object_hook=_tensors)
    rest = {key: value for key, value in state.items() if key not in ("state", ENTRY)}
    groups = [{k: v for k, v in g.items() if k != ENTRY} for g in state["param_groups"]]
    # A state's keys are numbers, or with torch.distributed.checkpoint names; the groups say which.
    keys = [key for group in groups for key in group["params"]]
    held = own.get("held") or [list(state["state"].get(key, {})) for key in keys]
    entries = {k: _copied(v, None) for k, v in state["state"].items() if k not in keys}
    params = [p for group in owner.param_groups for p in group["params"]]
    for i, (key, names) in enumerate(zip(keys, held, strict=True)):
        if names is None:
            continue
        entry = state["state"].get(key, {})
        if missing := [name for name in names if name not in entry]:
            frozen = i < len(params) and not params[i].requires_grad
            raise HyperparameterError(
                f"This state of {type(owner).__name__} lacks {missing[0]!r} of parameter {key}, "
                "which it held when it was saved; "
                + (
                    "torch.distributed.checkpoint leaves out what is frozen, so load first and "
                    "freeze then."
                    if frozen
                    else "load the whole of it."
                )
            )
        entries[key] = _copied(entry, names)
    return {**rest, "state": entries, "param_groups": groups}, own


def _copied(entry: Any, names: list[str] | None) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    kept = entry if names is None else {name: entry[name] for name in names}
    return {k: v.clone() if isinstance(v, Tensor) else v for k, v in kept.items()}


def _plain(value: Any) -> Any:
    """A tensor (the state of a generator) or a number of another library, as text."""
    if not isinstance(value, Tensor):
        return value.item()
    file = io.BytesIO()
    torch.save(value.cpu().clone(), file)
    return {_TENSOR: base64.b64encode(file.getvalue()).decode()}


def _tensors(found: dict[str, Any]) -> Any:
    if set(found) == {_TENSOR}:
        return torch.load(io.BytesIO(base64.b64decode(found[_TENSOR])), weights_only=True)
    return found
