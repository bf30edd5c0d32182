"""Where a step would take a core minutes, a few images stand for the whole mini-batch.

A convolutional network's gradient costs as much an image, whatever the batch; the optimizer's step
costs the same once. Of Wide ResNet 28-10 with 1,024 images a step, one gradient is 3e13 operations.
"""

from __future__ import annotations

import torch
from torch import nn

#: Images that are timed instead of a batch, where weights times images reach LARGE.
FEW, LARGE = 8, 1e9


def timed_images(model: nn.Module, images: int, device: torch.device) -> int:
    """How many images of a step are timed: all of them, or FEW."""
    weights = sum(p.numel() for p in model.parameters())
    folding = any(isinstance(part, nn.modules.conv._ConvNd) for part in model.modules())
    large = torch.device(device).type == "cpu" and folding and weights * images >= LARGE
    return min(FEW, images) if large else images
