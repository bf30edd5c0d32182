"""The claims format and the rules that turn measurements into verdicts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, claims, verdicts
from landscape.evidence.measurement import (
    Measurement,
    decimals_for,
    format_measurement,
    format_number,
    not_run,
)

ROOT = Path(__file__).parents[2]


def claim(rule, **changes):
    """A claim of one rule, parsed from a document like any other."""
    values = {"p": {"what": "", "value": 2.5, "err": 0.1, "unit": "%"}}
    base = {"id": "x-c1", "text": "text", "rule": rule}
    document = {"artifact": "x", "paper_values": values, "claims": [base | changes]}
    return claims.parse(document, "x")["x-c1"]


def measured(low, value, high, n=5):
    return Measurement(value, low, high, n)


BELOW = {"threshold": 0}
NEAR = {"paper": "p", "tolerance": 0.1}
TABLE = [
    # rule, options, measurement, scale, verdict
    ("below", BELOW, measured(-2, -1, -0.5), "laptop", "reproduced"),
    ("below", BELOW, measured(-2, -1, 0.0), "laptop", "not reproduced"),
    ("below", BELOW, measured(-2, 1, 3), "laptop", "not reproduced"),
    ("below", BELOW, measured(1, 2, 3), "laptop", "contradicted"),
    ("above", BELOW, measured(1, 2, 3), "laptop", "reproduced"),
    ("above", BELOW, measured(0.0, 2, 3), "laptop", "not reproduced"),
    ("above", BELOW, measured(-3, -2, -1), "paper", "contradicted"),
    ("near", NEAR, measured(2.3, 2.5, 2.7), "laptop", "reproduced"),
    ("near", NEAR, measured(2.2, 2.5, 2.7), "laptop", "partly"),
    ("near", NEAR, measured(0, 2.0, 4), "laptop", "partly"),
    ("near", NEAR | {"resolution": 1}, measured(0, 2.0, 4), "laptop", "not reproduced"),
    ("near", NEAR, measured(3, 3.1, 3.2), "laptop", "not reproduced"),
    ("near", NEAR, measured(3, 3.1, 3.2), "paper", "contradicted"),
    ("near", NEAR, measured(1, 1.1, 1.2), "paper", "contradicted"),
    ("near", {"target": 0, "tolerance": 0.1}, measured(-0.05, 0, 0.05), "laptop", "reproduced"),
    ("near", {"target": 0, "tolerance": 0.1}, measured(-0.2, 0, 0.05), "laptop", "partly"),
    ("holds", {"tolerance": "1e-9"}, Measurement(1e-12), "laptop", "reproduced"),
    ("holds", {"tolerance": 1e-9}, Measurement(1e-8), "laptop", "contradicted"),
    # evidence without runs or interval decides nothing
    ("below", BELOW, Measurement(-1), "laptop", "not run"),
    ("below", BELOW, Measurement(-1, n=1), "laptop", "not run"),
    ("below", BELOW, Measurement(-1, n=9), "laptop", "not run"),
    ("below", BELOW, measured(-2, -1, -0.5, n=1), "laptop", "not run"),
    ("below", BELOW, measured(-2, -1, -0.5, n=None), "laptop", "not run"),
    ("holds", {"tolerance": 1, "stochastic": True}, Measurement(0.1), "laptop", "not run"),
    ("below", BELOW, Measurement(float("nan")), "laptop", "not run"),
    ("below", BELOW, None, "laptop", "not run"),
    ("below", BELOW, not_run("no data"), "laptop", "not run"),
    # exact mathematics needs neither
    ("below", BELOW | {"stochastic": False}, Measurement(-1), "laptop", "reproduced"),
    ("near", NEAR | {"stochastic": False}, Measurement(2.55), "laptop", "reproduced"),
    ("near", NEAR | {"stochastic": False}, Measurement(2.75), "laptop", "not reproduced"),
    # scale
    ("below", BELOW | {"needs": "paper"}, measured(-2, -1, -0.5), "laptop", "needs paper scale"),
    ("below", BELOW | {"needs": "paper"}, measured(1, 2, 3), "smoke", "needs paper scale"),
    ("below", BELOW | {"needs": "paper"}, measured(-2, -1, -0.5), "paper", "reproduced"),
    ("below", BELOW | {"needs": "paper"}, None, "laptop", "not run"),
]


@pytest.mark.parametrize(("rule", "options", "evidence", "scale", "expected"), TABLE)
def test_each_rule_gives_the_promised_verdict(rule, options, evidence, scale, expected):
    found = verdicts.outcome(claim(rule, **options), evidence, scale)
    assert found.verdict == expected
    assert found.reason


def test_a_missing_measurement_keeps_its_reason():
    missing = not_run("data set X not fetched")
    found = verdicts.outcome(claim("below", threshold=0), missing, "laptop")
    assert (found.verdict, found.reason) == ("not run", "data set X not fetched")


def test_near_allows_for_the_rounding_of_its_own_band():
    exact = claim("near", target=0.1, tolerance=0.2)
    assert verdicts.outcome(exact, measured(0.0, 0.2, 0.1 + 0.2), "laptop").verdict == "reproduced"


finite = st.floats(-1e6, 1e6)


@given(finite, st.floats(0, 1e3), st.floats(0, 1e3), finite)
def test_above_and_below_mirror_each_other(value, down, up, threshold):
    below = verdicts.outcome(
        claim("below", threshold=threshold), measured(value - down, value, value + up), "paper"
    )
    above = verdicts.outcome(
        claim("above", threshold=-threshold), measured(-value - up, -value, -value + down), "paper"
    )
    assert below.verdict == above.verdict


@given(finite, st.floats(0, 1e3), st.floats(1e-3, 1e3))
def test_a_wider_interval_never_turns_into_a_stronger_word(value, half, wider):
    """Widening keeps a verdict or takes away certainty; it never crosses over."""
    rule = claim("below", threshold=0)
    narrow = verdicts.outcome(rule, measured(value - half, value, value + half), "paper").verdict
    wide = verdicts.outcome(
        rule, measured(value - half - wider, value, value + half + wider), "paper"
    ).verdict
    assert wide in (narrow, "not reproduced")


@given(st.lists(st.sampled_from(verdicts.VERDICTS), min_size=1, max_size=5))
def test_a_whole_is_reproduced_only_when_every_part_is(words):
    whole = verdicts.combine(words)
    assert (whole == "reproduced") == (set(words) == {"reproduced"})
    assert (whole == "partly") == (
        whole != "reproduced" and bool({"reproduced", "partly"} & set(words))
    )
    assert whole in verdicts.VERDICTS
    if whole not in ("reproduced", "partly"):
        assert whole in words
    assert verdicts.combine(words[::-1]) == whole


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (["contradicted", "not run"], "contradicted"),
        (["not reproduced", "needs paper scale"], "not reproduced"),
        (["needs paper scale", "not run"], "needs paper scale"),
        (["contradicted", "reproduced"], "partly"),
        ([], "not run"),
    ],
)
def test_order_of_the_weak_words(words, whole):
    assert verdicts.combine(words) == whole


def composite(**changes):
    return claim(
        "all",
        parts=[
            {"key": "a", "text": "first", "rule": "below", "threshold": 0},
            {"key": "b", "text": "second", "rule": "near", "paper": "p", "needs": "paper"},
        ],
        **changes,
    )


def test_parts_choose_their_evidence_one_by_one():
    good, near = measured(-2, -1, -0.5), measured(2.45, 2.5, 2.55)
    judged = verdicts.judge(composite(), {"a": good, "b": near}, {"b": near})
    assert [part.verdict for part in judged.parts] == ["reproduced", "reproduced"]
    assert [part.evidence for part in judged.parts] == ["build", "record"]
    assert (judged.verdict, judged.evidence) == ("reproduced", "both")
    assert judged.build.verdict == "partly"  # b alone needs paper scale
    assert judged.record.verdict == "partly"  # a alone was not run


def test_a_composite_takes_one_reason_for_all_its_parts():
    judged = verdicts.judge(composite(), not_run("data set X not fetched"))
    assert judged.verdict == "not run"
    assert {part.reason for part in judged.parts} == {"data set X not fetched"}


@pytest.mark.parametrize("evidence", [measured(1, 2, 3), {"c": measured(1, 2, 3)}])
def test_a_composite_refuses_evidence_of_another_shape(evidence):
    with pytest.raises(TypeError, match="part"):
        verdicts.judge(composite(), evidence)


def test_a_simple_claim_refuses_parts():
    with pytest.raises(TypeError, match="no parts"):
        verdicts.outcome(claim("below", threshold=0), {"a": measured(1, 2, 3)}, "laptop")


GOOD, BAD, NOTHING = measured(-2, -1, -0.5), measured(1, 2, 3), None


@pytest.mark.parametrize(
    ("build", "record", "build_scale", "record_scale", "verdict", "evidence"),
    [
        (BAD, GOOD, "laptop", "paper", "reproduced", "record"),
        (GOOD, BAD, "laptop", "paper", "contradicted", "record"),
        (GOOD, BAD, "paper", "paper", "reproduced", "build"),
        (NOTHING, BAD, "paper", "paper", "contradicted", "record"),
        (GOOD, BAD, "laptop", "reduced", "reproduced", "build"),
        (GOOD, NOTHING, "laptop", "paper", "reproduced", "build"),
        (GOOD, Measurement(5, n=1), "laptop", "paper", "reproduced", "build"),
        (NOTHING, NOTHING, "laptop", "paper", "not run", "build"),
    ],
)
def test_which_evidence_stands(build, record, build_scale, record_scale, verdict, evidence):
    judged = verdicts.judge(
        claim("below", threshold=0), build, record,
        build_scale=build_scale, record_scale=record_scale,
    )  # fmt: skip
    assert (judged.verdict, judged.evidence) == (verdict, evidence)
    assert judged.build.verdict == verdicts.outcome(judged.claim, build, build_scale).verdict
    assert (judged.record is None) == (record is None)


# --- the format


def document(**changes):
    base = {
        "artifact": "x",
        "paper_values": {
            "a": {"what": "first", "value": 2.48, "err": 0.03, "unit": "%"},
            "b": {"what": "second", "value": 2.92, "err": 0.04, "unit": "%"},
            "gain": {"what": "a minus b", "difference_of": ["a", "b"]},
            "sharp": {"what": "exact", "value": "1e-3", "err": "exact"},
            "bare": {"what": "no error", "value": 1.0, "err": None},
        },
        "claims": [{"id": "x-c1", "text": "text", "rule": "near", "paper": "gain"}],
    }
    return base | changes


def one(**changes):
    return document(claims=[{"id": "x-c1", "text": "t"} | changes])


def test_paper_values_are_read_and_differences_computed():
    parsed = claims.parse(document(), "x")
    values = parsed.paper_values
    assert values["gain"].value == -0.44
    assert values["gain"].err == pytest.approx(0.05)
    assert values["gain"].unit == "%"
    assert (values["sharp"].value, values["sharp"].err) == (0.001, 0.0)
    assert values["bare"].err is None
    assert parsed["x-c1"].paper == (values["gain"],)
    assert parsed.ids == ["x-c1"]


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ([], "mapping"),
        (document(artifact="y"), "artifact"),
        (document(claims=[]), "declares no claims"),
        (document(extra=1), "extra"),
        (document(claims=[{"id": "x-1", "text": "t", "rule": "near"}]), "x-1"),
        (document(claims=document()["claims"] * 2), "twice"),
        (one(rule="exactly"), "exactly"),
        (one(rule="near", paper="nothing"), "nothing"),
        (one(rule="near", paper=["a", "b"]), "one paper value"),
        (one(rule="near", paper="bare"), "tolerance"),
        (one(rule="near", target=0), "tolerance"),
        (one(rule="below"), "threshold"),
        (one(rule="below", threshold="low"), "low"),
        (one(rule="below", threshold=float("nan")), "nan"),
        (one(rule="below", threshold=0, tolerance=1), "tolerance"),
        (one(rule="below", threshold=0, needs="gpu"), "gpu"),
        (one(rule="holds"), "tolerance"),
        (one(rule="below", threshold=0, text=" "), "text"),
        (one(rule="all", parts=[]), "parts"),
        (one(rule="all", parts=[{"key": "a"}] * 2), "distinct"),
        (document(paper_values={"a": {"what": "", "value": None}}), "value is missing"),
        (document(paper_values={"g": {"difference_of": ["a", "b"]}}), "difference_of"),
        (document(paper_values={"a": {"valeu": 1}}), "valeu"),
    ],
)
def test_a_malformed_file_is_refused_by_name(bad, word):
    with pytest.raises(claims.ClaimsError, match="claims/x.yaml") as error:
        claims.parse(bad, "x")
    assert word in str(error.value)
    assert isinstance(error.value, LandscapeError)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(claims.ClaimsError, match="references/claims/fig-9.yaml"):
        claims.load("fig-9", tmp_path)


def test_broken_yaml_is_named(tmp_path):
    folder = tmp_path / "references" / "claims"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("artifact: [", encoding="utf-8")
    with pytest.raises(claims.ClaimsError, match="not valid YAML"):
        claims.load("x", tmp_path)


FILES = sorted((ROOT / "references" / "claims").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_declared_file_is_usable(path):
    parsed = claims.load(path.stem, ROOT)
    assert len(parsed) >= 1
    assert path.stem in {artifact.id for artifact in artifacts.load(ROOT)}
    used = {
        value.key
        for item in parsed
        for part in (item, *item.parts)
        for value in part.paper
    }
    assert used <= set(parsed.paper_values)


@pytest.mark.parametrize(
    ("value", "err", "unit", "text"),
    [(77.656, 0.171, "perplexity", "77.656 ± 0.171 perplexity"), (1.3375, None, "", "1.3375"),
     (-0.02, 0.0424264, "%", "-0.02 ± 0.042 %"), (0.5, 0.0, "", "0.5")],
)  # fmt: skip
def test_a_paper_value_keeps_the_works_digits(value, err, unit, text):
    assert str(claims.PaperValue("k", "", value, err, unit)) == text


def test_the_numbers_of_figure_2_3_and_table_3_1_are_the_works():
    figure = claims.load("thesis-fig-2-3", ROOT).paper_values
    assert [figure[k].value for k in ("mnistfc-anneal", "mnistfc-adam")] == [2.48, 2.92]
    assert (figure["lenet-gain"].value, round(figure["lenet-gain"].err, 3)) == (-0.06, 0.05)
    table = claims.load("thesis-tab-3-1", ROOT).paper_values
    rows = ("mnistfc", "lenet", "allcnn", "ptb", "char")
    entropy = [table[f"{row}-entropy"].value for row in rows]
    usual = [next(table[f"{row}-{m}"].value for m in ("adam", "sgd") if f"{row}-{m}" in table)
             for row in rows]  # fmt: skip
    assert entropy == [1.37, 0.5, 7.81, 77.656, 1.217]
    assert usual == [1.39, 0.51, 7.71, 78.6, 1.226]


# --- measurements


def test_a_measurement_refuses_an_interval_that_does_not_enclose_it():
    with pytest.raises(ValueError, match="does not enclose"):
        Measurement(3, 1, 2, 5)
    with pytest.raises(ValueError, match="both ends"):
        Measurement(3, 1, None, 5)


@pytest.mark.parametrize(
    ("measurement", "text"),
    [
        (Measurement(2.4812, 2.40, 2.5624, 10, "%"), "2.481 [2.400, 2.562] %, n = 10"),
        (Measurement(-0.0001, -1.2, 1.2, 3), "0.0 [-1.2, 1.2], n = 3"),
        (Measurement(1234.5, 1000, 1469, 3), "1234 [1000, 1469], n = 3"),
        (Measurement(3.2e-11, 1e-11, 5.4e-11, 3), "3.2e-11 [1e-11, 5.4e-11], n = 3"),
        (Measurement(1e-12), "1e-12"),
        (Measurement(None), "–"),
        (None, "–"),
        (Measurement(2.0, 2.0, 2.0, 4), "2 [2, 2], n = 4"),
    ],
)
def test_measurements_are_written_with_digits_that_fit(measurement, text):
    assert format_measurement(measurement) == text


@given(st.floats(1e-4, 9e3))
def test_decimals_show_two_digits_of_the_spread(spread):
    shown = format_number(spread, decimals_for(spread))
    digits = shown.replace(".", "").lstrip("0")
    assert len(digits) >= 2
    assert float(shown) == pytest.approx(spread, rel=0.06)
