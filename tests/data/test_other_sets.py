"""CIFAR-100, SVHN, ImageNet, Penn Treebank and texts, from small files in the published formats."""

import io
import pickle
import tarfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from landscape import data
from landscape.data import sequences
from landscape.data.errors import DataError
from landscape.data.sources import RawFile


@pytest.fixture
def any_bytes(monkeypatch):
    """Files made up here have not the bytes that are pinned."""
    monkeypatch.setattr(RawFile, "matches", lambda self, path: True)


def tar(path, members):
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_cifar100(tmp_path, any_bytes):
    rng = np.random.default_rng(0)
    rows = {part: rng.integers(0, 256, (n, 3072), dtype=np.uint8) for part, n in
            (("train", 3), ("test", 2))}  # fmt: skip
    members = {
        f"cifar-100-python/{part}": pickle.dumps(
            {b"data": r, b"fine_labels": list(range(len(r))), b"coarse_labels": [9] * len(r)}, 2
        )
        for part, r in rows.items()
    }
    members["cifar-100-python/meta"] = pickle.dumps({b"fine_label_names": [b"apple", b"bear"]}, 2)
    tar(tmp_path / "cifar100/cifar-100-python.tar.gz", members)
    loaded = data.load("cifar100", tmp_path)
    assert loaded.train_images.shape == (3, 32, 32, 3)
    assert loaded.train_labels.tolist() == [0, 1, 2]
    assert loaded.classes == ("apple", "bear")
    assert loaded.test_images[1, 2, 3].tolist() == rows["test"][1, [67, 1091, 2115]].tolist()
    assert data.prepare("cifar100", root=tmp_path).train.x.shape == (3, 3, 32, 32)


def svhn(folder, sizes):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    images = {}
    for part, n in sizes.items():
        images[part] = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        labels = (np.arange(n) % 10 + 1)[:, None].astype(np.uint8)  # 1 ... 10, ten means zero
        savemat(folder / f"{part}_32x32.mat", {"X": images[part], "y": labels})
    return images


def test_svhn_joins_train_and_extra_and_calls_ten_zero(tmp_path, any_bytes):
    images = svhn(tmp_path / "svhn", {"train": 11, "extra": 4, "test": 2})
    loaded = data.load("svhn", tmp_path)
    assert loaded.train_images.shape == (15, 32, 32, 3)
    assert loaded.train_labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 1, 2, 3, 4]
    np.testing.assert_array_equal(loaded.train_images[12], images["extra"][..., 1])
    np.testing.assert_array_equal(loaded.test_images[0], images["test"][..., 0])


def test_a_damaged_svhn_file_is_named(tmp_path, any_bytes):
    svhn(tmp_path / "svhn", {"train": 2, "extra": 2, "test": 2})
    (tmp_path / "svhn/extra_32x32.mat").write_bytes(b"no matlab")
    with pytest.raises(DataError, match=r"extra_32x32\.mat is not an SVHN file"):
        data.load("svhn", tmp_path)
    savemat(tmp_path / "svhn/extra_32x32.mat", {"X": np.zeros((4, 4)), "y": np.zeros(4)})
    with pytest.raises(DataError, match="no uint8 array"):
        data.load("svhn", tmp_path)


@pytest.mark.parametrize("name", ["cifar100", "svhn"])
def test_missing_image_sets_name_the_command(tmp_path, name):
    with pytest.raises(DataError, match=f"`landscape fetch {name} --destination "):
        data.load(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "load"),
    [
        ("cifar100", "cifar-100-python.tar.gz", lambda root: data.load("cifar100", root)),
        ("svhn", "train_32x32.mat", lambda root: data.load("svhn", root)),
        ("ptb", "ptb.train.txt", data.load_penn_treebank),
    ],
)
def test_changed_bytes_are_refused_when_they_are_read(tmp_path, name, file, load):
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_bytes(b"something else")
    with pytest.raises(DataError, match=f"{file} does not have its pinned checksum.*fetch {name}"):
        load(tmp_path)


