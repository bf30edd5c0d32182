"""Weights of a run at the instants that its settings name, as safetensors.

They are float32, at the optimizer's answer (batch-norm statistics included), without the
optimizer's state, with what is needed to build the network again in the file's header. While a run
goes on they lie beside its checkpoint, from which an interrupted run goes on only if it has all of
them, so that it ends with the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch
from torch import Tensor, nn

from landscape import models
from landscape.errors import LandscapeError
from landscape.files import is_sealed, sealing
from landscape.train.history import write_csv
from landscape.train.spec import RunSpec
from landscape.train.streams import use_batch_statistics

if TYPE_CHECKING:
    from landscape.train.run import Run

# One entry, because the format keeps several in no fixed order.
_HEADER = "run"


def file_name(spec: RunSpec, at: float) -> str:
    """Name of the weights of one run at one instant."""
    return f"seed-{spec.seed}-at-{float(at)!r}.safetensors"


class KeptWeights:
    """Keeps the weights of one run as its instants come.

    Args:
        run: The run.
        folder: Where they are written; ``None``: nowhere.
    """

    def __init__(self, run: Run, folder: Path | None) -> None:
        self.run, self.folder = run, folder
        length = run.gradients_per_update  # the answer moves once in so many steps
        updates = run.total_steps // length
        self.steps = {at: round(at * updates) * length for at in run.spec.weights}

    def keep(self) -> None:
        """Write the weights if this is an instant and the run is well."""
        run = self.run
        due = [at for at, step in self.steps.items() if step == run.step]
        if self.folder is None or not due or run.diverged:
            return
        with run.answer():
            content = encoded(run.model, run.spec, run.replicas[0].model_options, run.step)
        for at in due:
            with sealing(self.folder / file_name(run.spec, at)) as temporary:
                temporary.write_bytes(content)

    def finish(self) -> None:
        """List the weights of a run that has ended, and write its table of steps."""
        run, folder = self.run, self.folder
        if folder is None:
            return
        if self.steps:
            last = run.step - int(run.diverged)
            listed = [(at, file_name(run.spec, at)) for at, s in self.steps.items() if s <= last]
            with sealing(folder / "weights.json") as temporary:
                temporary.write_text(json.dumps(listed), encoding="utf-8")
        if run.history.steps is not None:
            with sealing(folder / "steps.csv") as temporary:
                write_csv(run.history.steps, temporary)

    def complete(self, state: dict[str, Any]) -> bool:
        """Whether all are there that the run had passed when this state was saved."""
        passed = state["step"] - int(state["diverged"])
        return self.folder is None or all(
            is_sealed(self.folder / file_name(self.run.spec, at))
            for at, step in self.steps.items()
            if step <= passed
        )


def encoded(model: nn.Module, spec: RunSpec, model_options: dict[str, Any], step: int) -> bytes:
    """The network as the bytes of a safetensors file, the same for the same numbers."""
    facts = {
        "experiment": spec.experiment,
        "method": spec.method,
        "seed": spec.seed,
        "step": step,
        "model": spec.model,
        "model_options": model_options,
        "batch_statistics": spec.batch_statistics,
        "specification": spec.digest(),
    }
    tensors = {name: _plain(value) for name, value in model.state_dict().items()}
    return safetensors.torch.save(tensors, {_HEADER: json.dumps(facts, sort_keys=True)})


def _plain(value: Tensor) -> Tensor:
    value = value.detach().to("cpu", torch.float32 if value.is_floating_point() else value.dtype)
    return value.contiguous()


def decoded(path: Path | str) -> tuple[nn.Module, dict[str, Any]]:
    """The network of a file, in evaluation mode on the CPU, and what its header says of it.

    Raises:
        LandscapeError: The file is damaged or was not written here.
    """
    try:
        with safetensors.safe_open(str(path), "pt") as file:
            facts = json.loads((file.metadata() or {})[_HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise LandscapeError(
            f"{path} does not hold the weights of a run: make that run again."
        ) from error
    with torch.random.fork_rng(devices=[]):  # building draws numbers that are thrown away
        model = models.build(facts["model"], **facts["model_options"])
    if facts["batch_statistics"]:
        use_batch_statistics(model)
    model.load_state_dict(tensors)
    return model.eval(), facts
