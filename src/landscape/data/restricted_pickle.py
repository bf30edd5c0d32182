"""Read the CIFAR batches without running what a pickle can ask for.

The public CIFAR files are Python 2 pickles of a dictionary with bytes, integers, lists and one
numpy array. A pickle may name any callable; here only the three that rebuild an array are known,
and everything else is refused.
"""

from __future__ import annotations

import pickle
from typing import IO

import numpy as np

from landscape.data.errors import DataError

_RECONSTRUCT = np.zeros(0).__reduce__()[0]  # numpy's own rebuilder, whatever its module is called
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def _latin_bytes(text: str, encoding: str) -> bytes:
    """`_codecs.encode` as Python 3 uses it to store bytes in protocol 2: latin1 only."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"encoding {encoding!r} is not allowed")
    return text.encode("latin1")


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) == ("_codecs", "encode"):
            return _latin_bytes
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here") from None


def load(stream: IO[bytes], what: str) -> dict[str, object]:
    """Read one pickled CIFAR batch as a dictionary with text keys.

    Raises DataError, naming `what`, on anything that is not such a batch.
    """
    try:
        content = _ArrayUnpickler(stream, encoding="bytes").load()
    except Exception as error:  # damaged opcodes can raise nearly everything
        raise DataError(
            f"{what} is not a CIFAR batch ({error}): delete the file and fetch it again."
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{what} is not a CIFAR batch: delete the file and fetch it again.")
    return {k.decode() if isinstance(k, bytes) else str(k): v for k, v in content.items()}
