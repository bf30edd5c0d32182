"""Global contrast normalisation and ZCA whitening, as Goodfellow et al. (2013) prepared CIFAR-10.

The thesis (Chaudhari 2018, chapters 2, 3, 5, 6) refers to Goodfellow et al. (2013), "Maxout
networks", and states no constant. The constants below are those of the program published with that
paper (pylearn2, CIFAR-10 "GCN whitened" set): divisor = norm of the centred image / 55 with no bias
under the root, divisors below 1e-8 replaced by one, and 0.1 added to every eigenvalue of the
covariance. 55 is close to sqrt(3072), so a normalised 32x32x3 image has about unit variance per
pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GCN_SCALE = 55.0
GCN_FLOOR = 1e-8
ZCA_BIAS = 0.1
_CHUNK = 4096  # images per matrix product: bounds the float64 copy to 100 MB for CIFAR


def global_contrast_normalise(x: Tensor, scale: float = GCN_SCALE, floor: float = GCN_FLOOR):
    """Per image: subtract the mean of all its values, divide by (norm / scale).

    x: float tensor [n, ...]; returns the same shape and dtype. A constant image becomes zero: where
    norm / scale is below `floor`, the divisor is one. Source: Goodfellow et al. (2013), see above.
    """
    flat = x.flatten(1)
    flat = flat - flat.mean(dim=1, keepdim=True)
    divisor = flat.norm(dim=1, keepdim=True) / scale
    divisor = torch.where(divisor < floor, torch.ones_like(divisor), divisor)
    return (flat / divisor).reshape(x.shape)


@dataclass(frozen=True)
class ZCA:
    """A fitted whitening: `(x - mean) @ matrix` on flattened images, mean [d], matrix [d, d]."""

    mean: np.ndarray
    matrix: np.ndarray

    def apply(self, x: Tensor) -> Tensor:
        """Whiten images [n, ...] on their own device; same shape and dtype.

        Raises ValueError when an image has another number of values than the fit.
        """
        flat, result = x.flatten(1), torch.empty_like(x, memory_format=torch.contiguous_format)
        if flat.shape[1] != len(self.mean):
            raise ValueError(
                f"the images have {flat.shape[1]} values each, the whitening was fitted on "
                f"{len(self.mean)}: prepare both in the same way"
            )
        mean = torch.as_tensor(self.mean, dtype=x.dtype, device=x.device)
        matrix = torch.as_tensor(self.matrix, dtype=x.dtype, device=x.device)
        for part, out in zip(flat.split(_CHUNK), result.flatten(1).split(_CHUNK), strict=True):
            torch.matmul(part - mean, matrix, out=out)
        return result


def fit_zca(x: Tensor, bias: float = ZCA_BIAS) -> ZCA:
    """Fit ZCA on images [n, ...]: matrix = V diag(1 / sqrt(eigenvalue + bias)) V^T.

    The covariance (divided by n) and its eigenvectors are computed in float64 on the CPU, so that
    the result does not depend on the device; mean and matrix are returned as float32. Raises
    ValueError without images.
    """
    if not len(x):
        raise ValueError("whitening needs at least one image to be fitted on")
    flat = x.flatten(1).cpu()
    mean = flat.mean(dim=0, dtype=torch.float64).numpy()
    covariance = np.zeros((len(mean), len(mean)))
    for part in flat.split(_CHUNK):
        centred = part.numpy().astype(np.float64) - mean
        covariance += centred.T @ centred  # numpy uses the symmetric product: half the work
    values, vectors = np.linalg.eigh(covariance / len(flat))
    # Rounding can push the zero eigenvalues of n < d samples slightly below zero.
    scaled = vectors / np.sqrt(np.maximum(values, 0.0) + bias)
    return ZCA(mean.astype(np.float32), (scaled @ vectors.T).astype(np.float32))
