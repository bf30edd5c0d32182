"""Infinitely wide networks by steps, on other inputs, and their kernel."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from landscape.theory import l2_modes, l2_outputs


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 12))
    kernel = x @ x.T / 12
    return kernel[:5, :5], kernel[5:, :5], rng.standard_normal(5), 0.3 * rng.standard_normal(8)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_small_steps_are_gradient_flow(problem, k):
    kernel, _, y, start = problem
    descent = l2_outputs.Descent(kernel, y, start[:5], k=k, decay=0.05)
    for _ in range(4000):
        descent.step(0.005)
    flow = l2_modes.evolve(kernel, y, np.array([20.0]), k=k, decay=0.05, start=start[:5])[0]
    np.testing.assert_allclose(descent.outputs, flow, atol=2e-3)
    assert descent.kernel_left == pytest.approx(np.exp(-2 * (k - 1) * 0.05 * 20), rel=1e-2)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_other_inputs_follow_the_equation_of_motion(problem, k):
    kernel, cross, y, start = problem
    decay, times = 0.05, np.array([0.0, 1.0, 7.0, 30.0])
    both = np.vstack([kernel, cross])

    def rate(t, f):
        return -np.exp(-2 * (k - 1) * decay * t) * both @ (f[:5] - y) - k * decay * f

    done = solve_ivp(rate, (0, 30), start, t_eval=times, method="Radau", rtol=1e-10, atol=1e-12)
    trained = l2_modes.evolve(kernel, y, times, k=k, decay=decay, start=start[:5])
    found = l2_outputs.elsewhere(
        trained, times, kernel, cross, k=k, decay=decay, start=start[:5], start_elsewhere=start[5:]
    )
    np.testing.assert_allclose(found, done.y[5:].T, atol=1e-7)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_kernel_of_infinitely_many_units_is_that_of_many(layers):
    import torch

    from landscape.models.ntk_layers import NTKLayers

    torch.manual_seed(0)
    x = torch.randn(4, 6, dtype=torch.double)
    found = sum(NTKLayers(layers=layers, width=1500, inputs=6).double().kernel(x)
                for _ in range(4)) / 4  # fmt: skip
    expected = l2_outputs.infinite_kernel(x.numpy(), x.numpy(), layers=layers)
    np.testing.assert_allclose(found.numpy(), expected, atol=0.06)
