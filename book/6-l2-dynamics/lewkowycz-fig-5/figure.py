"""Modes and losses under L2 regularization (Lewkowycz & Gur-Ari, figure 5): measuring, drawing."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_number, not_run
from landscape.theory import l2_modes

KERNEL, TRAINED = "lewkowycz-fig-5-kernel", "lewkowycz-fig-5-trained"
DECAY = 0.01  # lambda of panels a and b
FAST, SLOW = 100.0, 0.1  # gamma / lambda, which the work does not state
START = 0.5  # f(0) as a share of the label, unstated
AGREE = 0.1  # claim 4's threshold
LAMBDAS = np.geomspace(0.03, 3e-5, 13)
SLOW_GAMMA, SLOW_LAMBDAS = 1e-3, np.geomspace(0.01, 1.0, 9)
SPECTRUM = np.arange(1.0, 2001.0) ** -2.0


def slope(rates, times):
    """Least-squares slope of log time against log rate."""
    return float(np.polyfit(np.log(rates), np.log(times), 1)[0])


def first_reach(level, gamma, k, decay):
    """First time a mode that starts at 0 reaches ``level`` of its label (bisection)."""
    low, high = 0.0, l2_modes.peak_time(gamma, k=k, decay=decay)
    for _ in range(80):
        middle = (low + high) / 2
        if l2_modes.mode(middle, gamma, k=k, decay=decay) < level:
            low = middle
        else:
            high = middle
    return high


def loss_minimum(decay):
    """Time of the smallest training loss of a broad spectrum, eigenvalues 1 / a^2."""

    def loss(log_time):
        f = l2_modes.mode(np.exp(log_time), SPECTRUM, k=2, decay=decay)
        return ((f - 1) ** 2).sum()

    ends = (np.log(0.05 / decay), np.log(5 / decay))
    return float(np.exp(minimize_scalar(loss, bounds=ends, method="bounded").x))


@cache
def times():
    """Times of one fast mode (gamma = 1, from 0) and of a broad spectrum, by lambda."""
    below = {
        level: [l2_modes.time_below(level, 1.0, k=2, decay=lam) for lam in LAMBDAS]
        for level in (0.5, 0.9, 0.1)
    }
    return pd.DataFrame({
        "lambda": LAMBDAS,
        "peak": [l2_modes.peak_time(1.0, k=2, decay=lam) for lam in LAMBDAS],
        "half": below[0.5], "ninety": below[0.9], "ten": below[0.1],
        "loss_minimum": [loss_minimum(lam) for lam in LAMBDAS],
    })  # fmt: skip


def integrated(gamma, k, until):
    """A mode at a time, from its equation of motion."""
    done = solve_ivp(
        lambda t, f: l2_modes.rate(t, f, gamma, 1.0, k, DECAY),
        (0, until), [START], method="Radau", rtol=1e-12, atol=1e-13,
    )  # fmt: skip
    return done.y[0, -1]


def limit_violation():
    """Largest distance of the linear limit from the equation of motion, integrated."""
    worst = 0.0
    for ratio in np.geomspace(0.01, 1000, 6):
        gamma = ratio * DECAY
        end = integrated(gamma, 1, 60 / (gamma + DECAY))
        worst = max(worst, abs(end - l2_modes.limit(gamma, k=1, decay=DECAY)))
    return worst


def losses(runs):
    """Claim 4's measurements from the theory's losses of the draws.

    The largest difference among three losses is at least that of two of them, so the theories
    alone can contradict that the three agree, but could not show it.
    """
    frame = runs.frame(KERNEL)
    if frame is None:
        return {}
    own, first, late = [], [], []
    for _, one in frame.groupby("draw"):
        k1, k2 = (one[name].to_numpy() for name in ("loss_k1", "loss_k2"))
        before = slice(0, k2.argmin() + 1)
        apart = np.abs(k1 - k2)[before]
        own.append((apart / k2[before]).max())
        first.append(apart.max() / k2[0])
        late.append(abs(k2[-1] / one["loss_zero"].iloc[-1] - 1))
    found = {
        "early": statistics.mean_interval(own, note="two of the three losses"),
        "early-of-first": statistics.mean_interval(first),
        "late": statistics.mean_interval(late),
    }
    if found["early"].low is None or found["early"].low < AGREE:
        found["early"] = not_run("two of three losses can only contradict that the three agree")
    return found


def trained(runs):
    """Claim 4's measurements from the trained networks, each beside the theory with its kernel."""
    frame = runs.frame(TRAINED)
    if frame is None:
        return {}
    ends, before = [], []
    for _, one in frame.groupby("seed"):
        own, theory = one["loss"].to_numpy(), one["loss_flow"].to_numpy()
        until = slice(0, theory.argmin() + 1)
        before.append((np.abs(own - theory) / theory)[until].max())
        ends.append(abs(own[-1] / theory[-1] - 1))
    return {"width": statistics.mean_interval(ends), "trained": statistics.mean_interval(before)}


