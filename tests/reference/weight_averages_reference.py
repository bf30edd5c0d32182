"""Averages of a list of weights by their definitions, in float64."""

import torch


def exponential(path, decay):
    """Weight (1 - decay) decay^k for the k-th from the end, and what is left for the first.

    path [steps, weights] are the weights after each step.
    """
    path = path.double()
    steps = len(path)
    parts = torch.tensor([(1 - decay) * decay ** (steps - 1 - i) for i in range(steps)]).double()
    parts[0] = decay ** (steps - 1)
    return (parts[:, None] * path).sum(0)


def plain(path, start, every):
    """Mean of the weights after the steps ``start``, ``start + every``, ... (counted from 1)."""
    return path.double()[start - 1 :: every].mean(0)
