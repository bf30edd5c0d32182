"""The list: complete, every number once, every print refuted and every correction confirmed."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from landscape import errata
from landscape.errata import registry
from landscape.errors import LandscapeError

ROOT = Path(__file__).parents[2]
WITHOUT_A_PRINTED_NUMBER = {"35"}


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.key)
def test_the_check_confirms_the_correction_and_not_the_print(entry):
    assert entry.rows
    assert entry.confirmed, entry.rows
    wrong = None if entry.key in WITHOUT_A_PRINTED_NUMBER else True
    assert entry.print_wrong is wrong, entry.rows
    assert all(row.tolerance <= 0.2 and row.how for row in entry.rows)
    quantities = [row.quantity for row in entry.rows]
    assert len(set(quantities)) == len(quantities)
    assert all(text.count("$") % 2 == 0 for row in entry.rows for text in (row.quantity, row.how))


def test_every_number_is_there_once_and_in_order():
    numbers = [int(entry.key) for entry in registry.NUMBERED]
    assert numbers == sorted(set(numbers))
    assert len({entry.key for entry in registry.ENTRIES}) == len(registry.ENTRIES)
    assert {*range(1, 13), 14, 22, 23, 24, 25, 26, 28, 30, 31, 33, 35, 37, 38, 40} <= set(numbers)
    assert {"minima-constant", "critical-band", "share-of-minima", "field-moves-minima",
            "cosine-distance", "smoothing", "shannon-entropy", "vanishing-scope", "averaged-loss",
            "perplexity-in-nats"} <= {e.key for e in registry.STATEMENTS}  # fmt: skip


def test_every_module_is_in_the_list():
    modules = {module.name for module in pkgutil.iter_modules(errata.__path__)}
    assert modules - {"entry", "registry"} <= set(vars(registry))


def test_every_entry_is_shown_on_one_page():
    pages = {entry.page for entry in registry.ENTRIES}
    shown = [entry for page in pages for entry in registry.of_page(page)]
    assert sorted(e.key for e in shown) == sorted(e.key for e in registry.ENTRIES)
    assert "errata-anneal" not in pages, "Chaudhari & Soatto's stand with the thesis"


def test_the_thesis_has_a_page_more_from_its_third_chapter_on():
    assert registry.get(5).page == registry.get("cosine-distance").page == "errata-thesis"
    assert registry.get(6).page == registry.get(28).page == "errata-thesis-training"


def test_entries_are_found_by_key():
    assert registry.get(14).anchor == "erratum-14"
    assert registry.get("smoothing").anchor == "statement-smoothing"
    with pytest.raises(LandscapeError, match=r"no erratum 99; the list has 1, 2"):
        registry.get(99)


def test_the_scaled_step_is_where_the_thesis_prints_it():
    assert registry.get(26).where == {"thesis": "section 3.2.3"}  # its rates are from 3.3.2


def test_every_erratum_named_anywhere_is_in_the_list():
    known = {entry.key for entry in registry.NUMBERED}
    named = set()
    for folder, pattern in (("src", "*.py"), ("book", "*.md"), ("book", "*.py"), ("tests", "*.py"),
                            ("references", "*.yaml")):  # fmt: skip
        for path in (ROOT / folder).rglob(pattern):
            if path == Path(__file__) or {"_build", "executed"} & set(path.parts):
                continue
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r"[Ee]rratum (\d+)", text))
            for several in re.findall(r"[Ee]rrata ((?:\d+(?:, | and )?)+)", text):
                named |= set(re.findall(r"\d+", several))
    assert {"3", "4", "5", "30", "37"} <= named
    examples = {"99"}  # in tests/errata/test_entry.py
    assert named <= known | examples


def test_the_list_needs_neither_torch_nor_the_book():
    code = """import sys
from landscape.errata import registry
print([name for name in ("torch", "landscape.book", "matplotlib") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
