"""The merge of all verdicts."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import artifacts, judge, scorecard, verdicts
from landscape.evidence.files import write_json

PART, ARTIFACT = "1-spin-glass", "thesis-fig-2-3"


def rows(project, profile="laptop"):
    return {row["id"]: row for row in scorecard.build(profile, project)["artifacts"]}


def test_every_artifact_has_a_verdict_and_a_reason(project):
    judge.judge(ARTIFACT, "laptop", project)
    path = scorecard.write("laptop", project)
    assert path == project / "verdicts" / "scorecard-laptop.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    assert [row["id"] for row in card["artifacts"]] == [a.id for a in artifacts.load(project)]
    assert card["summary"] == "1 of 46 figures and tables have a page"
    for row in card["artifacts"]:
        assert row["verdict"]["label"] in verdicts.LABELS
        assert row["reason"]
    row = rows(project)[ARTIFACT]
    assert row["page"] == f"{PART}/{ARTIFACT}"
    assert row["finding"] == "The field gains 20 points: reproduced at small scale."
    assert row["verdict"]["label"] == "reproduced at small scale"
    assert row["reason"] == "claims: 1 reproduced, 1 reproduced at small scale"
    assert row["claims"][1]["id"] == "c2"
    assert row["claims"][1]["verdict"] == {
        "word": "reproduced", "scale": "exact", "label": "reproduced"}  # fmt: skip


def test_counts_are_those_of_pages_by_kind_and_scale(project):
    judge.judge(ARTIFACT, "laptop", project)
    card = scorecard.build("laptop", project)
    claims = {"reproduced": 1, "reproduced at small scale": 1}
    whole = {"reproduced at small scale": 1}
    assert card["counts"] == {"listed": 46, "pages": 1, "artifacts": whole, "claims": claims}
    kinds = {row["kind"]: row for row in card["kinds"]}
    assert list(kinds) == list(artifacts.KINDS)
    listed = sum(artifact.kind == "training" for artifact in artifacts.load(project))
    assert kinds["training"] == {
        "kind": "training",
        "listed": listed,
        "pages": 1,
        "artifacts": whole,
        "claims": claims,
    }
    assert (kinds["theory"]["pages"], kinds["theory"]["claims"]) == (0, {})
    assert sum(row["listed"] for row in card["kinds"]) == 46
    assert card["scales"] == [
        {"scale": "exact", "artifacts": {}, "claims": {"reproduced": 1}},
        {"scale": "work", "artifacts": {}, "claims": {}},
        {"scale": "small", "artifacts": {"reproduced": 1}, "claims": {"reproduced": 1}},
    ]


def test_only_the_counts_are_numbers_outside_lists(project):
    """``dvc metrics show`` prints every number that is in no list."""

    def numbers(content, path=()):
        if isinstance(content, dict):
            return [n for key, value in content.items() for n in numbers(value, (*path, key))]
        return [path] if isinstance(content, int | float) else []

    judge.judge(ARTIFACT, "laptop", project)
    found = numbers(scorecard.build("laptop", project))
    assert {path[0] for path in found} == {"counts"}
    assert ("counts", "pages") in found


def test_controls_are_listed_and_not_counted(project, write_page):
    write_page(claims="""
        claims:
          - {id: c2, text: t, rule: holds, tolerance: 1e-9}
          - {id: c1, text: t, rule: below, threshold: 0, role: control}
    """, figure="""
        from landscape.evidence.measurement import Measurement
        def measure(runs):
            return {"c2": Measurement(0)}
        def finding(found):
            return "It holds."
    """)  # fmt: skip
    judge.judge(ARTIFACT, "laptop", project)
    card = scorecard.build("laptop", project)
    assert [claim["role"] for claim in rows(project)[ARTIFACT]["claims"]] == ["main", "control"]
    assert card["counts"]["claims"] == {"reproduced": 1}


def test_an_artifact_without_verdict_says_why(project):
    found = rows(project, "smoke")
    assert found["thesis-fig-2-4"]["reason"] == "its page is not written yet"
    assert found["thesis-fig-2-4"]["page"] is None
    assert "`landscape judge thesis-fig-2-3 --profile smoke`" in found[ARTIFACT]["reason"]
    assert {row["verdict"]["label"] for row in found.values()} == {"not run"}
    assert scorecard.build("smoke", project)["counts"]["artifacts"] == {"not run": 1}


def test_the_same_inputs_give_the_same_bytes(project):
    judge.judge(ARTIFACT, "laptop", project)
    first = scorecard.write("laptop", project).read_bytes()
    assert scorecard.write("laptop", project).read_bytes() == first
    assert sorted(path.name for path in (project / "verdicts").iterdir()) == [
        "claims-laptop.csv", "laptop", "scorecard-laptop.json"]  # fmt: skip
    counts = (project / "verdicts" / "claims-laptop.csv").read_text(encoding="utf-8")
    assert counts.startswith("verdict,claims\n")


def test_profiles_do_not_mix(project):
    judge.judge(ARTIFACT, "paper", project)
    assert rows(project)[ARTIFACT]["verdict"]["label"] == "not run"


def test_verdicts_of_an_unknown_artifact_are_refused(project):
    path = judge.judge(ARTIFACT, "laptop", project)
    path.rename(path.with_name("thesis-fig-99.json"))
    with pytest.raises(
        LandscapeError, match="laptop/1-spin-glass/thesis-fig-99.json belongs to no"
    ):
        scorecard.build("laptop", project)


@pytest.mark.parametrize("content", ["{", "{}", '{"claims": [{"id": "x"}]}', "[]"])
def test_unreadable_verdicts_are_named(project, content):
    judge.judge(ARTIFACT, "laptop", project).write_text(content, encoding="utf-8")
    with pytest.raises(LandscapeError, match="`landscape judge thesis-fig-2-3 --profile laptop`"):
        scorecard.build("laptop", project)


def test_json_refuses_what_is_not_a_number(tmp_path):
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())
