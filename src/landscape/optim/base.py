"""What all optimizers here share: checks, counters, noise, saving, and `solution()`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

FUSED_TYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
# Elements handled together on a CPU: what one pass writes, the next finds in the cache.
CHUNK = 1 << 17
EXTRA_GROUP_KEYS = {"params", "param_names", "name", "initial_lr"}


class HyperparameterError(ValueError):
    """A setting that the algorithm cannot run with; the message says what is allowed."""


class NonFiniteGradientError(FloatingPointError):
    """A gradient holds NaN or infinity; raised before any weight or state has changed."""


class LandscapeOptimizer(torch.optim.Optimizer):
    """Base class: one `backward()`, one `step()`, and `solution()` for the current answer.

    Subclasses write `_update(group, params, grads)`, called once a step for each parameter group
    with the parameters that have a gradient and do not stand still (`requires_grad`), and may
    override `_check_group`.

    Args:
        params: tensors, groups (dicts) or named parameters, as for every torch optimizer.
        defaults: hyper-parameters of a group that states none of its own.
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
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        self.generator = generator
        self.check_finite = bool(check_finite)
        self._counters: dict[str, int] = {"iteration": 0}
        self._in_solution = False
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
        if self._in_solution:
            raise RuntimeError(
                "Leave the solution() block before step(): gradients belong to the working point."
            )
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
            self.observe(loss)
        work = [self._with_gradient(group) for group in self.param_groups]
        if self.check_finite:
            self._refuse_non_finite()
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

    def _with_gradient(self, group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
        params = [p for p in group["params"] if p.grad is not None and p.requires_grad]
        grads = [p.grad for p in params]
        if any(g.is_sparse for g in grads):
            raise RuntimeError(
                f"{type(self).__name__} needs dense gradients; build the embedding "
                "with sparse=False."
            )
        return params, grads

    def _refuse_non_finite(self) -> None:
        named = [
            (group_index, index, parameter)
            for group_index, group in enumerate(self.param_groups)
            for index, parameter in enumerate(group["params"])
            if parameter.grad is not None and parameter.requires_grad and parameter.numel()
        ]
        if not named:
            return
        # One norm a tensor is the cheap question; it also overflows for huge finite gradients, so a
        # suspicion is looked into exactly.
        norms = torch._foreach_norm([p.grad for _, _, p in named])
        if bool(
            torch.stack([n.to(norms[0].device, torch.float64) for n in norms]).isfinite().all()
        ):
            return
        bad = [entry for entry in named if not bool(entry[2].grad.isfinite().all())]
        if not bad:
            return
        group_index, index, _ = bad[0]
        names = self.param_groups[group_index].get("param_names")
        label = repr(names[index]) if names else f"{index} of group {group_index}"
        raise NonFiniteGradientError(
            f"The gradient of parameter {label} is not finite at iteration {self.iteration}; "
            "the weights are unchanged: lower the learning rate, or skip this batch."
        )

    # noise

    def _normal_like(self, parameter: Tensor, scale: float, out: Tensor | None = None) -> Tensor:
        """Independent N(0, scale^2) numbers in the parameter's shape, type, device and layout."""
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
        if self._in_solution:
            yield
            return
        self._swap()
        self._in_solution = True
        try:
            yield
        finally:
            self._in_solution = False
            self._swap()

    def _swap(self) -> None:
        """Exchange working point and answer; for most methods they are the same thing."""

    # saving

    def _own_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"counters": dict(self._counters)}
        if self.generator is not None:
            state["generator"] = self.generator.get_state()
        return state

    def _load_own_state(self, state: dict[str, Any]) -> None:
        self._counters = dict(state["counters"])
        if "generator" in state:
            self.generator.set_state(state["generator"].cpu())

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, at any phase; save the model's state beside it."""
        if self._in_solution:
            raise RuntimeError(
                "Leave the solution() block before state_dict(): the parameters hold the answer."
            )
        return {**super().state_dict(), "landscape": self._own_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict()` has returned; the model restores its own state."""
        if self._in_solution:
            raise RuntimeError("Leave the solution() block before load_state_dict().")
        if "landscape" not in state_dict:
            raise HyperparameterError(
                f"This state was not saved by {type(self).__name__}: it has no "
                "'landscape' entry; save it again with this optimizer."
            )
        if "generator" in state_dict["landscape"] and self.generator is None:
            raise HyperparameterError(
                f"This state of {type(self).__name__} carries a generator; build the optimizer "
                "with generator=torch.Generator() before loading it."
            )
        super().load_state_dict(state_dict)
        self._load_own_state(state_dict["landscape"])

    def __getstate__(self) -> dict[str, Any]:
        own = {
            k: self.__dict__[k] for k in ("generator", "check_finite", "_counters", "_in_solution")
        }
        return {**super().__getstate__(), **own}


def buckets(
    params: Sequence[Tensor], *columns: Sequence[Any], key: Sequence[Any] | None = None
) -> Iterator[tuple]:
    """Split parallel lists so that one fused call can take each part.

    Yields `(key value, fused, params, *columns)`: same device, same type, same `key` entry; `fused`
    is False where the one-pass kernels must not be used (they read raw memory, so every tensor
    needs the same dense layout).
    """
    parts: dict[tuple, list[int]] = {}
    for i, p in enumerate(params):
        dense = p.is_contiguous() or (
            p.dim() == 4 and p.is_contiguous(memory_format=torch.channels_last)
        )
        stride = p.stride()
        fused = (
            dense
            and p.dtype in FUSED_TYPES
            and p.device.type in ("cpu", "cuda")
            and all(c[i].stride() == stride and c[i].dtype == p.dtype for c in columns)
        )
        parts.setdefault((None if key is None else key[i], fused, p.device, p.dtype), []).append(i)
    for (value, fused, _, _), where in parts.items():
        yield (value, fused, [params[i] for i in where], *([c[i] for i in where] for c in columns))


def chunks(params: Sequence[Tensor]) -> Iterator[slice]:
    """Consecutive parameters, about `CHUNK` elements at a time on a CPU, else all of them.

    A temporary of one chunk holds that many numbers, or those of the largest parameter.
    """
    start = size = 0
    if params[0].device.type == "cpu":
        for i, p in enumerate(params):
            if i > start and size + p.numel() > CHUNK:
                yield slice(start, i)
                start, size = i, 0
            size += p.numel()
    yield slice(start, len(params))


def require(
    owner: object, group: dict[str, Any], **rules: tuple[Callable[[Any], bool], str]
) -> None:
    """Raise `HyperparameterError` if a setting breaks its rule `(test, what is allowed)`."""
    for name, (test, allowed) in rules.items():
        if not test(group[name]):
            raise HyperparameterError(
                f"{type(owner).__name__}: {name} must be {allowed}, not {group[name]!r}."
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_rate(value: Any) -> bool:
    # torch allows a learning rate to be a tensor of one element.
    return (isinstance(value, Tensor) and value.numel() == 1) or (_is_number(value) and value >= 0)


def one_of(*allowed: str) -> tuple[Callable[[Any], bool], str]:
    """The rule of a setting that names a choice."""
    return (lambda v: isinstance(v, str) and v in allowed, " or ".join(map(repr, allowed)))


def count(low: int) -> tuple[Callable[[Any], bool], str]:
    """The rule of an integer setting."""
    return (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low,
        f"an integer of at least {low}",
    )


RATE = (_is_rate, "a number of at least 0")
AT_LEAST_ZERO = (lambda v: _is_number(v) and v >= 0, "a number of at least 0")
POSITIVE = (lambda v: _is_number(v) and v > 0, "a positive number")
BELOW_ONE = (lambda v: _is_number(v) and 0 <= v < 1, "in [0, 1)")
SWITCH = (lambda v: isinstance(v, bool), "True or False")
BETAS = (
    lambda v: isinstance(v, (tuple, list)) and len(v) == 2 and all(map(BELOW_ONE[0], v)),
    "two numbers in [0, 1)",
)
