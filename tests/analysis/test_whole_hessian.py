"""The Hessian in one piece of memory against the layered one; a killed one goes on."""

import pytest
import torch

from landscape.analysis import whole_hessian as module
from landscape.analysis.exact_spectrum import exact_spectrum
from landscape.analysis.layered_hessian import layered_hessian
from landscape.analysis.mean_loss import MeanLoss
from landscape.analysis.whole_hessian import add_jacobians_, whole_hessian, whole_spectrum
from landscape.errors import LandscapeError
from landscape.models import build

LAYER = "layers.7"


def loss(decay=0.2):
    torch.manual_seed(1)
    model = build("small_lenet_ch3", channels=[2, 3], pools=[1, 2], width=6, size=14, dropout=0.0)
    return MeanLoss(model, torch.randn(9, 1, 14, 14), torch.arange(9), chunk=4,
                    weight_decay=decay)  # fmt: skip


def test_the_matrix_is_the_layered_one(tmp_path):
    f = loss()
    found = whole_hessian(f, LAYER, rows=50, place=tmp_path)
    torch.testing.assert_close(found, layered_hessian(f, LAYER), rtol=1e-12, atol=1e-14)


def test_the_eigenvalues_are_those_of_all_rows(tmp_path):
    f = loss()
    found = whole_spectrum(f, LAYER, rows=50, folder=tmp_path)
    expected = exact_spectrum(f, memory=1e8)
    torch.testing.assert_close(found.values, expected.values, rtol=1e-8, atol=1e-10)
    assert 0 < found.asymmetry < 1e-12
    assert not list(tmp_path.rglob("rows-*.npy"))


def test_a_killed_one_goes_on_from_its_blocks_to_the_same_bytes(tmp_path, monkeypatch):
    f, made = loss(), []
    whole = whole_spectrum(f, LAYER, rows=50, folder=tmp_path / "whole")

    def counted(*given):
        made.append(1)
        return products(*given)

    products = module.products
    monkeypatch.setattr(module, "products", counted)

    class Killed(Exception):
        pass

    def kill(done, _of):
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        whole_spectrum(f, LAYER, rows=50, folder=tmp_path / "cut", report=kill)
    (kept,) = (tmp_path / "cut").iterdir()
    assert len(list(kept.glob("rows-*.npy"))) == 2
    seen = []
    again = whole_spectrum(f, LAYER, rows=50, folder=tmp_path / "cut",
                           report=lambda *at: seen.append(at))  # fmt: skip
    assert len(made) == seen[-1][1] == len(seen)  # no block twice
    assert torch.equal(again.values, whole.values)
    assert torch.equal(whole_spectrum(f, LAYER, rows=50, folder=tmp_path / "cut").values,
                       whole.values)  # fmt: skip
    assert len(made) == len(seen)  # nothing was left to do


def test_a_strip_of_the_jacobians_block_is_a_part_of_it():
    f = loss(0.0)
    (x, _), *_ = f.chunks()
    size = f.shapes[f"{LAYER}.weight"].numel() + f.shapes[f"{LAYER}.bias"].numel()
    whole, strip = torch.zeros(size, size).double(), torch.zeros(size, 5).double()
    add_jacobians_(whole, f, LAYER, x)
    add_jacobians_(strip, f, LAYER, x, slice(5))
    torch.testing.assert_close(strip, whole[:, :5])


def test_what_is_not_finite_is_named(tmp_path):
    f = loss()
    f.weights[0] = float("nan")
    with pytest.raises(LandscapeError, match="not finite in its rows from 0 on"):
        whole_hessian(f, LAYER, rows=50, place=tmp_path)
