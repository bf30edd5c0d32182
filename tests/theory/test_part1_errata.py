"""Each erratum of part I: the check confirms the corrected form and contradicts the print."""

import numpy as np
import pytest
from scipy.integrate import quad

from landscape.errata import part1 as pe
from landscape.theory import spin_glass

KEYS = [entry.key for entry in pe.ERRATA]


@pytest.mark.parametrize("key", KEYS)
def test_the_check_confirms_the_correction_and_not_the_print(key):
    rows = pe.erratum(key).rows()
    assert rows
    assert any(row.printed is not None for row in rows) or key == "35"
    for row in rows:
        assert row.corrected_agrees, row
        assert not row.printed_agrees, row
        assert row.tolerance <= 0.2, row
        assert row.how


def test_the_list_is_that_of_part_one():
    assert KEYS == ["1", "2", "3", "4", "5", "6", "33", "35", "2.3.2", "2.13"]


def test_stated_evidence():
    rate = pe.rate_function((3,))[0]
    assert (rate.printed, rate.check) == pytest.approx((-2.182178, 0.173627), abs=1e-6)
    exact = {row.quantity: row.check for row in pe.trivial_regime()}
    assert exact["E crt, N = 200, B = -0.05"] == pytest.approx(8.87, abs=0.01)
    assert exact["E crt, N = 400, B = -0.1"] == pytest.approx(2.99, abs=0.01)
    assert exact["E crt, N = 400, B = -0.136"] == pytest.approx(2.40, abs=0.01)
    prefactor = pe.exponential_prefactor()[-1]
    assert prefactor.check / prefactor.printed == pytest.approx(0.7319, abs=0.001)


def test_agreement_is_decided_by_the_tolerance():
    row = pe.Row("x", 1.02, 1.005, 1.0, "by hand", 0.01)
    assert row.corrected_agrees
    assert not row.printed_agrees
    assert not pe.Row("x", None, 1.0, 1.0, "by hand").printed_agrees


def test_sampling_can_contradict_the_correction():
    # The same sample of the Hessian, read with p = 4 in place of 3, must not agree.
    wrong = pe.gradient_and_hessian(n=12, p=3, draws=100)[0]
    assert abs(4.0 - wrong.check) > wrong.tolerance * wrong.check


def test_table_is_text():
    rows = pe.table("1", "35")
    assert [len(row) for row in rows] == [6] * 4
    assert rows[0][0] == "1"
    assert rows[-1][2] == "no number"
    assert pe.lines("2.13", pe.displaced_minima((100,))) == [
        ["2.13", "P(|Y| > N^-0.3), N = 100", "0", "1", "0.990924", "Chebyshev's lower bound"]
    ]
    with pytest.raises(ValueError, match="known are 1, 2"):
        pe.table("99")
    with pytest.raises(ValueError, match="odd length"):
        pe.perceptron(d=100)


def test_a_constant_field_moves_the_lowest_minimum_by_a_constant():
    rows = pe.linear_response((2_000, 50_000))
    assert all(row.corrected_agrees and not row.printed_agrees for row in rows)
    lengths = [row for row in rows if row.quantity.startswith("|Y|")]
    assert lengths[0].corrected == lengths[1].corrected  # no power of N
    assert lengths[0].printed > lengths[1].printed
    # By quadrature over the semicircle instead of its closed resolvent.
    shift, radius = 3 * spin_glass.energy_level(0, 3), 3 * spin_glass.e_infinity(3)
    law = [quad(lambda t, k=k: 2 / np.pi * np.sqrt(1 - t * t) / (shift + radius * t) ** k, -1, 1)[0]
           for k in (1, 2)]  # fmt: skip
    assert lengths[0].corrected == pytest.approx(0.1 * np.sqrt(law[1]), rel=1e-6)
    assert rows[1].corrected == pytest.approx(0.1**2 / 2 * law[0], rel=1e-6)
