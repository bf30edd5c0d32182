"""The settings of a page's experiments beside the works' own, folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from landscape.book.tables import Cell, Html, Table, folded
from landscape.evidence.measurement import format_number

_INSTEAD = re.compile(r"ours instead of (\S+):")


def settings_block(experiments: Sequence[str], profile: str, root: str | Path) -> Html:
    """``4 settings differ from the work, and 1 that it leaves open is set for laptop``.

    Unfolds to those, and further to all.

    Args:
        experiments: Their ids.
        profile: Whose values stand beside the work's.
        root: The project's folder.
    """
    from landscape.experiments import settings

    parts, plain, names, opened = [], [], set(), set()
    for experiment in experiments:
        rows = settings.resolve(experiment, profile, root)
        stated = {row.key: row.source for row in settings.resolve(experiment, "paper", root)}
        table, differing, left_open = settings_table(profile, rows, stated)
        names |= differing
        opened |= left_open
        only = [row for row, kind in zip(table.rows, table.row_classes, strict=True) if kind]
        some = Table(table.columns, only, name="settings", stack=True)._repr_html_() if only else ""
        whole = folded(f"all {len(rows)} settings", table._repr_html_(), "all")
        head = f"<p><code>{escape(experiment)}</code></p>" if len(experiments) > 1 else ""
        parts.append(f"{head}{some}{whole}")
        plain.append(f"{experiment}\n{Table(table.columns, only)!r}")
    summary = _summary(len(names), len(experiments)) + _open(len(opened - names), profile)
    return Html(folded(summary, "".join(parts), "settings"), "\n\n".join([summary, *plain]))


def settings_table(
    profile: str, rows: Sequence[Any], stated: dict[str, str]
) -> tuple[Table, set[str], set[str]]:
    """Setting | the work | this build | source; the keys that differ; those left open that change.

    Only what the work states can differ from it. A source that begins with "ours" means that the
    work gives no value, "ours instead of X" that it gives X. A value that the work leaves open is a
    departure too where the profile has another one than the work's scale would.

    Args:
        profile: For the column's head.
        rows: With attributes key, paper, value, source, changed (experiments.settings.Setting).
        stated: The source of the work's value by key.
    """
    cells, classes, differing, left_open = [], [], set(), set()
    for row in rows:
        source = stated.get(row.key, "")
        instead = _INSTEAD.match(source)
        ours = source.startswith("ours") or row.key not in stated
        work = _setting(row.paper) if not ours else instead.group(1) if instead else "not stated"
        differs = instead is not None or (row.changed and not ours)
        marked = differs or row.changed
        if differs:
            differing.add(row.key)
        elif row.changed:
            left_open.add(row.key)
        sources = dict.fromkeys(filter(None, [source, row.source if row.changed else ""]))
        value = Cell(_setting(row.value), ("wv-changed",) if marked else ())
        cells.append([_key(row.key), work, value, "; ".join(sources) or row.source])
        classes.append("wv-changed" if marked else "")
    columns = ["setting", "the work", f"this build ({profile})", "source"]
    table = Table(columns, cells, name="settings", row_classes=classes, stack=True)
    return table, differing, left_open


def _summary(number: int, experiments: int) -> str:
    of = f" of {experiments} experiments" if experiments > 1 else ""
    if number == 0:
        return f"Settings{of}: none differs from what the work states"
    if number == 1:
        return f"1 setting{of} differs from the work"
    return f"{number} settings{of} differ from the work"


def _open(number: int, profile: str) -> str:
    if number == 0:
        return ""
    verb = "is" if number == 1 else "are"
    return f", and {number} that it leaves open {verb} set for {profile}"


def _key(key: str) -> str:
    pieces = key.split(".")
    if pieces[0] == "methods" and len(pieces) > 2:
        return f"`{pieces[1]}`: `{'.'.join(pieces[2:])}`"
    return f"`{key}`"


def _setting(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_setting(item) for item in value) or "none"
    return str(value).replace("_", r"\_")
