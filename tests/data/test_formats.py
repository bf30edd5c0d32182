"""Converters: right bytes decode as written, wrong bytes are named errors."""

import gzip
import io
import json
import os
import pickle
import struct
import tarfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from landscape.data import canonical, catalogue, formats, restricted_pickle
from landscape.data import text as novel
from landscape.data.errors import DataError
from landscape.data.sources import RawFile

SMALL = hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)


def idx_bytes(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + (
        array.tobytes()
    )  # fmt: skip


def cifar_pickle(rows, labels, key=b"labels"):
    """The dictionary of the public batches; protocol 2, as Python 2 wrote them."""
    return pickle.dumps({b"batch_label": b"one", key: labels, b"data": rows}, protocol=2)


def write_tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def sheet_bytes(images):
    stream = io.BytesIO()
    Image.fromarray(images.reshape(len(images), 1024, 3)).save(stream, "PNG")
    return stream.getvalue()


@given(hnp.arrays(np.uint8, SMALL))
def test_idx_decodes_what_was_encoded(array):
    np.testing.assert_array_equal(formats.idx(idx_bytes(array), "x"), array)


@given(hnp.arrays(np.uint8, SMALL), st.data())
def test_idx_cut_anywhere_is_an_error(array, data):
    content = idx_bytes(array)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError, match="some file"):
        formats.idx(content[:cut], "some file")


def test_idx_of_another_type_is_refused():
    with pytest.raises(DataError, match="not an idx file of bytes"):
        formats.idx(b"\0\0\x0d\x01" + struct.pack(">I", 1) + b"\0" * 4, "floats")


def test_read_bytes_unpacks_gz_and_names_damage(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"content"))
    assert formats.read_bytes(path) == b"content"
    path.write_bytes(gzip.compress(b"content")[:-9])
    with pytest.raises(DataError, match=r"x\.gz is damaged.*fetch it again"):
        formats.read_bytes(path)


def test_a_gz_that_unpacks_to_too_much_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for _ in range(64):
            stream.write(bytes(2**20))
    raw = RawFile("train-labels-idx1-ubyte", "md5", "0" * 32, 60008, packed=True)
    tracemalloc.start()
    with pytest.raises(DataError, match="more than the 60008 bytes"):
        formats.read_bytes(path, 60008)
    assert not raw.matches(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert len(formats.read_bytes(path, 64 * 2**20)) == 64 * 2**20


def test_mnist_idx_files_become_canonical_arrays():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (3, 2)]
    labels = [np.arange(n, dtype=np.uint8) for n in (3, 2)]
    files = [idx_bytes(a) for a in (images[0], labels[0], images[1], labels[1])]
    names = [file.name for file in catalogue._IDX]
    arrays = catalogue.mnist_arrays(dict(zip(names, files, strict=True)), "memory")
    assert list(arrays) == list(canonical.PARTS)
    np.testing.assert_array_equal(arrays["train_images"], images[0])
    np.testing.assert_array_equal(arrays["test_labels"], labels[1])
    assert arrays["train_labels"].dtype == np.int64
    assert arrays["test_images"].dtype == np.uint8


def test_planar_rows_are_reordered_pixel_by_pixel():
    rows = np.random.default_rng(0).integers(0, 256, (2, 3072), dtype=np.uint8)
    images = formats.planar_to_images(rows)
    for n in range(2):
        for i in (0, 1, 17, 31):
            for j in (0, 2, 30, 31):
                for c in range(3):
                    assert images[n, i, j, c] == rows[n, 1024 * c + 32 * i + j]


def test_both_cifar_sources_give_the_same_arrays(tmp_path):
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 256, (6, 2, 3072), dtype=np.uint8)
    labels = rng.integers(0, 10, (6, 2))
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    batches = {
        f"cifar-10-batches-py/{name}": cifar_pickle(r, y.tolist())
        for name, r, y in zip(names, rows, labels, strict=True)
    }
    sheets = {
        f"package/{name}.png": sheet_bytes(r.reshape(2, 3, 32, 32).transpose(0, 2, 3, 1).copy())
        for name, r in zip(names, rows, strict=True)
    }
    lists = {
        "package/train_lables.json": json.dumps(labels[:5].ravel().tolist()).encode(),
        "package/test_lables.json": json.dumps(labels[5].tolist()).encode(),
    }
    first = catalogue.cifar10_from_tar(write_tar(tmp_path / "a.tar.gz", batches))
    second = catalogue.cifar10_from_sheets(write_tar(tmp_path / "b.tgz", {**sheets, **lists}))
    for part in canonical.PARTS:
        np.testing.assert_array_equal(first[part], second[part])
        assert first[part].dtype == second[part].dtype
    assert first["train_images"].shape == (10, 32, 32, 3)
    np.testing.assert_array_equal(first["test_labels"], labels[5])


