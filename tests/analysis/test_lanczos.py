import numpy as np
import pytest
import torch
from reference import curvature_reference as reference

from landscape.analysis.lanczos import SymmetricOperator, density, extreme_eigenvalues, trace
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square
from landscape.errors import LandscapeError

MODEL, INPUTS, TARGETS = reference.tiny_problem()
HESSIAN = reference.hessian(MODEL, cross_entropy, INPUTS, TARGETS)
VALUES = torch.linalg.eigvalsh(HESSIAN).numpy()
OPERATOR = SymmetricOperator.of(MeanLoss(MODEL, INPUTS, TARGETS, chunk=7))

SAMPLES, SIZE = 1200, 300
WISHART_MODEL, X, Y = reference.linear_problem(SAMPLES, SIZE)
WISHART = SymmetricOperator.of(MeanLoss(WISHART_MODEL, X, Y, loss=half_square))


@pytest.mark.parametrize("end", ["largest", "smallest"])
def test_extreme_eigenvalues_are_those_of_the_hessian_written_out(end):
    values, bounds, vectors = extreme_eigenvalues(OPERATOR, 4, end=end)
    expected = VALUES[::-1][:4] if end == "largest" else VALUES[:4]
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-11)
    assert (np.abs(values - expected) <= bounds + 1e-12).all()
    np.testing.assert_allclose(vectors @ HESSIAN.numpy(), values[:, None] * vectors, atol=1e-8)


def test_moments_lie_in_their_intervals():
    found = density(OPERATOR, steps=20, probes=30, seed=1)
    for power in (1, 2, 3):
        one = found.mean(lambda nodes, power=power: nodes**power)
        assert one.low <= np.mean(VALUES**power) <= one.high
    whole = trace(OPERATOR, probes=30, seed=1)
    assert whole.low <= VALUES.sum() <= whole.high
    np.testing.assert_allclose(found.weights.sum(1), 1)


def test_intervals_cover_the_trace_as_often_as_they_say():
    found = [trace(OPERATOR, probes=8, seed=seed) for seed in range(0, 800, 8)]
    assert sum(one.low <= VALUES.sum() <= one.high for one in found) >= 88


def test_a_wishart_matrix_has_the_density_of_marchenko_and_pastur():
    found = density(WISHART, steps=40, probes=6)
    ratio = SIZE / SAMPLES
    for x in (0.5, 0.8, 1.2, 1.7):
        share = found.mean(lambda nodes, x=x: nodes <= x)
        assert share.value == pytest.approx(reference.marchenko_pastur_cdf(x, ratio), abs=0.03)
    grid, curve, half = found.curve(points=400)
    assert np.trapezoid(curve, grid) == pytest.approx(1, abs=0.02)
    inside = (grid > 0.45) & (grid < 2.0)
    low, high = 0.25, 2.25
    law = np.sqrt(np.maximum((high - grid) * (grid - low), 0)) / (2 * np.pi * ratio * grid)
    assert np.abs(curve - law)[inside].max() < 0.12
    assert (half >= 0).all()
    assert found.share_within(10).value == pytest.approx(1)
    assert found.share_within(0.1).value == pytest.approx(0)


def test_one_seed_one_result_and_the_global_generator_is_left_alone():
    state = torch.random.get_rng_state()
    first = density(OPERATOR, steps=10, probes=3, seed=4)
    torch.rand(3)
    second = density(OPERATOR, steps=10, probes=3, seed=4)
    assert first.nodes.tobytes() == second.nodes.tobytes()
    assert first.nodes.tobytes() != density(OPERATOR, steps=10, probes=3, seed=5).nodes.tobytes()
    assert trace(OPERATOR, seed=2) == trace(OPERATOR, seed=2)
    torch.random.set_rng_state(state)
    trace(OPERATOR, seed=2)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_used_up_space_is_refused():
    zero = SymmetricOperator(torch.zeros_like, 12)
    with pytest.raises(LandscapeError, match="fewer steps"):
        density(zero, steps=5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: density(OPERATOR, steps=44), "number of weights, 43"),
        (lambda: density(OPERATOR, probes=1, steps=5), "at least 2"),
        (lambda: trace(OPERATOR, probes=1), "at least 2"),
        (lambda: extreme_eigenvalues(OPERATOR, 43), "from 1 to 42"),
        (lambda: extreme_eigenvalues(OPERATOR, end="top"), "'largest' or 'smallest'"),
    ],
)
def test_settings_outside_their_range_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
