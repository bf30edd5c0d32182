"""The claims format."""

from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, claims

ROOT = Path(__file__).parents[2]


def document(**changes):
    base = {
        "paper_values": {
            "a": {"what": "first", "value": 2.48, "err": 0.03, "unit": "%"},
            "b": {"what": "second", "value": 2.92, "err": 0.04, "unit": "%"},
            "gain": {"what": "a minus b", "difference_of": ["a", "b"]},
            "sharp": {"what": "exact", "value": "1e-3", "err": "exact"},
            "bare": {"what": "no error", "value": 1.0, "err": None},
        },
        "claims": [{"id": "c1", "text": "text", "rule": "near", "paper": "gain"}],
    }
    return base | changes


def one(**changes):
    return document(claims=[{"id": "c1", "text": "t"} | changes])


def part(key, **changes):
    return {"key": key, "text": "t", "rule": "below", "threshold": 0} | changes


def test_paper_values_are_read_and_differences_computed():
    parsed = claims.parse(document(), "x")
    values = parsed.paper_values
    assert values["gain"].value == -0.44
    assert values["gain"].err == pytest.approx(0.05)
    assert values["gain"].unit == "points"
    assert (values["sharp"].value, values["sharp"].err) == (0.001, 0.0)
    assert values["bare"].err is None
    assert parsed["c1"].paper == (values["gain"],)
    assert parsed.ids == ["c1"]
    assert (parsed.artifact, len(parsed)) == ("x", 1)
    bare = {"claims": one(rule="below", threshold=0)["claims"]}
    assert claims.parse(bare, "x").paper_values == {}


def test_what_a_claim_says_of_itself_and_what_its_parts_inherit():
    entry = {
        "rule": "all", "unstated": "initialisation", "chosen": "after the record",
        "role": "control",
        "parts": [
            part("a"),
            part("b", role="control", unstated="momentum", scale_free=True),
        ],
    }  # fmt: skip
    others = [{"id": "c2", "text": "t", "rule": "holds", "tolerance": "1e-9"}]
    parsed = claims.parse(document(claims=[one(**entry)["claims"][0], *others]), "x")
    whole, (first, second), exact = parsed["c1"], parsed["c1"].parts, parsed["c2"]
    assert (whole.role, first.role, second.role) == ("control", "main", "control")
    assert (first.unstated, second.unstated) == ("initialisation", "momentum")
    assert (first.chosen, second.chosen) == ("after the record",) * 2
    assert (first.scale_free, second.scale_free, whole.scale_free) == (False, True, False)
    assert (exact.stochastic, exact.scale_free, exact.tolerance) == (False, True, 1e-9)


def test_what_is_not_stochastic_does_not_depend_on_the_scale_unless_it_says_so():
    def read(**changes):
        return claims.parse(one(rule="below", threshold=0, **changes), "x")["c1"].scale_free

    assert [read(), read(stochastic=False), read(stochastic=False, scale_free=False),
            read(scale_free=True)] == [False, True, False, True]  # fmt: skip


