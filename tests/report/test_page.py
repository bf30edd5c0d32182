"""What a notebook's calls show and write, on a small project."""

import json
import subprocess
import sys

import pytest

from landscape import book as report
from landscape.errors import LandscapeError
from landscape.evidence import records
from landscape.evidence.claims import ClaimsError
from landscape.book.page import find_root

EXPERIMENT = "thesis-fig-2-3-mnistfc"
METHODS = ["adam", "anneal_sgd", "resampled_noise"]
GOOD = report.Measurement(-1.5, -2, -1, 3, "%")


@pytest.fixture
def page(project):
    return report.page("thesis-fig-2-3", profile="laptop", root=project)


def test_the_root_is_found_upwards(project, monkeypatch):
    deep = project / "book" / "notebooks"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert report.page("thesis-fig-2-3").root == project
    with pytest.raises(LandscapeError, match="not inside the project"):
        find_root("/")


def test_an_artifact_without_claims_is_named(project):
    with pytest.raises(ClaimsError, match="thesis-fig-9-9"):
        report.page("thesis-fig-9-9", root=project)


def test_an_extra_page_has_nothing_to_judge(project):
    page = report.page("optimizers", root=project)
    assert len(page.claims) == 0
    with pytest.raises(LandscapeError, match="claims nothing"):
        page.judge(build={})
    page.settings("optimizer-paths", folded=True)
    page.reproduce()
    page.footer()
    assert not (page.folder / "optimizers").exists()


def test_results_carry_their_method(page):
    frame = page.results(EXPERIMENT)
    assert frame.groupby("method")["seed"].nunique().to_dict() == dict.fromkeys(METHODS, 3)
    assert list(frame["method"].unique()) == METHODS


