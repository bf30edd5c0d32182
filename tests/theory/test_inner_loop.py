"""The inner loop on straight and parabolic losses, against the optimizer and against limits."""

import numpy as np
import pytest
import torch

from landscape.optim import EntropySGD, inner_stability
from landscape.theory import inner_loop

LOOPS = [{"L": L, "alpha": alpha, "lr_inner": 0.1, "momentum": m}
         for L in (1, 5, 20) for alpha in (0.0, 0.25, 0.75) for m in (0.0, 0.9)]  # fmt: skip
SCOPES = [np.inf, 1e4, 1.0, 0.1]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("scope", SCOPES)
def test_an_outer_step_on_a_parabola_is_the_optimizers(loop, scope):
    x = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = EntropySGD([x], gamma=scope, temperature=0.0, momentum_outer=0.0,
                           gamma_decay=0.0, **loop)  # fmt: skip
    for _ in range(loop["L"]):
        optimizer.zero_grad()
        (1.5 * x.square().sum()).backward()
        optimizer.step()
    assert x.item() == pytest.approx(inner_loop.outer_factor(3.0, scope, **loop), abs=1e-12)


def test_a_straight_slope_is_shortened_the_more_the_narrower_the_scope():
    loop = LOOPS[-1]
    shares = [inner_loop.step_share(scope, **loop) for scope in (1e6, 100, 10, 1, 0.3)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1, abs=1e-4)
    # In a long loop y settles where the force balances the slope, at a distance gamma.
    long = {"L": 2000, "alpha": 0.25, "lr_inner": 0.1, "momentum": 0.0}
    assert inner_loop.displacement(1.0, 0.0, 0.5, **long) == pytest.approx(-0.5, rel=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_a_loop_without_end_grows_from_the_limit_on(momentum):
    limit = inner_stability.limit(momentum)
    for curvature in (0.0, 3.0):
        at = 1 / (limit / 0.1 - curvature)
        assert inner_loop.fast_mode(curvature, at, 0.1, momentum) == pytest.approx(1, abs=1e-9)
        assert inner_loop.fast_mode(curvature, 0.99 * at, 0.1, momentum) > 1
        assert inner_loop.fast_mode(curvature, 1.01 * at, 0.1, momentum) < 1


def test_the_edge_is_the_widest_scope_at_which_a_step_grows():
    loop = {"L": 1, "alpha": 0.0, "lr_inner": 0.1, "momentum": 0.0}
    # One inner step knows no force: only curvatures above 2 / 0.1 grow, at every scope.
    assert inner_loop.outer_edge([1.0, 19.0], [0.01, 1.0], **loop) == 0
    assert inner_loop.outer_edge([1.0, 21.0], [0.01, 1.0], **loop) == 1


def test_updates_until_a_scope_is_reached():
    assert inner_loop.updates_until(30, 100) == 0
    t = inner_loop.updates_until(1e4, 20.0)
    assert 1e4 / 1.001**t <= 20 < 1e4 / 1.001 ** (t - 1)
