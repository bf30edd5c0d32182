"""Optimizers of the works, one algorithm a file, all called like `torch.optim.SGD`.

`build(name, params, **settings)` makes one, `names()` lists them, `source_files(name)` says in
which files its code lies.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .adam import Adam
from .anneal_sgd import AnnealSGD
from .auto_l2 import AutoL2
from .base import LandscapeOptimizer
from .batch_norm import estimated_batch_norm
from .cosine_cgd import CosineCGD
from .elastic_sgd import ElasticSGD
from .entropy_adam import EntropyAdam
from .entropy_sgd import EntropySGD
from .gradients import NonFiniteGradientError
from .hamilton_jacobi import HamiltonJacobi
from .heat_smoothing import HeatSmoothing
from .matched_cgd import MatchedCGD
from .parle import Parle
from .peers import ReplicaLostError
from .resampled_noise import ResampledNoise
from .rules import HyperparameterError, suggestion
from .sgd import SGD
from .sgld import SGLD, PosteriorMean
from .two_step_cgd import TwoStepCGD

# Modules that all optimizers run through, and those of some
_SHARED = ("base", "gradients", "group_settings", "hands_on", "outside", "processes", "rules",
           "saving", "sixteen_bit", "tensors")  # fmt: skip
_LOOP = ("inner_loop", "inner_stability", "normal_pool", "scoping", "sgd")
_SPHERE = ("complexity_gd", "sphere", "sgd")
_REPLICAS = ("replicas", "replica_groups", "replica_lists", "peers")
# name -> class, and the modules of this package, beside the shared ones, that it runs through
_REGISTRY: dict[str, tuple[type[LandscapeOptimizer], tuple[str, ...]]] = {
    "sgd": (SGD, ("sgd",)),
    "adam": (Adam, ("adam",)),
    "anneal_sgd": (AnnealSGD, ("anneal_sgd", "sgd", "adam")),
    "resampled_noise": (ResampledNoise, ("resampled_noise", "anneal_sgd", "sgd", "adam")),
    "entropy_sgd": (EntropySGD, ("entropy_sgd", "authors", *_LOOP)),
    "entropy_adam": (EntropyAdam, ("entropy_adam", *_LOOP, "adam")),
    "heat_smoothing": (HeatSmoothing, ("heat_smoothing", "scoping", "sgd")),
    "hamilton_jacobi": (HamiltonJacobi, ("hamilton_jacobi", *_LOOP)),
    "sgld": (SGLD, ("sgld", "sgd")),
    "matched_cgd": (MatchedCGD, ("matched_cgd", *_SPHERE)),
    "cosine_cgd": (CosineCGD, ("cosine_cgd", *_SPHERE)),
    "two_step_cgd": (TwoStepCGD, ("two_step_cgd", "cosine_cgd", *_SPHERE)),
    "elastic_sgd": (ElasticSGD, ("elastic_sgd", *_REPLICAS, "scoping", "sgd")),
    "parle": (Parle, ("parle", "coupled_loops", "authors", *_REPLICAS, *_LOOP)),
}

__all__ = [
    "SGD",
    "SGLD",
    "Adam",
    "AnnealSGD",
    "AutoL2",
    "CosineCGD",
    "ElasticSGD",
    "EntropyAdam",
    "EntropySGD",
    "HamiltonJacobi",
    "HeatSmoothing",
    "HyperparameterError",
    "LandscapeOptimizer",
    "MatchedCGD",
    "NonFiniteGradientError",
    "Parle",
    "PosteriorMean",
    "ReplicaLostError",
    "ResampledNoise",
    "TwoStepCGD",
    "build",
    "estimated_batch_norm",
    "names",
    "settings",
    "source_file",
    "source_files",
    "trains_replicas",
]


def names() -> list[str]:
    """Names that `build` knows."""
    return list(_REGISTRY)


def build(name: str, params: Iterable[Any], **settings: Any) -> LandscapeOptimizer:
    """The optimizer `name` on `params`; `settings` are its keyword arguments.

    Raises:
        HyperparameterError: unknown name, unknown, missing or impossible setting; the sentence says
            what is allowed.

    >>> import torch
    >>> build("sgd", [torch.nn.Parameter(torch.zeros(2))], lr=0.1).param_groups[0]["lr"]
    0.1
    """
    kind = _find(name)
    try:
        inspect.signature(kind).bind(params, **settings)
    except TypeError as problem:
        known = [
            p for p in inspect.signature(kind).parameters if p not in ("params", "base_settings")
        ]
        stray = next((key for key in settings if key not in known), "")
        raise HyperparameterError(
            f"Optimizer {name!r}: {problem}{suggestion(stray, known)}; its settings are "
            f"{', '.join(known)}."
        ) from None
    return kind(params, **settings)


def settings(name: str) -> tuple[str, ...]:
    """The keyword arguments that `build(name, params, ...)` takes."""
    return tuple(
        p for p in inspect.signature(_find(name)).parameters if p not in ("params", "base_settings")
    )


def trains_replicas(name: str) -> bool:
    """Whether the optimizer couples replicas: it takes a list of parameter lists, or a group."""
    return "group" in settings(name)


def source_file(name: str) -> Path:
    """The file that defines the optimizer."""
    return Path(inspect.getfile(_find(name)))


def source_files(name: str) -> list[Path]:
    """All files that the optimizer's arithmetic lies in, its own first: what a run depends on."""
    _find(name)
    here = Path(__file__).parent
    return [here / f"{module}.py" for module in (*_REGISTRY[name][1], *_SHARED)]


def _find(name: str) -> type[LandscapeOptimizer]:
    if name not in _REGISTRY:
        raise HyperparameterError(
            f"No optimizer is called {name!r}; there are {', '.join(_REGISTRY)}."
        )
    return _REGISTRY[name][0]
