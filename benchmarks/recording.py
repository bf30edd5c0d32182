"""What the benchmarks share: their common options, the machine, and the file they write."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from landscape.errors import LandscapeError
from landscape.files import require_writable
from landscape.train import provenance


def add_options(parser: argparse.ArgumentParser, folder: str, repeats: int) -> None:
    """--device, --repeats, --json and --record, which writes into records/`folder`."""
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--repeats", type=int, default=repeats, help=f"default {repeats}")
    parser.add_argument("--json", type=Path, help="write the rows and the machine there")
    parser.add_argument("--record", action="store_true", help=f"write records/{folder}/DATE")


def chosen_device(
    parser: argparse.ArgumentParser, given: argparse.Namespace, root: Path, folder: str
) -> torch.device:
    """The device, with one torch thread; ends the program for what cannot work in the end."""
    device = torch.device(given.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("there is no GPU that torch can use; leave --device out")
    if given.repeats < 1:
        parser.error("--repeats must be at least 1")
    if given.record and not provenance.commit(root):
        parser.error("a record names a commit and there is none; use a git clone, or --json FILE")
    try:
        for target in _targets(given, device, root, folder):
            require_writable(target.parent)
    except LandscapeError as error:
        parser.error(str(error))
    torch.set_num_threads(1)
    return device


def _targets(
    given: argparse.Namespace, device: torch.device, root: Path, folder: str
) -> list[Path]:
    suffix = "" if device.type == "cpu" else f"-{device.type}"
    record = root / "records" / folder / f"{provenance.now()[:10]}{suffix}.json"
    return [*([given.json] if given.json else []), *([record] if given.record else [])]


def machine(device: torch.device) -> dict[str, Any]:
    """Where it was measured."""
    cuda = device.type == "cuda"
    return {
        "device": device.type,
        "name": torch.cuda.get_device_name(device) if cuda else provenance.processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def write(
    rows: list[dict[str, Any]],
    device: torch.device,
    given: argparse.Namespace,
    *,
    root: Path,
    folder: str,
    script: str,
    arguments: list[str] | None,
) -> None:
    """Write what --json and --record ask for; `arguments` as `main` got them."""
    words = sys.argv[1:] if arguments is None else arguments
    for target in _targets(given, device, root, folder):
        content = {
            "machine": machine(device),
            "date": provenance.now()[:10],
            "command": " ".join([f"python benchmarks/{script}", *words]),
            "commit": provenance.commit(root),
            "rows": rows,
        }
        provenance.write(target, content)
        print(f"written: {target}")
