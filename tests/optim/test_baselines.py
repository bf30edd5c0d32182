"""SGD and Adam against torch's own."""

import pytest
import torch
from reference.optim_problems import Classifier, flat, train

from landscape import optim

SGD = [
    {"lr": 0.1},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-2},
]
ADAM = [{"lr": 1e-2}, {"lr": 1e-2, "betas": (0.5, 0.9), "eps": 1e-4, "weight_decay": 1e-2}]


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    ("name", "settings"), [("sgd", s) for s in SGD] + [("adam", s) for s in ADAM]
)
def test_same_iterates_as_torch(name, settings, fused):
    ours, theirs = Classifier(7), Classifier(7)
    theirs_optimizer = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](
        theirs.parameters(), fused=fused, foreach=not fused, **settings
    )
    train(ours, optim.build(name, ours.parameters(), **settings), 100)
    train(theirs, theirs_optimizer, 100)
    worst = (flat(ours) - flat(theirs)).abs().max()
    assert worst == 0 if fused else worst < 1e-13


@pytest.mark.parametrize(
    ("name", "settings"), [("sgd", s) for s in SGD] + [("adam", s) for s in ADAM]
)
def test_one_pass_and_plain_arithmetic_agree(name, settings, monkeypatch):
    """The plain path, taken by weights in unusual memory layouts, is the same rule."""
    from landscape.optim import tensors

    fast, plain = Classifier(7), Classifier(7)
    train(fast, optim.build(name, fast.parameters(), **settings), 50)
    monkeypatch.setattr(tensors, "FUSED_TYPES", ())
    train(plain, optim.build(name, plain.parameters(), **settings), 50)
    assert torch.allclose(flat(fast), flat(plain), rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["sgd", "adam", "anneal_sgd", "resampled_noise"])
def test_gradients_are_left_alone(name):
    model = Classifier(7)
    field = {} if name in ("sgd", "adam") else {"J": 0.1, "tau0": 5, "layers": 3}
    optimizer = optim.build(name, model.parameters(), weight_decay=0.1, **field)
    model.loss(0).backward()
    before = [p.grad.clone() for p in model.parameters()]
    optimizer.step()
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))


def test_a_learning_rate_may_be_a_tensor():
    ours, theirs = Classifier(7), Classifier(7)
    train(ours, optim.build("sgd", ours.parameters(), lr=torch.tensor(0.1)), 5)
    train(theirs, optim.build("sgd", theirs.parameters(), lr=float(torch.tensor(0.1))), 5)
    assert torch.equal(flat(ours), flat(theirs))
    assert not torch.equal(flat(ours), flat(Classifier(7)))
