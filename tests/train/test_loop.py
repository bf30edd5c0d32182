import dataclasses
import inspect
import math

import pytest
import torch

from landscape import data
from landscape.data import prepare as prepare_itself
from landscape.errors import LandscapeError
from landscape.optim import Adam, HeatSmoothing, HyperparameterError
from landscape.train import loop, run
from landscape.train.distributed import World
from landscape.train.evaluate import (
    alignment,
    alignment_after,
    gradient_extremes,
    loss_and_error,
)
from landscape.train.history import COLUMNS
from landscape.train.spec import DataSpec, ReplicaSpec, RunSpec, ScheduleSpec, SpecificationError

OPTIMIZERS = {
    "sgd": {"lr": 0.05, "momentum": 0.9},
    "adam": {"lr": 1e-3, "weight_decay": 1e-5},
    "anneal_sgd": {"base": "adam", "lr": 1e-3, "J": 1e-3, "tau0": 10, "layers": 4},
    "resampled_noise": {"base": "adam", "lr": 1e-3, "J": 1e-3, "tau0": 10, "layers": 4},
    "entropy_sgd": {"lr": 1.0, "lr_inner": 0.1, "L": 3, "gamma": 10.0, "temperature": 1e-6},
    "entropy_adam": {"lr": 1e-3, "lr_inner": 0.1, "L": 3, "gamma": 10.0, "temperature": 1e-6},
    "heat_smoothing": {"lr": 0.05, "L": 3, "gamma": 1e-4, "momentum": 0.9},
    "hamilton_jacobi": {"lr": 0.5, "lr_inner": 0.1, "L": 3, "gamma": 1.0},
    "sgld": {"lr": 1e-3},
    "matched_cgd": {"lr": 0.05, "lambda_0": 1e-2, "smoothing": "moving_average", "K": 3},
    "two_step_cgd": {"lr": 0.05, "lambda_0": 1e-2},
    "elastic_sgd": {"lr": 0.05, "momentum": 0.9},
    "parle": {"lr": 0.05, "momentum": 0.9, "L": 3},
}
REPLICATED = ("elastic_sgd", "parle")


def specification(optimizer="adam", **changes):
    values = {
        "experiment": "a-test",
        "method": optimizer,
        "seed": 1,
        "model": "mnistfc_ch2",
        "model_options": {"width": 12, "depth": 2},
        "optimizer": optimizer,
        "optimizer_options": OPTIMIZERS[optimizer],
        "data": DataSpec(holdout=0.2),
        "batch_size": 16,
        "epochs": 2.0,
        "evaluations_per_epoch": 2,
        "evaluation_samples": 64,
        "replicas": ReplicaSpec(count=3 if optimizer in REPLICATED else 1),
    }
    return RunSpec(**{**values, **changes})


class Killed(Exception):
    """Stands for the end of the process."""


def interrupted(spec, folder, monkeypatch, at):
    """Run until `at` gradients were computed, with a checkpoint after every step."""
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(run, "_ROUND", 1)  # replicas save at fixed steps: here at all
    compute, count = loop.Run.gradients, 0

    def gradients(self):
        nonlocal count
        count += 1
        if count > at:
            raise Killed
        return compute(self)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Run, "gradients", gradients)
        with pytest.raises(Killed):
            loop.fit(spec, checkpoints=folder)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("at", [1, 8])
def test_a_killed_run_ends_with_the_same_rows_and_weights(
    optimizer, at, small_data, tmp_path, monkeypatch
):
    spec = specification(optimizer)
    whole, model = loop.fit(spec)
    interrupted(spec, tmp_path, monkeypatch, at)
    resumed, again = loop.fit(spec, checkpoints=tmp_path)
    assert whole.frame().to_csv() == resumed.frame().to_csv()
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_resuming_does_not_start_over(small_data, tmp_path, monkeypatch):
    spec = specification()
    interrupted(spec, tmp_path, monkeypatch, 8)
    steps = []
    compute = loop.Run.gradients
    monkeypatch.setattr(
        loop.Run, "gradients", lambda self: (steps.append(self.step), compute(self))[1]
    )
    loop.fit(spec, checkpoints=tmp_path)
    assert steps[0] == 8


