"""What all tests share: no git repository of somebody else, and a small learnable data set."""

import importlib.util
import os
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import numpy as np
import pytest
import torch
from toy_git import forget_repository

from landscape import data
from landscape.data import preparing, sequences

forget_repository()  # before anything is collected or started

REAL_DATA = "LANDSCAPE_TESTS_REAL_DATA"


def pytest_configure(config):
    """Unit tests find no fetched data, here as in a clone that has none."""
    # Kept in the environment, which the workers of pytest-xdist inherit as this leaves it.
    os.environ.setdefault(REAL_DATA, os.environ.get("LANDSCAPE_DATA", str(ROOT / "data")))
    if config.option.markexpr not in ("pipeline", "browser"):
        os.environ["LANDSCAPE_DATA"] = str(ROOT / "build" / "no-data")


ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def data_that_is_asked_for(request, monkeypatch):
    """Tests that read the real data sets, where these are there, say so by their mark."""
    if request.node.get_closest_marker("needs_data"):
        monkeypatch.setenv("LANDSCAPE_DATA", os.environ[REAL_DATA])


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


def _images(samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey images [samples, 28, 28]: a class has a pattern, moved by up to two pixels, in noise."""
    patterns = np.random.RandomState(0).rand(10, 7, 7).repeat(4, 1).repeat(4, 2)
    draw = np.random.RandomState(seed)
    labels = draw.randint(0, 10, samples)
    shifts = draw.randint(-2, 3, (samples, 2))
    clean = np.stack([np.roll(patterns[c], s, (0, 1)) for c, s in zip(labels, shifts, strict=True)])
    noisy = 200 * clean + 55 * draw.rand(*clean.shape)
    return noisy.astype(np.uint8), labels.astype(np.int64)


@pytest.fixture(scope="module")
def stand_ins():
    """In place of the data that a clone has to fetch: small grey images and a small text."""
    names = tuple("0123456789")
    images = data.ImageData("mnist", *_images(512, 1), *_images(256, 2), names)
    codes, vocabulary = sequences.encode_characters(
        "the valley is wide and the hill is steep; few walk from one to the other. " * 30
    )
    parts = [torch.from_numpy(part.copy()) for part in np.split(codes, [1600, 1900])]
    text = data.SequenceData(*parts, vocabulary, "A made-up text")
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "load", lambda name, root=None: images)
        patch.setattr(sequences, "load_text", lambda root=None, device="cpu": text)
        yield


@pytest.fixture
def other_workers(monkeypatch):
    """A function that makes a module's tasks run in another order, on copies of their arguments.

    Another process would see other data than a test's. What it may change is what this changes.
    """

    def replace(module):
        def in_workers(function, calls, workers, *, ordered=True):
            copies = [pickle.loads(pickle.dumps(call)) for call in calls]
            assert ordered
            return reversed([function(*call) for call in reversed(copies)])

        monkeypatch.setattr(module, "in_workers", in_workers)

    return replace
