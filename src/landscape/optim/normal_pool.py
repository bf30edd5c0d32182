"""Normal numbers at a third of the usual price: a pool of them that is turned at random.

Drawing N(0, 1) costs a CPU core 2.4 ns a number, and half as much as its gradient for every weight
of a fully connected network. Wallace's method makes new normal numbers out of old ones: an
orthogonal map of independent normal numbers gives independent normal numbers.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .processes import is_sharded

#: Numbers in each of the pool's four rows.
WIDTH = 1 << 15
#: From so many weights on a pool is worth its start.
WORTH = 1 << 18
_SPARE = 1 << 12  # signs beyond a row, so that a row's signs can start at many places
_AHEAD = 64  # passes whose random choices are drawn at once
_HALVINGS = 16  # passes between two scalings; each pass doubles what the pool holds


class NormalPool:
    r"""A stream of N(0, 1) numbers in float32 on the CPU, seeded by a torch generator.

    The pool holds four rows a, b, c, d of `WIDTH` numbers, drawn as torch draws them and scaled to
    a mean square of 1. A pass turns c and d against a and b by a random shift and makes, with s, t,
    u, v stretches of a fixed vector of random signs, element by element::

        a', b', c', d'  =  a + s c,   b + t d,   a - s c,   b - t d
        a, b, c, d     <-  (a' + u b') / 2,  (c' + v d') / 2,  (a' - u b') / 2,  (c' - v d') / 2

    which is orthogonal; every other pass a' and b', c' and d' change roles. What leaves the pool,
    once each and from a random place on, are its n numbers times +-r, where r^2 is chi^2_n / n (to
    first order: a normal number): the map keeps the sum of squares, which has to fluctuate. Shift,
    stretches, place, sign and r are drawn anew for each pass; the signs within a row and the
    changing roles see to it that no other sum is kept, of x_i or of x_i x_(i + k).

    Each number is normal and has in expectation no correlation with any other. It does depend on
    four numbers of the pass before, at places that change from pass to pass, so that estimates from
    long stretches (an autocorrelation, a fourth moment) scatter up to 1.3 times as widely as those
    from independent numbers. Made for noise that shakes weights, not for samples that are to be
    independent to all orders: draw those with `Tensor.normal_`.

    Source: Wallace (1996), ACM Transactions on Mathematical Software 22, 119-127; the sum of
    squares: Brent (2008), "Some comments on C. S. Wallace's random number generators".

    >>> pool = NormalPool(torch.Generator().manual_seed(0))
    >>> weights = torch.zeros(300_000)
    >>> pool.add_to(weights, 0.1)
    >>> abs(round(weights.mean().item(), 3)), round(weights.std().item(), 3)
    (0.0, 0.1)
    """

    def __init__(self, generator: torch.Generator | None = None) -> None:
        self.generator = generator
        fixed = torch.Generator().manual_seed(0)
        signs = torch.randint(0, 2, (2, WIDTH + _SPARE), generator=fixed)
        self._signs = signs.mul_(2).sub_(1).float()
        start = torch.empty(4, WIDTH).normal_(generator=generator)
        scale = math.sqrt(start.numel() / start.double().square().sum().item())
        self._state: dict[str, Any] = {
            "rows": start.mul_(scale),
            "passes": 0,
            "first": 0,
            "used": start.numel(),
            "ahead": torch.empty(0, 4, dtype=torch.int64),
            "lengths": torch.empty(0, dtype=torch.float64),
            "length": 0.0,
        }
        self._sums = torch.empty(4, WIDTH)

    def add_to(self, target: Tensor, scale: float) -> None:
        """Add N(0, scale^2) numbers to a contiguous float32 tensor, in row-major order."""
        state, flat = self._state, target.view(-1)
        rows = state["rows"].view(-1)
        done, size = 0, flat.numel()
        while done < size:
            if state["used"] == rows.numel():
                self._turn()
            place = (state["first"] + state["used"]) % rows.numel()
            count = min(rows.numel() - max(state["used"], place), size - done)
            numbers = rows.narrow(0, place, count)
            flat.narrow(0, done, count).add_(numbers, alpha=scale * state["length"])
            done += count
            state["used"] += count

    def _choices(self) -> tuple[list[int], float]:
        """The random numbers of the next pass; drawing them one by one would cost more than it."""
        state, place = self._state, self._state["passes"] % _AHEAD
        if place == 0:
            state["ahead"] = torch.empty(_AHEAD, 4, dtype=torch.int64).random_(
                generator=self.generator
            )
            state["lengths"] = torch.empty(_AHEAD, dtype=torch.float64).normal_(
                generator=self.generator
            )
        return state["ahead"][place].tolist(), state["lengths"][place].item()

    def _turn(self) -> None:
        """One pass."""
        state, rows, sums = self._state, self._state["rows"], self._sums
        (shift, start, sign, first), normal = self._choices()
        ahead = 1 + shift % (WIDTH - 1)
        other = self._signs.narrow(1, (start >> 16) % _SPARE, WIDTH)
        stretch = self._signs.narrow(1, start % _SPARE, WIDTH)
        # c and d, turned: their ends come before their beginnings.
        parts = (WIDTH - ahead, ahead)
        for here, turned, signs, plus, minus in zip(
            rows[:2].split(parts, 1),
            reversed(rows[2:].split(parts[::-1], 1)),
            other.split(parts, 1),
            sums[:2].split(parts, 1),
            sums[2:].split(parts, 1),
            strict=True,
        ):
            torch.addcmul(here, turned, signs, out=plus)
            torch.addcmul(here, turned, signs, value=-1, out=minus)
        leads = state["passes"] % 2
        plain, signed = sums[leads::2], sums[1 - leads :: 2]
        torch.addcmul(plain, signed, stretch, out=rows[:2])
        torch.addcmul(plain, signed, stretch, value=-1, out=rows[2:])
        state["passes"] += 1
        doublings = state["passes"] % _HALVINGS
        if doublings == 0:
            rows.mul_(2.0**-_HALVINGS)  # exact
        length = math.sqrt(max(1 + math.sqrt(2 / rows.numel()) * normal, 0.0))
        state["length"] = math.copysign(length, sign % 2 - 0.5) * 2.0**-doublings
        state["first"], state["used"] = first % rows.numel(), 0

    def state(self) -> dict[str, Any]:
        """A copy of all that is needed to go on exactly, but for the generator's own state."""
        return {k: v.clone() if torch.is_tensor(v) else v for k, v in self._state.items()}

    @classmethod
    def loaded(cls, state: dict[str, Any], generator: torch.Generator | None) -> NormalPool:
        """A pool that has what `state()` gave; nothing is drawn from `generator` for it."""
        pool = cls(torch.Generator())
        pool.generator = generator
        pool.load(state)
        return pool

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state()` gave."""
        self._state = {k: v.clone() if torch.is_tensor(v) else v for k, v in state.items()}


def fits(tensor: Tensor, generator: torch.Generator | None) -> bool:
    """Whether a tensor's noise can come from a pool: float32 numbers, both on the CPU."""
    here = tensor.device.type == "cpu" and (generator is None or generator.device.type == "cpu")
    return here and tensor.dtype == torch.float32 and not is_sharded(tensor)
