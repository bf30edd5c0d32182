"""The loss that a run minimises, with its L2 term, and clipping, against float64 twins."""

import dataclasses

import pytest
import torch
from reference.train_objective import mixed_labels, objective

from landscape import models
from landscape.train import objective as fast
from landscape.train.options import LossSpec
from landscape.train.spec import SpecificationError

K = 4


def batch():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(6, 1, 28, 28, generator=generator)
    return x, torch.randint(K, (6,), generator=generator)


def network(dtype=torch.float32):
    torch.manual_seed(0)
    return models.build("fc_lewkowycz", width=8, depth=2, classes=K, sigma_b=0.1).to(dtype)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", ["cross_entropy", "mse"])
@pytest.mark.parametrize("scaling", ["mean", "half", "half_over_classes"])
def test_value_and_gradient_are_those_of_the_written_objective(name, scaling, mixed):
    (x, y), loss = batch(), LossSpec(name, scaling, 0.3)
    other, weight = y.flip(0), torch.full((6,), 0.7)
    targets = (y, other, weight) if mixed else y
    model = network()
    value = fast.batch_loss(model(x), targets, loss)
    value.backward()
    value = value.detach() + fast.add_l2(model, loss.l2)

    twin = network(torch.float64)
    labels = mixed_labels(y.tolist(), other.tolist(), [0.7 if mixed else 1.0] * 6, K)
    exact = objective(twin, x.double(), labels, name, scaling, loss.l2)
    exact.backward()
    assert value.item() == pytest.approx(exact.item(), rel=1e-5)
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine.grad.double(), theirs.grad, rtol=1e-4, atol=1e-6)


def test_the_scales_are_those_of_the_work():
    # Lewkowycz & Gur-Ari: softmax over 2k; theorem 2: a half.
    assert LossSpec(scaling="half_over_classes").scale(10, 1) == pytest.approx(1 / 20)
    assert LossSpec("mse", "half").scale(10, 1) == 0.5
    assert LossSpec(scaling="sum_over_time").scale(10, 35) == 35


def test_l2_reaches_parameters_without_a_gradient_and_biases():
    model = network()
    with torch.no_grad():
        model.layers[-1].bias.fill_(2.0)
    term = fast.add_l2(model, 0.5)
    assert torch.equal(model.layers[-1].bias.grad, torch.full((K,), 1.0))
    assert term.item() == pytest.approx(
        0.25 * sum(p.double().square().sum().item() for p in model.parameters()), rel=1e-6
    )


def test_clipping_cuts_entries_then_the_length():
    model = torch.nn.Linear(2, 1, bias=False)
    model.weight.grad = torch.tensor([[30.0, -4.0]])
    fast.clip(model, None, 3.0)
    assert model.weight.grad.tolist() == [[3.0, -3.0]]
    fast.clip(model, 1.0, None)
    assert model.weight.grad.norm().item() == pytest.approx(1.0, rel=1e-5)
    fast.clip(model, 10.0, 10.0)
    assert model.weight.grad.norm().item() == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": "mes"}, "mse"),
        ({"scaling": "half_over_class"}, "half_over_classes"),
        ({"l2": -1.0}, "at least 0"),
        ({"l2": float("nan")}, "at least 0"),
    ],
)
def test_impossible_losses_are_refused(changes, named):
    with pytest.raises(SpecificationError, match=named):
        dataclasses.replace(LossSpec(), **changes)
