"""Where files lie and how they get there whole: folders, checksums, temporary names, full disks."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from landscape import files, project
from landscape.data.errors import DataError
from landscape.files import SPACE_MARGIN

PARTIAL_PREFIX = ".partial-"
STALE_AFTER_SECONDS = 24 * 3600


def cache_folder() -> Path:
    """Folder of raw downloads and whitening matrices, shared by all clones of one user.

    The environment variable LANDSCAPE_CACHE where it is set, else pooch's default for this project;
    where that cannot be written (a user without a home), `.cache` in the project.
    """
    override = os.environ.get("LANDSCAPE_CACHE")
    if override:
        return Path(override).expanduser()
    import pooch  # only `fetch` and ZCA whitening need it, plain reading does not

    folder = Path(pooch.os_cache("landscape"))
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    return project_folder() / ".cache"


def project_folder() -> Path:
    """The project's folder (`landscape.project`), or outside of any project the working folder."""
    return project.enclosing() or Path.cwd()


def data_root(root: str | os.PathLike | None = None) -> Path:
    """Folder of the canonical data: the argument, LANDSCAPE_DATA, or else the project's `data`."""
    given = root or os.environ.get("LANDSCAPE_DATA")
    return Path(given).expanduser() if given else project_folder() / "data"


def command_for(name: str, root: Path) -> str:
    """The command that brings one of the default sets into a data root."""
    here = project_folder()
    if (here / "data.dvc").is_file() and root.resolve() == (here / "data").resolve():
        return "dvc repro data.dvc"
    return f"landscape fetch {name} --destination {root}"


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal checksum of a file's bytes."""
    checksum = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            checksum.update(block)
    return checksum.hexdigest()


def human(size: float) -> str:
    """Bytes in words, decimal units."""
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def disk_errors(path: Path) -> contextlib.AbstractContextManager[None]:
    """Turn the system's refusals to write below `path` into a DataError with the remedy."""
    return files.disk_errors(path, DataError)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise DataError unless the disk that holds `folder` has `needed` bytes (plus a margin)."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < needed + SPACE_MARGIN:
        raise DataError(
            f"Not enough space for {what} in {folder}: {human(needed + SPACE_MARGIN)} needed, "
            f"{human(free)} free; free some space or choose another folder."
        )


@contextlib.contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """A temporary folder inside `parent` (same disk, so that os.replace is atomic), always removed.

    Folders that a killed process left behind are removed once they are a day old.
    """
    with disk_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        for old in parent.glob(PARTIAL_PREFIX + "*"):
            with contextlib.suppress(OSError):
                if time.time() - old.stat().st_mtime > STALE_AFTER_SECONDS:
                    shutil.rmtree(old)
        folder = Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def install(source: Path, target: Path) -> None:
    """Move a finished file to its name in one step; both must lie on the same disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(source, 0o644)
    os.replace(source, target)
