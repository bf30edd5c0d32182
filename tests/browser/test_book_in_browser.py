"""The built book in headless Chromium that can reach nothing but the book.

Needs the book in ``book/_build/html`` (or the folder LANDSCAPE_BOOK names) and a Chromium. Without
them the tests are skipped, or fail when LANDSCAPE_REQUIRE_BROWSER is 1.
"""

import json
import os
import re
from urllib.parse import urlsplit

import pytest
from browser import served_book

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def missing(sentence):
    """Skip, or fail where the browser tests were asked for."""
    if os.environ.get("LANDSCAPE_REQUIRE_BROWSER") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="module")
def manifest():
    path = served_book.location() / "manifest.json"
    if not path.exists():
        missing(f"there is no built book at {path.parent}: `make book` builds it.")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def address(manifest):
    with served_book.server(served_book.location()) as address:
        yield address


@pytest.fixture(scope="module")
def program():
    if served_book.chromium() is None:
        missing("no Chromium was found: install Debian's package chromium.")
    try:
        import playwright  # noqa: F401
    except ImportError:
        missing("the package playwright is not installed: pip install -e '.[dev]' installs it.")
    with served_book.browser() as program:
        yield program


@pytest.fixture
def page(program, address):
    """A page whose every complaint is collected; the test fails if there is one at its end."""
    context = program.new_context(viewport=DESK)
    page = context.new_page()
    complaints = []

    def guard(route):
        host = urlsplit(route.request.url).hostname
        if host == "127.0.0.1":
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", guard)
    page.on("requestfailed", lambda r: complaints.append(f"failed: {r.url} {r.failure}"))
    page.on("response", lambda r: r.status >= 400 and complaints.append(f"{r.status}: {r.url}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda m: m.type in ("error", "warning") and complaints.append(f"{m.type}: {m.text}"),
    )
    yield page
    context.close()
    assert complaints == []


def visit(page, url):
    page.goto(url)
    served_book.settled(page)


def figure_page(manifest):
    """The first page of an artifact that is a figure."""
    return next(name for name in manifest["pages"] if re.search(r"artifacts/.*-fig-", name))


def too_wide(page):
    """How many pixels a page sticks out of its window, and what sticks out of every box."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth
          const sticks = e => e.getBoundingClientRect().right > width + 1
          const boxed = e => {
            for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
              if (getComputedStyle(box).overflowX !== 'visible' && !sticks(box)) { return true }
            }
            return false
          }
          const out = document.documentElement.scrollWidth - width
          const all = out > 0 ? [...document.querySelectorAll('article *')] : []
          const found = all.filter(e => sticks(e) && !boxed(e)).map(e => e.outerHTML.slice(0, 90))
          return out > 0 ? [out, ...found.slice(0, 3)] : null
        }"""
    )


def test_the_front_page_shows_a_card_for_every_artifact_page(page, address, manifest):
    visit(page, f"{address}/index.html")
    assert page.title().startswith("Wide Valleys")
    links = page.eval_on_selector_all("a.wv-card", "cards => cards.map(c => c.pathname.slice(1))")
    assert sorted(links) == [name for name in manifest["pages"] if name.startswith("artifacts/")]
    for card in page.query_selector_all("a.wv-card"):
        verdict = card.query_selector(".wv-verdict")
        words = (verdict or card.query_selector(".wv-card-id")).inner_text()
        assert words.strip()
        assert verdict or "no verdict" in words
        picture = card.query_selector("img")
        if picture:
            assert picture.evaluate("i => i.naturalWidth") > 0
        else:
            assert card.query_selector(".wv-text-card").inner_text().strip()


def test_a_card_leads_to_a_figure_with_words_and_formulas(page, address, manifest):
    visit(page, f"{address}/index.html")
    name = figure_page(manifest)
    page.click(f"a.wv-card[href='{name}']")
    served_book.settled(page)
    assert page.url == f"{address}/{name}"
    artifact = name.rsplit("/", 1)[1].removesuffix(".html")
    figure = page.query_selector(f"figure#{artifact}")
    image = figure.query_selector("img")
    assert image.evaluate("i => i.naturalWidth") > 200
    assert len(image.get_attribute("alt")) > 20
    assert re.match(r"Figure \d", figure.query_selector("figcaption").inner_text())
    formulas = page.query_selector_all("mjx-container")
    assert formulas
    assert all(f.bounding_box()["width"] > 0 for f in formulas if f.is_visible())
    assert not page.query_selector("mjx-merror")
    assert page.query_selector("table.wv-claims .wv-verdict")


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_is_wider_than_its_window_or_misses_anything(page, address, manifest, window):
    page.set_viewport_size(window)
    wide = {}
    for name in manifest["pages"]:
        visit(page, f"{address}/{name}")
        assert page.query_selector("h1").inner_text().strip()
        assert not page.query_selector("mjx-merror"), f"a formula of {name} cannot be typeset"
        if too_wide(page):
            wide[name] = too_wide(page)
    assert wide == {}


def luminance(page, selector, prop):
    """Mean of the red, green and blue of a colour, 0 to 255."""
    colour = page.eval_on_selector(selector, f"e => getComputedStyle(e).{prop}")
    red, green, blue = [float(x) for x in re.findall(r"[\d.]+", colour)][:3]
    return (red + green + blue) / 3


def test_the_theme_button_turns_the_page_dark_and_figures_stay_on_white(page, address, manifest):
    visit(page, f"{address}/{figure_page(manifest)}")
    assert luminance(page, "body", "backgroundColor") > 200
    for _ in range(3):  # the button goes round light, dark and the system's choice
        if page.get_attribute("html", "data-theme") == "dark":
            break
        page.click(".theme-switch-button >> visible=true")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.wait_for_timeout(400)  # colours fade
    assert luminance(page, "body", "backgroundColor") < 60
    assert luminance(page, "article p", "color") > 150
    assert luminance(page, "figure img", "backgroundColor") == 255
    assert luminance(page, "figcaption .caption-text", "color") > 150
    assert luminance(page, "table.wv-claims tbody th", "color") > 100
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark", "the choice is remembered"


def test_search_finds_a_page_by_a_word_on_it(page, address):
    visit(page, f"{address}/index.html")
    page.click(".search-button-field >> visible=true")
    page.fill("dialog input[type=search] >> visible=true", "perceptron")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    found = page.eval_on_selector_all("#search-results li a", "links => links.map(a => a.pathname)")
    assert "/artifacts/8-evidence/errata.html" in found
    page.wait_for_load_state("networkidle")


def test_the_notebook_of_a_page_can_be_downloaded(page, address, manifest):
    name = figure_page(manifest)
    visit(page, f"{address}/{name}")
    source = page.get_attribute("a.btn-download-source-button", "href")
    assert source.endswith(".ipynb")
    reply = page.request.get(f"{address}/{name.rsplit('/', 1)[0]}/{source}")
    assert reply.ok
    assert json.loads(reply.body())["cells"]
