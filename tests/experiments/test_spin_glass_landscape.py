"""The simulation of figure 2.2: same bytes however it is run, and refusals that help."""

import io

import numpy as np
import pandas as pd
import pytest
import torch

from landscape.errors import LandscapeError
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


def simulate(checkpoints, regime="exponential", settings=SETTINGS, **options):
    """The tables of a regime as text; what was kept is forgotten, as by an execution."""
    outcome = landscape.simulate(settings, regime, checkpoints, **options)
    for path in outcome.kept:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return outcome.tables


def table(text):
    return pd.read_csv(io.StringIO(text))


def test_columns_agree_with_each_other_and_with_the_hamiltonian(tmp_path):
    tables = simulate(tmp_path)
    assert list(tables) == ["results", "minima", "draws"]
    rows, found, draws = map(table, tables.values())
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
    draws = table(simulate(tmp_path, "trivial")["draws"])
    assert list(draws["minima"]) == [1, 1]
    assert draws["distance_end_points"].max() < 1e-6
    assert draws["distance_minima"].isna().all()


def test_interrupted_and_parallel_runs_give_the_same_bytes(tmp_path, monkeypatch):
    reference = simulate(tmp_path / "a")
    calls, real = [], landscape.descend

    def dies_at_the_third(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(landscape, "descend", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            simulate(tmp_path / "b")
    with monkeypatch.context() as patch:
        calls.clear()
        patch.setattr(landscape, "descend", lambda *a, **k: calls.append(1) or real(*a, **k))
        resumed = simulate(tmp_path / "b")
        assert len(calls) == 2  # four chunks in all, two were kept
    assert resumed == reference
    assert simulate(tmp_path / "c", workers=2) == reference
    assert not list(tmp_path.rglob("*.tmp"))


def test_other_settings_do_not_reuse_end_points(tmp_path, monkeypatch):
    reference = simulate(tmp_path, "trivial")
    assert not list(tmp_path.iterdir()), "everything that was made is among what is kept"
    with monkeypatch.context() as patch:
        patch.setattr(landscape.embedding, "tsne", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            simulate(tmp_path, "trivial")
    assert len(list(tmp_path.rglob("*.npz"))) == 4
    assert simulate(tmp_path, "trivial", SETTINGS | {"seed": 4}) != reference
    assert len(list(tmp_path.rglob("*.npz"))) == 4


def test_a_damaged_chunk_is_computed_again(tmp_path, monkeypatch, capsys):
    reference = simulate(tmp_path, "trivial")
    with monkeypatch.context() as patch:
        patch.setattr(landscape.embedding, "tsne", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            simulate(tmp_path, "trivial")
    first, *_ = sorted(tmp_path.rglob("*.npz"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    assert simulate(tmp_path, "trivial") == reference
    assert f"{first} is damaged" in capsys.readouterr().err


def test_settings_without_an_answer_are_refused(tmp_path):
    with pytest.raises(LandscapeError, match="raise max_iterations"):
        simulate(tmp_path, settings=SETTINGS | {"max_iterations": 1})
    with pytest.raises(LandscapeError, match="perplexity is 50; it must be smaller than the numb"):
        simulate(tmp_path, settings=SETTINGS | {"perplexity": 50})


def test_the_schema_has_every_setting_that_is_read(tmp_path):
    assert set(landscape.SETTINGS["properties"]) == set(SETTINGS)
