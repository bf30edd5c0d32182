"""The built book in headless Chromium that can reach nothing but the book: what a reader does."""

import json
import re
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from browser import served_book

pytestmark = pytest.mark.browser


def visit(page, url):
    page.goto(url)
    served_book.settled(page)


def pages_of(manifest, pattern):
    return [name for name in manifest["pages"] if re.fullmatch(pattern, name)]


@pytest.fixture
def figure_page(manifest):
    """The first page of an artifact that is a figure."""
    return pages_of(manifest, r"[0-7]-[\w-]+/\w+-fig-[\w-]+\.html")[0]


def shown_cards(page):
    return page.eval_on_selector_all(
        ".wv-cards > li:not([hidden]) > a.wv-card", "cards => cards.map(c => c.pathname.slice(1))"
    )


def test_the_front_page_shows_a_card_for_every_page_of_the_parts(page, address, manifest):
    visit(page, f"{address}/index.html")
    assert page.title().startswith("Wide Valleys")
    assert sorted(shown_cards(page)) == pages_of(manifest, r"[0-7]-[\w-]+/(?!part\.)[\w-]+\.html")
    for card in page.query_selector_all("a.wv-card"):
        verdict = card.query_selector(".wv-verdict")
        assert (verdict or card.query_selector(".wv-card-id")).inner_text().strip()
        (picture,) = [image for image in card.query_selector_all("img") if image.is_visible()]
        assert picture.evaluate("i => i.naturalWidth") > 0


def test_cards_are_filtered_by_part_and_verdict(page, address, manifest):
    visit(page, f"{address}/index.html")
    everything = shown_cards(page)
    part = everything[0].split("/")[0]
    page.select_option("select[data-filter=part]", part)
    inside = shown_cards(page)
    assert inside == [name for name in everything if name.startswith(f"{part}/")]
    verdict = page.eval_on_selector(".wv-cards > li:not([hidden])", "c => c.dataset.verdict")
    page.select_option("select[data-filter=verdict]", verdict)
    assert 0 < len(shown_cards(page)) <= len(inside)
    page.select_option("select[data-filter=part]", "")
    page.select_option("select[data-filter=verdict]", "")
    assert shown_cards(page) == everything


def test_without_scripts_all_cards_are_there_and_no_filters(program, address):
    context = program.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/index.html")
    assert page.locator("a.wv-card").count() > 0
    assert page.locator("a.wv-card").first.is_visible()
    assert not page.locator(".wv-filters").is_visible()
    context.close()


def test_a_card_leads_to_a_figure_with_words_and_formulas(page, address, figure_page):
    visit(page, f"{address}/index.html")
    page.click(f"a.wv-card[href='{figure_page}']")
    served_book.settled(page)
    assert page.url == f"{address}/{figure_page}"
    artifact = figure_page.rsplit("/", 1)[1].removesuffix(".html")
    figure = page.query_selector(f"figure#{artifact}")
    panels = figure.query_selector_all("svg.wv-svg")
    assert panels
    for panel in panels:
        assert panel.bounding_box()["width"] > 200
        assert len(panel.get_attribute("aria-label")) > 20
    assert re.match(r"Figure \d", figure.query_selector("figcaption").inner_text())
    formulas = page.query_selector_all("mjx-container")
    assert formulas
    assert all(f.bounding_box()["width"] > 0 for f in formulas if f.is_visible())
    assert page.query_selector("table.wv-claims .wv-verdict")


def test_panels_stand_beside_each_other_on_a_desk_and_below_each_other_on_a_phone(
    page, address, manifest
):
    for name in pages_of(manifest, r"[0-7]-[\w-]+/[\w-]+\.html"):
        visit(page, f"{address}/{name}")
        grids = page.query_selector_all(".wv-panels")
        panels = next((g for grid in grids if len(g := grid.query_selector_all("svg")) > 1), None)
        if panels:
            break
    assert panels, "no page has two panels"
    first, second = (panel.bounding_box() for panel in panels[:2])
    assert first["y"] < second["y"] + second["height"] / 2 < first["y"] + first["height"]
    page.set_viewport_size({"width": 400, "height": 800})
    first, second = (panel.bounding_box() for panel in panels[:2])
    assert second["y"] >= first["y"] + first["height"]


