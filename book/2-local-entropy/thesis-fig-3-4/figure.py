"""Curvature at the end of training on three more networks (thesis figure 3.4)."""

import numpy as np

from landscape.evidence import claims, spectra, statistics
from landscape.evidence.measurement import format_measurement, format_number, not_run

FC, FC_SMALL = "thesis-fig-3-4-smallfc", "thesis-fig-3-4-smallfc-small"
LSTM, LSTM_SMALL = "thesis-fig-3-4-lstm", "thesis-fig-3-4-lstm-small"
ALLCNN = "thesis-fig-3-4-allcnn"
PAIRS = {"smallfc": (FC_SMALL, FC), "lstm": (LSTM_SMALL, LSTM)}
WIDTHS = {"smallfc": 1e-2, "lstm": 1e-5, "allcnn": 1e-5}  # near zero, as the panels say
NAMES = {
    "smallfc": "the fully connected network", "lstm": "the LSTM", "allcnn": "all-CNN",
}  # fmt: skip
WEIGHTS, DENSE = 50_890, 785 * 64  # of the work's fully connected network, its first layer
KINDS = {
    "state": "Adam's moments at the end of training",
    "frozen": "the same at the final weights",
    "equal": "both moments with the second's $\\beta$",
    "samples": "gradients of single samples",
}


def paper(root):
    """Numbers printed in the work, by key."""
    return claims.load("thesis-fig-3-4", root).paper_values


def diagonal(runs, kind, column):
    """One number a seed of a kind of diagonal; None where there is no record."""
    rows = runs.table(ALLCNN, "diagonal")
    return None if rows is None else rows[rows["kind"] == kind].set_index("seed")[column]


def diagonal_share(runs, kind, width=WIDTHS["allcnn"]):
    """Share in percent of the entries within a width, by seed."""
    rows = runs.table(ALLCNN, "diagonal", "shares")
    chosen = rows[(rows["kind"] == kind) & np.isclose(rows["width"], width, rtol=1e-6)]
    return chosen.set_index("seed")["within"]


def measure(runs):
    """Shares near zero, ratios of the tails, shares of negative curvatures."""
    ends = {name: spectra.end(runs, name) for pair in PAIRS.values() for name in pair}
    diagonals = diagonal(runs, "state", "largest")
    if diagonals is None and all(rows is None for rows in ends.values()):
        return {}
    near, tails, few = {}, {}, {}
    for key, (small, large) in PAIRS.items():
        small = spectra.exact(runs, large, small)  # the work's own network where a record has it
        near[key] = _share(runs, ends[small], small, key, "within")
        few[f"{key}-few"] = _share(runs, ends[small], small, key, "below")
        tails[key] = spectra.each(ends[large], lambda rows: spectra.mean(spectra.ratio(rows)))
    near["smallfc-size"] = spectra.each(
        ends[FC], lambda _: spectra.mean(spectra.share(runs, FC, WIDTHS["smallfc"], "low"), "%")
    )
    if diagonals is None:
        absent = not_run("there is no record of it")
        near |= {"allcnn": absent, "allcnn-fisher": absent}
        tails["allcnn"], few["allcnn-few"], few["allcnn-sign"] = (absent,) * 3
        return {"c1": near, "c2": tails | few}
    near["allcnn"] = spectra.mean(diagonal_share(runs, "state"), "%")
    near["allcnn-fisher"] = spectra.mean(diagonal_share(runs, "samples"), "%")
    tails["allcnn"] = spectra.mean(
        (-diagonal(runs, "state", "smallest")).clip(lower=0) / diagonals
    )
    few["allcnn-few"] = spectra.mean(diagonal(runs, "state", "negative"), "%")
    few["allcnn-sign"] = spectra.mean(diagonal(runs, "equal", "negative"), "%")
    return {"c1": near, "c2": tails | few}


def _share(runs, rows, name, key, column):
    if rows is None:
        return not_run("there is no record of it")
    return spectra.mean(spectra.share(runs, name, WIDTHS[key], column), "%")


def finding(found):
    """Where nine in ten curvatures are near zero, and what the negative entries of panel C are."""
    near = {key: found[f"c1.{key}"] for key in WIDTHS}
    if any(one.value is None for one in near.values()):
        return "Not all of it was measured."
    negative = found["c2.allcnn-few"]
    signs = "some entries are negative because Adam's two averages differ in length"
    if negative.value == 0:
        signs = "no entry is negative in our runs"
    fc, lstm, cnn = (f"{near[key].value:.0f} %" for key in WIDTHS)
    work = ", ".join(f"{near[key].claim.paper[0].value:.0f}" for key in WIDTHS)
    small = all(one.verdict.scale == "small" for one in near.values())
    return (
        f"{'In narrow networks ' if small else ''}{fc} of a fully connected one's eigenvalues, "
        f"{lstm} of an LSTM's and {cnn} of all-CNN's diagonal entries are near zero by the work's "
        f"widths (the work: {work} %); {signs}."
    )


