"""Slow, obvious twins of flip, crop and mixup: one image, one pixel at a time, draws given."""

import numpy as np


def flip(images: np.ndarray, chosen: list[bool]) -> np.ndarray:
    """Mirror the chosen images [n, C, H, W] left to right."""
    return np.array(
        [image[:, :, ::-1] if c else image for image, c in zip(images, chosen, strict=True)]
    )


def crop(images: np.ndarray, corners: list[tuple[int, int]], padding: int) -> np.ndarray:
    """Window of the old size whose corner lies at (row, column) of the zero-padded image."""
    result = np.zeros_like(images)
    n, channels, height, width = images.shape
    for i in range(n):
        for c in range(channels):
            for row in range(height):
                for column in range(width):
                    y = row + corners[i][0] - padding
                    x = column + corners[i][1] - padding
                    if 0 <= y < height and 0 <= x < width:
                        result[i, c, row, column] = images[i, c, y, x]
    return result


def soft_labels(labels: list[int], others: list[int], weights: list[float], classes: int):
    """Mixed one-hot labels, one sample at a time."""
    result = np.zeros((len(labels), classes))
    for i, (label, other, m) in enumerate(zip(labels, others, weights, strict=True)):
        result[i, label] += m
        result[i, other] += 1 - m
    return result
