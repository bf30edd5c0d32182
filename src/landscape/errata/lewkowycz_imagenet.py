"""Erratum of Lewkowycz & Gur-Ari (2020): 38 (the length of the runs on ImageNet)."""

from __future__ import annotations

import math

from landscape.errata.entry import Row, erratum

#: Figure S8: the number in its caption, and the batch of supplement A.
PRINTED, BATCH = 14_232, 8192
#: Images of the training set of 2012.
IMAGES = 1_281_167
#: The default of the program that supplement A names: steps and their images.
DEFAULT_STEPS, DEFAULT_BATCH = 112_590, 1024


def epochs(steps: int, batch: int) -> float:
    """Passes over the training images in so many steps."""
    return steps * batch / IMAGES


@erratum("38", "length of the runs on ImageNet", {"lewkowycz": "figure S8"})
def length_of_runs() -> list[Row]:
    """Erratum 38: 14,232 counts steps; the program that was used trains for 90 epochs."""
    as_steps = epochs(PRINTED, BATCH)
    return [
        Row("epochs of a run", float(PRINTED), as_steps, epochs(DEFAULT_STEPS, DEFAULT_BATCH),
            "default of the program that the work names, 112,590 steps of 1,024 images", 0.02),
        Row("steps of 91 epochs at batch 8,192, the last one begun", None, float(PRINTED),
            float(math.ceil(91 * IMAGES / BATCH)), "91 x 1,281,167 / 8,192, rounded up"),
    ]  # fmt: skip
