"""CIFAR-100 and SVHN, read from the files as their authors publish them.

CIFAR-100: Krizhevsky (2009), `cifar100/cifar-100-python.tar.gz`. SVHN: Netzer et al. (2011),
`svhn/{train,test,extra}_32x32.mat`. Neither is in the default fetch.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from landscape.data import catalogue, formats, restricted_pickle
from landscape.data.errors import DataError
from landscape.files import is_verified

CIFAR100_FILE = "cifar-100-python.tar.gz"
Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def require_pinned(name: str, path: Path) -> None:
    """Raise DataError unless a file of a set outside the default fetch has its pinned bytes."""
    command = f"`landscape fetch {name} --destination {path.parent.parent}`"
    if not path.is_file():
        raise DataError(
            f"Data set {name} is not fetched ({path} is missing): run {command} first."
        )
    if not is_verified(path, catalogue.raw_file(name, path.name).matches):
        raise DataError(
            f"{path} does not have its pinned checksum (changed or incomplete): run {command} to "
            "replace it."
        )


def load_cifar100(root: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, tuple]:
    """Train and test images uint8 [N, 32, 32, 3], fine labels int64 [N], the 100 class names."""
    path = root / "cifar100" / CIFAR100_FILE
    require_pinned("cifar100", path)
    names = tuple(f"cifar-100-python/{part}" for part in ("train", "test", "meta"))
    contents = formats.tar_members(path, names)
    train, test = (
        formats.cifar_batch(contents[part], f"{part} in {path}", "fine_labels")
        for part in names[:2]
    )
    meta = restricted_pickle.load(io.BytesIO(contents[names[2]]), f"{names[2]} in {path}")
    classes = tuple(
        name.decode() if isinstance(name, bytes) else str(name)
        for name in meta.get("fine_label_names", ())
    )
    return (*train, *test, classes)


def _svhn_part(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    require_pinned("svhn", path)
    try:
        content = loadmat(path, variable_names=["X", "y"])
        images, labels = content["X"], content["y"].reshape(-1)
    except (MatReadError, ValueError, KeyError, TypeError, NotImplementedError, OSError) as error:
        raise DataError(f"{path} is not an SVHN file ({error}): fetch it again.") from error
    if images.dtype != np.uint8 or images.shape[:3] != (32, 32, 3) or images.ndim != 4:
        raise DataError(f"{path} holds no uint8 array [32, 32, 3, N]: fetch it again.")
    if len(labels) != images.shape[3]:
        raise DataError(f"{path} holds {len(labels)} labels for {images.shape[3]} images.")
    # MATLAB puts the sample last and calls the digit zero "10".
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels.astype(np.int64) % 10


def load_svhn(root: Path, extra: bool = True) -> Parts:
    """Train (with `extra`: 604,388 images in the public files) and test images and labels.

    Images uint8 [N, 32, 32, 3], labels int64 [N] in 0..9. Thesis (Chaudhari 2018), chapter 5,
    trains on "about 600,000" images, which is train and extra together.
    """
    folder = root / "svhn"
    parts = [_svhn_part(folder / "train_32x32.mat")]
    if extra:
        parts.append(_svhn_part(folder / "extra_32x32.mat"))
    test_images, test_labels = _svhn_part(folder / "test_32x32.mat")
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return images, labels, test_images, test_labels
