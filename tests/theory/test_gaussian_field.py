"""Gaussian-field formulas against quadrature, expansions, finite differences and sampling."""

import math

import numpy as np
import pytest
from reference.gaussian_field_reference import (
    index_by_quadrature,
    inverse_by_bisection,
    line_by_minimisation,
)
from scipy.integrate import quad

from landscape.theory import gaussian_field as gf
from landscape.theory import gaussian_field_sampling as sampling

FIELDS = [gf.Covariance.power(1), gf.Covariance.power(0.25), gf.Covariance(2.0, -0.5, 3.0)]


@pytest.mark.parametrize("x", [-1.0, -0.93, -0.2, 0.0, 0.4, 0.99, 1.0])
def test_index_against_quadrature(x):
    assert float(gf.index(x)) == pytest.approx(index_by_quadrature(x), abs=1e-12)


def test_index_special_values_and_direction():
    np.testing.assert_allclose(gf.index([-1.0, 0.0, 1.0]), [1.0, 0.5, 0.0], atol=1e-15)
    np.testing.assert_array_equal(gf.index([-3.0, 7.0]), [1.0, 0.0])
    x = np.linspace(-1, 1, 2001)
    assert (np.diff(gf.index(x)) < 0).all()
    np.testing.assert_allclose(gf.index(x) + gf.index(-x), 1.0, atol=1e-15)


def test_index_keeps_relative_accuracy_at_the_edge():
    """alpha = C d^{3/2} (1 - 3d/20 + O(d^2)) at distance d from the edge."""
    d = 2.0 ** -np.arange(5, 40)  # powers of two: 1 - d is exact
    ratio = gf.index(1 - d) / (gf.EDGE_COEFFICIENT * d**1.5)
    np.testing.assert_allclose(ratio, 1 - 3 * d / 20, atol=0.05 * d.max() ** 2 + 1e-13)
    np.testing.assert_allclose(ratio[10:], 1 - 3 * d[10:] / 20, rtol=1e-8)


def test_coefficients():
    assert pytest.approx(0.600211, abs=1e-6) == gf.EDGE_COEFFICIENT
    h = 1e-5
    slope = (gf.index(h) - gf.index(-h)) / (2 * h)
    assert slope == pytest.approx(gf.CENTRE_SLOPE, rel=1e-9)


@pytest.mark.parametrize("alpha", [1e-4, 0.03, 0.3, 0.5, 0.77, 0.9995])
def test_inverse_against_bisection(alpha):
    assert float(gf.inverse_index(alpha)) == pytest.approx(inverse_by_bisection(alpha), abs=1e-10)


