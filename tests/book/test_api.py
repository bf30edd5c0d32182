"""The library's pages describe what exists."""

from pathlib import Path

import pytest

from landscape.book import api, contents
from landscape.errors import LandscapeError

SOURCE = Path(__file__).resolve().parents[2] / "src"


def test_every_public_module_of_a_package_is_described():
    names = api.modules("landscape.theory", SOURCE)
    assert names[0] == "landscape.theory"
    assert "landscape.theory.p_spin" in names
    text = api.page("theory", SOURCE)
    assert text.startswith("# `landscape.theory`\n")
    assert text.count(".. automodule::") == len(names)
    assert "(api-landscape-theory-p-spin)=" in text
    assert api.modules("landscape.errors", SOURCE) == ["landscape.errors"]
    with pytest.raises(LandscapeError, match=r"landscape\.nothing"):
        api.modules("landscape.nothing", SOURCE)


def test_the_overview_names_every_package():
    packages = contents.packages(SOURCE)
    assert {"optim", "theory", "evidence", "book"} <= set(packages)
    text = api.overview(packages, SOURCE)
    for name in packages:
        assert f"[`landscape.{name}`]({name}.md)" in text