PARTS = {"rule": "all", "text": "t"}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([], ["it must be a mapping"]),
        ({}, ["has no 'claims'"]),
        (document(claims=[]), ["at least one claim"]),
        (document(claims={"c1": {}}), ["at least one claim"]),
        (document(extra=1), ["unknown key 'extra'"]),
        (document(artifact="x"), ["unknown key 'artifact'"]),
        (document(claims=[{"id": "x-1", "text": "t", "rule": "near"}]), ["'x-1'", "like c1"]),
        (document(claims=document()["claims"] * 2), ["twice"]),
        (one(rule="exactly"), ["rule is 'exactly'", "choose one of holds"]),
        (one(rule="bellow"), ["did you mean 'below'?"]),
        (one(text="t"), ["has no 'rule'"]),
        (one(rule="near", paper="gian"), ["'gian'", "did you mean 'gain'?"]),
        (one(rule="near", paper=3), ["paper is 3", "a key of paper_values or a list"]),
        (one(rule="near", paper=["a", "b"]), ["one paper value"]),
        (one(rule="near", paper="bare"), ["tolerance"]),
        (one(rule="near", target=0), ["tolerance"]),
        (one(rule="below"), ["has no 'threshold'"]),
        (one(rule="below", threshold="low"), ["threshold is 'low'", "not a number"]),
        (one(rule="below", threshold=float("nan")), ["nan"]),
        (one(rule="below", threshold=True), ["threshold is True", "a number"]),
        (one(rule="below", threshold=0, tolerance=1), ["unknown key 'tolerance'"]),
        (one(rule="below", treshold=0), ["unknown key 'treshold'; did you mean 'threshold'?"]),
        (one(rule="below", threshold=0, needs="paper"), ["unknown key 'needs'"]),
        (one(rule="below", threshold=0, role="mian"), ["role is 'mian'; did you mean 'main'?"]),
        (one(rule="below", threshold=0, scale_free="yes"), ["scale_free", "true or false"]),
        (one(rule="below", threshold=0, chosen=True), ["chosen is True", "a text"]),
        (one(rule="below", threshold=0, role="control"), ["no claim with role main"]),
        (one(rule="holds"), ["tolerance"]),
        (one(rule="holds", tolerance=0), ["tolerance above 0"]),
        (one(rule="below", threshold=0, text=" "), ["text is ' '", "not empty"]),
        (one(rule="all", parts=[]), ["two or more parts"]),
        (one(rule="all", parts=[part("a"), part("a")]), ["key twice"]),
        (one(rule="all", parts=[part("a"), {"text": "t", "rule": "below", "threshold": 0}]),
         ["has no 'key'"]),
        (one(rule="all", parts=[part("a", role="control"), part("b", role="control")]),
         ["no part with role main"]),
        (one(rule="all", parts=[part("a"), part("b") | PARTS]), ["part 'b'"]),
        (document(paper_values={"a": {"what": "", "value": None}}), ["value is None"]),
        (document(paper_values={"a": {"what": ""}}), ["has no 'value'"]),
        (document(paper_values={"a": 2.5}), ["paper value 'a'", "a mapping"]),
        (document(paper_values={"g": {"what": "", "difference_of": ["a", "b"]}}),
         ["difference_of", "'a'"]),
        (document(paper_values={"a": {"what": "", "valeu": 1, "value": 1}}),
         ["did you mean 'value'?"]),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_by_name(bad, words):
    with pytest.raises(claims.ClaimsError) as error:
        claims.parse(bad, "x", "book/1-a/x/claims.yaml")
    sentence = str(error.value)
    assert sentence.startswith("book/1-a/x/claims.yaml")
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence
    for word in words:
        assert word in sentence
    assert isinstance(error.value, LandscapeError)


def test_a_sentence_names_claim_and_part():
    bad = one(rule="all", parts=[part("a"), part("speed", threshold="fast")])
    with pytest.raises(claims.ClaimsError, match=r"^f, claim 'c1', part 'speed': threshold is"):
        claims.parse(bad, "x", "f")


def write(root, text):
    folder = root / "book" / "1-a" / "x"
    folder.mkdir(parents=True)
    (folder / "claims.yaml").write_text(text, encoding="utf-8")


def test_claims_are_found_in_the_pages_folder(tmp_path):
    write(tmp_path, "claims: [{id: c1, text: t, rule: below, threshold: 0}]")
    assert claims.load("x", tmp_path)["c1"].threshold == 0
    with pytest.raises(claims.ClaimsError, match=r"no claim 'c9'; it has \['c1'\]"):
        claims.load("x", tmp_path)["c9"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(claims.ClaimsError, match="write book/<part>/fig-9/claims.yaml"):
        claims.load("fig-9", tmp_path)
    (tmp_path / "book" / "1-a" / "fig-9").mkdir(parents=True)
    with pytest.raises(claims.ClaimsError, match="write book/<part>/fig-9/claims.yaml"):
        claims.load("fig-9", tmp_path)


def test_broken_yaml_is_named(tmp_path):
    write(tmp_path, "claims: [")
    with pytest.raises(claims.ClaimsError, match="book/1-a/x/claims.yaml line 2: it is not valid"):
        claims.load("x", tmp_path)


FOLDERS = sorted(path.parent for path in ROOT.glob("book/*/*/claims.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_declared_file_is_usable(folder):
    parsed = claims.load(folder.name, ROOT)
    assert len(parsed) >= 1
    assert f"{folder.parent.name}/{folder.name}" in {a.item for a in artifacts.load(ROOT)}
    used = {value.key for item in parsed for part in (item, *item.parts) for value in part.paper}
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
