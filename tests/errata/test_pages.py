"""The page of errata: every number has an entry, every entry computed evidence, no torch."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import matplotlib as mpl
import pytest

from landscape.book import errata_tables
from landscape.errata.registry import NUMBERED, STATEMENTS, Entry
from landscape.errata.row import Row

mpl.use("Agg")
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "book" / "notebooks" / "8-evidence" / "errata.md"
TEXT = SOURCE.read_text(encoding="utf-8")
ENTRIES = (*NUMBERED, *STATEMENTS)


def section(entry):
    """Text of the page from the entry's label to the next label or second heading."""
    found = re.search(
        rf"^\({entry.anchor}\)=\n(.+?)(?=^\([\w-]+\)=$|^## Reprod)", TEXT, re.M | re.S
    )
    assert found, entry.anchor
    return found[1]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_entry_has_its_label_and_three_parts(entry):
    text = section(entry)
    title = text.splitlines()[0]
    assert title.startswith(f"## {entry.key}. " if entry.key.isdigit() else "### ")
    places = [text.index(f"**{part}.**") for part in ("Printed", "Correct", "Evidence")]
    assert places == sorted(places)
    key = entry.key if entry.key.isdigit() else f'"{entry.key}"'
    assert f"evidence({key})" in text


def test_the_numbers_of_the_evidence_are_computed():
    """What is typed after "Evidence." are settings and exponents, no measured decimals."""
    for entry in ENTRIES:
        prose = re.sub(r"```\{code-cell\}.*?```", "", section(entry), flags=re.S)
        prose = prose.split("**Evidence.**")[1]
        prose = re.sub(r"\(\d\.\d+\)|(?:eq\.|section) \d[\d.]*", "", prose)
        typed = set(re.findall(r"\d+\.\d+", prose))
        assert typed <= {"1.2", "0.3"}, entry.key  # u = -1.2 E_inf; alpha = 0.3 in an exponent


def test_the_list_of_the_page_is_that_of_the_library():
    labels = re.findall(r"^\(((?:erratum|statement)-[\w-]+)\)=$", TEXT, re.M)
    assert labels == [entry.anchor for entry in ENTRIES]
    keys = [int(entry.key) for entry in NUMBERED]
    assert keys == sorted(set(keys))
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)


def test_every_erratum_named_anywhere_is_on_the_page():
    known = {entry.key for entry in NUMBERED}
    named, linked = set(), set()
    for folder, pattern in (("src", "*.py"), ("book", "*.md"), ("tests", "*.py"),
                            ("references", "*.yaml")):  # fmt: skip
        for path in (ROOT / folder).rglob(pattern):
            if "_build" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r"[Ee]rratum (\d+)", text))
            for several in re.findall(r"[Ee]rrata ((?:\d+(?:, | and )?)+)", text):
                named |= set(re.findall(r"\d+", several))
            linked |= set(re.findall(r"\b(?:erratum|statement)-[a-z\d][a-z\d-]*", text))
    assert {"3", "4", "5", "30", "37"} <= named
    assert named <= known | {"99"}
    labels = {entry.anchor for entry in ENTRIES}  # 99: an example in tests
    equations = set(re.findall(r"^\$\$ \(([\w-]+)\)$", TEXT, re.M))
    assert {"erratum-1-right", "erratum-4-right"} <= equations
    assert linked - {"erratum-99", "statement-word", "statement-field-right"} <= labels | equations


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What two runs of the page's cells print."""
    root = tmp_path_factory.mktemp("project")
    (root / "references").symlink_to(ROOT / "references")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    code = "\n\n".join(
        cell.source for cell in jupytext.read(SOURCE).cells if cell.cell_type == "code"
    )
    program = (
        "import matplotlib; matplotlib.use('Agg')\n"
        "from matplotlib.figure import Figure; Figure.show = lambda self: self.canvas.draw()\n"
        + code
        + "\nimport sys\nassert 'torch' not in sys.modules\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, cwd=root, **pipes) for _ in range(2)]
    said = []
    for process in started:
        out, errors = process.communicate()
        assert process.returncode == 0, errors[-3000:]
        said.append(out)
    return said


def test_the_page_runs_without_torch_and_says_the_same_twice(runs):
    first, second = runs
    assert first == second
    for words in ("print wrong: yes", "landscape notebook errata", "computes what it shows",
                  "possible for 7 directions", "no smoothing"):  # fmt: skip
        assert words in first, words


def test_every_print_is_refuted_and_every_correction_confirmed(runs):
    said = runs[0]
    assert "right confirmed: no" not in said
    assert "print wrong: no\n" not in said
    # In the summaries and above the evidence; the print of 35 is no number.
    assert said.count("print wrong: yes") == 2 * (len(ENTRIES) - 1)
    assert said.count("print wrong: no number") == 2
    found = re.search(r"contradicts (\d+) of the (\d+) that .+ confirms (\d+) of", said)
    contradicted, stated, confirmed = (int(number) for number in found.groups())
    assert contradicted == stated
    assert int(re.search(r"with (\d+) quantities", said)[1]) == confirmed > stated


# The tables


def entry(*rows, key="99"):
    return Entry(key, "a sign", "A (1), eq. 2", lambda: list(rows))


GOOD = Row("x", 2.0, 1.0, 1.0, "by hand")
NO_PRINT = Row("y", None, 0.5, 0.5, "by hand")


def test_the_judgement_follows_from_all_rows():
    assert errata_tables.judgement(entry(GOOD, NO_PRINT), ", ") == (
        "print wrong: yes, right confirmed: yes"
    )
    assert "print wrong: no number" in errata_tables.judgement(entry(NO_PRINT))
    unconfirmed = Row("z", 2.0, 1.0, 1.5, "by hand")
    assert "right confirmed: no" in errata_tables.judgement(entry(GOOD, unconfirmed))
    agreed = Row("z", 1.0, 1.0, 1.0, "by hand")
    assert "print wrong: no\n" in errata_tables.judgement(entry(GOOD, agreed))


def test_a_line_leads_to_its_section_and_shows_a_quantity_that_the_print_has():
    table = errata_tables.summary([entry(NO_PRINT, GOOD), entry(GOOD, key="word")])
    html = table._repr_html_()
    assert '<a href="#erratum-99">99. a sign</a>' in html
    assert '<a href="#statement-word">a sign</a>' in html
    assert "printed 2, right 1, check 1" in html
    assert "A (1), eq. 2" in html
    shown = errata_tables.evidence(entry(NO_PRINT, GOOD))
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["y", "–", "0.5", "0.5"], ["x", "2", "1", "1"],
    ]  # fmt: skip
    assert errata_tables.totals([entry(NO_PRINT, GOOD)]).text == (
        "1 entries with 2 quantities. The check contradicts 1 of the 1 that the print gives and "
        "confirms 2 of the corrected ones."
    )
