"""Tiny files in the layout of ImageNet: a folder a class, images of different shapes."""

import numpy as np
from PIL import Image

SHAPES = ((40, 30), (30, 44), (36, 36), (50, 34))


def make(root, classes=3, per_class=4, splits=("train", "val")):
    """``imagenet/<split>/<class>/*.JPEG`` below a folder; every class has a colour of its own."""
    draws = np.random.RandomState(0)
    for split in splits:
        for label in range(classes):
            folder = root / "imagenet" / split / f"n{label:02}"
            folder.mkdir(parents=True)
            for i in range(per_class):
                width, height = SHAPES[i % len(SHAPES)]
                pixels = draws.randint(0, 60, size=(height, width, 3))
                pixels[..., label % 3] += 150
                image = Image.fromarray(pixels.astype(np.uint8))
                image.save(folder / f"{split}_{i}.JPEG", "JPEG")
    return root
