"""The networks of the four works, one family a file, built by name.

``build("lenet", classes=10)`` returns a ``torch.nn.Module`` that maps a float tensor
``[batch, channels, height, width]`` to logits ``[batch, classes]`` (those for sequences: see
``landscape.models.lstm``). Initialisation draws from
torch's global generator, so ``torch.manual_seed`` in front of ``build`` fixes the weights. The
initialisation is torch's default unless a work states one.

The works use one name for different networks (``mnistfc`` has three shapes, ``lenet`` two), so
a chapter is part of the name wherever that happens. torch is imported by the first ``build``,
not by the import of this package.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checks import ModelError

if TYPE_CHECKING:
    from torch import nn

# name -> module of this package; the factory in the module has the same name.
_MODULES = {
    "mnistfc_ch2": "mlp",
    "mnistfc_ch3": "mlp",
    "mnistfc_ch4": "mlp",
    "smallfc": "mlp",
    "small_fc_ch6": "mlp",
    "tiny_fc": "mlp",
    "lenet_ch2": "lenet",
    "lenet": "lenet",
    "small_lenet_ch3": "lenet",
    "small_lenet_ch6": "lenet",
    "allcnn": "allcnn",
    "small_allcnn": "allcnn",
    "wrn_28_10": "wrn",
    "wrn_16_4": "wrn",
    "wrn_lewkowycz": "wrn",
    "fc_lewkowycz": "lewkowycz_fc",
    "fc64_lewkowycz": "lewkowycz_fc",
    "cnn_lewkowycz": "lewkowycz_cnn",
    "ntk_two_layer": "ntk",
    "char_lstm": "lstm",
    "small_char_lstm": "lstm",
    "ptb_lstm": "lstm",
    "resnet50": "resnet",
}

__all__ = ["ModelError", "build", "names", "options", "parameter_count", "source_file"]


def names() -> list[str]:
    """All names that ``build`` knows, in the order of the works."""
    return list(_MODULES)


def source_file(name: str) -> Path:
    """The Python file that defines the network ``name``.

    Raises:
        ModelError: no network has that name.
    """
    return Path(__file__).with_name(f"{_module(name)}.py")


def options(name: str) -> dict[str, Any]:
    """The options of network ``name`` with their defaults (imports torch).

    Raises:
        ModelError: no network has that name.
    """
    parameters = inspect.signature(_factory(name)).parameters
    return {key: parameter.default for key, parameter in parameters.items()}


def build(name: str, **chosen: Any) -> nn.Module:
    """Build the network ``name`` with freshly drawn weights.

    Args:
        name: one of ``names()``.
        **chosen: options of that network; ``options(name)`` lists them.

    Returns:
        A module: float ``[batch, channels, height, width]`` -> logits ``[batch, classes]``.

    Raises:
        ModelError: unknown name, unknown option, or an option out of its range.
    """
    factory = _factory(name)
    known = options(name)
    for key in chosen:
        if key not in known:
            raise ModelError(
                f"Network {name!r} has no option {key!r}{_suggest(key, known)}; "
                f"it takes {', '.join(known)}."
            )
    return factory(**chosen)


def parameter_count(model: nn.Module) -> int:
    """Number of trainable numbers in ``model`` (buffers such as running means are not counted)."""
    return sum(p.numel() for p in model.parameters())


def _module(name: str) -> str:
    if name not in _MODULES:
        raise ModelError(
            f"There is no network {name!r}{_suggest(name, _MODULES)}; "
            f"known names: {', '.join(_MODULES)}."
        )
    return _MODULES[name]


def _factory(name: str):
    return getattr(importlib.import_module(f".{_module(name)}", __name__), name)


def _suggest(word: str, known) -> str:
    nearest = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.4)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""
