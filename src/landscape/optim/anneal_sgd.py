"""AnnealSGD, the thesis' Trivialized-SGD: one random field, drawn once and annealed away."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from .adam import adam_update, check_adam
from .base import LandscapeOptimizer
from .processes import as_laid_out, refuse_unequal_noise
from .rules import (
    AT_LEAST_ZERO,
    POSITIVE,
    HyperparameterError,
    count,
    one_of,
    require,
    suggestion,
)
from .sgd import check_sgd, sgd_update
from .sixteen_bit import on_masters
from .tensors import chunks

BASES: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
}


class AnnealSGD(LandscapeOptimizer):
    r"""SGD or Adam whose gradient is tilted by a fixed random field that fades away.

    ::

        once:            h ~ J sqrt(p (p - 2)) N(0, I)
        at iteration i:  tau_i = n (exp(-i / tau0) - 1/2)
                         h_i = sqrt(1 + 2 tau_i / n) h = sqrt(2) exp(-i / (2 tau0)) h  (no n left)
                         the base's step with g + h_i in place of the mini-batch gradient g

    Args:
        params: tensors, groups or named parameters. All settings but `base` may differ between
            groups; a group with J=0 (biases, say) feels no field, and none is drawn for it.
        J: coupling, >= 0. tau0: decay time in iterations, > 0. layers: p, an integer of at least 3
            (p (p - 2) is 0 at 2). The works: mnistfc J=1e-3, tau0=500; lenet and allcnn J=1e-4,
            tau0=1000; p is the number of layers, a convolution with its normalisation and pooling
            counting as one.
        base: "sgd" or "adam". Its settings are passed on: lr, weight_decay, and momentum, nesterov
            or betas, eps, with the defaults of `SGD` and `Adam`. Weight decay is part of g: the
            field is added to g + weight_decay w.
        annealing: "exponential", eq. (2.20), or "linear". The works say that linear decay did as
            well and give no formula; here tau falls from n/2 with the same initial slope, tau_i = n
            (max(1 - i/tau0, 0) - 1/2), so h_i = sqrt(2 max(1 - i/tau0, 0)) h vanishes at i = tau0.
        critical: "critical_points", the scale above (eq. 2.19), or "local_minima", eq. (2.21): the
            field starts at v = v_c sqrt(1 + kappa log n / n^(1/3)), n = sqrt(#weights / p), and is
            annealed by the same factor, h_i = sqrt(1 + kappa log n / n^(1/3)) exp(-i / (2 tau0)) h.
            How (2.21) was annealed and kappa are not stated; the default kappa = 1 is a choice.
        generator: source of h. h is drawn at the first `step()` or `perturbation()`, in the order
            of the parameters.
        check_finite: see `LandscapeOptimizer`.

    Raises:
        HyperparameterError: a setting outside these ranges, or one that the base does not have.

    Memory: three copies of the weights with base="sgd", themselves included: w, u and h (two
    without momentum); four with "adam": w, m, v and h; without field (J=0) one less. A step needs
    g + h_i besides, on a CPU for 131 072 weights or one parameter at a time, elsewhere for all. The
    gradients are left alone. With J=0 the steps are those of the base, bit for bit.

    Source: Chaudhari (2018), Algorithm 1, eqs. (2.19)-(2.21); Chaudhari and Soatto (2015),
    Algorithm 1.

    >>> import torch
    >>> w = torch.nn.Parameter(torch.zeros(3))
    >>> draws = torch.Generator().manual_seed(0)
    >>> optimizer = AnnealSGD([w], J=0.1, tau0=10, layers=4, lr=1.0, generator=draws)
    >>> field, = optimizer.perturbation()
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> bool(torch.allclose(w, -(1 + field)))
    True
    """

    draws = True

    def __init__(
        self,
        params: Iterable[Any],
        J: float,
        tau0: float,
        layers: int,
        base: str = "sgd",
        *,
        annealing: str = "exponential",
        critical: str = "critical_points",
        kappa: float = 1.0,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
        **base_settings: Any,
    ) -> None:
        require(self, {"base": base}, base=one_of(*BASES))
        unknown = sorted(set(base_settings) - set(BASES[base]))
        if unknown:
            raise HyperparameterError(
                f"{type(self).__name__} with base={base!r} has no setting "
                f"{unknown[0]!r}{suggestion(unknown[0], BASES[base])}; the base has "
                f"{', '.join(BASES[base])}."
            )
        defaults = {
            **BASES[base], **base_settings, "J": J, "tau0": tau0, "layers": layers,
            "annealing": annealing, "critical": critical, "kappa": kappa,
        }  # fmt: skip
        super().__init__(
            params, defaults, recipe={"base": base}, generator=generator, check_finite=check_finite
        )

    def _check_group(self, group: dict[str, Any]) -> None:
        (check_sgd if self._recipe["base"] == "sgd" else check_adam)(self, group)
        require(
            self,
            group,
            J=AT_LEAST_ZERO,
            tau0=POSITIVE,
            layers=count(3),
            annealing=one_of("exponential", "linear"),
            critical=one_of("critical_points", "local_minima"),
            kappa=AT_LEAST_ZERO,
        )

    def scale(self, group: dict[str, Any] | None = None) -> float:
        """`|h_i| / |h|` at the next step, a pure number; of the first group if none is given."""
        group = self.param_groups[0] if group is None else group
        fraction = self.iteration / group["tau0"]
        if group["annealing"] == "exponential":
            decay = math.exp(-fraction / 2)
        else:
            decay = math.sqrt(max(1 - fraction, 0.0))
        if group["critical"] == "critical_points":
            return math.sqrt(2) * decay
        weights = sum(p.numel() for g in self.param_groups for p in g["params"])
        n = math.sqrt(max(weights, 1) / group["layers"])
        return math.sqrt(max(1 + group["kappa"] * math.log(n) / n ** (1 / 3), 0.0)) * decay

    def _draws_noise(self) -> bool:
        return any(
            p.requires_grad and "field" not in self.state.get(p, {})
            for group in self.param_groups
            if group["J"] > 0 and self.scale(group) > 0
            for p in group["params"]
        )

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        field = ["field"] if group["J"] > 0 else []
        if self._recipe["base"] == "adam":
            return [*field, "exp_avg", "exp_avg_sq"], ["step"]
        return field + (["momentum_buffer"] if group["momentum"] > 0 else []), []

    def _draw(self, parameter: Tensor, spread: float) -> None:
        """Make sure that the parameter's field for the next step lies in its state."""
        state = self.state[parameter]
        if "field" not in state:
            state["field"] = self._normal_like(parameter, spread)

    @torch.no_grad()
    @on_masters
    def set_field(self, field: Sequence[Tensor | None]) -> None:
        """Take this h in place of a drawn one: a tensor a parameter, None where none is felt.

        The scale `|h_i| / |h|` still decays with the iterations. The field is saved with the state.
        Where the parameters are sharded, h may be whole, the same in all processes.

        Raises:
            HyperparameterError: not a tensor of the right shape for each parameter that feels one.
        """
        places = [(g, p) for g in self.param_groups for p in g["params"]]
        if len(field) != len(places):
            raise HyperparameterError(
                f"{type(self).__name__}: a field has one entry for each of the {len(places)} "
                f"parameters, not {len(field)}."
            )
        field = [None if h is None else torch.as_tensor(h) for h in field]
        for i, ((group, p), h) in enumerate(zip(places, field, strict=True)):
            felt = group["J"] > 0 and p.requires_grad
            if (h is None) == felt or (felt and h.shape != p.shape):
                due = (
                    f"the shape {tuple(p.shape)}" if felt else "None, since J is 0 or it is frozen"
                )
                raise HyperparameterError(
                    f"{type(self).__name__}: the field of parameter {i} must have {due}."
                )
        for (_, p), h in zip(places, field, strict=True):
            if h is not None:
                out = torch.empty_like(p, requires_grad=False)
                self.state[p]["field"] = out.copy_(as_laid_out(h, out))

    def _prepare_fields(self) -> None:
        # For every trainable parameter, in order, gradient or not: which numbers a weight gets must
        # not depend on that.
        for group in self.param_groups:
            if group["J"] > 0 and self.scale(group) > 0:
                spread = group["J"] * math.sqrt(group["layers"] * (group["layers"] - 2))
                for parameter in group["params"]:
                    if parameter.requires_grad:
                        self._draw(parameter, spread)

    @on_masters
    def perturbation(self) -> list[Tensor | None]:
        """The field h_i that the next step adds: new tensors, in the order of the groups.

        None stands for a parameter without field (frozen, or J=0 in its group).
        """
        refuse_unequal_noise(self)
        with torch.no_grad():
            self._prepare_fields()
            return [
                self.state[p]["field"] * self.scale(group)
                if group["J"] > 0 and self.scale(group) > 0 and p.requires_grad
                else None
                for group in self.param_groups
                for p in group["params"]
            ]

    def _before_update(self) -> None:
        self._prepare_fields()

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        states = [self.state[p] for p in params]
        scale = self.scale(group)
        tilted = group["J"] > 0 and scale > 0
        base = self._recipe["base"]
        update = sgd_update if base == "sgd" else adam_update
        settings = {k: group[k] for k in BASES[base]}
        for part in chunks(params) if tilted else (slice(None),):
            gs, ss = grads[part], states[part]
            if tilted:  # the gradients themselves stay as they are, for whoever looks at them
                gs = list(torch._foreach_add(gs, [s["field"] for s in ss], alpha=scale))
            update(params[part], gs, ss, **settings)