def test_the_data_of_a_picture_can_be_saved(page, address, figure_page):
    visit(page, f"{address}/{figure_page}")
    with page.expect_download() as waiting:
        page.click(".wv-data a >> nth=0")
    assert waiting.value.suggested_filename.endswith(".csv")
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 2
    assert all(line.count(",") == lines[0].count(",") for line in lines)


def luminance(page, selector, prop):
    """Mean of the red, green and blue of a colour, 0 to 255."""
    colour = page.eval_on_selector(selector, f"e => getComputedStyle(e).{prop}")
    red, green, blue = [float(x) for x in re.findall(r"[\d.]+", colour)][:3]
    return (red + green + blue) / 3


def test_the_theme_button_turns_page_and_pictures_dark(page, address, figure_page):
    visit(page, f"{address}/{figure_page}")
    assert luminance(page, "body", "backgroundColor") > 200
    assert luminance(page, "figure svg.wv-svg", "color") < 80
    for _ in range(3):  # the button goes round light, dark and the system's choice
        if page.get_attribute("html", "data-theme") == "dark":
            break
        page.click(".theme-switch-button >> visible=true")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.wait_for_timeout(400)  # colours fade
    assert luminance(page, "body", "backgroundColor") < 60
    assert luminance(page, "article p", "color") > 150
    assert luminance(page, "figure svg.wv-svg", "color") > 150, "the ink is the text's colour"
    assert luminance(page, "figcaption .caption-text", "color") > 150
    assert luminance(page, "table.wv-claims tbody th", "color") > 100
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark", "the choice is remembered"


def found_by(page, address, words):
    """The addresses that the search shows for ``words``, best first."""
    visit(page, f"{address}/search.html?q={quote_plus(words)}")
    page.wait_for_function(
        "() => /finished|did not match/.test("
        "document.querySelector('#search-results p')?.innerText)"
    )
    page.wait_for_load_state("networkidle")
    return page.eval_on_selector_all(
        "#search-results li > a", "links => links.map(a => a.pathname)"
    )


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Entropy-SGD", "/2-local-entropy/"),
        ("Tracy-Widom", "/1-spin-glass/critical-point-counts.html"),
        ("Parle", "/4-parle/"),
        ("t-SNE", "/1-spin-glass/thesis-fig-2-2.html"),
        ("how long does it take", "/reproduce.html"),
        ("perceptron", "/8-evidence/errata-thesis-training.html"),
    ],
)
def test_search_finds_pages_before_the_library(page, address, manifest, words, wanted):
    found = found_by(page, address, words)
    library = [name.startswith("/api/") for name in found]
    assert library == sorted(library), f"pages first: {found}"
    if any(f"/{name}".startswith(wanted) for name in manifest["pages"]):
        assert any(name.startswith(wanted) for name in found), found


def test_the_search_field_leads_to_the_results(page, address):
    visit(page, f"{address}/index.html")
    page.click(".search-button-field >> visible=true")
    page.fill("dialog input[type=search] >> visible=true", "notation")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.eval_on_selector("#search-results li a", "a => a.pathname") == "/notation.html"
    page.wait_for_load_state("networkidle")


def test_the_notebook_of_a_page_can_be_downloaded(page, address, figure_page):
    visit(page, f"{address}/{figure_page}")
    source = page.get_attribute("a.btn-download-source-button", "href")
    assert source.endswith(".ipynb")
    reply = page.request.get(f"{address}/{figure_page.rsplit('/', 1)[0]}/{source}")
    assert reply.ok
    assert json.loads(reply.body())["cells"]
