"""Where and how a result was made: written beside the result, never into it."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

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
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit(root: Path | str) -> str:
    """The commit of the working tree, with "+changes" when it was not clean; "" outside git."""
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "params")
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")
    except (subprocess.CalledProcessError, FileNotFoundError):
        return ""


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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    os.replace(temporary, path)
