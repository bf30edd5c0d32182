"""Converters from the formats the sources deliver to arrays; every one checks what it reads."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np

from landscape.data import restricted_pickle
from landscape.data.errors import DataError

_SIDE = 32  # pixels, CIFAR
_CHANNELS = 3


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Content of a file, decompressed where its name ends in `.gz`.

    most: DataError where there is more, before it fills the memory (some megabytes of gzip unpack
    to gigabytes).
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            content = stream.read() if most is None else stream.read(most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged ({error}): delete it and fetch it again.") from error
    if most is not None and len(content) > most:
        raise DataError(f"{path} holds more than the {most} bytes it should: delete it.")
    return content


def idx(content: bytes, what: str) -> np.ndarray:
    """Decode an idx file of unsigned bytes (MNIST's format): images [N, h, w] or labels [N]."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise DataError(f"{what} is not an idx file of bytes: delete it and fetch it again.")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError(f"{what} ends inside its header: delete it and fetch it again.")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    size = int(np.prod(shape, dtype=np.int64))
    if len(content) - start != size:
        raise DataError(
            f"{what} holds {len(content) - start} values where its header says {size}: "
            "delete it and fetch it again."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def planar_to_images(rows: np.ndarray) -> np.ndarray:
    """Turn rows of 1024 red, 1024 green, 1024 blue bytes into images [N, 32, 32, 3]."""
    planes = np.asarray(rows, np.uint8).reshape(-1, _CHANNELS, _SIDE, _SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def cifar_batch(content: bytes, what: str, label_key: str) -> tuple[np.ndarray, np.ndarray]:
    """Decode one pickled CIFAR batch: images uint8 [N, 32, 32, 3] and labels int64 [N]."""
    batch = restricted_pickle.load(io.BytesIO(content), what)
    data, labels = batch.get("data"), batch.get(label_key)
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3 * _SIDE * _SIDE:
        raise DataError(f"{what} holds no [N, 3072] array of pixels: fetch it again.")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise DataError(f"{what} holds no list of {len(data)} {label_key}: fetch it again.")
    return planar_to_images(data), np.asarray(labels, np.int64)


def png_sheet(content: bytes, what: str) -> np.ndarray:
    """Decode a sheet whose every row of 1024 RGB pixels is one 32x32 image: [N, 32, 32, 3]."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as sheet:
            if sheet.mode != "RGB" or sheet.width != _SIDE * _SIDE:
                raise DataError(f"{what} is not an RGB sheet 1024 pixels wide: fetch it again.")
            pixels = np.asarray(sheet)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{what} is not a readable PNG ({error}): fetch it again.") from error
    return pixels.reshape(-1, _SIDE, _SIDE, _CHANNELS)


def json_labels(content: bytes, what: str) -> np.ndarray:
    """Decode a JSON list of integer labels: int64 [N]."""
    try:
        labels = json.loads(content)
    except ValueError as error:
        raise DataError(f"{what} is not JSON ({error}): fetch it again.") from error
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"{what} is not a list of integers: fetch it again.")
    return np.asarray(labels, np.int64)


def tar_members(path: Path, names: tuple[str, ...] | None = None) -> dict[str, bytes]:
    """Contents of the regular files in a `.tar.gz`, in memory: nothing is unpacked to disk.

    names: the members wanted (DataError if one is missing); None reads all.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            contents = {
                member.name: archive.extractfile(member).read()
                for member in archive
                if member.isfile() and (names is None or member.name in names)
            }
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged ({error}): delete it and fetch it again.") from error
    missing = [name for name in names or () if name not in contents]
    if missing:
        raise DataError(f"{path} does not contain {missing[0]}: delete it and fetch it again.")
    return contents
