"""Complexity curves against quadrature and the values that follow from them."""

import numpy as np
import pytest
from scipy.integrate import quad

from landscape.theory import spin_glass as sg

SPINS = (3, 4, 6, 10)


@pytest.mark.parametrize("p", SPINS)
def test_rate_is_the_integral_and_the_printed_closed_form_is_not(p):
    edge = sg.e_infinity(p)
    for u in (-edge, -1.01 * edge, -1.2 * edge, -2 * edge):
        integral = 2 / edge**2 * quad(lambda z: np.sqrt(max(z * z - edge**2, 0)), u, -edge)[0]
        assert float(sg.rate(u, p)) == pytest.approx(integral, abs=1e-8)
    assert abs(float(sg.i1_as_printed(-1.2 * edge, p)) - float(sg.rate(-1.2 * edge, p))) > 0.1


def test_the_erratum_in_numbers():
    assert float(sg.rate(-1.2 * sg.e_infinity(3), 3)) == pytest.approx(0.173627, abs=1e-6)
    assert float(sg.i1_as_printed(-1.2 * sg.e_infinity(3), 3)) == pytest.approx(-2.182178, abs=1e-6)


@pytest.mark.parametrize(
    ("p", "levels"),
    [
        (3, (1.656998, 1.652873, 1.650253, 1.648399)),
        (4, (1.794085, 1.783300, 1.776478, 1.771662)),
        (5, (1.887989, 1.870576)),
        (10, (2.135364, 2.092142)),
    ],
)
def test_energy_levels(p, levels):
    for k, expected in enumerate(levels):
        found = sg.energy_level(k, p)
        assert found == pytest.approx(expected, abs=1e-6)
        assert float(sg.complexity_of_index(-found, k, p)) == pytest.approx(0, abs=1e-12)
        assert found > sg.e_infinity(p)


@pytest.mark.parametrize("p", SPINS)
def test_curves_are_continuous_and_never_fall(p):
    edge = sg.e_infinity(p)
    u = np.linspace(-1.5 * edge, 1, 20_001)
    for values in (sg.complexity(u, p), *(sg.complexity_of_index(u, k, p) for k in range(4))):
        assert np.all(np.diff(values) >= -1e-14)
    for curve in (lambda u: sg.complexity(u, p), lambda u: sg.complexity_of_index(u, 2, p)):
        for knot in (-edge, 0.0):
            assert float(curve(knot + 1e-9)) == pytest.approx(float(curve(knot - 1e-9)), abs=1e-7)
    assert float(sg.complexity(0.5, p)) == pytest.approx(0.5 * np.log(p - 1))


def test_other_threshold_would_break_continuity():
    # The definition that is missing in the thesis: only it makes Theta_k meet its constant.
    p = 3
    constant = 0.5 * np.log(p - 1) - (p - 2) / p
    value = 0.5 * np.log(p - 1) - (p - 2) / (4 * (p - 1)) * sg.e_infinity(p) ** 2
    assert value == pytest.approx(constant, abs=1e-15)


def test_field_parameter_and_its_inverse():
    assert sg.field_parameter(0.0, 3) == pytest.approx(1 / 3)
    assert sg.field_parameter(sg.critical_field(3, 2.0), 3, 2.0) == pytest.approx(0, abs=1e-15)
    assert sg.field_parameter(1e9, 3) == pytest.approx(-1)
    for p, n, tau in ((3, 100, 1.0), (16, 100, -20.0), (3, 100, -30.0)):
        assert sg.field_parameter(sg.field_at(tau, n, p), p) == pytest.approx(-tau / n)
    ratio = [f(1.0, 100, 3) / sg.critical_field(3)
             for f in (sg.field_at, sg.field_first_order, sg.field_as_printed)]
    np.testing.assert_allclose(ratio, [1.0200, 1.0198, 1.00995], atol=5e-5)


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="only for p >= 3"):
        sg.energy_level(0, 2)
    with pytest.raises(ValueError, match="cannot be negative"):
        sg.complexity_of_index(-1.0, -1, 3)
    with pytest.raises(ValueError, match="defined for u <="):
        sg.rate(-1.0, 3)
    with pytest.raises(ValueError, match="out of reach"):
        sg.field_at(100.0, 100, 3)
    with pytest.raises(ValueError, match="needs p >= 2"):
        sg.e_infinity(1)
