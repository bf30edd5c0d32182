"""What the three methods of complexity gradient descent share: the regularised step, the sphere."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .base import LandscapeOptimizer
from .rules import AT_LEAST_ZERO, POSITIVE, SWITCH, HyperparameterError, count, require
from .sgd import check_sgd, sgd_update
from .sixteen_bit import on_masters
from .sphere import length, to_length

RADIUS = (
    lambda v: v in ("initial", "sqrt") if isinstance(v, str) else POSITIVE[0](v),
    "'initial', 'sqrt' or a positive number",
)


class ComplexityGD(LandscapeOptimizer):
    r"""SGD on `L + lambda_i |w|^2` and back to the sphere; a subclass says what lambda_i is.

    With g the mini-batch gradient of L and w all trainable weights of all groups in one vector::

        d = g + 2 lambda_i w      (no 1/2 in front of the norm: the work writes none)
        w <- w - lr d             (or with momentum, as in `SGD`)
        w <- R w / |w|            with projection=True

    Index i counts the moves made before, in units of `steps_per_epoch`.

    The sphere. R is the length of the weights as they were found (radius="initial", the default),
    sqrt(N) for N trainable weights ("sqrt"), or a number. The work says "N-sphere" and no radius;
    in the physics that it draws on, that is sqrt(N). A network with its usual initialisation lies
    far inside: `|w|` is about 16 and sqrt(N) 362 for this repository's LeNet, 41 and 1,291 for its
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

    Settings that all methods share, by keyword only but for the first three:

    Args:
        params: tensors, groups or named parameters; lr, lambda_0, momentum and nesterov may differ
            between groups, which share the sphere.
        lambda_0: strength of the L2 term `lambda |w|^2` that lambda_i is measured in, >= 0. The
            work states none.
        lr: learning rate, >= 0; none is stated.
        momentum, nesterov: as in `SGD`; the work takes plain gradient steps.
        projection: False leaves out the sphere, and then lambda_i regularises.
        radius: "initial", "sqrt" or a number; which one the work means is not stated: see above.
        steps_per_epoch: i counts moves by default (1). With m moves an epoch it counts epochs, and
            lambda_i is fixed within one. The text of the algorithms mixes the two.
        generator, check_finite: see `LandscapeOptimizer`; nothing is drawn.
        own: settings of the method alone; like projection, radius and steps_per_epoch they hold for
            all groups.

    Raises:
        HyperparameterError: a setting outside these ranges.

    Source: Richemond and Guo (2019), section 4.

    >>> from landscape.optim import CosineCGD
    >>> w = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    >>> for radius in ("initial", "sqrt", 10.0):
    ...     optimizer = CosineCGD([w], lambda_0=0.1, T=4, radius=radius)
    ...     optimizer.prepare()
    ...     print([round(x, 3) for x in w.tolist()])
    [3.0, 4.0]
    [0.849, 1.131]
    [6.0, 8.0]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lambda_0: float,
        lr: float = 0.1,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        projection: bool = True,
        radius: str | float = "initial",
        steps_per_epoch: int = 1,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
        **own: Any,
    ) -> None:
        shared = {"projection": projection, "radius": radius, "steps_per_epoch": steps_per_epoch}
        require(self, shared, projection=SWITCH, radius=RADIUS, steps_per_epoch=count(1))
        # Which parameters are part of the sphere, and the length of the weights as found.
        self._sphere: dict[str, Any] = {"members": (), "length_found": 0.0}
        super().__init__(
            params,
            {"lr": lr, "lambda_0": lambda_0, "momentum": momentum, "nesterov": nesterov},
            recipe=shared | own,
            generator=generator,
            check_finite=check_finite,
        )

    def __init_subclass__(cls, **more: Any) -> None:
        """Show the shared settings where a method takes `**shared`: in help and in `settings`."""
        super().__init_subclass__(**more)
        _, *own = inspect.signature(cls.__init__).parameters.values()
        if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD:
            shared = inspect.signature(ComplexityGD.__init__).parameters.values()
            own[-1:] = [p for p in shared if p.kind is p.KEYWORD_ONLY]
            cls.__signature__ = inspect.Signature(own, return_annotation=None)

    def _check_group(self, group: dict[str, Any]) -> None:
        check_sgd(self, {**group, "weight_decay": 0.0})
        require(self, group, lambda_0=AT_LEAST_ZERO)

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        return ["momentum_buffer"] if group["momentum"] > 0 else [], []

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
    @on_masters
    def prepare(self) -> None:
        """Put the weights on the sphere; with radius="initial" they are, and R is noted.

        Without this call the first step, which ends with a projection, does it.
        """
        self._refuse_outside_change("prepare")
        if self._recipe["projection"]:
            self._note_members()
            self._project()
            self._watch.again(self.param_groups)

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
        before = self._sphere["members"]
        if now == before:
            return
        before += (False,) * (len(now) - len(before))
        self._sphere["members"] = now
        if self._recipe["radius"] != "initial":
            return
        joined = [p for p, new, old in zip(params, now, before, strict=True) if new and not old]
        left = [p for p, new, old in zip(params, now, before, strict=True) if old and not new]
        together = math.hypot(self._sphere["length_found"], float(length(joined)))
        if left:
            together = math.sqrt(max(together**2 - float(length(left)) ** 2, 0.0))
        self._sphere["length_found"] = together

    def _project(self) -> None:
        params = [p for g in self.param_groups for p in g["params"] if p.requires_grad]
        if not sum(p.numel() for p in params):
            return
        radius = self._recipe["radius"]
        if radius == "initial":
            radius = self._sphere["length_found"]
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
        return {**super()._own_state(), "sphere": dict(self._sphere)}

    def _load_own_state(self, state: dict[str, Any]) -> None:
        super()._load_own_state(state)
        sphere = state["sphere"]
        self._sphere.update(members=tuple(sphere["members"]), length_found=sphere["length_found"])

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_sphere": self._sphere}
