"""Schedules of the scope."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.optim import HyperparameterError, scoping

gamma0s = st.floats(1e-3, 1e6)
times = st.integers(0, 100_000)


@given(gamma0=gamma0s, t=st.integers(0, 5000), rate=st.floats(0, 0.01))
def test_exponential_is_repeated_division_or_multiplication(gamma0, t, rate):
    divided = scoping.Exponential(rate)
    multiplied = scoping.Exponential(rate, reading="multiply")
    assert divided(gamma0, 0) == multiplied(gamma0, 0) == gamma0
    assert divided(gamma0, t) == pytest.approx(gamma0 / (1 + rate) ** t, rel=1e-9)
    assert multiplied(gamma0, t) == pytest.approx(gamma0 * (1 - rate) ** t, rel=1e-9)
    assert divided(gamma0, t) >= multiplied(gamma0, t) * (1 - 1e-12)


def test_the_two_readings_differ_by_two_per_mille_after_five_epochs_of_mnist():
    t = 2345
    ratio = scoping.Exponential(1e-3)(1.0, t) / scoping.Exponential(1e-3, "multiply")(1.0, t)
    assert ratio == pytest.approx(1.00235, abs=2e-5)


@pytest.mark.parametrize(
    "schedule",
    [
        scoping.Exponential(1e-3),
        scoping.Exponential(1e-3, "multiply"),
        scoping.Bounded(1e-3, 1.0),
        scoping.Linear(1000, 1.0),
        scoping.Quadratic(1000, 1.0),
    ],
)
def test_schedules_start_at_gamma0_and_never_rise(schedule):
    values = [schedule(50.0, t) for t in range(0, 20_000, 7)]
    assert values[0] == 50.0
    assert all(b <= a for a, b in zip(values, values[1:], strict=False))
    assert values[-1] < 1.0 + 1e-12
    assert values[-1] > 0


@given(gamma0=st.floats(1.0, 1e6), t=times, bound=st.floats(1e-3, 1.0))
def test_bounded_is_the_larger_of_both(gamma0, t, bound):
    schedule = scoping.Bounded(1e-3, bound)
    assert schedule(gamma0, t) == max(scoping.Exponential(1e-3)(gamma0, t), bound)


def test_chapter_5_reaches_its_clip_after_nine_epochs():
    """gamma = 100 (1 - 1 / 2B)^k stays above 1 for B log(100) / -log(1 - 1/2B) / B epochs."""
    B = 390
    schedule = scoping.Bounded(rate=1 / (2 * B), bound=1.0, reading="multiply")
    first = next(k for k in range(10 * B) if schedule(100.0, k) == 1.0)
    assert first / B == pytest.approx(9.204, abs=5e-3)


@given(gamma0=gamma0s, final=st.floats(1e-3, 10), updates=st.integers(1, 1000))
def test_linear_and_quadratic_end_exactly(gamma0, final, updates):
    for kind, power in ((scoping.Linear, 1), (scoping.Quadratic, 2)):
        schedule = kind(updates, final)
        assert schedule(gamma0, updates) == schedule(gamma0, 10 * updates) == final
        left = (1 - 0.5) ** power
        if updates % 2 == 0:
            expected = final + (gamma0 - final) * left
            assert schedule(gamma0, updates // 2) == pytest.approx(expected)


def test_an_infinite_scope_stays_infinite():
    for schedule in (scoping.Exponential(1e-3), scoping.Bounded(1e-3, 1.0)):
        assert math.isinf(schedule(math.inf, 1000))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "cubic"}, "there are exponential, bounded, linear, quadratic"),
        ({"kind": "linear", "updates": 3}, "takes updates, final"),
        (
            {"kind": "linear", "updates": 0, "final": 1.0},
            "updates must be an integer of at least 1",
        ),
        ({"kind": "linear", "updates": 3, "final": 0.0}, "final must be a positive number"),
        ({"kind": "exponential", "rate": 1.0}, r"rate must be in \[0, 1\)"),
        ({"kind": "exponential", "reading": "add"}, "reading must be 'divide' or 'multiply'"),
        ({"kind": "bounded", "rate": -0.1, "bound": 1.0}, "rate must be"),
        ({"kind": "bounded", "rate": 0.1, "bound": 0}, "bound must be a positive number"),
    ],
)
def test_impossible_schedules_are_refused(settings, words):
    with pytest.raises(HyperparameterError, match=words):
        scoping.build(**settings)


def test_what_an_optimizer_may_be_given():
    assert scoping.resolve(None, None, 0.5) == scoping.Exponential(0.5)
    assert scoping.resolve(None, 0.1, 0.5) == scoping.Exponential(0.1)
    mapping = {"kind": "linear", "updates": 3, "final": 1.0}
    assert scoping.resolve(mapping, None, 0.5) == scoping.Linear(3, 1.0)
    with pytest.raises(HyperparameterError, match="either gamma_decay or scoping"):
        scoping.resolve(mapping, 0.1, 0.5)
    with pytest.raises(HyperparameterError, match="scoping must be a schedule"):
        scoping.resolve(3.0, None, 0.5)
