"""Averages along a path of SGD: against their definitions, at equal gradients, the same bytes."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from reference import weight_averages_reference as reference
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from landscape.errors import LandscapeError
from landscape.experiments import settings
from landscape.experiments import weight_averages as averages
from landscape.optim import SGD
from landscape.train.loop import fit

ROOT = Path(__file__).parents[2]
SMOKE = settings.resolved(averages.EXPERIMENT, "smoke", ROOT) | {
    "train_samples": 96, "batch_size": 16, "evaluation_samples": 64,
}  # fmt: skip


def table(case, workers=1, **changes):
    found = averages.simulate(SMOKE | changes, case, workers=workers).tables["results"]
    return pd.read_csv(io.StringIO(found))


def flat(network):
    return torch.cat([p.detach().double().flatten() for p in network.parameters()])


def test_the_averages_are_those_of_their_definitions():
    torch.manual_seed(0)
    network = torch.nn.Linear(3, 2)
    kept = averages.Averages(network, (0.9, 0.6), start=7, every=3)
    optimizer, path = SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True), []
    assert not list(kept.networks())
    for step in range(1, 20):
        optimizer.zero_grad()
        (network(torch.randn(5, 3)) - 1).square().mean().backward()
        optimizer.step()
        path.append(flat(network))
        kept.update(step)
    path = torch.stack(path)
    found = {name: flat(one) for name, one in kept.networks()}
    assert list(found) == ["ema-0.9", "ema-0.6", "swa"]
    assert [name for name, _ in kept.networks(every=False)] == ["ema-0.9"]
    for decay in (0.9, 0.6):
        wanted = reference.exponential(path, decay)
        torch.testing.assert_close(found[f"ema-{decay:g}"], wanted, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(found["swa"], reference.plain(path, 7, 3), atol=1e-6, rtol=1e-5)


def test_every_case_takes_as_many_gradients(small_data):
    for case in SMOKE["methods"]:
        rows = table(case, seeds=1)
        assert rows["step"].max() == SMOKE["gradients"]
        assert rows[["test_error", "validation_error", "training_loss"]].notna().all().all()
        answers = set(rows["answer"])
        on_the_way = set(rows.loc[rows["step"] < SMOKE["gradients"], "answer"])
        if SMOKE["methods"][case]["averages"]:
            assert answers == {"last", "swa", *(f"ema-{d:g}" for d in SMOKE["decays"])}
            assert on_the_way == {"last", "ema-0.8"}  # the middle decay
        else:
            assert answers == on_the_way == {"last"}


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_averages_are_torchs_own_to_the_last_bit(batch_norm):
    torch.manual_seed(0)
    parts = [torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)][: 1 + batch_norm]
    network = torch.nn.Sequential(*parts, torch.nn.Linear(4, 2))
    kept = averages.Averages(network, (0.9,), start=1, every=1)
    torchs = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    optimizer = SGD(network.parameters(), lr=0.1)
    for step in range(1, 6):
        optimizer.zero_grad()
        network(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
        kept.update(step)
        torchs.update_parameters(network)
    own = dict(kept.networks())["ema-0.9"].state_dict()
    for name, value in torchs.module.state_dict().items():
        assert torch.equal(own[name], value), name


def test_a_path_is_that_of_the_training_loop(small_data):
    """Averages do not change the run they are taken from."""
    spec = averages.specification(SMOKE, "sgd_falling", 0.1, 1)
    rows = table("sgd_falling")
    rows = rows[(rows["rate"] == 0.1) & (rows["seed"] == 1) & (rows["answer"] == "last")]
    end = fit(spec)[0].frame().iloc[-1]
    for column in ("training_loss", "test_loss", "validation_error", "effective_epoch"):
        assert rows.iloc[-1][column] == pytest.approx(end[column], rel=1e-5)
    assert rows["learning_rate"].iloc[-1] == pytest.approx(0.01)


def test_without_force_and_noise_the_force_of_the_work_changes_next_to_nothing(small_data):
    """gamma = 1e4: the answers agree to the digits that a test error has."""
    force, none = (table(case)["test_loss"] for case in ("entropy_sgd", "entropy_sgd_no_force"))
    np.testing.assert_allclose(force, none, rtol=1e-2)
    assert not np.array_equal(force, none)


def test_the_same_bytes_again(small_data):
    once, again = (averages.simulate(SMOKE, "sgd_constant").tables["results"] for _ in range(2))
    assert once == again


def test_batch_norm_statistics_belong_to_the_average(small_data):
    """A network with batch norm: its averages are not evaluated with statistics of another."""
    model = SMOKE["model"] | {"batch_norm": True}
    rows = table("sgd_constant", model=model, seeds=1)
    ends = rows[(rows["step"] == SMOKE["gradients"]) & (rows["rate"] == 0.1)]
    losses = ends.set_index("answer")["training_loss"]
    assert losses["swa"] < 2 * losses["last"] + 0.5


def test_a_path_that_diverges_has_no_errors(small_data):
    methods = SMOKE["methods"] | {
        "sgd_outer": SMOKE["methods"]["sgd_outer"] | {"rates": [1.0e30]}
    }
    rows = table("sgd_outer", methods=methods, seeds=1)
    assert rows["diverged"].max() == 1
    assert rows.loc[rows["diverged"] == 1, "test_error"].isna().all()
    assert rows["step"].max() < SMOKE["gradients"]


def test_numbers_that_do_not_fit_are_refused_in_one_sentence(small_data):
    with pytest.raises(LandscapeError, match="no whole number of updates of entropy_sgd"):
        averages.specification(SMOKE | {"gradients": 41}, "entropy_sgd", 1.0, 0)
    with pytest.raises(LandscapeError, match="larger than train_samples"):
        averages.specification(SMOKE | {"batch_size": 97}, "sgd_outer", 1.0, 0)
