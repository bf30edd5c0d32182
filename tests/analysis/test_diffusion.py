import itertools

import pytest
import torch
from reference import curvature_reference as reference

from landscape.analysis.diffusion import diffusion_spectrum
from landscape.analysis.mean_loss import MeanLoss, cross_entropy
from landscape.analysis.sample_gradients import sample_gradients
from landscape.errors import LandscapeError


@pytest.mark.parametrize("chunk", [1, 6, 100])
def test_gradients_are_those_of_one_backward_pass_a_sample(chunk):
    problem = reference.tiny_problem()
    parts = list(sample_gradients(MeanLoss(*problem, weight_decay=0.7), chunk))
    assert all(len(part) <= chunk for part in parts)
    torch.testing.assert_close(
        torch.cat(parts), reference.sample_gradients(problem[0], cross_entropy, *problem[1:])
    )


@pytest.mark.parametrize("samples", [12, 23, 43, 90])  # fewer than, as many as and more than d
@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("memory", [None, 1e9])
def test_eigenvalues_are_those_of_the_matrix_written_out(samples, replacement, memory):
    model, x, y = reference.tiny_problem(samples)
    f = MeanLoss(model, x, y, weight_decay=0.1)
    if memory is None:  # room for tiles of five samples; a sample passes 22 numbers on
        memory = 8 * (min(samples, 43) ** 2 + 5 * (4 * 43 + 12 * 22))
    found = diffusion_spectrum(f, memory=memory, replacement=replacement)
    matrix = reference.diffusion(model, cross_entropy, x, y, replacement)
    expected = torch.linalg.eigvalsh(matrix).flip(0)[: min(samples, 43)]
    torch.testing.assert_close(found.values, expected, rtol=1e-9, atol=1e-12)
    everything = torch.linalg.eigvalsh(matrix)
    assert found.mean == pytest.approx(float(everything.mean()))
    assert found.variance == pytest.approx(float(everything.var(correction=0)))
    assert found.rank == torch.linalg.matrix_rank(matrix, hermitian=True)
    assert found.rank <= samples - 1


def test_the_variance_of_mini_batches_is_the_one_of_the_formulas():
    """All mini-batches of 2 of 5 samples, drawn with and without replacement (F46, F47)."""
    model, x, y = reference.tiny_problem(5)
    gradients = torch.cat(list(sample_gradients(MeanLoss(model, x, y))))
    for replacement, factor in ((True, 1 / 2), (False, 1 / 2 * (1 - 2 / 5))):
        draws = (
            itertools.product(range(5), repeat=2)
            if replacement
            else itertools.combinations(range(5), 2)
        )
        means = torch.stack([gradients[list(pair)].mean(0) for pair in draws])
        trace = float((means - means.mean(0)).square().sum(1).mean())
        f = MeanLoss(model, x, y)
        found = diffusion_spectrum(f, memory=1e9, replacement=replacement)
        assert float(found.values.sum()) * factor == pytest.approx(trace)


def test_a_budget_too_small_is_refused_with_the_need():
    f = MeanLoss(*reference.tiny_problem())
    with pytest.raises(LandscapeError, match="23 samples and 43 weights needs .* 1e-06 GB allowed"):
        diffusion_spectrum(f, memory=1e3)


def test_one_sample_has_no_noise():
    with pytest.raises(ValueError, match="at least 2"):
        diffusion_spectrum(MeanLoss(*reference.tiny_problem(1)), memory=1e9)
