"""t_* against the L2 coefficient with momentum and augmentation (Lewkowycz & Gur-Ari 2020, S2)."""

import numpy as np
import pandas as pd

from landscape.evidence import l2_budgets, l2_sweeps, l2_times, statistics
from landscape.evidence.measurement import Measurement, format_measurement, format_number, not_run

ID = "lewkowycz-fig-S2"
RUNS, RATES = l2_budgets.CONSTANTS, "lewkowycz-fig-s2-rates"
TIME, STRENGTH = l2_budgets.TIME, l2_budgets.STRENGTH
MOMENTUM, PLAIN = "constant_l2", "constant_l2_plain"
#: Looks that are averaged, and the points of accuracy by which L2 is behind once it "costs".
LOOKS, BEHIND = 5, 2.0


def measure(runs):
    """Exponents of t_* in the coefficient and in the learning rate."""
    frame, rates = runs.frame(RUNS), runs.frame(RATES)
    found = {}
    if frame is not None:
        smooth = smoothed(frame)
        found["c1"] = {
            "exponent": exponent(frame),
            "reached": exponent_reached(runs, frame),
            "smoothed": exponent(smooth),
            "parting": parting_exponent(partings(smooth)),
        }
    if rates is not None:
        found["c2"] = rate_exponents(rates)
    return found


def smoothed(frame):
    """The same runs with test errors averaged over so many consecutive looks.

    The mean stands at the middle look, and looks without neighbours on both sides are left out.
    """
    rows = frame.sort_values([STRENGTH, "seed", "step"])
    means = rows.groupby([STRENGTH, "seed"])["test_error"].transform(
        lambda errors: errors.rolling(LOOKS, center=True).mean()
    )
    return rows.assign(test_error=means).dropna(subset=["test_error"])


def exponent(frame):
    """Exponent of t_* in lambda over the coefficients at which no run was still rising."""
    law = l2_times.power_law(l2_times.peak_times(frame, [STRENGTH], time=TIME), [STRENGTH])
    if law is None:
        return not_run("fewer than three coefficients were followed to their best")
    note = f"{law.points} of {law.points + law.left_out} coefficients were followed to their best"
    return law.exponents[STRENGTH].with_(note=note)


def exponent_reached(runs, frame):
    """The same over the coefficients whose peak should lie within the run, still rising or not."""
    tuning = l2_budgets.read(runs)
    if isinstance(tuning, Measurement):
        return tuning
    kept = frame[frame[STRENGTH].isin(tuning.reached(tuning.budgets[-1]))]
    times = l2_times.peak_times(kept, [STRENGTH], time=TIME)
    law = l2_times.power_law(times, [STRENGTH], censored=True)
    if law is None:
        return not_run("fewer than three coefficients have their peak within the run")
    return law.exponents[STRENGTH].with_(note=f"over {law.points} coefficients")


def partings(smooth):
    """From when on each coefficient stays behind the smallest one: coefficients by seeds, epochs.

    The time of the first look after which the accuracy is never less than ``BEHIND`` points below
    that of the smallest coefficient with the same seed; NaN where it catches up or never falls
    behind.
    """
    errors = smooth.pivot(index=TIME, columns=[STRENGTH, "seed"], values="test_error")
    smallest = errors.columns.get_level_values(0).min()
    found = {}
    for strength, seed in errors.columns:
        if strength == smallest:
            continue
        behind = (errors[strength, seed] - errors[smallest, seed]).to_numpy() >= BEHIND - 1e-9
        lasting = np.logical_and.accumulate(behind[::-1])[::-1]
        time = errors.index[np.argmax(lasting)] if lasting.any() else np.nan
        found.setdefault(seed, {})[strength] = time
    table = pd.DataFrame(found).sort_index()
    return table.rename_axis(index=STRENGTH, columns="seed")


def parting_exponent(table):
    """Exponent of the parting time in lambda, over the coefficients that part in every seed."""
    whole = table.dropna()
    if len(whole) < 3:
        return not_run(f"only {len(whole)} coefficients fall behind in every seed")
    logs = np.log(whole)
    fits = np.polyfit(np.log(whole.index), logs.to_numpy(), 1)[0]
    return statistics.mean_interval(fits, note=f"over {len(whole)} coefficients")


