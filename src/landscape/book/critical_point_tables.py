"""Tables of the page on critical points: which spin glass a network is, and eq. (2.19).

Computed from formulas alone; source: Chaudhari (2018), sections 2.3.2 and 2.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from landscape.book.tables import Table
from landscape.theory import network_model, spin_glass

_FIELDS = ((3, 100, 1.0), (3, 100, -10.0), (16, 100, 1.0), (16, 148, 74.0))  # p, N, tau


def network(widths: Sequence[int], layers: int, coupling: float, tau0: float) -> list[Table]:
    """A dense network as a spin glass by the rule of section 2.4.2, and what does not fit.

    Args:
        widths: Input, hidden layers and output.
        layers: p as the work counts it.
        coupling: the J of the works.
        tau0: Decay time of the annealed field in iterations.
    """
    found = network_model.network_parameters(layers, widths=widths, coupling=coupling)
    first, last = found.iterations_in_band(tau0)
    share = f"{100 * (last - first) / tau0:.1f} % of one $\\tau_0$"
    rows = [
        ["$N$, $p$, $J$", f"{found.spins:.1f}, {found.layers}, {found.coupling:g}"],
        [r"critical field $\nu_c$", f"{found.critical_field:.6f}"],
        [r"fields with $|B| \le 1/N$", "{:.6f} to {:.6f}".format(*found.band)],
        [r"fields with $|\kappa| \le 1$", "{:.6f} to {:.6f}".format(*found.minima_band)],
        [rf"iterations with $|B| \le 1/N$, $\tau_0 = {tau0:g}$",
         f"{first:.0f} to {last:.0f}, {share}"],
    ]  # fmt: skip
    kinds = [[f"{i}", text] for i, text in enumerate(found.inconsistencies, 1)]
    return [
        Table(["quantity", "value"], rows, folded=True,
              caption=f"The thin network of {layers} hidden layers as a spin glass"),
        Table(["", "what does not fit"], kinds, folded=True,
              caption="Where the model and its use differ, with the numbers of this network"),
    ]  # fmt: skip


def field() -> Table:
    """The field at a given tau: exact, to first order in tau/N, and as printed in eq. (2.19)."""
    forms = spin_glass.field_at, spin_glass.field_first_order, spin_glass.field_as_printed
    rows = [
        [f"{p}", f"{n}", f"{tau:g}",
         *(f"{form(tau, n, p) / spin_glass.critical_field(p):.5f}" for form in forms)]
        for p, n, tau in _FIELDS
    ]  # fmt: skip
    heads = ["$p$", "$N$", r"$\tau$", "exact", r"first order in $\tau/N$", "printed, eq. (2.19)"]
    caption = r"$\nu / \nu_c$ at $B = -\tau/N$; the last row is where the annealing starts"
    return Table(heads, rows, folded=True, caption=caption)
