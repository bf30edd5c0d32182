"""Slow twin of landscape.theory.p_spin: explicit loops over all ordered index tuples."""

import itertools
import math

import numpy as np


def energy(couplings, field, spin, coupling=1.0):
    """H(s) by the double sum of eqs. (2.4) and (2.14), any number of axes."""
    n, p = len(spin), couplings.ndim
    total = 0.0
    for index in itertools.product(range(n), repeat=p):
        total += couplings[index] * math.prod(spin[i] for i in index)
    return -coupling * n ** (-(p - 1) / 2) * total - float(field @ spin)


def gradient_three(couplings, field, spin, coupling=1.0):
    """Gradient of H for p = 3, term by term as section 2.4.1 prints it."""
    n = len(spin)
    force = np.array(field, dtype=float)
    for i in range(n):
        for j in range(n):
            for k in range(n):
                three = couplings[i, j, k] + couplings[j, i, k] + couplings[j, k, i]
                force[i] += coupling / n * three * spin[j] * spin[k]
    return -force


def descend(couplings, field, spin, step_size, tolerance, max_iterations):
    """One start, one step at a time; returns (end point, iterations, energies on the way)."""
    n, spin, energies = len(spin), np.array(spin, dtype=float), []
    for iteration in range(max_iterations + 1):
        energies.append(energy(couplings, field, spin))
        gradient = gradient_three(couplings, field, spin)
        tangential = gradient - spin * (spin @ gradient) / n
        if np.linalg.norm(tangential) <= tolerance or iteration == max_iterations:
            return spin, iteration, energies
        spin = spin - step_size * tangential
        spin *= math.sqrt(n) / np.linalg.norm(spin)
    raise AssertionError("unreachable")


def gradient(couplings, field, spin, coupling=1.0):
    """Gradient of H for any p: each index in turn is left open, all others are contracted."""
    p, n = couplings.ndim, len(spin)
    force = np.array(field, dtype=float)
    for open_axis in range(p):
        for index in itertools.product(range(n), repeat=p):
            others = math.prod(spin[i] for axis, i in enumerate(index) if axis != open_axis)
            force[index[open_axis]] += coupling * n ** (-(p - 1) / 2) * couplings[index] * others
    return -force
