"""Thesis figure 3.2: local entropy prefers the wide valley; two sentences about it fail."""

import numpy as np
import pytest

from landscape.book import local_entropy_pictures as more
from landscape.evidence import figures
from landscape.theory import line_entropy, line_loss

from .made import ROOT, judged, labels

ID = "thesis-fig-3-2"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


@pytest.fixture(scope="module")
def outcome():
    return judged(ID)


def test_the_picture_is_reproduced_and_two_sentences_are_not(outcome):
    found, named = outcome
    assert [named[name]["verdict"]["label"] for name in ("c1", "c2", "c3", "c4", "c5")] == [
        "reproduced", "reproduced", "reproduced", "contradicted", "contradicted under our reading",
    ]  # fmt: skip
    assert labels(named, "c4") == {"blind": "reproduced", "smallest": "contradicted"}
    assert labels(named, "c2")["both"] == "contradicted", "downward curvature grows at first"
    assert found["verdict"] == {"word": "contradicted", "scale": "exact", "label": "contradicted"}
    assert found["finding"].startswith(r"The picture holds: from $\gamma = 0.019$ on")
    assert len(found["finding"].split()) < 45


def sentence(figure, named, words):
    """The finding for other verdicts of some claims."""

    class One:
        def __init__(self, name):
            self.verdict = type("V", (), {"word": words.get(name, "reproduced")})

    return figure.finding({name: One(name) for name in named})


def test_the_sentence_says_every_outcome(figure, outcome):
    _, named = outcome
    assert sentence(figure, named, {}).endswith("on local entropy is lowest in the wide valley.")
    one = sentence(figure, named, {"c4.smallest": "contradicted"})
    assert one.endswith("; a sentence about it fails: Shannon entropy is smallest "
                        "in the sharp valley, not on the plateau.")  # fmt: skip
    other = sentence(figure, named, {"c1": "contradicted", "c5.smoothed": "contradicted"})
    assert other == ("Local entropy does not prefer the wide valley as it is drawn; and averaging "
                     "the loss moves the minimum too.")  # fmt: skip


def test_the_minimiser_is_found_on_a_fine_grid_too(figure):
    x = np.linspace(-5, 5, 20_001)
    for gamma, well in ((0.005, figure.SHARP), (0.3, figure.WIDE)):
        best = x[line_entropy.local(figure.LOSS, x, gamma).value.argmin()]
        assert abs(best - well.centre) < well.width
        assert figure.away(gamma, well) < 1
    table = figure.scan()
    assert (table["in_wide"] == (table["gamma"] > figure.crossing())).all()


def test_a_wide_valley_that_is_too_shallow_never_wins(figure):
    shallow = line_loss.LineLoss(
        (line_loss.Well(-2.5, 1.0, 4.0), figure.SHARP), figure.LOSS.bowl, figure.LOSS.offset
    )
    assert line_entropy.crossing(shallow) == np.inf
    best = min(line_entropy.sides(shallow, 1.0), key=lambda side: side.value)
    assert best.place > 0


def test_twins_have_their_minimum_in_the_middle_once_the_kernel_is_broad(figure):
    assert figure.between(line_loss.TWINS.value) == pytest.approx(1.0, abs=1e-3)
    assert figure.between(line_loss.TWINS.smoothed(0.01).value) > 0
    # Two equal Gaussians have one top as soon as they are nearer than two standard deviations.
    edge = 0.25 - 0.12**2
    assert figure.between(line_loss.TWINS.smoothed(0.8 * edge).value) > 0
    assert figure.between(line_loss.TWINS.smoothed(1.2 * edge).value) < 0


def test_the_largest_rise_is_relative_and_never_negative(figure):
    assert figure.largest_rise([4.0, 2.0, 1.0]) == 0
    assert figure.largest_rise([4.0, 2.0, 3.0]) == pytest.approx(0.5)


def test_the_data_are_the_curves(figure):
    picture = figure.curves()
    (ax,) = picture.panels["a"].axes
    frame = picture.data["curves"]
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(drawn["loss $f$"][::3], frame["loss"])
    np.testing.assert_allclose(drawn[r"$\gamma = 1$"][::3], frame["gamma_1"])
    assert set(picture.titles) == set(picture.panels) == {"a", "b", "c"}


def test_the_marked_places_and_the_drift_in_numbers(figure):
    rows = [[cell.text for cell in row] for row in figure.places_table().rows]
    assert [row[0] for row in rows] == ["wide minimum", "sharp minimum", "plateau"]
    assert float(rows[1][2]) < float(rows[0][2]) < float(rows[2][2])
    assert r"\gamma = 100" in figure.far_scopes()


def test_the_settings_in_the_text_are_those_computed_with(figure):
    page = ROOT / "book" / "2-local-entropy" / ID / "page.md"
    text = " ".join(page.read_text(encoding="utf-8").split())
    loss = figure.LOSS
    wells = [f"depth {w.depth:g} and width {w.width:g} at {place}"
             for w, place in zip(loss.wells, ("$-2.5$", "1"), strict=True)]  # fmt: skip
    assert [w.centre for w in loss.wells] == [-2.5, 1.0]
    assert f"$f(x) = {loss.offset:g} + {loss.bowl / 2:g}x^2$ less a well of {wells[0]}" in text
    assert f"and one of {wells[1]}; the plateau is marked at {figure.PLATEAU:g};" in text
    assert rf"$\gamma = {figure.SCOPES[0]:g}$, {figure.SCOPES[1]:g} and" in text
    assert rf"$\eta = {more.RATE:g}$, $\alpha = 0.25$" in text
    assert f"of {more.CHAINS} estimates" in text
