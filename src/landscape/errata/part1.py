"""The errata of part I in numbers: what is printed, what is right, and a check that knows neither.

Every function computes the rows of one erratum. A row is a quantity with the value that follows
from the print, the value of the corrected form, and an independent evaluation: quadrature, exact
enumeration, an exact average over random matrices or a simulation. Numbers are those of the book's
list of errata. Formulas as printed are in Chaudhari (2018), chapter 2 and section 3.1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from landscape.errata.row import Row
from landscape.errata.spin_glass_counts import (
    displaced_minima,
    exponential_prefactor,
    linear_response,
    minima_near_threshold,
    share_of_minima,
    trivial_regime,
)
from landscape.errata.spin_glass_energies import (
    gradient_and_hessian,
    index_density,
    rate_function,
    shifted_spectrum,
)
from landscape.errata.perceptron_checks import perceptron

__all__ = [
    "ERRATA", "Erratum", "Row", "displaced_minima", "erratum", "exponential_prefactor",
    "gradient_and_hessian", "index_density", "linear_response", "lines", "minima_near_threshold",
    "perceptron", "rate_function", "share_of_minima", "shifted_spectrum", "table", "trivial_regime",
]  # fmt: skip


@dataclass(frozen=True)
class Erratum:
    """`key` is the number in the book's list, or the place of a statement that has none."""

    key: str
    where: str
    subject: str
    rows: Callable[..., list[Row]]


ERRATA = (
    Erratum("1", "section 2.2.1", "closed form of I_1", rate_function),
    Erratum("2", "lemma 2.5", "gradient and Hessian at a critical point", gradient_and_hessian),
    Erratum("3", "eq. (2.16), B > 0", "prefactor of the exponential regime", exponential_prefactor),
    Erratum("4", "eq. (2.16), B < 0", "where two critical points remain", trivial_regime),
    Erratum("5", "eq. (2.18)", "minima near the threshold", minima_near_threshold),
    Erratum("6", "section 3.1.1", "binary perceptron", perceptron),
    Erratum("33", "remark 2.6", "quadratic term of the complexity", index_density),
    Erratum("35", "section 2.3.4", "interval of the shifted spectrum", shifted_spectrum),
    Erratum("2.3.2", "section 2.3.2", "share of minima below the threshold", share_of_minima),
    Erratum("2.13", "theorem 2.13", "how far a constant field moves minima", displaced_minima),
)


def erratum(key: str) -> Erratum:
    """The entry with that key. Raises ValueError for one that is not of part I."""
    for entry in ERRATA:
        if entry.key == str(key):
            return entry
    known = ", ".join(entry.key for entry in ERRATA)
    raise ValueError(f"erratum {key} is not computed here; known are {known}.")


def table(*keys: str) -> list[list[str]]:
    """Rows of text for a table: erratum, quantity, printed, corrected, check, how it was checked.

    All of part I without arguments. Raises ValueError for a key that is not computed here.
    """
    chosen = [erratum(key) for key in keys] if keys else list(ERRATA)
    return [line for entry in chosen for line in lines(entry.key, entry.rows())]


def lines(key: str, rows: list[Row]) -> list[list[str]]:
    """The same for rows that are not in the list, under the name `key`."""
    return [
        [key, row.quantity, "no number" if row.printed is None else f"{row.printed:.6g}",
         f"{row.corrected:.6g}", f"{row.check:.6g}", row.how]
        for row in rows
    ]  # fmt: skip
