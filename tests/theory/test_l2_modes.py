"""Mode solution of the L2 theory against the printed formula, the ODE and closed forms."""

import numpy as np
import pytest
from reference.l2_modes_reference import integrated_mode, printed_mode
from scipy.special import exp1

from landscape.theory import l2_modes


@pytest.mark.parametrize("k", [1, 1.5, 2, 3, 4])
@pytest.mark.parametrize(
    ("gamma", "decay", "start"),
    [(1.0, 0.01, 0.0), (0.001, 0.01, -0.7), (3.0, 2.0, 0.5), (5.0, 2e-3, -0.7)],
)
def test_against_the_integrated_equation(k, gamma, decay, start):
    times = np.concatenate([[0.0], np.geomspace(0.01, 3 / decay, 25)])
    fast = l2_modes.mode(times, gamma, k=k, decay=decay, start=start, label=1.3)
    slow = integrated_mode(times, gamma, k, decay, start, 1.3)
    np.testing.assert_allclose(fast, slow, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("k", [1.2, 2, 3, 4])
@pytest.mark.parametrize("ratio", [1e-3, 0.5, 20.0, 60.0])
def test_against_the_printed_formula(k, ratio):
    decay = 0.02
    for t in (0.3 / decay, 2.0 / decay):
        fast = l2_modes.mode(t, ratio * decay, k=k, decay=decay, start=0.4, label=-1.1)
        slow = printed_mode(t, ratio * decay, k, decay, 0.4, -1.1)
        assert fast == pytest.approx(slow, rel=1e-10)


@pytest.mark.parametrize("ratio", [0.01, 1.0, 300.0, 1e5])
def test_two_layers_are_an_exponential_integral(ratio):
    """k = 2: f = v0 e^{v} [E1(v) - E1(v0)] e^{-2 lambda t} with v = gamma(t) / (2 lambda)."""
    decay, t = 0.5, np.array([0.1, 1.0, 5.0])
    v0 = ratio / 2
    v = v0 * np.exp(-2 * decay * t)
    if ratio > 1000:  # e^v overflows: the asymptotic series of e^v E1(v) is exact to 1e-12
        scaled = sum((-1) ** m * float(np.prod(np.arange(1, m + 1))) / v**m for m in range(5)) / v
        early = v0 - v < 600
        scaled0 = sum((-1) ** m * float(np.prod(np.arange(1, m + 1))) / v0**m for m in range(5))
        bracket = scaled - np.where(early, np.exp(v - v0) * scaled0 / v0, 0.0)
    else:
        bracket = np.exp(v) * (exp1(v) - exp1(v0))
    expected = v0 * np.exp(-2 * decay * t) * bracket
    got = l2_modes.mode(t, ratio * decay, k=2, decay=decay)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_linear_model_has_its_closed_form():
    t = np.geomspace(1e-3, 1e4, 60)
    for gamma, decay in [(1.0, 0.01), (1e-4, 0.3), (1e6, 1e-9)]:
        total = gamma + decay
        expected = np.exp(-total * t) * 0.3 - gamma / total * np.expm1(-total * t)
        got = l2_modes.mode(t, gamma, k=1, decay=decay, start=0.3)
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-300)


def test_k_one_is_the_limit():
    """The printed form is singular at k = 1; values at k = 1 + e differ by order e."""
    t, settings = np.array([1.0, 30.0]), {"decay": 0.02, "start": 0.2}
    at_one = l2_modes.mode(t, 0.1, k=1, **settings)
    gaps = [np.abs(l2_modes.mode(t, 0.1, k=1 + e, **settings) - at_one) for e in (1e-3, 1e-6)]
    np.testing.assert_allclose(gaps[0] / gaps[1], 1000, rtol=0.02)


@pytest.mark.parametrize("ratio", [1e-12, 1e-6, 1e6, 1e12])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_extreme_ratios_stay_finite_and_follow_their_limits(k, ratio):
    decay = 1.0
    t = np.array([1e-3, 0.1, 1.0, 10.0])
    f = l2_modes.mode(t, ratio * decay, k=k, decay=decay, start=0.0, label=1.0)
    assert np.isfinite(f).all()
    assert (f >= 0).all()
    assert (f <= 1 + 1e-12).all()
    if ratio >= 1e6:
        # Slaved to its moving fixed point; the lag is one relaxation time of relative change.
        now = l2_modes.eigenvalue(t, ratio, k, decay)
        slaved = now > 1e4 * decay
        expected = now / (now + k * decay)
        np.testing.assert_allclose(f[slaved], expected[slaved], rtol=2e-3)
    else:
        # First order in gamma: f = gamma (e^{-k l t} - e^{-c t}) / (c - k l), or t e^{-..} at k=2.
        c = 2 * (k - 1) * decay
        if k == 2:
            expected = ratio * t * np.exp(-2 * t)
        else:
            expected = ratio * (np.exp(-k * t) - np.exp(-c * t)) / (c - k)
        np.testing.assert_allclose(f, expected, rtol=2 * ratio + 1e-9)


def test_very_late_times_underflow_to_zero():
    f = l2_modes.mode(np.array([1e4, 1e7]), 1.0, k=3, decay=1.0, start=1.0)
    np.testing.assert_array_equal(f, 0.0)


def test_without_regularization_every_degree_is_the_same_network():
    t = np.geomspace(0.01, 100, 20)
    for k in (1, 2, 3):
        got = l2_modes.mode(t, 0.7, k=k, decay=0.0, start=0.1)
        np.testing.assert_allclose(got, 1 - 0.9 * np.exp(-0.7 * t), rtol=1e-12)


