"""The p-spin Hamiltonian and its descent against loops, finite differences and exact laws."""

import math

import numpy as np
import pytest
import torch
from reference import p_spin_reference as slow

from landscape.theory.p_spin import (
    PSpin,
    descend,
    multiset_count,
    multiset_rank,
    uniform_on_sphere,
)


def random_tensor(n, p, field_strength=0.7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n,) * p), field_strength * rng.standard_normal(n)


def test_ranks_number_the_multisets_in_lexicographic_order():
    import itertools

    for n, size in ((4, 1), (5, 2), (4, 3), (3, 4)):
        listed = np.array(list(itertools.combinations_with_replacement(range(n), size)))
        assert len(listed) == multiset_count(n, size)
        np.testing.assert_array_equal(multiset_rank(listed, n), np.arange(len(listed)))


@pytest.mark.parametrize(("n", "p"), [(7, 2), (6, 3), (4, 4), (3, 5)])
def test_energy_equals_the_sum_over_all_ordered_tuples(n, p):
    couplings, field = random_tensor(n, p)
    model = PSpin.from_tensor(couplings, field, coupling=1.3, dtype=torch.float64)
    spins = uniform_on_sphere(3, n, 1)
    expected = [slow.energy(couplings, field, s, 1.3) for s in spins.numpy()]
    np.testing.assert_allclose(model.energy(spins), expected, rtol=1e-12)


def test_gradient_for_three_spins_equals_the_printed_sum():
    couplings, field = random_tensor(6, 3)
    model = PSpin.from_tensor(couplings, field, coupling=0.8, dtype=torch.float64)
    spins = uniform_on_sphere(4, 6, 1)
    expected = [slow.gradient_three(couplings, field, s, 0.8) for s in spins.numpy()]
    np.testing.assert_allclose(model.gradient(spins), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "p"), [(7, 2), (6, 3), (4, 4), (3, 5)])
def test_gradient_of_every_start_is_the_sum_over_all_open_indices(n, p):
    couplings, field = random_tensor(n, p, seed=2)
    model = PSpin.from_tensor(couplings, field, coupling=1.3, dtype=torch.float64)
    spins = uniform_on_sphere(3, n, 1)
    expected = np.array([slow.gradient(couplings, field, s, 1.3) for s in spins.numpy()])
    np.testing.assert_allclose(model.gradient(spins), expected, rtol=1e-11)
    radial = (expected * spins.numpy()).sum(1, keepdims=True) / n
    tangential = expected - radial * spins.numpy()
    np.testing.assert_allclose(model.tangential_gradient(spins), tangential, atol=1e-12)


@pytest.mark.parametrize(("n", "p"), [(6, 2), (6, 3), (5, 4), (4, 5)])
def test_gradient_is_the_derivative_of_the_energy(n, p):
    model = PSpin.draw(n, p, 0.9, seed=3, dtype=torch.float64)
    spin = uniform_on_sphere(1, n, 2)[0]
    step = 1e-5
    shifts = step * torch.eye(n, dtype=torch.float64)
    numeric = (model.energy(spin + shifts) - model.energy(spin - shifts)) / (2 * step)
    np.testing.assert_allclose(model.gradient(spin[None])[0], numeric, atol=1e-8)


@pytest.mark.parametrize(("n", "p"), [(6, 2), (6, 3), (5, 4), (4, 5)])
def test_hessian_is_the_second_derivative_along_great_circles(n, p):
    model = PSpin.draw(n, p, 0.9, seed=3, dtype=torch.float64)
    spin = uniform_on_sphere(1, n, 2)[0]
    basis, hessian = model.tangent_basis(spin), model.hessian(spin)
    np.testing.assert_allclose(basis.T @ spin, 0, atol=1e-12)
    # Radius sqrt(N): moving by arc length t turns by the angle t / sqrt(N).
    step, radius = 1e-3, math.sqrt(n)

    def along(direction, t):
        return spin * math.cos(t / radius) + radius * direction * math.sin(t / radius)

    for seed in range(3):
        weights = torch.from_numpy(np.random.default_rng(seed).standard_normal(n - 1))
        direction = basis @ (weights / weights.norm())
        energies = model.energy(torch.stack([along(direction, t) for t in (-step, 0.0, step)]))
        numeric = (energies[0] - 2 * energies[1] + energies[2]) / step**2
        exact = weights @ hessian @ weights / weights.square().sum()
        assert float(numeric) == pytest.approx(float(exact), abs=1e-5)


def test_the_disorder_has_variance_n_and_the_field_adds_its_own():
    n, draws = 7, 1000
    spin = uniform_on_sphere(1, n, 5)
    for field, variance in ((0.0, n), (1.5, n * (1 + 1.5**2))):
        values = np.array([
            float(PSpin.draw(n, 3, field, seed=[9, d], dtype=torch.float64).energy(spin))
            for d in range(draws)
        ])
        # Relative error of a variance is sqrt(2/draws) = 2.6 %; four of them.
        assert values.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / draws))
        assert abs(values.mean()) < 4 * math.sqrt(variance / draws)


