"""The Hessian's spectrum at the end of training (thesis figure 3.1): measured and drawn."""

import math

import numpy as np

from landscape.evidence import claims, paper_costs, spectra, statistics
from landscape.evidence.measurement import format_measurement, format_number

LENET, SMALL = "thesis-fig-3-1-lenet", "thesis-fig-3-1-small"
SMALLER = "thesis-fig-3-1-smaller"
#: All eigenvalues of the work's network, in float64 and in float32; too long for the pipeline.
EXACT, SINGLE = "thesis-fig-3-1-exact", "thesis-fig-3-1-exact-single"
COMMAND = f'make gpu GPU="--only {EXACT}"'
NIGHT, CORES, MEMORY = 12, 2, 20e9  # hours, cores and bytes that are asked about
WIDTH = 1e-4  # what the work counts as near zero
LAYERS = ((24 * 24, 25 * 10), (8 * 8, 250 * 20), (1, 320 * 128), (1, 128 * 10))  # places, weights
SAMPLES, WEIGHTS, DENSE = 60_000, 47_658, 320 * 128 + 128  # of the work's network
BACKWARD, CURVED = 3, 4  # passes of a gradient in forward ones; gradients of a Hessian product


def paper(root):
    """Numbers printed in the work, by key."""
    return claims.load("thesis-fig-3-1", root).paper_values


def measure(runs):
    """Shares of the exact spectrum, ends of that of the work's size; intervals over seeds."""
    large = of_size(runs)
    lenet, small = spectra.end(runs, large), spectra.end(runs, SMALL)
    if lenet is None and small is None:
        return {}
    printed, each = paper(runs.root), spectra.each
    known = spectra.exact(runs, large, SMALL)  # the work's own network where a record has it
    whole = lenet if known == large else small

    def near(_rows):
        return spectra.mean(spectra.share(runs, known, WIDTH), "%")

    def factor(column, key):
        return each(lenet, lambda rows: spectra.times(rows[column].abs(), abs(printed[key].value)))

    return {
        "c1": {
            "share": each(whole, near),
            "most": each(whole, near),
            "grows": each(small, lambda _: growth(runs)),
            "mean": factor("mean", "mean"),
            "harmonic": each(small, lambda _: spectra.times(*harmonic(runs))),
        },
        "c2": {
            "ratio": each(lenet, lambda rows: spectra.mean(spectra.ratio(rows))),
            "ratio-exact": each(small, lambda rows: spectra.mean(spectra.ratio(rows))),
            "few": each(small, lambda _: spectra.mean(
                spectra.share(runs, SMALL, WIDTH, "below"), "%")),
            "largest": factor("largest", "largest"),
            "smallest": factor("smallest", "smallest"),
        },
        "c3": {
            "negative": each(lenet, lambda rows: spectra.mean(rows["smallest"])),
            "positive": each(lenet, lambda rows: spectra.mean(rows["largest"])),
            "critical": each(
                lenet, lambda rows: spectra.mean(rows["gradient"] / rows["gradient_start"])
            ),
        },
    }


def of_size(runs):
    """The experiment with the network of the work's size; where a record has it, all of it."""
    return EXACT if runs.info(EXACT) else LENET


def growth(runs):
    """How much larger the share near zero is than in a smaller network, paired by seed."""
    shares = (spectra.share(runs, name, WIDTH) for name in (SMALL, SMALLER))
    return statistics.paired_difference(*statistics.common_seeds(*shares), unit="points")


def harmonic(runs):
    """Harmonic means by seed of one matrix, made in float32 and in float64."""
    rows = runs.table(SMALL, "spectrum")
    rows = rows[rows["at"] == 1]
    single = rows[rows["precision"] == "float32"].set_index("seed")
    double = rows[rows["samples"].isin(single["samples"]) & (rows["precision"] == "float64")]
    return single["harmonic"], double.set_index("seed")["harmonic"].loc[single.index]


