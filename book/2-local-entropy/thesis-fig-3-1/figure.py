"""The Hessian's spectrum at the end of training (thesis figure 3.1): measured and drawn."""

import numpy as np

from landscape.evidence import claims, spectra
from landscape.evidence.measurement import format_measurement, format_number

LENET, SMALL = "thesis-fig-3-1-lenet", "thesis-fig-3-1-small"
WIDTH = 1e-4  # what the work counts as near zero
LAYERS = ((24 * 24, 25 * 10), (8 * 8, 250 * 20), (1, 320 * 128), (1, 128 * 10))  # places, weights
SAMPLES, WEIGHTS, DENSE = 60_000, 47_658, 320 * 128 + 128  # of the work's network
BACKWARD, CURVED = 3, 4  # passes of a gradient in forward ones; gradients of a Hessian product


def paper(root):
    """Numbers printed in the work, by key."""
    return claims.load("thesis-fig-3-1", root).paper_values


def measure(runs):
    """Shares of the exact spectrum, ends of that of the work's size; intervals over seeds."""
    lenet, small = spectra.end(runs, LENET), spectra.end(runs, SMALL)
    if lenet is None and small is None:
        return {}
    printed, each = paper(runs.root), spectra.each

    def near(_rows):
        return spectra.mean(spectra.share(runs, SMALL, WIDTH), "%")

    def size(column, key):
        return each(lenet, lambda rows: spectra.times(rows[column].abs(), abs(printed[key].value)))

    return {
        "c1": {
            "share": each(small, near),
            "most": each(small, near),
            "mean": size("mean", "mean"),
            "harmonic": each(small, lambda _: spectra.times(*harmonic(runs))),
        },
        "c2": {
            "ratio": each(lenet, lambda rows: spectra.mean(spectra.ratio(rows))),
            "ratio-exact": each(small, lambda rows: spectra.mean(spectra.ratio(rows))),
            "largest": size("largest", "largest"),
            "smallest": size("smallest", "smallest"),
        },
        "c3": {
            "negative": each(lenet, lambda rows: spectra.mean(rows["smallest"])),
            "positive": each(lenet, lambda rows: spectra.mean(rows["largest"])),
            "critical": each(
                lenet, lambda rows: spectra.mean(rows["gradient"] / rows["gradient_start"])
            ),
        },
    }


def harmonic(runs):
    """Harmonic means by seed of one matrix, made in float32 and in float64."""
    rows = runs.table(SMALL, "spectrum")
    rows = rows[rows["at"] == 1]
    single = rows[rows["precision"] == "float32"].set_index("seed")
    double = rows[rows["samples"].isin(single["samples"]) & (rows["precision"] == "float64")]
    return single["harmonic"], double.set_index("seed")["harmonic"].loc[single.index]


def finding(found):
    """How many directions are flat, how far the tails reach, and what that depends on."""
    share, ratio = found["c1.share"], found["c2.ratio"]
    if share.value is None or ratio.value is None:
        return "Nothing was measured."
    agrees = "as" if share.verdict.word == "reproduced" else "where"
    said = "in the work" if agrees == "as" else "the work has 94 %"
    short = "a few hundredths of" if ratio.value < 0.05 else f"{ratio.value:.0%} of"
    return (
        f"At the end of training {share.value:.0f} % of the Hessian's eigenvalues are below "
        f"$10^{{-4}}$ in a small network, {agrees} {said}; the most negative has {short} the "
        "magnitude of the largest, and how wide the peak is depends on settings left open."
    )


def picture(runs):
    """Panel a, the peak at zero; panel b, both tails of both networks."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    tables = {name: runs.table(name, "spectrum", "spectrum") for name in (SMALL, LENET)}
    size = {name: int(spectra.end(runs, name)["weights"].iloc[0]) for name in tables}
    labels = {SMALL: f"{size[SMALL]:,} weights", LENET: f"{size[LENET]:,} weights, Lanczos"}
    return book.Picture(
        panels={
            "a": pictures.peak(tables[SMALL], 0.01),
            "b": pictures.tails({labels[n]: (tables[n], size[n]) for n in tables}, WIDTH),
        },
        titles={"a": "near zero", "b": "the tails"},
        alt="Two panels. Counts of eigenvalues near zero on a logarithmic axis have a narrow peak "
        "at zero, far above everything beside it. Numbers of eigenvalues beyond a magnitude: the "
        "solid lines of positive ones reach far to the right of the dashed ones of negative ones.",
        data={"eigenvalues": tables[SMALL][["seed", "eigenvalue"]], "lanczos": tables[LENET]},
    )


def width_picture(runs):
    """Panel a, the share against the width for the exact spectra; b, what Lanczos knows of it."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    printed = (WIDTH, paper(runs.root)["near-zero"].value)
    exact, wide = spectra.variants(runs, SMALL), spectra.shares(runs, LENET)
    main = next(iter(exact))
    return book.Picture(
        panels={
            "a": pictures.widths(exact, printed=printed),
            "b": pictures.widths({"small network, exact": exact[main]},
                                 {"the work's size, bounds by Lanczos": wide}, printed),
        },
        titles={"a": "samples, precision, training", "b": "what a Lanczos density can tell"},
        alt="Two panels, the share of eigenvalues within a width of zero against that width on a "
        "logarithmic axis. Lines rise from the left; fewer samples, an earlier moment and single "
        "precision move them. In the second panel a band, the bounds for the larger network, "
        "covers almost everything up to a width of a hundredth.",
        data=spectra.shares(runs, SMALL)[[*spectra.KEY, "width", "within", "below"]],
    )  # fmt: skip


