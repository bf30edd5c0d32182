"""Thesis figure 3.4: curvature of three more networks, on tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, judged, labels
from .spectra_made import Spectra, spectra

ID = "thesis-fig-3-4"
NAMES = ("smallfc", "smallfc-small", "lstm", "lstm-small")


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def diagonals(share=95.0, negative=0.5, equal=0.0):
    """Three seeds and four kinds; single samples have 128 times the mean."""
    results, shares, counts = [], [], []
    for seed in range(3):
        for kind in ("state", "frozen", "equal", "samples"):
            key = {"seed": seed, "kind": kind}
            wrong = {"state": negative, "equal": equal}.get(kind, 0.0)
            results.append(key | {
                "weights": 1000, "training_loss": 1.0, "test_error": 50.0 + seed,
                "negative": wrong, "largest": 1e-2, "smallest": -1e-6 if wrong else 0.0,
                "mean": 1e-5 * (128 if kind == "samples" else 1), "batch_size": 128,
            })  # fmt: skip
            shares += [key | {"width": width, "within": share, "below": 0.0}
                       for width in (1e-6, 1e-5, 1e-4)]  # fmt: skip
            counts += [key | {"sign": sign, "decade": decade, "number": number}
                       for sign, decade, number in ((1, -5.0, 900), (1, -4.9, 90), (-1, -7.0, 10))
                       ]  # fmt: skip
    names = ("results", "shares", "counts")
    frames = map(pd.DataFrame, (results, shares, counts))
    return dict(zip((("thesis-fig-3-4-allcnn", name) for name in names), frames, strict=True))


def runs(share=95.0, scale="laptop", allcnn=None, **options):
    """All five experiments."""
    tables = dict(diagonals() if allcnn is None else allcnn)
    for name in NAMES:
        tables |= spectra(f"thesis-fig-3-4-{name}", share, exact=name.endswith("small"), **options)
    return Spectra(scale, tables=tables)


def test_the_works_numbers_are_reproduced():
    found, named = judged(ID, runs(), Spectra("paper"))
    near = labels(named, "c1")
    assert near.pop("smallfc-size") == "not seen at small scale"  # the made bound is 0
    assert set(near.values()) == set(labels(named, "c2").values()) == {
        "reproduced at small scale"}  # fmt: skip
    assert named["c2.smallfc"]["build"]["value"] == pytest.approx(0.5 / 40)
    assert named["c2.allcnn"]["build"]["value"] == pytest.approx(1e-4)
    assert found["finding"] == (
        "In narrow networks 95 % of a fully connected one's eigenvalues, 95 % of an LSTM's and "
        "95 % of all-CNN's diagonal entries are near zero by the work's widths (the work: 90, 95, "
        "95 %); some entries are negative because Adam's two averages differ in length."
    )
    assert len(found["finding"].split()) < 48


def test_each_share_is_said():
    made = runs(50.0, allcnn=diagonals(40.0))
    said = judged(ID, made, Spectra("paper"))[0]["finding"]
    assert "networks 50 % of a fully connected" in said
    assert "50 % of an LSTM's and 40 % of all-CNN's diagonal entries" in said


def test_many_negative_entries_and_long_negative_tails_are_not_seen():
    made = runs(below=20.0, ends=(-30.0, 40.0), allcnn=diagonals(negative=30.0, equal=10.0))
    found = labels(judged(ID, made, Spectra("paper"))[1], "c2")
    assert found.pop("allcnn") == "reproduced at small scale"
    assert set(found.values()) == {"not seen at small scale"}


def test_no_negative_entry_is_said():
    made = runs(allcnn=diagonals(negative=0.0))
    assert "no entry is negative" in judged(ID, made, Spectra("paper"))[0]["finding"]


def test_a_record_of_one_network_leaves_the_others_open(figure):
    part = Spectra("paper", tables=spectra("thesis-fig-3-4-smallfc", 95.0))
    measured = figure.measure(part)
    assert measured["c2"]["smallfc"].value == pytest.approx(0.5 / 40)
    assert measured["c1"]["allcnn"].value is None
    assert measured["c1"]["smallfc"].value == measured["c1"]["smallfc-size"].value
    assert measured["c1"]["lstm"].value is None
    assert figure.measure(Spectra("paper")) == {}
    assert judged(ID, Spectra(), Spectra("paper"))[0]["finding"] == "Not all of it was measured."


def test_pictures_tables_and_notes_are_made(figure):
    made = runs()
    picture = figure.picture(made)
    assert set(picture.panels) == set(picture.titles) == {"a", "b", "c"}
    assert set(figure.width_picture(made).panels) == {"a", "b"}
    bound = figure.width_picture(runs(weights=figure.WEIGHTS)).panels["a"].axes[0].collections[0]
    assert bound.get_paths()[0].vertices[:, 1].min() == pytest.approx(100 - 100 * 3100 / 50_890)
    assert [row[2].text for row in figure.diagonal_table(made).rows] == [
        "-1e-06", "none", "none", "none"]  # fmt: skip
    assert "128 [128, 128] times that of mini-batches of 128" in figure.ratio_note(made)
    assert "0.5 % of the entries are negative, some in 3 of 3 runs; where the weights stand still "\
        "there are hardly any" in figure.negative_note(made)  # fmt: skip
    assert "1,000 weights instead of 1.6 million" in figure.allcnn_note(made)
    frozen = made.tables["thesis-fig-3-4-allcnn", "results"]
    frozen.loc[frozen["kind"] == "frozen", "negative"] = 0.5
    assert "are as many: the motion of the weights does not matter" in figure.negative_note(made)
    assert len(figure.networks_table(made).rows) == 5
    assert "33 % of the eigenvalues" in figure.flat_note(made)
    assert "lie above -0.5 and reach up to 40" in figure.tail_note(made)


def test_counts_of_entries_keep_their_decades(figure):
    axes = figure.draw_diagonal(runs()).axes[0]
    patches = {patch.get_label(): patch.get_data() for patch in axes.patches}
    values, edges, _ = patches["Adam's moments"]
    assert values.tolist() == [900, 90]
    np.testing.assert_allclose(edges, 10.0 ** np.array([-5.0, -4.9, -4.8]))
    assert patches["Adam's moments, negative"].values.tolist() == [10]
