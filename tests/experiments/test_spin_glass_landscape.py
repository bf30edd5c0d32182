"""The simulation of figure 2.2: same bytes however it is run, and refusals that help."""

import numpy as np
import pandas as pd
import pytest
import torch

from landscape.experiments import spin_glass_landscape as landscape
from landscape.theory.p_spin import PSpin, uniform_on_sphere

SETTINGS = {
    "spins": 16,
    "p": 3,
    "coupling": 1.0,
    "fields": {"exponential": 1 / 16, "trivial": 4.0},
    "starts": 50,
    "step_size": 0.1,
    "tolerance": 1e-4,
    "max_iterations": 20_000,
    "draws": {"exponential": 2, "trivial": 2},
    "draw_starts": {"exponential": 20, "trivial": 10},
    "same_minimum": 1e-3,
    "perplexity": 5.0,
    "chunk_starts": 20,
    "seed": 3,
}


def contents(paths):
    return [path.read_bytes() for path in paths]


def test_columns_agree_with_each_other_and_with_the_hamiltonian(tmp_path):
    paths = landscape.simulate(SETTINGS, "exponential", tmp_path / "out", tmp_path / "kept")
    rows, found, draws = (pd.read_csv(path) for path in paths)
    assert [path.name for path in paths] == [
        "exponential.csv", "exponential-minima.csv", "exponential-draws.csv",
    ]
    assert len(rows) == 50
    assert rows["converged"].all()
    assert list(draws["starts"]) == [50, 20]
    first = found[found["draw"] == 0]
    assert draws["minima"][0] == len(first) == rows["minimum"].nunique() > 1
    assert first["starts"].sum() == 50
    np.testing.assert_array_equal(first["starts"], np.bincount(rows["minimum"]))
    assert (np.diff(first["energy"]) > 0).all()
    assert draws["smallest_eigenvalue"][0] == pytest.approx(first["smallest_eigenvalue"].min())
    assert draws["smallest_eigenvalue"].min() > 0  # the end points are minima, not saddles
    assert (draws["distance_farthest"] > draws["distance_minima"]).all()
    shares = first.loc[first["starts"] >= 3, "soft_share"]
    assert shares.between(0, 1).all()
    assert shares.median() > 0.5  # the stopping rule leaves its residue where curvature is small
    assert first.loc[first["starts"] < 3, "soft_share"].isna().all()
    # Every listed energy is stationary on the sphere: re-derive one end point independently.
    model = PSpin.draw(16, 3, 1 / 16, seed=[3, 0], dtype=torch.float64)
    spin = uniform_on_sphere(50, 16, [3, 0, 1])[7]
    for _ in range(int(rows["iterations"][7])):
        spin = spin - 0.1 * model.tangential_gradient(spin[None])[0]
        spin = 4 * spin / spin.norm()
    assert float(model.energy(spin[None])) / 16 == pytest.approx(rows["energy"][7], abs=2e-6)


def test_a_strong_field_leaves_one_minimum(tmp_path):
    _, _, path = landscape.simulate(SETTINGS, "trivial", tmp_path / "out", tmp_path / "kept")
    draws = pd.read_csv(path)
    assert list(draws["minima"]) == [1, 1]
    assert draws["distance_end_points"].max() < 1e-6
    assert draws["distance_minima"].isna().all()


