"""What the chapter on the optimizers shows: paths on one loss of two weights, endings, tables."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from landscape.book.optimizer_tables import OptimizerTables
from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_measurement
from landscape.theory.two_valleys import TwoValleys, Valley

if TYPE_CHECKING:
    from landscape.book.calls import Page

RUN = "optimizer-paths"
SHADES = ("#0072B2", "#E69F00", "#009E73")
EDGES = (-2.5, 2.3, -1.75, 1.85)  # of the maps
PAIRS = (  # question, method, the one it is compared with
    ("random moves against none", "heat_smoothing", "heat_still"),
    ("a large rate against a small one", "sgd_fast", "sgd"),
    ("smoothing, or only its large rate?", "hamilton_jacobi_gradient", "sgd_fast"),
    ("the last gradient, or the distance gone", "hamilton_jacobi_gradient", "hamilton_jacobi"),
    ("Langevin noise against none", "entropy_sgd", "entropy_sgd_c"),
    ("noise with √2 and without", "entropy_sgd", "entropy_sgd_b"),
    ("an inner loop against plain Langevin steps", "entropy_sgd", "sgld"),
    ("a fixed field against one drawn anew", "anneal_sgd", "resampled_noise"),
    ("an average of samples against the last one", "sgld_mean", "sgld"),
    ("three replicas against one", "elastic_sgd", "sgd"),
    ("three replicas against one", "parle", "entropy_sgd_c"),
)


class Chapter:
    """The simulation behind the chapter, read once a page.

    Args:
        page: The page that shows it.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.chosen = page.runs.parameters(RUN)
        self.methods: dict[str, Any] = self.chosen["methods"]

    @functools.cached_property
    def paths(self) -> pd.DataFrame:
        """Points of every path: method, replica, role (working or answer), x, y."""
        return self.page.runs.table(RUN, "paths")

    @functools.cached_property
    def endings(self) -> pd.DataFrame:
        """Where each method ends from each random start."""
        return self.page.runs.table(RUN, "endings")

    @functools.cached_property
    def tables(self) -> OptimizerTables:
        """Settings, costs and the overview of all optimizers."""
        options = self.page.runs.table(RUN, "options")
        return OptimizerTables(self.page.root, options.fillna(""))

    @functools.cached_property
    def loss(self) -> TwoValleys:
        """The loss of two weights."""
        shape = dict(self.chosen["loss"])
        valleys = {
            name: Valley(tuple(shape[name]["centre"]), shape[name]["width"], shape[name]["depth"])
            for name in ("wide", "narrow")
        }
        return TwoValleys(**(shape | valleys))

    @property
    def mean(self) -> TwoValleys:
        """Its mean over mini-batches."""
        return self.loss.smoothed(self.chosen["batch_shift"] ** 2)

    @property
    def variance(self) -> float:
        """HEAT's smoothing."""
        return self.methods["heat_smoothing"]["optimizer"]["gamma"]

    def share(self, method: str, valley: str) -> Measurement:
        """Share of the starts that end in a valley, percent, with Wilson's interval."""
        ends = self.endings.loc[self.endings["method"] == method, "valley"]
        m = statistics.wilson_interval(int((ends == valley).sum()), len(ends))
        return Measurement(100 * m.value, 100 * m.low, 100 * m.high, m.n, "%")

    def sentence(self) -> str:
        """Which methods reach the wide valley more often than SGD, and which less."""
        base = self.share("sgd", "wide")
        more, less = [], []
        for key, method in self.methods.items():
            m = self.share(key, "wide")
            if m.low > base.high:
                more.append(method["label"])
            elif m.high < base.low:
                less.append(method["label"])
        return (
            f"On one loss of two weights, from the same starts, {', '.join(more) or 'no method'} "
            f"end in the wide valley more often than SGD ({base.value:.0f} %) and "
            f"{', '.join(less) or 'none'} less often; what to take for a network is in the table."
        )

    def family_sentence(self, *keys: str) -> str:
        """How often some methods end in the wide valley, SGD's share beside them."""
        parts = [
            f"{self.methods[key]['label']} {format_measurement(self.share(key, 'wide').with_(n=None))}"
            for key in keys
        ]
        base = self.share("sgd", "wide")
        return (
            f"From {base.n} random starts on one loss of two weights the wide valley is reached by "
            f"{', '.join(parts)}; plain SGD reaches it from {base.value:.0f} %."
        )

    def pairs(self) -> list[list[str]]:
        """Rows of text: question, methods, paired difference of the shares in the wide valley."""
        inside = self.endings.assign(wide=100.0 * (self.endings["valley"] == "wide"))
        rows = []
        for question, one, other in PAIRS:
            both = [inside.loc[inside["method"] == key, "wide"].to_numpy() for key in (one, other)]
            gap = statistics.paired_difference(*both, unit="%").with_(n=None)
            names = f"{self.methods[one]['label']} minus {self.methods[other]['label']}"
            rows.append([question, names, format_measurement(gap)])
        return rows

    def valleys(self) -> list[list[str]]:
        """Rows of text: minima, losses, curvatures and stable rates of both valleys."""
        rows = []
        surfaces = (
            ("mean over mini-batches", self.mean),
            (f"the same, HEAT's γ = {self.variance:g}", self.mean.smoothed(self.variance)),
        )
        for title, surface in surfaces:
            for name in ("wide", "narrow"):
                point = self._valley(surface, name)
                if point is None:
                    rows.append([title, name, "no minimum left", "–", "–", "–"])
                    continue
                low, high = surface.curvatures(point)
                rows.append([title, name, f"({point[0]:.2f}, {point[1]:.2f})",
                             f"{surface.value(point):.3f}", f"{low:.2f}, {high:.2f}",
                             f"{2 / high:.2f}"])  # fmt: skip
        return rows

    def _valley(self, surface: TwoValleys, name: str) -> np.ndarray | None:
        point = surface.minimum(getattr(self.loss, name).centre)
        other = getattr(self.loss, "narrow" if name == "wide" else "wide")
        away = [np.linalg.norm(point - np.asarray(v.centre))
                for v in (getattr(self.loss, name), other)]  # fmt: skip
        return point if away[0] < away[1] else None

    # ------------------------------------------------------------------ pictures
    def _map(self, surface: TwoValleys) -> tuple[Any, Any]:
        from matplotlib import colormaps
        from matplotlib.colors import ListedColormap

        from landscape import book

        left, right, bottom, top = EDGES
        axis = np.linspace(left, right, 160), np.linspace(bottom, top, 120)
        grid = np.stack(np.meshgrid(*axis), axis=-1)
        values = surface.value(grid)
        figure, ax = book.panel(width=3.0, height=2.4)
        pale = ListedColormap(colormaps["Greys"](np.linspace(0.42, 0.05, 256)))
        ax.imshow(np.clip(values, None, values.min() + 1.3), origin="lower", extent=EDGES, cmap=pale,
                  interpolation="bilinear")  # fmt: skip
        levels = np.linspace(values.min(), values.min() + 1.3, 7)
        ax.contour(grid[..., 0], grid[..., 1], values, levels, colors="#8A8A8A", linewidths=0.5)
        ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
        ax.grid(False)
        return figure, ax

    def draw_loss(self) -> Any:
        """The loss, its two valleys, the start, and the box of the random starts."""
        figure, ax = self._map(self.mean)
        for name, move in (("wide", (0.0, 0.0)), ("narrow", (0.2, -0.9))):
            x, y = getattr(self.loss, name).centre
            ax.text(x + move[0], y + move[1], name, ha="center", va="center", color="#1b1b1b")
        (x0, y0), (x1, y1) = self.chosen["box"]
        ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], "--", color="#1b1b1b", linewidth=0.8)
        ax.plot(*self.chosen["start"], "o", color="#fafafa", markeredgecolor="#1b1b1b")
        return figure

    def draw_path(self, key: str) -> Any:
        """One method's path: answers dark, ending at the star; gradient points coloured."""
        from landscape import book

        method = self.methods[key]
        figure, ax = self._map(self.mean)
        rows = self.paths[self.paths["method"] == key]
        work, answers = rows[rows["role"] == "working"], rows[rows["role"] == "answer"]
        if "radius" in method["optimizer"]:
            angle = np.linspace(0, 2 * np.pi, 200)
            length = np.hypot(*answers[["x", "y"]].iloc[0])
            ax.plot(
                length * np.cos(angle), length * np.sin(angle), ":", color="#444444", linewidth=0.8
            )
        color = book.look(method["optimizer"]["name"]).color
        several = work["replica"].nunique() > 1
        for number, (_, part) in enumerate(work.groupby("replica")):
            own = SHADES[number % 3] if several else color if color != book.INK else SHADES[0]
            ax.scatter(part["x"], part["y"], s=1.5, color=own, alpha=0.7, rasterized=True)
        thin = answers.iloc[:: max(1, len(answers) // 400)]
        ax.plot(thin["x"], thin["y"], "-", color="#1b1b1b", linewidth=0.9)
        first, last = answers.iloc[0], answers.iloc[-1]
        ax.plot(
            first["x"], first["y"], "o", color="#fafafa", markeredgecolor="#1b1b1b", markersize=4
        )
        ax.plot(last["x"], last["y"], "*", color="#FFD400", markeredgecolor="#1b1b1b", markersize=9)
        return figure

    def maps(self, *keys: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Panels and titles for ``page.picture``: one path for each method."""
        letters = "abcdefghijklmnopqrstuvwxyz"[: len(keys)]
        panels = {a: self.draw_path(key) for a, key in zip(letters, keys, strict=True)}
        titles = {a: self.methods[key]["label"] for a, key in zip(letters, keys, strict=True)}
        return panels, titles

    def draw_endings(self) -> Any:
        """Share of the random starts that end in either valley, method by method."""
        from landscape import book

        figure, ax = book.panel(width=4.8, height=0.27 * len(self.methods) + 0.9)
        for row, key in enumerate(self.methods):
            for name, color, shift in (
                ("wide", book.CYCLE[0], 0.13),
                ("narrow", book.CYCLE[1], -0.13),
            ):
                m = self.share(key, name)
                ax.plot([m.low, m.high], [-row + shift] * 2, color=color, linewidth=1.4)
                ax.plot(m.value, -row + shift, "o", color=color, markersize=5,
                        markerfacecolor=color if name == "wide" else book.PAPER,
                        label=f"{name} valley" if row == 0 else None)  # fmt: skip
        ax.axvline(self.share("sgd", "wide").value, color=book.GREY, linestyle=":", linewidth=1)
        ax.set_yticks(-np.arange(len(self.methods)), [m["label"] for m in self.methods.values()])
        ax.set(
            xlim=(-2, 102), ylim=(0.6 - len(self.methods), 0.6), xlabel="share of the starts [%]"
        )
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, fontsize=9)
        return figure