def finding(found):
    """How many directions are flat or fall in the small network, and how far the tails reach."""
    share, ratio, few = found["c1.share"], found["c2.ratio"], found["c2.few"]
    if share.value is None or ratio.value is None:
        return "Nothing was measured."
    of, work, fall = "a small network's eigenvalues", "the work, of a larger one", ""
    if few.value is not None:
        fall = f" and {few.value:.0f} % are more negative"
    if share.verdict.scale == "work":  # few is of the small network all the same
        of, work, fall = "the work's network's eigenvalues", "the work", ""
    reach = "reach only" if ratio.verdict.word == "reproduced" else "reach"
    return (
        f"Of {of} {share.value:.0f} % lie within $10^{{-4}}$ of zero ({work}: "
        f"{share.claim.paper[0].value:.0f} %){fall}; in the network of the work's size negative "
        f"ones {reach} {100 * ratio.value:.1f} % of the largest's magnitude."
    )


def picture(runs):
    """Panel a, the peak at zero; panel b, both tails of both networks."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    tables = {name: runs.table(name, "spectrum", "spectrum") for name in (SMALL, LENET)}
    labels = {SMALL: f"{size(runs, SMALL):,} weights, exact",
              LENET: f"{size(runs, LENET):,} weights, Lanczos"}  # fmt: skip
    return book.Picture(
        panels={
            "a": pictures.peak(tables[SMALL], 0.01),
            "b": pictures.tails({labels[n]: (tables[n], size(runs, n)) for n in tables}, WIDTH),
        },
        titles={"a": "near zero", "b": "the tails"},
        alt="Two panels. Counts of eigenvalues near zero on a logarithmic axis have a narrow peak "
        "at zero, far above everything beside it. Numbers of eigenvalues beyond a magnitude: the "
        "solid lines of positive ones reach far to the right of the dashed ones of negative ones.",
        data={"eigenvalues": tables[SMALL][["seed", "eigenvalue"]], "lanczos": tables[LENET]},
    )


def width_picture(runs):
    """Panel a, the share against the width by what was changed; b, by the network's size."""
    from landscape import book
    from landscape.book import spectrum_pictures as pictures

    printed = (WIDTH, paper(runs.root)["near-zero"].value)
    exact, sizes = spectra.variants(runs, SMALL), {}
    for name in (SMALL, SMALLER):  # colours as in the first picture
        rows = spectra.shares(runs, name)
        sizes[f"{size(runs, name):,} weights, exact"] = rows[rows["main"]]
    wide = {f"{size(runs, LENET):,} weights, bounds": bounded(runs)}
    return book.Picture(
        panels={"a": pictures.widths(exact, printed=printed),
                "b": pictures.widths(sizes, wide, printed)},
        titles={"a": "samples, precision, training", "b": "size of the network"},
        alt="Two panels, the share of eigenvalues within a width of zero against that width on a "
        "logarithmic axis. Lines rise from left to right; more samples lower them a little, a "
        "larger network raises them much. A band, the bounds for the largest network, covers "
        "almost everything at small widths.",
        data={"small": spectra.shares(runs, SMALL), "smaller": spectra.shares(runs, SMALLER)},
    )  # fmt: skip


def size(runs, name):
    """Number of weights of an experiment's network."""
    return int(spectra.end(runs, name)["weights"].iloc[0])


def bounded(runs):
    """``shares`` of the work's network, with the zeros that its samples leave as a lower bound."""
    dense = DENSE if size(runs, LENET) == WEIGHTS else 0  # tests of the pipeline have less
    return spectra.bounded(spectra.shares(runs, LENET), size(runs, LENET), dense)


