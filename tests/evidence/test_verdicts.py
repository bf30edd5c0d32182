"""Words, scales and how they combine."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.evidence import claims, verdicts
from landscape.evidence.measurement import Measurement, not_run
from landscape.evidence.verdicts import EXACT, SMALL, WORK, Verdict

VALUES = {"p": {"what": "", "value": 2.5, "err": 0.1, "unit": "%"}}


def claim(rule, **changes):
    """A claim of one rule, parsed from a document like any other."""
    entry = {"id": "c1", "text": "text", "rule": rule} | changes
    others = [{"id": "c2", "text": "t", "rule": "below", "threshold": 0}]
    return claims.parse({"paper_values": VALUES, "claims": [entry, *others]}, "x")["c1"]


def measured(low, value, high, n=5):
    return Measurement(value, low, high, n)


BELOW = {"threshold": 0}
NEAR = {"paper": "p", "tolerance": 0.1}
ZERO = {"target": 0, "tolerance": 0.1}
FIXED = {"stochastic": False}
READING = {"unstated": "initialisation"}
TABLE = [
    # rule, options, measurement, profile, word, scale
    ("below", BELOW, measured(-2, -1, -0.5), "laptop", "reproduced", SMALL),
    ("below", BELOW, measured(-2, -1, -0.5), "smoke", "reproduced", SMALL),
    ("below", BELOW, measured(-2, -1, -0.5), "paper", "reproduced", WORK),
    ("below", BELOW, measured(-2, -1, 0.0), "laptop", "undecided", SMALL),
    ("below", BELOW, measured(-2, 1, 3), "paper", "undecided", WORK),
    ("below", BELOW, measured(0, 0, 0), "paper", "contradicted", WORK),
    ("below", BELOW, measured(0, 0, 0), "laptop", "undecided", SMALL),
    ("above", BELOW, measured(0, 0, 0), "paper", "contradicted", WORK),
    ("below", BELOW, measured(1, 2, 3), "laptop", "undecided", SMALL),
    ("below", BELOW, measured(1, 2, 3), "paper", "contradicted", WORK),
    ("below", BELOW | {"scale_free": True}, measured(1, 2, 3), "laptop", "contradicted", EXACT),
    ("below", BELOW | READING, measured(1, 2, 3), "paper", "contradicted under our reading", WORK),
    ("below", BELOW | READING, measured(1, 2, 3), "laptop", "undecided", SMALL),
    ("below", BELOW | READING, measured(-2, -1, -0.5), "paper", "reproduced", WORK),
    ("above", BELOW, measured(1, 2, 3), "laptop", "reproduced", SMALL),
    ("above", BELOW, measured(0.0, 2, 3), "laptop", "undecided", SMALL),
    ("above", BELOW, measured(-3, -2, -1), "paper", "contradicted", WORK),
    ("near", NEAR, measured(2.3, 2.5, 2.7), "laptop", "reproduced", SMALL),
    ("near", NEAR, measured(2.2, 2.5, 2.7), "laptop", "partly", SMALL),
    ("near", NEAR, measured(0, 2.0, 4), "paper", "partly", WORK),
    ("near", NEAR | {"resolution": 1}, measured(0, 2.0, 4), "paper", "undecided", WORK),
    ("near", NEAR, measured(3, 3.1, 3.2), "laptop", "undecided", SMALL),
    ("near", NEAR, measured(3, 3.1, 3.2), "paper", "contradicted", WORK),
    ("near", NEAR, measured(1, 1.1, 1.2), "paper", "contradicted", WORK),
    ("near", ZERO, measured(-0.05, 0, 0.05), "paper", "reproduced", WORK),
    ("near", ZERO, measured(-0.2, 0, 0.05), "paper", "partly", WORK),
    ("holds", {"tolerance": "1e-9"}, Measurement(1e-12), "laptop", "reproduced", EXACT),
    ("holds", {"tolerance": 1e-9}, Measurement(1e-8), "smoke", "contradicted", EXACT),
    # an exact exponent is not "not seen at small scale" (Lewkowycz & Gur-Ari, figure 5: -1.158)
    ("near", {"target": -1, "tolerance": 0.05} | FIXED, Measurement(-1.158), "laptop",
     "contradicted", EXACT),
    ("below", BELOW | FIXED, Measurement(-1), "laptop", "reproduced", EXACT),
    ("near", NEAR | FIXED, Measurement(2.55), "laptop", "reproduced", EXACT),
    ("near", NEAR | FIXED, Measurement(2.75), "laptop", "contradicted", EXACT),
    ("near", NEAR | FIXED | {"scale_free": False}, Measurement(2.75), "laptop", "undecided", SMALL),
    # evidence without runs or interval decides nothing
    ("below", BELOW, Measurement(-1), "laptop", "not run", None),
    ("below", BELOW, Measurement(-1, n=1), "laptop", "not run", None),
    ("below", BELOW, Measurement(-1, n=9), "laptop", "not run", None),
    ("below", BELOW, measured(-2, -1, -0.5, n=1), "paper", "not run", None),
    ("below", BELOW, measured(-2, -1, -0.5, n=None), "laptop", "not run", None),
    ("holds", {"tolerance": 1, "stochastic": True}, Measurement(0.1), "laptop", "not run", None),
    ("below", BELOW, Measurement(float("nan")), "laptop", "not run", None),
    ("below", BELOW, None, "paper", "not run", None),
    ("below", BELOW, not_run("no data"), "laptop", "not run", None),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "options", "evidence", "profile", "word", "scale"), TABLE)
def test_each_rule_gives_the_promised_verdict(rule, options, evidence, profile, word, scale):
    found = verdicts.outcome(claim(rule, **options), evidence, profile)
    assert found.verdict == Verdict(word, scale)
    assert found.reason


LABELS = {
    "reproduced": ("reproduced", "reproduced at small scale"),
    "partly": ("partly", "partly at small scale"),
    "contradicted": ("contradicted", "not seen at small scale"),
    "contradicted under our reading": ("contradicted under our reading", "not seen at small scale"),
    "undecided": ("undecided", "not seen at small scale"),
    "not run": ("not run", "not run"),
}


@pytest.mark.parametrize("word", verdicts.WORDS)
def test_the_label_says_the_scale_where_it_is_small(word):
    plain, small = LABELS[word]
    assert [Verdict(word, scale).label() for scale in (EXACT, WORK, SMALL)] == [plain, plain, small]
    assert {plain, small} <= set(verdicts.LABELS)
    assert str(Verdict(word, WORK)) == plain


def test_every_label_is_explained_and_nothing_else():
    possible = {label for pair in LABELS.values() for label in pair}
    assert set(verdicts.LABELS) == set(verdicts.MEANINGS) == possible


def test_a_missing_measurement_keeps_its_reason():
    missing = not_run("data set X not fetched")
    found = verdicts.outcome(claim("below", threshold=0), missing, "laptop")
    assert (found.verdict.word, found.reason) == ("not run", "data set X not fetched")


def test_near_allows_for_the_rounding_of_its_own_band():
    exact = claim("near", target=0.1, tolerance=0.2)
    found = verdicts.outcome(exact, measured(0.0, 0.2, 0.1 + 0.2), "paper")
    assert found.verdict.word == "reproduced"


@pytest.mark.parametrize(
    ("target", "tolerance", "band"),
    [(1.5, 1e-4, "1.4999 to 1.5001"), (0, 0.1, "-0.1 to 0.1"), (1, 0.05, "0.95 to 1.05"),
     (-0.44, 0.2, "-0.64 to -0.24"), (1e6, 1e-6, "999999.999999 to 1000000.000001")],
)  # fmt: skip
def test_both_ends_of_a_band_are_told_apart(target, tolerance, band):
    rule = claim("near", target=target, tolerance=tolerance, stochastic=False)
    found = verdicts.outcome(rule, Measurement(target), "laptop")
    assert found.reason == f"inside {band}"


finite = st.floats(-1e6, 1e6)
rules = st.sampled_from([
    ("below", BELOW), ("above", BELOW), ("near", NEAR), ("near", NEAR | {"resolution": 0.1}),
])  # fmt: skip


@given(rules, finite, st.floats(0, 1e3), st.floats(0, 1e3), st.sampled_from(["smoke", "laptop"]),
       st.booleans())  # fmt: skip
def test_small_scale_never_contradicts(rule, value, down, up, profile, unstated):
    name, options = rule
    made = claim(name, **options | (READING if unstated else {}))
    given = measured(value - down, value, value + up)
    small = verdicts.outcome(made, given, profile).verdict
    assert small.scale == SMALL
    assert "contradicted" not in small.word
    full = verdicts.outcome(made, given, "paper").verdict
    assert full.scale == WORK
    if "contradicted" not in full.word:
        assert small.word == full.word
    else:
        assert small.label() == "not seen at small scale"


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
    narrow = verdicts.outcome(rule, measured(value - half, value, value + half), "paper")
    wide = verdicts.outcome(
        rule, measured(value - half - wider, value, value + half + wider), "paper"
    )
    assert wide.verdict.word in (narrow.verdict.word, "undecided")


# --- a whole from its parts

#: What a single part can be: every word at every scale that it can have.
PARTS = [
    Verdict(word, scale)
    for word in ("reproduced", "partly", "contradicted", "contradicted under our reading",
                 "undecided")
    for scale in (EXACT, WORK, SMALL)
    if scale != SMALL or "contradicted" not in word
] + [Verdict("not run")]  # fmt: skip


def expected(parts):
    """The rule as the design states it, written out slowly."""
    words = [part.word for part in parts]
    ran = [part for part in parts if part.word != "not run"]
    if not ran:
        return Verdict("not run")
    voting = ran
    if "contradicted" in words:
        word, voting = "contradicted", [p for p in ran if p.word.startswith("contradicted")]
    elif "contradicted under our reading" in words:
        word = "contradicted under our reading"
        voting = [p for p in ran if p.word == word]
    elif all(word == "reproduced" for word in words):
        word = "reproduced"
    elif "reproduced" in words or "partly" in words:
        word = "partly"
    else:
        word = "undecided"
    scales = [part.scale for part in voting]
    return Verdict(word, SMALL if SMALL in scales else WORK if WORK in scales else EXACT)


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_the_whole_truth_table(length):
    for parts in itertools.product(PARTS, repeat=length):
        assert verdicts.combine(parts) == expected(parts), parts


R, C, U = (Verdict(word, WORK) for word in ("reproduced", "contradicted", "undecided"))
OURS, N = Verdict("contradicted under our reading", WORK), Verdict("not run")


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        ([R, R], "reproduced"),
        ([R, C], "contradicted"),
        ([R, OURS], "contradicted under our reading"),
        ([C, OURS], "contradicted"),
        ([R, U], "partly"),
        ([R, N], "partly"),
        ([U, N], "undecided"),
        ([N, N], "not run"),
        ([], "not run"),
        ([R, Verdict("reproduced", SMALL)], "reproduced at small scale"),
        ([Verdict("reproduced", EXACT), Verdict("undecided", SMALL)], "partly at small scale"),
        ([C, Verdict("reproduced", SMALL)], "contradicted"),
        ([Verdict("undecided", SMALL)], "not seen at small scale"),
    ],
)
def test_wholes_that_people_will_look_up(parts, label):
    assert verdicts.combine(parts).label() == label


@given(st.lists(st.sampled_from(PARTS), max_size=6).flatmap(lambda p: st.tuples(
    st.just(p), st.permutations(p))))  # fmt: skip
def test_the_order_of_parts_does_not_matter(both):
    given, shuffled = both
    assert verdicts.combine(given) == verdicts.combine(shuffled)


def composite(**changes):
    return claim(
        "all",
        parts=[
            {"key": "a", "text": "first", "rule": "below", "threshold": 0},
            {"key": "b", "text": "second", "rule": "near", "paper": "p"},
        ],
        **changes,
    )


measurements = st.one_of(
    st.none(),
    st.tuples(finite, st.floats(0, 9), st.integers(1, 5)).map(
        lambda t: measured(t[0] - t[1], t[0], t[0] + t[1], n=t[2])
    ),
)


@given(measurements, measurements, measurements, measurements, st.sampled_from(["laptop", "paper"]))
def test_controls_never_change_a_verdict(main, first, second, record, profile):
    def judge(*controls, **given):
        parts = [{"key": "main", "text": "t", "rule": "below", "threshold": 0}]
        parts += [{"key": key, "text": "t", "rule": "above", "threshold": 1, "role": "control"}
                  for key in controls]  # fmt: skip
        made = claim("all", parts=parts) if controls else None
        if made is None:
            return verdicts.judge(claim("below", threshold=0), given["main"], record, profile)
        return verdicts.judge(made, given, {"main": record} | given, profile)

    whole = judge("a", "b", main=main, a=first, b=second)
    without = judge("a", "b", main=main, a=None, b=None)
    assert whole.verdict == without.verdict
    assert whole.build.verdict == without.build.verdict


def test_parts_choose_their_evidence_one_by_one():
    good, near = measured(-2, -1, -0.5), measured(2.45, 2.5, 2.55)
    judged = verdicts.judge(composite(), {"a": good, "b": near}, {"b": near})
    assert [part.verdict.label() for part in judged.parts] == [
        "reproduced at small scale", "reproduced"]  # fmt: skip
    assert [part.evidence for part in judged.parts] == ["build", "record"]
    assert (judged.verdict.label(), judged.evidence) == ("reproduced at small scale", "both")
    assert judged.build.verdict == Verdict("reproduced", SMALL)
    assert judged.record.verdict == Verdict("partly", WORK)  # a alone was not run
    assert judged.measurement is None
    assert judged.parts[1].measurement is near
    assert judged.parts[1].value == 2.5


def test_a_composite_takes_one_reason_for_all_its_parts():
    judged = verdicts.judge(composite(), not_run("data set X not fetched"))
    assert judged.verdict == Verdict("not run")
    assert {part.reason for part in judged.parts} == {"data set X not fetched"}
    assert judged.parts[0].value is None


@pytest.mark.parametrize("evidence", [measured(1, 2, 3), {"c": measured(1, 2, 3)}])
def test_a_composite_refuses_evidence_of_another_shape(evidence):
    with pytest.raises(TypeError, match="part"):
        verdicts.judge(composite(), evidence)


def test_a_simple_claim_refuses_parts():
    with pytest.raises(TypeError, match="no parts"):
        verdicts.outcome(claim("below", threshold=0), {"a": measured(1, 2, 3)}, "laptop")


GOOD, BAD, NOTHING = measured(-2, -1, -0.5), measured(1, 2, 3), None


@pytest.mark.parametrize(
    ("build", "record", "profile", "label", "evidence"),
    [
        (BAD, GOOD, "laptop", "reproduced", "record"),
        (GOOD, BAD, "laptop", "contradicted", "record"),
        (GOOD, measured(-1, 0, 1), "laptop", "undecided", "record"),
        (GOOD, BAD, "paper", "reproduced", "build"),
        (NOTHING, BAD, "paper", "contradicted", "record"),
        (GOOD, NOTHING, "laptop", "reproduced at small scale", "build"),
        (BAD, NOTHING, "laptop", "not seen at small scale", "build"),
        (GOOD, Measurement(5, n=1), "laptop", "reproduced at small scale", "build"),
        (NOTHING, NOTHING, "laptop", "not run", "build"),
    ],
)
def test_which_evidence_stands(build, record, profile, label, evidence):
    judged = verdicts.judge(claim("below", threshold=0), build, record, profile)
    assert (judged.verdict.label(), judged.evidence) == (label, evidence)
    assert judged.build == verdicts.outcome(judged.claim, build, profile)
    assert (judged.record is None) == (record is None)


def test_what_is_not_stochastic_is_taken_from_the_build():
    exact = claim("holds", tolerance=1e-9)
    judged = verdicts.judge(exact, Measurement(1e-12), Measurement(1e-12), "laptop")
    assert (judged.verdict, judged.evidence) == (Verdict("reproduced", EXACT), "build")
    judged = verdicts.judge(exact, None, Measurement(1e-12), "laptop")
    assert judged.evidence == "record"
