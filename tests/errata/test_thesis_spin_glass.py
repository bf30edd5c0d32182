"""Energies, curvature and places of minima: what each check rests on."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from landscape.errata import thesis_spin_glass
from landscape.errors import LandscapeError
from landscape.theory import spin_glass


def test_stated_evidence_of_the_rate_function():
    row = thesis_spin_glass.rate_function((3,))[0]
    assert (row.printed, row.check) == pytest.approx((-2.182178, 0.173627), abs=1e-6)


def test_sampling_can_contradict_the_correction():
    # The same sample of the Hessian, read with p = 4 in place of 3, must not agree.
    wrong = thesis_spin_glass.gradient_and_hessian(n=12, p=3, draws=100)[0]
    assert abs(4.0 - wrong.check) > wrong.tolerance * wrong.check


def test_a_constant_field_moves_the_lowest_minimum_by_a_constant():
    rows = thesis_spin_glass.linear_response((2_000, 50_000))
    assert all(row.corrected_agrees and not row.printed_agrees for row in rows)
    lengths, energies = rows[::2], rows[1::2]
    assert lengths[0].corrected == lengths[1].corrected  # no power of N
    assert lengths[0].printed > lengths[1].printed
    # By quadrature over the semicircle instead of its closed resolvent.
    shift, radius = 3 * spin_glass.energy_level(0, 3), 3 * spin_glass.e_infinity(3)
    law = [quad(lambda t, k=k: 2 / np.pi * np.sqrt(1 - t * t) / (shift + radius * t) ** k, -1, 1)[0]
           for k in (1, 2)]  # fmt: skip
    assert lengths[0].corrected == pytest.approx(0.1 * np.sqrt(law[1]), rel=1e-6)
    assert energies[0].corrected == pytest.approx(0.1**2 / 2 * law[0], rel=1e-6)


def test_a_field_that_shrinks_moves_the_minima_less():
    constant = thesis_spin_glass.field_displacement((10_000,))[0]
    weak = thesis_spin_glass.field_displacement((10_000,), field=0.01)[0]
    assert weak.check == pytest.approx(0.01 * constant.check)
    assert weak.check < weak.printed


def test_no_set_of_directions_exceeds_the_bound():
    rng = np.random.default_rng(0)
    for m, n in ((2, 3), (5, 3), (8, 20)):
        x = rng.standard_normal((m, n))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        mean = np.mean([1 - a @ b for a, b in itertools.combinations(x, 2)])
        assert mean <= 1 + 1 / (m - 1) + 1e-12
    simplex = np.eye(7) - 1 / 7
    simplex /= np.linalg.norm(simplex, axis=1, keepdims=True)
    mean = np.mean([1 - a @ b for a, b in itertools.combinations(simplex, 2)])
    assert mean == pytest.approx(1 + 1 / 6)
    assert mean > thesis_spin_glass.STATED_DISTANCE


def test_how_many_directions_can_have_a_mean_distance():
    assert thesis_spin_glass.directions_allowed() == 7
    assert thesis_spin_glass.directions_allowed(2.0) == 2
    with pytest.raises(LandscapeError, match="any number"):
        thesis_spin_glass.directions_allowed(0.9)
    with pytest.raises(LandscapeError, match="even number"):
        thesis_spin_glass.mean_cosine_distance((7,))
