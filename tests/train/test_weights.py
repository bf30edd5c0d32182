"""Weights of several instants: the same bytes after an interruption, and the network again."""

import json

import pytest
import safetensors.torch
import torch

from landscape.errors import LandscapeError
from landscape.files import unsealed
from landscape.train import loop
from landscape.train.checkpoint import CheckpointStore
from landscape.train.options import LossSpec
from landscape.train.spec import DataSpec, RunSpec, SpecificationError
from landscape.train.weights import decoded, file_name

OPTIMIZERS = {
    "sgd": {"lr": 0.05, "momentum": 0.9},
    "entropy_sgd": {"lr": 1.0, "lr_inner": 0.1, "L": 3, "gamma": 10.0},
}
INSTANTS = (0.0, 0.3, 0.5, 1.0)


def specification(optimizer="sgd", **changes):
    values = {
        "experiment": "a-test",
        "method": optimizer,
        "seed": 1,
        "model": "small_fc_ch6",
        "model_options": {"size": 28, "width": 8},
        "optimizer": optimizer,
        "optimizer_options": OPTIMIZERS[optimizer],
        "data": DataSpec(),
        "batch_size": 16,
        "epochs": 2.0,
        "evaluation_samples": 64,
        "weights": INSTANTS,
    }
    return RunSpec(**{**values, **changes})


def kept(spec, checkpoints):
    folder = CheckpointStore(checkpoints, spec).folder
    return {at: unsealed(folder / file_name(spec, at)) for at in spec.weights}


def killed(spec, folder, monkeypatch, at):
    compute = loop.Run.gradients

    def gradients(self):
        if self.step == at:
            raise KeyboardInterrupt
        return compute(self)

    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "gradients", gradients)
        with pytest.raises(KeyboardInterrupt):
            loop.fit(spec, checkpoints=folder)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_asking_for_weights_changes_nothing_in_the_run(optimizer, small_data, tmp_path):
    asked, model = loop.fit(specification(optimizer), checkpoints=tmp_path)
    plain, other = loop.fit(specification(optimizer, weights=()))
    assert asked.frame().to_csv() == plain.frame().to_csv()
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("at", [5, 10])
def test_they_are_the_same_bytes_after_a_kill(optimizer, at, small_data, tmp_path, monkeypatch):
    spec = specification(optimizer)
    loop.fit(spec, checkpoints=tmp_path / "whole")
    killed(spec, tmp_path / "killed", monkeypatch, at)
    loop.fit(spec, checkpoints=tmp_path / "killed")
    whole, resumed = (kept(spec, tmp_path / name) for name in ("whole", "killed"))
    assert None not in whole.values()
    assert whole == resumed


def test_a_run_that_lost_its_early_weights_starts_over(small_data, tmp_path, monkeypatch):
    spec = specification()
    loop.fit(spec, checkpoints=tmp_path / "whole")
    killed(spec, tmp_path / "killed", monkeypatch, 10)
    lost = CheckpointStore(tmp_path / "killed", spec).folder / file_name(spec, 0.3)
    lost.write_bytes(lost.read_bytes()[:-1])
    loop.fit(spec, checkpoints=tmp_path / "killed")
    assert kept(spec, tmp_path / "killed") == kept(spec, tmp_path / "whole")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_last_is_the_network_that_fit_returns(optimizer, small_data, tmp_path):
    spec = specification(optimizer)
    history, model = loop.fit(spec, checkpoints=tmp_path)
    path = tmp_path / "last.safetensors"
    path.write_bytes(kept(spec, tmp_path)[1.0])
    again, facts = decoded(path)
    assert not again.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert (facts["seed"], facts["step"], facts["method"]) == (
        1,
        history.rows[-1]["step"],
        optimizer,
    )
    assert {t.dtype for t in safetensors.torch.load_file(path).values()} <= {
        torch.float32, torch.int64,
    }  # fmt: skip


