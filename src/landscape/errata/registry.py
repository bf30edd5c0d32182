"""All errata of the book with their evidence: the numbered list, and statements that do not hold.

The numbers are fixed. An entry's rows are computed when asked for, once a process; whether the
print is wrong and the correction right follows from them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from landscape.errata import complexity as errata_complexity, dynamics as errata_dynamics, landscape as errata_landscape, training as errata_training, part1 as part1_errata
from landscape.errata.row import Row

THESIS, ANNEAL = "Chaudhari (2018)", "Chaudhari & Soatto (2015)"
LEWKOWYCZ, RICHEMOND = "Lewkowycz & Gur-Ari (2020)", "Richemond & Guo (2019)"


@dataclass(frozen=True)
class Entry:
    """One erratum; `key` is its number, or a word for a statement that has none."""

    key: str
    subject: str
    where: str
    compute: Callable[[], list[Row]]

    @property
    def anchor(self) -> str:
        """Label of its section in the book."""
        return f"{'erratum' if self.key.isdigit() else 'statement'}-{self.key}"

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Its evidence, computed on first use."""
        return tuple(self.compute())

    @property
    def print_wrong(self) -> bool | None:
        """Whether every check contradicts the print; None where the print gives no number."""
        stated = [row for row in self.rows if row.printed is not None]
        return not any(row.printed_agrees for row in stated) if stated else None

    @property
    def confirmed(self) -> bool:
        """Whether every check agrees with the corrected form."""
        return all(row.corrected_agrees for row in self.rows)


def _moved_minima() -> list[Row]:
    return [*part1_errata.displaced_minima(), *errata_landscape.field_displacement()]


NUMBERED = (
    Entry("1", "closed form of the rate function", f"{THESIS}, section 2.2.1",
          part1_errata.rate_function),
    Entry("2", "gradient and Hessian at a critical point",
          f"{THESIS}, lemma 2.5 and section 2.3.4; {ANNEAL}, section 4.5",
          part1_errata.gradient_and_hessian),
    Entry("3", "number of critical points in the exponential regime",
          f"{THESIS}, eq. (2.16); {ANNEAL}, eq. (9), last case",
          partial(part1_errata.exponential_prefactor, ((100, 0.3), (400, 0.3)))),
    Entry("4", "where only two critical points remain",
          f"{THESIS}, eq. (2.16); {ANNEAL}, eq. (9), first case",
          partial(part1_errata.trivial_regime, ((200, -0.05), (400, -0.1)))),
    Entry("5", "number of minima near the threshold",
          f"{THESIS}, eq. (2.18); {ANNEAL}, eq. (11)", part1_errata.minima_near_threshold),
    Entry("6", "generalisation error and loss of the binary perceptron",
          f"{THESIS}, section 3.1.1", part1_errata.perceptron),
    Entry("14", "signs of the inner dynamics", f"{THESIS}, eq. (4.3) and section 4.3.3",
          errata_dynamics.inner_signs),
    Entry("24", "whether the coupling enlarges the step", f"{RICHEMOND}, eq. (19)",
          errata_complexity.effective_step),
    Entry("25", "what AutoL2 compares errors with", f"{LEWKOWYCZ}, supplement E",
          errata_training.auto_l2),
    Entry("26", "the scaled step of Entropy-SGD", f"{THESIS}, section 3.2.3",
          errata_dynamics.scaled_step),
    Entry("28", "limits of Parle", f"{THESIS}, section 5.3.1", errata_dynamics.parle_limits),
    Entry("30", "size of the network smallfc", f"{THESIS}, section 3.3.1",
          errata_training.small_network),
    Entry("33", "proportion of indices at a given energy", f"{THESIS}, remark 2.6",
          part1_errata.index_density),
    Entry("35", "interval of the shifted spectrum",
          f"{THESIS}, section 2.3.4; {ANNEAL}, appendix B",
          part1_errata.shifted_spectrum),
    Entry("37", "time to the best performance", f"{LEWKOWYCZ}, section 5",
          errata_training.peak_of_performance),
    Entry("40", "direction of the index", f"{RICHEMOND}, sections 3.1 and 3.3, eq. (8)",
          errata_complexity.index_direction),
)  # fmt: skip

STATEMENTS = (
    Entry("minima-constant", "the constant of the number of minima is no constant",
          f"{THESIS}, eq. (2.18); {ANNEAL}, eq. (11)", errata_landscape.minima_constant),
    Entry("critical-band", "two cases where one formula holds",
          f"{THESIS}, eq. (2.17); {ANNEAL}, eq. (10)", errata_landscape.between_regimes),
    Entry("share-of-minima", "almost all critical points are minima",
          f"{THESIS}, section 2.3.2", part1_errata.share_of_minima),
    Entry("field-moves-minima", "a constant field leaves the minima in place",
          f"{THESIS}, theorem 2.13", _moved_minima),
    Entry("cosine-distance", "a mean cosine distance of 1.16",
          f"{THESIS}, section 2.4.1; {ANNEAL}, figure 2", errata_landscape.mean_cosine_distance),
    Entry("smoothing", "smoothing protects against an added constant", f"{RICHEMOND}, section 4",
          errata_complexity.shifted_strength),
)  # fmt: skip


def get(key: str | int) -> Entry:
    """The entry with that key. Raises ValueError naming those there are."""
    entries = (*NUMBERED, *STATEMENTS)
    for entry in entries:
        if entry.key == str(key):
            return entry
    known = ", ".join(entry.key for entry in entries)
    raise ValueError(f"there is no erratum {key}; the list has {known}.")
