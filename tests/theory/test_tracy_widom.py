"""Tracy-Widom laws against published digits, the kernels as first written, and sampled matrices."""

import numpy as np
import pytest
from reference import tracy_widom_reference as slow
from scipy.integrate import quad
from scipy.special import airy

from landscape.theory import tracy_widom as tw


@pytest.mark.parametrize(
    ("beta", "mean", "variance", "skewness", "kurtosis"),
    [
        # Bornemann, Experimental Mathematics / Markov Processes 2010, table of the Tracy-Widom laws
        (1, -1.2065335745820, 1.607781034581, 0.29346452408, 0.1652429384),
        (2, -1.771086807411, 0.8131947928329, 0.224084203610, 0.0934480876),
    ],
)
def test_published_moments(beta, mean, variance, skewness, kurtosis):
    got = tw.moments(beta)
    np.testing.assert_allclose(got[:2], [mean, variance], atol=1e-12, rtol=0)
    np.testing.assert_allclose(got[2:], [skewness, kurtosis], atol=1e-10, rtol=0)


def test_published_values():
    assert float(tw.cdf(-2.0, 2)) == pytest.approx(0.41322414250512257485, abs=1e-13)
    assert float(tw.cdf(0.0, 1)) == pytest.approx(0.8319080662029, abs=1e-12)
    # 5, 50, 95 and 99 % of the GOE law, as tabulated to four digits
    np.testing.assert_allclose(
        tw.quantile([0.05, 0.5, 0.95, 0.99], 1), [-3.1804, -1.2686, 0.9793, 2.0234], atol=6e-5
    )


@pytest.mark.parametrize("s", [-6.0, -2.5, 0.0, 1.7])
def test_the_operators_as_first_written(s):
    assert float(tw.cdf(s, 1)) == pytest.approx(slow.f1_half_kernel(s), abs=1e-11)
    assert float(tw.cdf(s, 2)) == pytest.approx(slow.f2_airy_kernel(s), abs=1e-11)


@pytest.mark.parametrize("beta", [1, 2])
def test_density_is_the_derivative_and_quantile_the_inverse(beta):
    s = np.array([[-5.0, -2.2], [0.4, 3.0]])
    h = 1e-4
    numeric = (tw.cdf(s + h, beta) - tw.cdf(s - h, beta)) / (2 * h)
    np.testing.assert_allclose(tw.density(s, beta), numeric, atol=2e-9)
    np.testing.assert_allclose(tw.quantile(tw.cdf(s, beta), beta), s, atol=1e-9)
    np.testing.assert_allclose(tw.cdf(s, beta) + tw.survival(s, beta), 1, atol=1e-14)
    z, step, density = tw.grid(beta)
    assert step * density.sum() == pytest.approx(1, abs=1e-13)


def test_tails():
    # Left: known with its constant, error O(|s|^{-3/2}) for beta = 1 and O(|s|^{-3}) for 2.
    for beta, bound in ((1, 0.003), (2, 0.0003)):
        gaps = [abs(np.log(float(tw.cdf(s, beta))) - float(tw.left_tail(s, beta)))
                for s in (-4.0, -6.0)]  # fmt: skip
        assert gaps[1] < 0.6 * gaps[0]
        assert gaps[1] < bound
    # Right: 1 - F_1 tends to half the integral of the Airy function.
    tail = 0.5 * quad(lambda z: airy(z)[0], 6.0, 16.0, epsabs=0, epsrel=1e-10)[0]
    assert float(tw.survival(6.0, 1)) == pytest.approx(tail, rel=1e-4)
    np.testing.assert_array_equal(tw.cdf([-20.0, 20.0]), [0.0, 1.0])
    np.testing.assert_array_equal(tw.density([-20.0, 20.0]), 0.0)
    assert np.isnan(tw.cdf(np.nan))


def test_smallest_eigenvalue_of_sampled_matrices():
    n, draws = 400, 300
    shifted = slow.sampled_edges(n, draws)
    mean, variance, *_ = tw.moments(1)
    # Finite-N terms are of order N^{-2/3} = 0.018.
    assert shifted.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / draws) + 0.02)
    assert shifted.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / draws) + 0.02)


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match="beta is 4"):
        tw.cdf(0.0, 4)
    with pytest.raises(ValueError, match="0 < q < 1"):
        tw.quantile(1.0)
    with pytest.raises(ValueError, match="s < 0"):
        tw.left_tail(1.0)