def test_a_checkpoint_of_other_code_is_not_used(small_data, tmp_path, monkeypatch):
    spec = specification()
    interrupted(spec, tmp_path, monkeypatch, 8)
    monkeypatch.setattr("landscape.train.checkpoint.code_fingerprint", lambda spec: "changed")
    steps = []
    compute = loop.Run.gradients
    monkeypatch.setattr(
        loop.Run, "gradients", lambda self: (steps.append(self.step), compute(self))[1]
    )
    loop.fit(spec, checkpoints=tmp_path)
    assert steps[0] == 0


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_checkpoint_means_starting_over(
    damage, small_data, tmp_path, monkeypatch, capsys
):
    spec = specification()
    interrupted(spec, tmp_path, monkeypatch, 8)
    (checkpoint,) = tmp_path.glob("*/state.pt")
    content = bytearray(checkpoint.read_bytes())
    if damage == "flipped":  # a bit inside of a weight, which torch would not notice
        weight = torch.load(checkpoint, weights_only=True)["replicas"][0]["model"]
        largest = max(weight.values(), key=torch.numel).numpy().tobytes()
        content[content.index(largest) + len(largest) // 2] ^= 0x10
    else:
        del content[100:]
    checkpoint.write_bytes(content)
    resumed, _ = loop.fit(spec, checkpoints=tmp_path)
    assert resumed.frame().to_csv() == loop.fit(spec)[0].frame().to_csv()
    assert capsys.readouterr().err.count("is damaged") == 1


@pytest.mark.parametrize("text", ["abc", "-1", "nan", ""])
def test_an_impossible_pause_between_checkpoints_is_one_sentence(
    text, small_data, tmp_path, monkeypatch
):
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", text)
    with pytest.raises(LandscapeError, match=f"LANDSCAPE_CHECKPOINT_SECONDS={text} is not"):
        loop.fit(specification(), checkpoints=tmp_path)


def test_two_methods_with_one_seed_share_start_and_order(small_data):
    plain, _ = loop.fit(specification("adam"))
    no_field = {**OPTIMIZERS["anneal_sgd"], "J": 0.0, "weight_decay": 1e-5}
    annealed, _ = loop.fit(specification("anneal_sgd", optimizer_options=no_field))
    columns = ["training_loss", "validation_error", "test_loss", "gradient_min"]
    assert plain.frame()[columns].equals(annealed.frame()[columns])


def test_seeds_differ(small_data):
    first, _ = loop.fit(specification(seed=1))
    second, _ = loop.fit(specification(seed=2))
    assert first.frame()["training_loss"][0] != second.frame()["training_loss"][0]


def test_training_learns(small_data):
    history, _ = loop.fit(specification("adam", epochs=40.0, optimizer_options={"lr": 3e-3}))
    losses = history.frame()["training_loss"]
    assert losses.iloc[-1] < 0.5 * losses.iloc[0]


def test_epochs_and_schedule_count_updates_not_gradients(small_data):
    spec = specification(
        "entropy_sgd", schedule=ScheduleSpec(drop_at=(1.0,), factor=10.0), evaluations_per_epoch=1
    )
    frame = loop.fit(spec)[0].frame()
    assert frame["step"].iloc[-1] == 2 * 6 * 3  # epochs x steps an epoch x L
    assert frame["effective_epoch"].iloc[-1] == 6
    before = frame.loc[frame["effective_epoch"] < 3, "learning_rate"]
    after = frame.loc[frame["effective_epoch"] >= 3, "learning_rate"]
    assert before.eq(1.0).all()
    assert after.sub(0.1).abs().max() < 1e-12


def test_rows_stand_at_start_and_end(small_data):
    frame = loop.fit(specification())[0].frame()
    assert list(frame["step"]) == [0, 3, 6, 9, 12]
    assert frame["validation_error"].between(0, 100).all()
    assert math.isnan(frame["gradient_min"].iloc[0])
    assert frame["gradient_min"].iloc[1:].ge(0).all()


def test_divergence_ends_the_run_without_an_exception(small_data, tmp_path):
    spec = specification("sgd", optimizer_options={"lr": 1e9, "momentum": 0.9}, epochs=4.0)
    frame = loop.fit(spec, checkpoints=tmp_path)[0].frame()
    assert frame["diverged"].iloc[-1] == 1
    assert math.isnan(frame["training_loss"].iloc[-1])
    assert frame["diverged"].sum() == 1
    again = loop.fit(spec, checkpoints=tmp_path)[0].frame()
    assert again.to_csv() == frame.to_csv()


def test_a_batch_larger_than_the_data_is_refused(small_data):
    with pytest.raises(SpecificationError, match="batch_size 200 is larger than the 96"):
        loop.fit(specification(batch_size=200))


def test_the_field_shows_in_the_gradient_columns(small_data):
    frame = loop.fit(specification("anneal_sgd"))[0].frame().iloc[1:]
    assert (frame["gradient_min"] != frame["gradient_min_raw"]).any()
    plain = loop.fit(specification("adam"))[0].frame().iloc[1:]
    assert plain["gradient_min"].equals(plain["gradient_min_raw"])


def test_gradient_extremes_on_known_numbers():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 1))
    model[0].weight.grad = torch.tensor([[1.0, -2.0], [3.0, -0.5]])
    model[1].weight.grad = torch.tensor([[0.25, -0.75]])
    model[1].bias.grad = torch.tensor([0.125])
    field = [torch.zeros(2, 2), None, torch.tensor([0.5])]
    found = gradient_extremes(model, field)
    assert found["gradient_min_raw"] == 0.125
    assert found["gradient_min"] == 0.25
    assert found["gradient_layer_min_raw"] == 0.5


