"""One Chromium and one server for all tests of the built book.

They need the book in ``book/_build/html`` (or the folder LANDSCAPE_BOOK names) and a Chromium.
Without them the tests are skipped, or fail when LANDSCAPE_REQUIRE_BROWSER is 1.
"""

import json
import os

import pytest
from browser import measure, served_book


def missing(sentence):
    """Skip, or fail where the browser tests were asked for."""
    if os.environ.get("LANDSCAPE_REQUIRE_BROWSER") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def manifest():
    path = served_book.location() / "manifest.json"
    if not path.exists():
        missing(f"there is no built book at {path.parent}: `make book` builds it.")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def address(manifest):
    with served_book.server(served_book.location()) as address:
        yield address


@pytest.fixture(scope="session")
def program():
    if served_book.chromium() is None:
        missing("no Chromium was found: install Debian's package chromium.")
    try:
        import playwright  # noqa: F401
    except ImportError:
        missing("the package playwright is not installed: pip install -e '.[dev]' installs it.")
    with served_book.browser() as program:
        yield program


@pytest.fixture(scope="session")
def measured(program, address, manifest):
    """Every page's measures, by its address inside the book."""
    return measure.measure(served_book.location(), program, address)


@pytest.fixture
def page(program, address):
    """A page whose every complaint is collected; the test fails if there is one at its end."""
    context = program.new_context(viewport=measure.WIDE)
    page, complaints = served_book.guarded(context)
    yield page
    context.close()
    assert complaints == []