def width_note(runs):
    """What the share at 1e-4 becomes when a setting that the work leaves open is changed."""
    texts = []
    for label, rows in spectra.variants(runs, SMALL).items():
        chosen = rows[np.isclose(rows["width"], WIDTH)].set_index("seed")["within"]
        texts.append(f"{format_measurement(spectra.mean(chosen, '%').with_(n=None))} ({label})")
    high = spectra.shares(runs, LENET)
    band = high[np.isclose(high["width"], WIDTH)][["low", "high"]].mean()
    return (
        f"Share within $10^{{-4}}$: {'; '.join(texts)}. Of the network of the work's size Lanczos "
        f"knows only that it lies between {band['low']:.0f} and {band['high']:.0f} %."
    )


def means_table(runs):
    """Arithmetic and harmonic means, by spectrum."""
    from landscape import book

    printed, rows = paper(runs.root), []
    rows.append(["the work (section 4.5.3)", "–", format_number(printed["mean"].value),
                 format_number(printed["harmonic"].value)])  # fmt: skip
    for name, label in ((LENET, "work's size, Lanczos"), (SMALL, "small, exact")):
        table = runs.table(name, "spectrum")
        for (_, samples, precision), group in table[table["at"] == 1].groupby(
            ["exact", "samples", "precision"], sort=False
        ):
            mean = format_measurement(spectra.mean(group["mean"]))
            low, high = group["harmonic"].min(), group["harmonic"].max()
            inverse = "not resolved" if np.isnan(low) else f"{low:.0e} to {high:.0e}"
            rows.append([f"{label}, {precision}", f"{samples:,}", mean, inverse])
    return book.Table(
        ["spectrum", "samples", "arithmetic mean", "harmonic mean of magnitudes"], rows,
        stack=True, label="thesis-fig-3-1-means",
        caption="Means of the eigenvalues: arithmetic with 95 % intervals over seeds, harmonic "
        "from the smallest to the largest of the seeds",
    )  # fmt: skip


def networks_table(runs):
    """The networks and their ends, beside the work's."""
    from landscape import book

    printed, rows = paper(runs.root), []
    rows.append(["the work", f"{WEIGHTS:,}", str(printed["error"]), str(printed["largest"]),
                 str(printed["smallest"]), "–"])  # fmt: skip
    for name in (LENET, SMALL):
        last = spectra.end(runs, name)
        slope = last["gradient"] / last["gradient_start"]
        rows.append([
            "work's size, Lanczos" if name == LENET else "small, exact",
            f"{int(last['weights'].iloc[0]):,}",
            *(format_measurement(spectra.mean(values, unit).with_(n=None)) for values, unit in (
                (last["test_error"], "%"), (last["largest"], ""), (last["smallest"], ""),
                (slope, ""))),
        ])  # fmt: skip
    return book.Table(
        ["network", "weights", "test error", "largest", "most negative",
         "gradient, end over start"], rows, stack=True, folded=True,
        caption="The networks at the end of training, means over seeds with 95 % intervals",
    )  # fmt: skip


def cost():
    """Operations and bytes of the exact spectrum of the work's network."""
    forward = 2 * sum(places * weights for places, weights in LAYERS)
    product = CURVED * BACKWARD * forward * SAMPLES
    return {
        "products": WEIGHTS * product, "layered": (WEIGHTS - DENSE) * product,
        "eigenvalues": 4 / 3 * WEIGHTS**3, "bytes": 8 * WEIGHTS**2,
    }  # fmt: skip


def cost_note():
    """What all eigenvalues of the work's network would cost, in words."""
    need = cost()
    hours = {key: need[key] / 1e12 / 3600 for key in ("products", "layered", "eigenvalues")}
    return (
        f"All {WEIGHTS:,} eigenvalues need a matrix of {need['bytes'] / 1e9:.0f} GB in float64. "
        f"Over all {SAMPLES:,} images its rows take {need['products']:.1e} operations, which are "
        f"{hours['products']:.0f} hours at $10^{{12}}$ a second, and {hours['layered']:.1f} "
        "where the dense layer's block comes from Jacobians, as it does for the small network "
        f"here; the eigenvalues take {60 * hours['eigenvalues']:.0f} minutes more. The paper "
        "profile does it in blocks of rows that survive an interruption."
    )
