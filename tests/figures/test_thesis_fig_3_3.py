"""Thesis figure 3.3: the binary perceptron's solutions, counted on tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, Made, judged, labels

ID = "thesis-fig-3-3"
LENGTHS, SETS = (13, 19, 25), 4
SMALL, UNSEEN = "reproduced at small scale", "not seen at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def counts(alpha, share, growth, clusters, width, gain):
    """Rows of results: `share` of the solutions isolated, errors `gain` points apart."""
    rows = []
    for d in LENGTHS:
        for i in range(SETS):
            isolated = np.exp(growth * d) + i
            rows.append({
                "d": d, "data_set": i, "alpha": alpha, "patterns": round(alpha * d),
                "solutions": isolated / share, "isolated": isolated,
                "in_clusters": isolated / share * (1 - share) / 2, "width": width * d + i / 10,
                "clusters": clusters * (d - 12) + i % 2, "half_open_clusters": 0,
                "error_isolated": 33 + i, "error_clusters": 33 + 1.01 * i - gain,
                "error_connected": 33 + 1.01 * i - gain / 2,
            })  # fmt: skip
    return pd.DataFrame(rows)


def made(share=0.7, low=0.2, growth=0.2, clusters=0.0, width=0.2, gain=2.0, picked=4.0, hebb=0.0,
         scale="laptop"):  # fmt: skip
    """Both cases; the keywords say what is true in them."""
    results = pd.concat([counts(0.8, share, growth, clusters, width, gain),
                         counts(0.4, low, growth, clusters, width, gain)])  # fmt: skip
    entropy = pd.DataFrame([
        {"d": 25, "data_set": i, "alpha": 0.8, "error": 33 + i, "correlation_2": -0.3 + i / 100,
         "alone_2": 1, "largest_2": 20 + i, "margin": 32.5 + i, "centre": 28.0 + i,
         "mean_margin": 33 + 1.01 * i - picked + hebb,
         **{f"{kind}_{k}": 33 + 1.01 * i - picked for kind in ("ball", "shell") for k in (1, 2)}}
        for i in range(SETS)
    ])  # fmt: skip
    limits = {
        case: pd.DataFrame([{"d": d, "data_set": i, "patterns": (end + i / 1000) * d - 0.5}
                            for d in LENGTHS for i in range(SETS)])
        for case, end in (("random", 0.833), ("teacher", 1.245))
    }  # fmt: skip
    profile = pd.DataFrame(
        [
            {
                "d": 25,
                "data_set": i,
                "octave": k,
                "nearby": 2.0**k,
                "solutions": 5,
                "error": 38 - k + i / 10,
            }
            for i in range(12)
            for k in (0, 1, 2)
        ]
    )
    points = pd.DataFrame([
        {"vector": code, "x": code % 3, "y": code / 5, "neighbours": near, "nearby": 3,
         "cluster": 0, "error": 30.0} for code, near in ((1, 1), (3, 1), (24, 0))
    ] + [{"vector": 0, "x": 0.0, "y": 0.0, "cluster": -1, "error": 0.0}])  # fmt: skip
    tables = {("teacher", "results"): results, ("random", "results"): results,
              ("teacher", "entropy"): entropy, ("teacher", "profile"): profile,
              ("teacher", "map"): points}  # fmt: skip
    return Made(scale, tables=tables | {(case, "limits"): rows for case, rows in limits.items()})


def test_made_tables_give_the_verdicts_that_they_were_made_for():
    found, named = judged(ID, made())
    assert labels(named, "c1") == dict.fromkeys(
        ("isolated", "clusters", "slower", "better", "connected", "entropy"), SMALL)  # fmt: skip
    assert named["c1.isolated"]["build"]["value"] == pytest.approx(0.2, abs=0.05)
    assert named["c1.better"]["build"]["value"] == pytest.approx(1.985)
    assert labels(named, "c2") == {"limit": "reproduced", "printed": "contradicted"}
    assert labels(named, "c3") == {"width": UNSEEN, "fewer": SMALL, "pooled": SMALL}
    assert named["c3.width"]["build"]["value"] == pytest.approx(0.2)
    assert labels(named, "c4") == {
        "typical": SMALL, "every": UNSEEN, "rising": UNSEEN, "pairs": UNSEEN,
        "gap": "reproduced"}  # fmt: skip
    assert labels(named, "c5") == {"picked": SMALL, "ball": SMALL, "margin": SMALL, "hebb": UNSEEN}
    assert labels(named, "c6") == {
        "printed": UNSEEN, "above": SMALL, "storage": SMALL, "teacher": SMALL}  # fmt: skip
    assert "multiplies isolated solutions by 1." in found["finding"]
    assert found["finding"].endswith(
        "and adds 0.00 dense clusters; solutions in these err 2.0 points less than isolated ones, "
        "local entropy's choice 4.0 less than the mean, as does Hebb's; but clusters widen, and "
        "with few patterns most connect."
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"growth": 0.0}, "does not measurably multiply isolated solutions and"),
        ({"clusters": 0.3}, "and adds 0.30 dense clusters;"),
        ({"gain": -1.0}, "err not measurably less than isolated ones"),
        ({"picked": -1.0}, "choice no less than the mean;"),
        ({"hebb": 3.0}, "less than the mean; but"),
        ({"width": 0.0}, "mean, as does Hebb's; but with few patterns most connect."),
        ({"width": 0.0, "low": 0.7}, "mean, as does Hebb's."),
    ],
)
def test_the_sentence_follows_what_was_measured(options, words):
    finding = judged(ID, made(**options))[0]["finding"]
    assert words in finding
    assert len(finding.split()) < 45


def test_pairs_are_within_data_sets_that_have_both(figure):
    runs = made()
    table = runs.tables["teacher", "results"].reset_index(drop=True)
    table.loc[(table["d"] == 25) & (table["data_set"] == 3), "error_clusters"] = np.nan
    runs.tables["teacher", "results"] = table
    assert figure.measure(runs)["c1"]["better"].n == 3
    table["error_clusters"] = np.nan
    assert figure.measure(runs)["c1"]["better"].value is None


def test_the_work_s_scale_contradicts_what_the_build_does_not_see():
    _, named = judged(ID, made(), made(scale="paper"))
    assert named["c3.width"]["verdict"]["label"] == "contradicted"


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Made("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_pictures_and_notes_are_made_of_the_tables(figure):
    runs = made()
    for picture, panels in ((figure.first(runs), 3), (figure.far(runs), 2),
                            (figure.thresholds(runs), 2)):  # fmt: skip
        assert len(picture.panels) == len(picture.titles) == panels
    counted = figure.first(runs).panels["c"].axes[0]
    assert counted.get_yscale() == "log"
    assert list(figure.thresholds(runs).data["random"])[1:] == ["d = 13", "d = 19", "d = 25"]
    assert figure.picks(runs).alt
    assert "have no other solution one flip away" in figure.isolation_note(runs).text
    assert "0.833" in figure.limits_note(runs).text
    assert len(figure.counts_table(runs).rows) == 4
    gains = figure.gains_table(runs)
    assert gains.columns == [r"$\alpha$", "$d = 13$", "$d = 19$", "$d = 25$"]
    assert [row[3].text[:4] for row in gains.rows] == ["1.98", "1.98"]
