"""What the front page, the status page and the parts' introductions show, from the scorecard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from landscape import project
from landscape.book import tables
from landscape.book.gallery import cited
from landscape.book.tables import Cell, Table
from landscape.errors import LandscapeError
from landscape.evidence import records, verdicts


def scorecard(profile: str, root: str | Path) -> dict[str, Any]:
    """The scorecard of a profile; raises LandscapeError naming the command when there is none."""
    path = Path(root) / "verdicts" / f"scorecard-{profile}.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        card["summary"], card["counts"]["claims"], card["artifacts"]
        return card
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LandscapeError(
            f"{path.name} cannot be read ({error}): run `landscape scorecard --profile {profile}`."
        ) from error


def summary(card: dict[str, Any]) -> str:
    """One sentence: how many pages there are, and what became of their claims."""
    counts = card["counts"]["claims"]
    said = ", ".join(f"{counts[label]} {label}" for label in verdicts.LABELS if counts.get(label))
    return (
        f"{card['summary'][0].upper()}{card['summary'][1:]}, with {sum(counts.values())} claims: "
        f"{said}."
    )


def kinds(card: dict[str, Any]) -> Table:
    """Claims by verdict and kind of evidence; kinds and verdicts that do not occur are left out."""
    columns = [row for row in card["kinds"] if row["pages"]]
    if rest := [row for row in card["kinds"] if not row["pages"]]:
        others = {"pages": 0, "listed": sum(row["listed"] for row in rest), "claims": {}}
        columns.append({"kind": "others", **others})
    columns.append({"kind": "all", **card["counts"]})
    body: list[list[str | Cell]] = [
        ["pages, of figures and tables", *(f"{c['pages']} of {c['listed']}" for c in columns)]
    ]
    for label in verdicts.LABELS:
        if card["counts"]["claims"].get(label):
            numbers = (str(column["claims"].get(label) or "–") for column in columns)
            body.append([tables.verdict_cell(label), *numbers])
    return Table(["", *(column["kind"] for column in columns)], body, label="claims-by-kind",
                 caption="Claims by verdict, scale and kind of evidence. Small scale can support a "
                 "claim, never contradict it")  # fmt: skip


def legend() -> Table:
    """What each verdict means."""
    rows = [[tables.verdict_cell(label), text] for label, text in verdicts.MEANINGS.items()]
    return Table(["verdict", "meaning"], rows, caption="What the verdicts mean", folded=True)


def status(card: dict[str, Any], root: str | Path) -> list[Table]:
    """All figures and tables of the works, a table for each part."""
    shown = []
    for part in project.parts(Path(root)):
        rows = []
        for row in card["artifacts"]:
            if row["part"] != part.id:
                continue
            title = f"[{row['title']}](../{row['page']}.html)" if row["page"] else row["title"]
            why = row["finding"] or row["reason"]
            rows.append([
                Cell(title, details=f"{cited(row)} ({row['kind']})"),
                tables.verdict_cell(row["verdict"]["label"], why),
            ])  # fmt: skip
        if rows:
            shown.append(Table(["figure or table", "verdict, and what was found"], rows,
                               caption=part.title, name="status"))  # fmt: skip
    return shown


def part_findings(
    part: str, profile: str, root: str | Path, up: str = "", folded: bool = False
) -> Table:
    """The figures and tables of one part with what was found; unwritten ones without a link."""
    rows, pages = [], 0
    for row in scorecard(profile, root)["artifacts"]:
        if row["part"] == part:
            pages += row["page"] is not None
            name = row["page"].split("/")[-1] if row["page"] else ""
            title = f"[{row['title']}]({up}{name}.html)" if name else row["title"]
            what = row["finding"] or "not written yet"
            rows.append([Cell(title, details=cited(row)),
                         tables.verdict_cell(row["verdict"]["label"], what)])  # fmt: skip
    return Table(["figure or table", "verdict, and what was found"], rows, name="status",
                 caption=f"What was found in this part: {pages} of {len(rows)} figures and tables "
                 "have a page", stack=True, folded=folded)  # fmt: skip


def part_sentence(part: str, profile: str, root: str | Path) -> str:
    """What was found on the only page of a part, or how many pages have which verdict."""
    rows = [row for row in scorecard(profile, root)["artifacts"] if row["part"] == part]
    written = [row for row in rows if row["page"]]
    if not written:
        return f"Not written yet: none of this part's {len(rows)} figures and tables has a page."
    if len(written) == 1:
        return written[0]["finding"]
    labels = [row["verdict"]["label"] for row in written]
    found = (f"{labels.count(label)} {label}" for label in verdicts.LABELS if label in labels)
    return f"{len(written)} of {len(rows)} figures and tables have a page: {', '.join(found)}."


def records_sentence(root: str | Path) -> str:
    """One sentence: how many records there are, and of how many experiments."""
    found = records.all_records(root)
    names = {record.info["experiment"] for record in found}
    small = sum(record.scale != "paper" for record in found)
    less = f", {small} of them only a part, which judges nothing" if small else ""
    return (
        f"{len(found)} records of {len(names)} experiments hold runs at the works' own scale"
        f"{less}; the table says what each of them leaves out."
    )


def records_table(root: str | Path) -> Table:
    """Every published record: what was run, how many seeds, how it departs from the work."""
    rows = []
    for record in records.all_records(root):
        seeds = {len(run.get("seeds") or []) for run in record.info["methods"].values()}
        number = "/".join(map(str, sorted(seeds)))
        rows.append([
            Cell(f"`{record.info['experiment']}`", details=f"{record.date}, scale {record.scale}"),
            Cell(record.info["title"], details="\n".join(record.info["differs"])), number,
        ])  # fmt: skip
    return Table(["experiment", "what was run, and its departures", "seeds"], rows,
                 caption="Runs at the works' own scale", label="records-table",
                 stack=True)  # fmt: skip
