"""Keep fitted whitenings and whitened images on disk: one of many workers computes them.

A fit on CIFAR-10 takes the better part of a minute on one core, its application to 60,000 images
about as long; ten worker processes would each pay both. Files lie in `<cache>/whitening/`, named by
a hash of everything they depend on, with a checksum (`landscape.files`); removing the folder is
always safe.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.data import whitening
from landscape.data.store import cache_folder
from landscape.data.whitening import ZCA
from landscape.errors import LandscapeError
from landscape.files import SPACE_MARGIN, is_sealed, is_verified, sealing

FORMAT = 1  # raise it when a formula changes: old files are then no longer found
WORTH_KEEPING = 64 * 2**20  # bytes; smaller results are computed as fast as read


def key_of(pixels: np.ndarray, *more: object) -> str:
    """Hash of uint8 images and of everything else the result depends on."""
    constants = [FORMAT, whitening.GCN_SCALE, whitening.GCN_FLOOR, whitening.ZCA_BIAS]
    checksum = hashlib.sha256(json.dumps([*constants, pixels.shape, *more]).encode())
    checksum.update(np.ascontiguousarray(pixels))
    return checksum.hexdigest()[:32]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time compute what goes to `path`; a dead process releases its lock."""
    try:
        import fcntl
    except ImportError:  # Windows: several may compute the same, the last one's bytes stay
        yield
        return
    with open(path.with_suffix(".lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _kept(path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """The array at `path`, computed and kept first where it is not there; memory-mapped.

    A damaged file is computed again. Where nothing can be kept the array is computed every time:
    the cache spares time and decides nothing.
    """
    if not is_verified(path, is_sealed):
        with contextlib.ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(_alone(path))
            except OSError:
                return compute()
            if not is_verified(path, is_sealed):
                array = compute()
                if not _keep(array, path):
                    return array
    # "c": private copy on write, so that all workers share the pages and none can change the file.
    return np.load(path, mmap_mode="c", allow_pickle=False)


def _keep(array: np.ndarray, path: Path) -> bool:
    """Write the array with its checksum; False where the disk does not take it."""
    if shutil.disk_usage(path.parent).free < array.nbytes + SPACE_MARGIN:
        return False
    try:
        with sealing(path) as temporary, open(temporary, "wb") as stream:
            np.save(stream, array)
    except LandscapeError:
        return False
    return True


def fitted(key: str, training_images: Callable[[], Tensor]) -> ZCA:
    """The ZCA fitted on the training images with this key, from disk where it is there."""

    def compute() -> np.ndarray:
        zca = whitening.fit_zca(training_images())
        return np.concatenate([zca.mean[None], zca.matrix])

    rows = _kept(cache_folder() / "whitening" / f"{key}-zca.npy", compute)
    return ZCA(rows[0], rows[1:])


def whitened(
    key: str,
    zca: ZCA,
    images: Callable[[], Tensor],
    shape: tuple[int, ...],
    device: torch.device,
) -> Tensor:
    """The result of `images()`, float32 of this shape, whitened on `device`.

    On the CPU, a large result is kept on disk under this key, and `images` is only called when it
    is not there yet; a GPU whitens faster than a disk reads.
    """
    size = 4 * int(np.prod(shape))
    if device.type != "cpu" or size < WORTH_KEEPING:
        return zca.apply(images())
    path = cache_folder() / "whitening" / f"{key}-images.npy"
    return torch.from_numpy(_kept(path, lambda: zca.apply(images()).numpy()))
