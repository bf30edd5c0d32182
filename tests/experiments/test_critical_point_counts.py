"""Counting critical points: against exhaustive counts, exact expectations and other workers."""

import io

import numpy as np
import pandas as pd
import pytest
import torch

from landscape.errors import LandscapeError
from landscape.experiments import critical_point_counts as counts
from landscape.experiments import critical_point_landscapes as landscapes
from landscape.theory import kac_rice
from landscape.theory.p_spin import PSpin, uniform_on_sphere

SETTINGS = {
    "p": 3, "coupling": 1.0, "fields": [0.0, 0.8, 1.7], "theory_spins": [20, 40],
    "theory_points": 12, "spins": [8, 14], "draws": [3, 2], "starts": [60, 60],
    "starts_per_minimum": 10, "step_size": 0.1, "tolerance": 1e-4, "max_iterations": 20_000,
    "same_minimum": 1e-3, "search_spins": [5], "search_draws": [3], "search_most": [60],
    "search_starts_per_point": [20], "displacement_spins": [8, 12], "displacement_draws": [2, 1],
    "displacement_starts": 4, "displacement_field": 1.0, "seed": 1,
}  # fmt: skip


def simulate(case, settings=SETTINGS, **options):
    return counts.simulate(settings, case, **options).tables["results"]


def table(case, settings=SETTINGS):
    return pd.read_csv(io.StringIO(simulate(case, settings)))


def test_theory_rows_are_exact_and_near_their_limits():
    rows = table("theory")
    assert list(rows["spins"].unique()) == [20, 40]
    at_zero = rows[rows["b"] == 0]
    np.testing.assert_allclose(np.exp(at_zero["log_critical"]), [40, 80], rtol=1e-6)
    np.testing.assert_allclose(np.exp(at_zero["log_minima"]), 2, rtol=1e-6)
    np.testing.assert_allclose(
        at_zero["field"], np.sqrt(3), rtol=1e-7
    )  # the critical field, J sqrt(p (p - 2))
    assert rows["field"].min() == 0
    one = rows.iloc[3]
    assert np.exp(one["log_critical"]) == pytest.approx(
        kac_rice.expected_critical_points(20, one["b"]), rel=1e-6
    )
    assert (rows["log_critical"] - rows["log_critical_asymptotic"]).abs().max() < 0.04
    assert (rows["log_minima"] - rows["log_minima_asymptotic"]).abs().max() < 0.04
    assert rows.groupby("spins")["b"].is_monotonic_increasing.all()


def test_search_obeys_morse_and_the_expectation():
    rows = table("search", SETTINGS | {"search_draws": [20], "fields": [1.0]})
    assert len(rows) == 20
    # The sphere of five spins has dimension 4, where the alternating sum is 2.
    assert (rows["alternating_sum"] == 2).mean() > 0.8
    assert (rows["minima"] >= 1).all()
    assert (rows["maxima"] >= 1).all()
    expected = kac_rice.expected_critical_points(5, 0.0)
    assert rows["found"].mean() == pytest.approx(
        expected, abs=4 * rows["found"].std() / np.sqrt(20) + 0.5
    )


def test_any_number_of_workers_gives_the_same_bytes():
    assert simulate("search", workers=2) == simulate("search", workers=1)


def test_a_field_leaves_fewer_minima():
    rows = table("descents")
    assert (rows["converged"] == rows["starts"]).all()
    found = rows[rows["spins"] == 8].groupby("field")["found"].mean()
    assert found.iloc[-1] < found.iloc[0]


def test_displacement_follows_the_same_minima_twice():
    rows = table("displacement")
    assert list(rows["scaling"]) == ["constant", "shrinking"] * 3
    assert (rows["distance"] > 0).all()
    wide = rows.pivot_table("distance", "spins", "scaling")
    assert (wide["constant"] > wide["shrinking"]).all()
    # |h.s| / N is at most the root mean square of h, which is near v.
    assert (rows["energy_change"].abs() < 2 * rows["field"]).all()


def test_a_weak_field_moves_minima_by_the_linear_response():
    """Twin: the Newton step -H^{-1} h along the sphere, for a field that is small enough."""
    n, v = 12, 1e-3
    bare = PSpin.draw(n, 3, 0.0, seed=[5, 0], dtype=torch.float64)
    end = landscapes._descend(SETTINGS | {"tolerance": 1e-9}, bare, uniform_on_sphere(1, n, 0))
    model = PSpin.draw(n, 3, v, seed=[5, 0], dtype=torch.float64)
    moved = landscapes._descend(SETTINGS | {"tolerance": 1e-9}, model, end.points)
    spin = end.points[0]
    basis = bare.tangent_basis(spin)
    step = basis @ torch.linalg.solve(bare.hessian(spin), basis.T @ model.field)
    assert float((moved.points[0] - spin).norm()) == pytest.approx(float(step.norm()), rel=0.02)


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(LandscapeError, match="draws has 1 entries for the 2 numbers of spins"):
        simulate("theory", SETTINGS | {"draws": [3]})


def test_the_schema_has_every_setting():
    assert set(counts.SETTINGS["properties"]) == set(SETTINGS)
