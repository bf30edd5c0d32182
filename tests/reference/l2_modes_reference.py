"""Slow twins of the mode solution: the printed eq. (3) in high precision, and the ODE itself."""

import mpmath
import numpy as np
from scipy.integrate import solve_ivp


def printed_mode(t, gamma, k, decay, start, label, digits=50):
    """Eq. (3) of Lewkowycz & Gur-Ari as printed, every exponential on its own, k != 1."""
    with mpmath.workdps(digits + int(1.0 * gamma / (2 * (k - 1) * decay) / 2.3)):
        t, gamma, k, decay = (mpmath.mpf(v) for v in (t, gamma, k, decay))
        c = 2 * (k - 1) * decay

        def now(s):
            return gamma * mpmath.exp(-c * s)

        def integrand(s):
            return mpmath.exp(-now(s) / c - (k - 2) * decay * s)

        # Cut at the points where the integrand changes its character.
        cuts = sorted({mpmath.mpf(0), t, *(t * i / 8 for i in range(1, 8))})
        cuts = sorted({*cuts, *(t - t / 2**j for j in range(1, 20))})
        integral = mpmath.quad(integrand, cuts)
        braces = mpmath.exp(-gamma / c) * start + gamma * label * integral
        return float(mpmath.exp(now(t) / c - k * decay * t) * braces)


def integrated_mode(times, gamma, k, decay, start, label):
    """The mode equation integrated by an implicit Runge-Kutta method at tight tolerance."""

    def slope(t, f):
        now = gamma * np.exp(-2 * (k - 1) * decay * t)
        return -now * (f - label) - k * decay * f

    def jacobian(t, f):
        return [[-gamma * np.exp(-2 * (k - 1) * decay * t) - k * decay]]

    done = solve_ivp(
        slope,
        (0, times[-1]),
        [start],
        method="Radau",
        t_eval=times,
        jac=jacobian,
        rtol=1e-11,
        atol=1e-14,
    )
    assert done.success
    return done.y[0]
