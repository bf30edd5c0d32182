"""A project folder with pages that hold nothing but settings."""

import shutil
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Toy:
    """A project folder whose pages' settings are written by a test."""

    def __init__(self, root):
        self.root = root
        (root / "book").mkdir(parents=True)
        for name in ("book/parts.yaml", "params.yaml"):
            shutil.copy(ROOT / name, root / name)
        (root / "dvc.yaml").write_text("stages: {}\n")

    def page(self, item, settings=None):
        """Make a page, with this ``settings.yaml``; returns the file's path."""
        folder = self.root / "book" / item
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "page.md").write_text("# A page\n")
        if settings is not None:
            (folder / "settings.yaml").write_text(textwrap.dedent(settings), encoding="utf-8")
        return folder / "settings.yaml"
