"""Provenance as tables: what each result cost, and the footer of a page."""

import string

from landscape.book.tables import Note, Table
from landscape.evidence import provenance


def cost_table(read_results: dict[str, dict], recorded: dict[str, dict]) -> Table | None:
    """Measured cost of every run group with its hardware; None when nothing is known.

    ``read_results`` maps experiment to ``read(folder)``, ``recorded`` to the content of its
    record.json.
    """
    runs = _runs(read_results, recorded, "")
    if not runs:
        return None
    column, where = _lettered([provenance.hardware(item) for _, _, item in runs])
    rows = [
        [name, provenance.seeds(item), provenance.time(item), *letter]
        for (name, _, item), letter in zip(runs, column, strict=True)
    ]
    return Table(
        ["runs", "seeds", "measured time", *["on"][: len(column[0])]], rows, name="cost",
        caption=f"What each result cost, as measured when it was made. {where}.",
    )  # fmt: skip


def footer_note(
    profile: str, read_results: dict[str, dict], recorded: dict[str, dict], own: str
) -> Table | Note:
    """The provenance footer: every line comes from files, none from the moment of reading.

    ``own`` names the versions that computed the page itself, used where no runs were read.
    """
    if not read_results and not recorded:
        return Note(
            f"Profile {profile}. Computed within this page from closed forms and small "
            f"simulations with fixed seeds; no stored runs were read. {own}.",
            name="provenance",
        )
    runs = _runs(read_results, recorded, profile)
    column, where = _lettered([
        f"{provenance.hardware(item)}; {provenance.versions([item])}" for _, _, item in runs
    ])  # fmt: skip
    rows = [
        [name, scale, str(item.get("specification", "–"))[:12], provenance.seeds(item),
         provenance.commits(item), str(item.get("started", "–"))[:10],
         provenance.time(item), *letter]
        for (name, scale, item), letter in zip(runs, column, strict=True)
    ]  # fmt: skip
    return Table(["runs", "profile", "parameters", "seeds", "commit", "made", "time",
                  *["on"][: len(column[0])]], rows, name="provenance",
                 caption=f"{where}.", stack=True)  # fmt: skip


def _runs(
    read_results: dict[str, dict], recorded: dict[str, dict], profile: str
) -> list[tuple[str, str, dict]]:
    """Name, profile and provenance of every run group, those of the records last."""
    found = [
        (f"{experiment} / {method}", item.get("profile", profile), item)
        for experiment, methods in sorted(read_results.items())
        for method, item in sorted(methods.items())
    ]
    for experiment, info in sorted(recorded.items()):
        shared = {"commit": info["commit"], "started": info["started"]}
        found += [
            (f"{experiment} / {method} (record)", info["scale"], shared | item)
            for method, item in sorted(info["methods"].items())
        ]
    return found


def _lettered(texts: list[str]) -> tuple[list[list[str]], str]:
    """A column that says where each run was made, and its legend.

    One place for all needs no column (empty cells) and is named in the legend; several get letters.
    """
    places = sorted(set(texts))
    if len(places) == 1:
        return [[] for _ in texts], f"All on {places[0]}"
    letters = dict(zip(places, string.ascii_uppercase, strict=False))
    legend = "; ".join(f"{letter}: {place}" for place, letter in letters.items())
    return [[letters.get(text, "?")] for text in texts], legend