def test_inverse_round_trip():
    alpha = np.concatenate([np.geomspace(1e-14, 0.5, 200), 1 - np.geomspace(1e-10, 0.5, 100)])
    back = gf.index(gf.inverse_index(alpha))
    np.testing.assert_allclose(back, alpha, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(gf.inverse_index([0.0, 1.0]), [1.0, -1.0])
    with pytest.raises(ValueError, match="must lie in"):
        gf.inverse_index(1.1)


def test_semicircle():
    total, _ = quad(lambda x: float(gf.semicircle(x, 1.5, 3.0)), -1.5, 4.5)
    assert total == pytest.approx(1.0, abs=1e-8)
    negative, _ = quad(lambda x: float(gf.semicircle(x, 1.5, 3.0)), -1.5, 0.0)
    assert negative == pytest.approx(float(gf.index(0.5)), abs=1e-8)
    assert gf.semicircle(10.0) == 0


@pytest.mark.parametrize("field", FIELDS)
def test_critical_energy_is_where_the_line_meets_the_edge(field):
    assert field.critical_energy < 0
    edge = gf.most_likely_eigenvalue(field.critical_energy, field)
    assert edge == pytest.approx(field.radius)
    energy = np.linspace(1.2, -1.2, 7) * field.critical_energy
    from_line = gf.index(gf.most_likely_eigenvalue(energy, field) / field.radius)
    np.testing.assert_allclose(gf.index_of_energy(energy, field), from_line, atol=1e-14)


@pytest.mark.parametrize("field", FIELDS)
def test_line_against_minimisation_of_the_exponent(field):
    """Derived anew: Gaussian law of (eps, lambda_bar) and the log-determinant by quadrature."""
    energy = 0.6 * field.critical_energy
    slow = line_by_minimisation(energy, field.value, field.slope, field.curvature)
    assert float(gf.most_likely_eigenvalue(energy, field)) == pytest.approx(slow, rel=1e-5)


@pytest.mark.parametrize("field", FIELDS)
def test_quadratic_form(field):
    m = gf.matrix(field)
    assert np.linalg.det(m) == pytest.approx(field.q / 2)
    assert (np.linalg.eigvalsh(m) > 0).all()
    u = np.array([-0.3, 0.8])
    assert u @ m @ u == pytest.approx(float(gf.psi(*u, field)))


@pytest.mark.parametrize("field", FIELDS)
def test_gradient_against_differences(field):
    u, h = np.array([-0.2, 0.4]), 1e-5
    numeric = [
        (gf.complexity(*(u + h * e), field) - gf.complexity(*(u - h * e), field)) / (2 * h)
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(gf.gradient(*u, field), numeric, rtol=1e-7)


@pytest.mark.parametrize("field", FIELDS)
def test_total_count_is_fyodorov_s(field):
    """max Sigma = log(f'' / |f'|) / 2 - (1 + log 2 pi) / 2 + log of the volume factor."""
    expected = 0.5 * math.log(field.curvature / (2 * math.pi * math.e * abs(field.slope)))
    assert float(gf.complexity(0, 0, field)) == pytest.approx(expected)
    assert np.isnan(gf.complexity(0.0, 1.01 * field.radius, field))


@pytest.mark.parametrize("field", FIELDS)
def test_slope_factor_on_the_line(field):
    """Erratum 24: the derivative is smaller than 2 eps; the print agrees with it at r = 5 only."""
    energy, h = 0.4 * field.critical_energy, 1e-6
    line = float(gf.most_likely_eigenvalue(energy, field))
    partial = (gf.psi(energy + h, line, field) - gf.psi(energy - h, line, field)) / (2 * h)
    assert partial / (2 * energy) == pytest.approx(gf.slope_factor(field), rel=1e-8)
    assert 0 < gf.slope_factor(field) < 1
    printed = energy * (1 + 2 / (1 + field.r))
    # The print is off by eps (1 - 6 / (1 + r)): right at r = 5 only, as power(0.25) happens to be.
    gap = energy * (1 - 6 / (1 + field.r))
    assert partial - printed == pytest.approx(gap, abs=1e-8)
    # On the line the derivative along the line is the partial one, since psi is minimal in lambda.
    up, down = (gf.most_likely_eigenvalue(energy + s * h, field) for s in (1, -1))
    along = (gf.psi(energy + h, up, field) - gf.psi(energy - h, down, field)) / (2 * h)
    assert along == pytest.approx(float(partial), rel=1e-8)


@pytest.mark.parametrize("field", FIELDS)
def test_relative_changes_are_equal(field):
    energy = np.array([-1e-3, -0.5, 0.7])
    change = 1.01
    before = gf.most_likely_eigenvalue(energy, field)
    after = gf.most_likely_eigenvalue(change * energy, field)
    np.testing.assert_allclose(after / before, change, rtol=1e-14)


def test_power_family():
    field = gf.Covariance.power(1)
    assert (field.p, field.q, field.r) == pytest.approx((0.75, 0.25, 2.0))
    assert field.critical_energy == pytest.approx(-1.5 * math.sqrt(2))
    again = gf.Covariance.from_function(
        lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, lambda x: 2 / (1 + x) ** 3
    )
    assert (again.value, again.slope, again.curvature) == (1.0, -1.0, 2.0)


def test_squared_exponential_field_is_degenerate():
    with pytest.raises(ValueError, match="equality is"):
        gf.Covariance(1.0, -1.0, 1.0)
    with pytest.raises(ValueError, match="f'\\(0\\) < 0"):
        gf.Covariance(1.0, 1.0, 2.0)
    with pytest.raises(ValueError, match="positive"):
        gf.Covariance.power(0)


def test_goe_moments():
    spectra = sampling.goe_eigenvalues(np.random.default_rng(1), 60, 200, traceless=False)
    # E tr G^2 / N = 1 + 1/N; one draw of N^2/2 squares has relative error 2/N.
    assert (spectra**2).mean() == pytest.approx(1 + 1 / 60, abs=5 * 2 / 60 / math.sqrt(200))
    # Var of the mean eigenvalue is 2 / N^2.
    means = spectra.mean(axis=1) * 60
    assert means.var() == pytest.approx(2.0, rel=5 * math.sqrt(2 / 200))
    traceless = sampling.goe_eigenvalues(np.random.default_rng(1), 20, 5)
    np.testing.assert_allclose(traceless.mean(axis=1), 0, atol=1e-13)


def test_sampled_index_approaches_the_curve():
    x = np.array([-0.8, -0.3, 0.0, 0.5, 0.9])
    fractions, _ = sampling.sampled_index(np.random.default_rng(2), x, 120, 60)
    error = np.abs(fractions.mean(axis=1) - gf.index(x))
    # Finite-N bias is O(1/N); the statistical error of the mean is far smaller.
    assert (error < 0.5 / 120 + 5 * fractions.std(axis=1) / math.sqrt(60)).all()


def test_sampled_line_needs_the_determinant():
    """Kac-Rice at N = 60 sits at the most likely line, not at the plain regression line."""
    field = gf.Covariance.power(1)
    spectra = sampling.goe_eigenvalues(np.random.default_rng(3), 60, 150)
    energy = 0.5 * field.critical_energy
    measured, fraction = sampling.sampled_critical_points(energy, field, spectra)
    line = float(gf.most_likely_eigenvalue(energy, field))
    regression = field.slope / field.value * energy
    assert abs(measured - line) < 0.25 * abs(measured - regression)
    assert measured == pytest.approx(line, rel=0.05)
    assert fraction == pytest.approx(float(gf.index_of_energy(energy, field)), abs=0.02)
