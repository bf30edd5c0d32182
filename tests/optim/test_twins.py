"""Every optimizer against its slow twin: the same iterates over 100 steps, to 1e-10."""

import math

import pytest
from reference import optim_descent, optim_entropy
from reference.optim_checks import distance
from reference.optim_problems import (
    CASES,
    IDS,
    PROBLEMS,
    TWINS,
    Twin,
    flat,
    flat_gradient,
    flat_normal,
    make,
    train,
)

STEPS = 100


def twin(name, settings, build):
    """Yields (working point, solution) after each step of the case."""
    if name in TWINS:
        yield from TWINS[name](Twin(build), settings)
        return
    s = dict(settings)
    model = build()
    w = flat(model)
    gradient, normal = flat_gradient(build()), flat_normal(model)
    if name in ("anneal_sgd", "resampled_noise"):
        base = s.pop("base", "sgd")
        keys = ("J", "tau0", "layers", "annealing", "critical", "kappa")
        own = {k: s.pop(k) for k in keys if k in s}
        drawn = (lambda i: normal(0)) if name == "anneal_sgd" else normal
        neurons = math.sqrt(len(w) / own["layers"])
        s["field"] = optim_descent.annealed(drawn, neurons, **own)
        name = base
    if name in ("sgd", "adam"):
        for value in getattr(optim_descent, name)(gradient, w, STEPS, **s):
            yield value, value
        return
    if name == "entropy_adam":
        settings = {"lr": 0.01, "lr_inner": 0.1, "alpha": 0.25, "betas": (0.5, 0.999), "eps": 1e-8}
        yield from optim_entropy.entropy_adam(gradient, normal, w, STEPS, **(settings | s))
        return
    convention = s.pop("convention", "")
    if convention == "authors-lua":
        s["g1"] = s.pop("gamma_decay", 1e-3)
        yield from optim_entropy.authors_lua(
            gradient, lambda k: -normal(k), w, STEPS, **({"lr": 1.0, "lr_inner": 0.1} | s)
        )
        return
    if convention == "authors":
        # Their noise is subtracted with the rest of D; the sign of a normal number is free.
        yield from optim_entropy.authors_entropy_sgd(
            gradient, lambda k: -normal(k), w, STEPS, **({"lr_inner": 0.1} | s)
        )
        return
    form = s.pop("form", "A")
    settings = {"lr": 1.0 if form == "A" else 0.1, "lr_inner": 0.1, "alpha": 0.25}
    settings |= {"gamma_decay": 1e-3, "momentum_outer": s.get("momentum", 0.0)}
    settings |= {"noise_factor": {"A": 2, "B": 1, "C": 0}[form], "divide_outer": form == "B"}
    s["keep_inner"] = s.pop("inner_buffer", "reset") == "keep"
    yield from optim_entropy.entropy_sgd(gradient, normal, w, STEPS, **(settings | s))


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_iterates_are_those_of_the_twin(name, settings, problem):
    build = PROBLEMS[problem]
    model = build()
    optimizer = make(name, settings, model)
    start = flat(model)
    worst = 0.0
    for k, (working, answer) in zip(range(STEPS), twin(name, settings, build), strict=False):
        train(model, optimizer, 1, start=k)
        worst = max(worst, distance(flat(model), working))
        with optimizer.solution():
            worst = max(worst, distance(flat(model), answer))
    assert worst < 1e-10
    assert (flat(model) - start).abs().max() > 1e-3, "the comparison is empty if nothing moves"
