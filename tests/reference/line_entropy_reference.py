"""Slow twins of landscape.theory.line_entropy and inner_langevin: adaptive quadrature and loops."""

import math

from scipy.integrate import quad


def loss(wells, bowl, offset, x):
    """The formula of landscape.theory.line_loss, term by term."""
    total = offset + bowl * x * x / 2
    for centre, width, depth in wells:
        total -= depth * math.exp(-((x - centre) ** 2) / (2 * width**2))
    return total


def average(f, g, x, gamma, beta, marks=()):
    """Integral of g(y) exp(-beta f(y) - beta (x-y)^2/(2 gamma)) dy, by pieces between marks."""
    reach = 12 * math.sqrt(gamma / beta) + 3
    ends = sorted({x - reach, x, x + reach, *(m for m in marks if abs(m - x) < reach)})
    total = 0.0
    for left, right in zip(ends, ends[1:], strict=False):
        total += quad(lambda y: g(y) * math.exp(-beta * f(y) - beta * (x - y) ** 2 / (2 * gamma)),
                      left, right, epsabs=1e-15, epsrel=1e-11, limit=400)[0]  # fmt: skip
    return total


def local(f, x, gamma, beta=1.0, marks=()):
    """(value, slope, curvature, shannon) of the work's definitions, with a normalised kernel."""
    z = average(f, lambda y: 1.0, x, gamma, beta, marks)
    mean = average(f, lambda y: y, x, gamma, beta, marks) / z
    square = average(f, lambda y: (y - mean) ** 2, x, gamma, beta, marks) / z

    def minus_log_density(y):
        return beta * f(y) + beta * (x - y) ** 2 / (2 * gamma) + math.log(z)

    shannon = average(f, minus_log_density, x, gamma, beta, marks) / z
    value = -math.log(z / math.sqrt(2 * math.pi * gamma / beta)) / beta
    return value, (x - mean) / gamma, (1 - beta * square / gamma) / gamma, shannon


def estimate(slope, x, gamma, rate, temperature, alpha, draws):
    """Algorithm 2, lines 1 to 6, for one chain with the given normal draws."""
    y = z = x
    every = []
    for draw in draws:
        dy = slope(y) - (x - y) / gamma
        y = y - rate * dy + math.sqrt(2 * rate * temperature) * draw
        every.append(y)
        z = sum(every) / len(every) if alpha is None else alpha * z + (1 - alpha) * y
    return (x - z) / gamma