# ---------------------------------------------------------------- ImageNet
def picture(path, colour, size=(40, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, "JPEG")


def test_imagenet_class_folders(tmp_path):
    for i, name in enumerate(("n02", "n01")):
        for j in range(3):
            picture(tmp_path / f"imagenet/train/{name}/{name}_{j}.JPEG", (200 * i, 0, 100))
    images, labels, classes = data.load_imagenet("train", size=16, per_class=2, root=tmp_path)
    assert images.shape == (4, 16, 16, 3)
    assert images.dtype == np.uint8
    assert classes == ("n01", "n02")
    assert labels.tolist() == [0, 0, 1, 1]
    assert abs(int(images[0, 8, 8, 0]) - 200) < 5
    assert images[3, 8, 8, 0] < 5
    _, labels, classes = data.load_imagenet("train", size=16, classes=1, root=tmp_path)
    assert classes == ("n01",)
    assert labels.tolist() == [0, 0, 0]


def test_imagenet_keeps_the_centre(tmp_path):
    image = Image.new("RGB", (60, 20))
    image.paste((255, 255, 255), (20, 0, 40, 20))
    (tmp_path / "imagenet/val/a").mkdir(parents=True)
    image.save(tmp_path / "imagenet/val/a/x.png")
    images, _, _ = data.load_imagenet("val", size=20, resize=20, root=tmp_path)
    assert images.min() == 255  # the white third


def test_imagenet_flat_validation_folder(tmp_path):
    folder = tmp_path / "imagenet/val"
    for i in (1, 2, 3):
        picture(folder / f"ILSVRC2012_val_0000000{i}.JPEG", (80 * i, 0, 0))
    with pytest.raises(DataError, match=r"neither one folder per class nor LOC_val_solution"):
        data.load_imagenet("val", size=8, root=tmp_path)
    lines = ["ImageId,PredictionString", "ILSVRC2012_val_00000001,n09 1 1 2 2",
             "ILSVRC2012_val_00000002,n05 1 1 2 2 n05 3 3 4 4"]  # fmt: skip
    (tmp_path / "imagenet/LOC_val_solution.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match="00000003.JPEG is not listed"):
        data.load_imagenet("val", size=8, root=tmp_path)
    (folder / "ILSVRC2012_val_00000003.JPEG").unlink()
    images, labels, classes = data.load_imagenet("val", size=8, root=tmp_path)
    assert classes == ("n05", "n09")
    assert labels.tolist() == [0, 1]
    assert images[0, 4, 4, 0] > images[1, 4, 4, 0]


def test_imagenet_missing_empty_or_damaged(tmp_path):
    with pytest.raises(DataError, match=r"not in .*imagenet/val: .*image-net\.org"):
        data.load_imagenet("val", root=tmp_path)
    folder = tmp_path / "imagenet/val/n01"
    folder.mkdir(parents=True)
    with pytest.raises(DataError, match="holds no images"):
        data.load_imagenet("val", root=tmp_path)
    (folder / "x.JPEG").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"x\.JPEG cannot be decoded"):
        data.load_imagenet("val", root=tmp_path)


# ---------------------------------------------------------------- texts
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_characters_decode_to_the_text(text):
    codes, vocabulary = sequences.encode_characters(text)
    assert "".join(vocabulary[i] for i in codes) == text
    assert list(vocabulary) == sorted(set(text))
    assert codes.dtype == np.int64


def test_a_text_is_cut_in_order(tmp_path, monkeypatch):
    import hashlib

    from landscape.data import text as novel

    text = "".join(chr(97 + i % 20) for i in range(105)) + "é"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    monkeypatch.setattr(novel, "NOVELS", {sha256: novel.Novel("A text", "x", sha256, False, "")})
    folder = tmp_path / "downloads/text"
    folder.mkdir(parents=True)
    (folder / "novel.txt").write_bytes(text.encode())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"novel\.json is missing"):
        data.load_text()
    import json

    (folder / "novel.json").write_text(json.dumps(novel.facts(text, "here")))
    loaded = data.load_text()  # data/text does not exist: downloads/text is read
    parts = [loaded.train, loaded.validation, loaded.test]
    assert [len(part) for part in parts] == [85, 10, 11]
    assert "".join(loaded.vocabulary[i] for i in torch.cat(parts)) == text
    assert loaded.title == "A text"
    assert not loaded.stand_in
    with pytest.raises(DataError, match="three parts of one"):
        data.load_text(fractions=(0.8, 0.3, 0.1))


def test_a_missing_text_names_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="run `landscape fetch text` first"):
        data.load_text(tmp_path)


def test_penn_treebank(tmp_path, any_bytes):
    folder = tmp_path / "ptb"
    folder.mkdir()
    with pytest.raises(DataError, match="`landscape fetch ptb --destination"):
        data.load_penn_treebank(tmp_path)
    (folder / "ptb.train.txt").write_text(" the cat <unk> \n the dog N \n")
    (folder / "ptb.valid.txt").write_text(" the dog \n")
    (folder / "ptb.test.txt").write_text(" N cat \n\n")
    loaded = data.load_penn_treebank(tmp_path)
    assert loaded.vocabulary == ("<eos>", "the", "<unk>", "N", "cat", "dog")
    assert loaded.train.tolist() == [1, 4, 2, 0, 1, 5, 3, 0]
    assert loaded.validation.tolist() == [1, 5, 0]
    assert loaded.test.tolist() == [3, 4, 0, 0]
    (folder / "ptb.test.txt").write_text("whale\n")
    with pytest.raises(DataError, match=r"ptb\.test\.txt holds the word 'whale'"):
        data.load_penn_treebank(tmp_path)
