"""What a few checks of the errata of chapter 2 say in words."""

import math

from landscape.errata import registry, thesis_counts, thesis_spin_glass
from landscape.theory import critical_counts, kac_rice, spin_glass


def ratio_of_the_roots(b=0.3):
    """Erratum 3: the count beside the print, and the two roots."""
    last = registry.get(3).rows[-1]
    return (
        f"At $B = {b:g}$ the count is {last.check / last.printed:.3f} of the printed value; "
        rf"$\sqrt{{(1-B)/(1+B)}}$, by which the two roots differ, is "
        f"{math.sqrt((1 - b) / (1 + b)):.3f}."
    )


def two_terms(kappa=-16.0):
    """Erratum 5: the two corrected terms alone."""
    return (
        rf"At $\kappa = {kappa:g}$ the two corrected terms alone are "
        f"{thesis_counts.corrected_exponent(kappa):.1f}, the printed ones "
        f"{critical_counts.log_minima_as_printed(kappa):.1f}; the number itself has the logarithm "
        f"{critical_counts.log_minima_at_edge(kappa):.1f}."
    )


def at_the_critical_field(n=100):
    """Eq. (2.17) at tau = 0."""
    return (
        rf"At $\tau = 0$, $F$ is {kac_rice.critical_points_per_spin(0.0):.6g}; the exact number "
        f"for {n} spins is {kac_rice.expected_critical_points(n, 0.0):.6g}."
    )


def directions(n=100):
    """How many directions can have the printed mean distance."""
    weak = spin_glass.field_parameter(1 / n, 3)
    return (
        f"A mean of {thesis_spin_glass.STATED_DISTANCE} over all pairs is possible for "
        f"{thesis_spin_glass.directions_allowed()} directions at most; the figure has 20,000, and "
        f"the landscape {kac_rice.expected_minima(n, weak):.0f} minima on average."
    )
