"""Read the canonical image sets: numpy arrays, memory-mapped, checked once per process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landscape.data import canonical
from landscape.data.errors import DataError, unknown_name
from landscape.data.image_files import load_cifar100, load_svhn
from landscape.data.store import command_for, data_root, digest
from landscape.files import is_verified

_OTHER_LOADERS = {
    "text": "landscape.data.load_text",
    "ptb": "landscape.data.load_penn_treebank",
    "imagenet": "landscape.data.load_imagenet",
}


@dataclass(frozen=True)
class ImageData:
    """A labelled image set.

    Images are uint8 [N, H, W] (grey) or [N, H, W, 3]; labels are int64 [N]; `classes` names them.
    The arrays of MNIST and CIFAR-10 are memory-mapped and read-only.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]


def load(name: str, root: str | os.PathLike | None = None) -> ImageData:
    """Load mnist, cifar10, cifar100 or svhn (train and extra together) from the data root.

    root: default the environment variable LANDSCAPE_DATA, else the project's `data`.
    Raises DataError when the set is missing (with the command that gets it), damaged or unknown.
    """
    folder = data_root(root)
    if name in canonical.IMAGE_SETS:
        image_set = canonical.IMAGE_SETS[name]
        arrays = {part: _array(folder / name, part, image_set) for part in canonical.PARTS}
        return ImageData(name, **arrays, classes=image_set.classes)
    if name == "cifar100":
        return ImageData(name, *load_cifar100(folder))
    if name == "svhn":
        return ImageData(name, *load_svhn(folder), tuple("0123456789"))
    if name in _OTHER_LOADERS:
        raise DataError(f"{name} is not a set of uint8 images: use {_OTHER_LOADERS[name]}.")
    raise unknown_name("data set", name, (*canonical.IMAGE_SETS, "cifar100", "svhn"))


def _array(folder: Path, part: str, image_set: canonical.ImageSet) -> np.ndarray:
    path, expected = canonical.file_of(folder, part), image_set.arrays[part]
    remedy = f"run `{command_for(image_set.name, folder.parent)}`"
    if not path.is_file():
        raise DataError(f"Data set {image_set.name} is not in {folder.parent}/: {remedy} first.")

    def is_pinned(path: Path) -> bool:
        return path.stat().st_size == expected.bytes and digest(path) == expected.sha256

    if not is_verified(path, is_pinned):
        raise DataError(
            f"{path} does not have its pinned SHA-256 (changed or incomplete): {remedy} to "
            "replace it."
        )
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.shape != expected.shape or array.dtype != np.dtype(expected.dtype):
        raise DataError(f"{path} is {array.dtype} {array.shape}, expected {expected}: {remedy}.")
    return array
