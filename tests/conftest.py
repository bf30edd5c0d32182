"""What all tests share: no git repository of somebody else, and a small learnable data set."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
import torch
from toy_git import forget_repository

from landscape import data

forget_repository()  # before anything is collected or started

ROOT = Path(__file__).resolve().parents[1]

# How fast examples come says something about the machine, nothing about the code.
hypothesis.settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="module")
def load_benchmark():
    """A function that imports `benchmarks/<name>.py`, for as long as the test module runs."""
    folder, threads, loaded = ROOT / "benchmarks", torch.get_num_threads(), []

    def load(name):
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", folder / f"{name}.py")
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        loaded.append(spec.name)
        spec.loader.exec_module(module)
        return module

    sys.path.insert(0, str(folder))  # where a script finds its neighbours
    yield load
    sys.path.remove(str(folder))
    torch.set_num_threads(threads)
    for name in loaded:
        del sys.modules[name]


def _split(samples: int, generator: torch.Generator) -> SimpleNamespace:
    x = torch.randn(samples, 1, 28, 28, generator=generator)
    # Ten classes decided by the mean of ten image rows: learnable, not trivially.
    y = x[:, 0, :10].mean(-1).argmax(1)
    return SimpleNamespace(x=x, y=y)


@pytest.fixture
def small_data(monkeypatch):
    """`data.prepare` gives 96 training, 32 validation and 32 test samples."""

    def prepare(name, *, holdout, train_samples, **others):
        generator = torch.Generator().manual_seed(7)
        train = _split(train_samples or 96, generator)
        validation = _split(32, generator) if holdout else None
        return SimpleNamespace(train=train, validation=validation, test=_split(32, generator))

    monkeypatch.setattr(data, "prepare", prepare)
    torch.set_num_threads(1)
