"""Copies of the weights that every optimizer keeps between steps, as its docstring states them."""

import inspect
import re

import pytest
import torch
from reference.cases_replicas import COPIES as REPLICAS
from reference.optim_checks import copies as kept
from reference.optim_problems import GROUPS, MINIMAL, Quadratic, make, train
from reference.replica_problems import Ensemble

from landscape import optim

FIELD = {"J": 0.05, "tau0": 20, "layers": 3}
LOOP = {"L": 3, "weight_decay": 0.1}
COPIES = [
    ("sgd", {"weight_decay": 0.1}, 1),
    ("sgd", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, 2),
    ("adam", {"weight_decay": 0.1}, 3),
    ("anneal_sgd", FIELD, 2),
    ("anneal_sgd", FIELD | {"momentum": 0.9}, 3),
    ("anneal_sgd", FIELD | {"momentum": 0.9, "J": 0.0}, 2),
    ("anneal_sgd", FIELD | {"base": "adam"}, 4),
    ("resampled_noise", FIELD | {"momentum": 0.9}, 3),
    ("resampled_noise", FIELD | {"base": "adam"}, 4),
    ("entropy_sgd", LOOP, 3),
    ("entropy_sgd", LOOP | {"momentum": 0.9, "momentum_outer": 0.0}, 4),
    ("entropy_sgd", LOOP | {"momentum": 0.9}, 5),
    ("entropy_sgd", LOOP | {"momentum": 0.9, "temperature": 0.0, "inner_buffer": "keep"}, 5),
    ("entropy_sgd", LOOP | {"momentum": 0.9, "convention": "authors"}, 5),
    ("entropy_sgd", LOOP | {"momentum": 0.9, "form": "B"}, 5),
    ("entropy_sgd", LOOP | {"momentum": 0.9, "form": "C"}, 5),
    ("entropy_adam", LOOP, 5),
    ("entropy_adam", LOOP | {"momentum": 0.9}, 6),
    *(entry for group in GROUPS for entry in group.COPIES),
]
every_entry = pytest.mark.parametrize(("name", "settings", "copies"), COPIES)
NUMBERS = dict(zip(range(1, 7), ("one", "two", "three", "four", "five", "six"), strict=True))


def hidden(thing, seen=None):
    """Tensors that lie anywhere in an object, not only in the state."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, torch.Generator):
        return []
    seen.add(id(thing))
    if torch.is_tensor(thing):
        return [thing]
    if isinstance(thing, dict):
        thing = [*thing.keys(), *thing.values()]
    elif hasattr(thing, "__dict__") and not isinstance(thing, type) and not callable(thing):
        thing = list(vars(thing).values())
    return (
        [t for x in thing for t in hidden(x, seen)] if isinstance(thing, (list, tuple, set)) else []
    )


@every_entry
def test_copies_kept_between_steps_are_those_stated(name, settings, copies):
    model = Quadratic()
    optimizer = make(name, settings, model)
    for k in range(3 * optimizer.gradients_per_update):
        train(model, optimizer, 1, start=k)
        with optimizer.solution():
            pass
        assert kept(optimizer, model) <= copies
        assert name != "entropy_sgd" or kept(optimizer, model) <= 5
    assert kept(optimizer, model) == copies
    assert sum(t.numel() for t in hidden(optimizer)) == copies * 27, "nothing outside the state"


@every_entry
def test_bytes_of_16_bit_weights_are_those_stated(name, settings, copies):
    """2 + 4 k for each weight, as `LandscapeOptimizer` says."""
    model = Quadratic()
    optimizer = make(name, settings, model.bfloat16())
    train(model, optimizer, 3 * optimizer.gradients_per_update)
    with optimizer.solution():
        pass
    held = [*model.parameters(), *hidden(list(optimizer.state.values()))]
    assert sum(t.nbytes for t in held) == (2 + 4 * copies) * 27


@pytest.mark.parametrize("name", optim.names())
def test_the_docstring_states_the_largest_number_of_copies(name):
    most = max(copies for listed, _, copies in COPIES if listed == name)
    kind = type(optim.build(name, Quadratic().parameters(), **MINIMAL.get(name, {})))
    (memory,) = re.findall(r"^ *Memory: ((?:.+\n)+)", inspect.getdoc(kind) + "\n", re.MULTILINE)
    if formula := re.match(r"(\d) n \+ (\d) copies of the weights", memory):
        assert int(formula[1]) + int(formula[2]) == most, "for one replica"
    else:
        assert re.search(rf"\b{NUMBERS[most]}\b", memory)
        assert not any(re.search(rf"\b{NUMBERS[n]}\b", memory) for n in range(most + 1, 7))
    assert re.search(r"cop(y|ies) of the\s+weights", memory)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(("name", "settings", "copies"), [*REPLICAS, ("elastic_sgd", {}, 2)])
def test_replicas_share_one_master(name, settings, copies, n):
    """`copies` of one replica; a further one brings all of them but the master."""
    ensemble = Ensemble(name, settings, "quadratic", n=n)
    ensemble.train(5)
    assert kept(ensemble.optimizer, Quadratic()) == copies + (n - 1) * (copies - 1)


def test_a_saved_state_holds_the_state_and_no_more():
    model = Quadratic()
    optimizer = make("entropy_sgd", LOOP | {"momentum": 0.9}, model)
    train(model, optimizer, 4)
    saved = optimizer.state_dict()
    saved["landscape"].pop("generator")
    assert sum(t.numel() for t in hidden(saved)) == 4 * 27, "x, z, u, v; the model saves y"
