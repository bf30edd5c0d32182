"""Local entropy near quadratics, its gradients and entropies: what each check rests on."""

import math

import numpy as np
import pytest
from reference import line_entropy_reference as slow

from landscape.errata import thesis_local_entropy as errata
from landscape.errors import LandscapeError
from landscape.theory.line_loss import PLATEAU, WIDE_AND_SHARP


def test_the_loss_of_the_checks_is_that_of_the_figure():
    for x in (-2.4, 0.95, PLATEAU):
        assert errata._loss(x) == pytest.approx(float(WIDE_AND_SHARP.value(x)), rel=1e-14)


def test_the_gradient_points_away_from_the_mean():
    both, mean = errata.gradient_sign(x=0.4, gamma=0.2)
    assert both.printed == -both.corrected
    assert both.check == pytest.approx(
        slow.local(errata._loss, 0.4, 0.2, marks=(-2.5, 0.7, 1.0, 1.3))[1], rel=1e-6)  # fmt: skip
    assert mean.check == pytest.approx(0.2 * both.check)


def test_the_measure_of_a_quadratic_is_sampled():
    rng = np.random.default_rng(0)
    rows = errata.quadratic_measure(gamma=0.5)
    # The pull alone, reweighted by the loss, is another way to the same mean.
    y = math.sqrt(0.5) * rng.standard_normal((400_000, 2))
    hessian, gradient = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([0.5, 0.2])
    weight = np.exp(y @ gradient - ((y @ hessian) * y).sum(1) / 2)
    mean = weight @ y / weight.sum()
    assert [row.check for row in rows[:2]] == pytest.approx(mean, abs=4e-3)
    assert rows[-1].printed < 0, "no variance is negative"


def test_stated_evidence_of_the_quadratic_solution():
    u, bend, constant = errata.quadratic_solution()
    assert (u.check, u.printed) == pytest.approx((0.6013197, 0.2547462), abs=1e-7)
    assert (bend.check, constant.check) == pytest.approx((4 / 3, 99.9999), rel=1e-5)
    early = errata.quadratic_solution(t=1e-9)[0]
    assert early.check == pytest.approx(4.0 * 0.7**2 / 2, abs=1e-6), "u starts at the loss"


def test_the_recursion_of_the_stability_bound_is_the_loop():
    lipschitz, smooth, samples, steps = 1.5, 0.7, 50, 40
    best = math.inf
    for start in range(1, steps + 1):
        delta = 0.0
        for t in range(start + 1, steps + 1):
            delta = (1 + (1 - 1 / samples) * smooth / t) * delta + 2 * lipschitz / (samples * t)
        best = min(best, start / samples + lipschitz * delta)
    assert errata._stability(lipschitz, smooth, samples, steps) == pytest.approx(best)


def test_a_sharper_minimum_costs_half_a_logarithm():
    last, before, *_ = errata.near_a_minimum(gamma=0.1)
    assert last.printed == 4.0
    whole = math.log(15 / 11)
    assert (before.printed, before.check) == pytest.approx((whole, whole / 2))


def test_shannon_entropy_is_that_of_the_slow_twin():
    for x in (-1.5, 1.0, PLATEAU):
        expected = slow.local(errata._loss, x, 0.1, marks=(-2.5, 0.7, 1.0, 1.3))[3]
        assert errata.shannon(x, 0.1) == pytest.approx(expected, abs=1e-8)
    with pytest.raises(LandscapeError, match="gamma = 1"):
        errata.shannon_gradient(gamma=1)


def test_where_shannon_entropy_is_smallest_hangs_on_the_curvature_not_on_the_loss():
    place, sharp, wide = errata.smallest_shannon_entropy(gamma=0.05)
    assert place.check == pytest.approx(1.0, abs=0.05)
    assert sharp.check > wide.check > 0


def test_the_printed_form_leaves_every_bound():
    checks = [row.check for row in errata.vanishing_scope((1e-2, 1e-3, 1e-4))]
    assert np.diff(checks) == pytest.approx([math.log(10) / 2] * 2, rel=1e-3)


def test_a_broader_kernel_comes_nearer_to_the_ratio_of_the_widths():
    near, far = (errata.averaged_loss(spread)[0] for spread in (3.0, 30.0))
    assert near.check < far.check < far.corrected
    assert far.check == pytest.approx(
        far.corrected * math.sqrt((0.12**2 + 900) / (1 + 900)), rel=1e-6)  # fmt: skip
