"""The networks of the work as spin glasses: the rule, its numbers, and what it contradicts."""

import math

import pytest

from landscape.theory import network_model as nm
from landscape.theory.spin_glass import field_parameter

MNISTFC = [784, *[128] * 16, 10]


def test_the_thin_network():
    assert nm.dense_weights(MNISTFC) == 349_450
    found = nm.network_parameters(16, widths=MNISTFC, coupling=1e-3)
    assert found.spins == pytest.approx(147.786, abs=1e-3)
    assert found.critical_field == pytest.approx(1e-3 * math.sqrt(16 * 14))
    assert found.b_at(found.critical_field) == pytest.approx(0, abs=1e-15)
    for field, b in zip(found.band, (1, -1), strict=True):
        assert field_parameter(field, 16, 1e-3) * found.spins == pytest.approx(b)
    for field, kappa in zip(found.minima_band, (-1, 1), strict=True):
        assert -2 * found.b_at(field) * found.spins ** (1 / 3) == pytest.approx(kappa)
    text = " ".join(found.inconsistencies)
    for words in ("N = 147.8", "has 128", "17 weight matrices", "N = 143.4", "1.37 connections",
                  "349,450 weights", "B = 0.8750", "-0.318"):  # fmt: skip
        assert words in text


def test_square_layers_without_biases_give_the_width_back():
    assert nm.dense_weights([100] * 4, biases=False) == 30_000
    found = nm.network_parameters(3, weights=30_000)
    assert found.spins == pytest.approx(100)
    text = " ".join(found.inconsistencies)
    assert "needs p > 5" in text
    assert "tuned" not in text
    assert "first hidden layer" not in text


def test_the_schedule_crosses_the_band_in_a_few_steps():
    found = nm.network_parameters(16, widths=MNISTFC, coupling=1e-3)
    assert found.field_of_iteration(0, 500) == pytest.approx(math.sqrt(2) * found.critical_field)
    first, last = found.iterations_in_band(500)
    assert found.b_at(found.field_of_iteration(first, 500)) * found.spins == pytest.approx(-1)
    assert found.b_at(found.field_of_iteration(last, 500)) * found.spins == pytest.approx(1)
    assert 10 < last - first < 20  # of thousands
    start = found.b_at(found.field_of_iteration(0, 500))
    assert start == pytest.approx(-(16 - 2) / (3 * 16 - 4))


def test_small_networks_have_no_outer_edge():
    tiny = nm.network_parameters(2, weights=1)
    assert tiny.band == (0.0, math.inf)
    assert "no exponential regime" in " ".join(tiny.inconsistencies)
    with pytest.raises(ValueError, match="never leaves"):
        tiny.iterations_in_band(10)


def test_impossible_networks_are_refused():
    with pytest.raises(ValueError, match="at least 2 layers"):
        nm.network_parameters(1, weights=10)
    with pytest.raises(ValueError, match="number of weights"):
        nm.network_parameters(3)
    with pytest.raises(ValueError, match="must be positive"):
        nm.network_parameters(3, weights=0)
    with pytest.raises(ValueError, match="at least an input and an output"):
        nm.dense_weights([5])