def test_rate_is_the_derivative():
    t, h = np.array([0.5, 3.0, 40.0]), 1e-5
    for k in (1, 2, 3.5):
        settings = {"k": k, "decay": 0.03, "start": -0.5, "label": 0.9}
        slope = (l2_modes.mode(t + h, 0.4, **settings) - l2_modes.mode(t - h, 0.4, **settings)) / (
            2 * h
        )
        value = l2_modes.mode(t, 0.4, **settings)
        np.testing.assert_allclose(l2_modes.rate(t, value, 0.4, 0.9, k, 0.03), slope, atol=1e-9)


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("ratio", [0.1, 5.0, 100.0])
def test_bound_holds_and_tends_to_zero(k, ratio):
    t = np.linspace(0, 100, 60)
    settings = {"k": k, "decay": 0.5, "start": -1.0, "label": 1.0}
    f = np.abs(l2_modes.mode(t, ratio * 0.5, **settings))
    upper = l2_modes.bound(t, ratio * 0.5, **settings)
    assert (f <= upper * (1 + 1e-12)).all()
    assert upper[-1] < 1e-30


@pytest.mark.parametrize(
    ("decay", "peak", "half"),
    [
        (0.1, 3.2, 1.05),
        (0.03, 5.8, 1.65),
        (0.01, 8.0, 2.20),
        (0.003, 10.4, 2.81),
        (1e-3, 12.5, 3.35),
    ],
)
def test_peak_and_half_decay_of_a_fast_mode(decay, peak, half):
    """Values found by an independent integration of the equation (gamma = 1, k = 2)."""
    assert l2_modes.peak_time(1.0, k=2, decay=decay) == pytest.approx(peak, abs=0.06)
    below = l2_modes.time_below(0.5, 1.0, k=2, decay=decay)
    assert decay * below == pytest.approx(half, abs=0.006)


def test_peak_and_half_decay_against_a_fine_grid():
    t = np.linspace(0, 400, 400_001)
    f = integrated_mode(t, 1.0, 2, 0.01, 0.0, 1.0)
    assert l2_modes.peak_time(1.0, k=2, decay=0.01) == pytest.approx(t[f.argmax()], abs=2e-3)
    after = t[(t > 20) & (f < 0.5)][0]
    assert l2_modes.time_below(0.5, 1.0, k=2, decay=0.01) == pytest.approx(after, abs=2e-3)


def test_peak_of_modes_that_have_none():
    assert l2_modes.peak_time(0.1, k=2, decay=1.0, start=0.9) == 0.0
    assert l2_modes.peak_time(1.0, k=1, decay=0.1) == np.inf
    assert l2_modes.time_below(0.5, 1.0, k=1, decay=0.1) == np.inf
    assert np.isnan(l2_modes.time_below(0.5, 0.001, k=2, decay=1.0))
    # A linear mode that starts above its limit crosses any level in between: closed form.
    total = 0.5 + 1.0
    level, limit = 0.6, 0.5 / total
    expected = np.log((0.9 - limit) / (level - limit)) / total
    got = l2_modes.time_below(level, 0.5, k=1, decay=1.0, start=0.9)
    assert got == pytest.approx(expected, rel=1e-12)


def test_limits():
    assert l2_modes.limit(0.3, k=1, decay=0.1, label=2.0) == pytest.approx(1.5)
    assert l2_modes.limit(0.3, k=2, decay=0.1) == 0
    late = l2_modes.mode(1e4, 0.3, k=1, decay=0.1, label=2.0)
    assert late == pytest.approx(1.5, rel=1e-12)


def test_kernel_evolution_is_the_matrix_formula():
    """Eq. (S10) with matrix exponentials and quadrature, on three points."""
    from scipy.integrate import quad_vec
    from scipy.linalg import expm

    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    kernel, labels, start = root @ root.T, rng.normal(size=3), rng.normal(size=3)
    k, decay, t = 2, 0.2, 3.0
    c = 2 * (k - 1) * decay

    def at(s):
        return np.exp(-c * s) * kernel

    def integrand(s):
        return np.exp(-(k - 2) * decay * s) * expm((at(t) - at(s)) / c) @ kernel @ labels

    integral, _ = quad_vec(integrand, 0, t, epsrel=1e-11)
    expected = np.exp(-k * decay * t) * (expm((at(t) - kernel) / c) @ start + integral)
    got = l2_modes.evolve(kernel, labels, np.array([t]), k=k, decay=decay, start=start)
    np.testing.assert_allclose(got[0], expected, rtol=1e-9)


def test_broadcasting():
    t, gamma = np.linspace(0, 5, 7)[:, None], np.array([0.1, 1.0, 10.0])
    grid = l2_modes.mode(t, gamma, k=3, decay=0.1)
    assert grid.shape == (7, 3)
    for j, g in enumerate(gamma):
        np.testing.assert_allclose(
            grid[:, j], l2_modes.mode(t[:, 0], g, k=3, decay=0.1), rtol=1e-12
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t": -1.0}, "t holds a negative"),
        ({"gamma": -1.0}, "gamma holds a negative"),
        ({"decay": -0.1}, "lambda holds a negative"),
        ({"t": np.nan}, "nan"),
        ({"k": 0.5}, "k is 0.5"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    given = {"t": 1.0, "gamma": 1.0, "k": 2, "decay": 0.1} | arguments
    with pytest.raises(ValueError, match=message):
        l2_modes.mode(given.pop("t"), given.pop("gamma"), **given)
    with pytest.raises(ValueError, match="needs k >= 2"):
        l2_modes.bound(1.0, 1.0, k=1, decay=0.1)
