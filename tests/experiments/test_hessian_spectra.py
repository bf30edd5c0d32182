"""Spectra of networks that a simulation trains: exact, by Lanczos, and of a text's lines."""

import copy
import io

import numpy as np
import pandas as pd
import pytest
import small_spectra
import torch
from reference import curvature_reference as reference

from landscape.experiments import hessian_spectra, trained

pytestmark = pytest.mark.usefixtures("stand_ins")

HESSIAN = small_spectra.HESSIAN | {
    "fewer": [8], "float32_samples": 8, "instants": [0.5], "instant_samples": 8,
}  # fmt: skip
IMAGES = small_spectra.IMAGES | {"seeds": 1, "hessian": HESSIAN}
TEXT = {
    "data": "text", "seed": 0, "seeds": 1,
    "hessian": HESSIAN | {"dense": None, "samples": 6, "fewer": [], "float32_samples": None,
                          "instants": []},
    "train": {
        "data": {"train_samples": 30, "unroll": 5, "test_samples": 30},
        "model": {"name": "small_char_lstm", "width": 2, "classes": 96},
        "optimizer": {"name": "adam", "lr": 0.01},
        "run": {"batch_size": 6, "epochs": 3, "evaluation_samples": 30},
    },
}  # fmt: skip


def tables(settings, folder, **hessian):
    settings = copy.deepcopy(settings)
    settings["hessian"] |= hessian
    found = hessian_spectra.simulate(settings, "spectrum", folder)
    return {name: pd.read_csv(io.StringIO(text)) for name, text in found.tables.items()}


def test_eigenvalues_are_those_of_the_hessian_written_out(tmp_path):
    found = tables(IMAGES, tmp_path)
    one = trained.train(IMAGES, 3, tmp_path, [0.0, 0.5])
    x, y, loss = trained.training_set(one.spec)
    expected = {}
    for samples, model in ((24, one.model), (8, one.at(0.5))):
        matrix = reference.hessian(model.double(), loss, x[:samples].double(), y[:samples])
        expected[samples] = torch.linalg.eigvalsh(matrix).numpy()
    values = found["spectrum"]["eigenvalue"].to_numpy()
    np.testing.assert_allclose(values, expected[24], rtol=1e-4, atol=1e-7)
    rows = found["results"]
    assert rows["samples"].tolist() == [8, 24, 8, 8]
    assert rows["precision"].tolist() == ["float64", "float64", "float32", "float64"]
    assert rows["at"].tolist() == [1, 1, 1, 0.5]
    assert rows["gradient_start"].notna().tolist() == [False, True, False, False]
    assert rows["largest"].iloc[3] == pytest.approx(expected[8].max(), rel=1e-4)
    assert rows["mean"].iloc[1] == pytest.approx(expected[24].mean(), rel=1e-4)
    shares = found["shares"]
    within = shares[(shares["samples"] == 24) & (shares["width"] == 1e-2)]["within"]
    assert within.iloc[0] == pytest.approx(100 * np.mean(np.abs(expected[24]) <= 1e-2))


def test_without_the_dense_layer_the_same_comes_out_in_blocks(tmp_path):
    fast, slow = (tables(IMAGES, tmp_path / name, dense=dense)
                  for name, dense in (("a", "layers.0"), ("b", None)))  # fmt: skip
    np.testing.assert_allclose(fast["spectrum"]["eigenvalue"], slow["spectrum"]["eigenvalue"],
                               rtol=1e-4, atol=1e-7)  # fmt: skip


def test_lanczos_bounds_hold_the_exact_share(tmp_path):
    exact = tables(IMAGES, tmp_path)["shares"]
    exact = exact[(exact["samples"] == 24) & (exact["at"] == 1)].set_index("width")["within"]
    rows = tables(IMAGES, tmp_path, method="lanczos", probes=40)
    shares = rows["shares"].set_index("width")
    assert rows["spectrum"].groupby("probe")["weight"].sum().to_numpy() == pytest.approx(1)
    assert ((shares["low"] - 5 < exact) & (exact < shares["high"] + 5)).all()


def test_a_text_is_read_in_lines_and_their_mean_loss_is_that_of_the_training(tmp_path):
    found = tables(TEXT, tmp_path)
    one = trained.train(TEXT, 0, tmp_path, [0.0])
    x, y, loss = trained.training_set(one.spec)
    assert x.shape == y.shape == (6, 5)
    assert torch.equal(x.flatten()[1:], y.flatten()[:-1])
    assert found["results"]["loss"][0] == pytest.approx(one.row["training_loss"], rel=1e-4)
    assert found["results"]["weights"][0] == 96 * 8 + 4 * 2 * 2 + 16 + 2 * 96
    assert found["results"]["largest"][0] > 0


def test_a_killed_analysis_gives_the_same_bytes(tmp_path):
    first = hessian_spectra.simulate(TEXT, "spectrum", tmp_path)
    assert any("spectra" in str(path) for path in first.kept)
    assert hessian_spectra.simulate(TEXT, "spectrum", tmp_path).tables == first.tables
