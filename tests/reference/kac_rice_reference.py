"""Slow twin of landscape.theory.kac_rice: averages over sampled GOE matrices."""

import numpy as np


def goe(n, rng):
    """One matrix with density proportional to exp(-tr G^2 / 4)."""
    upper = np.triu(rng.standard_normal((n, n)), 1)
    return upper + upper.T + np.diag(np.sqrt(2) * rng.standard_normal(n))


def expected_counts(n, b, samples, seed=0):
    """((minima, standard error), (critical points, standard error)) by plain sampling."""
    rng = np.random.default_rng(seed)
    eigenvalues = np.array([np.linalg.eigvalsh(goe(n, rng)) for _ in range(samples)])
    factor = 2 * np.sqrt(1 + b) * ((1 + b) / (1 - b)) ** ((n - 1) / 2)
    weights = factor * np.exp(-b * eigenvalues**2 / 4)
    out = []
    for values in (weights[:, 0], weights.sum(1)):
        out.append((values.mean(), values.std(ddof=1) / np.sqrt(samples)))
    return out


def expected_by_index(n, b, samples, seed=0):
    """(expected numbers of critical points of index 0 .. n-1, standard errors) by sampling."""
    rng = np.random.default_rng(seed)
    eigenvalues = np.array([np.linalg.eigvalsh(goe(n, rng)) for _ in range(samples)])
    factor = 2 * np.sqrt(1 + b) * ((1 + b) / (1 - b)) ** ((n - 1) / 2)
    weights = factor * np.exp(-b * eigenvalues**2 / 4)
    return weights.mean(0), weights.std(0, ddof=1) / np.sqrt(samples)
