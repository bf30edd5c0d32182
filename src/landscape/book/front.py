"""What the front page, the status page and the parts' introductions show, from the scorecard."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from landscape import project
from landscape.book import tables
from landscape.book.tables import Cell, Html, Table
from landscape.book.text import html as markdown
from landscape.errors import LandscapeError
from landscape.evidence import artifacts, records, verdicts

WORKS = {
    "thesis": "Chaudhari (2018)",
    "anneal": "Chaudhari & Soatto (2015)",
    "lewkowycz": "Lewkowycz & Gur-Ari (2020)",
    "richemond": "Richemond & Guo (2019)",
}


def scorecard(profile: str, root: str | Path) -> dict[str, Any]:
    """The scorecard of a profile; raises LandscapeError naming the command when there is none."""
    path = Path(root) / "verdicts" / f"scorecard-{profile}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LandscapeError(
            f"{path.name} cannot be read ({error}): run `landscape scorecard --profile {profile}`."
        ) from error


def printed(row: dict[str, Any]) -> str:
    """How a reader names an artifact: ``Chaudhari (2018), figure 2.3``."""
    number = row["number"][:1].lower() + row["number"][1:]
    return f"{WORKS.get(row['work'], row['work'])}, {number}"


def summary(card: dict[str, Any]) -> str:
    """One sentence: how many pages there are, and what became of their claims."""
    counts = card["counts"]["claims"]
    parts = [f"{counts[label]} {label}" for label in verdicts.LABELS if counts.get(label)]
    return (
        f"{card['summary'][0].upper()}{card['summary'][1:]}; of their "
        f"{sum(counts.values())} claims {', '.join(parts)}."
    )


def kinds(card: dict[str, Any]) -> Table:
    """Claims by kind of evidence and verdict; kinds and verdicts that do not occur are left out."""
    rows = [row for row in card["kinds"] if row["pages"]]
    labels = [label for label in verdicts.LABELS if any(r["claims"].get(label) for r in rows)]
    body = [
        [row["kind"], f"{row['pages']} of {row['listed']}",
         *(str(row["claims"].get(label) or "–") for label in labels)]
        for row in rows
    ]  # fmt: skip
    return Table(["kind", "pages", *labels], body, label="claims-by-kind",
                 caption="Claims by kind of evidence and verdict. Small scale can support a claim, "
                 "never contradict it")  # fmt: skip


def legend() -> Table:
    """What each verdict means."""
    rows = [[tables.verdict_cell(label), text] for label, text in verdicts.MEANINGS.items()]
    return Table(["verdict", "meaning"], rows, caption="What the verdicts mean", folded=True)


def gallery(card: dict[str, Any], root: str | Path) -> Html:
    """A card for each page of a figure or table and each other page, with filters.

    Without a script all cards are shown; ``_static/gallery.js`` hides those that are filtered out.
    """
    known = {row["id"]: row for row in card["artifacts"]}
    groups, parts, labels = {}, [], []
    for part in project.parts(Path(root)):
        cards = []
        for page in project.pages(Path(root)):
            if page.part != part.id or page.name == "part" or part.id == "8-evidence":
                continue
            row = known.get(page.name)
            label = row["verdict"]["label"] if row else ""
            if label and label not in labels:
                labels.append(label)
            cards.append(_card(page.item, part.id, row, label, page.path))
        if cards:
            groups[part.id] = cards
            parts.append(part)
    wanted = [label for label in verdicts.LABELS if label in labels]
    filters = (
        '<div class="wv-filters">'
        + _select("part", "all parts", [(part.id, part.title) for part in parts])
        + _select("verdict", "all verdicts", [(label, label) for label in wanted])
        + "</div>"
    )
    body = "".join(
        f'<section class="wv-group" data-part="{part.id}"><p class="wv-part-name">'
        f'{escape(part.title)}</p><ul class="wv-cards">{"".join(groups[part.id])}</ul></section>'
        for part in parts
    )
    return Html(f'<div class="wv-gallery">{filters}{body}</div>', "gallery of all pages")


def _select(name: str, every: str, options: list[tuple[str, str]]) -> str:
    listed = "".join(f'<option value="{escape(v)}">{escape(t)}</option>' for v, t in options)
    return (
        f'<label>{name} <select data-filter="{name}"><option value="">{every}</option>{listed}'
        "</select></label>"
    )


def _card(item: str, part: str, row: dict[str, Any] | None, label: str, path: Path) -> str:
    title, about = _title(path), "beside the works: no claims, no verdict"
    if row:
        about = printed(row)
    pictures = "".join(
        f'<img class="wv-{shade}" alt="" loading="lazy" '
        f'src="_static/thumbnails/{item}-{shade}.svg">'
        for shade in ("light", "dark")
    )
    return (
        f'<li data-part="{part}" data-verdict="{escape(label)}">'
        f'<a class="wv-card" href="{item}.html"><span class="wv-thumb">{pictures}</span>'
        f'<span class="wv-card-title">{title}</span>'
        f'<span class="wv-card-foot">{tables.badge(label) if label else ""}'
        f'<span class="wv-card-id">{escape(about)}</span></span></a></li>'
    )


def _title(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return markdown(next((line[2:] for line in lines if line.startswith("# ")), path.parent.name))


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
                Cell(title, details=f"{printed(row)} ({row['kind']})"),
                tables.verdict_cell(row["verdict"]["label"], why),
            ])  # fmt: skip
        if rows:
            shown.append(Table(["figure or table", "verdict, and what was found"], rows,
                               caption=part.title, name="status"))  # fmt: skip
    return shown


def part_findings(part: str, profile: str, root: str | Path, up: str = "") -> Table:
    """The figures and tables of one part with what was found; unwritten ones without a link."""
    rows = []
    for row in scorecard(profile, root)["artifacts"]:
        if row["part"] == part:
            name = row["page"].split("/")[-1] if row["page"] else ""
            title = f"[{row['title']}]({up}{name}.html)" if name else row["title"]
            what = row["finding"] or "not written yet"
            rows.append([Cell(title, details=printed(row)),
                         tables.verdict_cell(row["verdict"]["label"], what)])  # fmt: skip
    return Table(["figure or table", "verdict, and what was found"], rows, name="status",
                 caption="What was found in this part")  # fmt: skip


def part_sentence(part: str, profile: str, root: str | Path) -> str:
    """How many figures and tables of a part have a page, and their verdicts."""
    rows = [row for row in scorecard(profile, root)["artifacts"] if row["part"] == part]
    written = [row for row in rows if row["page"]]
    if not written:
        return f"Not written yet: none of this part's {len(rows)} figures and tables has a page."
    found = [f"{printed(row)}, {row['verdict']['label']}" for row in written]
    verb = "has" if len(written) == 1 else "have"
    return f"{len(written)} of {len(rows)} figures and tables {verb} a page: {'; '.join(found)}."


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
                 caption="Runs at the works' own scale", label="records-table")  # fmt: skip


def artifact_count(root: str | Path) -> int:
    """How many figures and tables the works have."""
    return len(artifacts.load(root))
