"""What the benchmarks share: their common options, the machine, and the file they write."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from landscape.train import provenance


def add_options(parser: argparse.ArgumentParser, folder: str, repeats: int) -> None:
    """--device, --repeats, --json and --record, which writes into records/`folder`."""
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--repeats", type=int, default=repeats, help=f"default {repeats}")
    parser.add_argument("--json", type=Path, help="write the rows and the machine there")
    parser.add_argument("--record", action="store_true", help=f"write records/{folder}/DATE")


def chosen_device(parser: argparse.ArgumentParser, given: argparse.Namespace) -> torch.device:
    """The device, with one torch thread; ends the program for options that cannot work."""
    device = torch.device(given.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("there is no GPU that torch can use; leave --device out")
    if given.repeats < 1:
        parser.error("--repeats must be at least 1")
    torch.set_num_threads(1)
    return device


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
    date = provenance.now()[:10]
    targets = [given.json] if given.json else []
    if given.record:
        suffix = "" if device.type == "cpu" else f"-{device.type}"
        targets.append(root / "records" / folder / f"{date}{suffix}.json")
    words = sys.argv[1:] if arguments is None else arguments
    for target in targets:
        content = {
            "machine": machine(device),
            "date": date,
            "command": " ".join([f"python benchmarks/{script}", *words]),
            "commit": provenance.commit(root),
            "rows": rows,
        }
        provenance.write(target, content)
        print(f"written: {target}")
