"""The list of all 46 figures and tables."""

import json
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


def test_the_parts_are_the_books_and_in_its_order():
    project = pytest.importorskip("landscape.project")
    parts = [list(project.PARTS).index(artifact.part) for artifact in artifacts.load(ROOT)]
    assert parts == sorted(parts)


def test_every_folder_with_claims_is_an_artifact():
    folders = {str(path.parent.relative_to(ROOT / "book"))
               for path in ROOT.glob("book/*/*/claims.yaml")}  # fmt: skip
    listed = artifacts.load(ROOT)
    assert folders <= {artifact.item for artifact in listed}
    assert {artifact.item for artifact in listed if artifact.has_page(ROOT)} == folders


def test_one_by_id_and_its_page():
    found = artifacts.get("thesis-fig-2-3", ROOT)
    assert found.item == "1-spin-glass/thesis-fig-2-3"
    assert artifacts.page_folder("thesis-fig-2-3", ROOT) == ROOT / "book" / found.item
    with pytest.raises(LandscapeError, match=r"'thesis-fig-2-33' in .*; did you mean 'thesis-fig-"):
        artifacts.get("thesis-fig-2-33", ROOT)


def test_pages_are_found_by_their_name(tmp_path):
    assert artifacts.page_folder("x", tmp_path) is None
    for part in ("1-a", "2-b", "_build"):
        (tmp_path / "book" / part / "x").mkdir(parents=True)
        if part == "1-a":
            assert artifacts.page_folder("x", tmp_path) == tmp_path / "book" / "1-a" / "x"
    with pytest.raises(LandscapeError, match="Two pages are called 'x'"):
        artifacts.page_folder("x", tmp_path)


GOOD = {"id": "thesis-fig-2-1", "work": "thesis", "number": "Figure 2.1", "kind": "theory",
        "part": "3-pde", "title": "t"}  # fmt: skip


def put(root, *entries):
    (root / "references").mkdir()
    text = "\n".join(f"- {json.dumps(entry)}" for entry in entries)
    (root / "references" / "artifacts.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"work": "novel"}, "work is 'novel'; choose one of thesis"),
        ({"kind": "theroy"}, "kind is 'theroy'; did you mean 'theory'"),
        ({"part": 9}, "part is 9; it must be a folder of book/"),
        ({"tilte": "t"}, "unknown key 'tilte'; did you mean 'title'"),
        ({"id": "fig-1"}, "an id like thesis-fig-2-3"),
    ],
)
def test_a_malformed_entry_is_refused(tmp_path, changes, words):
    put(tmp_path, GOOD | changes)
    with pytest.raises(LandscapeError, match=r"references/artifacts\.yaml, ") as error:
        artifacts.load(tmp_path)
    assert words in str(error.value)


def test_an_id_used_twice_is_named(tmp_path):
    put(tmp_path, GOOD, GOOD)
    with pytest.raises(LandscapeError, match="uses the id thesis-fig-2-1 twice"):
        artifacts.load(tmp_path)


def test_an_unusable_list_is_named(tmp_path):
    with pytest.raises(LandscapeError, match="references/artifacts.yaml is missing"):
        artifacts.load(tmp_path)
    put(tmp_path)
    with pytest.raises(LandscapeError, match="must hold a list"):
        artifacts.load(tmp_path)
    (tmp_path / "references" / "artifacts.yaml").write_text("[", encoding="utf-8")
    with pytest.raises(LandscapeError, match="not valid YAML"):
        artifacts.load(tmp_path)
