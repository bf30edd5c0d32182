"""What the front page and the status page compute: cards, badges, tables."""

import base64
import io
import json
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from landscape.book import pages as book_pages, gallery, status_tables
from landscape.evidence import artifacts, records, verdicts

REPOSITORY = Path(__file__).resolve().parents[2]


def png(width, height, colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def page(artifact, part, title, *outputs, figure=True):
    cell = new_code_cell("show()", outputs=list(outputs))
    if figure:
        cell.metadata["mystnb"] = {"figure": {"name": artifact, "caption": "c"}}
    notebook = new_notebook(cells=[new_markdown_cell(f"# {title}"), cell])
    return book_pages.Page(artifact, part, title, notebook)


def picture(content):
    data = {"image/png": base64.b64encode(content).decode()}
    return new_output("display_data", data=data)


def table(html):
    return new_output("display_data", data={"text/html": html})


@pytest.fixture
def pages():
    return [
        page("thesis-fig-2-1", "1-spin-glass", "Minima < saddles", picture(png(700, 400))),
        page(
            "thesis-tab-3-1",
            "2-local-entropy",
            "Errors",
            table(
                "<table><tr><th>net</th><th>Adam</th></tr><tr><td>lenet</td><td>0.51"
                "<div>n = 3</div></td></tr></table><table><tr><td>second</td></tr></table>"
            ),
        ),
    ]


@pytest.fixture
def scorecard(tmp_path):
    path = tmp_path / "scorecard.json"
    claim = {"id": "thesis-fig-2-1-c1", "text": "E_0 < 2 & so on", "verdict": "contradicted"}
    path.write_text(
        json.dumps(
            {
                "profile": "laptop",
                "claim_counts": {"contradicted": 1},
                "artifact_counts": {"contradicted": 1, "not run": 45},
                "artifacts": [
                    {
                        "id": "thesis-fig-2-1",
                        "verdict": "contradicted",
                        "reason": "claims: 1 contradicted",
                        "claims": [claim | {"reason": "wholly above `2 < 3`"}],
                    }
                ],
            }
        )
    )
    return book_pages.read_scorecard(path)


def test_each_page_has_one_card_with_its_verdict_in_words(pages, scorecard):
    html = gallery.gallery(pages, scorecard, "thumbs")
    cards = re.findall(r'<a class="wv-card" href="([^"]+)"', html)
    assert cards == [
        "artifacts/1-spin-glass/thesis-fig-2-1.html",
        "artifacts/2-local-entropy/thesis-tab-3-1.html",
    ]
    first, second = html.split("<section")[1:]
    assert '<span class="wv-verdict wv-contradicted">contradicted</span>' in first
    assert 'src="thumbs/thesis-fig-2-1.png"' in first
    assert "Minima &lt; saddles" in first
    assert "I. Spin glass and AnnealSGD" in first
    assert ">not run</span>" in second, "a page without a row of the scorecard has not run"
    assert "<i>lenet</i><i>0.51</i>" in second, "a table page shows its own table, not a picture"
    assert "second" not in second
    assert "n = 3" not in second


def test_an_extra_page_has_a_card_without_a_verdict(pages, scorecard):
    extra = book_pages.Page("optimizers", "0-optimizers", "The optimizers", pages[0].notebook, True)
    html = gallery.gallery([extra, *pages], scorecard, "thumbs")
    card = html.split("<section")[1]
    assert 'href="artifacts/0-optimizers/optimizers.html"' in card
    assert "no verdict" in card
    assert "wv-verdict" not in card
    assert html.count("wv-verdict") == len(pages)
    assert "optimizers" not in status_tables.scorecard_table([extra, *pages], scorecard)


def test_without_a_scorecard_the_pages_say_so(pages, tmp_path):
    assert book_pages.read_scorecard(tmp_path / "absent.json") is None
    assert "No scorecard" in status_tables.counts(None, "claims")
    assert "No scorecard" in status_tables.scorecard_table(pages, None)
    assert gallery.gallery(pages, None, "t").count("wv-not-run") == 2


def test_a_broken_scorecard_is_named(tmp_path):
    path = tmp_path / "scorecard.json"
    path.write_text('{"artifacts": [{}]}')
    with pytest.raises(book_pages.GalleryError, match=r"scorecard\.json is not a scorecard"):
        book_pages.read_scorecard(path)


def test_the_scorecard_table_shows_claims_with_their_reasons(pages, scorecard):
    html = status_tables.scorecard_table(pages, scorecard)
    assert "E_0 &lt; 2 &amp; so on" in html
    assert "wholly above <code>2 &lt; 3</code>" in html
    assert html.count("<tbody>") == 1, "pages without a row are left out"


def test_the_status_table_lists_every_artifact_once_in_its_part(pages, scorecard):
    listed = artifacts.load(REPOSITORY)
    html = status_tables.status_table(listed, pages, scorecard)
    assert len(listed) == 46
    assert re.findall(r'<tr id="([^"]+)"', html) == [entry.id for entry in listed]
    assert html.count('scope="rowgroup"') == len({entry.part for entry in listed})
    assert html.count("its page is not written yet") == 44
    assert '<a href="artifacts/1-spin-glass/thesis-fig-2-1.html">' in html


def test_the_records_are_listed_with_their_departures(tmp_path):
    info = {"experiment": "e-1", "title": "A < B", "differs": ["`p` is ours", "float32"]}
    html = status_tables.records_table([records.Record(tmp_path / "2026-01-02", info)])
    assert "<code>e-1</code>" in html
    assert "2026-01-02" in html
    assert "A &lt; B" in html
    assert re.findall(r'wv-details">([^/]*)<', html)[-1] == "float32"
    assert "<code>p</code> is ours" in html
    assert status_tables.records_table([]).count("<tr>") == 1


def test_every_verdict_and_part_has_words_and_a_colour():
    assert set(book_pages.MEANINGS) == set(verdicts.VERDICTS)
    assert set(book_pages.PARTS) == set(artifacts.PARTS)
    css = (REPOSITORY / "book" / "_static" / "custom.css").read_text()
    for verdict in verdicts.VERDICTS:
        name = verdict.replace(" ", "-")
        assert f".wv-{name} {{ color: var(--wv-{name})" in css
        assert f".wv-{name}::before" in css, "a mark beside the colour"


def _luminance(colour):
    colour = colour.lstrip("#")
    colour = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one, two):
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#121212")])
def test_verdict_colours_have_the_contrast_of_ordinary_text(theme, ground):
    css = (REPOSITORY / "book" / "_static" / "custom.css").read_text()
    block = re.search(rf'html\[data-theme="{theme}"\] {{(.*?)\n}}', css, re.DOTALL)[1]
    colours = dict(re.findall(r"--(wv-[\w-]+): (#[0-9a-f]+)", block))
    for verdict in verdicts.VERDICTS:
        name = f"wv-{verdict.replace(' ', '-')}"
        assert _contrast(colours[name], colours[f"{name}-ground"]) >= 4.5
    assert _contrast(colours["wv-muted"], ground) >= 4.5
    assert _contrast(colours["wv-muted"], colours["wv-soft"]) >= 4.5


def test_labels_read_as_a_reader_says_them():
    assert book_pages.label("thesis-fig-2-3") == "Chaudhari (2018), figure 2.3"
    assert book_pages.label("thesis-tab-3-1") == "Chaudhari (2018), table 3.1"
    assert book_pages.label("lewkowycz-fig-S10") == "Lewkowycz & Gur-Ari (2020), figure S10"
