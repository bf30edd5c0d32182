"""The table of steps: norms at every so manieth gradient of a run, where its settings ask."""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor, nn

from landscape.train.objective import square, trained

COLUMNS = ("seed", "step", "loss", "weight_square", "gradient_square", "learning_rate")
_PIECE = 1000


class StepTable:
    """Rows ``(step, loss, |theta|^2, |g|^2, learning rate)`` of one run.

    ``step`` counts the steps taken before; loss (scaled and with its L2 term, as it is minimised),
    weights theta and gradient g (with L2, after clipping) belong together, at the point where the
    gradient was taken; with replicas they are the first one's, but for the loss, which is the mean
    of those of one process. The numbers stay on the device until the table is read.

    Args:
        every: Distance between two rows in steps; ``None``: no rows.
    """

    def __init__(self, every: int | None) -> None:
        self.every = every
        self._rows: list[Tensor] = []
        self._pieces: list[Tensor] = []

    def add(self, step: int, loss: Tensor, model: nn.Module, learning_rate: float) -> None:
        """Write a row if one is due; the parameters still hold their gradients."""
        if self.every is None or step % self.every:
            return
        weights = trained(model)
        gradients = [p.grad for p in weights if p.grad is not None]
        here = (loss.detach().double(), square(weights).double(), square(gradients).double())
        first, last = (here[0].new_tensor(float(value)) for value in (step, learning_rate))
        self._rows.append(torch.stack([first, *here, last]))
        if len(self._rows) == _PIECE:
            self._pieces.append(torch.stack(self._rows).cpu())
            self._rows = []

    def state(self) -> Tensor:
        """All rows, float64 [rows, 5] on the CPU."""
        rest = [torch.stack(self._rows).cpu()] if self._rows else []
        return torch.cat([torch.empty(0, 5, dtype=torch.float64), *self._pieces, *rest])

    def restore(self, rows: Tensor) -> None:
        """Take back what ``state`` gave."""
        self._pieces, self._rows = [rows], []

    def frame(self, seed: int) -> pd.DataFrame:
        """The table with its columns."""
        frame = pd.DataFrame(self.state().numpy(), columns=COLUMNS[1:]).astype({"step": int})
        frame.insert(0, "seed", seed)
        return frame
