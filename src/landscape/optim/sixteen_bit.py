"""16-bit weights: a step works on float32 copies of them and rounds once, when it writes back.

In bfloat16 a number has 8 significant bits: added to a weight, less than 1/512 of it vanishes, and
with it most steps of a small rate, all noise of a low temperature and all slow averages. float16
has 11. So a weight of 16 bits has a float32 copy, its master, and whatever else an optimizer keeps
is float32, too; the gradient is widened when the step begins. The arithmetic, the random numbers
and the state are then those of a float32 run, and the parameter is the master, rounded to nearest.
It also keeps clear of `torch._fused_sgd_`, which leaves most 16-bit weights on a CPU where they are
(torch 2.13, pytorch#191763).

A weight that was changed from outside (loaded, clipped, averaged) is no longer its master rounded;
the master then takes its value, number by number.

>>> from landscape.optim import SGD
>>> w = torch.nn.Parameter(torch.ones(64, dtype=torch.bfloat16))
>>> optimizer = SGD([w], lr=1e-3)
>>> for _ in range(3):
...     w.grad = torch.full_like(w, 0.5)
...     optimizer.step()
>>> w[0].item(), round(optimizer.state[w]["float32"][0].item(), 4)
(1.0, 0.9985)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import Tensor

TYPES = (torch.float16, torch.bfloat16)
#: Where the state of a parameter holds its master.
KEY = "float32"


@contextmanager
def widened(
    optimizer: torch.optim.Optimizer, *, gradients: bool = False, also: Collection[Tensor] = ()
) -> Iterator[dict[Tensor, Tensor]]:
    """Within, the groups hold the masters in place of 16-bit parameters, and the state is theirs.

    At the end the parameters get the masters' values. Nothing happens without such parameters;
    frozen ones stay as they are, but for those in `also`. `gradients` widens the gradients as well.
    Yields the masters by parameter.
    """
    also = set(also)
    places = [
        (group["params"], i, p)
        for group in optimizer.param_groups
        for i, p in enumerate(group["params"])
        if p.dtype in TYPES and (p.requires_grad or p in also)
    ]
    if not places:
        yield {}
        return
    state = optimizer.state
    # It counts writes to the parameters, and rounding the masters is no change from outside.
    watching = optimizer._watch.pause(optimizer.param_groups)
    with torch.no_grad():
        # A parameter that a group holds twice has one master.
        masters = {p: _current(p, state.get(p, {}).get(KEY)) for _, _, p in places}
        for p, master in masters.items():
            if gradients and p.grad is not None:
                master.grad = p.grad.to(torch.float32)
    for p, master in masters.items():
        state[master.requires_grad_(True)] = state.pop(p, {})
    for params, i, p in places:
        params[i] = masters[p]
    try:
        yield masters
    finally:
        for params, i, p in places:
            params[i] = p
        with torch.no_grad():
            for p, master in masters.items():
                master.grad = None
                p.copy_(master.requires_grad_(False))
                state[p] = state.pop(master, {})
                state[p][KEY] = master
        if watching:
            optimizer._watch.note(optimizer.param_groups)


def on_masters(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of an optimizer that is to see float32 weights only."""

    @wraps(method)
    def run(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        with widened(self):
            return method(self, *args, **kwargs)

    return run


def restore(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Give 16-bit parameters the float32 state that is saved; torch has rounded it on loading."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    numbers = [number for group in saved["param_groups"] for number in group["params"]]
    for p, number in zip(params, numbers, strict=True):
        if p not in optimizer.state:
            continue
        if p.dtype not in TYPES:  # saved by a 16-bit model, loaded into one that is not
            optimizer.state[p].pop(KEY, None)
            continue
        for key, value in saved["state"].get(number, {}).items():
            if torch.is_tensor(value) and value.is_floating_point():
                optimizer.state[p][key] = value.to(p.device, torch.float32, copy=True)


def _current(parameter: Tensor, master: Tensor | None) -> Tensor:
    """The master with what was done to the parameter from outside since the last step."""
    if master is None:
        return parameter.detach().to(torch.float32)
    rounded = master.to(parameter.dtype)
    if parameter.device.type == "cpu" and torch.equal(parameter, rounded):
        return master  # a question that would make the host wait for a GPU
    changed = torch.where(parameter == rounded, master, parameter.to(torch.float32))
    return master.copy_(changed)