def test_interrupted_and_parallel_runs_give_the_same_bytes(tmp_path, monkeypatch):
    reference = contents(
        landscape.simulate(SETTINGS, "exponential", tmp_path / "a", tmp_path / "kept-a")
    )
    calls, real = [], landscape.descend

    def dies_at_the_third(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(landscape, "descend", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            landscape.simulate(SETTINGS, "exponential", tmp_path / "b", tmp_path / "kept-b")
    assert not (tmp_path / "b").exists()
    with monkeypatch.context() as patch:
        calls.clear()
        patch.setattr(landscape, "descend", lambda *a, **k: calls.append(1) or real(*a, **k))
        resumed = landscape.simulate(SETTINGS, "exponential", tmp_path / "b", tmp_path / "kept-b")
        assert len(calls) == 2  # four chunks in all, two were kept
    assert contents(resumed) == reference
    parallel = landscape.simulate(
        SETTINGS, "exponential", tmp_path / "c", tmp_path / "kept-c", workers=2
    )
    assert contents(parallel) == reference
    assert not list(tmp_path.rglob("*.tmp"))


def test_other_settings_do_not_reuse_end_points(tmp_path, monkeypatch):
    reference = contents(landscape.simulate(SETTINGS, "trivial", tmp_path / "a", tmp_path / "kept"))
    assert not list((tmp_path / "kept").iterdir())  # a finished run leaves no checkpoints
    with monkeypatch.context() as patch:
        patch.setattr(landscape.embedding, "tsne", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            landscape.simulate(SETTINGS, "trivial", tmp_path / "a", tmp_path / "kept")
    assert len(list((tmp_path / "kept").rglob("*.npz"))) == 4
    other = landscape.simulate(SETTINGS | {"seed": 4}, "trivial", tmp_path / "b", tmp_path / "kept")
    assert contents(other) != reference
    assert len(list((tmp_path / "kept").rglob("*.npz"))) == 4


def test_a_damaged_chunk_is_computed_again(tmp_path, monkeypatch, capsys):
    reference = contents(landscape.simulate(SETTINGS, "trivial", tmp_path / "a", tmp_path / "kept"))
    with monkeypatch.context() as patch:
        patch.setattr(landscape.embedding, "tsne", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            landscape.simulate(SETTINGS, "trivial", tmp_path / "a", tmp_path / "kept")
    first, *_ = sorted((tmp_path / "kept").rglob("*.npz"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    again = landscape.simulate(SETTINGS, "trivial", tmp_path / "b", tmp_path / "kept")
    assert contents(again) == reference
    assert f"{first} is damaged" in capsys.readouterr().err


def test_the_summary_holds_means_over_draws_and_expectations(tmp_path):
    for regime in ("exponential", "trivial"):
        landscape.simulate(SETTINGS, regime, tmp_path / "out", tmp_path / "kept")
    summary = pd.read_csv(landscape.analyse(SETTINGS, tmp_path / "out")).set_index("regime")
    draws = pd.read_csv(tmp_path / "out" / "exponential-draws.csv")
    row = summary.loc["exponential"]
    assert row["minima"] == pytest.approx(draws["minima"].mean())
    assert row["minima_se"] == pytest.approx(abs(draws["minima"].diff()[1]) / 2)
    assert row["starts"] == row["converged"] == 70
    assert row["expected_minima"] > summary.loc["trivial", "expected_minima"] > 1
    (tmp_path / "out" / "trivial-draws.csv").unlink()
    with pytest.raises(landscape.SettingsError, match="--case trivial"):
        landscape.analyse(SETTINGS, tmp_path / "out")


def test_bad_settings_are_named(tmp_path):
    with pytest.raises(landscape.SettingsError, match="lacks tolerance"):
        landscape.simulate(
            {k: v for k, v in SETTINGS.items() if k != "tolerance"}, "trivial", tmp_path
        )
    with pytest.raises(landscape.SettingsError, match="does not know toleranse"):
        landscape.simulate(SETTINGS | {"toleranse": 1}, "trivial", tmp_path)
    with pytest.raises(landscape.SettingsError, match="choose one of exponential, trivial"):
        landscape.simulate(SETTINGS, "polynomial", tmp_path)
    with pytest.raises(landscape.SettingsError, match="raise max_iterations"):
        landscape.simulate(
            SETTINGS | {"max_iterations": 1}, "exponential", tmp_path / "out", tmp_path / "kept"
        )
    assert not (tmp_path / "out").exists()