def test_a_stray_table_is_no_method(page):
    (page.folder / EXPERIMENT / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert set(page.results(EXPERIMENT)["method"]) == set(METHODS)


def test_missing_results_name_the_command(page):
    (page.folder / EXPERIMENT / "adam.csv").unlink()
    with pytest.raises(LandscapeError) as error:
        page.results(EXPERIMENT)
    assert f"no results of adam for {EXPERIMENT}" in str(error.value)
    assert f"`landscape train {EXPERIMENT} --profile laptop`" in str(error.value)
    assert "`dvc repro`" in str(error.value)
    with pytest.raises(LandscapeError, match="landscape simulate thesis-fig-2-2"):
        page.results("thesis-fig-2-2")
    with pytest.raises(LandscapeError, match="landscape simulate thesis-fig-2-2"):
        page.read_csv("thesis-fig-2-2/summary.csv")


def test_other_tables_are_read_by_their_ending(page):
    (page.folder / EXPERIMENT / "extra.json").write_text('{"a": 1}', encoding="utf-8")
    assert page.table(f"{EXPERIMENT}/extra.json") == {"a": 1}
    assert len(page.table(f"{EXPERIMENT}/adam.csv")) == 15


def test_a_live_page_trains_now_and_stores_nothing(project, monkeypatch):
    from landscape.experiments import live

    calls = []
    monkeypatch.setattr(live, "run", lambda *a: calls.append(a) or "frame")
    page = report.page("thesis-fig-2-3", profile="smoke", live=True, root=project)
    assert page.results(EXPERIMENT) == "frame"
    assert calls == [(EXPERIMENT, "smoke", project)]
    page.judge({})
    assert not (project / "results" / "smoke").exists()


def test_settings_show_the_work_beside_this_build(page, capsys):
    page.settings(EXPERIMENT)
    lines = capsys.readouterr().out.splitlines()
    epochs = next(line for line in lines if line.startswith("run.epochs"))
    assert epochs.split()[1:3] == ["50", "10"]
    assert "thesis 2.4.3; laptop" in epochs
    assert "differ from the work" in lines[0]
    assert any(line.startswith("anneal_sgd: optimizer.tau0") for line in lines)


def write_claims(page, capsys, **evidence):
    page.judge(**evidence)
    text = capsys.readouterr().out
    path = page.folder / "thesis-fig-2-3" / "claims.json"
    return text, json.loads(path.read_text(encoding="utf-8")), path.read_bytes()


def test_judging_writes_every_claim_with_both_bodies_of_evidence(page, capsys):
    build = {"thesis-fig-2-3-c3": {"sign": GOOD, "size": GOOD}}
    record = {"thesis-fig-2-3-c3": {"sign": GOOD.with_(diverged=("adam seed 3",))}}
    text, content, raw = write_claims(page, capsys, build=build, record=record)
    assert [claim["id"][-2:] for claim in content["claims"]] == ["c1", "c2", "c3", "c4"]
    assert [claim["verdict"] for claim in content["claims"]] == [
        "not run", "not run", "partly", "not run"]  # fmt: skip
    sign, size, _ = content["claims"][2]["parts"]
    assert (sign["verdict"], size["verdict"]) == ("reproduced", "needs paper scale")
    assert sign["build"]["value"] == -1.5
    assert sign["record"]["diverged"] == ["adam seed 3"]
    assert "left out as diverged" in text
    assert "-1.50 [-2.00, -1.00] %, n = 3" in text
    page.judge(build=build, record=record)
    assert (page.folder / "thesis-fig-2-3" / "claims.json").read_bytes() == raw


def test_a_claim_without_measurement_is_not_run(page, capsys):
    _, content, _ = write_claims(page, capsys, build={})
    assert content["verdict"] == "not run"
    assert {claim["verdict"] for claim in content["claims"]} == {"not run"}


def test_an_undeclared_claim_is_refused_before_anything_is_written(page):
    with pytest.raises(LandscapeError, match="thesis-fig-2-3-c9"):
        page.judge({"thesis-fig-2-3-c9": GOOD})
    assert not (page.folder / "thesis-fig-2-3").exists()


def make_record(page, **changes):
    source = page.folder / EXPERIMENT
    return records.publish(EXPERIMENT, source, title="t", root=page.root, **changes)


def test_records_are_read_and_named(page):
    assert page.record(EXPERIMENT) is None
    assert page.record_info(EXPERIMENT) == {}
    make_record(page)
    assert len(page.record(EXPERIMENT)) == 15 * len(METHODS)
    assert page.record_info(EXPERIMENT)["date"] == "2026-01-02"


def test_one_table_of_a_recorded_simulation_is_read(project, simulation, capsys):
    page = report.page("thesis-fig-2-2", root=project)
    assert page.record_csv("thesis-fig-2-2", "summary.csv") is None
    records.publish("thesis-fig-2-2", simulation, title="t", root=project)
    assert page.record_csv("thesis-fig-2-2", "summary.csv")["regime"].tolist() == ["trivial"]
    assert len(page.record_csv("thesis-fig-2-2", "trivial-draws.csv")) == 4
    with pytest.raises(LandscapeError, match="no 'nothing.csv'; it holds"):
        page.record_csv("thesis-fig-2-2", "nothing.csv")
    page.footer()
    assert "thesis-fig-2-2 / trivial (record)" in capsys.readouterr().out


@pytest.mark.parametrize(("scale", "verdict"), [("paper", "reproduced"), ("reduced", "not run")])
def test_only_a_record_at_paper_scale_outranks(page, capsys, scale, verdict):
    make_record(page, scale=scale)
    page.record(EXPERIMENT)
    record = {"thesis-fig-2-3-c3": {"sign": GOOD}}
    _, content, _ = write_claims(page, capsys, build={}, record=record)
    assert content["claims"][2]["parts"][0]["verdict"] == verdict
    assert content["records"] == {EXPERIMENT: "2026-01-02"}


def test_commands_and_cost_come_with_their_hardware(page, capsys):
    page.results(EXPERIMENT)
    make_record(page)
    page.record(EXPERIMENT)
    page.reproduce()
    text = capsys.readouterr().out
    assert f"landscape train {EXPERIMENT} --method adam --profile laptop" in text
    assert "landscape notebook thesis-fig-2-3 --profile laptop" in text
    assert "The records:" in text
    rows = [line for line in text.splitlines() if "61 s" in line]
    assert len(rows) == 2 * len(METHODS)
    assert text.count("(record)") == len(METHODS)
    assert "All on Example CPU, 2 cores, 2 workers." in text


def test_the_footer_names_what_was_read_and_nothing_else(page, capsys):
    page.results(EXPERIMENT)
    page.footer()
    text = capsys.readouterr().out
    for word in ("abababababab", "0–2", "0123456789ab", "2026-01-02", "torch 2.13.0", "laptop"):
        assert word in text
    assert text.count(EXPERIMENT) == len(METHODS)


def test_runs_of_several_machines_are_told_apart_by_letters():
    from landscape.evidence.provenance import cost_table, footer_note

    item = {"cpu": "X", "cores": 2, "wall_seconds": 61.0, "versions": {"torch": "2.13.0"}}
    runs = {"e": {"a": item, "b": item | {"cpu": "Y"}, "c": item}}
    table = footer_note("laptop", runs, {}, "")
    assert table.columns[-1] == "on"
    assert [row[-1].text for row in table.rows] == ["A", "B", "A"]
    assert table.caption == "Provenance. A: X, 2 cores; torch 2.13.0; B: Y, 2 cores; torch 2.13.0."
    assert [row[-1].text for row in cost_table(runs, {}).rows] == ["A", "B", "A"]


def test_a_page_without_runs_says_so(page, capsys):
    page.reproduce()
    page.footer()
    text = capsys.readouterr().out
    assert "no stored runs" in text
    assert "numpy" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown time"), (0.42, "0.4 s"), (61.2, "61 s"), (120, "2.0 min"), (1800, "30 min"),
     (7200, "2.0 h")],
)  # fmt: skip
def test_durations(seconds, text):
    from landscape.evidence.provenance import duration

    assert duration(seconds) == text


def test_the_report_does_not_load_torch(project):
    code = (
        "import sys; from landscape import report; "
        f"p = report.page('thesis-fig-2-3', root={str(project)!r}); "
        f"p.results({EXPERIMENT!r}); p.settings({EXPERIMENT!r}); p.judge({{}}); p.footer(); "
        "assert 'torch' not in sys.modules, 'torch was loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_page_can_compute_with_the_settings_of_any_profile(page):
    here = page.parameters(EXPERIMENT, "anneal_sgd")
    work = page.parameters(EXPERIMENT, "anneal_sgd", "paper")
    assert (here["run"]["epochs"], work["run"]["epochs"]) == (10, 50)
    assert here["optimizer"] == work["optimizer"]
    with pytest.raises(LandscapeError, match="anneal_sgd"):
        page.parameters(EXPERIMENT, "annealing")
