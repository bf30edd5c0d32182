"""What the page on widths says of traces in closed form, on the kept weights."""

from pathlib import Path

import pytest
import torch
from reference import curvature_reference, trace_reference

from landscape import data
from landscape.analysis.mean_loss import cross_entropy
from landscape.errors import LandscapeError
from landscape.evidence import figures, wider
from landscape.evidence.runs import Runs
from landscape.experiments import equal_loss
from landscape.experiments.networks import network

ROOT = Path(__file__).parents[2]


def test_the_closed_form_is_the_trace_of_the_hessian_written_out():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    x, y = torch.randn(7, 3).double(), torch.arange(7) % 3
    whole = curvature_reference.hessian(model.double(), cross_entropy, x, y)
    assert trace_reference.trace(model, x, balanced=False) == pytest.approx(float(whole.trace()))


def test_without_the_noise_of_lanczos_one_word_changes():
    figure, runs = figures.load("wide-or-not", ROOT), Runs.build("laptop", ROOT)
    given = runs.parameters(figure.TRAINING, "sgd")["data"]
    names = ("scaling", "downsample", "train_samples", "split_seed")
    try:
        splits = data.prepare(given["name"], **{name: given[name] for name in names})
    except (LandscapeError, OSError):
        pytest.skip("the data set is not in data/")
    rows = figure.measured(runs)
    columns = [*figure.MEASURES]
    said = figure.at_common_loss(runs)[1]
    rows["balanced_trace"] = [
        trace_reference.trace(
            network(runs, figure.TRAINING, one.method, int(one.seed), float(one.at)), splits.train.x
        )
        for one in rows.itertuples()
    ]
    exact = equal_loss.compared(rows, columns, equal_loss.common_level(rows))
    changed = [pair for pair in figure.PAIRS
               if figure.says(exact, *pair) != figure.says(said, *pair)]  # fmt: skip
    assert changed == [("entropy_sgd_loose", "adam")]
    assert figure.says(exact, "entropy_sgd_loose", "adam") == wider.WIDER
    for base in ("sgd", "adam", "sgd_inner"):
        ratio = wider.ratio(exact, "balanced_trace", "entropy_sgd", base)
        assert wider.reading(ratio) == wider.NARROWER
