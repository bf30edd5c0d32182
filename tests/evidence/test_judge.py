"""The verdict file of an artifact."""

import json
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import judge, publishing
from landscape.evidence.runs import Runs

ARTIFACT, EXPERIMENT = "thesis-fig-2-3", "toy-training"


def read(project, profile="laptop"):
    return json.loads(judge.judge(ARTIFACT, profile, project).read_text(encoding="utf-8"))


def test_the_file_lies_by_profile_and_part(project):
    path = judge.judge(ARTIFACT, "laptop", project)
    assert path == project / "verdicts" / "laptop" / "1-spin-glass" / f"{ARTIFACT}.json"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    first = path.read_bytes()
    assert judge.judge(ARTIFACT, "laptop", project).read_bytes() == first


def test_a_build_alone_is_small_scale_and_mathematics_is_exact(project):
    content = read(project)
    assert (content["artifact"], content["profile"]) == (ARTIFACT, "laptop")
    assert content["verdict"] == {
        "word": "reproduced", "scale": "small", "label": "reproduced at small scale"}  # fmt: skip
    assert content["finding"] == "The field gains 20 points: reproduced at small scale."
    assert content["records"] == {}
    whole, exact = content["claims"]
    assert exact["verdict"] == {"word": "reproduced", "scale": "exact", "label": "reproduced"}
    assert (whole["id"], exact["id"], exact["parts"]) == ("c1", "c2", [])
    sign, size = whole["parts"]
    assert (sign["id"], sign["role"], size["role"]) == ("sign", "main", "control")
    assert sign["build"] == {
        "verdict": "reproduced", "reason": "wholly below 0", "value": -20.0, "low": -20.0,
        "high": -20.0, "n": 3, "unit": "points", "note": "", "diverged": []}  # fmt: skip
    assert sign["record"] is None
    assert size["paper"] == [
        {"key": "gain", "what": "gain", "value": -20, "err": 1, "unit": "%", "where": ""}
    ]
    assert size["verdict"]["label"] == "reproduced at small scale"


def test_every_key_of_the_contract_is_there(project):
    content = read(project)
    assert set(content) == {"artifact", "profile", "finding", "verdict", "records", "claims"}
    keys = {"id", "text", "measured", "stated", "rule", "threshold", "target", "tolerance", "role",
            "chosen", "unstated", "stochastic", "scale_free", "paper", "build", "record", "verdict",
            "reason", "evidence", "parts"}  # fmt: skip
    for claim in content["claims"]:
        assert set(claim) == keys
        assert all(set(part) == keys for part in claim["parts"])


def test_the_profile_paper_is_the_works_scale(project):
    assert read(project, "paper")["verdict"]["label"] == "reproduced"


def test_a_record_decides_and_is_named(project):
    publishing.publish(EXPERIMENT, title="t", root=project)
    content = read(project)
    assert content["records"] == {EXPERIMENT: "2026-01-02"}
    assert content["verdict"]["label"] == "reproduced"
    sign = content["claims"][0]["parts"][0]
    assert (sign["evidence"], sign["record"]["value"], sign["build"]["value"]) == (
        "record", -20, -20)  # fmt: skip
    assert content["claims"][1]["evidence"] == "build"
    assert content["claims"][0]["evidence"] == "record"


def test_a_reduced_record_changes_nothing(project):
    before = read(project)
    publishing.publish(EXPERIMENT, project / "results" / "laptop" / "1-spin-glass" / EXPERIMENT,
                    title="t", root=project)  # fmt: skip
    assert read(project) == before


def test_without_a_record_measure_is_called_once(project, write_page):
    figure = """
        from landscape.evidence.measurement import Measurement
        CALLS = []
        def measure(runs):
            CALLS.append(runs.scale)
            if runs.scale == "laptop": runs.frame("toy-training")
            return {"c2": Measurement(0)}
        def finding(found):
            return f"Measured {len(CALLS)} times."
    """
    write_page(figure=figure)
    assert read(project)["finding"] == "Measured 1 times."
    publishing.publish(EXPERIMENT, title="t", root=project)
    assert read(project)["finding"] == "Measured 2 times."


