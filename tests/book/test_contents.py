"""The table of contents follows the folders."""

import shutil
from pathlib import Path

import pytest
import yaml

from landscape import project
from landscape.book import contents

from . import small_book

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path):
    return small_book.make(tmp_path)


def test_parts_stand_in_order_with_their_pages_and_the_library_is_walked(root):
    (root / "src" / "landscape" / "optim").mkdir(parents=True)
    for name in ("__init__.py", "sgd.py"):
        (root / "src" / "landscape" / "optim" / name).touch()
    toc = yaml.safe_load(contents.toc(root))
    assert toc["root"] == "index"
    assert [part["caption"] for part in toc["parts"]] == [
        "Before you read", "I. Spin glass", "III. Equations", "The library", "Sources",
    ]  # fmt: skip
    files = [[chapter["file"] for chapter in part["chapters"]] for part in toc["parts"]]
    assert files[0] == ["notation", "another"]
    assert files[1] == [small_book.TABLE, small_book.ARTIFACT], "in the order of artifacts.yaml"
    assert files[2:] == [["3-pde/part"], ["api/index"], ["bibliography"]]
    assert toc["parts"][3]["chapters"][0]["sections"] == [{"file": "api/optim"}]
    assert contents.documents(root)[-3:] == ["api/index", "api/optim", "bibliography"]


def test_a_deleted_folder_leaves_the_contents(root):
    shutil.rmtree(root / "book" / small_book.ARTIFACT)
    assert small_book.ARTIFACT not in contents.documents(root)


def test_the_book_lists_every_page_and_every_part_once():
    listed = contents.documents(REPOSITORY)
    assert len(listed) == len(set(listed))
    assert {page.item for page in project.pages(REPOSITORY)} <= set(listed)
    for part in project.parts(REPOSITORY):
        assert any(name.startswith(f"{part.id}/") for name in listed), f"{part.id} has no page"


def test_a_part_is_marked_as_unwritten_exactly_where_it_has_no_figure():
    pages = project.pages(REPOSITORY)
    for page in pages:
        if page.name == "part":
            figures = [other for other in pages if other.part == page.part and other.is_artifact]
            marked = "not written yet" in page.path.read_text(encoding="utf-8")
            about = page.part in ("0-optimizers", "8-evidence")
            assert about or marked != bool(figures), page.item