def picture(runs):
    """Panels a and b, tails of two spectra; c, entries of all-CNN's diagonal by sign."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    panels, data = {}, {}
    for letter, (key, pair) in zip("ab", PAIRS.items(), strict=True):
        networks = {}
        for name in pair:
            size = int(spectra.end(runs, name)["weights"].iloc[0])
            how = "exact" if name == pair[0] else "Lanczos"
            networks[f"{size:,} weights, {how}"] = runs.table(name, "spectrum", "spectrum"), size
        panels[letter] = pictures.tails(networks, WIDTHS[key])
        data[key] = runs.table(pair[0], "spectrum", "spectrum")[["seed", "eigenvalue"]]
    return book.Picture(
        panels=panels | {"c": draw_diagonal(runs)},
        titles={"a": "fully connected network, MNIST", "b": "LSTM, a piece of text",
                "c": "all-CNN, diagonal"},
        alt="Three panels with logarithmic axes. Numbers of eigenvalues beyond a magnitude: solid "
        "lines of positive ones reach further right than dashed ones of negative ones. Counts of "
        "entries of a diagonal by magnitude: positive ones form a broad hump, negative ones a far "
        "lower and smaller one.",
        data=data | {"diagonal": runs.table(ALLCNN, "diagonal", "counts")},
    )  # fmt: skip


def draw_diagonal(runs):
    """Entries by magnitude in tenths of decades, mean over seeds, positive and negative."""
    from landscape import book

    rows = runs.table(ALLCNN, "diagonal", "counts")
    number = rows["seed"].nunique()
    figure, ax = book.panel(height=3.1)
    for color, kind in zip(book.CYCLE, ("state", "samples"), strict=False):
        for sign, style in ((1, "-"), (-1, "--")):
            chosen = rows[(rows["kind"] == kind) & (rows["sign"] == sign)]
            if not len(chosen):
                continue
            mean = chosen.groupby(chosen["decade"].round(1))["number"].sum() / number
            tenths = np.arange(round(10 * mean.index.min()), round(10 * mean.index.max()) + 2)
            edges, full = tenths / 10, mean.reindex((tenths[:-1] / 10).round(1), fill_value=0)
            words = {"state": "Adam's moments", "samples": "single samples"}[kind]
            ax.stairs(full, 10**edges, color=color, linestyle=style,
                      label=words if sign == 1 else f"{words}, negative")  # fmt: skip
    ax.axvline(WIDTHS["allcnn"], color=book.GREY, linestyle=":", linewidth=1.2)
    ax.set(xscale="log", yscale="log", xlim=(1e-8, None), ylim=(0.2, 2e5),
           xlabel="magnitude of the entry",
           ylabel="entries in a tenth of a decade")  # fmt: skip
    ax.legend(loc="upper right", fontsize=8)
    return figure


def width_picture(runs):
    """The share near zero against the width, for both exact spectra."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    printed = {key: (WIDTHS[key], paper(runs.root)[key].value) for key in PAIRS}
    bounds = {key: {"work's size, bounds": spectra.shares(runs, large)}
              for key, (_, large) in PAIRS.items()}  # fmt: skip
    weights = int(spectra.end(runs, FC)["weights"].iloc[0])
    if weights == WEIGHTS:
        bounds["smallfc"] = {label: spectra.bounded(rows, weights, DENSE)
                             for label, rows in bounds["smallfc"].items()}  # fmt: skip
    lines = {key: spectra.variants(runs, small) for key, (small, _) in PAIRS.items()}
    if len(lines["lstm"]) == 1:
        lines["lstm"] = {"all lines": next(iter(lines["lstm"].values()))}
    return book.Picture(
        panels={letter: pictures.widths(lines[key], bounds[key], printed[key])
                for letter, key in zip("ab", PAIRS, strict=True)},
        titles={"a": "fully connected network", "b": "LSTM"},
        alt="Two panels, the share of eigenvalues within a width of zero against that width. Lines "
        "rise from left to right; a band of bounds for the larger network is wide at small widths.",
        data={key: spectra.shares(runs, small) for key, (small, _) in PAIRS.items()},
    )  # fmt: skip


def diagonal_table(runs):
    """What the printed formula gives for four kinds of moments."""
    from landscape import book

    rows = []
    for kind, words in KINDS.items():
        columns = {name: diagonal(runs, kind, name)
                   for name in ("negative", "smallest", "largest", "mean")}  # fmt: skip
        below = columns["smallest"].min()
        rows.append([
            words, format_measurement(spectra.mean(columns["negative"], "%").with_(n=None)),
            f"{below:.0e}" if below < 0 else "none", f"{columns['largest'].max():.0e}",
            f"{columns['mean'].mean():.1e}",
            format_measurement(spectra.mean(diagonal_share(runs, kind), "%").with_(n=None)),
        ])  # fmt: skip
    return book.Table(
        ["$\\mathbb{E}g^2-(\\mathbb{E}g)^2$ from", "negative entries", "most negative", "largest",
         "mean entry", r"within $10^{-5}$"], rows, stack=True, label="thesis-fig-3-4-diagonal",
        caption="The diagonal of panel C by the moments that are put into its formula; 95 % "
        "intervals over seeds",
    )  # fmt: skip