def test_what_is_not_measured_is_not_run(project, write_page):
    write_page(figure="""
        def measure(runs):
            return {}
        def finding(found):
            return f"Nothing was measured: {found['c1.sign'].value}."
    """)  # fmt: skip
    content = read(project)
    assert content["finding"] == "Nothing was measured: None."
    assert content["verdict"] == {"word": "not run", "scale": None, "label": "not run"}
    assert content["claims"][1]["build"]["value"] is None


def test_rounding_noise_has_no_digits(project, write_page):
    """3e-16 here is 5e-16 on another processor; the file is the same."""
    small = read(project)["claims"][1]["build"]
    assert (small["value"], small["note"]) == (1e-12, "at most")
    write_page(figure="""
        from landscape.evidence.measurement import Measurement
        def measure(runs):
            return {"c2": Measurement(3e-11)}
        def finding(found):
            return "It holds."
    """)  # fmt: skip
    seen = read(project)["claims"][1]["build"]
    assert (seen["value"], seen["note"]) == (3e-11, "")


def test_controls_are_shown_and_do_not_vote(project, write_page):
    write_page(claims="""
        claims:
          - id: c1
            text: t
            rule: all
            parts:
              - {key: sign, text: t, rule: below, threshold: 0}
              - {key: size, text: t, rule: above, threshold: 0, role: control}
          - {id: c2, text: t, rule: holds, tolerance: 1e-30, role: control}
    """)  # fmt: skip
    content = read(project, "paper")
    assert content["verdict"]["label"] == "reproduced"
    assert content["claims"][0]["verdict"]["label"] == "reproduced"
    assert content["claims"][0]["parts"][1]["verdict"]["label"] == "contradicted"
    assert content["claims"][1]["verdict"]["label"] == "contradicted"


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"figure": "def measure(runs): return {}"}, "has no function finding()"),
     ({"figure": "def finding(found): return 'It is.'"}, "has no function measure()"),
     ({"claims": "claims: []"}, "claims.yaml: claims is []"),
     ({"figure": "def measure(runs): return {'c7': 1}"}, "no claim of thesis-fig-2-3")],
)  # fmt: skip
def test_an_unusable_page_writes_nothing(project, write_page, changes, words):
    write_page(**changes)
    with pytest.raises(LandscapeError) as error:
        judge.judge(ARTIFACT, "laptop", project)
    assert str(error.value).startswith("book/1-spin-glass/thesis-fig-2-3/")
    assert words in str(error.value)
    assert not (project / "verdicts").exists()


def test_missing_results_and_unknown_artifacts_are_named(project):
    with pytest.raises(LandscapeError, match="landscape run toy-training --profile smoke"):
        judge.judge(ARTIFACT, "smoke", project)
    with pytest.raises(LandscapeError, match="no artifact 'thesis-fig-9-9'"):
        judge.judge("thesis-fig-9-9", "laptop", project)
    assert not (project / "verdicts").exists()


def test_a_live_page_is_judged_without_writing(project, monkeypatch):
    from landscape.experiments import live

    frame = Runs.build("laptop", project).frame(EXPERIMENT)
    monkeypatch.setattr(live, "run", lambda *given: frame)
    content = judge.in_memory(ARTIFACT, Runs.live("smoke", project))
    assert content["profile"] == "smoke"
    assert content["verdict"]["label"] == "reproduced at small scale"
    assert not (project / "verdicts").exists()


def test_the_command_judges_one_artifact(monkeypatch, capsys):
    from landscape import cli

    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    monkeypatch.setattr(judge, "judge", lambda *given: f"{given[:2]} of {given[2] == root}")
    assert cli.main(["judge", ARTIFACT, "--profile", "paper"]) == 0
    assert capsys.readouterr().out == f"wrote ('{ARTIFACT}', 'paper') of True\n"
