"""ResNet-50 on ImageNet (Lewkowycz & Gur-Ari, figure S8): what would be measured, what is known.

The set is not among those that are fetched. What needs no images is computed: how long panel a's
runs are, how often the penalty alone shrinks the weights, and what all of it costs.
"""

import numpy as np
import pandas as pd

from landscape.errors import LandscapeError
from landscape.evidence import paper_costs
from landscape.evidence.measurement import Measurement, format_number, not_run
from landscape.experiments import settings

ID = "lewkowycz-fig-s8-imagenet"
NO_IMAGES = "data set ImageNet not fetched"
COMMAND = (
    "LANDSCAPE_DATA=FOLDER landscape run lewkowycz-fig-s8-imagenet --profile paper"
    "  # FOLDER/imagenet/{train,val}/<class>/*.JPEG"
)
PRINTED, IMAGES = 14_232, 1_281_167
#: The reference program's default: 112,590 steps of 1,024 images.
REFERENCE_STEPS, REFERENCE_BATCH = 112_590, 1024
BY = ["lr", "l2", "epochs"]


def work():
    """The work's settings in force."""
    return settings.resolved(ID, "paper")


def epochs(steps, batch):
    """Passes over the training set."""
    return steps * batch / IMAGES


def rate(part, lr, given):
    """The learning rate after parts of the run, as the experiment's own ``learning_rate``."""
    of = given["schedule"]
    epoch = np.asarray(part) * of["of"]
    drops = (epoch[..., None] >= np.array(of["drops"])).sum(-1)
    full = lr * given["batch_size"] / of["rate_per"]
    return full * np.minimum(epoch / of["warmup"], 1) / of["factor"] ** drops


def shrinking(lr, l2, length, given):
    """How often the penalty alone would divide the weights by e in a run of so many epochs.

    The sum of rate times lambda over the steps; momentum m makes it 1 / (1 - m) times as much.
    """
    mean = rate(np.linspace(0, 1, 9000, endpoint=False), lr, given).mean()
    steps = length * IMAGES / given["batch_size"]
    return mean * l2 * steps / (1 - given["momentum"])


def accuracies(runs):
    """Best test accuracy of every network, in percent; None where nothing was run."""
    try:
        frame = runs.frame(ID)
    except LandscapeError:
        return None
    if frame is None:
        return None
    lost = frame.groupby(["case", *BY])["diverged"].max() > 0
    best = 100 - frame.groupby(["case", *BY])["test_error"].min()
    return best.mask(lost).rename("accuracy").reset_index()


def ranges(values, length):
    """Ranges over all neighbouring cells, so many at once, of one-dimensional arrays."""
    found = [np.ptp(row[at : at + length]) for row in values
             for at in range(len(row) - length + 1)]  # fmt: skip
    return np.array([one for one in found if np.isfinite(one)])


def along(table):
    """Rows, columns and diagonals (constant products) of a table of accuracies [lr, l2]."""
    cells = table.to_numpy()
    turned = cells[:, ::-1]
    diagonals = [np.diagonal(turned, k) for k in range(1 - len(cells), cells.shape[1])]
    return [*cells, *cells.T], diagonals


def measure(runs):
    """Ranges along panel a's grid and what panel b's smaller coefficients reach."""
    found = accuracies(runs)
    if found is None:
        if runs.scale == "paper":
            return {}
        nothing = not_run(NO_IMAGES)
        return {"c1": {"diagonal": nothing, "alone": nothing}, "c2": nothing}
    grid = found[found["case"] == "grid"]
    table = grid.pivot_table(index="lr", columns="l2", values="accuracy", dropna=False)
    straight, diagonals = along(table)
    alone = ranges(straight, 3)
    whole = [np.ptp(line) for line in straight if np.isfinite(line).all()]
    ratio = ranges(diagonals, 3).mean() / alone.mean() if len(alone) else np.nan
    lengths = found[found["case"] == "lengths"]
    at = lengths[np.isclose(lengths["epochs"], grid["epochs"].iloc[0])]
    best = at.loc[at["accuracy"].idxmax()]
    below = lengths[lengths["l2"] < best["l2"]]["accuracy"].max()
    longer = not_run("no smaller coefficient was tried than the best")
    if np.isfinite(below):
        longer = Measurement(float(below - best["accuracy"]), unit="points")
    return {
        "c1": {"diagonal": Measurement(float(ratio)),
               "alone": Measurement(float(np.mean(whole)), unit="points")},
        "c2": longer,
    }  # fmt: skip


