"""The merge of all verdicts."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.book import views
from landscape.evidence import artifacts, scorecard
from landscape.evidence.claims import load
from landscape.evidence.measurement import Measurement
from landscape.evidence.verdicts import VERDICTS, judge


def put_claims(project, artifact="thesis-fig-2-3", profile="laptop"):
    good = Measurement(-1, -2, -0.5, 5)
    judged = [
        judge(claim, {part.id: good for part in claim.parts} if claim.id.endswith("c1") else None)
        for claim in load(artifact, project)
    ]
    content = views.claims_json(artifact, profile, judged, {})
    path = project / "results" / profile / artifact / "claims.json"
    scorecard.write_json(path, content)
    return path


def test_every_artifact_has_a_verdict_and_a_reason(project):
    put_claims(project)
    path = scorecard.write("laptop", project)
    assert path == project / "results" / "laptop" / "scorecard.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    assert [row["id"] for row in card["artifacts"]] == [a.id for a in artifacts.load(project)]
    assert all(row["verdict"] in VERDICTS and row["reason"] for row in card["artifacts"])
    assert sum(card["artifact_counts"].values()) == 46
    assert card["claim_counts"]["reproduced"] == 1
    assert sum(card["claim_counts"].values()) == 4
    row = next(row for row in card["artifacts"] if row["id"] == "thesis-fig-2-3")
    assert row["verdict"] == "partly"
    assert row["reason"] == "claims: 1 reproduced, 3 not run"
    assert row["claims"][0]["id"] == "thesis-fig-2-3-c1"


def test_an_artifact_without_results_says_why(project):
    page = project / "book" / "notebooks" / "1-spin-glass" / "thesis-fig-2-1.md"
    page.parent.mkdir(parents=True)
    page.write_text("# page\n", encoding="utf-8")
    rows = {row["id"]: row for row in scorecard.build("smoke", project)["artifacts"]}
    assert rows["thesis-fig-2-4"]["reason"] == "its page is not written yet"
    assert rows["thesis-fig-2-4"]["notebook"] is None
    assert "`landscape notebook thesis-fig-2-1 --profile smoke`" in rows["thesis-fig-2-1"]["reason"]
    assert {row["verdict"] for row in rows.values()} == {"not run"}


def test_the_same_inputs_give_the_same_bytes(project):
    put_claims(project)
    first = scorecard.write("laptop", project).read_bytes()
    assert scorecard.write("laptop", project).read_bytes() == first
    assert not list((project / "results" / "laptop").glob(".*"))


def test_claims_of_an_unknown_artifact_are_refused(project):
    path = put_claims(project)
    path.parent.rename(path.parent.with_name("thesis-fig-99"))
    with pytest.raises(LandscapeError, match="thesis-fig-99/claims.json belongs to no artifact"):
        scorecard.build("laptop", project)


@pytest.mark.parametrize("content", ["{", "{}", '{"claims": [{"id": "x"}]}', "[]"])
def test_unreadable_claims_are_named(project, content):
    put_claims(project).write_text(content, encoding="utf-8")
    with pytest.raises(LandscapeError, match="landscape notebook thesis-fig-2-3"):
        scorecard.build("laptop", project)


def test_json_refuses_what_is_not_a_number(tmp_path):
    with pytest.raises(ValueError, match="Out of range"):
        scorecard.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1 / 3, 0.333333), (-123456789.0, -123457000.0), (1.23456789e-11, 1.23457e-11), (0.0, 0.0),
     (float("nan"), None), (float("inf"), None), (None, None)],
)  # fmt: skip
def test_six_significant_digits(value, rounded):
    assert views.significant(value) == rounded
