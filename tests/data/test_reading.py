"""Reading the canonical files, tiny ones and (where fetched) the real ones."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from landscape import data
from landscape.data.errors import DataError
from landscape.data.store import data_root

ROOT = Path(__file__).parents[2]
CIFAR10_CHANNELS = (
    (0.49139968, 0.24703223),
    (0.48215841, 0.24348513),
    (0.44653091, 0.26158784),
)
FULL_SIZE = {"mnist": (60_000, (28, 28)), "cifar10": (50_000, (32, 32, 3))}


def test_a_set_is_read_without_copying_it(tiny_root):
    loaded = data.load("mnist", tiny_root)
    assert isinstance(loaded.train_images, np.memmap)
    assert loaded.train_images.shape == (40, 8, 8)
    assert loaded.train_labels.dtype == np.int64
    assert loaded.classes == tuple("0123456789")
    with pytest.raises(ValueError, match="read-only"):
        loaded.train_images[0, 0, 0] = 1


def test_the_root_comes_from_argument_environment_or_folder(tiny_root, monkeypatch, tmp_path):
    monkeypatch.setenv("LANDSCAPE_DATA", str(tiny_root))
    assert data.load("cifar10").test_images.shape == (10, 4, 4, 3)
    monkeypatch.setenv("LANDSCAPE_DATA", str(tmp_path / "nowhere"))
    assert data.load("cifar10", tiny_root).test_images.shape == (10, 4, 4, 3)
    monkeypatch.delenv("LANDSCAPE_DATA")
    tiny_root.rename(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert data.load("cifar10").test_images.shape == (10, 4, 4, 3)


def test_missing_data_name_the_command_that_helps(tmp_path, monkeypatch):
    monkeypatch.delenv("LANDSCAPE_DATA", raising=False)
    project = tmp_path / "project"
    (project / "book" / "part").mkdir(parents=True)
    for name in ("dvc.yaml", "data.dvc", "book/parts.yaml"):
        (project / name).touch()
    monkeypatch.chdir(project / "book" / "part")
    with pytest.raises(DataError) as caught:
        data.load("mnist")
    assert str(caught.value) == (
        f"Data set mnist is not in {project / 'data'}/: run `dvc repro data.dvc` first."
    )
    with pytest.raises(DataError) as caught:
        data.load("mnist", tmp_path / "other")
    assert str(caught.value) == (
        f"Data set mnist is not in {tmp_path / 'other'}/: run `landscape fetch mnist "
        f"--destination {tmp_path / 'other'}` first."
    )


def test_from_a_subfolder_the_project_s_data_are_read(tiny_root, tmp_path, monkeypatch):
    monkeypatch.delenv("LANDSCAPE_DATA", raising=False)
    project = tmp_path / "project"
    (project / "book").mkdir(parents=True)
    for name in ("dvc.yaml", "data.dvc", "book/parts.yaml"):
        (project / name).touch()
    tiny_root.rename(project / "data")
    monkeypatch.chdir(project / "book")
    assert data.load("mnist").train_images.shape == (40, 8, 8)


@pytest.mark.parametrize("cut", [False, True])
def test_changed_bytes_are_refused(tiny_root, cut):
    path = tiny_root / "mnist/test_images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 255
    path.write_bytes(content[:-1] if cut else content)
    with pytest.raises(DataError, match=r"test_images\.npy does not have its pinned SHA-256"):
        data.load("mnist", tiny_root)


def test_the_checksum_is_computed_once_but_again_after_a_change(tiny_root, monkeypatch):
    from landscape.data import reading

    counted = []
    digest = reading.digest
    monkeypatch.setattr(reading, "digest", lambda path: counted.append(path) or digest(path))
    data.load("mnist", tiny_root)
    data.load("mnist", tiny_root)
    assert len(counted) == 4
    path = tiny_root / "mnist/train_labels.npy"
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))
    data.load("mnist", tiny_root)
    assert counted[4:] == [path]


def test_unknown_names_suggest_the_nearest_and_others_the_right_function(tiny_root):
    with pytest.raises(DataError, match="did you mean 'cifar10'"):
        data.load("cifar_10", tiny_root)
    with pytest.raises(DataError, match="known are mnist"):
        data.load("qqq", tiny_root)
    with pytest.raises(DataError, match="use landscape.data.load_text"):
        data.load("text", tiny_root)


def test_reading_imports_neither_torch_nor_torchvision(tiny_root):
    code = (
        "import sys; from landscape import data; dir(data); "
        "print([m for m in ('torch', 'torchvision', 'pooch') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_every_public_name_exists():
    for name in data.__all__:
        assert getattr(data, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'prepared'"):
        data.prepared  # noqa: B018


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_the_real_sets_have_their_known_counts(name):
    real = data_root()
    if not (real / name).is_dir():
        pytest.skip(f"{name} is not in {real}: run `landscape fetch`, `dvc repro data.dvc`")
    loaded = data.load(name, real)
    n, shape = FULL_SIZE[name]
    assert loaded.train_images.shape == (n, *shape)
    assert loaded.test_images.shape == (10_000, *shape)
    train, test = np.bincount(loaded.train_labels), np.bincount(loaded.test_labels)
    if name == "mnist":
        # LeCun, Cortes and Burges: digits per class.
        assert train.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert test.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        assert loaded.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
        assert loaded.train_images.mean() / 255 == pytest.approx(0.1306604762738429, abs=1e-12)
    else:
        # Krizhevsky (2009): balanced; mean and deviation per channel are widely published.
        assert train.tolist() == [5000] * 10
        assert test.tolist() == [1000] * 10
        assert loaded.train_labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
        values = np.arange(256) / 255
        for channel, (mean, deviation) in enumerate(CIFAR10_CHANNELS):
            shares = np.bincount(loaded.train_images[..., channel].ravel(), minlength=256)
            shares = shares / shares.sum()
            assert shares @ values == pytest.approx(mean, abs=1e-8)
            assert np.sqrt(shares @ (values - mean) ** 2) == pytest.approx(deviation, abs=1e-8)


@pytest.mark.needs_data
def test_the_real_novel_is_what_it_says():
    real = data_root()
    if not (real / "text").is_dir():
        pytest.skip(f"the novel is not in {real}: run `landscape fetch text`")
    text = data.load_text(real)
    characters = len(text.train) + len(text.validation) + len(text.test)
    expected = {"War and Peace": (3_196_211, 82), "Moby-Dick": (1_189_652, 81)}
    assert (characters, len(text.vocabulary)) == expected[text.title]
    assert text.stand_in == (text.title == "Moby-Dick")
