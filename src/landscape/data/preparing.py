"""From canonical arrays to training, validation and test tensors on the device."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import whitening, whitening_cache
from landscape.data.errors import DataError, unknown_name
from landscape.data.reading import load

SCALINGS = ("minus_one_one", "unit", "standard", "gcn", "gcn_zca")


@dataclass(frozen=True)
class Split:
    """Images x, float32 [n, C, H, W], and labels y, int64 [n], on one device."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Splits:
    """Training, validation (None without a hold-out) and test parts."""

    train: Split
    validation: Split | None
    test: Split


def prepare(
    name: str,
    scaling: str = "minus_one_one",
    holdout: float = 0.0,
    train_samples: int | None = None,
    split_seed: int = 0,
    device: str | torch.device = "cpu",
    root: str | os.PathLike | None = None,
    *,
    test_samples: int | None = None,
    downsample: int = 1,
    classes: Sequence[int] | None = None,
    parity: bool = False,
) -> Splits:
    """Split, scale and place a set of images on `device`.

    scaling: "minus_one_one" (pixels to [-1, 1], thesis (Chaudhari 2018) chapter 2), "unit" (0..1),
    "standard" (per channel, mean and standard deviation of the training part), "gcn", "gcn_zca"
    (see `landscape.data.whitening`; fitted on the training part).
    holdout: part of the public training set kept for validation (thesis chapter 2: 0.12), chosen by
    a permutation seeded with split_seed. train_samples: the first so many of what remains, in the
    permutation's order, so that a smaller training set is part of every larger one.
    test_samples: the first so many test images (the public order is already random).
    downsample: average over blocks of so many pixels a side (thesis chapter 6 uses 7x7 MNIST,
    method unstated: the mean of 4x4 blocks here). classes: keep these labels only, renumbered 0, 1,
    ... in the given order. parity: labels become even (0) and odd (1) (Lewkowycz & Gur-Ari 2020,
    figure 5c). Raises DataError for unknown or missing sets and settings that do not fit the data.
    """
    if scaling not in SCALINGS:
        raise unknown_name("scaling", scaling, SCALINGS)
    if not 0 <= holdout < 1:
        raise DataError(f"holdout is a fraction in [0, 1), not {holdout}.")
    data = load(name, root)
    keep = _kept_labels(data.train_labels, classes, name)
    train_index, validation_index = _split(keep, holdout, train_samples, split_seed, name)
    test_index = _kept_labels(data.test_labels, classes, name)
    if test_samples is not None:
        test_index = _first(test_index, test_samples, "test", name)
    sources = [
        (data.train_images, data.train_labels, train_index),
        (data.train_images, data.train_labels, validation_index),
        (data.test_images, data.test_labels, test_index),
    ]
    pixels = [images[index] for images, _, index in sources]
    labels = [_labels(all_labels[index], classes, parity) for _, all_labels, index in sources]
    images = _scaled(pixels, scaling, downsample, torch.device(device))
    parts = [Split(x, torch.from_numpy(y).to(device)) for x, y in zip(images, labels, strict=True)]
    return Splits(parts[0], parts[1] if len(parts[1]) else None, parts[2])


def _kept_labels(labels: np.ndarray, classes: Sequence[int] | None, name: str) -> np.ndarray:
    """Positions of the samples whose label is among `classes`, in the public order."""
    if classes is None:
        return np.arange(len(labels))
    absent = [label for label in classes if not np.any(labels == label)]
    if absent or len(set(classes)) != len(classes) or not len(classes):
        raise DataError(f"classes={list(classes)} must be different labels that {name} has.")
    return np.flatnonzero(np.isin(labels, list(classes)))


def _split(
    keep: np.ndarray, holdout: float, train_samples: int | None, seed: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    # RandomState's stream is frozen by numpy's own promise; that of default_rng is not.
    order = keep[np.random.RandomState(seed).permutation(len(keep))]
    held = round(holdout * len(order))
    train, validation = order[: len(order) - held], order[len(order) - held :]
    if train_samples is not None:
        train = _first(train, train_samples, "training", name)
    return train, validation


def _first(index: np.ndarray, count: int, part: str, name: str) -> np.ndarray:
    if not 1 <= count <= len(index):
        raise DataError(
            f"{name} has {len(index)} {part} samples for these settings: ask for 1 to "
            f"{len(index)}, not {count}."
        )
    return index[:count]


def _labels(labels: np.ndarray, classes: Sequence[int] | None, parity: bool) -> np.ndarray:
    labels = labels % 2 if parity else labels
    if classes is None or parity:
        return np.ascontiguousarray(labels)
    renumbered = {label: number for number, label in enumerate(classes)}
    return np.array([renumbered[label] for label in labels.tolist()], np.int64)


def to_float(pixels: np.ndarray, downsample: int, device: torch.device) -> Tensor:
    """uint8 [n, H, W] or [n, H, W, C] to float32 [n, C, H/downsample, W/downsample] in 0..255."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    x = x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2)
    if downsample < 1 or x.shape[-1] % downsample or x.shape[-2] % downsample:
        raise DataError(
            f"downsample={downsample} does not divide images of {x.shape[-2]}x{x.shape[-1]} pixels."
        )
    x = x.to(torch.float32, memory_format=torch.contiguous_format)
    return torch.nn.functional.avg_pool2d(x, downsample) if downsample > 1 else x


def _scaled(
    pixels: list[np.ndarray], scaling: str, downsample: int, device: torch.device
) -> list[Tensor]:
    """Scale training, validation and test images with what the training images alone define."""
    if scaling == "gcn_zca":
        return [_whitened(part, pixels[0], downsample, device) for part in pixels]
    parts = [to_float(part, downsample, device) for part in pixels]
    if scaling == "minus_one_one":
        return [part.div_(127.5).sub_(1.0) for part in parts]
    if scaling == "unit":
        return [part.div_(255.0) for part in parts]
    if scaling == "standard":
        mean = parts[0].mean(dim=(0, 2, 3), keepdim=True, dtype=torch.float64)
        variance = (parts[0] - mean.float()).square().mean(dim=(0, 2, 3), keepdim=True)
        # A constant channel carries nothing: it becomes zero instead of a division by zero.
        deviation = torch.where(variance > 0, variance.sqrt(), torch.ones_like(variance))
        return [part.sub_(mean.float()).div_(deviation) for part in parts]
    return [whitening.global_contrast_normalise(part) for part in parts]


def _whitened(
    pixels: np.ndarray, training: np.ndarray, downsample: int, device: torch.device
) -> Tensor:
    """GCN, then ZCA fitted on the training images; both come from disk where they were kept."""

    def normalised(part: np.ndarray, place: torch.device) -> Tensor:
        return whitening.global_contrast_normalise(to_float(part, downsample, place))

    key = whitening_cache.key_of(training, downsample)
    # Fitted on the CPU whatever the device, so that one kept matrix serves all of them.
    zca = whitening_cache.fitted(key, lambda: normalised(training, torch.device("cpu")))
    shape = tuple(to_float(pixels[:1], downsample, torch.device("cpu")).shape[1:])
    return whitening_cache.whitened(
        whitening_cache.key_of(pixels, key),
        zca,
        lambda: normalised(pixels, device),
        (len(pixels), *shape),
        device,
    )