def test_instants_are_whole_updates_of_the_answer(small_data, tmp_path):
    spec = specification("entropy_sgd")  # 12 updates of 3 gradients
    loop.fit(spec, checkpoints=tmp_path)
    steps = []
    for content in kept(spec, tmp_path).values():
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        steps.append(json.loads(header["__metadata__"]["run"])["step"])
    assert steps == [0, 12, 18, 36]


def test_building_the_network_again_draws_no_random_numbers(small_data, tmp_path):
    spec = specification()
    loop.fit(spec, checkpoints=tmp_path)
    path = tmp_path / "last.safetensors"
    path.write_bytes(kept(spec, tmp_path)[1.0])
    before = torch.get_rng_state()
    decoded(path)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("content", [b"", b"not weights", safetensors.torch.save({})])
def test_other_files_are_refused_in_one_sentence(content, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(LandscapeError, match="does not hold the weights of a run"):
        decoded(path)


@pytest.mark.parametrize("instants", [(1.5,), (0.5, 0.5), (1.0, 0.5), "end", (True,), (-0.1,)])
def test_impossible_instants_are_refused(instants):
    with pytest.raises(SpecificationError, match="rising list"):
        specification(weights=instants)


def test_a_run_that_diverges_has_the_weights_until_then(small_data, tmp_path):
    spec = specification(optimizer_options={"lr": 1e30})
    history, _ = loop.fit(spec, checkpoints=tmp_path)
    assert history.rows[-1]["diverged"]
    there = [at for at, content in kept(spec, tmp_path).items() if content is not None]
    assert there[:1] == [0.0]
    assert 1.0 not in there
    listed = json.loads(unsealed(CheckpointStore(tmp_path, spec).folder / "weights.json"))
    assert [at for at, _ in listed] == there


# ---------------------------------------------------------------- the table of steps


def test_the_table_of_steps_has_the_norms_at_each_gradient(small_data):
    spec = specification(
        weights=(), record_every=1, loss=LossSpec("mse", "half_over_classes", 0.1),
        optimizer_options={"lr": 0.05}, epochs=1.0,
    )  # fmt: skip
    seen = []
    step = loop.optim.SGD.step

    def spying(self, closure=None):
        parameters = [p for group in self.param_groups for p in group["params"]]
        square = lambda values: sum(v.detach().double().square().sum().item() for v in values)  # noqa: E731
        seen.append((square(parameters), square([p.grad for p in parameters])))
        return step(self, closure)

    try:
        loop.optim.SGD.step = spying
        history, _ = loop.fit(spec)
    finally:
        loop.optim.SGD.step = step
    frame = history.steps
    assert frame["step"].tolist() == list(range(6))
    assert (frame["seed"] == 1).all()
    assert (frame["learning_rate"] == 0.05).all()
    for column, values in zip(
        ("weight_square", "gradient_square"), zip(*seen, strict=True), strict=True
    ):
        assert frame[column].tolist() == pytest.approx(list(values), rel=1e-5)
    # The penalty is part of the loss.
    assert (frame["loss"] > 0.05 * frame["weight_square"]).all()


@pytest.mark.parametrize("every", [1, 5])
def test_the_table_of_steps_survives_a_kill_and_disturbs_nothing(
    every, small_data, tmp_path, monkeypatch
):
    spec = specification(record_every=every)
    whole, _ = loop.fit(spec)
    monkeypatch.setattr("landscape.train.steps._PIECE", 2)
    killed(spec, tmp_path, monkeypatch, 8)
    resumed, _ = loop.fit(spec, checkpoints=tmp_path)
    assert whole.steps.to_csv() == resumed.steps.to_csv()
    assert whole.steps["step"].tolist() == list(range(0, 12, every))
    plain, _ = loop.fit(specification())
    assert plain.steps is None
    assert plain.frame().to_csv() == whole.frame().to_csv()
