"""Lewkowycz & Gur-Ari figures S3 and S4: budgets and the doubled c, on runs made by hand."""

import pytest

from landscape.evidence import figures, statistics

from .budgets_made import flat, lawful, made, probe
from .made import ROOT, judged, labels

SMALL, GOOD = "not seen at small scale", "reproduced at small scale"


@pytest.fixture(scope="module", params=["lewkowycz-fig-S3", "lewkowycz-fig-S4"])
def figure(request):
    return figures.load(request.param, ROOT)


def test_s3_finds_the_prediction_near_and_its_price():
    found, named = judged("lewkowycz-fig-S3", made())
    assert labels(named, "c1")["distance"] == GOOD
    assert named["c1.price"]["build"]["value"] > 0
    # At 2e-4 the peak is at 50 epochs, within 0.5 points a little earlier; 1e-4 was still rising.
    assert named["c2.smallest"]["build"]["value"] == pytest.approx(1, abs=0.1)
    assert set(labels(named, "c2").values()) == {SMALL}
    assert found["finding"].startswith(
        "On a narrow network the prediction c/T is at worst "
    )
    assert "c at the smallest coefficient that can peak in time is 1" in found["finding"]


def test_s3_sees_a_clock_that_is_twice_as_slow():
    _, named = judged("lewkowycz-fig-S3", made(lawful(factor=2)))
    for key in ("c2.smallest", "c2.reached"):
        assert named[key]["build"]["value"] == pytest.approx(2, abs=0.2)
    assert set(labels(named, "c2").values()) == {GOOD}


def test_s3_says_so_if_everything_was_still_rising():
    runs = made(lawful(factor=100), probe(at=4.0, strength=5e-2))
    found, named = judged("lewkowycz-fig-S3", runs)
    assert set(labels(named, "c2").values()) == {"not run"}
    assert found["finding"].endswith("no coefficient below the probe's was followed to its peak.")


def test_s4_doubling_helps_where_the_clock_is_slower():
    found, named = judged("lewkowycz-fig-S4", made(lawful(factor=4)))
    assert labels(named, "c1")["closer"] == labels(named, "c1")["accuracy"] == GOOD
    assert "brings the prediction closer to the best coefficient and raises the" in found["finding"]


def test_s4_doubling_harms_where_the_clock_is_faster():
    found, named = judged("lewkowycz-fig-S4", made(lawful(factor=0.4)))
    assert labels(named, "c1")["closer"] == SMALL
    assert "takes the prediction further from the best coefficient" in found["finding"]


def test_s4_noise_is_no_gain():
    found, _ = judged("lewkowycz-fig-S4", made(flat(), probe()))
    assert "does not measurably raise the accuracy" in found["finding"]
    assert "at small scale" not in found["finding"]


def test_without_runs_nothing_was_measured(figure):
    assert judged(figure.ID)[0]["finding"] == "Nothing was measured."


def test_pictures_and_tables():
    runs = made()
    s3, s4 = (figures.load(f"lewkowycz-fig-S{n}", ROOT) for n in (3, 4))
    assert list(s3.picture(runs).panels) == list("abcdef")
    assert s3.picture(runs).titles["f"] == "$T$ = 64 epochs"
    assert set(s3.clock(runs).panels) == {"a"}
    assert set(s3.clock(made(lawful(factor=100))).panels) == {"a"}
    assert set(s4.picture(runs).panels) == {"a", "b"}
    assert len(s4.table(runs).rows) == 6
    assert s4.l2_budgets.read(runs).long() == [16, 32, 64]


def test_a_difference_that_spans_zero_is_told_as_none():
    s4 = figures.load("lewkowycz-fig-S4", ROOT)

    class Item:
        measurement = statistics.mean_interval([-1, 1])

    assert s4.told(Item, "up", "down", "neither") == "neither"
    Item.measurement = statistics.mean_interval([1, 1.1])
    assert s4.told(Item, "up", "down", "neither") == "up"
    Item.measurement = statistics.mean_interval([-1, -1.1])
    assert s4.told(Item, "up", "down", "neither") == "down"
