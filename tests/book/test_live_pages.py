"""Every page that shows training, executed live at smoke: it trains now and stores nothing."""

import json
from pathlib import Path

import pytest

from landscape import project
from landscape.book import notebook
from landscape.experiments import catalogue

ROOT = Path(__file__).parents[2]


def training_pages():
    """Items of pages whose ``figure.py`` names an experiment that trains.

    A part's page is left out: it shows other pages' verdicts, which a live page does not make.
    """
    trained = [e.id for e in catalogue.experiments(ROOT) if e.kind == "train"]
    found = []
    for page in project.pages(ROOT):
        code = page.path.with_name("figure.py")
        if page.path.name != "page.md" or not code.is_file():
            continue
        if any(name in code.read_text(encoding="utf-8") for name in trained):
            found.append(page.item)
    return found


def stored():
    """Every file that a page at smoke could have overwritten, with its time."""
    folders = ("results/smoke", "verdicts/smoke", "records", "book/executed/smoke")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in files}


def test_there_are_training_pages():
    assert training_pages()


@pytest.mark.needs_data
@pytest.mark.parametrize("item", training_pages())
def test_a_training_page_works_live(item):
    if not all((ROOT / "data" / name).is_dir() for name in ("mnist", "cifar10")):
        pytest.skip("the data sets are not in data/")
    before = stored()
    page = notebook.run(item, "smoke", ROOT, {"live": True})
    assert page.is_relative_to(ROOT / "logs")
    shown = page.read_text(encoding="utf-8")
    assert "nothing is stored" in shown
    assert "wv-svg" in shown or "wv-table" in shown
    assert all("Traceback" not in json.dumps(cell) for cell in json.loads(shown)["cells"])
    assert stored() == before