def finding(found):
    """What was found, or why nothing was and what the printed length can only be."""
    diagonal, alone, longer = (found[key] for key in ("c1.diagonal", "c1.alone", "c2"))
    if any(part.value is None for part in (diagonal, alone, longer)):
        batch = work()["batch_size"]
        return (
            "ResNet-50 on ImageNet is not run, because its images are not fetched; the caption's "
            f"{PRINTED:,} “epochs” must be steps, which at the work's batch of {batch:,} make "
            f"{epochs(PRINTED, batch):.1f} epochs."
        )
    same = "less than half" if diagonal.value < 0.5 else f"{100 * diagonal.value:.0f} % as much"
    gap = format_number(abs(longer.value), 1)
    side = "below" if longer.value < 0 else "above"
    return (
        f"On ImageNet the accuracy varies {same} along constant products as when one of the two is "
        f"changed alone ({alone.value:.1f} points), and smaller coefficients end {gap} points "
        f"{side} the best, however long they are trained."
    )


def lengths_table():
    """What 14,232 is, if it counts epochs and if it counts steps, beside the program's default."""
    from landscape import book

    batch = work()["batch_size"]
    per_epoch = IMAGES / batch
    rows = [
        [name, f"{count:,.0f}", f"{passes:,.1f}", f"{passes * IMAGES / 1e9:,.2f} billion",
         f"{passes / epochs(REFERENCE_STEPS, REFERENCE_BATCH):,.2f}"]
        for name, count, passes in (
            ("as printed, epochs", PRINTED * per_epoch, float(PRINTED)),
            ("as steps", PRINTED, epochs(PRINTED, batch)),
            ("91 epochs, the last step begun", np.ceil(91 * per_epoch), 91.0),
            (f"the program's default, batch {REFERENCE_BATCH:,}", REFERENCE_STEPS,
             epochs(REFERENCE_STEPS, REFERENCE_BATCH)),
        )
    ]  # fmt: skip
    return book.Table(
        ["reading", "steps", "epochs", "images seen", "of the default's epochs"], rows,
        caption=f"The length of panel a's runs at batch {batch:,}", label="fig-s8-length",
    )  # fmt: skip


def cells(given):
    """Panel a's grid: learning rate, coefficient and how often the weights shrink by e."""
    (length,) = given["runs"]["grid"]["epochs"]
    return pd.DataFrame(
        [(lr, l2, shrinking(lr, l2, length, given)) for lr in given["runs"]["grid"]["lr"]
         for l2 in given["runs"]["grid"]["l2"]], columns=["lr", "l2", "shrinks"],
    )  # fmt: skip


def draw_grid(given):
    """The declared grid, every cell with its count, constant products joined."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    table = cells(given)
    products = np.sort(np.unique(np.round(np.log2(table["lr"] * table["l2"]), 6)))
    for product in products:
        rows = table[np.isclose(np.log2(table["lr"] * table["l2"]), product)].sort_values("lr")
        ax.plot(rows["lr"], rows["l2"], color=book.CYCLE[0], linewidth=1, alpha=0.7)
    for row in table.itertuples():
        times = f"{float(f'{row.shrinks:.2g}'):g}"
        ax.annotate(times, (row.lr, row.l2), ha="center", va="center", fontsize=9,
                    bbox={"boxstyle": "round,pad=0.25", "facecolor": book.PAPER,
                          "edgecolor": book.GREY})  # fmt: skip
    lrs, l2s = given["runs"]["grid"]["lr"], given["runs"]["grid"]["l2"]
    ax.set(xscale="log", yscale="log", xlabel=r"learning rate $\eta$ (for 256 images)",
           ylabel=r"$\lambda$", xlim=(lrs[0] / 1.5, lrs[-1] * 1.5),
           ylim=(l2s[0] / 1.5, l2s[-1] * 1.5))  # fmt: skip
    ax.minorticks_off()
    ax.set_xticks(lrs, [f"{lr:g}" for lr in lrs])
    ax.set_yticks(l2s, [f"{1e5 * l2:g}" for l2 in l2s])
    ax.set_ylabel(r"$\lambda$ (in $10^{-5}$)")
    return figure


def schedules(given):
    """The learning rate against epochs for every length of panel b."""
    (lr,) = given["runs"]["lengths"]["lr"]
    parts = np.unique(np.concatenate([
        np.linspace(1e-3, 1 - 1e-6, 120),
        *[(drop / given["schedule"]["of"] - 1e-9, drop / given["schedule"]["of"])
          for drop in (given["schedule"]["warmup"], *given["schedule"]["drops"])],
    ]))  # fmt: skip
    return pd.concat(
        [pd.DataFrame({"length": length, "epoch": parts * length, "rate": rate(parts, lr, given)})
         for length in given["runs"]["lengths"]["epochs"]], ignore_index=True,
    )  # fmt: skip


def draw_schedules(given):
    """The schedule of the program, stretched to the lengths of panel b."""
    from landscape import book

    figure, ax = book.panel(height=3.1)
    for (length, rows), color in zip(schedules(given).groupby("length"), book.CYCLE, strict=False):
        ax.plot(rows["epoch"], rows["rate"], color=color, label=f"$T = {length:g}$")
    ax.set(yscale="log", xlabel="epoch", ylabel="learning rate of a step")
    ax.legend(loc="upper right", fontsize=9)
    return figure


def plan():
    """The page's first picture: panel a's grid and panel b's schedules, before any run."""
    from landscape import book

    given = work()
    return book.Picture(
        {"a": draw_grid(given), "b": draw_schedules(given)},
        titles={"a": "how often the weights shrink by e", "b": "one schedule, four lengths"},
        alt="Left, five learning rates by five coefficients; lines join cells of equal product, "
        "and each cell says how often the penalty alone would divide the weights by e during the "
        "run, the same along every line. Right, the learning rate against epochs: a warm-up and "
        "three drops by ten, stretched to four lengths.",
        data={"grid": cells(given), "schedules": schedules(given)},
    )  # fmt: skip


