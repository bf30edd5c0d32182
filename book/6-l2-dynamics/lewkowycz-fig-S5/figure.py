"""Squared loss and the catapult (Lewkowycz & Gur-Ari, figure S5): what is measured and drawn."""

import numpy as np

from landscape.evidence import statistics
from landscape.evidence.measurement import format_measurement, format_number, not_run

ID = "lewkowycz-fig-S5"
SWEEP, CATAPULT = "lewkowycz-fig-s5-mse", "lewkowycz-fig-s5-catapult"
#: The method whose runs are short and have more seeds.
EARLY = "early"
#: One image of the laptop's test set, in percent: no spread of accuracies is known better.
RESOLUTION = 0.05


def frames(runs):
    """The runs that go to their horizon, and the short ones with more seeds; None without any."""
    frame = runs.frame(SWEEP)
    if frame is None:
        return None, None
    short = frame["method"] == EARLY
    return frame[~short], frame[short]


def kept(frame):
    """The rows of networks that did not diverge, and the names of the others."""
    key = frame["lr"].astype(str) + "/" + frame["l2"].astype(str) + "/" + frame["seed"].astype(str)
    lost = frame["diverged"].fillna(0).astype(bool)
    names = tuple(
        f"rate {row.lr:g}, coefficient {row.l2:g}, seed {row.seed}"
        for row in frame[lost].itertuples()
    )
    return frame[~key.isin(key[lost])], names


def coefficients(frame):
    """The coefficients above zero, smallest first."""
    return sorted(value for value in frame["l2"].unique() if value > 0)


def _table(rows, column):
    return rows.pivot(index="seed", columns="lr", values=column)


def when_fitted(frame, l2, column="accuracy"):
    """Test accuracy when training accuracy is first 1 (or ``column`` there), seeds by rates.

    NaN where a network diverges or never gets there.
    """
    rows, _ = kept(frame[frame["l2"] == l2])
    rows = rows.assign(accuracy=100 - rows["test_error"]).sort_values("step")
    first = rows[rows["training_error"] == 0].groupby(["lr", "seed"], as_index=False).first()
    wanted = sorted(frame.loc[frame["l2"] == l2, "lr"].unique())
    seeds = sorted(frame.loc[frame["l2"] == l2, "seed"].unique())
    return _table(first, column).reindex(index=seeds, columns=wanted)


def at_end(frame, l2):
    """Test accuracy in the last row, seeds by rates."""
    rows, _ = kept(frame[frame["l2"] == l2])
    last = rows.sort_values("step").groupby(["lr", "seed"], as_index=False).last()
    return _table(last.assign(accuracy=100 - last["test_error"]), "accuracy")


def ends_apart(table, diverged=()):
    """Largest minus smallest rate of a table of accuracies, paired by seed."""
    pair = statistics.common_seeds(table[max(table.columns)], table[min(table.columns)])
    if len(pair[0]) == 0:
        return not_run("no seed whose networks all get there")
    missing = int(table.isna().to_numpy().sum())
    note = f"{missing} of {table.size} networks never get there" if missing else ""
    return statistics.paired_difference(*pair, unit="%", note=note, diverged=diverged)


def spreads(table):
    """Largest minus smallest accuracy among the rates, of the seeds that have all of them."""
    whole = table.dropna()
    return (whole.max(axis=1) - whole.min(axis=1)).clip(lower=RESOLUTION)


def shrinking(frame, l2):
    """The spread over rates at the end, over that when training accuracy is first 1."""
    pair = statistics.common_seeds(spreads(at_end(frame, l2)), spreads(when_fitted(frame, l2)))
    if len(pair[0]) == 0:
        return not_run("no seed whose networks all get there")
    return statistics.ratio_of_means(*pair)


def minima(frame, l2):
    """Final over least training loss, and t eta lambda at the least: one mean a seed each.

    Means over the learning rates, geometric for the ratio.
    """
    rows, _ = kept(frame[frame["l2"] == l2])
    rows = rows.sort_values("step").reset_index(drop=True)
    groups = rows.groupby(["lr", "seed"])
    least = rows.loc[groups["training_loss"].idxmin()].set_index(["lr", "seed"])
    last = groups["training_loss"].last()
    logs = np.log(last / least["training_loss"])
    times = least["step"] * least.index.get_level_values("lr") * l2
    return np.exp(logs.groupby("seed").mean()), times.groupby("seed").mean()


