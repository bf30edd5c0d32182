"""Augmentation of whole batches on their device, every draw from an explicit generator.

Flip and crop: thesis (Chaudhari 2018), chapter 5 (mirror flip with probability 1/2; 4 pixels of
padding, then a random crop of the old size). Mixup: Zhang et al. (2018), used by Lewkowycz &
Gur-Ari (2020), who do not state alpha.
"""

from __future__ import annotations

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
    n, _, height, width = x.shape
    places = 2 * padding + 1
    corner = torch.randint(places, (2, n), generator=generator, device=x.device)
    # The unfolded tensor is a view of all windows; indexing copies only the chosen ones.
    windows = pad(x, (padding,) * 4).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n, device=x.device), :, corner[0], corner[1]]


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
    return weight * x + (1 - weight) * x[order], y, y[order], m


def soft_labels(y: Tensor, other: Tensor, m: Tensor, classes: int) -> Tensor:
    """Mixed one-hot labels m e_y + (1 - m) e_other, float32 [n, classes]."""
    m = m[:, None]
    return m * one_hot(y, classes) + (1 - m) * one_hot(other, classes)
