"""Checkpoints of unfinished runs.

They live outside DVC's outputs, in ``checkpoints/<digest>/``, because DVC deletes outputs before it
runs a stage. The digest covers the specification *and* the source files the run executes, so that
a run never resumes from a state that other code produced.

A run in one process keeps ``state.pt``. Where each replica has a process, each keeps the states of
its last two saves in ``rank-<rank>-of-<size>/<step>.pt``: all save after the same steps and none
gets to the next save before all have finished the last, so that a kill at any moment leaves at
least one step that all of them have.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from landscape import data, models, optim
from landscape.errors import LandscapeError
from landscape.files import sealing, unsealed
from landscape.train import distributed
from landscape.train.spec import RunSpec

_INTERVAL_VARIABLE = "LANDSCAPE_CHECKPOINT_SECONDS"


def interval() -> float:
    """Seconds between two checkpoints: 15, or the variable LANDSCAPE_CHECKPOINT_SECONDS.

    Raises:
        LandscapeError: When the variable is not a number of seconds.
    """
    text = os.environ.get(_INTERVAL_VARIABLE, "15")
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise LandscapeError(f"{_INTERVAL_VARIABLE}={text} is not a number of seconds.")
    return seconds


def code_fingerprint(spec: RunSpec) -> str:
    """SHA-256 over the source of everything the run executes: loop, data, model, optimizer."""
    here = Path(__file__).parent
    files = {*here.glob("*.py"), *Path(data.__file__).parent.glob("*.py")}
    files.add(Path(models.source_file(spec.model)))
    files.update(Path(file) for file in optim.source_files(spec.optimizer))
    own = Path(optim.__file__).parent
    files.add(own / "batch_norm.py")
    if spec.auto_l2 is not None:
        files.add(own / "auto_l2.py")
    digest = hashlib.sha256(torch.__version__.encode())
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


class CheckpointStore:
    """The checkpoints of one run in this process, each with its checksum."""

    def __init__(
        self, root: Path | str, spec: RunSpec, world: distributed.World | None = None
    ) -> None:
        world = world or distributed.World()
        self.folder = Path(root) / spec.digest(code_fingerprint(spec))[:24]
        self.alone = world.size == 1
        self.own = self.folder
        if not self.alone:
            self.own = self.folder / f"rank-{world.rank}-of-{world.size}"

    def save(self, state: dict[str, Any]) -> None:
        """Keep the state; a kill at any moment leaves the old or the new one, whole."""
        name = "state.pt" if self.alone else f"{state['step']}.pt"
        with sealing(self.own / name) as temporary:
            torch.save(state, temporary)
        if not self.alone:
            for path in self._saved()[2:]:
                path.unlink()

    def load(self) -> dict[str, Any] | None:
        """The newest state that all processes of the run have, or None.

        A damaged file counts as none, which is said once: the run goes on from an older one or
        starts anew.
        """
        if self.alone:
            return _read(self.own / "state.pt")
        found = {path: state for path in self._saved() if (state := _read(path)) is not None}
        everywhere = distributed.gather([state["step"] for state in found.values()])
        common = set.intersection(*map(set, everywhere))
        newest = max(common, default=None)
        for path in self._saved():  # what is newer will be saved again
            if newest is None or int(path.stem) > newest:
                path.unlink()
        return next((state for state in found.values() if state["step"] == newest), None)

    def clear(self) -> None:
        """Forget the run (its result has been written)."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _saved(self) -> list[Path]:
        """This process' files, the newest step first."""
        return sorted(self.own.glob("[0-9]*.pt"), key=lambda path: -int(path.stem))


def _read(path: Path) -> dict[str, Any] | None:
    content = unsealed(path)
    if content is None:
        return None
    return torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
