import math

import numpy as np
import pytest
import torch
from reference import curvature_reference as reference
from torch import nn

from landscape.analysis.local_entropy import local_entropy
from landscape.analysis.mean_loss import MeanLoss, half_square
from landscape.errors import LandscapeError

GAMMA, BETA = 0.8, 2.0


def quadratic(samples=30, size=4):
    """(loss, its local entropy in closed form as a function of gamma and beta)."""
    model, x, y = reference.linear_problem(samples, size)
    f = MeanLoss(model, x, y, loss=half_square)
    matrix = x.T @ x / samples
    minimum = torch.linalg.solve(matrix, x.T @ y[:, 0] / samples)
    lowest = f.value(minimum)
    return f, lambda gamma, beta: reference.quadratic_local_entropy(
        matrix, minimum, lowest, f.weights, gamma, beta
    )


def test_the_local_entropy_of_a_quadratic_is_the_closed_form():
    f, exact = quadratic()
    found = local_entropy(
        f, GAMMA, beta=BETA, samples=300, burn_in=80, chains=20, nodes=12
    )
    assert found.value.low <= exact(GAMMA, BETA) <= found.value.high
    assert found.value.error < 0.02 * exact(GAMMA, BETA)
    assert found.quadrature_gap < 0.05
    tuned = found.steps < 5  # elsewhere the step is at its limit, and proposals are all good
    assert tuned[-1]
    assert not tuned[0]
    assert np.abs(found.acceptance[tuned] - 0.574).max() < 0.2
    assert (found.acceptance[~tuned] > 0.5).all()
    assert (np.diff([one.value for one in found.losses]) < 0.1).all()  # <f>_s falls with s


def test_its_intervals_cover_as_often_as_they_say():
    f, exact = quadratic(size=2)
    truth = exact(GAMMA, BETA)
    found = [
        local_entropy(
            f, GAMMA, beta=BETA, samples=60, burn_in=30, chains=8, nodes=8, seed=seed
        ).value
        for seed in range(16)
    ]
    assert sum(one.low <= truth <= one.high for one in found) >= 13


def test_two_weights_of_a_network_against_a_grid():
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential(
        nn.Linear(1, 1, bias=False), nn.Tanh(), nn.Linear(1, 1, bias=False)
    ).double()
    with torch.no_grad():
        model[0].weight.fill_(1.2)
        model[2].weight.fill_(0.9)
    x = torch.randn(15, 1, generator=generator, dtype=torch.float64)
    y = torch.tanh(1.5 * x)
    f = MeanLoss(model, x, y, loss=half_square)
    plain = reference.loss_of(model, half_square, x, y)
    truth = reference.local_entropy_on_a_grid(plain, f.weights, 1.0, 5.0)
    found = local_entropy(f, 1.0, beta=5.0, samples=250, burn_in=60, chains=24, nodes=12)
    assert found.value.low <= truth <= found.value.high
    assert found.value.error < 0.03 * truth


def test_mini_batches_come_near_with_a_small_step():
    f, exact = quadratic(size=2)
    found = local_entropy(
        f, GAMMA, beta=BETA, batch=10, step=0.05, samples=300, burn_in=60, chains=24, nodes=8
    )
    assert found.value.value == pytest.approx(exact(GAMMA, BETA), rel=0.15)
    assert (found.acceptance == 1).all()


def test_a_wide_valley_has_the_lower_local_entropy():
    model, x, y = reference.linear_problem(30, 2)
    with torch.no_grad():
        model.weight.copy_(torch.linalg.lstsq(x, y).solution.T)
    values = []
    for sharpness in (1.0, 5.0):
        f = MeanLoss(model, x, y, loss=lambda out, t, c=sharpness: c * half_square(out, t))
        found = local_entropy(f, 1.0, samples=100, burn_in=20, chains=8, nodes=8)
        values.append(found.value.value - float(f.value(f.weights)))
    assert values[0] < values[1]


def test_the_thesis_form_leaves_the_kernel_unnormalised():
    f, exact = quadratic(size=2)
    found = local_entropy(f, GAMMA, samples=20, burn_in=5, nodes=4)
    one = found.unnormalised
    assert one.value == pytest.approx(found.value.value - math.log(2 * math.pi * GAMMA))
    assert one.high - one.low == pytest.approx(found.value.high - found.value.low)


def test_one_seed_one_result():
    f, _ = quadratic(size=2)
    settings = dict(samples=20, burn_in=5, nodes=4)
    assert local_entropy(f, 1, **settings).value == local_entropy(f, 1, **settings).value
    assert local_entropy(f, 1, **settings).value != local_entropy(f, 1, **settings, seed=1).value


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gamma": 0.0}, "gamma must be"),
        ({"gamma": 1.0, "beta": -1.0}, "beta must be"),
        ({"gamma": 1.0, "step": math.inf}, "step must be"),
        ({"gamma": 1.0, "nodes": 6}, "multiple of 4"),
        ({"gamma": 1.0, "chains": 1}, "at least 2 chains"),
        ({"gamma": 1.0, "batch": 31}, "30 samples"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        local_entropy(quadratic()[0], **settings)


def test_chains_that_leave_the_finite_numbers_are_refused():
    f, _ = quadratic()
    with pytest.raises(LandscapeError, match="smaller step"):
        local_entropy(f, 1e6, batch=30, step=5.0, samples=300, burn_in=0, nodes=4)
