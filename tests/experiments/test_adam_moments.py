"""Adam's moments at weights that stand still, against torch's optimizer and a variance."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from landscape.experiments import adam_moments, trained

pytestmark = pytest.mark.usefixtures("stand_ins")

TRAIN = {
    "data": {"scaling": "unit", "train_samples": 64, "test_samples": 32},
    "model": {"name": "small_fc_ch6", "size": 28, "width": 5},
    "optimizer": {"name": "adam", "lr": 1e-3},
    "run": {"batch_size": 16, "epochs": 2, "evaluation_samples": 32},
}
SETTINGS = {
    "data": "mnist", "seed": 0, "seeds": 2, "train": TRAIN,
    "moments": {"batches": 6, "samples": 20, "chunk": 7, "widths": [1e-5, 1e-3]},
}  # fmt: skip


def batches(number=12):
    torch.manual_seed(0)
    return [(torch.randn(8, 4), torch.randint(0, 3, (8,))) for _ in range(number)]


def test_the_moments_are_those_of_torchs_adam_that_does_not_move():
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = adam_moments.frozen_moments(model, batches(), (0.9, 0.999))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    adam = torch.optim.Adam(model.parameters(), lr=0.0)
    model.train()
    for x, y in batches():
        adam.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        adam.step()
    states = [adam.state[p] for p in model.parameters()]
    for name, key, beta in (("first", "exp_avg", 0.9), ("second", "exp_avg_sq", 0.999)):
        expected = torch.cat([one[key].ravel() for one in states]).double() / (1 - beta**12)
        torch.testing.assert_close(found[name], expected, rtol=1e-4, atol=1e-9)


def test_with_one_beta_the_difference_is_a_variance_and_with_two_it_need_not_be():
    model = nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        model.weight.zero_()
    grown = [(torch.full((2, 1), size), torch.tensor([0, 0])) for size in [0.0] * 50 + [1.0] * 10]
    found = adam_moments.frozen_moments(model, grown, (0.9, 0.999))
    assert (adam_moments.difference(found["first"], found["second"]) < 0).all()
    assert (adam_moments.difference(found["slow"], found["second"]) > 0).all()


def test_tables_hold_every_entry_and_do_not_depend_on_workers(tmp_path, other_workers):
    one = adam_moments.simulate(SETTINGS, "diagonal", tmp_path / "one", workers=1)
    other_workers(trained)
    two = adam_moments.simulate(SETTINGS, "diagonal", tmp_path / "two", workers=2)
    assert one.tables == two.tables
    tables = {name: pd.read_csv(io.StringIO(text)) for name, text in one.tables.items()}
    results = tables["results"]
    assert list(results["kind"]) == 2 * ["state", "frozen", "equal", "samples"]
    counts = tables["counts"].groupby(["seed", "kind"])["number"].sum()
    assert (counts <= results["weights"].iloc[0]).all()
    assert (results.loc[results["kind"].isin(["equal", "samples"]), "negative"] < 1).all()
    assert all(path.is_file() for path in one.kept)


def test_counts_are_by_sign_and_tenth_of_a_decade():
    rows = pd.DataFrame(adam_moments._counts(np.array([1.5e-3, 1.1e-3, -2e-9, 0.0, 1e-30])))
    assert rows["number"].tolist() == [1, 1, 1, 1]
    assert rows["decade"].tolist() == [-14.0, -3.0, -2.9, -8.7]
    assert rows["sign"].tolist() == [1, 1, 1, -1]
