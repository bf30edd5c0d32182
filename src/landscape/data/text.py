"""The novel for character models: War and Peace, or a stand-in that says it is one.

Canonical: `text/novel.txt` (UTF-8) and `text/novel.json` with title, author, source, number of
characters and distinct characters, SHA-256 and `stand_in`. Thesis (Chaudhari 2018), chapter 3, uses
War and Peace from the char-rnn collection (Karpathy 2015). Which text is there depends on the
source that answered, therefore this file is not pinned by DVC but checked here, on every reading.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from landscape.data.errors import DataError

TEXT_FILE, FACTS_FILE = "novel.txt", "novel.json"
WAR_AND_PEACE_ADDRESS = "https://cs.stanford.edu/people/karpathy/char-rnn/warpeace_input.txt"


@dataclass(frozen=True)
class Novel:
    """A text whose bytes are pinned."""

    title: str
    author: str
    sha256: str
    stand_in: bool
    note: str


WAR_AND_PEACE = Novel(
    "War and Peace",
    "Leo Tolstoy",
    "b0fc81c399971eaf738c8be89809e6a0d95c151749112b04f06b6af648d8a39f",
    False,
    "The English text of the char-rnn collection.",
)
MOBY_DICK = Novel(
    "Moby-Dick",
    "Herman Melville",
    "db58b8efee1804888454eb160cd83b65cc48511c308c276f8742dc636cd3c225",
    True,
    "Stand-in for War and Peace: the source of the real text was not reached. "
    "Another text has another vocabulary and another entropy; compare shapes, not values.",
)
NOVELS = {novel.sha256: novel for novel in (WAR_AND_PEACE, MOBY_DICK)}


def facts(text: str, source: str) -> dict[str, object]:
    """What `novel.json` says of a text; DataError when it is none of the known ones."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if sha256 not in NOVELS:
        raise DataError(
            f"The text made from {source} is none of the known novels (SHA-256 {sha256[:12]}...): "
            "remove that source's files from the cache or mirror and fetch again."
        )
    novel = NOVELS[sha256]
    return {
        "title": novel.title,
        "author": novel.author,
        "stand_in": novel.stand_in,
        "note": novel.note,
        "source": source,
        "characters": len(text),
        "distinct": len(set(text)),
        "sha256": sha256,
    }


def join_chapters(members: dict[str, bytes]) -> str:
    """Join `data/chapter_N.txt` in the order of their numbers, a blank line between two.

    Front matter and epilogue are left out: the chapters alone are one style of prose.
    """
    numbered = {}
    for name, content in members.items():
        match = re.search(r"data/chapter_(\d+)\.txt$", name)
        if match:
            numbered[int(match.group(1))] = content.decode().strip()
    if sorted(numbered) != list(range(1, len(numbered) + 1)) or not numbered:
        raise DataError("The package with the novel lacks a chapter: delete it and fetch it again.")
    return "\n\n".join(numbered[i] for i in sorted(numbered)) + "\n"


def read(folder: Path) -> tuple[str, dict[str, object]]:
    """Text and facts from a folder, bytes checked; FileNotFoundError or DataError."""
    content = (folder / TEXT_FILE).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 not in NOVELS:
        raise DataError(
            f"{folder / TEXT_FILE} does not have a pinned SHA-256 (changed or incomplete): run "
            "`landscape fetch text` again."
        )
    try:
        known = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{folder / FACTS_FILE} is not JSON: run `landscape fetch text` again."
        ) from error
    text = content.decode()
    if not isinstance(known, dict) or known != facts(text, str(known.get("source"))):
        raise DataError(
            f"{folder / FACTS_FILE} does not describe {TEXT_FILE}: run `landscape fetch text` "
            "again."
        )
    return text, known


def is_complete(folder: Path) -> bool:
    """Whether the folder holds one of the known novels with a truthful description."""
    try:
        read(folder)
    except (FileNotFoundError, DataError):
        return False
    return True


def is_stand_in(folder: Path) -> bool:
    """Whether the folder holds the stand-in."""
    return is_complete(folder) and bool(read(folder)[1]["stand_in"])
