"""The inner loop's estimates: against one chain in a loop, and against the exact gradient."""

import math

import numpy as np
import pytest
from reference import line_entropy_reference as slow

from landscape.theory import line_entropy
from landscape.theory.inner_langevin import estimates
from landscape.theory.line_loss import WIDE_AND_SHARP, LineLoss


@pytest.mark.parametrize("alpha", [0.25, 0.0, None])
def test_every_chain_is_the_loop(alpha):
    x, steps, chains = np.array([-2.0, 0.9, 3.0]), 7, 4
    found = estimates(WIDE_AND_SHARP.slope, x, 0.1, steps=steps, rate=0.003, alpha=alpha,
                      chains=chains, temperature=0.7, rng=np.random.default_rng(3))  # fmt: skip
    draws = np.random.default_rng(3).standard_normal((steps, chains, len(x)))
    for k in range(chains):
        for i, place in enumerate(x):
            one = slow.estimate(lambda y: float(WIDE_AND_SHARP.slope(y)), place, 0.1, 0.003, 0.7,
                                alpha, draws[:, k, i])  # fmt: skip
            assert found[k, i] == pytest.approx(one, rel=1e-12)


def test_many_averaged_steps_find_the_gradient():
    x = np.array([-1.5, 0.5])
    exact = line_entropy.local(LineLoss((), 2.0), x, 0.5).slope
    found = estimates(LineLoss((), 2.0).slope, x, 0.5, steps=4000, rate=0.02, alpha=None,
                      chains=60, rng=np.random.default_rng(0))  # fmt: skip
    error = found.std(0, ddof=1) / math.sqrt(60)
    assert (np.abs(found.mean(0) - exact) < 4 * error + 0.02 * np.abs(exact)).all()


def test_without_noise_it_is_descent_on_loss_and_pull():
    (found,) = estimates(lambda y: 3.0 * y, [1.0], 0.5, steps=400, rate=0.05, temperature=0.0,
                         chains=1, rng=np.random.default_rng(0))  # fmt: skip
    assert found[0] == pytest.approx(3.0 / (1 + 3.0 * 0.5))  # the slope of the Moreau envelope


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"steps": 0}, "at least 1"), ({"rate": 0.0}, "must be positive"), ({"alpha": 1.0}, "alpha"),
     ({"temperature": -1.0}, "not negative")],
)  # fmt: skip
def test_impossible_settings_are_refused(wrong, word):
    settings = {"steps": 2, "rate": 0.1, "rng": np.random.default_rng(0)} | wrong
    with pytest.raises(ValueError, match=word):
        estimates(np.sin, [0.0], 0.1, **settings)
