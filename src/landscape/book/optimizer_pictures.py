"""What the chapter on the optimizers shows: paths on one loss of two weights, endings, tables."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from landscape.book.optimizer_tables import OptimizerTables
from landscape.book.tables import Table, show
from landscape.evidence import statistics
from landscape.evidence.measurement import Measurement, format_measurement
from landscape.evidence.words import listed
from landscape.theory.two_valleys import TwoValleys, Valley

if TYPE_CHECKING:
    from landscape.book.calls import Page

RUN = "optimizer-paths"
SHADES = ("#0072B2", "#D55E00", "#009E73")  # of replicas
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

    def gap(self, one: str, other: str) -> Measurement:
        """How many more of the starts one method takes to the wide valley, paired, percent."""
        inside = self.endings.assign(wide=100.0 * (self.endings["valley"] == "wide"))
        both = [inside.loc[inside["method"] == key, "wide"].to_numpy() for key in (one, other)]
        return statistics.paired_difference(*both, unit="%").with_(n=None)

    def sentence(self) -> str:
        """What to take first, and which methods reach the wide valley more often than SGD."""
        more, less = [], []
        for key, method in self.methods.items():
            gap = self.gap(key, "sgd")
            if gap.low is not None and gap.low > 0:
                more.append(f"{method['label']} ({self.share(key, 'wide').value:.0f} %)")
            elif gap.high is not None and gap.high < 0:
                less.append(method["label"])
        base = self.share("sgd", "wide")
        return (
            "Start with SGD or Adam. On one loss of two weights, which is no evidence about "
            f"networks, {len(more)} of the {len(self.methods) - 1} others end in the wide valley "
            f"from more of {base.n} starts than SGD ({base.value:.0f} %), {len(less)} from fewer."
        )

    def family_sentence(self, *keys: str) -> str:
        """How often some methods end in the wide valley, compared with SGD."""
        base = self.share("sgd", "wide")
        parts = []
        for key in keys:
            gap, text = self.gap(key, "sgd"), f"{self.share(key, 'wide').value:.0f} %"
            sure = gap.low is not None and (gap.low > 0 or gap.high < 0)
            word = ("more" if gap.value > 0 else "fewer") if sure else "not measurably different"
            parts.append(f"{self.methods[key]['label']} from {text} ({word})")
        return (
            f"On the loss of two weights SGD ends in the wide valley from {base.value:.0f} % of "
            f"{base.n} random starts, {listed(parts)}."
        )

    def pairs(self) -> list[list[str]]:
        """Rows of text: question, methods, paired difference of the shares in the wide valley."""
        rows = []
        for question, one, other in PAIRS:
            gap = self.gap(one, other)
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

    def show_surface(self) -> None:
        """Show, folded, the paired differences and the two valleys."""
        differences = Table(
            ["question", "methods", "more starts in the wide valley"], self.pairs(), folded=True,
            caption="Paired differences, percent of the starts, with 95 % intervals",
        )  # fmt: skip
        minima = Table(
            ["loss", "valley", "minimum at", "loss there", "curvatures", "largest stable rate"],
            self.valleys(), folded=True, caption="The two valleys, found by Newton's method; "
            "descent leaves a minimum at a rate above 2 over its largest curvature",
        )  # fmt: skip
        show(differences, minima)

    def show_settings(self, *names: str) -> None:
        """Show what optimizers cost and, folded, their settings; AutoL2 has settings only."""
        for name in names:
            own = self.tables.settings(name)
            show(*([self.tables.cost(name)] if name in self.tables.names() else []), own)

    def show_forms(self) -> None:
        """Show, folded, how the defaults of Entropy-SGD depend on its form."""
        forms = {"": "A", "B": "B", "C": "C", "authors": "authors", "authors-lua": "in Lua"}
        show(self.tables.variants("entropy_sgd", forms))

    # ------------------------------------------------------------------ pictures
    def _map(self, surface: TwoValleys) -> tuple[Any, Any]:
        from matplotlib.colors import ListedColormap, to_rgb

        from landscape import book

        left, right, bottom, top = EDGES
        axis = np.linspace(left, right, 160), np.linspace(bottom, top, 120)
        grid = np.stack(np.meshgrid(*axis), axis=-1)
        values = surface.value(grid)
        figure, ax = book.panel(width=3.0, height=2.3)
        # Grey of varying opacity: low is darker on a light ground and lighter on a dark one.
        shade = ListedColormap([(*to_rgb(book.GREY), a) for a in np.linspace(0.6, 0.0, 14)])
        shown = np.clip(values, None, values.min() + 1.3)
        ax.imshow(shown, origin="lower", extent=EDGES, cmap=shade, interpolation="bilinear")
        levels = np.linspace(values.min(), values.min() + 1.3, 7)
        ax.contour(grid[..., 0], grid[..., 1], values, levels, colors=book.GREY, linewidths=0.5)
        ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
        ax.grid(False)
        return figure, ax

    def draw_loss(self) -> Any:
        """The loss, its two valleys, the start, and the box of the random starts."""
        from landscape import book

        figure, ax = self._map(self.mean)
        for name, move in (("wide", (0.0, 0.0)), ("narrow", (0.2, -0.9))):
            x, y = getattr(self.loss, name).centre
            ax.text(x + move[0], y + move[1], name, ha="center", va="center")
        (x0, y0), (x1, y1) = self.chosen["box"]
        ax.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], "--", color=book.INK, linewidth=0.8)
        start = np.asarray(self.chosen["start"])
        for move, size in zip(self.chosen["replica_starts"], (6, 3.5, 3.5), strict=True):
            ax.plot(*(start + move), "o", color=book.PAPER, markeredgecolor=book.INK,
                    markersize=size)  # fmt: skip
        return figure

    def draw_smoothed(self) -> Any:
        """The loss that HEAT walks on, which is known exactly."""
        figure, _ = self._map(self.mean.smoothed(self.variance))
        return figure

    def draw_path(self, key: str) -> Any:
        """One method's path: answers in ink, ending at the star; gradient points coloured."""
        from landscape import book

        method = self.methods[key]
        figure, ax = self._map(self.mean)
        rows = self.paths[self.paths["method"] == key]
        work, answers = rows[rows["role"] == "working"], rows[rows["role"] == "answer"]
        if "radius" in method["optimizer"]:
            angle = np.linspace(0, 2 * np.pi, 200)
            length = np.hypot(*answers[["x", "y"]].iloc[0])
            ax.plot(length * np.cos(angle), length * np.sin(angle), ":", color=book.INK,
                    linewidth=0.8)  # fmt: skip
        color = book.look(method["optimizer"]["name"]).color
        several = work["replica"].nunique() > 1
        for number, (_, part) in enumerate(work.groupby("replica")):
            own = SHADES[number % 3] if several else color if color != book.INK else SHADES[0]
            ax.scatter(part["x"], part["y"], s=1.5, color=own, alpha=0.7, rasterized=True)
        thin = answers.iloc[sorted({*range(0, len(answers), 2), len(answers) - 1})]
        ax.plot(thin["x"], thin["y"], "-", color=book.INK, linewidth=0.9)
        first, last = answers.iloc[0], answers.iloc[-1]
        ax.plot(first["x"], first["y"], "o", color=book.PAPER, markeredgecolor=book.INK,
                markersize=4)  # fmt: skip
        ax.plot(last["x"], last["y"], "*", color="#FFD400", markeredgecolor=book.INK, markersize=9,
                markeredgewidth=0.7)  # fmt: skip
        return figure

    def title(self, key: str) -> str:
        """A method's name and how many of the random starts it takes to the wide valley."""
        m = self.share(key, "wide")
        return f"{self.methods[key]['label']}: {m.value:.0f} % wide [{m.low:.0f}, {m.high:.0f}]"

    def maps(self, *keys: str) -> dict[str, Any]:
        """Panels, titles and data for ``page.picture``.

        Args:
            keys: Methods, or ``loss`` and ``smoothed`` for the losses alone.
        """
        alone = {
            "loss": (self.draw_loss, "the loss"),
            "smoothed": (self.draw_smoothed, f"smoothed, variance {self.variance:g}"),
        }
        panels, titles = {}, {}
        for letter, key in zip("abcdefgh", keys, strict=False):
            draw, title = alone.get(key) or (functools.partial(self.draw_path, key), "")
            panels[letter], titles[letter] = draw(), title or self.title(key)
        return {"panels": panels, "titles": titles, "data": self.data(*keys)}

    def data(self, *keys: str) -> dict[str, pd.DataFrame]:
        """What ``maps`` of methods shows: every second point of the answers, and the ends."""
        answers = self.paths[(self.paths["role"] == "answer") & (self.paths["step"] % 2 == 0)]
        tables = {"answers": answers.drop(columns=["case", "role"]), "ends": self.endings}
        return {name: rows[rows["method"].isin(keys)].drop(columns="case", errors="ignore")
                for name, rows in tables.items()}  # fmt: skip

    def draw_endings(self) -> Any:
        """Share of the random starts that end in either valley, method by method."""
        from landscape import book

        figure, ax = book.panel(width=4.8, height=0.24 * len(self.methods) + 0.9)
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
