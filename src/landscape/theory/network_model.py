"""Which spin glass a network is said to be: N, p, J and v from layers, widths and weights.

Chaudhari (2018) models p layers of N neurons by a p-spin glass of N spins (section 2.1) and
estimates N for a real network as sqrt(weights / p) (section 2.4.2). The two do not fit in every
respect; `NetworkParameters.inconsistencies` names what does not, with the numbers of the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landscape.theory.spin_glass import critical_field, field_at, field_parameter


def dense_weights(widths: Sequence[int], biases: bool = True) -> int:
    """Number of weights of a fully connected network; `widths` includes input and output.

    Raises ValueError for fewer than two layers of neurons or a width below 1.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError("widths must name at least an input and an output, each 1 or more.")
    return sum((a + biases) * b for a, b in zip(widths[:-1], widths[1:], strict=True))


@dataclass(frozen=True)
class NetworkParameters:
    """A network seen as a spin glass.

    `spins` N = sqrt(weights / p); `layers` p; `coupling` J; `critical_field` v_c = J sqrt(p(p-2));
    `connections` d = N^{1/p}, the synapses of a neuron in the sparse model; `band` the fields v at
    B = 1/N and B = -1/N, between which critical points number of order N; `minima_band` those at
    kappa = -1 and 1, the same for minima (infinite where N is too small to reach it);
    `inconsistencies` one sentence each.
    """

    spins: float
    layers: int
    weights: int
    coupling: float
    critical_field: float
    connections: float
    band: tuple[float, float]
    minima_band: tuple[float, float]
    inconsistencies: tuple[str, ...]

    def b_at(self, field: float) -> float:
        """B of eq. (2.15) for a field of standard deviation `field`."""
        return field_parameter(field, self.layers, self.coupling)

    def field_of_iteration(self, iteration: float, tau0: float) -> float:
        """v of the annealing (eqs. 2.19, 2.20): sqrt(2) v_c exp(-i / (2 tau0)); N cancels."""
        return math.sqrt(2) * self.critical_field * math.exp(-iteration / (2 * tau0))

    def iterations_in_band(self, tau0: float) -> tuple[float, float]:
        """First and last iteration at which the annealed field is inside `band`.

        Raises ValueError without a band, that is for p = 2.
        """
        if self.band[0] <= 0:
            raise ValueError(f"p is {self.layers}: v_c is 0 and the field never leaves the band.")
        low, high = self.band
        start = math.sqrt(2) * self.critical_field
        first, last = (2 * tau0 * math.log(start / v) for v in (high, low))
        return max(first, 0.0), max(last, 0.0)


def network_parameters(
    layers: int,
    weights: int | None = None,
    widths: Sequence[int] | None = None,
    coupling: float = 1.0,
) -> NetworkParameters:
    """N, p, J, v_c of a network by the rule of section 2.4.2, and what contradicts the model.

    `layers` is p as the work counts it (hidden layers; convolution, batch normalisation and pooling
    are one). Give the number of `weights`, or the `widths` of a dense network including input and
    output. Raises ValueError for p < 2, for neither or no weights, and for a coupling <= 0.
    """
    if layers < 2:
        raise ValueError(f"p is {layers}; v_c = J sqrt(p (p-2)) needs at least 2 layers.")
    if weights is None:
        if widths is None:
            raise ValueError("give the number of weights, or the widths of a dense network.")
        weights = dense_weights(widths)
    if weights < 1 or coupling <= 0:
        raise ValueError(f"weights is {weights} and coupling {coupling}; both must be positive.")
    n = math.sqrt(weights / layers)
    band = tuple(_field(b, layers, coupling) for b in (1 / n, -1 / n))
    edge = 0.5 * n ** (-1 / 3)
    minima_band = tuple(_field(b, layers, coupling) for b in (edge, -edge))
    return NetworkParameters(
        spins=n,
        layers=layers,
        weights=weights,
        coupling=coupling,
        critical_field=critical_field(layers, coupling),
        connections=n ** (1 / layers),
        band=band,
        minima_band=minima_band,
        inconsistencies=tuple(_inconsistencies(layers, weights, widths, coupling, n)),
    )


def _field(b: float, p: int, coupling: float) -> float:
    """v at B = b; 0 where no field is weak enough and infinity where none is strong enough."""
    if b >= 1 - 2 / p:
        return 0.0
    return field_at(-b, 1, p, coupling) if b > -1 else math.inf


def _inconsistencies(
    p: int, weights: int, widths: Sequence[int] | None, coupling: float, n: float
) -> Iterator[str]:
    if widths is not None and not math.isclose(n, widths[1], rel_tol=1e-3):
        yield (
            f"The rule gives N = {n:.1f} neurons a layer where the first hidden layer has "
            f"{widths[1]}: it is exact for p square weight matrices and no bias only."
        )
    if widths is not None and len(widths) - 1 != p:
        other = len(widths) - 1
        yield (
            f"p = {p} counts hidden layers, but there are {other} weight matrices, and a path "
            f"through the network is a product of that many weights; with p = {other} the rule "
            f"gives N = {math.sqrt(weights / other):.1f}."
        )
    yield (
        f"The model of section 2.1 has d = N^(1/p) = {n ** (1 / p):.2f} connections a neuron; the "
        "rule that estimates N assumes N of them, dense layers."
    )
    if p <= 5:
        yield f"The derivation needs p > 5 (d < N^(1/5)); here p = {p}."
    yield (
        f"A configuration has N = {n:.0f} spins, but the field is added to all {weights:,} "
        "weights: the sphere of the model is not the space in which the network moves."
    )
    if coupling != 1:
        b = field_parameter(critical_field(p, coupling), p, 1.0)
        yield (
            f"J = {coupling:g} is tuned and v_c shrinks with it; if the loss is of order 1 (J = 1) "
            f"this field has B = {b:.4f}, where no field has {1 - 2 / p:.4f}."
        )
    if p == 2:
        yield "For p = 2 the critical field is 0: the model has no exponential regime."
    else:
        yield (
            "The annealing starts at tau = N/2, or B = -1/2; its printed field sqrt(2) v_c has "
            f"B = -(p-2)/(3p-4) = {-(p - 2) / (3 * p - 4):.3f}. Both are far outside the band |B| "
            f"<= 1/N = {1 / n:.4f} for which it is derived, and N cancels from its schedule."
        )
