"""Runs that several methods are tested on in the same way; the tests say with which settings."""

import itertools

import torch
from reference.optim_problems import Quadratic, flat, make, train
from reference.replica_problems import Ensemble


def resumed(name, settings, before, after):
    """Weights after before + after steps: of one run, and of one that is saved in between.

    The second goes on with another model and another generator, which the state replaces.
    """
    straight, model, other = Quadratic(), Quadratic(), Quadratic()
    train(straight, make(name, settings, straight), before + after)
    optimizer = make(name, settings, model)
    train(model, optimizer, before)
    again = make(name, settings, other, seed=3)
    other.load_state_dict(model.state_dict())
    again.load_state_dict(optimizer.state_dict())
    train(other, again, after, start=before)
    return flat(straight), flat(other)


def copies(optimizer, model):
    """Copies of the weights of one `model` in the parameters and in the optimizer's state."""
    state = [v for s in optimizer.state.values() for v in s.values() if hasattr(v, "numel")]
    params = [p for g in optimizer.param_groups for p in g["params"]]
    return sum(t.numel() for t in params + state) / sum(p.numel() for p in model.parameters())


def distance(found, expected):
    """Largest difference of two tensors, which must be finite: max() passes over NaN."""
    assert torch.isfinite(found).all(), "what was found is not finite"
    assert torch.isfinite(expected).all(), "what is expected is not finite"
    return (found - expected).abs().max().item()


# Several replicas


def worst(found, expected):
    """Largest difference of two ensembles, in the working points and in the answers."""
    working = distance(found.weights(), expected.weights())
    return max(working, distance(found.answers(), expected.answers()))


def followed(ensemble, twin, steps):
    """Largest distance from a slow twin, which yields (working points, answer) after each step."""
    away = 0.0
    for k, (working, answer) in zip(range(steps), twin, strict=False):
        ensemble.train(1, start=k)
        for found, expected in zip(ensemble.weights(), working, strict=True):
            away = max(away, distance(found, expected))
        away = max(away, distance(ensemble.answers(), answer))
    assert k == steps - 1, "the twin ended early"
    return away


def reordered(name, settings, steps, n=3):
    """Largest difference that the order of the replicas makes, over all orders."""
    straight = Ensemble(name, settings, n=n)
    straight.train(steps)
    away = 0.0
    for order in itertools.permutations(range(n)):
        shuffled = Ensemble(name, settings, order=order)
        shuffled.train(steps)
        moved = distance(shuffled.weights(), straight.weights()[list(order)])
        away = max(away, moved, distance(shuffled.answers(), straight.answers()))
    return away


def alike(name, settings, n, steps):
    """Largest difference between n replicas with equal data and a single one."""
    many = Ensemble(name, settings, "quadratic", order=[0] * n)
    one = Ensemble(name, settings, "quadratic", order=[0])
    many.train(steps)
    one.train(steps)
    return worst(many, one)
