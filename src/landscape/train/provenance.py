"""Where and how a result was made: written beside the result, never into it."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from landscape.files import write_text

# What decides a result, as git's path specifications: code and settings.
_DECISIVE = ("src", ":(glob)book/**/settings.yaml")
_REPOSITORY_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR",
                         "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")  # fmt: skip
_PACKAGES = ("torch", "torchvision", "numpy", "scipy", "pandas", "joblib", "openTSNE")


def versions() -> dict[str, str]:
    """Python's and the numerical packages' versions, absent ones left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The CPU's model name as the system gives it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit(root: Path | str) -> str:
    """The commit of the working tree, with "+changes" where code or settings differ from it.

    Empty where there is none to name: the folder is no git checkout (an unpacked archive), it has
    no commit yet, or git is not installed. What such runs give cannot become a record.
    """
    root = Path(root).resolve()
    # git asks whose folder this is before it says anything; its code is already running.
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    # A hook that runs this has these set, and they may name another checkout.
    environment = {k: v for k, v in os.environ.items() if k not in _REPOSITORY_VARIABLES}

    def git(*arguments: str) -> str:
        done = subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, check=True
        )
        return os.fsdecode(done.stdout).strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != root:
            return ""  # unpacked inside of somebody's repository
        changed = git("status", "--porcelain", "--untracked-files=all", "--", *_DECISIVE)
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")
    except (subprocess.CalledProcessError, OSError):
        return ""


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a result's folder, by its path in there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def device_name() -> str:
    """The device that training would pick here, by its marketing name."""
    import torch

    from landscape.train.device import pick

    device = pick()
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def write(path: Path | str, content: dict[str, Any]) -> None:
    """Write the JSON, all or nothing."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")
