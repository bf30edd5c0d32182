"""The pages of the book and their verdicts, in a reader's words: what all its lists share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.evidence import verdicts

MEANINGS = {
    verdicts.REPRODUCED: "the measurement agrees with the claim",
    verdicts.PARTLY: "some of it agrees, or the interval reaches beyond what was claimed",
    verdicts.NOT_REPRODUCED: "the measurement neither confirms nor excludes the claim",
    verdicts.CONTRADICTED: "the measurement excludes the claim",
    verdicts.NEEDS_PAPER_SCALE: "only a run as large as the work's can decide",
    verdicts.NOT_RUN: "there is no measurement yet; the page or the table says why",
}
WORKS = {
    "thesis": "Chaudhari (2018)",
    "anneal": "Chaudhari & Soatto (2015)",
    "lewkowycz": "Lewkowycz & Gur-Ari (2020)",
    "richemond": "Richemond & Guo (2019)",
}
PARTS = {
    "0-optimizers": "The methods",
    "1-spin-glass": "I. Spin glass and AnnealSGD",
    "2-local-entropy": "II. Local entropy and Entropy-SGD",
    "3-pde": "III. Smoothing by PDEs",
    "4-parle": "IV. Elastic-SGD and Parle",
    "5-sgd-dynamics": "V. What SGD does at the end",
    "6-l2-dynamics": "VI. L2 dynamics",
    "7-complexity": "VII. Complexity gradient descent",
    "8-evidence": "The evidence",
}


class GalleryError(LandscapeError):
    """A scorecard or a list of artifacts that cannot be read."""


@dataclass(frozen=True)
class Page:
    """An executed page of the book: artifact id, part folder, title and notebook node.

    An ``extra`` page is no figure or table of a work and has no verdict.
    """

    artifact: str
    part: str
    title: str
    notebook: Any
    extra: bool = False

    @property
    def link(self) -> str:
        """Address of the page relative to the front page."""
        return f"artifacts/{self.part}/{self.artifact}.html"


def read_scorecard(path: Path) -> dict[str, Any] | None:
    """The scorecard of a profile, or None when it has not been made."""
    if not path.exists():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        return {**card, "artifacts": {entry["id"]: entry for entry in card["artifacts"]}}
    except (ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"{path} is not a scorecard ({error}); make it again.") from error


def label(artifact: str) -> str:
    """``thesis-fig-2-3`` as a reader says it: Chaudhari (2018), figure 2.3."""
    work, kind, *number = artifact.split("-")
    kinds = {"fig": "figure", "tab": "table"}
    return f"{WORKS.get(work, work)}, {kinds.get(kind, kind)} {'.'.join(number)}"


def badge(verdict: str) -> str:
    """A verdict as a coloured label; the word stands in it, so colour is never the only sign."""
    name = verdict if verdict in MEANINGS else verdicts.NOT_RUN
    return f'<span class="wv-verdict wv-{name.replace(" ", "-")}">{escape(verdict)}</span>'
