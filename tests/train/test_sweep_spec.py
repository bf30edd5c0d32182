"""Horizons, instants and chunks of a sweep; values that cannot be right."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.train.spec import DataSpec, SpecificationError
from landscape.train.sweep_spec import Configuration, Horizon, Shared, chunks, instants

SHARED = Shared(DataSpec(), "tiny_fc")


def one(steps=1, seed=0, of=SHARED):
    return Configuration(of, lr=0.1, l2=0.01, seed=seed, steps=steps)


@pytest.mark.parametrize(
    ("horizon", "lr", "l2", "steps"),
    [
        (Horizon(2.0), 0.5, 0.01, 400),
        (Horizon(2.0), 0.3, 0.1, 67),
        (Horizon(2.0, at_least=100), 0.3, 0.1, 100),
        (Horizon(2.0, at_most=50), 0.3, 0.1, 50),
        (Horizon(2.0, at_most=5000), 0.3, 0.0, 5000),
        (Horizon(2.0), 10.0, 10.0, 1),
        (Horizon(at_most=30), 0.3, 0.1, 30),
    ],
)
def test_horizons(horizon, lr, l2, steps):
    assert horizon.steps(lr, l2) == steps


@pytest.mark.parametrize(("horizon", "l2"), [(Horizon(2.0), 0.0), (Horizon(), 0.1)])
def test_a_configuration_that_would_never_end_is_refused(horizon, l2):
    with pytest.raises(SpecificationError, match="would never end; give the horizon an at_most"):
        horizon.steps(0.3, l2)


@given(st.integers(1, 10**6), st.integers(1, 30), st.integers(1, 5))
def test_instants_are_a_grid_that_all_horizons_share(horizon, rows, looks):
    found = instants(horizon, rows, looks)
    steps = list(found)
    assert steps[0] == 0
    assert steps[-1] == horizon
    assert steps == sorted(set(steps))
    assert found[0]
    assert found[horizon]
    # A longer run is looked at where this one is, but for the end of this one.
    longer = instants(3 * horizon, rows, looks)
    assert {s: r for s, r in found.items() if s < horizon} == {
        s: r for s, r in longer.items() if s < horizon
    }
    # Dense enough: no gap exceeds a step of the grid, but for rounding.
    for before, after in zip(steps[1:], steps[2:], strict=False):
        assert after <= (before + 0.5) * 10 ** (1 / (rows * looks)) + 0.51
    made = [step for step, row in found.items() if row]
    for before, after in zip(made[1:], made[2:], strict=False):
        assert after <= (before + 0.5) * 10 ** (1 / rows) + 0.51
    assert len(made) <= rows * math.log10(max(horizon, 1)) + 3


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=30),
       st.integers(1, 7))  # fmt: skip
def test_chunks_hold_each_once_with_neighbouring_horizons(drawn, size):
    other = dataclasses.replace(SHARED, loss="mse")
    made = [one(steps, i, SHARED if first else other) for i, (steps, first) in enumerate(drawn)]
    found = chunks(made, lambda shared, count: size)
    assert sorted(i for chunk in found for i in chunk) == list(range(len(made)))
    assert all(len(chunk) <= size for chunk in found)
    assert all(len({repr(made[i].shared) for i in chunk}) == 1 for chunk in found)
    for group in (SHARED, other):
        steps = [[made[i].steps for i in c] for c in found if made[c[0]].shared == group]
        assert [s for chunk in steps for s in chunk] == sorted(
            (s for chunk in steps for s in chunk), reverse=True
        )
        assert all(len(chunk) == size for chunk in steps[:-1])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lr": 0.0}, "lr is 0.0; it must be a positive number"),
        ({"lr": math.inf}, "lr is inf"),
        ({"l2": -1.0}, "l2 is -1.0; it must be a number of at least 0"),
        ({"l2": "1e-3"}, "l2 is '1e-3'"),
        ({"momentum": 1.0}, "momentum is 1.0; it must be from 0 to below 1"),
        ({"steps": 2.5}, "steps is 2.5; it must be a whole number"),
    ],
)
def test_impossible_configurations_are_refused(changes, sentence):
    with pytest.raises(SpecificationError, match=sentence):
        dataclasses.replace(one(), **changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"loss": "l1"}, "loss is 'l1'; known are cross_entropy, mse"),
        ({"loss_scale": 0}, "loss scale is 0; it must be a positive number"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"rows_per_decade": True}, "rows_per_decade is True"),
        ({"looks": 0}, "looks is 0"),
    ],
)
def test_impossible_shared_settings_are_refused(changes, sentence):
    with pytest.raises(SpecificationError, match=sentence):
        dataclasses.replace(SHARED, **changes)