def test_the_same_seed_keeps_couplings_and_field_direction_at_every_strength():
    weak, strong = (PSpin.draw(10, 3, v, seed=[4, 2]) for v in (0.5, 2.0))
    np.testing.assert_array_equal(weak.coefficients, strong.coefficients)
    torch.testing.assert_close(4 * weak.field, strong.field)
    assert not np.array_equal(weak.coefficients, PSpin.draw(10, 3, seed=[4, 3]).coefficients)


def test_descent_follows_the_slow_twin():
    couplings, field = random_tensor(6, 3, 0.2)
    model = PSpin.from_tensor(couplings, field, dtype=torch.float64)
    start = uniform_on_sphere(5, 6, 7)
    fast = descend(model, start, 0.05, 1e-6, 3000)
    for m in range(5):
        point, iterations, energies = slow.descend(
            couplings, field, start[m].numpy(), 0.05, 1e-6, 3000
        )
        np.testing.assert_allclose(fast.points[m], point, atol=1e-9)
        assert int(fast.iterations[m]) == iterations
        assert np.all(np.diff(energies) < 1e-12)


def test_end_points_are_on_the_sphere_still_and_at_rest():
    model = PSpin.draw(40, 3, 0.3, seed=1)
    end = descend(model, uniform_on_sphere(64, 40, 1))
    assert end.converged.all()
    np.testing.assert_allclose(end.points.norm(dim=1), math.sqrt(40), rtol=1e-6)
    exact = model.to(torch.float64).tangential_gradient(end.points).norm(dim=1)
    assert float(exact.max()) < 1.2e-4  # float32 steps, judged in float64
    assert float(end.gradient_norm.max()) <= 1e-4


def test_a_start_ends_at_the_same_point_in_any_batch():
    model = PSpin.draw(30, 3, 0.3, seed=1, dtype=torch.float64)
    start = uniform_on_sphere(12, 30, 1)
    together = descend(model, start)
    for part in (slice(0, 5), slice(5, 12)):
        alone = descend(model, start[part], compact_every=1)
        np.testing.assert_allclose(alone.points, together.points[part], atol=1e-7)
        np.testing.assert_array_equal(alone.iterations, together.iterations[part])


@pytest.mark.parametrize("starts", [1, 3])
def test_the_starting_points_are_left_as_they_were(starts):
    model = PSpin.draw(10, 3, 0.3, seed=1, dtype=torch.float64)
    start = uniform_on_sphere(starts, 10, 1)
    kept = start.clone()
    end = descend(model, start)
    torch.testing.assert_close(start, kept, rtol=0, atol=0)
    assert (end.points - start).norm(dim=1).min() > 0.1


def test_starts_stopped_by_the_cap_are_reported():
    model = PSpin.draw(30, 3, 0.01, seed=1)
    start = uniform_on_sphere(8, 30, 1)
    free = descend(model, start)
    cap = int(free.iterations.median())
    end = descend(model, start, max_iterations=cap)
    assert end.iterations.max() == cap
    assert 0 < int(end.converged.sum()) < 8
    np.testing.assert_array_equal(end.converged, free.iterations <= cap)
    seen = []
    descend(model, start, max_iterations=3, progress=lambda i, m: seen.append((i, m)))
    assert seen[0] == (0, 8)
    assert seen[-1][0] == 3


def test_a_strong_field_alone_is_followed_to_its_direction():
    n = 20
    field = np.random.default_rng(0).standard_normal(n)
    model = PSpin(np.zeros(multiset_count(n, 3)), field, dtype=torch.float64)
    end = descend(model, uniform_on_sphere(4, n, 0), tolerance=1e-8)
    expected = np.sqrt(n) * field / np.linalg.norm(field)
    np.testing.assert_allclose(end.points, np.tile(expected, (4, 1)), atol=1e-7)


def test_starting_points_are_uniform_on_the_sphere():
    points = uniform_on_sphere(20_000, 3, 0).numpy()
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), math.sqrt(3))
    # Archimedes: a coordinate is uniform on [-sqrt 3, sqrt 3] in three dimensions.
    shares = np.histogram(points[:, 0], 5, (-math.sqrt(3), math.sqrt(3)))[0] / 20_000
    np.testing.assert_allclose(shares, 0.2, atol=0.012)


def test_impossible_models_are_refused():
    with pytest.raises(ValueError, match="needs p >= 2"):
        PSpin(np.zeros(5), np.zeros(5), p=1)
    with pytest.raises(ValueError, match="one per multiset"):
        PSpin(np.zeros(5), np.zeros(5), p=3)
    with pytest.raises(ValueError, match="do not fit"):
        PSpin.from_tensor(np.zeros((3, 3, 3)), np.zeros(4))
