"""The class that all optimizers here share: one step, noise, the answer, saving."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from . import saving, sixteen_bit
from .gradients import refuse_non_finite, separate, with_gradient
from .group_settings import read, refuse_misspelt
from .hands_on import HandsOn, NoiseSource
from .outside import OutsideChanges, Watch
from .processes import is_sharded, refuse_flat, refuse_shards, refuse_unequal_noise, sharded
from .rules import HyperparameterError, plain
from .tensors import exchange


class LandscapeOptimizer(OutsideChanges, HandsOn, torch.optim.Optimizer):
    """Base class: one `backward()`, one `step()`, and `solution()` for the current answer.

    Subclasses write `_update(group, params, grads)`, called once a step for each parameter group
    with the parameters that have a gradient and do not stand still (`requires_grad`), and may
    override `_check_group` and, where the answer is another point, `_answers`.

    Args:
        params: tensors, groups (dicts) or named parameters, as for every torch optimizer.
        defaults: hyper-parameters of a group that states none of its own. Numbers may be numpy's,
            or tensors of one element; a rate that is a tensor stays one, to be changed in place.
        recipe: settings of the optimizer as a whole, fixed for its life: a state that was saved
            with others is refused.
        generator: source of all noise; its state is saved in `state_dict()`. It may live on another
            device than the weights: the numbers are then drawn there and copied, so that a CPU
            generator gives the same run everywhere. Where several processes of torch.distributed
            train, noise is refused without one; processes that share a network need the same seed.
        check_finite: refuse NaN and infinite gradients with `NonFiniteGradientError` before
            anything changes. Off by default: it reads every gradient once more and, on a GPU, makes
            the host wait for it at every step.

    Raises:
        HyperparameterError: unknown or impossible setting, in the defaults or in a group.

    16-bit weights (float16, bfloat16): state and noise are float32, and so is a copy of the weights
    that the steps act on (`sixteen_bit`). Of k copies that a class states under "Memory", the
    weights themselves included, each then costs 4 bytes a weight, and the 16-bit weights 2: 2 + 4 k
    between steps, and 4 more for the gradient while a step runs. Loss scaling is as without. What a
    method adds to the weights themselves (HEAT, Langevin noise) reaches the network rounded.
    """

    gradients_per_update = 1
    #: Whether the answer is another point than the one where gradients are taken, so that
    #: batch-norm statistics gathered at the latter do not fit it (see `batch_norm`).
    own_answer = False
    #: Whether a step is a rule for each weight alone, without noise and without anything that is
    #: kept for the optimizer as a whole: then parts of the weights can be stepped by themselves.
    weight_by_weight = False
    #: Whether a step writes into the gradients (they are used up), rather than leave them alone.
    uses_up_gradients = False

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
        self._recipe = {} if recipe is None else {k: plain(v) for k, v in recipe.items()}
        self._counters: dict[str, int] = {"iteration": 0}
        # What changes is changed in place, here and below: wrappers of other libraries share these
        # very objects (a copy of __dict__, attributes passed on), and must see the same.
        self._swapped: list[list[tuple[Tensor, Tensor]]] = []  # one entry while solution() lasts
        self._watch = Watch()
        self._sources: list[NoiseSource] = []  # one entry where noise is handed in
        refuse_shards(self)
        super().__init__(params, defaults)
        self.state = saving.PerParameter(dict, self.state)

    # settings

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters; settings that it does not state are the defaults.

        Keys that are no settings (a layer's `lr_scale`, a scheduler's `max_lr`) are carried along.
        """
        if isinstance(param_group, dict):
            whole = {*inspect.signature(type(self)).parameters, *self._recipe}
            refuse_misspelt(self, param_group, self.defaults, whole)
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            for parameter in group["params"]:
                refuse_flat(self, parameter)
                if parameter.is_complex():
                    raise HyperparameterError(
                        f"{type(self).__name__} works on real parameters; pass "
                        "torch.view_as_real(parameter) instead."
                    )
                if parameter.layout is not torch.strided:
                    raise HyperparameterError(
                        f"{type(self).__name__} works on dense parameters; pass "
                        "parameter.to_dense() instead."
                    )
            self._check_group(group)
            read(self, group, self.defaults)
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
        self._refuse_outside_change("step")
        refuse_unequal_noise(self)
        for group in self.param_groups:
            read(self, group, self.defaults)
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
            self.observe(loss)
        with sixteen_bit.widened(self, gradients=True):
            work = [with_gradient(self, group) for group in self.param_groups]
            if self.check_finite:
                refuse_non_finite(self.param_groups, self.iteration)
            if self.uses_up_gradients:
                separate(work)
            self._before_update()
            for group, (params, grads) in zip(self.param_groups, work, strict=True):
                if params:
                    self._update(group, params, grads)
            self._counters["iteration"] += 1
            self._after_update()
        self._watch.note(self.param_groups)
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
        if self._sources:
            return self._given(parameter, scale, out)
        if is_sharded(parameter):  # the numbers of an unsharded run, each process its part
            whole = torch.empty(parameter.shape, dtype=parameter.dtype, device=parameter.device)
            drawn = sharded(self._normal_like(whole, scale), parameter)
            return drawn if out is None else out.copy_(drawn)
        device = parameter.device if self.generator is None else self.generator.device
        if out is None:
            out = torch.empty_like(parameter, requires_grad=False)
        if out.device == device and out.is_contiguous():
            return out.normal_(0.0, scale, generator=self.generator)
        # Drawn in row-major order, so that layout and device do not change the numbers.
        drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=device)
        return out.copy_(drawn.normal_(0.0, scale, generator=self.generator))

    def _draws_noise(self) -> bool:
        """Whether the next steps draw random numbers."""
        return False

    def perturbation(self) -> list[Tensor | None] | None:
        """What the next step adds to the gradient, a tensor a parameter; None: nothing."""
        return None

    # the answer

    @contextmanager
    def solution(self) -> Iterator[None]:
        """Within, the parameters hold the answer; afterwards the working point, bit for bit.

        What is written to the parameters within is written to the answer.
        """
        if self._swapped:
            yield
            return
        self._refuse_outside_change("solution")
        with torch.no_grad(), sixteen_bit.widened(self) as masters:
            pairs = list(self._answers())
            exchange(pairs)
        of = {master: p for p, master in masters.items()}
        swapped = [(of.get(t, t), other) for t, other in pairs]
        self._swapped.append(swapped)
        try:
            yield
        finally:
            self._swapped.clear()
            # Also those that were frozen within, or are of another type now.
            also = [p for p, _ in swapped]
            with torch.no_grad(), sixteen_bit.widened(self, also=also) as masters:
                exchange([(masters.get(p, p), other) for p, other in swapped])
            self._watch.again(self.param_groups)

    def _answers(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Pairs of a parameter and the tensor with its answer; none where the two are the same.

        The tensors hold the working point while the parameters hold the answer.
        """
        return ()

    def _refuse_in_solution(self, call: str) -> None:
        if self._swapped:
            raise RuntimeError(
                f"Leave the solution() block before {call if ' ' in call else call + '()'}: the "
                "parameters hold the answer, not the working point."
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
        self._counters.clear()
        self._counters.update(state["counters"])
        if "generator" in state:
            self.generator.set_state(state["generator"].cpu())

    def _kept(self, group: dict[str, Any], place: int) -> tuple[list[str], list[str]]:
        """Names of the tensors and numbers that the state of a parameter may come to hold.

        `place` is the parameter's in the group. A tensor has the shape of the parameter.
        """
        return [], []

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, at any phase; save the model's state beside it.

        Every state has the entries that it can ever have, of zeros where they are not held yet, so
        that `torch.distributed.checkpoint` can load it into a fresh optimizer.
        """
        self._refuse_in_solution("state_dict")
        return saving.pack(self, super().state_dict(), self._own_state())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned; the model restores its own state.

        Raises:
            HyperparameterError: a state of another kind of optimizer, or of one that was built with
                other settings as a whole (a cycle of another length, say); nothing has changed.
        """
        self._refuse_in_solution("load_state_dict")
        given, own = saving.unpack(self, state_dict)
        self._refuse_other_state(own)
        state, groups = self.state, self.param_groups
        super().load_state_dict(given)
        loaded = dict(self.state)
        state.clear()
        state.update(loaded)
        groups[:] = self.param_groups
        self.state, self.param_groups = state, groups
        sixteen_bit.restore(self, given)
        self._load_own_state(own)
        self._watch.forget()

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
        self._refuse_in_solution("copying the optimizer")
        names = ("generator", "check_finite", "_recipe", "_counters", "_swapped", "_watch",
                 "_sources")  # fmt: skip
        return {**super().__getstate__(), **{name: getattr(self, name) for name in names}}
