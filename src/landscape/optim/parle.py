"""Parle: Entropy-SGD on several replicas that a spring ties to a common master."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from . import scoping as scopes
from .coupled_loops import CoupledLoops
from .rules import RATE, HyperparameterError, one_of, require


class Parle(CoupledLoops):
    r"""Parle, eqs. (5.8) with the rates of section 5.3.2: n replicas x^a, one master x.

    Every replica starts a cycle with y = z = x^a and u = 0. L times, each with a gradient g at y on
    the replica's next mini-batch::

        d = g + weight_decay y + (y - x^a) / gamma
        u <- momentum u + d,   y <- y - lr_inner (d + momentum u),   z <- alpha z + (1 - alpha) y

    then, inside the L-th step, all replicas are synchronised, with m = momentum_outer::

        d = (x^a - z) + (x^a - x) / rho
        v <- m v + d,   x^a <- x^a - lr (d + m v),   x <- mean of x^a

    and gamma and rho shrink. Between steps the parameters hold y; `solution()` puts the master x
    into all replicas.

    The stability trap: (5.8d) as printed takes the mean of the x^a BEFORE their step, and a master
    that is one synchronisation late pumps energy into the mean of the replicas. Even on a flat loss
    this diverges for lr / rho > (1 + m) / (1 + 2 m), which is 0.679 at the works' m = 0.9: at their
    own clip, rho = 0.1, and lr = 0.1 by a factor of 1.57 a synchronisation. With the mean of the
    NEW x^a, the default here, the spring alone is stable up to twice that limit, 1.357.

    Args:
        params: a list with the parameters of each replica; `model.parameters()` is one replica.
            Groups and process groups: see `landscape.optim.replica_groups.ReplicaGroups`.
        lr: rate eta of the synchronisation, the one that schedulers act on. The works: 0.1 (SVHN
            0.01), divided by 5 to 10 on plateaus.
        lr_inner: rate eta0 of the inner loop, which schedulers leave alone. Default: the group's
            lr when it is added, "the initial learning rate".
        gamma: initial scope of the inner force, > 0 or infinite (no force). The works: 100.
        rho: initial scope of the coupling, > 0 or infinite (no force). Default 1, the works'.
        L: inner steps, >= 1. The works: 25.
        alpha: weight of the OLD average, in [0, 1); default 0.25, the works'.
        momentum: Nesterov's, of the inner loop, in [0, 1). Default 0.9, the works'.
        momentum_outer: the same for x^a; default: `momentum` (Remark 5.3: on y and on x^a). The
            master has none.
        weight_decay: L2 coefficient, part of the loss that the inner loop sees. The works: 5e-4
            (WRN), 1e-3 (allcnn).
        batches_per_epoch: number B of mini-batches in the whole data set, for the scoping (5.10):
            gamma(t) = gamma (1 - 1 / (2 B))^t after t synchronisations, never below 1, and the same
            for rho, never below 0.1, as in the works. `fit` knows B and gives it. Without it both
            stay as they are.
        scoping_gamma, scoping_rho: other schedules, from `landscape.optim.scoping` or mappings with
            their `kind`.
        inner_buffer: "reset" u at each synchronisation (default; the thesis does not say) or "keep"
            it.
        master: "fresh" or "printed", see above.
        convention: "thesis", or "authors" for the recurrence of the program that the authors have
            published. There the inner step is y - lr_inner (d + u), without momentum y - lr_inner
            d; u and z go on over synchronisations; lr acts inside, too, unless lr_inner is given;
            alpha is 0.75; the anchor of the spring is the mean of the z, and the step starts from
            the last y: q = (x^a - z) + (x^a - mean of z) / rho, v <- m v + q, x^a <- y - lr (q +
            v), without momentum y - lr q; the master, the mean of the x^a, is only reported. rho
            starts at 4 / n for L = 25, 100 / (n L) in general, and (5.10) is read as gamma / (1 + 1
            / (2 B))^t. Their counter of t runs once for every parameter tensor, so that for LeNet's
            14 both clips are reached within the first epoch instead of after 9.2 and 5.2; this is
            taken for a slip and not done here: t is the number of synchronisations, for rho the one
            at hand included, as the program has counted it before it asks for rho. For one
            replica the spring then pulls towards its own z. Starting from the last y, this moves
            further at equal lr than (5.8), which goes lr (x - z) in L gradients.
        group: process group, one replica a process; False: all replicas in this one.
        generator, check_finite: see `LandscapeOptimizer`; no noise is drawn.

    Raises:
        HyperparameterError: a setting outside these ranges, or replicas that differ.
        ReplicaLostError: the process of another replica died or does not answer.

    With L = 1, alpha = 0, gamma infinite and no momentum outside Parle is SGD for one replica with
    lr = 1 and infinite rho, and Elastic-SGD with coupling rho lr_inner for lr = 1; a constant rate
    in place of lr_1 = lr gamma would stand still there (erratum 28). One replica with infinite rho
    is Entropy-SGD in form C. A tensor without gradient in a cycle has y = z = x^a there and feels
    the coupling alone.

    Memory: 5 n + 1 copies of the weights in one process, themselves included: y, x, z, u and v of
    each replica and the master (3 n + 1 without momentum); 6 (4) a process with a process group,
    where a synchronisation needs 2 (1) more while it runs. A printed master and the authors' anchor
    need one more. The step uses up the gradients.

    Source: Chaudhari (2018), sections 5.2.4, 5.3, 5.3.2, Remark 5.3.

    >>> import torch
    >>> replicas = [torch.nn.Parameter(torch.tensor([v])) for v in (0.0, 4.0)]
    >>> optimizer = Parle([[w] for w in replicas], lr=0.5, L=2, gamma=float("inf"), momentum=0.0)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     for w in replicas:                        # one backward() a replica,
    ...         (0.5 * (w - 1).square().sum()).backward()
    ...     optimizer.step()                          # one step() for all
    >>> [w.item() for w in replicas]
    [1.328125, 2.015625]
    >>> with optimizer.solution():
    ...     print([w.item() for w in replicas])
    [1.671875, 1.671875]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.1,
        lr_inner: float | None = None,
        gamma: float = 100.0,
        rho: float | None = None,
        L: int = 25,
        alpha: float | None = None,
        momentum: float = 0.9,
        momentum_outer: float | None = None,
        weight_decay: float = 0.0,
        *,
        batches_per_epoch: int | None = None,
        scoping_gamma: scopes.Schedule | Mapping[str, Any] | None = None,
        scoping_rho: scopes.Schedule | Mapping[str, Any] | None = None,
        inner_buffer: str | None = None,
        master: str = "fresh",
        convention: str = "thesis",
        group: Any = False,
        generator: torch.Generator | None = None,
        check_finite: bool = False,
    ) -> None:
        recipe = {"L": L, "inner_buffer": inner_buffer, "master": master, "convention": convention}
        require(
            self,
            recipe,
            master=one_of("fresh", "printed"),
            convention=one_of("thesis", "authors"),
        )
        authors = convention == "authors"
        if authors and master != "fresh":
            raise HyperparameterError(
                "The master of convention='authors' does not act on the replicas; leave `master` "
                f"out, in place of {master!r}."
            )
        if inner_buffer is None:
            recipe["inner_buffer"] = "keep" if authors else "reset"
        defaults = {
            "lr": lr,
            "lr_inner": lr_inner,
            "gamma": gamma,
            "rho": rho,
            "alpha": (0.75 if authors else 0.25) if alpha is None else alpha,
            "momentum": momentum,
            "momentum_outer": momentum_outer,
            "weight_decay": weight_decay,
        }
        reading = "divide" if authors else "multiply"
        scoping = [
            scopes.chapter_five(self, given, batches_per_epoch, bound, reading)
            for given, bound in ((scoping_gamma, 1.0), (scoping_rho, 0.1))
        ]
        super().__init__(
            params,
            defaults,
            group=group,
            scoping_rho=scoping[1],
            scoping=scoping[0],
            recipe=recipe,
            generator=generator,
            check_finite=check_finite,
        )

    def _resolve_group(self, group: dict[str, Any], replicas: int) -> None:
        if group["rho"] is None:
            group["rho"] = 100 / (replicas * self._recipe["L"]) if self._authors else 1.0
        if group["lr_inner"] is None and not self._authors:
            group["lr_inner"] = float(group["lr"]) if RATE[0](group["lr"]) else group["lr"]

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group({**group, "lr_inner": self._lr_inner(group)})
