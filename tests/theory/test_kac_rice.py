"""Exact expected counts against sampled matrices, limits, and a sphere that can be searched."""

import math

import numpy as np
import pytest
import torch
from reference import kac_rice_reference as slow

from landscape.theory import kac_rice
from landscape.theory.p_spin import PSpin
from landscape.theory.spin_glass import field_parameter


@pytest.mark.parametrize(("n", "b"), [(2, 0.3), (3, -0.2), (5, 0.4), (8, -0.2), (20, 0.3)])
def test_counts_agree_with_sampled_matrices(n, b):
    (minima, minima_error), (total, total_error) = slow.expected_counts(n, b, 4000)
    assert kac_rice.expected_minima(n, b) == pytest.approx(minima, abs=4 * minima_error)
    assert kac_rice.expected_critical_points(n, b) == pytest.approx(total, abs=4 * total_error)


@pytest.mark.parametrize("n", [2, 3, 10, 11, 100, 151])
def test_at_b_zero_there_are_two_minima_and_two_n_critical_points(n):
    assert kac_rice.expected_minima(n, 0.0) == pytest.approx(2, rel=1e-7)
    assert kac_rice.expected_critical_points(n, 0.0) == pytest.approx(2 * n, rel=1e-9)


def test_on_the_circle_half_of_the_critical_points_are_minima():
    for b in (-0.9, -0.3, 0.2, 0.7):
        ratio = kac_rice.expected_critical_points(2, b) / kac_rice.expected_minima(2, b)
        assert ratio == pytest.approx(2, rel=1e-6)


def test_the_circle_searched_exhaustively():
    # N = 2, p = 3 with field: count sign changes of the derivative along the circle.
    draws, v = 600, 0.8
    angle = np.linspace(0, 2 * np.pi, 721)
    circle = torch.from_numpy(math.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], 1))
    along = torch.from_numpy(np.stack([-np.sin(angle), np.cos(angle)], 1))
    counts = []
    for draw in range(draws):
        model = PSpin.draw(2, 3, v, seed=[1, draw], dtype=torch.float64)
        slope = (model.gradient(circle) * along).sum(1).numpy()
        counts.append(np.sum((slope[:-1] < 0) & (slope[1:] >= 0)))
    expected = kac_rice.expected_minima(2, field_parameter(v, 3))
    assert np.mean(counts) == pytest.approx(expected, abs=4 * np.std(counts) / math.sqrt(draws))


def test_many_spins_and_a_strong_field_leave_one_minimum_and_one_maximum():
    assert kac_rice.expected_minima(100, -0.6) == pytest.approx(1, abs=1e-5)
    assert kac_rice.expected_critical_points(100, -0.6) == pytest.approx(2, abs=2e-5)
    assert kac_rice.expected_critical_points(100, -0.8) == pytest.approx(2, abs=1e-9)


def test_large_n_forms():
    b, n = 0.3, 400
    corrected = 4 * math.sqrt(n * (1 - b) / (math.pi * b)) * ((1 + b) / (1 - b)) ** (n / 2)
    printed = 4 * math.sqrt(n * (1 + b) / (math.pi * b)) * ((1 + b) / (1 - b)) ** (n / 2)
    exact = kac_rice.expected_critical_points(n, b)
    assert exact / corrected == pytest.approx(1, abs=0.01)  # erratum 3
    assert exact / printed == pytest.approx(0.7319, abs=0.001)
    for tau in (-1.0, 1.0, 3.0):
        limit = kac_rice.critical_points_per_spin(tau)
        assert kac_rice.expected_critical_points(400, -tau / 400) / 400 == pytest.approx(
            limit, rel=0.01
        )


def test_the_band_function_joins_both_printed_asymptotes():
    joined = kac_rice.critical_points_per_spin
    assert joined(0.0) == pytest.approx(2)
    assert joined(1e4) == pytest.approx(2 / math.sqrt(math.pi) * 1e4**-1.5, rel=1e-3)
    assert joined(-300.0) == pytest.approx(4 * math.exp(300) / math.sqrt(math.pi * 300), rel=2e-3)


def test_minima_by_energy_sum_to_their_number_and_tend_to_the_complexity():
    from landscape.theory.spin_glass import complexity_of_index

    u, density = kac_rice.minima_by_energy(100, 3)
    step = u[1] - u[0]
    assert step * density.sum() == pytest.approx(kac_rice.expected_minima(100, 1 / 3), rel=1e-9)
    gaps = []
    for n in (50, 200):
        u, density = kac_rice.minima_by_energy(n, 3)
        below = np.cumsum(density) * (u[1] - u[0])
        log_count = np.interp(-1.645, u, np.log(np.maximum(below, 1e-300))) / n
        gaps.append(abs(log_count - float(complexity_of_index(-1.645, 0, 3))))
    assert gaps[1] < 0.5 * gaps[0] < 0.03


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="between -1 and 1"):
        kac_rice.expected_minima(10, 1.0)
    with pytest.raises(ValueError, match="at least 2 spins"):
        kac_rice.expected_critical_points(1, 0.1)
    with pytest.raises(ValueError, match="beyond double precision"):
        kac_rice.expected_critical_points(400, -0.9)
    with pytest.raises(ValueError, match="needs p >= 2"):
        kac_rice.minima_by_energy(10, 1)


@pytest.mark.parametrize("n", [2, 9, 40])
def test_a_curve_has_the_values_of_its_points(n):
    b = np.array([[-0.4, -0.05], [0.0, 0.3]])
    points, minima = kac_rice.expected_counts(n, b)
    for index in np.ndindex(b.shape):
        value = float(b[index])
        assert points[index] == pytest.approx(kac_rice.expected_critical_points(n, value), rel=1e-9)
        assert minima[index] == pytest.approx(kac_rice.expected_minima(n, value), rel=1e-9)
    with pytest.raises(ValueError, match="between -1 and 1"):
        kac_rice.expected_counts(n, [0.1, 1.0])


@pytest.mark.parametrize("n", [10, 17])
def test_minima_below_an_energy_against_sampled_smallest_eigenvalues(n):
    p, b = 3, 1 / 3
    rng = np.random.default_rng(4)
    lowest = np.array([np.linalg.eigvalsh(slow.goe(n, rng))[0] for _ in range(3000)])
    factor = 2 * math.sqrt(1 + b) * ((1 + b) / (1 - b)) ** ((n - 1) / 2)
    weights = factor * np.exp(-b * lowest**2 / 4)
    energy = lowest * math.sqrt((p - 1) / (p * n))
    for u in np.quantile(energy, [0.2, 0.5, 0.9]):
        part = weights * (energy <= u)
        error = part.std(ddof=1) / math.sqrt(len(part))
        below = float(kac_rice.minima_below(n, p, u))
        assert below == pytest.approx(part.mean(), abs=4 * error)
        above = kac_rice.minima_above(n, p, u)
        assert below + above == pytest.approx(kac_rice.expected_minima(n, b), rel=1e-5)
    everywhere = float(kac_rice.minima_below(n, p, 9.0))
    assert everywhere == pytest.approx(kac_rice.expected_minima(n, b), rel=1e-5)
    assert (np.diff(kac_rice.minima_below(n, p, np.linspace(-3, 0, 200))) >= 0).all()
    assert kac_rice.minima_above(n, p, 9.0) == 0
