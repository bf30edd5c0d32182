"""Evaluation with batch statistics and in stated batches, and the mean squared loss."""

import pytest
import torch

from landscape import models
from landscape.optim.batch_norm import batch_norm_layers
from landscape.train import loop
from landscape.train.evaluate import loss_and_error
from landscape.train.options import LossSpec
from landscape.train.spec import DataSpec, RunSpec, SpecificationError
from landscape.train.streams import use_batch_statistics
from landscape.train.weights import decoded, file_name


def network():
    torch.manual_seed(0)
    return models.build("small_fc_ch6", size=28, width=6)


def normalised(model, x):
    """The twin: every layer by hand in float64, batch norm from the batch at hand."""
    x = x.flatten(1)
    for layer in model.double().modules():
        if isinstance(layer, torch.nn.Linear):
            x = x @ layer.weight.T + layer.bias
        elif isinstance(layer, torch.nn.ReLU):
            x = x.clamp_min(0)
        elif isinstance(layer, torch.nn.BatchNorm1d):
            mean = x.mean(0)
            variance = (x - mean).square().mean(0)
            x = layer.weight * (x - mean) / (variance + layer.eps).sqrt() + layer.bias
    return x


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_the_evaluation_batch_decides_what_is_normalised_together(loss):
    x, y = torch.randn(21, 1, 28, 28), torch.randint(10, (21,))
    model = network()
    use_batch_statistics(model)
    assert not batch_norm_layers(model)
    value, error = loss_and_error(model, x, y, loss=loss, batch=8)
    outputs = torch.cat([normalised(model, part.double()) for part in x.tensor_split(3)])
    labels = torch.nn.functional.one_hot(y, 10)
    if loss == "mse":
        exact = (outputs - labels).square().sum() / 21
    else:
        exact = -(labels * outputs.log_softmax(1)).sum() / 21
    assert value == pytest.approx(exact.item(), rel=1e-5)
    assert error == pytest.approx(100 * (outputs.argmax(1) != y).double().mean().item())


def test_the_network_without_batch_norm_is_not_touched_by_the_batch():
    torch.manual_seed(0)
    model, x, y = (
        models.build("fc_lewkowycz", width=6),
        torch.randn(21, 1, 28, 28),
        torch.arange(21) % 10,
    )
    values = [loss_and_error(model, x, y, batch=batch) for batch in (None, 1, 2, 20, 100)]
    for value in values:
        assert value == pytest.approx(values[0], rel=1e-6)


def specification(**changes):
    values = {
        "experiment": "a-test", "method": "sgd", "seed": 1,
        "model": "small_fc_ch6", "model_options": {"size": 28, "width": 6},
        "optimizer": "sgd", "optimizer_options": {"lr": 0.01}, "data": DataSpec(),
        "batch_size": 16, "epochs": 2.0, "evaluation_samples": 64,
    }  # fmt: skip
    return RunSpec(**{**values, **changes})


def test_a_run_with_batch_statistics_keeps_none_and_trains_the_same(small_data, tmp_path):
    running, plain = loop.fit(specification())
    asked = specification(batch_statistics=True, evaluation_batch=16, weights=(1.0,))
    history, model = loop.fit(asked, checkpoints=tmp_path)
    assert not batch_norm_layers(model)
    assert batch_norm_layers(plain)
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert not history.frame()["test_loss"].equals(running.frame()["test_loss"])
    # The kept network is evaluated in the same way.
    path = next(tmp_path.glob(f"*/{file_name(asked, 1.0)}"))
    (tmp_path / "plain").write_bytes(path.read_bytes()[:-32])
    again, _ = decoded(tmp_path / "plain")
    x = torch.randn(5, 1, 28, 28)
    assert torch.equal(again(x), model(x))
    assert not batch_norm_layers(again)


def test_the_rows_of_a_run_with_mse_are_the_squared_distance(small_data):
    spec = specification(loss=LossSpec("mse", "half_over_classes"), optimizer_options={"lr": 0.5})
    frame = loop.fit(spec)[0].frame()
    assert frame["training_loss"].iloc[-1] < frame["training_loss"].iloc[0]
    # Of zero outputs it would be 1, whatever the scale.
    assert 0.3 < frame["training_loss"].iloc[-1] < 3


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"loss": LossSpec(l2=0.1), "auto_l2": {}}, "asked for twice"),
        ({"loss": LossSpec(l2=0.1), "optimizer_options": {"weight_decay": 0.1}}, "asked for twice"),
        ({"evaluation_batch": 1}, "at least 2"),
        ({"record_every": 0}, "at least 1"),
        ({"clip_value": -1.0}, "positive"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, named):
    with pytest.raises(SpecificationError, match=named):
        specification(**changes)


def test_l2_in_the_loss_is_weight_decay_in_the_optimizer(small_data):
    _, model = loop.fit(specification(loss=LossSpec(l2=0.1)))
    _, other = loop.fit(specification(optimizer_options={"lr": 0.01, "weight_decay": 0.1}))
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)