def first_steps(runs):
    """Of every network of the catapult's runs: rise of the loss, curvature, both times the rate.

    Returns:
        One row a network: ``lr``, ``seed``, ``rise`` (largest over first loss), ``start`` and
        ``end`` (curvature), ``diverged``; None where there is no record.
    """
    losses, curvature = (runs.table(CATAPULT, "mse", name) for name in ("results", "curvature"))
    if losses is None or curvature is None:
        return None
    groups = losses.sort_values("step").groupby(["lr", "seed"])["loss"]
    rise = (groups.max() / groups.first()).rename("rise").reset_index()
    return curvature.merge(rise, on=["lr", "seed"])


def geometric(values, names):
    """Geometric mean over seeds of positive values."""
    if len(values) == 0:
        return not_run("all networks diverged")
    return statistics.ratio_of_means(values, np.ones(len(values)), diverged=names)


def catapult(frame, first):
    """The measurements of claim 3."""
    rates = sorted(frame.loc[frame["l2"] > 0, "lr"].unique())
    found = {}
    for name, lr in (("calm", rates[0]), ("rise", rates[-1])):
        rows = first[np.isclose(first["lr"], lr)]
        good = rows[rows["diverged"] == 0]
        names = tuple(f"seed {seed}" for seed in rows.loc[rows["diverged"] == 1, "seed"])
        found[name] = geometric(good["rise"], names)
        if name == "rise":
            found["above"] = geometric(lr * rows["start"] / 2, ())
            found["flatter"] = geometric(lr * good["end"] / 2, names)
    return found


def measure(runs):
    """Differences between rates early and late, minima of the loss, and the first steps."""
    (frame, short), first = frames(runs), first_steps(runs)
    found = {}
    if first is not None and frame is not None:
        found["c3"] = catapult(frame, first)
    if frame is None:
        return found
    small, larger = coefficients(frame)[:2]
    lost = {l2: kept(frame[frame["l2"] == l2])[1] for l2 in (small, larger, 0)}
    found["c1"] = {
        "early": ends_apart(when_fitted(short, small), kept(short)[1]),
        "early-few": ends_apart(when_fitted(frame, small), lost[small]),
        "late": ends_apart(at_end(frame, small), lost[small]),
        "shrinks": shrinking(frame, small),
        "late-larger": ends_apart(at_end(frame, larger), lost[larger]),
        "early-without": ends_apart(when_fitted(frame, 0), lost[0]),
        "stays-without": ends_apart(at_end(frame, 0), lost[0]),
    }
    ratios, times = minima(frame, small)
    found["c2"] = {
        "rise": geometric(ratios, lost[small]),
        "inside": statistics.mean_interval(times, diverged=lost[small]),
        "rise-larger": geometric(minima(frame, larger)[0], lost[larger]),
    }
    return found


def finding(found):
    """By how much the rate matters early and late, and how far the loss rises again."""
    early, late, rise = found["c1.early"], found["c1.late"], found["c2.rise"]
    if None in (early.value, late.value, rise.value):
        return "Nothing was measured."

    def side(one, smallest=""):
        m, points = one.measurement, f"{format_number(abs(one.value), 1)} points"
        if not m.has_interval:
            return f"{points} {'above' if one.value > 0 else 'below'}{smallest}"
        ends = f"{format_number(m.low, 1)} to {format_number(m.high, 1)}"
        if m.low <= 0 <= m.high:
            return f"not measurably apart ({ends} points)"
        return f"{points} {'above' if one.value > 0 else 'below'}{smallest} ({ends})"

    again = (
        f"the training loss climbs to {format_number(rise.value, 1)} times its minimum"
        if rise.value >= 1.05 else "the training loss hardly leaves its minimum"
    )  # fmt: skip
    return (
        "When training accuracy reaches 1, the test accuracy of the largest learning rate is "
        f"{side(early, ' that of the smallest')}; after $1/(\\eta\\lambda)$ steps it is "
        f"{side(late)}; {again}."
    )


