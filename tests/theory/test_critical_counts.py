"""Counts for many spins against the exact averages at finite N, and where regimes meet."""

import math

import numpy as np
import pytest
from scipy.integrate import cumulative_simpson, quad, simpson
from scipy.special import airy

from landscape.theory import critical_counts as cc
from landscape.theory import kac_rice, tracy_widom


@pytest.mark.parametrize(
    ("kappa", "value"),
    [(2, 1.0807), (1, 1.3006), (0, 2.0), (-1, 4.607), (-2, 19.153), (-4, 4460.3)],
)
def test_minima_at_the_edge(kappa, value):
    assert cc.minima_at_edge(kappa) == pytest.approx(value, rel=1e-4)


def test_minima_at_the_edge_against_adaptive_quadrature():
    for kappa in (-6.0, -1.5, 0.7, 2.5):
        a = kappa / 2
        integral = quad(lambda z, a=a: math.exp(a * z) * float(tracy_widom.density(z)), -11, 15,
                        limit=60, epsrel=1e-7)[0]  # fmt: skip
        expected = 2 * math.exp(-(kappa**3) / 24) * integral
        assert cc.minima_at_edge(kappa) == pytest.approx(expected, rel=1e-6)


def test_minima_are_never_fewer_than_one_and_join_where_the_sum_changes():
    values = [cc.minima_at_edge(k) for k in np.linspace(-3, 30, 67)]
    assert min(values) >= 1
    assert np.all(np.diff(values) <= 1e-8)
    assert cc.log_minima_at_edge(2.0) == pytest.approx(cc.log_minima_at_edge(2.0 + 1e-9), abs=1e-8)


def test_minima_far_above_the_threshold():
    # Erratum 5. The error of the saddle-point form falls like kappa^{-3/4}.
    gaps = [cc.log_minima_at_edge(k) - cc.log_minima_far(k) for k in (-4.0, -8.0, -16.0)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.02
    for k in (-4.0, -8.0, -12.0, -16.0):
        value = cc.log_minima_at_edge(k)
        leading = (value - abs(k) ** 3 / 24) / abs(k) ** 1.5
        assert abs(leading - 2 / 3) < 0.7  # 4 sqrt(2) / 3 = 1.886 it is not
    assert cc.log_minima_as_printed(-16) == pytest.approx(131.346, abs=1e-3)
    assert cc.log_minima_at_edge(-16) == pytest.approx(211.24, abs=0.01)


def test_critical_points_at_the_edge_are_an_integral_over_the_edge_density():
    z = np.linspace(-45, 16, 30_001)
    ai, slope = airy(z)[:2]
    beyond = cumulative_simpson(ai[::-1], dx=z[1] - z[0], initial=0)[::-1]  # int_z^inf Ai
    density = slope**2 - z * ai**2 + 0.5 * ai * (1 - beyond)
    for kappa in (1.0, 2.0, 3.5):
        integral = simpson(np.exp(kappa / 2 * z) * density, x=z)
        expected = 4 * math.exp(-(kappa**3) / 24) * integral
        assert cc.critical_points_at_edge(kappa) == pytest.approx(expected, rel=1e-7)
    assert cc.critical_points_at_edge(30.0) == pytest.approx(2, abs=1e-12)
    assert cc.critical_points_at_edge(0.01) == pytest.approx(
        2 / math.sqrt(math.pi) * (0.005) ** -1.5, rel=1e-3
    )


@pytest.mark.parametrize("n", [20, 50, 100, 200])
def test_one_formula_for_all_regimes_against_the_exact_number(n):
    b = np.array([-0.5, -0.3, -0.1, -0.05, -1 / n, -0.01, 0.0, 1e-4, 0.01, 0.1, 0.2, 1 / 3, 0.5])
    points, minima = kac_rice.expected_counts(n, b)
    found = [cc.critical_points(n, v) for v in b]
    np.testing.assert_allclose(found, points, rtol=0.035 if n < 100 else 0.01)
    low = b <= 1 / 3
    found = [math.exp(cc.log_minima(n, v)) for v in b[low]]
    np.testing.assert_allclose(found, minima[low], rtol=0.025)


def test_errors_fall_with_the_number_of_spins():
    gaps, edges = [], []
    for n in (50, 200):
        b = -0.5 * n ** (-1 / 3)  # kappa = 1
        points, minima = kac_rice.expected_counts(n, np.array([b]))
        gaps.append(abs(cc.critical_points_at_edge(1.0) / points[0] - 1))
        edges.append(abs(cc.minima_at_edge(1.0) / minima[0] - 1))
    assert gaps[1] < 0.5 * gaps[0]
    assert edges[1] < 0.5 * edges[0]


def test_the_rate_of_minima_is_the_plateau_of_the_complexity():
    from landscape.theory.spin_glass import complexity_of_index

    b, p = 1 / 3, 3
    rate = 0.5 * math.log((1 + b) / (1 - b)) - b
    assert rate == pytest.approx(float(complexity_of_index(0.0, 0, p)), abs=1e-12)
    slope = (cc.log_minima(400_000, b) - cc.log_minima(100_000, b)) / 300_000
    assert slope == pytest.approx(rate, rel=0.15)  # still (2/3)(2B)^{3/2} / sqrt(N) away


def test_saddle_point_form_continues_the_average():
    above, below = (cc.log_minima(n, 0.3) for n in (18_500, 19_500))  # kappa = -15.9, -16.1
    slope = (cc.log_minima(18_500, 0.3) - cc.log_minima(17_500, 0.3)) / 1000
    assert below - above == pytest.approx(1000 * slope, abs=0.3)


def test_printed_cases():
    assert cc.critical_points_as_printed(400, -0.1) == 2
    assert cc.critical_points_as_printed(400, -0.5 / 400) == pytest.approx(
        800 / math.sqrt(math.pi) * 0.5**-1.5
    )
    assert cc.critical_points_as_printed(100, 0.0) == math.inf
    ratio = cc.critical_points_as_printed(400, 0.3) / cc.critical_points(400, 0.3)
    assert ratio == pytest.approx(math.sqrt(1.3 / 0.7), rel=0.005)
    assert (cc.tau(200, -0.05), cc.kappa(1000, -0.05)) == pytest.approx((10, 1.0))
    assert cc.critical_points(10_000, 0.3) == math.inf  # too large for a double, not an error


def test_impossible_arguments_are_refused():
    for call, words in (
        (lambda: cc.critical_points(10, 1.0), "between -1 and 1"),
        (lambda: cc.log_minima(10, -1.0), "between -1 and 1"),
        (lambda: cc.log_critical_points_exponential(10, 0.0), "0 < B < 1"),
        (lambda: cc.critical_points_at_edge(0.0), "diverges"),
        (lambda: cc.log_minima_at_edge(-17.0), "log_minima_far"),
        (lambda: cc.log_minima_far(1.0), "kappa << -1"),
        (lambda: cc.critical_points_as_printed(10, 0.1, "other"), "it is trivial"),
        (lambda: cc.critical_points_as_printed(10, 0.1, "band"), "tau > 0"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
