"""Tridiagonal forms against whole reflections, and their eigenvalues against LAPACK's."""

import numpy as np
import pytest
import torch
from reference import tridiagonal_reference as reference

from landscape.analysis import tridiagonal as module
from landscape.analysis.tridiagonal import eigenvalues_, of_tridiagonal, tridiagonal_


def symmetric(size, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    a = torch.randn(size, size, dtype=dtype)
    return a + a.T


@pytest.mark.parametrize("size", [1, 2, 3, 10, 37])
@pytest.mark.parametrize("panel", [1, 4, 64])
def test_entries_are_those_of_whole_reflections(size, panel):
    a = symmetric(size)
    diagonal, beside = tridiagonal_(a.clone(), panel)
    expected, next_to = reference.tridiagonal(a.numpy())
    np.testing.assert_allclose(diagonal, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(beside, next_to, rtol=1e-9, atol=1e-11)


def test_flat_directions_stay_zero_to_rounding():
    """As a Hessian's: few steep directions, whole rows of zeros, magnitudes over many decades."""
    torch.manual_seed(1)
    root = torch.randn(60, 20, dtype=torch.float64) * 10.0 ** -torch.arange(20.0).double()
    root[10:20] = 0
    a = root @ root.T
    expected = torch.linalg.eigvalsh(a)
    values = of_tridiagonal(*tridiagonal_(a.clone(), 7))
    np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-14 * float(expected[-1]))
    assert int((values.abs() < 1e-14 * float(expected[-1])).sum()) >= 40


def test_single_precision_is_off_by_its_rounding_alone():
    a = symmetric(50, dtype=torch.float32)
    values = of_tridiagonal(*tridiagonal_(a.clone()))
    assert values.dtype == torch.float32
    np.testing.assert_allclose(values, torch.linalg.eigvalsh(a.double()), atol=1e-4)


def test_on_the_cpu_the_matrix_gives_its_memory():
    a = symmetric(30)
    expected = torch.linalg.eigvalsh(a)
    torch.testing.assert_close(eigenvalues_(a), expected, rtol=1e-10, atol=1e-12)


def test_what_spans_too_much_memory_is_done_in_strips(monkeypatch):
    a = symmetric(40)
    whole = tridiagonal_(a.clone(), 8)
    monkeypatch.setattr(module, "SPAN", 40 * 11)
    assert module._strips(a) == [slice(0, 11), slice(11, 22), slice(22, 33), slice(33, 44)]
    for found, expected in zip(tridiagonal_(a.clone(), 8), whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
