"""Files that are there whole or not at all, and folders that take them before the work begins.

Everything the project writes goes through a temporary name, ``.<name>.<process>.tmp``, in the same
folder. A process that was killed leaves one behind; the next one that writes there removes it.

What only spares time (checkpoints, kept intermediate results) is *sealed*: the SHA-256 of the
content follows it as the last 32 bytes, so that a damaged file counts as absent.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from landscape.errors import LandscapeError

SPACE_MARGIN = 16 * 2**20  # bytes that stay free

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_REFUSED = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT
)  # fmt: skip
_SEAL = hashlib.sha256().digest_size
_BLOCK = 1 << 20
_verified: set[tuple[str, int, int]] = set()  # (path, size, modification time)
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


@contextlib.contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """The same for a folder: an empty one to write into, which takes the place of ``path``.

    Raises:
        LandscapeError: When the disk is full or the parent folder cannot be written.
    """
    path = Path(path)
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        new = path.with_name(f".{path.name}.new.{os.getpid()}.tmp")
        old = path.with_name(f".{path.name}.old.{os.getpid()}.tmp")
        try:
            new.mkdir()
            yield new
            if path.is_dir():
                os.replace(path, old)
            os.replace(new, path)
        except BaseException:
            if old.is_dir() and not path.exists():  # between the two
                os.replace(old, path)
            raise
        finally:
            for left in (new, old):
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def alone(path: Path | str, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let one process of this machine at a time into the block; a dead one releases its lock.

    Args:
        path: A file that is there as long as somebody is in the block.
        waiting: Called once where another process is in it.

    Raises:
        LandscapeError: When the folder cannot be written.
    """
    path = Path(path)
    try:
        import fcntl
    except ImportError:  # Windows: nobody waits
        yield
        return
    with contextlib.ExitStack() as stack:
        while True:
            with disk_errors(path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = open(path, "wb")  # noqa: SIM115 - kept open as long as the block runs
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                waiting = lambda: None  # noqa: E731
                fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever was in the block before has removed the file: then it is locked by nobody.
            if path.exists() and os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                break
            lock.close()
        stack.callback(lock.close)
        stack.callback(path.unlink, missing_ok=True)
        yield


def write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 with line feeds, all or nothing; raises what ``replacing`` raises."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def sealing(path: Path | str) -> Iterator[Path]:
    """Like ``replacing``, and the checksum is appended to what the block has written."""
    with replacing(path) as temporary:
        yield temporary
        with open(temporary, "rb+") as stream:
            stream.write(_checksum(stream, temporary.stat().st_size))


def is_sealed(path: Path | str) -> bool:
    """Whether the file is there and its content is the one that was sealed.

    A file that is there and damaged is removed, with one line on the error stream.
    """
    path = Path(path)
    try:
        length = path.stat().st_size - _SEAL
        with open(path, "rb") as stream:
            whole = length >= 0 and _checksum(stream, length) == stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # a disk that gives back no bytes, a folder of that name
        whole = False
    if not whole:
        print(f"{path} is damaged and counts as absent.", file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            path.unlink()
    return whole


def is_verified(path: Path, check: Callable[[Path], bool]) -> bool:
    """Whether the file is there and ``check`` finds it right, asked again only where it changed.

    Reading gigabytes for a checksum takes seconds, and a process reads the same file many times.
    """
    try:
        state = path.stat()
    except OSError:
        return False
    key = (os.path.abspath(path), state.st_size, state.st_mtime_ns)
    if key not in _verified and check(path):
        _verified.add(key)
    return key in _verified


def unsealed(path: Path | str) -> bytes | None:
    """The content of a sealed file without its checksum; None where ``is_sealed`` says no."""
    return Path(path).read_bytes()[:-_SEAL] if is_sealed(path) else None


def _checksum(stream: BinaryIO, length: int) -> bytes:
    """SHA-256 of the next so many bytes."""
    checksum = hashlib.sha256()
    while length > 0 and (block := stream.read(min(length, _BLOCK))):
        checksum.update(block)
        length -= len(block)
    return checksum.digest()


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
    """Remove the temporary files and folders of processes that are no more."""
    for path in folder.glob(".*.tmp"):
        match = _TEMPORARY.match(path.name)
        if match and not is_running(int(match.group(1))):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
                continue
            with contextlib.suppress(OSError):
                path.unlink()


def is_running(process: int) -> bool:
    """Whether a process of this number is there on this machine."""
    if os.name == "nt":  # where asking is ending
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True
