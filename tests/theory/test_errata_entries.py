"""The errata beyond part I and the statements that do not hold: what each check rests on."""

import itertools
import math

import numpy as np
import pytest

from landscape.errata import complexity as errata_complexity, dynamics as errata_dynamics, landscape as errata_landscape, registry as errata_list, perceptron as errata_perceptron, training as errata_training
from landscape.theory import critical_counts

ENTRIES = (*errata_list.NUMBERED, *errata_list.STATEMENTS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_the_check_confirms_the_correction_and_not_the_print(entry):
    assert entry.rows
    assert entry.confirmed, entry.rows
    assert entry.print_wrong is (None if entry.key == "35" else True), entry.rows
    assert all(row.tolerance <= 0.2 and row.how for row in entry.rows)


def test_entries_are_found_by_key():
    assert errata_list.get(14).anchor == "erratum-14"
    assert errata_list.get("smoothing").anchor == "statement-smoothing"
    with pytest.raises(ValueError, match="no erratum 99; the list has 1, 2"):
        errata_list.get(99)


def test_rows_are_computed_once():
    calls = []
    entry = errata_list.Entry("1", "s", "w", lambda: calls.append(1) or [])
    assert entry.rows is entry.rows
    assert calls == [1]


# Dynamics


def test_a_convex_loss_has_the_rest_of_the_corrected_inner_dynamics():
    rest = errata_dynamics.inner_signs(curvature=2.0, scope=0.4, place=3.0)[0]
    y = 0.0
    for _ in range(2000):  # descent on f(X - Y) + Y^2 / 2 gamma
        y -= 0.05 * (y / 0.4 - 2.0 * (3.0 - y))
    assert y == pytest.approx(rest.corrected, rel=1e-9)
    with pytest.raises(ValueError, match="no place to rest"):
        errata_dynamics.inner_signs(curvature=2.0, scope=0.5)


def test_parle_with_an_infinite_scope_stands_still_or_is_sgd():
    one, three, averaged, slow = errata_dynamics.parle_limits(steps=7)
    assert one.printed == three.printed == 0.0
    assert one.corrected > 0.5
    assert three.corrected != pytest.approx(one.corrected, rel=1e-3)
    assert (averaged.check, slow.check) == pytest.approx((0.75, 0.5))


# Training


def test_decays_of_the_listing():
    falling = np.linspace(1, 0, 6)
    assert errata_training.decays(falling, falling, printed=False) == 0
    once = np.array([3.0, 2, 1, 2, 3, 0.5])
    assert errata_training.decays(falling, once, printed=False) == 1
    assert errata_training.decays(falling, once, printed=True) == 0
    assert errata_training.decays(once, falling, printed=True) == 1, "losses are as printed"


def test_the_printed_size_is_that_of_64_units():
    row = errata_training.small_network()[0]
    assert (row.printed, row.corrected) == (25_450, 50_890)


def test_the_time_of_the_peak_does_not_hang_on_the_settings():
    for settings in ({"slope": 0.4}, {"decay": 1e-2}, {"factor": 10.0}):
        row = errata_training.peak_of_performance(**settings)[0]
        assert row.check == pytest.approx(row.corrected, rel=0.02), settings


# Complexity


def test_both_forms_of_the_slope_agree_at_r_five():
    row = errata_complexity.effective_step((0.25,))[0]
    assert row.printed == pytest.approx(row.corrected) == pytest.approx(4 / 3)


def test_smoothing():
    assert errata_complexity.smoothed_strength([2.0, 1.0, 0.5], 1) == pytest.approx([1, 0.5, 0.25])
    assert errata_complexity.smoothed_strength([2.0, 1.0], 3) == pytest.approx([1, 0.75])
    with pytest.raises(ValueError, match="must be positive"):
        errata_complexity.smoothed_strength([0.0, 1.0], 3)


# The landscape


def test_the_constant_of_the_minima_falls_without_bound():
    values = [critical_counts.log_minima_far(k) - errata_landscape.corrected_exponent(k)
              for k in (-16.0, -64.0, -256.0)]  # fmt: skip
    assert values == sorted(values, reverse=True)
    steps = np.diff(values)
    expected = [-2 / 3 * (64**0.75 - 16**0.75) + 23 / 32 * math.log(4),
                -2 / 3 * (256**0.75 - 64**0.75) + 23 / 32 * math.log(4)]  # fmt: skip
    assert steps == pytest.approx(expected)


def test_a_field_that_shrinks_moves_the_minima_less():
    constant = errata_landscape.field_displacement((10_000,))[0]
    weak = errata_landscape.field_displacement((10_000,), field=0.01)[0]
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
    assert mean > errata_landscape.STATED_DISTANCE
    assert errata_landscape.directions_allowed() == 7
    assert errata_landscape.directions_allowed(2.0) == 2
    with pytest.raises(ValueError, match="any number"):
        errata_landscape.directions_allowed(0.9)
    with pytest.raises(ValueError, match="even number"):
        errata_landscape.mean_cosine_distance((7,))


# The perceptron


def test_disagreement_against_all_inputs():
    inputs = np.array(list(itertools.product((-1, 1), repeat=7)))
    x = np.ones(7)
    for differing in range(8):
        other = np.where(np.arange(7) < differing, -1, 1)
        share = np.mean(np.sign(inputs @ x) != np.sign(inputs @ other))
        assert errata_perceptron.disagreement(7, differing) == pytest.approx(share)
    with pytest.raises(ValueError, match="odd"):
        errata_perceptron.disagreement(6, 1)
    with pytest.raises(ValueError, match="can differ"):
        errata_perceptron.disagreement(7, [1, 8])
    assert errata_perceptron.generalisation_error([1, 0, -1]) == pytest.approx([0, 0.5, 1])


def test_capacities_by_another_search():
    found = errata_perceptron.capacities(5, draws=30, seed=1)
    rng = np.random.default_rng(1)
    every = np.array(list(itertools.product((-1, 1), repeat=5)))
    for value in found:
        patterns = []
        while True:
            patterns.append(rng.choice([-1.0, 1.0], 5))
            if not (every @ np.array(patterns).T > 0).all(axis=1).any():
                break
        assert value == pytest.approx((len(patterns) - 1) / 5)
    with pytest.raises(ValueError, match="1 to 20"):
        errata_perceptron.capacities(21)
