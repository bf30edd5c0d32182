"""The folded end of a page: settings, how to reproduce it, what it cost, where it comes from."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from landscape.book.provenance_tables import cost_table, footer_note
from landscape.book.settings_table import settings_block
from landscape.book.tables import Html, Note, folded
from landscape.evidence import provenance

if TYPE_CHECKING:
    from landscape.book.calls import Page


def blocks(page: Page, experiments: Sequence[str]) -> list[Html]:
    """What unfolds at the end of a page.

    Args:
        page: The page.
        experiments: The runs that it shows.
    """
    built = {name: page.runs.provenance(name) for name in experiments}
    built = {name: runs for name, runs in built.items() if runs}
    recorded = {name: page.records.info(name) for name in experiments}
    recorded = {name: info for name, info in recorded.items() if info}
    found = []
    if experiments:
        found.append(settings_block(experiments, page.profile, page.root))
    found.append(_reproduce(page, experiments, built, recorded))
    if page.live:
        footer = Note(f"The runs were made just now, {own_versions()}; nothing is stored.")
    else:
        footer = footer_note(page.profile, built, recorded, own_versions())
    found.append(Html(folded("Provenance", footer._repr_html_(), "provenance"), repr(footer)))
    return found


def own_versions() -> str:
    """The versions that compute a page itself."""
    own = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    for package in ("numpy", "scipy", "pandas", "matplotlib"):
        try:
            own += f", {package} {version(package)}"
        except PackageNotFoundError:
            continue
    return own


def _reproduce(
    page: Page, experiments: Sequence[str], built: dict[str, dict], recorded: dict[str, dict]
) -> Html:
    """Commands: everything of this page that is out of date, its runs by themselves, records."""
    steps = [f"run {name}" for name in experiments]
    steps += [f"judge {page.name}"] if page.is_artifact else []
    steps += [f"page {page.name}"]
    lines = [
        ("This page and all it needs, only what is out of date:",
         [f"dvc repro --glob '*{page.name}*'"]),
        ("Step by step:", [f"landscape {step} --profile {page.profile}" for step in steps]),
    ]  # fmt: skip
    if recorded:
        runs = {name: info["methods"] for name, info in recorded.items()}
        lines.append(("The records, at the work's own scale:", provenance.commands(runs)))
    html = "".join(
        f"<p>{escape(text)}</p><pre><code>{escape(chr(10).join(commands))}</code></pre>"
        for text, commands in lines if commands
    )  # fmt: skip
    plain = "\n".join("\n".join([text, *commands]) for text, commands in lines if commands)
    cost = cost_table(built, recorded)
    cost = cost or Note("This page reads no stored runs; it computes what it shows.")
    html = folded("Reproduce this", f"{html}{cost._repr_html_()}", "reproduce")
    return Html(html, f"Reproduce this\n{plain}\n{cost!r}")