def reference_cell():
    """Sentences about the cell with the program's own settings, and about panel b."""
    given = work()
    lr, l2, length = 0.1, 1e-4, given["runs"]["grid"]["epochs"][0]
    once = shrinking(lr, l2, length, given)
    longest = max(given["runs"]["lengths"]["epochs"])
    equal = min(given["runs"]["lengths"]["l2"], key=lambda one: abs(one * longest - l2 * length))
    return (
        rf"With the program's own $\eta = {lr:g}$ and $\lambda = 10^{{-4}}$ the "
        f"penalty alone would shrink the weights {once:.1f} times by e in {length} epochs. In "
        rf"panel b $\lambda = "
        rf"{1e5 * equal:g} \times 10^{{-5}}$ does so "
        f"{shrinking(lr, equal, longest, given):.1f} times in {longest} epochs: if only "
        "that count mattered, the two would end alike."
    )


def not_run_images(root):
    """Why there are no runs, with their price."""
    known = paper_costs.of(root, [ID])
    each = ""
    if known:
        row = known[0].rows[0]
        each = (f" One network of panel a would take {paper_costs.rounded(row['hours']):,.0f} "
                f"{known[0].unit}, and there are {row['runs']}.")  # fmt: skip
    return (
        f"**Not run:** {NO_IMAGES}. It needs an account, so that no command of this project "
        f"fetches it.{each} Where it lies, this runs both panels:"
    )


def draw_accuracies(runs):
    """Measured accuracies, where there are any: panel a as a map, panel b as curves."""
    from landscape import book

    found = accuracies(runs)
    if found is None:
        return None
    figure, ax = book.panel(height=3.1)
    grid = found[found["case"] == "grid"]
    for color, (l2, rows) in zip(book.CYCLE, grid.groupby("l2"), strict=False):
        ax.plot(rows["lr"] * rows["l2"], rows["accuracy"], "o-", color=color, label=f"{l2:g}")
    ax.set(xscale="log", xlabel=r"$\eta\lambda$", ylabel="best test accuracy (%)")
    second, bx = book.panel(height=3.1)
    for color, (length, rows) in zip(
        book.CYCLE, found[found["case"] == "lengths"].groupby("epochs"), strict=False
    ):
        bx.plot(rows["l2"], rows["accuracy"], "o-", color=color, label=f"$T = {length:g}$")
    bx.set(xscale="log", xlabel=r"$\lambda$", ylabel="best test accuracy (%)")
    for axes, title in ((ax, r"$\lambda$"), (bx, "")):
        axes.legend(fontsize=9, title=title or None)
    return book.Picture(
        {"a": figure, "b": second}, titles={"a": "panel a's grid", "b": "panel b"},
        alt="Left, best test accuracy against the product of learning rate and coefficient, a "
        "curve for every coefficient. Right, against the coefficient, a curve for every length.",
        data=found,
    )  # fmt: skip
