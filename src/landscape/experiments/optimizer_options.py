"""What each optimizer says of itself, built with its defaults: the case `options`.

One row a setting of its constructor and one a property: gradients a move, whether the answer is a
point of its own, whether it trains replicas.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from landscape import optim

COLUMNS = ("optimizer", "variant", "kind", "name", "value")
#: Settings of which the constructor's table shows what each gives to the others.
VARIANTS: dict[str, dict[str, dict[str, str]]] = {
    "entropy_sgd": {
        "B": {"form": "B"}, "C": {"form": "C"},
        "authors": {"convention": "authors"}, "authors-lua": {"convention": "authors-lua"},
    },
}  # fmt: skip
#: Arguments that every optimizer has and that are no settings of the algorithm.
SHARED = ("params", "optimizer", "generator", "check_finite")
#: What acts on an optimizer and is shown beside them.
SCHEDULES = (optim.AutoL2,)


def rows(settings: Mapping[str, Any]) -> Iterable[tuple]:
    """One row a setting of a constructor and one a property, of every optimizer."""
    shown: dict[str, Mapping[str, Any]] = {}  # the first of each: later ones are controls
    for method in settings["methods"].values():
        shown.setdefault(method["optimizer"]["name"], method["optimizer"])
    for name in optim.names():
        for variant, choice in {"": {}, **VARIANTS.get(name, {})}.items():
            for kind, entries in describe(name, shown[name], choice).items():
                for entry, value in entries.items():
                    yield name, variant, kind, entry, value
    for kind in SCHEDULES:
        for setting, default in _known(kind).items():
            yield kind.__name__, "", "setting", setting, _text(default)


def describe(
    name: str, example: Mapping[str, Any], choice: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """What an optimizer says of itself: "setting" -> default and "property" -> value, as text.

    A default is "" for a setting that must be given; ``example`` has values for those. Where the
    constructor writes None because the default depends on ``choice``, it is the value in force.
    """
    known = _known(_class(name))
    needed = {k: example[k] for k, v in known.items() if v is inspect.Parameter.empty}
    weights = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    params = [[w] for w in weights] if optim.trains_replicas(name) else weights
    made = optim.build(name, params, **needed, **choice)
    # The authors' programs throw the first gradient of a move away.
    inner = made.gradients_per_update - ("authors" in choice.get("convention", ""))
    rate = getattr(getattr(made, "scoping", None), "rate", None)
    inforce = {**made.defaults, "L": inner, "gamma_decay": rate, **choice}
    defaults = {
        k: _text(inforce.get(k) if v is None or k in choice else v) for k, v in known.items()
    }
    properties = {
        "gradients_per_update": str(made.gradients_per_update),
        "own_answer": str(bool(made.own_answer)),
        "trains_replicas": str(optim.trains_replicas(name)),
    }
    return {"setting": defaults, "property": properties}


def _known(kind: type) -> dict[str, Any]:
    """Settings of a constructor and their defaults."""
    return {
        k: p.default for k, p in inspect.signature(kind).parameters.items()
        if k not in SHARED and p.kind is not p.VAR_KEYWORD
    }  # fmt: skip


def _text(default: Any) -> str:
    return "" if default is inspect.Parameter.empty else repr(default)


def _class(name: str) -> type[optim.LandscapeOptimizer]:
    source = optim.source_file(name)
    return next(
        kind for kind in vars(optim).values()
        if inspect.isclass(kind) and issubclass(kind, optim.LandscapeOptimizer)
        and Path(inspect.getfile(kind)) == source
    )  # fmt: skip