def test_a_python2_batch_is_read():
    """Bytes as cPickle of Python 2 wrote them: text strings, numpy.core, protocol 2."""
    rows = np.arange(3072)[None] % 256
    content = cifar_pickle(rows.astype(np.uint8), [7])
    content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    images, labels = formats.cifar_batch(content, "batch", "labels")
    assert images.shape == (1, 32, 32, 3)
    assert images[0, 0, 1].tolist() == [1, 1, 1]
    assert labels.tolist() == [7]


class _Harmful:
    def __init__(self, call, *arguments):
        self.reduced = (call, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    "thing", [_Harmful(os.system, "touch {}"), _Harmful(eval, "1"), _Harmful(getattr, 1, "real")]
)
def test_a_pickle_that_calls_anything_is_refused(tmp_path, thing, protocol):
    call, arguments = thing.reduced
    trace = tmp_path / "called"
    thing.reduced = (call, tuple(str(a).format(trace) for a in arguments))
    content = pickle.dumps({b"data": thing}, protocol)
    with pytest.raises(DataError, match="the batch is not a CIFAR batch .*not allowed"):
        restricted_pickle.load(io.BytesIO(content), "the batch")
    assert not trace.exists()


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_never_a_batch(content):
    with pytest.raises(DataError):
        formats.cifar_batch(content, "noise", "labels")


@pytest.mark.parametrize(
    ("rows", "labels", "words"),
    [
        (np.zeros((2, 3071), np.uint8), [0, 1], "3072"),
        (np.zeros((2, 3072), np.uint8), [0], "list of 2"),
        (np.zeros((2, 3072), np.uint8), None, "list of 2"),
    ],
)
def test_a_batch_of_the_wrong_shape_is_refused(rows, labels, words):
    with pytest.raises(DataError, match=words):
        formats.cifar_batch(cifar_pickle(rows, labels), "batch", "labels")


def test_a_sheet_that_is_none_is_refused():
    narrow = io.BytesIO()
    Image.new("RGB", (8, 8)).save(narrow, "PNG")
    with pytest.raises(DataError, match="1024 pixels wide"):
        formats.png_sheet(narrow.getvalue(), "sheet")
    whole = sheet_bytes(np.zeros((3, 32, 32, 3), np.uint8))
    for content in (b"no image", whole[: len(whole) // 2]):
        with pytest.raises(DataError, match="not a readable PNG"):
            formats.png_sheet(content, "sheet")


@pytest.mark.parametrize("content", [b"[1, 2", b'{"a": 1}', b"[1, 2.5]", b"[true]"])
def test_labels_that_are_not_integers_are_refused(content):
    with pytest.raises(DataError, match="labels"):
        formats.json_labels(content, "labels")


def test_a_damaged_or_incomplete_archive_is_named(tmp_path):
    path = write_tar(tmp_path / "a.tgz", {"x": b"1" * 5000})
    with pytest.raises(DataError, match="does not contain y"):
        formats.tar_members(path, ("x", "y"))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match="is damaged"):
        formats.tar_members(path)


def test_chapters_are_joined_in_number_order():
    members = {f"package/data/chapter_{i}.txt": f" {i}\n".encode() for i in (10, 2, 1)}
    members |= {f"package/data/chapter_{i}.txt": f"{i}".encode() for i in range(3, 10)}
    members["package/data/epilogue.txt"] = b"end"
    assert novel.join_chapters(members).split() == [str(i) for i in range(1, 11)]
    del members["package/data/chapter_5.txt"]
    with pytest.raises(DataError, match="lacks a chapter"):
        novel.join_chapters(members)
