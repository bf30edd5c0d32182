"""What the three methods of complexity gradient descent share: the regularised step, the sphere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from .base import (
    AT_LEAST_ZERO,
    POSITIVE,
    SWITCH,
    HyperparameterError,
    LandscapeOptimizer,
    count,
    require,
)
from .sgd import check_sgd, sgd_update

ROW = 256
RADIUS = (
    lambda v: v in ("initial", "sqrt") if isinstance(v, str) else POSITIVE[0](v),
    "'initial', 'sqrt' or a positive number",
)


class ComplexityGD(LandscapeOptimizer):
    r"""SGD on L + lambda_i |w|^2 and back to the sphere; a subclass says what lambda_i is.

    With g the mini-batch gradient of L and w all trainable weights of all groups in one vector:

        d = g + 2 lambda_i w      (no 1/2 in front of the norm: the work writes none)
        w <- w - lr d             (or with momentum, as in `SGD`)
        w <- R w / |w|            with projection=True

    Index i counts the moves made before, in units of `steps_per_epoch`.

    The sphere. R is the length of the weights as they were found (radius="initial", the default),
    sqrt(N) for N trainable weights ("sqrt"), or a number. The work says "N-sphere" and no radius;
    in the physics that it draws on, that is sqrt(N). A network with its usual initialisation lies
    far inside: |w| is about 16 and sqrt(N) 362 for this repository's LeNet, 41 and 1,291 for its
    All-CNN, so that the start would be blown up 22 and 32 times before the first step. "initial"
    keeps the scale that the network was built for, and is therefore the default; the direction of
    the start is the same, and that of Gaussian weights is uniform either way.

    Frozen parameters are not part of the sphere. A parameter without gradient is: it takes no step
    but is rescaled with the rest. The groups are coupled by the projection. When a parameter joins
    or leaves (a group added, `requires_grad` switched), R of "initial" follows, R^2 changing by the
    square of its length; N of "sqrt" counts anew. The length is accumulated in float64, or to the
    rounding of float32 for weights that are no finer, and without making the host wait for a GPU
    (except for R of "initial", when a parameter joins or leaves, and with `check_finite`). A vector
    whose length is right to within the rounding of its numbers is left alone, so that projecting
    twice changes nothing. Weights that are all zero are refused; on a GPU only where the host
    looks, elsewhere they become NaN.

    With projection and without momentum, a step with lambda_i is a step of plain SGD at the rate
    lr / (1 - 2 lr lambda_i) that is then projected: lambda_i only modulates the rate, and must stay
    below 1 / (2 lr). The momentum buffer is not projected.

    Source: Richemond and Guo (2019), section 4.
    """

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        recipe: dict[str, Any],
        generator: torch.Generator | None,
        check_finite: bool,
    ) -> None:
        require(self, recipe, projection=SWITCH, radius=RADIUS, steps_per_epoch=count(1))
        self._recipe = recipe
        self._members: tuple[bool, ...] = ()
        self._length_found = 0.0
        super().__init__(params, defaults, generator=generator, check_finite=check_finite)

    def _check_group(self, group: dict[str, Any]) -> None:
        check_sgd(self, {**group, "weight_decay": 0.0})
        require(self, group, lambda_0=AT_LEAST_ZERO)

    # the strength of the L2 term

    def strength(self, group: dict[str, Any] | None = None) -> float:
        """lambda_i of the last step, before the first one of that; of the first group if none."""
        group = self.param_groups[0] if group is None else group
        return self._strength(group, self._index(max(self.iteration - 1, 0)))

    def _index(self, iteration: int) -> int:
        return iteration // self.gradients_per_update // self._recipe["steps_per_epoch"]

    def _strength(self, group: dict[str, Any], i: int) -> float:
        """lambda_i of a group."""
        raise NotImplementedError

    # the step

    @torch.no_grad()
    def prepare(self) -> None:
        """Put the weights on the sphere; with radius="initial" they are, and R is noted.

        Without this call the first step, which ends with a projection, does it.
        """
        if self._recipe["projection"]:
            self._note_members()
            self._project()

    def _before_update(self) -> None:
        if self._recipe["projection"]:
            self._note_members()

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        self._descend(group, params, grads, self._strength(group, self._index(self.iteration)))

    def _descend(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], strength: float
    ) -> None:
        sgd_update(
            params,
            grads,
            [self.state[p] for p in params],
            lr=group["lr"],
            momentum=group["momentum"],
            nesterov=group["nesterov"],
            weight_decay=2 * strength,
        )

    def _after_update(self) -> None:
        if self._recipe["projection"]:
            self._project()

    # the sphere

    def _note_members(self) -> None:
        """Let R of "initial" follow the parameters that have joined or left since last time."""
        params = [p for group in self.param_groups for p in group["params"]]
        now = tuple(p.requires_grad for p in params)
        if now == self._members:
            return
        before = self._members + (False,) * (len(now) - len(self._members))
        self._members = now
        if self._recipe["radius"] != "initial":
            return
        joined = [p for p, new, old in zip(params, now, before, strict=True) if new and not old]
        left = [p for p, new, old in zip(params, now, before, strict=True) if old and not new]
        together = math.hypot(self._length_found, float(length(joined)))
        if left:
            together = math.sqrt(max(together**2 - float(length(left)) ** 2, 0.0))
        self._length_found = together

    def _project(self) -> None:
        params = [p for g in self.param_groups for p in g["params"] if p.requires_grad]
        if not sum(p.numel() for p in params):
            return
        radius = self._recipe["radius"]
        if radius == "initial":
            radius = self._length_found
        elif radius == "sqrt":
            radius = math.sqrt(sum(p.numel() for p in params))
        host = self.check_finite or all(p.device.type == "cpu" for p in params)
        if not radius or not to_length(params, radius, host=host):
            raise HyperparameterError(
                f"{type(self).__name__}: all trainable weights are zero at iteration "
                f"{self.iteration}, and zero cannot be projected onto a sphere; start from other "
                "weights or set projection=False."
            )

    # saving

    def _own_state(self) -> dict[str, Any]:
        sphere = {"members": self._members, "length_found": self._length_found}
        return {**super()._own_state(), "recipe": _plain(self._recipe), "sphere": sphere}

    def _load_own_state(self, state: dict[str, Any]) -> None:
        super()._load_own_state(state)
        self._members = tuple(state["sphere"]["members"])
        self._length_found = state["sphere"]["length_found"]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned, of an optimizer with the same settings."""
        own = _plain(self._recipe)
        saved = state_dict.get("landscape", {}).get("recipe", own)
        if saved != own:
            raise HyperparameterError(
                f"This state was saved with {saved}, not with {own}; build the optimizer with the "
                "same settings."
            )
        super().load_state_dict(state_dict)

    def __getstate__(self) -> dict[str, Any]:
        own = ("_recipe", "_members", "_length_found")
        return {**super().__getstate__(), **{k: self.__dict__[k] for k in own}}


