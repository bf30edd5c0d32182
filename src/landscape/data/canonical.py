"""The canonical files: names, shapes and the SHA-256 every source must arrive at.

Images are `uint8`, shape [N, height, width] (MNIST) or [N, height, width, channel] (CIFAR-10);
labels are `int64`, shape [N]; both are `.npy` version 1.0 in C order, so that the bytes do not
depend on the source, the machine or the numpy version. Sources: LeCun, Cortes and Burges (MNIST)
and Krizhevsky (2009, CIFAR-10), the order of the public files kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landscape.data.store import digest

PARTS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Array:
    """One canonical file: shape, dtype, size in bytes and SHA-256."""

    shape: tuple[int, ...]
    dtype: str
    sha256: str

    @property
    def bytes(self) -> int:
        """Size of the file: numpy's header and the values."""
        return 128 + int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class ImageSet:
    """A set of images whose canonical bytes are pinned."""

    name: str
    classes: tuple[str, ...]
    arrays: dict[str, Array]

    @property
    def bytes(self) -> int:
        """Size of the four files together."""
        return sum(array.bytes for array in self.arrays.values())


def _image_set(name, classes, train, test, shape, sha256) -> ImageSet:
    shapes = ((train, *shape), (train,), (test, *shape), (test,))
    dtypes = ("uint8", "int64") * 2
    arrays = {p: Array(s, d, h) for p, s, d, h in zip(PARTS, shapes, dtypes, sha256, strict=True)}
    return ImageSet(name, tuple(classes.split()), arrays)


MNIST = _image_set(
    "mnist",
    "0 1 2 3 4 5 6 7 8 9",
    60_000,
    10_000,
    (28, 28),
    (
        "c5b45806d970e809a5f376f9b8461b7ca3b3e0a321282d72d06d00ab6c6c418f",
        "10226b938104d9231ead4e9a0627f17e66cd18baf31a28784f1b72147057decf",
        "4acfa5c2911a2f95015eda9a9b825fbd6bec0f6a6f66942979b1473d33943a11",
        "996074233ccae69ee65b8551233f608adc1bce84b6b440e3531478a847958149",
    ),
)
CIFAR10 = _image_set(
    "cifar10",
    "airplane automobile bird cat deer dog frog horse ship truck",
    50_000,
    10_000,
    (32, 32, 3),
    (
        "4a5241847d2fdc2d50a9ad6e386b47f26d121db6cb2e43b24e72190724314e48",
        "9dfee6f275bac0f14e63de8d1091cd1f4487a16d30c6d8726f61d1b8f999c745",
        "b57763d00c64ed188c839aa488139ed34ece7a6ef2fcb6a770238c57a756a452",
        "fc48d9ecfdbeacce2dacf004498170f2df12e75e3485475017d2663b587a92f3",
    ),
)
IMAGE_SETS = {"mnist": MNIST, "cifar10": CIFAR10}


def file_of(folder: Path, part: str) -> Path:
    """Path of one canonical array inside its set's folder."""
    return folder / f"{part}.npy"


def write_array(path: Path, array: np.ndarray) -> None:
    """Write `.npy` version 1.0 in C order: the same bytes from every numpy version."""
    with open(path, "wb") as stream:
        np.lib.format.write_array(
            stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False
        )


def is_complete(image_set: ImageSet, folder: Path) -> bool:
    """Whether all four files are there with the pinned bytes (sizes first: cheap when absent)."""
    wanted = [(file_of(folder, part), array) for part, array in image_set.arrays.items()]
    if not all(path.is_file() and path.stat().st_size == array.bytes for path, array in wanted):
        return False
    return all(digest(path) == array.sha256 for path, array in wanted)
