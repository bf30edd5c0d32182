"""Networks of finite width against the theory of infinite width under L2 regularization.

The page has no claims; its rules stand in ``landscape.evidence.l2_width``.
"""

from landscape.evidence import infinite_width, l2_width
from landscape.evidence.measurement import format_measurement, format_number

TWO, LIKE, THREE, LINEAR, CHECKS = (
    f"theory-and-width-{name}" for name in ("two", "like-the-work", "three", "linear", "checks")
)
ORDER = -1.0  # of the corrections in the width, as the work expects them
WORK = (0.002, 100_000)  # lambda and width of the work's network
SHOWN = 0.002  # lambda of the test curves: the work's
WORDS = {
    "kernel": "tangent kernel written out, and by automatic differentiation",
    "inputs": "50 steps of a network on few inputs, and on all pixels",
    "matrix": "eq. (S10) with matrix exponentials of differences, and by modes",
    "equation": "eq. (1) integrated step by step, and by modes",
    "fixed-point": "where descent takes a linear network, and eq. (S20), one sample",
    "samples": "both sides of eq. (S20) for a linear network after descent, 5 samples",
}


def found(runs, experiment=TWO):
    """One row a network."""
    return l2_width.networks(runs.table(experiment, "trained"))


def edge(runs, experiment=TWO):
    """lambda sqrt(n) from which on zero is stable."""
    return float(runs.table(experiment, "trained", "edge")["edge"].iloc[0])


def answer(runs):
    """What was found, in one sentence."""
    rows = found(runs)
    first, last = (l2_width.exponent(rows, "at_minimum", decay).value
                   for decay in (l2_width.least(rows), rows["decay"].max()))  # fmt: skip
    words = (
        "Until the loss minimum wider networks are closer to the theory (the distance falls as "
        rf"$n^{{{format_number(first, 2)}}}$ to $n^{{{format_number(last, 2)}}}$)"
    )
    if not l2_width.sided(rows, edge(runs)):
        return f"{words}; later they depart, and not all are forgotten that should be."
    return (
        rf"{words}; later they depart, and are forgotten only where $\lambda\sqrt n$ is above "
        f"about {format_number(edge(runs), digits=2)}; on the work's digits that would be "
        f"{format_number(edge(runs, LIKE), digits=2)}, and its network has "
        f"{format_number(work_strength(), digits=2)}."
    )


def work_strength():
    """lambda sqrt(n) of the work's trained network."""
    return float(l2_width.strength(*WORK, 2))


