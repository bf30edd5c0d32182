"""The pages of errata: every entry on the page of its work, with computed evidence, no torch."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from landscape.errata import registry
from landscape.evidence import figures

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "book" / "8-evidence"
INDEX, *PAGES = (
    FOLDER / name / "page.md"
    for name in ("errata", "errata-thesis", "errata-thesis-training", "errata-lewkowycz",
                 "errata-richemond")  # fmt: skip
)
TEXTS = {path.parent.name: path.read_text(encoding="utf-8") for path in PAGES}
LABEL = re.compile(r"^\(((?:erratum|statement)-[\w-]+)\)=$", re.M)


def section(entry):
    """Text from the entry's label to the next label or second heading."""
    text = TEXTS[entry.page] + "\n(x)="
    end = r"^\([\w-]+\)=$|^## Checked"
    found = re.search(rf"^\({entry.anchor}\)=\n(.+?)(?={end})", text, re.M | re.S)
    assert found, entry.anchor
    return found[1]


def test_every_entry_has_a_page():
    assert set(TEXTS) == {entry.page for entry in registry.ENTRIES}


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.key)
def test_every_entry_has_its_label_three_parts_and_its_evidence(entry):
    text = section(entry)
    title = text.splitlines()[0]
    assert title.startswith(f"## {entry.key}. " if entry.numbered else "##")
    places = [text.index(f"**{part}") for part in ("Printed", "Right.**", "Check.**")]
    assert places == sorted(places)
    key = entry.key if entry.numbered else f'"{entry.key}"'
    calls = re.findall(r"errata_tables\.evidence\(([^()]*)", TEXTS[entry.page])
    shown = [part.strip() for call in calls for part in call.split(",")]
    assert shown.count(key) == 1


def test_the_numbers_of_the_evidence_are_computed():
    """What is typed after "Check." are settings and exponents, no measured decimals."""
    for entry in registry.ENTRIES:
        prose = re.sub(r"```\{code-cell\}.*?```", "", section(entry), flags=re.S)
        prose = prose.split("**Check.**")[1]
        prose = re.sub(r"\(\d\.\d+\)|(?:eq\.|section|figure)\s\d[\d.]*", "", prose)
        typed = set(re.findall(r"\d+\.\d+", prose))
        assert typed <= {"1.2", "0.3"}, entry.key  # u = -1.2 E_inf; alpha = 0.3 in an exponent


def test_labels_are_those_of_the_list_and_every_link_has_its_label():
    labels = [label for text in TEXTS.values() for label in LABEL.findall(text)]
    assert sorted(labels) == sorted(entry.anchor for entry in registry.ENTRIES)
    equations = re.findall(r"^ *\$\$ \(([\w-]+)\)$", "\n".join(TEXTS.values()), re.M)
    assert {"erratum-1-right", "erratum-4-right", "statement-field-right"} <= set(equations)
    known = {*labels, *equations}
    for path in (ROOT / "book").rglob("*.md"):
        if {"_build", "executed"} & set(path.parts):
            continue
        linked = re.findall(r"\b(?:erratum|statement)-[a-z\d][a-z\d-]*", path.read_text("utf-8"))
        assert set(linked) <= known, path


def test_the_picture_has_every_print_right_and_every_correction_left_of_one():
    figure = figures.load("errata", ROOT)
    frame = figure.distances()
    assert list(frame["erratum"]) == [entry.name for entry in registry.ENTRIES]
    assert (frame["corrected"] <= 1).all()
    assert (frame["printed"].dropna() > 1).all()
    assert list(frame.loc[frame["printed"].isna(), "erratum"]) == ["35"]
    # Rounding errors differ from machine to machine and are not shown.
    assert frame["corrected"].min() == figure.SHOWN[0]
    assert frame["printed"].max() == figure.SHOWN[1]


@pytest.fixture(scope="module")
def runs():
    """What two runs of all cells print."""
    cells = {
        path.parent.name: [cell.source for cell in jupytext.read(path).cells
                           if cell.cell_type == "code"]
        for path in (INDEX, *PAGES)
    }  # fmt: skip
    program = (
        f"pages = {cells!r}\n"
        "for name, cells in pages.items():\n"
        "    space = {}\n"
        "    for cell in cells:\n"
        "        exec(compile(cell.replace('page.appendix()', ''), name, 'exec'), space)\n"
        "import sys\n"
        "assert 'torch' not in sys.modules\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(2)]
    said = []
    for process in started:
        out, errors = process.communicate()
        assert process.returncode == 0, errors[-3000:]
        said.append(out)
    return said


def test_the_pages_run_without_torch_and_say_the_same_twice(runs):
    first, second = runs
    assert first == second
    for words in ("possible for 7 directions", "without smoothing", "is 0.734"):
        assert words in first, words


def test_every_print_is_refuted_and_every_correction_confirmed(runs):
    said = " ".join(runs[0].split())
    findings = re.findall(
        r"In (\d+) places .+? contradict (?:all (\d+)|both) printed values and confirm "
        r"(?:all (\d+)|both) corrected ones\.", said)  # fmt: skip
    assert len(findings) == 5, "one of the sentences says that something is not confirmed"
    entries, printed, corrected = (int(number) for number in findings[0])
    rows = [row for entry in registry.ENTRIES for row in entry.rows]
    assert (entries, corrected) == (len(registry.ENTRIES), len(rows))
    assert printed == sum(row.printed is not None for row in rows)
    assert sum(int(found[0]) for found in findings[1:]) == entries