def panels(runs):
    """The work's three panels: accuracy early and late against the rate, loss against time."""
    from landscape import book

    frame, short = frames(runs)
    coefficient = coefficients(frame)
    looks = list(zip([0.0, *coefficient], book.CYCLE, "odsv^<>Phx*pX1", strict=False))
    figures, limits = {}, []
    for letter in "ab":
        figure, ax = book.panel(height=3.1)
        for i, (l2, color, marker) in enumerate(looks):
            if letter == "b" and l2 == 0:
                continue
            of = short if l2 == coefficient[0] else frame
            table = when_fitted(of, l2) if letter == "a" else at_end(frame, l2)
            label = rf"$\lambda = {l2:g}$ (n = {len(table)})"
            marks = {0.98 * 1.02**i * lr: statistics.mean_interval(values)
                     for lr in table.columns if len(values := table[lr].dropna())}  # fmt: skip
            book.errorbars(ax, marks, color=color, marker=marker, capsize=2, label=label)
        ax.set_xscale("log")
        book.ticks_at(ax, sorted(frame["lr"].unique()))
        ax.set(xlabel=r"learning rate $\eta$", ylabel="test accuracy [%]")
        if ax.get_legend_handles_labels()[0]:  # in a short run no network may fit its samples
            ax.legend(loc="upper left" if letter == "a" else "lower left")
        limits.append(ax)
        figures[letter] = figure
    low, high = (f(pick(ax.get_ylim()) for ax in limits) for f, pick in ((min, min), (max, max)))
    for ax in limits:
        ax.set_ylim(low, high)
    figures["c"] = _losses(frame, coefficient[0])
    return book.Picture(
        panels=figures,
        titles={"a": "when training accuracy reaches 1", "b": r"after $1/(\eta\lambda)$ steps",
                "c": rf"training loss, $\lambda = {coefficient[0]:g}$"},
        alt="Two panels of test accuracy against the learning rate with the same axis: when "
        "training accuracy reaches 1, lower and rising with the rate; at the end of the horizon, "
        "higher and nearly flat. A third panel shows the training loss against time on "
        "logarithmic axes, falling to a minimum and rising again for every rate.",
        data=frame[["method", "lr", "l2", "seed", "step", "training_loss", "training_error",
                    "test_error", "diverged"]],
    )  # fmt: skip


