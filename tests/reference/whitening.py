"""Slow, obvious float64 twins of GCN and ZCA: one image, one entry at a time."""

import numpy as np


def gcn(images: np.ndarray, scale: float, floor: float) -> np.ndarray:
    """Each image: minus its mean, over (its norm / scale), over one where that is below floor."""
    result = []
    for image in images.astype(np.float64):
        mean = sum(image.ravel()) / image.size
        centred = image - mean
        divisor = np.sqrt(sum(value * value for value in centred.ravel())) / scale
        result.append(centred / (divisor if divisor >= floor else 1.0))
    return np.array(result).reshape(images.shape)


def zca(fit_on: np.ndarray, apply_to: np.ndarray, bias: float) -> np.ndarray:
    """Whiten `apply_to` with the covariance of `fit_on`, summed by sample, through an SVD."""
    rows = fit_on.reshape(len(fit_on), -1).astype(np.float64)
    mean = rows.mean(axis=0)
    covariance = np.zeros((rows.shape[1],) * 2)
    for row in rows:
        covariance += np.outer(row - mean, row - mean) / len(rows)
    u, values, _ = np.linalg.svd(covariance + bias * np.eye(len(mean)))
    matrix = u @ np.diag(values**-0.5) @ u.T
    result = [matrix @ (row - mean) for row in apply_to.reshape(len(apply_to), -1)]
    return np.array(result).reshape(apply_to.shape)