def rate_exponents(rates):
    """Exponent of t_* in the learning rate, with momentum and without, and their difference."""
    laws = {method: rate_law(rates, method) for method in (MOMENTUM, PLAIN)}
    if None in laws.values():
        return not_run("too few rates and coefficients were followed to their best")
    with_it, without = (laws[method].by_seed["lr"] for method in (MOMENTUM, PLAIN))
    pair = statistics.common_seeds(with_it, without)
    return {
        "momentum": statistics.mean_interval(1 + with_it),
        "plain": statistics.mean_interval(without),
        "apart": statistics.paired_difference(*pair) if len(pair[0]) else not_run("no pairs"),
    }


def rate_times(rates, method):
    """t_* of every run of one method."""
    rows = rates[rates["method"] == method]
    return l2_times.peak_times(rows, ["lr", STRENGTH], time=TIME)


def rate_law(rates, method):
    """The power law of t_* in rate and coefficient."""
    return l2_times.power_law(rate_times(rates, method), ["lr", STRENGTH])


def finding(found):
    """The exponents, and whether they are what the work says."""
    every, reached = (found[f"c1.{key}"].measurement for key in ("exponent", "reached"))
    powers = [
        f"as {l2_sweeps.power(chr(92) + 'lambda', one)}{which}"
        for one, which in (
            (every, ""),
            (reached, " where only coefficients that can peak within the runs count"),
        )
        if one is not None and one.finite
    ]
    first = "no exponent of the time to the best accuracy was measured"
    if powers:
        first = f"the time to the best accuracy goes {', or '.join(powers)} (the work: -1)"
    rate, plain = (found[f"c2.{key}"].value for key in ("momentum", "plain"))
    second = "the learning rate was not varied"
    if rate is not None and plain is not None:
        rates = (f"$\\eta^{{{format_number(value, 1)}}}$" for value in (rate - 1, plain))
        second = "with momentum it goes as {}, without as {}".format(*rates)
        if not found["c2.apart"].measurement.apart():
            second = "whether momentum changes how it depends on the learning rate stays open"
    small = "On a narrow network " if found.verdict.scale == "small" else ""
    sentence = f"{small}{first}; {second}."
    return sentence[0].upper() + sentence[1:]


def picture(runs):
    """The work's three panels: t_*, highest accuracy, highest accuracy within budgets."""
    from landscape import book
    from landscape.book import budget_pictures

    frame = runs.frame(RUNS)
    times = l2_times.peak_times(frame, [STRENGTH], time=TIME)
    figure, ax = book.panel(height=3.1)
    budget_pictures.draw_peaks(ax, times, book.CYCLE[0])
    smallest, largest = times[STRENGTH].min(), times[STRENGTH].max()
    ends = times.loc[(times[STRENGTH] == largest) & (times["t_star"] > 0), "t_star"]
    if len(ends):
        budget_pictures.draw_slope(ax, (smallest, largest), ends)
    ax.set(xlabel=budget_pictures.LAMBDA, ylabel="$t_*$ [epochs]")
    ax.legend()
    panels = {"a": figure}
    tuning = l2_budgets.read(runs)
    strengths = tuning.maxima.loc[tuning.budgets[-1]]
    panels["b"], ax = book.panel(height=3.1)
    budget_pictures.draw_accuracies(ax, strengths, book.CYCLE[0])
    ax.set(xlabel=budget_pictures.LAMBDA, ylabel="highest accuracy [%]")
    panels["c"], ax = book.panel(height=3.1)
    for budget, color in zip(tuning.budgets, book.CYCLE, strict=False):
        budget_pictures.draw_accuracies(
            ax, tuning.maxima.loc[budget], color, f"$T$ = {budget:g}"
        )  # fmt: skip
    ax.set(xlabel=budget_pictures.LAMBDA, ylabel="highest accuracy within $T$ [%]")
    ax.set_ylim(top=1.2 * tuning.maxima.max().max())
    ax.legend(ncols=2)
    return book.Picture(
        panels=panels,
        titles={"a": "time of the best accuracy", "b": f"whole run, {tuning.budgets[-1]:g} epochs",
                "c": "fixed budgets"},
        alt="Three panels against the L2 coefficient on logarithmic axes: the time of the best "
        "test accuracy, one mark a seed, open where the run was still rising, with a line of slope "
        "minus one; the highest accuracy of the whole run; the highest accuracy within budgets.",
        data=times,
    )  # fmt: skip