def _losses(frame, l2):
    """Training loss against t eta lambda for every rate, geometric mean over seeds."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    rows, _ = kept(frame[(frame["l2"] == l2) & (frame["step"] > 0)])
    for lr, color, line in zip(sorted(rows["lr"].unique()), book.CYCLE, ("-", "--", "-.", ":") * 2,
                               strict=False):  # fmt: skip
        logs = np.log(rows[rows["lr"] == lr].pivot(
            index="step", columns="seed", values="training_loss"))  # fmt: skip
        ax.plot(logs.index * lr * l2, np.exp(logs.mean(axis=1)), line, color=color,
                label=rf"$\eta = {lr:g}$")  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel=r"time $t\,\eta\lambda$",
           ylabel="training loss without L2")  # fmt: skip
    ax.legend()
    return figure


def first_picture(runs):
    """Loss in the first steps, and the curvature before and after them against the rate."""
    from landscape import book

    losses, first = runs.table(CATAPULT, "mse"), first_steps(runs)
    rates = sorted(frames(runs)[0]["lr"].unique())
    one, ax = book.panel(height=3.0)
    for lr, color in zip(rates, book.CYCLE, strict=False):
        rows = losses[np.isclose(losses["lr"], lr)]
        logs = np.log(rows.pivot(index="step", columns="seed", values="loss")).dropna()
        ax.plot(logs.index, np.exp(logs.mean(axis=1)), color=color, label=rf"$\eta = {lr:g}$")
    book.log_axis(ax)
    ax.set(xlabel="step", ylabel="training loss", xlim=(0, losses["step"].max()))
    ax.legend()
    two, ax = book.panel(height=3.0)
    grid = np.array(sorted(first["lr"].unique()))
    for column, color, marker, label in (
        ("start", book.GREY, "o", "at the start"), ("end", book.CYCLE[0], "s", "after the steps"),
    ):  # fmt: skip
        logs = np.log(first.pivot(index="lr", columns="seed", values=column))
        ax.plot(logs.index, np.exp(logs.mean(axis=1)), marker=marker, color=color, label=label)
        ax.plot(logs.index, np.exp(logs), marker, color=color, alpha=0.3, markersize=3)
    for factor, line in ((2, "--"), (4, ":")):
        ax.plot(grid, factor / grid, line, color=book.INK, label=rf"${factor}/\eta$", linewidth=1)
    top = 1.6 * first["start"].max()
    book.log_axis(ax)
    ax.set(xlabel=r"learning rate $\eta$", ylabel=r"curvature $\lambda_{\max}$",
           ylim=(first[["start", "end"]].min().min() / 1.4, top))  # fmt: skip
    ax.legend(loc="lower left")
    return book.Picture(
        panels={"a": one, "b": two},
        titles={"a": "the loss in the first steps", "b": "the curvature before and after them"},
        alt="Left, training loss against step: small rates fall at once, the largest rises "
        "severalfold before it falls. Right, the largest Hessian eigenvalue at the start and after "
        "the first steps against the rate, with the curves 2 over eta and 4 over eta: where the "
        "start lies above 2 over eta, the end lies below it.",
        data={"losses": losses, "curvature": first},
    )  # fmt: skip


def rates_table(runs):
    """Every rate of the sweep: where it lies, what its first steps do, how it tests."""
    from landscape import book

    (frame, short), first, rows = frames(runs), first_steps(runs), []
    small = coefficients(frame)[0]
    early, late = when_fitted(short, small), at_end(frame, small)
    steps = when_fitted(short, small, "step")
    for lr in sorted(early.columns):
        of = first[np.isclose(first["lr"], lr)]
        good = of[of["diverged"] == 0]
        rows.append([
            f"{lr:g}", *(format_measurement(m) for m in (
                geometric(lr * of["start"] / 2, ()), geometric(good["rise"], ()),
                geometric(lr * good["end"] / 2, ()), geometric(steps[lr].dropna(), ()),
                statistics.mean_interval(early[lr].dropna(), unit="%") if early[lr].notna().any()
                else None, statistics.mean_interval(late[lr].dropna(), unit="%"),
            )),
        ])  # fmt: skip
    return book.Table(
        [r"$\eta$", r"$\eta\lambda_{\max}/2$ at the start", "loss rises to",
         r"$\eta\lambda_{\max}/2$ after", "steps to training accuracy 1", "test accuracy there",
         "test accuracy at the end"], rows, stack=True,
        caption=rf"Rates, first steps (without L2) and accuracies at $\lambda = {small:g}$; above "
        "1 in the second column a quadratic would diverge, 2 is $4/\\lambda_{\\max}$",
    )  # fmt: skip


def without_sentence(runs):
    """What the same networks do without L2 term, in one sentence."""
    frame, _ = frames(runs)
    early, late = (ends_apart(f(frame, 0)) for f in (when_fitted, at_end))
    steps = int(frame.loc[frame["l2"] == 0, "step"].max())
    if early.value is None or late.value is None:
        return "Without L2 no pair of networks reaches training accuracy 1."
    return (
        "Without L2 term the largest rate differs from the smallest by "
        f"{format_measurement(early)} when training accuracy reaches 1 and by "
        f"{format_measurement(late)} after {steps} steps."
    )


def seeds_sentence(runs):
    """What the seeds give that were added after the first ones had decided nothing."""
    frame, short = frames(runs)
    known = sorted(frame["seed"].unique())
    table = when_fitted(short, coefficients(frame)[0])
    added = table[~table.index.isin(known)]
    if len(added) < 2:
        return "No seeds were added."
    return (
        f"The rule for training accuracy 1 has {len(table)} seeds, {len(known)} of which had been "
        f"seen when the others were added; those {len(added)} alone give "
        f"{format_measurement(ends_apart(added).with_(n=None))}."
    )


def catapult_sentence(runs):
    """How many networks above 2 / lambda_max survive, and where their curvature goes."""
    first = first_steps(runs)
    steep = first[first["lr"] * first["start"] > 2]
    alive = steep[steep["diverged"] == 0]
    if alive.empty:
        return "No network above $2/\\lambda_{\\max}$ survives its first steps."
    products = alive["lr"] * alive["end"] / 2
    calm = int((products < 1).sum())
    rising = int((alive["rise"] > 1).sum())
    return (
        f"{len(steep)} of {len(first)} networks start above $2/\\lambda_{{\\max}}$; the loss of "
        f"{rising} of them rises at first and then falls, that of {len(steep) - len(alive)} "
        f"diverges. After the steps $\\eta\\lambda_{{\\max}}/2$ is below 1 for {calm} of "
        f"{len(alive)}, between {format_number(products.min(), 2)} and "
        f"{format_number(products.max(), 2)}."
    )