def measure(runs):
    """Exponents of the theory's times, its limits, and the losses of panel c."""
    fast, table = FAST * DECAY, times()
    drawn = {"k": 2, "decay": DECAY, "start": START}  # the mode of panel a
    at_peak = l2_modes.mode(l2_modes.peak_time(fast, **drawn), fast, **drawn)
    gammas = DECAY * np.geomspace(30, 3000, 9)
    approach = [first_reach(1 - np.exp(-1), gamma, 2, DECAY) for gamma in gammas]
    fading = {
        k: [l2_modes.time_below(np.exp(-1), SLOW_GAMMA, k=k, decay=lam, start=1.0)
            for lam in SLOW_LAMBDAS]
        for k in (1, 2)
    }  # fmt: skip
    found = {
        "c1": {
            "approach": Measurement(slope(gammas, approach)),
            "closeness": Measurement(1 - float(at_peak)),
            "duration": Measurement(slope(LAMBDAS, table["ten"] - table["ninety"])),
            "half": Measurement(slope(LAMBDAS, table["half"]), note="grows by a logarithm"),
        },
        "c2": {
            "two-layer": Measurement(slope(SLOW_LAMBDAS, fading[2])),
            "linear": Measurement(slope(SLOW_LAMBDAS, fading[1])),
            "zero": Measurement(float(l2_modes.limit(SLOW * DECAY, k=1, decay=DECAY))),
        },
        "c3": Measurement(limit_violation()),
    }
    return found | ({"c4": c4} if (c4 := losses(runs) | trained(runs)) else {})


def finding(found):
    """That modes learn and forget, which time is no pure power, and whether the losses agree."""
    parts = (found["c1.approach"], found["c1.duration"], found["c3"])
    held = all(part.verdict.word == "reproduced" for part in parts)
    words = (
        "Two-layer modes are learned, then forgotten, linear ones stay, as the work says"
        if held else "The modes do not follow the stated times"
    )  # fmt: skip
    power, early = format_number(found["c1.half"].value, 2), found["c4.early"]
    words += (
        f"; but forgetting comes after a time like $\\lambda^{{{power}}}$, not $1/\\lambda$"
    )
    if early.value is None:
        return f"{words}."
    return (
        f"{words}, and before the minimum the theories' losses on digits differ by "
        f"{format_number(100 * early.value, 0)} % of the loss then "
        f"({format_number(100 * found['c4.early-of-first'].value, 1)} % of the first)."
    )


def draw_modes(k):
    """A fast and a slow mode against time."""
    from landscape import book

    figure, ax = book.panel()
    time = np.geomspace(0.05, 20 / DECAY, 400)
    for ratio, name, line in ((FAST, "adam", "-"), (SLOW, "anneal_sgd", "--")):
        f = l2_modes.mode(time, ratio * DECAY, k=k, decay=DECAY, start=START)
        ax.plot(time, f, line, color=book.look(name).color, label=rf"$\gamma/\lambda = {ratio:g}$")
    for when, text in ((1 / (FAST * DECAY), r"$1/\gamma$"), (1 / DECAY, r"$1/\lambda$")):
        ax.axvline(when, color=book.GREY, linestyle=":", linewidth=1)
        ax.annotate(text, (when, 1.16), (4, 0), textcoords="offset points", va="center")
    ax.set(xscale="log", ylim=(-0.05, 1.25), ylabel="mode $f_a(t)$", xlabel="time $t$")
    ax.legend(loc="lower left", fontsize=9)
    return figure


