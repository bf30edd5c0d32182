"""ImageNet batch by batch: decoded from its files while a network is trained.

In memory the training set at 224 pixels would take 193 GB, so that nothing is kept: threads decode
the next batch meanwhile. What is done to an image depends on the seed, the epoch and the image
alone, never on threads or on where a run was interrupted.

Preprocessing is that of https://github.com/tensorflow/tpu (models/official/resnet), which
Lewkowycz & Gur-Ari (2020), supplement A, name for figure S8: for training a random part of the
image (8 to 100 % of its area, sides from 3:4 to 4:3), mirrored every second time; for evaluation
its central part, 224/256 of the shorter side.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from landscape.data.errors import DataError
from landscape.data.imagenet import central, files_by_class, opened, split_folder

#: Of colours in [0, 1], red, green, blue.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: Images of the training set of 2012 and of the validation set.
TRAINING, VALIDATION = 1_281_167, 50_000
_AREA, _SIDES, _TRIES = (0.08, 1.0), (3 / 4, 4 / 3), 10

Batch = tuple[np.ndarray, np.ndarray]


class ImageNet:
    """The files of one split with their labels.

    Args:
        split: ``train`` or ``val``.
        size: Pixels a side.
        per_class: Only so many images of each class.
        root: The data root; ``imagenet/<split>`` below it.

    Raises:
        DataError: The folder is missing or empty, or a class holds no images.
    """

    def __init__(
        self,
        split: str,
        size: int,
        per_class: int | None = None,
        root: str | os.PathLike | None = None,
    ) -> None:
        found = files_by_class(split_folder(split, root))
        empty = [name for name, files in found.items() if not files]
        if empty:
            raise DataError(
                f"The class {empty[0]} of imagenet/{split} holds no images: put them there or "
                "remove its folder."
            )
        self.size, self.classes = size, tuple(found)
        pairs = [(path, label) for label, files in enumerate(found.values())
                 for path in files[:per_class]]  # fmt: skip
        self.files: list[Path] = [path for path, _ in pairs]
        self.labels = np.array([label for _, label in pairs], np.int64)

    def __len__(self) -> int:
        return len(self.files)

    def training(
        self, batch: int, seed: int, first: int = 0, threads: int | None = None
    ) -> Iterator[Batch]:
        """Endless batches, from number ``first`` on, cropped and mirrored at random.

        The epochs' permutations stand one after the other; batches do not stop at their ends, so
        that every image is seen equally often.

        Args:
            batch: Images.
            seed: Of permutations, parts and mirroring.
            first: Batches that are left out, those that an interrupted run has had.
            threads: That decode; by default one a core.

        Yields:
            Images uint8 [batch, size, size, 3] and labels int64 [batch].
        """

        def positions() -> Iterator[list[tuple[int, int]]]:
            order, of = np.empty(0, np.int64), -1
            number = first
            while True:
                part = []
                for place in range(number * batch, (number + 1) * batch):
                    epoch = place // len(self)
                    if epoch != of:
                        order = np.random.RandomState([seed, epoch]).permutation(len(self))
                        of = epoch
                    part.append((epoch, int(order[place % len(self)])))
                yield part
                number += 1

        def one(epoch: int, index: int) -> np.ndarray:
            draws = np.random.RandomState([seed, epoch, index])
            return random_part(self.files[index], self.size, draws)

        yield from self._decoded(positions(), one, threads)

    def evaluation(self, batch: int, threads: int | None = None) -> Iterator[Batch]:
        """All images once in their order, each its central part, in batches of at most so many."""
        everything = range(len(self))
        parts = ([(0, i) for i in everything[at : at + batch]]
                 for at in range(0, len(self), batch))  # fmt: skip
        resize = round(self.size * 256 / 224)
        yield from self._decoded(
            parts, lambda _, index: central(self.files[index], self.size, resize), threads
        )

    def _decoded(self, parts, one, threads: int | None) -> Iterator[Batch]:
        """Batches of what ``one`` makes of each place, the next one decoded meanwhile."""
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            waiting: tuple[Sequence[tuple[int, int]], list[Future]] | None = None
            try:
                for part in parts:
                    begun = part, [pool.submit(one, *place) for place in part]
                    if waiting is not None:
                        yield self._batch(*waiting)
                    waiting = begun
                if waiting is not None:
                    yield self._batch(*waiting)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _batch(self, part: Sequence[tuple[int, int]], images: list[Future]) -> Batch:
        labels = self.labels[[index for _, index in part]]
        return np.stack([image.result() for image in images]), labels


def random_part(path: Path, size: int, draws: np.random.RandomState) -> np.ndarray:
    """A random part of an image, scaled to a square and mirrored every second time.

    Ten times a part is drawn that must lie inside the image; if none does, it is the central one.

    Args:
        path: The image.
        size: Pixels a side.
        draws: Random numbers.

    Returns:
        uint8 [size, size, 3].

    Raises:
        DataError: The file holds no image.
    """
    image = opened(path)
    width, height = image.size
    for _ in range(_TRIES):
        area = width * height * draws.uniform(*_AREA)
        sides = np.exp(draws.uniform(*np.log(_SIDES)))
        w, h = round(np.sqrt(area * sides)), round(np.sqrt(area / sides))
        if 0 < w <= width and 0 < h <= height:
            left, top = draws.randint(width - w + 1), draws.randint(height - h + 1)
            box = (left, top, left + w, top + h)
            pixels = np.asarray(image.resize((size, size), 3, box=box))  # 3: bicubic
            break
    else:
        pixels = central(path, size, round(size * 256 / 224))
    return pixels[:, ::-1] if draws.randint(2) else pixels
