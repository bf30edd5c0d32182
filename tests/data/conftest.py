"""Tiny image sets in the canonical format, and a cache of their own for every test."""

import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest

from landscape.data import canonical, catalogue
from landscape.data.sources import RawFile, Source


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """No test reads or writes the user's cache, mirror or data."""
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LANDSCAPE_MIRROR", raising=False)
    monkeypatch.setattr("landscape.files._verified", set())


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def make_set(name: str, shape: tuple[int, ...], train: int = 40, test: int = 10):
    """A random image set and its arrays; every one of ten labels occurs equally often."""
    rng = np.random.default_rng(0)
    arrays = {
        "train_images": rng.integers(0, 256, (train, *shape), dtype=np.uint8),
        "train_labels": np.arange(train, dtype=np.int64) % 10,
        "test_images": rng.integers(0, 256, (test, *shape), dtype=np.uint8),
        "test_labels": np.arange(test, dtype=np.int64) % 10,
    }
    pinned = {
        part: canonical.Array(a.shape, str(a.dtype), hashlib.sha256(npy_bytes(a)).hexdigest())
        for part, a in arrays.items()
    }
    return canonical.ImageSet(name, tuple("0123456789"), pinned), arrays


def write_set(folder, arrays):
    folder.mkdir(parents=True)
    for part, array in arrays.items():
        canonical.write_array(canonical.file_of(folder, part), array)


@pytest.fixture
def tiny_root(tmp_path, monkeypatch):
    """A data root in which `mnist` (8x8) and `cifar10` (4x4x3) are tiny random sets."""
    root = tmp_path / "root"
    sets = {}
    for name, shape in (("mnist", (8, 8)), ("cifar10", (4, 4, 3))):
        sets[name], arrays = make_set(name, shape)
        write_set(root / name, arrays)
    monkeypatch.setattr(canonical, "IMAGE_SETS", sets)
    return root


@pytest.fixture
def tiny(monkeypatch):
    """`mnist` as a tiny set with two online sources, `first` and `second`, that tests can steer.

    Each source delivers one file `<name>.raw` whose bytes are those of `behaviour[name]()`.
    """
    image_set, arrays = make_set("mnist", (3, 3))
    content = b"raw bytes of the tiny set"
    asked = []
    behaviour = {"first": lambda: content, "second": lambda: content}

    def source(name):
        raw = RawFile(f"{name}.raw", "sha256", hashlib.sha256(content).hexdigest(), len(content))

        def download(folder, progress):
            asked.append(name)
            (folder / raw.name).write_bytes(behaviour[name]())

        return Source(name, (raw,), lambda paths: arrays, download)

    plan = catalogue._image_plan(image_set, source("first"), source("second"))
    monkeypatch.setitem(catalogue.PLANS, "mnist", plan)
    return SimpleNamespace(
        plan=plan, arrays=arrays, content=content, asked=asked, behaviour=behaviour, set=image_set
    )
