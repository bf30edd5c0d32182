"""All eigenvalues of a network as large as the work's, tried on a small one."""

import copy
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_spectra import IMAGES

from landscape.errors import LandscapeError
from landscape.evidence import gpu_plan
from landscape.experiments import catalogue, hessian_spectra, settings, whole_spectrum
from landscape.pipeline import lists

pytestmark = pytest.mark.usefixtures("stand_ins")

ROOT = Path(__file__).parents[2]


def tables(module, folder):
    found = module.simulate(IMAGES, "spectrum", folder)
    return {name: pd.read_csv(io.StringIO(text)) for name, text in found.tables.items()}


def test_the_tables_are_those_of_the_small_networks_spectra(tmp_path):
    found, expected = (tables(module, tmp_path / module.__name__)
                       for module in (whole_spectrum, hessian_spectra))  # fmt: skip
    for name in ("results", "shares", "spectrum"):
        assert list(found[name].columns) == list(expected[name].columns), name
        assert len(found[name]) == len(expected[name])
    np.testing.assert_allclose(found["spectrum"]["eigenvalue"], expected["spectrum"]["eigenvalue"],
                               rtol=1e-4, atol=1e-8)  # fmt: skip
    for column in ("seed", "weights", "exact", "loss", "gradient", "largest", "mean", "test_error",
                   "gradient_start"):  # fmt: skip
        np.testing.assert_allclose(found["results"][column], expected["results"][column], rtol=1e-4)


def test_what_was_made_is_taken_and_gives_the_same_bytes(tmp_path, monkeypatch):
    first = whole_spectrum.simulate(IMAGES, "spectrum", tmp_path)
    assert any(path.name == "spectrum.npy" for path in first.kept)

    def refuse(*_):
        raise AssertionError("made again")

    monkeypatch.setattr("landscape.analysis.whole_hessian.products", refuse)
    assert whole_spectrum.simulate(IMAGES, "spectrum", tmp_path).tables == first.tables


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("fewer", [8], r"fewer must be \[\] here, not \[8\]"),
     ("method", "lanczos", "method must be exact here"),
     ("instants", [0.5], "instants must be"),
     ("dense", None, "dense must name the layer")],
)  # fmt: skip
def test_what_it_does_not_do_is_refused(tmp_path, key, value, said):
    asked = copy.deepcopy(IMAGES)
    asked["hessian"][key] = value
    with pytest.raises(LandscapeError, match=said):
        whole_spectrum.simulate(asked, "spectrum", tmp_path)


def test_progress_is_said_at_the_end_and_now_and_then(capsys):
    said = whole_spectrum.Progress(4, every=1e9)
    for done in (1, 2, 3):
        said(done, 3)
    assert capsys.readouterr().out == "seed 4: 3 of 3 blocks of rows\n"


def test_seconds_grow_as_a_line_and_a_cube():
    timed = {n: 2e-3 * n + 5e-9 * n**3 for n in (2000, 4000)}
    assert whole_spectrum.cubic(timed, 47_658) == pytest.approx(2e-3 * 47_658 + 5e-9 * 47_658**3)
    # Slower than a cube: all of the larger one counts as a cube.
    assert whole_spectrum.cubic({10: 1.0, 20: 20.0}, 40) == pytest.approx(160)
    # No growth at all: neither.
    assert whole_spectrum.cubic({10: 8.0, 20: 8.0}, 40) == pytest.approx(64)


def test_the_cost_adds_up(monkeypatch):
    monkeypatch.setattr(whole_spectrum, "SIZES", {("cpu", "float64"): (20, 40)})
    seconds = iter([7.0, 8.0, 10.0, 9.0, 1.0, 8.0])  # of two blocks, two strips, two matrices
    monkeypatch.setattr(whole_spectrum, "_timed", lambda clock, work: (work(), next(seconds))[1])
    asked = settings.resolved("thesis-fig-3-1-exact", "smoke", ROOT)
    asked["hessian"] |= {"samples": 64, "chunk": 32}
    row = whole_spectrum.costs(asked, "spectrum", torch.device("cpu"), repeats=2)
    dense = 48 * 8 + 8
    others = 687 - dense
    part = -(-dense // whole_spectrum.PART)
    assert row["steps"] == -(-others // 16)
    jacobians = 9 * dense / part * 2 / row["steps"]
    assert row["step_seconds"] == pytest.approx(2 * 7.5 + jacobians)
    values = whole_spectrum.cubic({20: 1.0, 40: 8.0}, 687)
    assert row["hours"] * 3600 == pytest.approx(row["steps"] * row["step_seconds"] + values)
    assert row["runs"] == 2
    assert row["eigenvalue_seconds"] == {"20": 1.0, "40": 8.0}
    assert row["block_samples"] == 32


def test_the_queue_has_it_and_the_pipeline_does_not():
    one = catalogue.get("thesis-fig-3-1-exact", "simulate", ROOT)
    assert one.gpu
    assert one.by_name
    assert not one.needs
    assert not [run for run in lists.lists(ROOT)["runs"] if "fig-3-1-exact" in run]
    names = {e.id for e in gpu_plan.waiting(ROOT)}
    assert one.id in names
    assert "thesis-fig-3-1-exact-single" not in names
    work = settings.resolved(one.id, "paper", ROOT)["hessian"]
    # Directions and rows by counting: no zero is left by the number of samples.
    assert 9 * work["samples"] + 2 * (47_658 - 320 * 128 - 128) > 47_658
    assert work["precision"] == "float64"
