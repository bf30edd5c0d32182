"""Augmentation of whole batches on their device, every draw from an explicit generator.

Flip and crop: thesis (Chaudhari 2018), chapter 5 (mirror flip with probability 1/2; 4 pixels of
padding, then a random crop of the old size). Mixup: Zhang et al. (2018), used by Lewkowycz &
Gur-Ari (2020), who do not state alpha.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad


def _check(x: Tensor, generator: torch.Generator) -> None:
    if x.ndim != 4:
        raise ValueError(f"a batch of images has 4 dimensions [n, C, H, W], not {x.ndim}")
    if generator.device.type != x.device.type:
        raise ValueError(
            f"the generator lives on {generator.device}, the images on {x.device}: make it with "
            f"torch.Generator(device={x.device.type!r})"
        )


def flip(x: Tensor, generator: torch.Generator, probability: float = 0.5) -> Tensor:
    """Mirror each image [n, C, H, W] left to right with the given probability."""
    _check(x, generator)
    chosen = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device) < probability
    return torch.where(chosen, x.flip(-1), x)


def crop(x: Tensor, generator: torch.Generator, padding: int = 4) -> Tensor:
    """Pad each image [n, C, H, W] with zeros and cut a window of the old size at a random place.

    All (2 padding + 1)^2 places are equally likely. Zero is the mean of whitened and of
    standardised images; in [-1, 1] it is grey.
    """
    _check(x, generator)
    row, column = torch.randint(2 * padding + 1, (2, len(x)), generator=generator, device=x.device)
    return _cut(x, row, column, torch.zeros_like(row, dtype=torch.bool), padding)


def flip_crop(
    x: Tensor, generator: torch.Generator, probability: float = 0.5, padding: int = 4
) -> Tensor:
    """`crop(flip(x))` with the same draws and the same result, in about half the time."""
    _check(x, generator)
    mirrored = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device) < probability
    row, column = torch.randint(2 * padding + 1, (2, len(x)), generator=generator, device=x.device)
    # Mirroring turns the windows round, so that an image can be mirrored after it was cut.
    mirrored = mirrored.flatten()
    return _cut(x, row, torch.where(mirrored, 2 * padding - column, column), mirrored, padding)


def _cut(x: Tensor, row: Tensor, column: Tensor, mirrored: Tensor, padding: int) -> Tensor:
    """The window of each padded image whose corner lies at (row, column), mirrored or not."""
    if x.device.type == "cpu" and x.dtype == torch.float32:
        return _cut_one_by_one(x, row, column, mirrored, padding)
    return _cut_at_once(x, row, column, mirrored, padding)


def _cut_one_by_one(
    x: Tensor, row: Tensor, column: Tensor, mirrored: Tensor, padding: int
) -> Tensor:
    # On a CPU memory decides, and this moves every pixel once: a padded batch and a mirrored half
    # cost twice as much as 128 turns of this loop.
    height, width = x.shape[-2:]
    images, result = x.detach().numpy(), np.zeros(x.shape, np.float32)
    corners = zip((row - padding).tolist(), (column - padding).tolist(), strict=True)
    for image, target, (top, left), mirror in zip(
        images, result, corners, mirrored.tolist(), strict=True
    ):
        piece = image[:, max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
        lines = slice(max(-top, 0), max(height - top, 0))
        columns = slice(max(-left, 0), max(width - left, 0))
        if mirror:
            target = target[:, :, ::-1]
        target[:, lines, columns] = piece
    return torch.from_numpy(result)


def _cut_at_once(x: Tensor, row: Tensor, column: Tensor, mirrored: Tensor, padding: int) -> Tensor:
    n, channels, height, width = x.shape
    padded = pad(x, (padding,) * 4).contiguous()
    area, stride = padded[0, 0].numel(), padded.shape[-1]
    # Every line of every window is a piece of memory: pieces at all places are a view (they
    # overlap), of which the wanted ones are copied.
    pieces = padded.as_strided((padded.numel() - width + 1, width), (1, 1))
    steps = torch.arange(max(n * channels, height), device=x.device)
    first = (row * stride + column).view(n, 1, 1) + (steps[: n * channels] * area).view(n, -1, 1)
    lines = first + steps[:height] * stride
    cut = pieces.index_select(0, lines.flatten()).view(x.shape)
    return torch.where(mirrored.view(n, 1, 1, 1), cut.flip(-1), cut)


def beta(
    alpha: float, count: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> Tensor:
    """Draw `count` float32 values from Beta(alpha, alpha).

    Beta is the ratio G1 / (G1 + G2) of two gamma variables; torch.distributions takes no generator,
    therefore the primitive underneath it. A gamma variable of small shape underflows, so its
    logarithm is drawn: log G(alpha) = log G(alpha + 1) + log(U) / alpha with U uniform.
    Raises ValueError unless alpha > 0.
    """
    if not alpha > 0:
        raise ValueError(f"mixup needs alpha > 0, not {alpha}")
    shape = torch.full((2, count), alpha + 1.0, dtype=torch.float64, device=device)
    gamma = torch._standard_gamma(shape, generator=generator)
    uniform = torch.rand(shape.shape, dtype=shape.dtype, device=device, generator=generator)
    first, second = gamma.log() + uniform.clamp_min(2.0**-60).log() / alpha
    return torch.sigmoid(first - second).float()


def mixup(
    x: Tensor,
    y: Tensor,
    alpha: float,
    generator: torch.Generator,
    per_sample: bool = False,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mix each image with another of the batch: m x + (1 - m) x[order], m from Beta(alpha, alpha).

    x: [n, C, H, W]; y: int64 [n]. One m per batch, as in the program published with the method, or
    one per sample. Returns mixed images, y, y[order] and m (shape [n]); the loss is then
    m loss(f, y) + (1 - m) loss(f, y[order]), which for the cross-entropy equals `soft_labels`.
    """
    _check(x, generator)
    order = torch.randperm(len(x), generator=generator, device=x.device)
    m = beta(alpha, len(x) if per_sample else 1, generator, x.device).expand(len(x))
    weight = m.to(x.dtype)[:, None, None, None]
    # In place: one new batch instead of three.
    return x[order].lerp_(x, weight), y, y[order], m


def soft_labels(y: Tensor, other: Tensor, m: Tensor, classes: int) -> Tensor:
    """Mixed one-hot labels m e_y + (1 - m) e_other, float32 [n, classes]."""
    m = m[:, None]
    return m * one_hot(y, classes) + (1 - m) * one_hot(other, classes)
