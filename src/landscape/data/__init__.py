"""Data: where bytes come from, how they are checked, and tensors ready for training.

`fetch` brings the sets to a folder, `load` reads them (numpy only), `prepare` makes tensors. What
needs torch is imported on first use, so that fetching and reading stay quick.
"""

from __future__ import annotations

import importlib

from landscape.data.errors import DataError
from landscape.data.fetching import fetch
from landscape.data.reading import ImageData, load

_LATER = {
    "prepare": "preparing",
    "Split": "preparing",
    "Splits": "preparing",
    "load_text": "sequences",
    "load_penn_treebank": "sequences",
    "SequenceData": "sequences",
    "prepare_sequence": "sequences",
    "load_imagenet": "imagenet",
    "flip": "augment",
    "crop": "augment",
    "flip_crop": "augment",
    "mixup": "augment",
    "soft_labels": "augment",
}
__all__ = ["DataError", "ImageData", "fetch", "load", *sorted(_LATER)]


def __getattr__(name: str):
    if name in _LATER:
        value = getattr(importlib.import_module(f"landscape.data.{_LATER[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'landscape.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
