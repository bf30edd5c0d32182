"""Slow twins for the Gaussian field: quadrature, root finding and dense minimisation."""

import math

from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar


def index_by_quadrature(x):
    """First printed form of eq. (9): an integral over the semicircle."""
    return 2 / math.pi * quad(lambda t: math.sqrt(1 - t * t), x, 1, epsabs=1e-13)[0]


def inverse_by_bisection(alpha):
    """x with index_by_quadrature(x) = alpha."""
    return brentq(lambda x: index_by_quadrature(x) - alpha, -1, 1, xtol=1e-14)


def line_by_minimisation(energy, f, f1, f2):
    """lambda_bar that minimises the exponent: Gaussian law of (eps, lambda_bar) minus log-det.

    Joint covariance (1/N) [[f, f'], [f', f'']]; log |det| / N = lambda_bar^2 / (4 f'') + constant
    for a semicircle that contains 0, here by quadrature.
    """
    det = f * f2 - f1**2

    def log_det(x):
        def shifted(t):
            return 2 / math.pi * math.sqrt(1 - t * t) * math.log(abs(2 * math.sqrt(f2) * t + x))

        zero = -x / (2 * math.sqrt(f2))
        return quad(shifted, -1, zero, limit=200)[0] + quad(shifted, zero, 1, limit=200)[0]

    def exponent(x):
        gauss = (f2 * energy**2 - 2 * f1 * energy * x + f * x * x) / (2 * det)
        return gauss - log_det(x)

    edge = 2 * math.sqrt(f2) * 0.999999
    return minimize_scalar(
        exponent, bounds=(-edge, edge), method="bounded", options={"xatol": 1e-9}
    ).x