def negative_note(runs):
    """Where the negative entries come from: moving weights."""
    moving, still = (diagonal(runs, kind, "negative").mean() for kind in ("state", "frozen"))
    if still < moving / 2:
        words = "are hardly any: it is the motion of the weights that lets gradients grow"
    else:
        words = "are as many: the motion of the weights does not matter"
    own, frozen = (diagonal(runs, kind, "negative") for kind in ("state", "frozen"))
    return (
        f"Of Adam's own moments {format_number(moving, digits=2)} % of the entries are negative, "
        f"some in {(own > 0).sum()} of {len(own)} runs; "
        f"where the weights stand still there {words} ({format_number(still, digits=2)} %, fewer "
        f"in {(frozen < own).sum()} of {len(own)} runs)."
    )


def ratio_note(runs):
    """How much larger the variance of single samples is than that of mini-batches."""
    single, batch = (diagonal(runs, kind, "mean") for kind in ("samples", "equal"))
    found = statistics.ratio_of_means(*statistics.common_seeds(single, batch))
    size = int(diagonal(runs, "state", "batch_size").iloc[0])
    return (
        f"The variance of single samples' gradients is {format_measurement(found.with_(n=None))} "
        f"times that of mini-batches of {size}, mean over the diagonal. Independent samples would "
        f"give {size}. Single samples are taken in evaluation mode and mini-batches normalise by "
        "their own statistics; we have not separated what makes the rest."
    )


def networks_table(runs):
    """The networks at the end of training."""
    from landscape import book

    printed, rows = paper(runs.root), []
    for key, pair in PAIRS.items():
        stated = str(printed["smallfc-error"]) if key == "smallfc" else "–"
        for name in pair:
            last = spectra.end(runs, name)
            values = (
                (last["test_error"], "%") if key == "smallfc" else (last["loss"], "nats"),
                (last["largest"], ""), (last["smallest"], ""),
                (last["gradient"] / last["gradient_start"], ""),
            )  # fmt: skip
            rows.append([
                f"{NAMES[key].removeprefix('the ')}, {int(last['weights'].iloc[0]):,} weights",
                stated, *(format_measurement(spectra.mean(one, unit).with_(n=None))
                          for one, unit in values),
            ])  # fmt: skip
    error = spectra.mean(diagonal(runs, "state", "test_error"), "%").with_(n=None)
    weights = int(diagonal(runs, "state", "weights").iloc[0])
    rows.append([f"all-CNN, {weights:,} weights", str(printed["allcnn-error"]),
                 format_measurement(error), "–", "–", "–"])  # fmt: skip
    return book.Table(
        ["network", "error in the work", "test error, or loss of the text", "largest",
         "most negative", "gradient, end over start"], rows, stack=True, folded=True,
        caption="The networks at the end of training, means over seeds with 95 % intervals",
    )  # fmt: skip


def allcnn_note(runs):
    """How far our all-CNN is from the work's."""
    error = spectra.mean(diagonal(runs, "state", "test_error"), "%").with_(n=None)
    weights = int(diagonal(runs, "state", "weights").iloc[0])
    return (
        f"Our all-CNN is far from the work's: {weights:,} weights instead of 1.6 million, and a "
        f"test error of {format_measurement(error)} instead of "
        f"{paper(runs.root)['allcnn-error']}."
    )


def tail_note(runs):
    """How short the LSTM's negative tail is where its spectrum is exact."""
    rows = spectra.end(runs, LSTM_SMALL)
    least, most, ratio = rows["smallest"].min(), rows["largest"].max(), spectra.ratio(rows).max()
    return (
        f"All eigenvalues of the narrow LSTM lie above {least:.2g} and reach up to {most:.3g}: the "
        f"most negative has at most {ratio:.0e} of the magnitude of the largest, too little for "
        "the Lanczos runs of the larger LSTM to see."
    )


def flat_note(runs):
    """How many eigenvalues vanish because no sample reaches their weights."""
    rows = runs.table(LSTM_SMALL, "spectrum", "spectrum")
    zero = rows["eigenvalue"].abs().le(1e-12).groupby(rows["seed"]).mean() * 100
    return (
        "A character that never occurs feeds nothing into the LSTM, so that the curvature of its "
        f"weights is exactly zero: {format_number(zero.mean(), 0)} % of the eigenvalues are below "
        "$10^{-12}$ in the narrow network."
    )