def draw_losses(runs):
    """Training loss of the two theories on digits, draw 0, of trained networks, of zero."""
    from landscape import book

    frame = runs.frame(KERNEL)
    one = frame[(frame["draw"] == 0) & (frame["time"] > 0)]
    figure, ax = book.panel()
    for k, name in ((1, "adam"), (2, "anneal_sgd")):
        ax.plot(one["time"], one[f"loss_k{k}"], color=book.look(name).color, label=f"$k = {k}$")
    networks = runs.frame(TRAINED)
    for seed, own in networks[networks["time"] > 0].groupby("seed"):
        ax.plot(own["time"], own["loss"], color=book.CYCLE[2], linewidth=1.2,
                label="" if seed else f"trained, width {own['width'].iloc[0]:,}")  # fmt: skip
    ax.axhline(one["loss_zero"].iloc[0], color=book.GREY, linestyle=":", label="zero function")
    ax.set(xscale="log", yscale="log", xlabel="time $t$", ylabel="training loss")
    ax.legend(fontsize=8, loc="lower left", handlelength=1.2)
    return figure


def draw_times():
    """Times of the two-layer theory against lambda."""
    from landscape import book

    figure, ax = book.panel(height=3.2)
    table, grid = times(), np.geomspace(LAMBDAS.min(), LAMBDAS.max(), 100)
    ax.plot(grid, 1 / grid, "--", color=book.GREY, label=r"$1/\lambda$")
    ax.plot(grid, np.log(1 / (2 * grid)) / (2 * grid), ":", color=book.GREY,
            label=r"$\log(1/2\lambda)/2\lambda$")  # fmt: skip
    for column, mark, color, label in (
        ("half", "s", book.CYCLE[1], "one mode: half lost"),
        ("loss_minimum", "^", book.CYCLE[2], "broad spectrum: loss minimum"),
        ("peak", "o", book.CYCLE[0], "one mode: peak"),
    ):
        ax.plot(table["lambda"], table[column], mark, color=color, label=label)
    ax.set(xscale="log", yscale="log", xlabel=r"L2 coefficient $\lambda$", ylabel="time",
           ylim=(2, 3e6))  # fmt: skip
    ax.legend(loc="upper right", fontsize=8)
    return figure


def dynamics(runs):
    """The page's picture: modes of both models, and the loss on digits."""
    from landscape import book

    return book.Picture(
        {"a": draw_modes(2), "b": draw_modes(1), "c": draw_losses(runs)},
        titles={"a": "two layers", "b": "linear model", "c": "loss on digits"},
        alt="Three panels against time on a logarithmic axis. In both models the fast mode rises "
        "to near one; with two layers it falls to zero around time two hundred, in the linear "
        "model it stays. The two theories' losses fall together at first; that of two layers turns "
        "at a higher minimum and rises to the zero function's. The trained networks' losses leave "
        "it before that and stay low.",
        data={"losses": runs.frame(KERNEL), "trained": runs.frame(TRAINED)},
    )


def time_scales():
    """Times against lambda."""
    from landscape import book

    return book.Picture(
        draw_times(),
        alt="Log-log plot of time against lambda. The peak of one mode is almost flat; the half- "
        "decay time follows the dotted line with the logarithm; the loss minimum runs "
        "parallel to one over lambda.",
        data=times(),
    )


def network_note(runs):
    """What the trained networks did, and what the work's own would cost, in sentences."""
    from landscape.book import l2_mode_tables

    return l2_mode_tables.trained_note(runs.frame(TRAINED))


def printed_table():
    """Eq. (3) as printed and as used, folded."""
    from landscape.book import l2_mode_tables

    return l2_mode_tables.printed(DECAY, START, integrated)
