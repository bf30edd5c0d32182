"""ImageNet (Russakovsky et al. 2015) from a folder the user unpacked; nothing is downloaded.

Layouts read: `<root>/imagenet/<split>/<class>/*.JPEG` (one folder per class), or, for `val`, all
images in one folder beside `LOC_val_solution.csv` (lines `image,class x y x y ...`, as distributed
with the validation set).
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landscape.data.errors import DataError
from landscape.data.fetching import NOT_FETCHED
from landscape.data.store import data_root

if TYPE_CHECKING:
    from PIL import Image

_ENDINGS = {".jpeg", ".jpg", ".png"}
SOLUTION = "LOC_val_solution.csv"


def split_folder(split: str, root: str | os.PathLike | None = None) -> Path:
    """Where the images of a split lie; raises DataError when they are not there."""
    folder = data_root(root) / "imagenet" / split
    if not folder.is_dir():
        raise DataError(f"Data set imagenet is not in {folder}: {NOT_FETCHED['imagenet']}")
    return folder


def files_by_class(folder: Path) -> dict[str, list[Path]]:
    """Image paths per class, both sorted by name.

    Raises DataError for images without classes, or a folder without any.
    """
    solution = next((p for p in (folder / SOLUTION, folder.parent / SOLUTION) if p.is_file()), None)
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
    found: dict[str, list[Path]] = {}
    if subfolders:
        for sub in subfolders:
            found[sub.name] = sorted(p for p in sub.iterdir() if p.suffix.lower() in _ENDINGS)
        return found
    if solution is None:
        raise DataError(
            f"{folder} has neither one folder per class nor {SOLUTION} beside its images: "
            "sort the images into class folders or add that file."
        )
    with open(solution, newline="", encoding="utf-8") as stream:
        label_of = {row["ImageId"]: row["PredictionString"].split()[0]
                    for row in csv.DictReader(stream)}  # fmt: skip
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in _ENDINGS):
        if path.stem not in label_of:
            raise DataError(f"{path} is not listed in {solution}: remove it or complete the list.")
        found.setdefault(label_of[path.stem], []).append(path)
    return dict(sorted(found.items()))


def opened(path: Path) -> Image.Image:
    """The decoded image in red, green and blue; raises DataError for a file that is none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"{path} cannot be decoded ({error}): replace or remove it.") from error


def central(path: Path, size: int, resize: int) -> np.ndarray:
    """Scale the shorter side to `resize`, cut the central square of `size` pixels, uint8."""
    image = opened(path)
    factor = resize / min(image.size)
    shape = tuple(max(size, round(side * factor)) for side in image.size)
    image = image.resize(shape, 2)  # 2: bilinear
    left, top = ((side - size) // 2 for side in image.size)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def load_imagenet(
    split: str = "val",
    size: int = 224,
    resize: int | None = None,
    per_class: int | None = None,
    classes: int | None = None,
    root: str | os.PathLike | None = None,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Images uint8 [N, size, size, 3], labels int64 [N], class names of one split.

    resize: length of the shorter side before the central crop (default 256/224 of `size`, the usual
    ratio). per_class, classes: only so many images of each of the first so many classes in
    alphabetical order; the whole training set at 224 pixels would need 193 GB of memory.
    Raises DataError when the folder is missing, empty, or holds a file that is no image.
    """
    folder = split_folder(split, root)
    found = dict(list(files_by_class(folder).items())[:classes])
    pairs = [(path, label) for label, name in enumerate(found) for path in found[name][:per_class]]
    if not pairs:
        raise DataError(f"{folder} holds no images: {NOT_FETCHED['imagenet']}")
    images = np.empty((len(pairs), size, size, 3), np.uint8)
    for row, (path, _) in zip(images, pairs, strict=True):
        row[:] = central(path, size, resize or round(size * 256 / 224))
    return images, np.array([label for _, label in pairs], np.int64), tuple(found)
