"""Checkpoints of unfinished runs.

They live outside DVC's outputs, in ``checkpoints/<digest>/``, because DVC deletes outputs before it
runs a stage. The digest covers the specification *and* the source files the run executes, so that
a run never resumes from a state that other code produced.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from landscape import data, models, optim
from landscape.train.spec import RunSpec

_INTERVAL_VARIABLE = "LANDSCAPE_CHECKPOINT_SECONDS"


def interval() -> float:
    """Seconds between two checkpoints (15, or the variable LANDSCAPE_CHECKPOINT_SECONDS)."""
    return float(os.environ.get(_INTERVAL_VARIABLE, "15"))


def code_fingerprint(spec: RunSpec) -> str:
    """SHA-256 over the source of everything the run executes: loop, data, model, optimizer."""
    here = Path(__file__).parent
    files = {*here.glob("*.py"), *Path(data.__file__).parent.glob("*.py")}
    files.add(Path(models.source_file(spec.model)))
    files.update(Path(file) for file in optim.source_files(spec.optimizer))
    digest = hashlib.sha256(torch.__version__.encode())
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


class CheckpointStore:
    """The checkpoint of one run: written to a temporary name, then renamed."""

    def __init__(self, root: Path | str, spec: RunSpec) -> None:
        self.folder = Path(root) / spec.digest(code_fingerprint(spec))[:24]
        self.path = self.folder / "state.pt"

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint; a kill at any moment leaves the old or the new one, whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f"state.{os.getpid()}.tmp"
        torch.save(state, temporary)
        os.replace(temporary, self.path)

    def load(self) -> dict[str, Any] | None:
        """The stored state, or None. An unreadable file counts as none: the run starts anew."""
        if not self.path.exists():
            return None
        try:
            return torch.load(self.path, weights_only=True, map_location="cpu")
        except (RuntimeError, EOFError, OSError):
            return None

    def clear(self) -> None:
        """Forget the run (its result has been written)."""
        shutil.rmtree(self.folder, ignore_errors=True)
