"""Thesis figure 2.4: alignments with a field, on alignments made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures

from .made import ROOT, Made, diverge, judged, labels

ID, RUNS = "thesis-fig-2-4", "thesis-tab-2-1-allcnn"
WEIGHTS, LENGTH = 10_000, 5.0
SMALL = "reproduced at small scale"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def frame(fixed=-0.2, noise=0.01, seeds=3, steps=12):
    """The fixed field keeps its cosine, redrawn noise's changes sign at every evaluation."""
    rows = []
    for method in ("sgd", "anneal_sgd", "resampled_noise"):
        for seed in range(seeds):
            for step in range(steps + 1):
                row = {"method": method, "seed": seed, "step": step, "diverged": 0,
                       "effective_epoch": step / 2, "learning_rate": 0.1}  # fmt: skip
                if method != "sgd" and step:
                    cosine = fixed if method == "anneal_sgd" else noise * (-1) ** step
                    field = 0.02 * np.exp(-step / 20)
                    row |= {
                        "alignment": LENGTH * field * cosine,
                        "alignment_after": LENGTH * field * cosine * 1.5,
                        "alignment_sphere": WEIGHTS**0.5 * field * cosine,
                        "alignment_unit": LENGTH * cosine, "alignment_cosine": cosine,
                    }  # fmt: skip
                rows.append(row)
    return pd.DataFrame(rows)


def test_the_lengths_that_alignments_contain(figure):
    rows = figure.with_lengths(frame())
    assert set(rows["method"]) == {"anneal_sgd", "resampled_noise"}
    assert rows["weights"].to_numpy() == pytest.approx(LENGTH)
    assert rows["count"].to_numpy() == pytest.approx(WEIGHTS)
    assert rows["field"].to_numpy() == pytest.approx(0.02 * np.exp(-rows["step"] / 20))
    assert figure.random_level(rows) == pytest.approx(np.sqrt(2 / np.pi / WEIGHTS))


def test_a_field_that_aligns_is_seen_in_every_reading():
    found, named = judged(ID, Made(frames={RUNS: frame()}))
    assert set(labels(named, "c1").values()) == {SMALL}
    for part in ("field", "direction", "keep", "after"):
        assert named[f"c1.{part}"]["build"]["value"] == pytest.approx(20)
    assert named["c1.bias"]["build"]["value"] == pytest.approx(-0.2)
    # One product of equal neighbours is the mean square, one of opposite ones minus it.
    assert named["c1.uncorrelated"]["build"]["value"] == pytest.approx(2)
    assert found["verdict"]["label"] == SMALL
    assert found["finding"].startswith(
        "The weights align more with a fixed field than with redrawn noise, 20.0 times as much"
    )
    assert "on a narrow network after a few epochs" in found["finding"]


def test_a_field_that_aligns_no_more_than_noise_is_not_called_more():
    rows = frame(fixed=0.01, noise=0.01)
    found, named = judged(ID, Made(frames={RUNS: rows}))
    assert named["c1.field"]["verdict"]["label"] == "not seen at small scale"
    assert named["c1.bias"]["verdict"]["label"] == "not seen at small scale"
    assert "align not measurably more with a fixed field" in found["finding"]


def test_only_the_last_third_counts_as_kept(figure):
    rows = frame()
    late = (rows["method"] == "anneal_sgd") & (rows["step"] > 8)
    rows.loc[late, "alignment_cosine"] = -0.02
    rows.loc[late, "alignment_unit"] = -0.02 * LENGTH
    found = figure.measure(Made(frames={RUNS: rows}))["c1"]
    assert found["keep"].value == pytest.approx(2)
    assert found["field"].value == pytest.approx(20)


def test_the_record_decides_and_names_runs_that_diverged():
    record = diverge(frame(seeds=5), "resampled_noise", 4)
    found, named = judged(ID, Made(frames={RUNS: frame()}), Made("paper", {RUNS: record}))
    keep = named["c1.keep"]
    assert (keep["verdict"]["label"], keep["evidence"]) == ("reproduced", "record")
    assert (keep["record"]["n"], keep["record"]["diverged"]) == (4, ["resampled_noise seed 4"])
    assert "narrow network" not in found["finding"]


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Made("paper")) == {}
    assert judged(ID)[0]["finding"] == "Nothing was measured."


def test_a_single_run_decides_nothing():
    found, named = judged(ID, Made(frames={RUNS: frame(seeds=1)}))
    assert named["c1"]["verdict"]["label"] == "not run"
    assert found["finding"].endswith(".")


def test_the_works_own_field_fades_long_before_the_end(figure):
    text = figure.fading_at_the_works_scale(Made())
    # 1 / (1 - momentum) times rate times J sqrt(6) 2 tau0 is 0.49; weight decay takes most of it.
    assert "shift each weight by up to 0.12" in text
    assert "undo 99 % of it within 31 of 200 epochs" in text