def test_alignment_on_known_numbers():
    model = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False), torch.nn.Linear(1, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[3.0, 0.0]]))
        model[1].weight.fill_(100.0)  # feels no field, so it must not count
        model[1].bias.fill_(4.0)
    field = [torch.tensor([[-1.0, 2.0]]), None, torch.tensor([-2.0])]
    assert alignment(model, field) == pytest.approx({
        "alignment": -11.0, "alignment_sphere": -11 * 3**0.5 / 5, "alignment_unit": -11 / 3,
        "alignment_cosine": -11 / 15,
    })  # fmt: skip
    assert alignment_after(model, field) == {"alignment_after": -11.0}
    assert alignment(model, None) == alignment_after(model, [None] * 3) == {}
    nothing = alignment(model, [0 * part if part is not None else None for part in field])
    assert nothing["alignment"] == 0
    assert math.isnan(nothing["alignment_cosine"])


@pytest.mark.parametrize("optimizer", ["anneal_sgd", "resampled_noise"])
def test_methods_with_a_field_say_how_the_weights_align_with_it(optimizer, small_data):
    spec = specification(optimizer, optimizer_options=OPTIMIZERS[optimizer] | {"J": 0.02})
    frame = loop.fit(spec)[0].frame()
    assert list(frame.columns[len(COLUMNS) :]) == [
        "alignment", "alignment_after", "alignment_sphere", "alignment_unit", "alignment_cosine"
    ]  # fmt: skip
    assert frame.filter(like="alignment").iloc[0].isna().all()
    later = frame.iloc[1:]
    assert (later["alignment_after"] < later["alignment"]).all()  # the step goes along -h
    lengths = later["alignment_sphere"] / later["alignment_cosine"]
    field = later["alignment"] / later["alignment_unit"]
    count = sum(p.numel() for p in loop.fit(spec)[1].parameters())
    assert (lengths / field).to_list() == pytest.approx([count**0.5] * len(later), rel=1e-6)
    # |h_i| = J sqrt(p (p - 2)) sqrt(2) exp(-i / 2 tau0) sqrt(N), up to the draw
    start = 0.02 * (8 * 2 * count) ** 0.5
    expected = [start * math.exp(-(step - 1) / 20) for step in later["step"]]
    assert field.to_list() == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("optimizer", ["anneal_sgd", "resampled_noise"])
def test_looking_at_the_field_does_not_change_the_run(optimizer, small_data):
    rare, often = (
        loop.fit(specification(optimizer, evaluations_per_epoch=number))[0].frame()
        for number in (1, 4)
    )
    shared = often[often["step"].isin(rare["step"])].reset_index(drop=True)
    assert shared.equals(rare)


def test_loss_and_error_against_a_plain_computation():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 3))
    x, y = torch.randn(2501, 1, 2, 2), torch.randint(3, (2501,))
    loss, error = loss_and_error(model, x, y)
    logits = model(x).detach().double()
    expected = -torch.log_softmax(logits, 1)[torch.arange(2501), y].mean()
    assert loss == pytest.approx(float(expected), rel=1e-6)
    assert error == pytest.approx(100 * float((logits.argmax(1) != y).double().mean()))


def test_drops_at_fractions_of_the_run(small_data):
    schedule = ScheduleSpec(drop_at_fraction=(0.25, 0.5), factor=10.0)
    frame = loop.fit(
        specification("entropy_sgd", schedule=schedule, epochs=4.0, evaluations_per_epoch=1)
    )[0].frame()
    part = frame["step"] / frame["step"].iloc[-1]
    expected = 10.0 ** -((part >= 0.25).astype(float) + (part >= 0.5))
    assert frame["learning_rate"].sub(expected).abs().max() < 1e-12


def test_all_data_settings_reach_the_data(small_data, monkeypatch):
    given = {}
    prepare = data.prepare

    def spying(name, **arguments):
        given.update(arguments, name=name)
        return prepare(name, **arguments)

    monkeypatch.setattr(data, "prepare", spying)
    chosen = DataSpec("cifar10", "gcn", 0.1, None, 3, 20, 2, (4, 2), True)
    loop.fit(specification(data=chosen), data_root="somewhere")
    assert given.pop("device").type == "cpu"
    assert given.pop("root") == "somewhere"
    asked = dataclasses.asdict(chosen)
    del asked["unroll"]  # of sequences
    assert given == asked
    arguments = set(inspect.signature(prepare_itself).parameters) - {"device", "root"}
    assert set(asked) == arguments


