"""Where pages lie."""

import pytest

from landscape.book import executed
from landscape.book.parameters import NotebookError

from .conftest import ARTIFACT, PART


def test_an_item_stands_for_its_file_and_back(project):
    for name in (ARTIFACT, f"{PART}/{ARTIFACT}"):
        path = executed.find(name, project)
        assert path == project / "book" / PART / ARTIFACT / "page.md"
    assert executed.item_of(path, project) == f"{PART}/{ARTIFACT}"
    assert executed.item_of(project / "book" / PART / "part.md", project) == f"{PART}/part"
    assert executed.item_of(project / "book" / "index.md", project) == "index"


def test_a_file_is_a_notebook_if_its_header_names_a_kernel(tmp_path):
    for text, answer in (
        ("---\nkernelspec:\n  name: python3\n---\n\n# T\n", True),
        ("---\nmyst: {}\n---\n# T\n", False),
        ("# T\n\n---\nkernelspec:\n---\n", False),
    ):
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        assert executed.has_kernel(path) == answer


def test_unknown_pages_get_the_nearest_name(project):
    with pytest.raises(NotebookError, match=f"no page 'thesis-fig-2-4' .*'{ARTIFACT}'"):
        executed.find("thesis-fig-2-4", project)


def test_without_a_manifest_nothing_is_fresh(project):
    path = executed.executed_path(f"{PART}/{ARTIFACT}", "laptop", project)
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    assert not executed.is_fresh(f"{PART}/{ARTIFACT}", "laptop", project)
