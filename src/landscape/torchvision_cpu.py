"""Import torchvision beside a torch that was built without CUDA.

The default torchvision wheel is built for CUDA. Beside a CPU-only torch its compiled operators
cannot be loaded; torchvision goes on without them, but then registers a shape rule for
`torchvision::nms` and `torchvision::qnms`, which do not exist, and the import ends with "operator
torchvision::nms does not exist". Declaring the two schemas (no implementation) is enough for
everything that does not call them: data sets, transforms, models. Where torchvision imports by
itself, nothing is declared.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_OPERATORS = ("nms", "qnms")
_declared: list = []  # keeps the library alive: its schemas vanish with it


def _operators_load(torch: ModuleType) -> bool:
    """Whether torchvision's compiled operators load into this torch, as torchvision tries it."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True  # nothing to repair: the import below says what is wrong
    loader = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
    finder = importlib.machinery.FileFinder(str(Path(spec.origin).parent), loader)
    extension = finder.find_spec("_C")
    if extension is None:
        return False
    try:
        torch.ops.load_library(extension.origin)
    except OSError:
        return False
    return True


def import_torchvision() -> ModuleType:
    """Return the torchvision module, declaring the two missing operators first where needed.

    Raises ImportError where torchvision is not installed, RuntimeError where it does not fit torch.
    """
    import torch

    if not _declared and torch.version.cuda is None and not _operators_load(torch):
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in _OPERATORS:
            if not hasattr(torch.ops.torchvision, name):
                library.define(name + _SCHEMA)
        _declared.append(library)
    return importlib.import_module("torchvision")
