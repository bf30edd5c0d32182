"""The list of all 46 figures and tables."""

import re
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import artifacts

ROOT = Path(__file__).parents[2]


def test_all_artifacts_of_the_four_works_are_listed_once():
    listed = artifacts.load(ROOT)
    assert len(listed) == 46
    counts = {work: sum(a.work == work for a in listed) for work in artifacts.WORKS}
    assert counts == {"thesis": 30, "anneal": 0, "lewkowycz": 15, "richemond": 1}
    also = [name for a in listed for name in a.also]
    assert also == ["anneal-fig-1", "anneal-fig-2", "anneal-fig-3", "anneal-fig-4", "anneal-tab-1"]


@pytest.mark.parametrize("artifact", artifacts.load(ROOT), ids=lambda a: a.id)
def test_id_number_and_kind_agree(artifact):
    work, kind, *number = artifact.id.split("-")
    assert artifact.work == work
    word = {"fig": "Figure", "tab": "Table"}[kind]
    assert artifact.number == f"{word} {'.'.join(number)}"
    assert (artifact.kind == "table") == (kind == "tab")
    assert artifact.title


def test_the_order_is_the_books():
    parts = [artifacts.PARTS.index(a.part) for a in artifacts.load(ROOT)]
    assert parts == sorted(parts)


def test_every_notebook_belongs_to_an_artifact_or_is_listed_as_an_extra_page():
    extra = {page.notebook for page in artifacts.extra_pages(ROOT)}
    found = {str(path.relative_to(ROOT)) for path in ROOT.glob("book/notebooks/*/*.md")}
    assert found - extra <= {a.notebook for a in artifacts.load(ROOT)}
    assert "book/notebooks/0-optimizers/optimizers.md" in extra


@pytest.mark.parametrize("page", artifacts.extra_pages(ROOT), ids=lambda page: page.id)
def test_an_extra_page_has_its_title_and_no_claims(page):
    text = (ROOT / page.notebook).read_text(encoding="utf-8")
    assert re.search(r"^# (.+)$", text, re.MULTILINE)[1] == page.title
    assert f"(page-{page.id})=" in text
    assert "page.reproduce()" in text
    assert "page.footer()" in text
    assert not (ROOT / "references" / "claims" / f"{page.id}.yaml").exists()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{id: a, part: 9, title: t}", "part 9"),
        ("{id: a, part: 3-pde}", "needs id, part and title"),
        ("{id: thesis-fig-2-1, part: 3-pde, title: t}", "id thesis-fig-2-1 is taken"),
    ],
)
def test_a_malformed_extra_page_is_refused(tmp_path, line, word):
    folder = tmp_path / "references"
    folder.mkdir()
    (folder / "artifacts.yaml").write_text(
        "- {id: thesis-fig-2-1, work: thesis, number: F, kind: theory, part: 3-pde, title: t}\n",
        encoding="utf-8",
    )
    assert artifacts.extra_pages(tmp_path) == []
    (folder / "extra-pages.yaml").write_text(f"- {line}\n", encoding="utf-8")
    with pytest.raises(LandscapeError, match=word):
        artifacts.extra_pages(tmp_path)


def test_one_by_id_and_its_page():
    found = artifacts.get("thesis-fig-2-3", ROOT)
    assert found.notebook == "book/notebooks/1-spin-glass/thesis-fig-2-3.md"
    with pytest.raises(LandscapeError, match="thesis-fig-9-9"):
        artifacts.get("thesis-fig-9-9", ROOT)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{id: a, work: novel, number: F, kind: theory, part: 3-pde, title: t}", "work 'novel'"),
        ("{id: a, work: thesis, number: F, kind: toy, part: 3-pde, title: t}", "kind 'toy'"),
        ("{id: a, work: thesis, number: F, kind: theory, part: 9, title: t}", "part 9"),
    ],
)
def test_a_malformed_entry_is_refused(tmp_path, line, word):
    (tmp_path / "references").mkdir()
    (tmp_path / "references" / "artifacts.yaml").write_text(f"- {line}\n", encoding="utf-8")
    with pytest.raises(LandscapeError, match=word):
        artifacts.load(tmp_path)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(LandscapeError, match="references/artifacts.yaml"):
        artifacts.load(tmp_path)