def widths(runs):
    """The page's picture."""
    from landscape import book
    from landscape.book import l2_width_pictures as pictures

    rows, table = found(runs), runs.table(TWO, "trained")
    decay, every = l2_width.least(rows), sorted(rows["width"].unique())
    return book.Picture(
        {
            "a": pictures.losses(table, decay, every[:: max(1, len(every) // 4)]),
            "b": pictures.distances(rows),
            "c": pictures.ends(rows, edge(runs), r"$\lambda\sqrt{n}$"),
        },
        titles={"a": rf"loss, $\lambda = {decay:g}$", "b": "distance from the theory",
                "c": "where networks end"},
        alt="The loss of wider networks follows that of the theory for longer, which rises to the "
        "zero function's; theirs stays below. The distance at the minimum falls with the width, "
        "that at the end hardly does. The size at the end falls on one curve against lambda times "
        "the root of the width, for three lambdas, and is zero beyond the edge.",
        data={"networks": rows},
    )  # fmt: skip


def exponents_table(runs):
    """Exponents and slopes with intervals, for two and three layers."""
    from landscape import book

    cells = []
    for degree, experiment in ((2, TWO), (3, THREE)):
        rows = found(runs, experiment)
        for decay in sorted(rows["decay"].unique()):
            cells.append([
                f"{degree}", f"{decay:g}",
                format_measurement(l2_width.exponent(rows, "at_minimum", decay).with_(n=None)),
                _end(rows, decay),
                format_measurement(l2_width.departure_slope(rows, decay).with_(n=None)),
                f"{1 / (2 * degree):.3g}",
            ])  # fmt: skip
    return book.Table(
        ["$k$", r"$\lambda$", "power of $n$, minimum", "power of $n$, end",
         r"slope of $\lambda t$ at departure", r"$\frac1{2k}$"],
        cells, stack=True,
        caption=f"How distance and departure change with the width, {_seeds(runs)} seeds, 95 % "
        r"intervals; slopes are against $\ln n$")  # fmt: skip


def _end(rows, decay):
    """The exponent at the end; a network at zero has none."""
    if rows.loc[rows["decay"] == decay, "size"].min() < l2_width.FORGOTTEN:
        return "some are at zero"
    return format_measurement(l2_width.exponent(rows, "at_end", decay).with_(n=None))


def _seeds(runs):
    return found(runs)["seed"].nunique()


def order_note(runs):
    """Whether the exponent is the expected one, and what the steps contribute."""
    from landscape import book

    rows = found(runs)
    powers = {decay: l2_width.exponent(rows, "at_minimum", decay)
              for decay in sorted(rows["decay"].unique())}  # fmt: skip
    inside = [f"{decay:g}" for decay, one in powers.items() if one.low <= ORDER <= one.high]
    agrees = rf"$\lambda = {', '.join(inside)}$" if inside else r"no $\lambda$"
    decay, linear = l2_width.least(rows), found(runs, LINEAR)
    first, last = l2_width.local_powers(rows, "at_minimum", decay)
    loss = l2_width.exponent(rows, "loss_off", decay)
    widest = l2_width.at_widest(rows, "loss_off", decay)
    return book.Note(
        r"The work's corrections are of order $1/n$. Over all widths the measured power agrees "
        f"with that at {agrees}; at the smallest it goes from {first:.2f} between the narrowest "
        f"to {last:.2f} between the widest. "
        "The steps are no part of it: they move the theory by "
        f"{format_number(rows['steps_off'].max(), digits=1)} "
        "of the labels at most, and networks made linear at their start ($k = 1$), for which the "
        f"theory is exact, stay within {format_number(linear['at_end'].max(), digits=1)} of it. "
        "In terms of the loss at the minimum the widest network is still off by up to "
        f"{format_number(100 * widest, digits=2)} % at the smallest $\\lambda$ "
        f"(power {format_measurement(loss.with_(n=None))})."
    )


def late(runs):
    """Departure, and the ends with three layers."""
    from landscape import book
    from landscape.book import l2_width_pictures as pictures

    two, three = found(runs), found(runs, THREE)
    decay = l2_width.least(two)
    return book.Picture(
        {"a": pictures.departures({2: two, 3: three}, decay),
         "b": pictures.ends(three, None, r"$\lambda n^{2/3}$")},
        titles={"a": rf"when the kernel departs, $\lambda = {decay:g}$",
                "b": "where three layers end"},
        alt="Lambda times the time of departure rises with the logarithm of the width, for two and "
        "for three layers. The size at the end of three-layer networks against lambda times the "
        "width to the power two thirds.",
        data={"three": three},
    )  # fmt: skip


def departure_note(runs):
    """Whether departures have the expected slope."""
    from landscape import book

    said = []
    for degree, rows in ((2, found(runs)), (3, found(runs, THREE))):
        decay, expected = l2_width.least(rows), 1 / (2 * degree)
        slope = l2_width.departure_slope(rows, decay)
        holds = slope.low <= expected <= slope.high
        first, last = l2_width.local_departure_slopes(rows, decay)
        said.append(
            f"With $k = {degree}$ the slope is {format_measurement(slope.with_(n=None))}, "
            f"{'as expected,' if holds else 'not'} {expected:.3g}; it goes from {first:.2f} "
            f"between the narrowest to {last:.2f} between the widest."
        )
    return book.Note(" ".join(said))


def ends_note(runs):
    """How well the ends collapse, and what it means for the work's network."""
    from landscape import book

    rows, three, near = found(runs), found(runs, THREE), found(runs, LIKE)
    said = [format_measurement(l2_width.collapse(one).with_(n=None)) for one in (rows, three)]
    size, loss = (format_number(near[name].mean(), digits=2) for name in ("size", "loss_share"))
    return book.Note(
        r"Networks with the same $\lambda n^{(k-1)/k}$ and different widths differ at the end by "
        f"{said[0]} of the labels with two layers, {said[1]} with three (wider minus narrower). "
        r"The zero function of two layers becomes stable at $\lambda\sqrt n = "
        f"{format_number(edge(runs), digits=3)}$ with these digits and at "
        f"{format_number(edge(runs, LIKE), digits=3)} with the work's 200. The work's network has "
        f"{format_number(work_strength(), digits=2)}, and so have networks of width "
        rf"{int(near['width'].iloc[0]):,} with $\lambda = {l2_width.least(near):g}$, on the work's "
        f"digits: they keep {size} of the labels' size, with {loss} of the zero function's loss, "
        "which is where the work's green curve should end."
    )


def others(runs):
    """Test loss and error of the infinitely wide network."""
    from landscape import book
    from landscape.book import l2_width_pictures as pictures

    rows = runs.table(CHECKS, "elsewhere")
    shown = SHOWN if SHOWN in set(rows["decay"]) else float(rows["decay"].min())
    own = rows[rows["decay"] == shown]
    return book.Picture(
        {"a": pictures.elsewhere(own, "test_loss", "test loss a sample"),
         "b": pictures.elsewhere(own, "test_error", "test error (%)")},
        titles={"a": rf"test loss, $\lambda = {shown:g}$", "b": "test error"},
        alt="Test loss and error of infinitely wide networks against lambda t. They fall for all "
        "degrees; for two and three layers the loss rises to that of the zero function later, and "
        "the error rises less and later.",
        data=own,
    )  # fmt: skip


def others_table(runs):
    """Test errors at the training loss's minimum, and k = 2 minus k = 1."""
    from landscape import book

    errors, cells = infinite_width.errors(runs.table(CHECKS, "elsewhere")), []
    decays, degrees, subsets = infinite_width.levels(errors)
    for decay in decays:
        means = [f"{errors.xs((decay, k), level=('decay', 'degree')).mean():.2f}" for k in degrees]
        gaps = [infinite_width.against_linear(errors, decay, k) for k in degrees if k != 1]
        cells.append([f"{decay:g}", *means, *(format_measurement(m.with_(n=None)) for m in gaps)])
    return book.Table(
        [r"$\lambda$", *(f"$k = {k}$ (%)" for k in degrees),
         *(f"$k = {k}$ minus $k = 1$ (points)" for k in degrees if k != 1)],
        cells, stack=True,
        caption="Test error of the infinitely wide network where its training loss is least "
        f"(linear: at the end), means over {len(subsets)} sets "
        "of training digits, differences with 95 % intervals")  # fmt: skip


def others_note(runs):
    """Where two and three layers test measurably better or worse than the linear model."""
    from landscape import book

    errors, said = infinite_width.errors(runs.table(CHECKS, "elsewhere")), []
    decays, degrees, _ = infinite_width.levels(errors)
    for degree in [k for k in degrees if k != 1]:
        apart = {"worse": [], "better": []}
        for decay in decays:
            gap = infinite_width.against_linear(errors, decay, degree)
            if gap.has_interval and (gap.low > 0 or gap.high < 0):
                apart["worse" if gap.low > 0 else "better"].append(f"{decay:g}")
        words = [rf"measurably {word} at $\lambda = {', '.join(where)}$"
                 for word, where in apart.items() if where]  # fmt: skip
        said.append(f"$k = {degree}$ is {' and '.join(words) or 'nowhere measurably apart'}")
    return book.Note(
        "Stopped where the training loss is least, and compared with the linear model by the "
        f"error on other digits: {'; '.join(said)}."
    )


def checks_table(runs):
    """What was computed two ways."""
    from landscape import book

    rows = runs.table(CHECKS, "checks")
    cells = [
        [WORDS[name], ", ".join(f"{k}" for k in sorted(own["degree"])), f"{own['off'].max():.0e}"]
        for name, own in rows.groupby("check", sort=False)
    ]
    return book.Table(["two ways", "$k$", "largest relative difference, at most"], cells,
                      folded=True, caption="What this page computes, two ways")  # fmt: skip