def _plain(recipe: dict[str, Any]) -> dict[str, Any]:
    # A function cannot be saved with the numbers; that it is one can be.
    return {k: "a function" if callable(v) else v for k, v in recipe.items()}


@torch.no_grad()
def length(params: Sequence[Tensor]) -> Tensor:
    """|w| of all tensors as one vector: a scalar tensor in float64, where the device has that.

    On a CPU, rows of `ROW` numbers in float32 and half types are summed in float32 first, a tenth
    of the time; the relative error is that of one float32.

    >>> length([torch.full((4,), 2.0), torch.tensor(3.0)]).item()
    5.0
    """
    params = [p for p in params if p.numel()]
    if not params:
        return torch.zeros((), dtype=torch.float64)
    device = params[0].device
    kind = torch.float32 if device.type == "mps" else torch.float64
    norms = torch._foreach_norm([v for p in params for v in _pieces(p)], 2, dtype=kind)
    return torch.linalg.vector_norm(torch.stack([n.to(device) for n in norms]))


def _pieces(parameter: Tensor) -> list[Tensor]:
    """Vectors of the same length together, fewer numbers where that saves time."""
    rows = parameter.numel() // ROW * ROW
    exact = parameter.dtype == torch.float64
    if exact or not rows or parameter.device.type != "cpu" or not parameter.is_contiguous():
        return [parameter]
    flat = parameter.view(-1)
    table = torch.linalg.vector_norm(flat[:rows].view(-1, ROW), dim=1, dtype=torch.float32)
    return [table, flat[rows:]] if rows < flat.numel() else [table]


@torch.no_grad()
def to_length(params: Sequence[Tensor], radius: float, *, host: bool = True) -> bool:
    """Rescale all tensors together, in place, so that |w| = radius; False if w = 0.

    host=False never asks the device for the length: then zero is not noticed, it becomes NaN.

    >>> w = torch.tensor([3.0, 4.0])
    >>> to_length([w], 10.0), w.tolist()
    (True, [6.0, 8.0])
    """
    params = [p for p in params if p.numel()]
    # What the weights' own rounding leaves, or that of the sum of millions of squares.
    rounding = max(1e-14, *(torch.finfo(p.dtype).eps for p in params))
    scale = radius / length(params)
    if host:
        if scale.isinf():
            return False
        if abs(float(scale) - 1) <= rounding:
            return True
    else:
        scale = torch.where((scale - 1).abs() <= rounding, torch.ones_like(scale), scale)
    parts: dict[tuple, list[Tensor]] = {}
    for p in params:
        parts.setdefault((p.device, p.dtype), []).append(p)
    for (device, dtype), ps in parts.items():
        # The fast kernels want the number in the weights' type, which half types would round.
        exact = scale.dtype if torch.finfo(dtype).bits < 32 else dtype
        torch._foreach_mul_(ps, scale.to(device, exact))
    return True
