"""What a page's calls show; that they store nothing; that they name the remedy."""

import json
import subprocess
import sys

import pytest

from landscape import book
from landscape.errors import LandscapeError
from landscape.evidence import judge
from landscape.evidence.runs import Runs

from .conftest import ARTIFACT, EXTRA, PART


@pytest.fixture
def page(project):
    return book.page(ARTIFACT, root=project)


@pytest.fixture
def judged(project):
    return judge.judge(ARTIFACT, "laptop", project)


def tree(root):
    """Every file with its content."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_page_shows_its_verdict_file_and_stores_nothing(project, page, judged, capsys):
    before = tree(project)
    page.answer()
    page.claims()
    page.picture({"a": page.figure.draw()}, alt="a line")
    shown = capsys.readouterr().out
    assert shown.startswith("The field gains $19.5$ points.\ncontradicted: ")
    assert "Arithmetic holds." in shown
    assert "[picture thesis-fig-2-3: a line]" in shown
    assert tree(project) == before


def test_the_stored_verdict_is_shown_even_where_the_figure_says_something_else(
    page, judged, capsys
):
    content = json.loads(judged.read_text(encoding="utf-8")) | {"finding": "Stored."}
    judged.write_text(json.dumps(content), encoding="utf-8")
    page.answer()
    assert capsys.readouterr().out.startswith("Stored.")


def test_a_live_page_judges_its_own_runs_in_memory(project, monkeypatch, capsys):
    made = []
    monkeypatch.setattr(
        Runs, "live", lambda profile, root: made.append(profile) or Runs.build(profile, root)
    )
    before = tree(project)
    page = book.page(ARTIFACT, profile="smoke", live=True, root=project)
    page.answer()
    page.claims()
    shown = capsys.readouterr().out
    assert "from runs made just now, nothing is stored" in shown
    assert "The field gains $19.5$ points." in shown
    assert made == ["smoke"]
    assert tree(project) == before


def test_a_missing_or_damaged_verdict_names_the_command(project, page, judged):
    judged.write_text('{"finding', encoding="utf-8")
    command = f"`landscape judge {ARTIFACT} --profile laptop`"
    with pytest.raises(LandscapeError, match="cannot be read") as error:
        page.answer()
    assert command in str(error.value)
    for content in ("null", "[]", "{}", '{"claims": 3}'):
        judged.write_text(content, encoding="utf-8")
        with pytest.raises(LandscapeError, match=f"{ARTIFACT}.json cannot be read") as error:
            page.claims()
        assert command in str(error.value)
    judged.unlink()
    with pytest.raises(LandscapeError, match="no verdict on") as error:
        page.claims()
    assert command in str(error.value)


def test_a_page_without_claims_answers_with_a_sentence(project, capsys):
    page = book.page(EXTRA, root=project)
    assert not page.is_artifact
    page.answer("It takes $3$ steps.")
    assert capsys.readouterr().out == "It takes $3$ steps.\n"
    for call in (page.answer, page.claims):
        with pytest.raises(LandscapeError, match="has no claims: give answer"):
            call()


def test_several_pictures_have_names_of_their_own(page, capsys):
    for _ in range(2):
        page.picture(page.figure.draw(), alt="x")
    assert "[picture thesis-fig-2-3: x]\n[picture thesis-fig-2-3-2: x]" in capsys.readouterr().out


def test_the_root_is_found_upwards_and_unknown_pages_and_profiles_are_named(project, monkeypatch):
    monkeypatch.delenv("LANDSCAPE_ROOT", raising=False)
    monkeypatch.chdir(project / "book" / PART)
    assert book.page(ARTIFACT).root == project.resolve()
    with pytest.raises(LandscapeError, match="'thesis-fig-9-9' .did you mean '.*.: make book/"):
        book.page("thesis-fig-9-9")
    with pytest.raises(LandscapeError, match="did you mean 'laptop'"):
        book.page(ARTIFACT, profile="laptob")


def test_a_labelled_table_is_shown_as_it_is(page, capsys):
    page.table(book.Table(["a"], [["1"]], caption="C", label="t"))
    assert capsys.readouterr().out.startswith("C\na\n-\n1")


def test_the_costs_at_the_works_scale_are_a_sentence(page, capsys):
    page.paper_cost("thesis-fig-2-3-mnistfc")
    assert "has not been measured; `python benchmarks/paper_scale.py" in capsys.readouterr().out


@pytest.mark.parametrize("call", ["", "p.answer(); p.claims()"])
def test_calls_that_only_read_load_neither_torch_nor_matplotlib_nor_sphinx(project, judged, call):
    code = f"""
import sys
from landscape import book
p = book.page({ARTIFACT!r}, root={str(project)!r})
{call}
print([name for name in ("torch", "matplotlib", "seaborn", "sphinx") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_name_of_the_package_is_named():
    with pytest.raises(
        AttributeError, match=r"landscape\.book has no 'plot'; it has .*picture|page"
    ):
        _ = book.plot
    assert {"page", "panel", "Table"} <= set(dir(book))
