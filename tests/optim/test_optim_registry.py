"""Names, files, refused settings, examples in docstrings."""

import ast
import doctest
import graphlib
import importlib
import pkgutil
from pathlib import Path

import pytest
import torch
from reference.optim_problems import CASES, MINIMAL, REFUSED, Quadratic

from landscape import optim

MODULES = ["landscape.optim"] + [
    f"landscape.optim.{m.name}" for m in pkgutil.iter_modules(optim.__path__)
]
FIELD = {"J": 1e-3, "tau0": 500, "layers": 3}


def test_every_name_is_in_the_table_and_builds():
    assert set(optim.names()) == {name for name, _ in CASES}
    for name in optim.names():
        optimizer = optim.build(name, Quadratic().parameters(), **MINIMAL.get(name, {}))
        assert isinstance(optimizer, torch.optim.Optimizer)


@pytest.mark.parametrize("name", optim.names())
def test_source_files_are_what_the_module_imports(name):
    """The listed files are what is imported within the package: a run depends on them all."""
    files = optim.source_files(name)
    assert files[0] == optim.source_file(name)
    assert files[0].stem == name
    needed, new = set(), {name}
    while new:
        needed |= new
        new = set().union(*(imported(files[0].with_name(f"{m}.py")) for m in new)) - needed
    assert sorted(f.stem for f in files) == sorted(needed)


def test_modules_import_no_one_in_a_circle_and_nothing_of_ours_from_outside():
    folder = Path(optim.__file__).parent
    modules = {f.stem: imported(f) for f in folder.glob("*.py") if f.stem != "__init__"}
    graphlib.TopologicalSorter(modules).prepare()  # raises CycleError
    assert set().union(*modules.values()) <= set(modules)


def imported(file):
    """Modules of the package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("landscape"), "nothing from outside"
    return found


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("sdg", {}, "No optimizer is called 'sdg'; there are sgd, adam"),
        ("sgd", {"lr": -0.1}, "lr must be a number of at least 0, not -0.1"),
        ("sgd", {"lr": "1e-3"}, "lr must be a number"),
        ("sgd", {"lr": float("nan")}, "lr must be a number"),
        ("sgd", {"momentum": 1.0}, r"momentum must be in \[0, 1\)"),
        ("sgd", {"nesterov": True}, "nesterov must be False while momentum is 0"),
        ("sgd", {"nesterov": 1, "momentum": 0.9}, "nesterov must be True or False"),
        ("sgd", {"weight_decay": -1}, "weight_decay must be a number of at least 0"),
        (
            "sgd",
            {"learning_rate": 0.1},
            "unexpected keyword argument 'learning_rate'.*settings are lr",
        ),
        ("adam", {"betas": (0.9, 1.0)}, r"betas must be two numbers in \[0, 1\)"),
        ("adam", {"betas": 0.9}, "betas must be two numbers"),
        ("adam", {"eps": 0.0}, "eps must be a positive number"),
        ("anneal_sgd", {}, "missing a required argument: 'J'"),
        ("anneal_sgd", FIELD | {"J": -1}, "J must be a number of at least 0"),
        ("anneal_sgd", FIELD | {"tau0": 0}, "tau0 must be a positive number"),
        ("anneal_sgd", FIELD | {"layers": 2}, "layers must be an integer of at least 3"),
        ("anneal_sgd", FIELD | {"layers": 3.0}, "layers must be an integer"),
        ("anneal_sgd", FIELD | {"base": "lion"}, "base must be 'sgd' or 'adam'"),
        ("anneal_sgd", FIELD | {"base": "adam", "momentum": 0.9}, "has no setting 'momentum'"),
        ("anneal_sgd", FIELD | {"annealing": "cosine"}, "annealing must be 'exponential' or"),
        ("anneal_sgd", FIELD | {"critical": "saddles"}, "critical must be 'critical_points' or"),
        ("anneal_sgd", FIELD | {"kappa": -1}, "kappa must be"),
        ("resampled_noise", FIELD | {"J": None}, "ResampledNoise: J must be"),
        ("entropy_sgd", {"L": 0}, "L must be an integer of at least 1"),
        ("entropy_sgd", {"L": 2.5}, "L must be an integer"),
        ("entropy_sgd", {"gamma": 0.0}, "gamma must be a positive number or infinity"),
        ("entropy_sgd", {"gamma": float("nan")}, "gamma must be a positive number or infinity"),
        ("entropy_sgd", {"alpha": 1.0}, r"alpha must be in \[0, 1\)"),
        ("entropy_sgd", {"temperature": -1e-8}, "temperature must be a number of at least 0"),
        ("entropy_sgd", {"lr_inner": -1}, "lr_inner must be a number of at least 0"),
        ("entropy_sgd", {"momentum_outer": 1.5}, r"momentum_outer must be in \[0, 1\)"),
        ("entropy_sgd", {"gamma_decay": 1.5}, r"rate must be in \[0, 1\)"),
        ("entropy_sgd", {"form": "D"}, "form must be 'A' or 'B' or 'C'"),
        ("entropy_sgd", {"convention": "lua"}, "convention must be 'thesis' or 'authors'"),
        (
            "entropy_sgd",
            {"convention": "authors-lua", "momentum_outer": 0.9},
            "has no outer momentum",
        ),
        ("entropy_sgd", {"convention": "authors", "form": "B"}, "form must be 'A'"),
        ("entropy_sgd", {"form": "C", "temperature": 1e-8}, "Form 'C' adds no noise"),
        ("entropy_sgd", {"form": "B", "gamma": float("inf")}, "gamma must be finite in form 'B'"),
        ("entropy_sgd", {"inner_buffer": "drop"}, "inner_buffer must be 'reset' or 'keep'"),
        ("entropy_adam", {"gamma": float("inf")}, "gamma must be finite"),
        ("entropy_adam", {"betas": (0.5,)}, "betas must be two numbers"),
        *REFUSED,
    ],
)
def test_impossible_settings_are_refused_in_one_sentence(name, settings, words):
    with pytest.raises(optim.HyperparameterError, match=words) as refused:
        optim.build(name, Quadratic().parameters(), **settings)
    message = str(refused.value)
    assert "\n" not in message
    assert message.endswith(".")


def test_settings_of_a_group_are_checked_like_the_others():
    model = Quadratic()
    with pytest.raises(optim.HyperparameterError, match="lr must be"):
        optim.build("sgd", [{"params": [model.first], "lr": -1}])
    with pytest.raises(optim.HyperparameterError, match="has no setting 'learning_rate'"):
        optim.build("sgd", [{"params": [model.first], "learning_rate": 1}])
    optimizer = optim.build("entropy_sgd", [model.first])
    with pytest.raises(optim.HyperparameterError, match="alpha must be"):
        optimizer.add_param_group({"params": [model.second], "alpha": 2})
    assert len(optimizer.param_groups) == 1, "nothing half-added"


def test_complex_parameters_are_refused():
    w = torch.nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    with pytest.raises(optim.HyperparameterError, match="view_as_real"):
        optim.build("sgd", [w])


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert failed == 0
    private = ("base", "coupled_loops", "inner_loop")
    assert tried > 0 or module.rsplit(".", 1)[1] in private
