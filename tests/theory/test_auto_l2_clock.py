"""AutoL2's clock against AutoL2 itself, and the penalty against SGD without a gradient."""

import pytest
import torch

from landscape.optim import AutoL2
from landscape.theory import auto_l2_clock as clock

WORK = {"initial": 0.1, "factor": 10, "refractory": 0.1, "every": 10}


def decays(settings, steps):
    """Steps at which a real AutoL2 decays whose loss rises at every measurement."""
    weights = [torch.nn.Parameter(torch.ones(1))]
    real = AutoL2(torch.optim.SGD(weights, lr=0.1), **settings)
    for step in range(steps):
        real.step(loss=float(step), error=50.0)
    return [step for step, _ in real.history[1:]]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [({}, (30, 50)), ({"every": 5}, (15, 30)), ({"initial": 0.04, "refractory": 0.04}, (30, 50)),
     ({"every": 1}, (3, 14)), ({"initial": 0.01}, (30, 140))],
)  # fmt: skip
def test_the_soonest_decays_are_those_of_the_listing(changes, wanted):
    settings = WORK | changes
    assert clock.soonest(settings) == wanted
    assert tuple(decays(settings, 200)[:2]) == wanted


def test_waits_add_up_to_the_band():
    low, high = clock.band()
    assert (low, high) == (pytest.approx(0.1 / 9), pytest.approx(0.1 / 0.9))
    # From the third decay on lambda x steps at a decay is near the upper end.
    found = decays(WORK | {"every": 1}, 120_000)
    products = [0.1 / 10**number * step for number, step in enumerate(found)]
    assert products[-1] == pytest.approx(high, rel=0.01)
    assert products[-1] / 10 == pytest.approx(low, rel=0.01)


@pytest.mark.parametrize(("rate", "momentum"), [(0.002, 0.9), (0.001, 0.5), (0.05, 0.0)])
def test_what_a_step_leaves_is_what_sgd_leaves(rate, momentum):
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=momentum, weight_decay=10 * rate)
    seen = []
    for _ in range(400):
        weight.grad = torch.zeros_like(weight)
        optimizer.step()
        seen.append(float(weight.detach()))
    assert (seen[-1] / seen[-101]) ** 0.01 == pytest.approx(clock.per_step(rate, momentum), 1e-6)


def test_an_oscillation_fades_with_the_root_of_the_momentum():
    for rate in (0.01, 0.05, 0.5):
        assert clock.per_step(rate, 0.9) == pytest.approx(0.9**0.5)
    assert clock.per_step(0.0026, 0.9) > 0.9**0.5 + 1e-3
    assert clock.left(WORK, 0.2, 0.9) == pytest.approx(0.9**15 * 0.9734**20, rel=1e-2)
