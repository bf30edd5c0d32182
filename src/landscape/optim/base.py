"""The class that all optimizers here share: one step, noise, the answer, saving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from .gradients import refuse_non_finite, with_gradient
from .hands_on import HandsOn
from .rules import HyperparameterError
from .tensors import exchange

EXTRA_GROUP_KEYS = {"params", "param_names", "name", "initial_lr"}


class LandscapeOptimizer(HandsOn, torch.optim.Optimizer):
    """Base class: one `backward()`, one `step()`, and `solution()` for the current answer.

    Subclasses write `_update(group, params, grads)`, called once a step for each parameter group
    with the parameters that have a gradient and do not stand still (`requires_grad`), and may
    override `_check_group` and, where the answer is another point, `_answers`.

    Args:
        params: tensors, groups (dicts) or named parameters, as for every torch optimizer.
        defaults: hyper-parameters of a group that states none of its own.
        recipe: settings of the optimizer as a whole, fixed for its life: a state that was saved
            with others is refused.
        generator: source of all noise; its state is saved in `state_dict()`. It may live on another
            device than the weights: the numbers are then drawn there and copied, so that a CPU
            generator gives the same run everywhere.
        check_finite: refuse NaN and infinite gradients with `NonFiniteGradientError` before
            anything changes. Off by default: it reads every gradient once more and, on a GPU, makes
            the host wait for it at every step.

    Raises:
        HyperparameterError: unknown or impossible setting, in the defaults or in a group.
    """

    gradients_per_update = 1
    #: Whether the answer is another point than the one where gradients are taken, so that
    #: batch-norm statistics gathered at the latter do not fit it (see `batch_norm`).
    own_answer = False

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        recipe: dict[str, Any] | None = None,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        self.generator = generator
        self.check_finite = bool(check_finite)
        self._recipe = {} if recipe is None else recipe
        self._counters: dict[str, int] = {"iteration": 0}
        self._swapped: list[tuple[Tensor, Tensor]] | None = None  # while solution() lasts
        super().__init__(params, defaults)

    # settings

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters; settings that it does not state are the defaults."""
        if isinstance(param_group, dict):
            unknown = sorted(set(param_group) - set(self.defaults) - EXTRA_GROUP_KEYS)
            if unknown:
                raise HyperparameterError(
                    f"{type(self).__name__} has no setting {unknown[0]!r} for a parameter group; "
                    f"it has {', '.join(sorted(self.defaults))}."
                )
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            for parameter in group["params"]:
                if parameter.is_complex():
                    raise HyperparameterError(
                        f"{type(self).__name__} works on real parameters; pass "
                        "torch.view_as_real(parameter) instead."
                    )
            self._check_group(group)
        except HyperparameterError:
            self.param_groups.pop()
            raise

    def _check_group(self, group: dict[str, Any]) -> None:
        """Refuse impossible settings of one group."""

    # before the step

    def prepare(self) -> None:
        """Put the weights where the first gradient is due; to be called once, before training.

        Most methods take it where the weights are, and need no call. A method that says otherwise
        in its own docstring runs without the call, too, but its first gradient is then taken at the
        weights as they are.
        """

    def observe(self, loss: Tensor | float) -> None:
        """Tell the loss that the next step's gradient belongs to, before that step.

        For methods that follow the loss; the others ignore it. A closure given to `step()` makes
        this call itself.
        """

    # the step

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Use the gradients that `backward()` left; returns what `closure` returns, if given."""
        self._refuse_in_solution("step")
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
            self.observe(loss)
        work = [with_gradient(self, group) for group in self.param_groups]
        if self.check_finite:
            refuse_non_finite(self.param_groups, self.iteration)
        self._before_update()
        for group, (params, grads) in zip(self.param_groups, work, strict=True):
            if params:
                self._update(group, params, grads)
        self._counters["iteration"] += 1
        self._after_update()
        return loss

    @property
    def iteration(self) -> int:
        """Number of steps taken so far."""
        return self._counters["iteration"]

    def _before_update(self) -> None:
        """Hook: once a step, before the groups."""

    def _update(self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor]) -> None:
        raise NotImplementedError

    def _after_update(self) -> None:
        """Hook: once a step, after the groups and after the iteration count."""

    # noise

    def _normal_like(self, parameter: Tensor, scale: float, out: Tensor | None = None) -> Tensor:
        """Independent N(0, scale^2) numbers in the parameter's shape, type, device and layout."""
        if self._source is not None:
            return self._given(parameter, scale, out)
        device = parameter.device if self.generator is None else self.generator.device
        if out is None:
            out = torch.empty_like(parameter, requires_grad=False)
        if out.device == device and out.is_contiguous():
            return out.normal_(0.0, scale, generator=self.generator)
        # Drawn in row-major order, so that layout and device do not change the numbers.
        drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
        return out.copy_(drawn.normal_(0.0, scale, generator=self.generator))

    def perturbation(self) -> list[Tensor | None] | None:
        """What the next step adds to the gradient, a tensor a parameter; None: nothing."""
        return None

    # the answer

    @contextmanager
    def solution(self) -> Iterator[None]:
        """Within, the parameters hold the answer; afterwards the working point, bit for bit."""
        if self._swapped is not None:
            yield
            return
        with torch.no_grad():
            swapped = list(self._answers())
            exchange(swapped)
        self._swapped = swapped
        try:
            yield
        finally:
            self._swapped = None
            with torch.no_grad():
                exchange(swapped)

    def _answers(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Pairs of a parameter and the tensor with its answer; none where the two are the same.

        The tensors hold the working point while the parameters hold the answer.
        """
        return ()

    def _refuse_in_solution(self, call: str) -> None:
        if self._swapped is not None:
            raise RuntimeError(
                f"Leave the solution() block before {call}(): the parameters hold the answer, not "
                "the working point."
            )

    # saving

    def _own_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"counters": dict(self._counters), "recipe": self._saved_recipe()}
        if self.generator is not None:
            state["generator"] = self.generator.get_state()
        return state

    def _saved_recipe(self) -> dict[str, Any]:
        # A function cannot be saved with the numbers; that it is one can be.
        return {k: "a function" if callable(v) else v for k, v in self._recipe.items()}

    def _load_own_state(self, state: dict[str, Any]) -> None:
        self._counters = dict(state["counters"])
        if "generator" in state:
            self.generator.set_state(state["generator"].cpu())

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, at any phase; save the model's state beside it."""
        self._refuse_in_solution("state_dict")
        return {**super().state_dict(), "landscape": self._own_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned; the model restores its own state.

        Raises:
            HyperparameterError: a state of another kind of optimizer, or of one that was built with
                other settings as a whole (a cycle of another length, say); nothing has changed.
        """
        self._refuse_in_solution("load_state_dict")
        if "landscape" not in state_dict:
            raise HyperparameterError(
                f"This state was not saved by {type(self).__name__}: it has no "
                "'landscape' entry; save it again with this optimizer."
            )
        self._refuse_other_state(state_dict["landscape"])
        super().load_state_dict(state_dict)
        self._load_own_state(state_dict["landscape"])

    def _refuse_other_state(self, state: dict[str, Any]) -> None:
        own = self._saved_recipe()
        saved = state.get("recipe", own)
        if differing := [k for k in {**own, **saved} if saved.get(k) != own.get(k)]:
            words = (", ".join(f"{k}={of.get(k)!r}" for k in differing) for of in (saved, own))
            raise HyperparameterError(
                f"This state of {type(self).__name__} was saved with {' and not with '.join(words)}"
                "; build the optimizer with the same settings."
            )
        if "generator" in state and self.generator is None:
            raise HyperparameterError(
                f"This state of {type(self).__name__} carries a generator; build the optimizer "
                "with generator=torch.Generator() before loading it."
            )

    def __getstate__(self) -> dict[str, Any]:
        names = ("generator", "check_finite", "_recipe", "_counters", "_swapped", "_source")
        return {**super().__getstate__(), **{name: getattr(self, name) for name in names}}
