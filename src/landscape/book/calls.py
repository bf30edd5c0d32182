"""What a notebook calls: the answer, pictures, claims, tables and the appendix of its page.

Nothing here writes a file. A page run in JupyterLab shows what is stored, or with ``live=True``
trains now and judges in memory.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from landscape import project, schema
from landscape.book import appendix, pictures, views
from landscape.book.tables import Note, Table, show
from landscape.errors import LandscapeError
from landscape.evidence import artifacts, figures, judge, paper_costs
from landscape.evidence.runs import Runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from landscape.book.pictures import Picture


class PageError(LandscapeError):
    """A page asks for something that is not there."""


class Page:
    """One page of the book.

    Attributes:
        name: Its folder's name, for a figure or table its id.
        profile: Whose results it shows.
        live: Train now instead of reading results.
        root: The project's folder.
        part: The folder of its part.
        is_artifact: Whether it is a figure or table of a work, with claims.
    """

    def __init__(self, name: str, profile: str, live: bool, root: Path) -> None:
        folder = artifacts.page_folder(name, root)
        if folder is None:
            near = schema.nearest(name, [page.name for page in project.pages(root)])
            hint = f" ({near})" if near.endswith("?") else ""
            make = f"make book/<part>/{name}/page.md"
            raise PageError(f"The book has no page {name!r}{hint}: {make}.")
        self.name, self.profile, self.live, self.root = name, profile, live, root
        self.part = name if folder.parent.name == "book" else folder.parent.name
        self.is_artifact = (folder / "claims.yaml").is_file()
        self._pictures: list[str] = []

    @functools.cached_property
    def figure(self) -> ModuleType:
        """The page's ``figure.py``."""
        return figures.load(self.name, self.root)

    @functools.cached_property
    def runs(self) -> Runs:
        """This build's results; of a live page those made now."""
        make = Runs.live if self.live else Runs.build
        return make(self.profile, self.root)

    @functools.cached_property
    def records(self) -> Runs:
        """The newest records at the work's own scale."""
        return Runs.recorded(self.root)

    @functools.cached_property
    def verdict(self) -> dict[str, Any]:
        """The content of the verdict file; of a live page judged now.

        Raises PageError when it has not been made, and on a page without claims; LandscapeError
        when it is damaged.
        """
        if not self.is_artifact:
            raise PageError(
                f"{self.name} is no figure or table of a work and has no claims: give answer() a "
                "sentence and leave claims() out."
            )
        if self.live:
            return judge.in_memory(self.name, self.runs, figure=self.figure)
        try:
            return judge.read(judge.path_of(self.name, self.profile, self.root))
        except FileNotFoundError:
            raise PageError(
                f"There is no verdict on {self.name} in profile {self.profile}: run `landscape "
                f"judge {self.name} --profile {self.profile}`, or `dvc repro` for everything."
            ) from None

    def answer(self, text: str = "") -> None:
        """Show what was found, the verdict and its scale.

        Args:
            text: The computed sentence of a page without claims; a figure's comes from its
                ``finding``.
        """
        show(views.sentence(text) if text else views.answer(self.verdict, self.live))

    def claims(self) -> None:
        """Show the table of claims, one row each; the rest unfolds."""
        show(views.claims_table(self.verdict))

    def picture(
        self,
        panels: Picture | Mapping[str, Figure] | Figure,
        *,
        alt: str = "",
        data: Mapping[str, pd.DataFrame] | pd.DataFrame | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        """Show panels side by side, on a phone below each other, and offer their data as CSV.

        The lines below the cell hold the name and the caption (``landscape.book.cells``).

        Args:
            panels: A ``Picture``; or its parts: one figure, or figures by letter, with the others.
            alt: What they show, in words.
            data: One table, or several by name.
            titles: Markdown beside the letters.
        """
        if isinstance(panels, pictures.Picture):
            panels, alt, data, titles = panels.panels, panels.alt, panels.data, panels.titles
        number = len(self._pictures) + 1
        name = self.name if number == 1 else f"{self.name}-{number}"
        self._pictures.append(name)
        show(pictures.picture(name, panels, alt, data, titles))

    def table(self, table: Table) -> None:
        """Show a table; one with a label is numbered and can be referred to."""
        show(table)

    def paper_cost(self, *experiments: str, methods: Sequence[str] | None = None) -> None:
        """Say in one sentence what the work's own scale would cost, as last measured."""
        show(Note(paper_costs.sentence(self.root, experiments, methods), name="paper-cost"))

    def appendix(self, *experiments: str) -> None:
        """Show, folded: settings, how to reproduce the page, provenance and costs.

        Args:
            experiments: Whose; those that the page has read when none is named.
        """
        names = experiments or tuple(self.runs.read)
        show(*appendix.blocks(self, names))


def page(
    name: str, profile: str = "laptop", live: bool = False, root: str | Path | None = None
) -> Page:
    """Open a page.

    Args:
        name: Its folder's name, e.g. ``thesis-fig-2-3``; without the part.
        profile: smoke, laptop or paper.
        live: Train now instead of reading results; nothing is stored.
        root: The project's folder; found from the current folder upwards.

    Raises:
        LandscapeError: Outside the project, or an unknown page or profile.
    """
    folder = Path(root) if root is not None else project.find_root()
    return Page(name, project.check_profile(profile), live, folder.resolve())
