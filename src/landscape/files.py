"""Files that are there whole or not at all, and folders that take them before the work begins.

Everything the project writes goes through a temporary name, ``.<name>.<process>.tmp``, in the same
folder. A process that was killed leaves one behind; the next one that writes there removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from landscape.errors import LandscapeError

SPACE_MARGIN = 16 * 2**20  # bytes that stay free

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_REFUSED = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT
)  # fmt: skip
_TEMPORARY = re.compile(r"^\..+\.(\d+)\.tmp$")


@contextlib.contextmanager
def disk_errors(path: Path, kind: type[LandscapeError] = LandscapeError) -> Iterator[None]:
    """Turn the system's refusals to write at ``path`` into one sentence with the remedy.

    Args:
        path: The file or folder that the sentence names.
        kind: The error that is raised.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise kind(
                f"No space left while writing to {path}: free some space or choose another folder, "
                "then run the same command again (nothing half-written was kept)."
            ) from error
        if error.errno in _REFUSED:
            raise kind(
                f"Cannot write to {path} ({(error.strerror or '').lower()}): make it a folder that "
                "can be written, or choose another."
            ) from error
        raise


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary path to write to, which takes the place of ``path`` at the end.

    Where the block raises, ``path`` stays as it was and the temporary file is removed.

    Raises:
        LandscapeError: When the disk is full or the folder cannot be written.
    """
    path = Path(path)
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 with line feeds, all or nothing; raises what ``replacing`` raises."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def require_writable(folder: Path | str, needed: int = 0) -> None:
    """Make ``folder`` and see that files can be written there, before hours of work.

    Args:
        folder: Created where it is missing; files that killed processes left in it are removed.
        needed: Bytes that will be written, as far as is known.

    Raises:
        LandscapeError: When the folder cannot be written or its disk is full.
    """
    folder = Path(folder)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)  # a full disk takes the name, but not the first block
            probe.flush()
        if shutil.disk_usage(folder).free < needed + SPACE_MARGIN:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sweep(folder: Path) -> None:
    """Remove the temporary files of processes that are no more."""
    for path in folder.glob(".*.tmp"):
        match = _TEMPORARY.match(path.name)
        if match and not is_running(int(match.group(1))):
            with contextlib.suppress(OSError):
                path.unlink()


def is_running(process: int) -> bool:
    """Whether a process of this number is there on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True
