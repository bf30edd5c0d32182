"""A row of evidence for an erratum: printed, corrected, and a check that knows neither."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One quantity of an erratum.

    `printed` is None where the print gives no number. `tolerance` is the relative distance within
    which the check decides: numerical error, sampling error (four standard errors) or the size of
    the terms that a limit leaves out.
    """

    quantity: str
    printed: float | None
    corrected: float
    check: float
    how: str
    tolerance: float = 1e-8

    def _agrees(self, value: float | None) -> bool:
        return value is not None and abs(value - self.check) <= self.tolerance * abs(self.check)

    @property
    def corrected_agrees(self) -> bool:
        """Whether the check confirms the corrected form."""
        return self._agrees(self.corrected)

    @property
    def printed_agrees(self) -> bool:
        """Whether the check confirms the print."""
        return self._agrees(self.printed)