def width_note(runs):
    """What the share at 1e-4 becomes when a setting that the work leaves open is changed."""

    def text(rows, label):
        chosen = rows[np.isclose(rows["width"], WIDTH)].set_index("seed")["within"]
        return f"{format_measurement(spectra.mean(chosen, '%').with_(n=None))} ({label})"

    texts = [text(rows, label) for label, rows in spectra.variants(runs, SMALL).items()]
    rows = spectra.shares(runs, SMALLER)
    texts.append(text(rows[rows["main"]], f"{size(runs, SMALLER):,} weights instead"))
    bounds = bounded(runs)
    band = bounds[np.isclose(bounds["width"], WIDTH)][["low", "high"]].mean()
    below = spectra.mean(spectra.share(runs, SMALL, WIDTH, "below"), "%").with_(n=None)
    seen, samples = spectra.share(runs, LENET, WIDTH, "low"), int(bounds["samples"].iloc[0])
    least = spectra.zeros_at_least(WEIGHTS, DENSE, SAMPLES)
    whole = f"still {least:.0f} %" if least else "none"
    return (
        f"Share within $10^{{-4}}$ of {size(runs, SMALL):,} weights: {'; '.join(texts)}. Of the "
        f"small network {format_measurement(below)} are below $-10^{{-4}}$. Of the network of the "
        f"work's size Lanczos allows {math.floor(seen.mean())} to {math.ceil(band['high'])} %. At "
        f"least {math.floor(band['low'])} % are exactly zero, but only because the Hessian is "
        f"taken over {samples} samples: over all {SAMPLES:,} the same count leaves {whole}."
    )


def means_table(runs):
    """Arithmetic and harmonic means, by spectrum."""
    from landscape import book

    printed, rows = paper(runs.root), []
    rows.append(["the work (section 4.5.3)", "–", format_number(printed["mean"].value),
                 format_number(printed["harmonic"].value)])  # fmt: skip
    for name in (LENET, SMALL, SMALLER):
        label = f"{size(runs, name):,} weights, {'Lanczos' if name == LENET else 'exact'}"
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
    for name in (LENET, SMALL, SMALLER):
        last = spectra.end(runs, name)
        slope = last["gradient"] / last["gradient_start"]
        rows.append([
            "Lanczos" if name == LENET else "exact",
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
    """What all eigenvalues of the work's network would cost by counting, in words."""
    need = cost()
    hours = {key: need[key] / 1e12 / 3600 for key in ("products", "layered", "eigenvalues")}
    return (
        f"All {WEIGHTS:,} eigenvalues need a matrix of {need['bytes'] / 1e9:.0f} GB in float64. "
        f"Over all {SAMPLES:,} images its rows take {need['products']:.1e} operations, which are "
        f"{hours['products']:.0f} hours at $10^{{12}}$ a second, a graphics card's rate, and "
        f"{hours['layered']:.1f} where the dense layer's block comes from Jacobians, as it does "
        "for the small network here; the eigenvalues take at that rate "
        f"{60 * hours['eigenvalues']:.0f} minutes more. The GPU queue has it over fewer "
        "images, block by block."
    )


def measured(root):
    """What a network takes here, and whether a night is enough; both from records of costs."""
    texts = [of_machine(one) for name in (SINGLE, EXACT) for one in paper_costs.of(root, [name])]
    return " ".join(texts) or "What that takes has not been measured."


def of_machine(costs):
    """One sentence about one precision on one kind of machine."""
    (row,) = costs.rows
    values = row["evaluation_seconds"] / 3600
    size = {"float32": 4, "float64": 8}[row["precision"]] * WEIGHTS**2
    text = (
        f"In {row['precision']} over {row['samples']:,} images, a network would take "
        f"{format_number(paper_costs.rounded(row['hours']))} {costs.unit}, "
        f"{format_number(paper_costs.rounded(values))} of them for the eigenvalues ({costs.machine}"
        f"; extrapolated from one block of rows over {row['block_samples']} images and from "
        f"matrices of {' and '.join(f'{int(n):,}' for n in row['eigenvalue_seconds'])} rows)"
    )
    if costs.device != "cpu":
        return f"{text}."
    beside = int(min(CORES, MEMORY // size))
    each = "one on each core" if beside == CORES else "one after the other"
    fits = row["hours"] * CORES / max(beside, 1) <= NIGHT
    return (
        f"{text}: {row['runs']} of them, {each} within {MEMORY / 1e9:.0f} GB, "
        f"{'fit' if fits else 'do not fit'} a night of {NIGHT} hours."
    )
