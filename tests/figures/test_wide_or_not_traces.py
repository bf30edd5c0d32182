"""What the page on widths says of traces in closed form, on the kept weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from reference import curvature_reference, trace_reference

from landscape import data
from landscape.analysis.mean_loss import cross_entropy
from landscape.errors import LandscapeError
from landscape.evidence import figures
from landscape.evidence.runs import Runs
from landscape.experiments.networks import network

ROOT = Path(__file__).parents[2]


def test_the_closed_form_is_the_trace_of_the_hessian_written_out():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    x, y = torch.randn(7, 3).double(), torch.arange(7) % 3
    whole = curvature_reference.hessian(model.double(), cross_entropy, x, y)
    assert trace_reference.trace(model, x, balanced=False) == pytest.approx(float(whole.trace()))


@pytest.mark.needs_data
def test_the_stored_traces_are_those_of_the_closed_form():
    figure, runs = figures.load("wide-or-not", ROOT), Runs.build("laptop", ROOT)
    given = runs.parameters(figure.TRAINING, "sgd")["data"]
    names = ("scaling", "downsample", "train_samples", "split_seed")
    try:
        splits = data.prepare(given["name"], **{name: given[name] for name in names})
    except (LandscapeError, OSError):
        pytest.skip("the data set is not in data/")
    rows = figure.measured(runs)
    for form in ("plain", "balanced"):
        traces = [
            trace_reference.trace(
                network(runs, figure.TRAINING, one.method, int(one.seed), float(one.at)),
                splits.train.x, balanced=form == "balanced",
            )
            for one in rows.itertuples()
        ]  # fmt: skip
        np.testing.assert_allclose(rows[f"{form}_trace"], traces, rtol=1e-4)


def test_the_stored_width_terms_are_near_those_of_whole_spectra():
    exact = Runs.build("laptop", ROOT).table("wide-or-not-exact", "exact")
    assert len(exact) >= 2
    np.testing.assert_allclose(exact["lanczos_trace"], exact["trace"], rtol=1e-4)
    np.testing.assert_allclose(exact["lanczos_width_1"], exact["width_1"], rtol=0.1)