def clocks(runs):
    """Another clock, the time at which L2 begins to cost, and the rates."""
    from landscape import book
    from landscape.book import budget_pictures

    table, rates = partings(smoothed(runs.frame(RUNS))), runs.frame(RATES)
    figure, ax = book.panel(height=3.1)
    for number, (seed, color) in enumerate(zip(table, book.CYCLE, strict=False)):
        # Side by side, as two seeds often part at the same look.
        ax.plot(table.index * (0.97 + 0.03 * number), table[seed], "o", color=color,
                label=f"seed {seed}")  # fmt: skip
    whole = table.dropna()
    if len(whole):
        budget_pictures.draw_slope(ax, (whole.index[0], whole.index[-1]), whole.iloc[-1])
        book.log_axis(ax)
        book.log_axis(ax, "x")
    ax.set(xlabel=budget_pictures.LAMBDA, ylabel="behind from then on [epochs]")
    ax.legend()
    times = all_rate_times(rates)
    momentum = runs.parameters(RUNS, MOMENTUM)["optimizer"]["momentum"]
    tenfold = np.where(times["method"] == MOMENTUM, 1 / (1 - momentum), 1)
    times["rate"] = (times["lr"] * tenfold).round(6)
    times["product"] = times["t_star"] * times["rate"] * times[STRENGTH]
    names = {MOMENTUM: "momentum", PLAIN: "plain SGD"}
    return book.Picture(
        panels={"a": figure, "b": budget_pictures.against_rate(times, names)},
        titles={"a": "when L2 begins to cost", "b": r"does $1/(\eta\lambda)$ hold?"},
        alt="Two panels. Left, on logarithmic axes, the time from which on the accuracy stays two "
        "points below that of the smallest coefficient, against the coefficient, with a line of "
        "slope minus one. Right, the time of the best accuracy times rate times coefficient "
        "against the rate, with momentum and without: level lines would mean the law holds.",
        data={"partings": table.reset_index(), "rates": times},
    )  # fmt: skip


def all_rate_times(rates):
    """t_* of every run with another rate, one below the other."""
    return pd.concat(
        [rate_times(rates, method).assign(method=method) for method in (MOMENTUM, PLAIN)],
        ignore_index=True,
    )


def rate_table(runs):
    """t_* by rate and coefficient, with momentum and without."""
    from landscape import book

    rates, rows = runs.frame(RATES), []
    tables = {method: rate_times(rates, method) for method in (MOMENTUM, PLAIN)}
    tenfold = 1 / (1 - runs.parameters(RUNS, MOMENTUM)["optimizer"]["momentum"])
    for (rate, strength), found in tables[MOMENTUM].groupby(["lr", STRENGTH]):
        plain = tables[PLAIN]
        same = np.isclose(plain["lr"], rate * tenfold) & np.isclose(plain[STRENGTH], strength)
        rows.append([
            format_number(rate), format_number(strength),
            format_measurement(l2_times.mean_peak_time(found)),
            format_measurement(l2_times.mean_peak_time(plain[same])),
        ])  # fmt: skip
    return book.Table(
        [r"$\eta$", r"$\lambda$", "$t_*$ with momentum", r"$t_*$ of plain SGD at $\eta/(1-m)$"],
        rows, stack=True,
        caption="Epochs to within 0.5 points of the best accuracy, geometric means",
    )  # fmt: skip


def counted(runs):
    """How many runs were still rising, how the exponent changes when looks are averaged."""
    frame = runs.frame(RUNS)
    times = l2_times.peak_times(frame, [STRENGTH], time=TIME)
    smooth = exponent(smoothed(frame))
    words = f"Of {len(times)} runs {int(times['censored'].sum())} had their best at the last look."
    if smooth.value is not None:
        words += f" With five looks averaged the exponent is {format_measurement(smooth)}."
    return words
