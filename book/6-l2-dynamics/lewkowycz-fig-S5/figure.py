"""Squared loss and the catapult (Lewkowycz & Gur-Ari, figure S5): what is measured and drawn."""

from landscape.evidence import catapult, early_late, l2_races, statistics
from landscape.evidence.early_late import at_end, coefficients, ends_apart, kept, when_fitted
from landscape.evidence.measurement import format_measurement, format_number

ID = "lewkowycz-fig-S5"
SWEEP, CATAPULT = "lewkowycz-fig-s5-mse", "lewkowycz-fig-s5-catapult"
#: The method whose runs are short and have more seeds.
EARLY = "early"


def frames(runs):
    """The runs that go to their horizon, and the short ones with more seeds; None without any."""
    frame = runs.frame(SWEEP)
    if frame is None:
        return None, None
    short = frame["method"] == EARLY
    return frame[~short], frame[short]


def first_steps(runs):
    """What the first steps do to every network of the catapult's runs; None without a record."""
    losses, curvature = (runs.table(CATAPULT, "mse", name) for name in ("results", "curvature"))
    if losses is None or curvature is None:
        return None
    return catapult.first_steps(losses, curvature)


def measure(runs):
    """Differences between rates early and late, minima of the loss, and the first steps."""
    (frame, short), first = frames(runs), first_steps(runs)
    found = {}
    if first is not None and frame is not None:
        rates = sorted(frame.loc[frame["l2"] > 0, "lr"].unique())
        calm = catapult.at_rate(first, rates[0])["rise"]
        found["c3"] = {"calm": calm, **catapult.at_rate(first, rates[-1])}
    if frame is None:
        return found
    small, larger = coefficients(frame)[:2]
    lost = {l2: kept(frame[frame["l2"] == l2])[1] for l2 in (small, larger, 0)}
    found["c1"] = {
        "early": ends_apart(when_fitted(short, small), kept(short)[1]),
        "early-few": ends_apart(when_fitted(frame, small), lost[small]),
        "late": ends_apart(at_end(frame, small), lost[small]),
        "shrinks": early_late.shrinking(frame, small),
        "late-larger": ends_apart(at_end(frame, larger), lost[larger]),
        "early-without": ends_apart(when_fitted(frame, 0), lost[0]),
        "stays-without": ends_apart(at_end(frame, 0), lost[0]),
    }
    ratios, times = early_late.minima(frame, small)
    found["c2"] = {
        "rise": catapult.geometric(ratios, lost[small]),
        "inside": statistics.mean_interval(times, diverged=lost[small]),
        "rise-larger": catapult.geometric(early_late.minima(frame, larger)[0], lost[larger]),
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
        f"{l2_races.ends(rise.measurement)}"
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
    from landscape.book import catapult_pictures

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
    course, _ = kept(frame[(frame["l2"] == coefficient[0]) & (frame["step"] > 0)])
    figures["c"] = catapult_pictures.whole_course(course, coefficient[0])
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


def first_picture(runs):
    """Loss in the first steps, and the curvature before and after them against the rate."""
    from landscape import book
    from landscape.book import catapult_pictures

    losses, first = runs.table(CATAPULT, "mse"), first_steps(runs)
    rates = sorted(frames(runs)[0]["lr"].unique())
    return book.Picture(
        panels={"a": catapult_pictures.first_losses(losses, rates),
                "b": catapult_pictures.curvatures(first)},
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
        at_first = catapult.at_rate(first, lr)
        rows.append([
            f"{lr:g}", *(format_measurement(m) for m in (
                *(at_first[name].with_(diverged=()) for name in ("above", "rise", "flatter")),
                catapult.geometric(steps[lr].dropna()),
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