def calls(monkeypatch, kind, *names):
    """The names of the methods of `kind` in the order in which they are called."""
    made = []

    def spy(name, method):
        def called(self, *arguments, **settings):
            made.append(name)
            return method(self, *arguments, **settings)

        return called

    for name in names:
        monkeypatch.setattr(kind, name, spy(name, getattr(kind, name)))
    return made


def test_prepare_comes_first_and_once(small_data, tmp_path, monkeypatch):
    made = calls(monkeypatch, HeatSmoothing, "prepare", "solution", "observe", "step")
    spec = specification("heat_smoothing", evaluations_per_epoch=1, epochs=1.0)
    interrupted(spec, tmp_path, monkeypatch, 4)
    assert made == ["prepare", "solution", *["observe", "step"] * 4]
    made.clear()
    loop.fit(spec, checkpoints=tmp_path)
    assert "prepare" not in made
    assert made.count("step") == made.count("observe") == 18 - 4


def test_the_loss_observed_is_that_of_the_gradient(small_data, monkeypatch):
    seen = []
    monkeypatch.setattr(Adam, "observe", lambda self, loss: seen.append(loss))
    computed, compute = [], run.Run.gradients
    monkeypatch.setattr(
        run.Run, "gradients", lambda s: (computed.append(compute(s)), computed[-1])[1]
    )
    loop.fit(specification("adam", epochs=1.0))
    assert len(seen) == 6
    assert all(a is b for a, b in zip(seen, computed, strict=True))
    assert not any(loss.requires_grad for loss in seen)


def test_only_methods_with_a_strength_have_its_column(small_data):
    assert "strength" not in loop.fit(specification("adam"))[0].frame()
    frame = loop.fit(specification("two_step_cgd"))[0].frame()
    assert frame["strength"].iloc[0] == 1e-2
    assert frame["strength"].is_monotonic_decreasing
    assert frame["strength"].iloc[-1] < 1e-2
    assert tuple(frame.columns) == (*COLUMNS, "strength")


AUTO = {"initial": 0.1, "factor": 10.0, "every": 2, "refractory": 0.0}


def test_auto_l2_follows_the_mini_batches(small_data, monkeypatch):
    """Against a loop written out: measured on the next mini-batch, after every update."""
    spec = specification("sgd", auto_l2=AUTO, epochs=6.0, evaluations_per_epoch=6)
    frame = loop.fit(spec)[0].frame()

    plain = run.Run(spec, torch.device("cpu"), None, World())
    sgd = torch.optim.SGD(plain.model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.1)
    least, before, wait, strengths = [math.inf] * 2, [math.inf] * 2, 0, [0.1]
    for step in range(36):
        chosen = plain.replicas[0].batch(step)
        x, y = plain.splits.train.x[chosen], plain.splits.train.y[chosen]
        logits = plain.model.train()(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        if step and step % 2 == 0:
            now = [float(loss.detach()), 100 * float((logits.argmax(1) != y).double().mean())]
            up = any(n > m and b > m for n, b, m in zip(now, before, least, strict=True))
            if up and step > wait:
                sgd.param_groups[0]["weight_decay"] /= 10
                wait = step
            else:
                least = [min(m, b) for m, b in zip(least, before, strict=True)]
            before = now
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        strengths.append(sgd.param_groups[0]["weight_decay"])
    assert len(set(strengths)) > 2
    assert list(frame["strength"]) == pytest.approx([strengths[step] for step in frame["step"]])


def test_auto_l2_survives_an_interruption(small_data, tmp_path, monkeypatch):
    spec = specification("sgd", auto_l2=AUTO, epochs=4.0)
    whole = loop.fit(spec)[0].frame()
    assert whole["strength"].nunique() > 1
    interrupted(spec, tmp_path, monkeypatch, 13)
    assert loop.fit(spec, checkpoints=tmp_path)[0].frame().to_csv() == whole.to_csv()


def test_unknown_settings_of_auto_l2_are_refused(small_data):
    with pytest.raises(SpecificationError, match="auto_l2 has an unknown key 'evry'.*'every'"):
        loop.fit(specification("sgd", auto_l2={"evry": 2}))


def test_auto_l2_needs_a_weight_decay(small_data):
    with pytest.raises(HyperparameterError, match="MatchedCGD does not have"):
        loop.fit(specification("matched_cgd", auto_l2=AUTO))
