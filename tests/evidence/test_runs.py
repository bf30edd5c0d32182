"""Reading runs of this build, of records, and runs made now."""

import json

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import judge, publishing, records
from landscape.evidence.runs import Runs
from landscape.train import provenance

EXPERIMENT, SIMULATION, PART = "toy-training", "toy-simulation", "1-spin-glass"


def results(project, profile="laptop", experiment=EXPERIMENT):
    return project / "results" / profile / PART / experiment


def test_a_build_has_all_runs_with_their_method(project):
    runs = Runs.build("laptop", project)
    frame = runs.frame(EXPERIMENT)
    assert frame.groupby("method")["seed"].nunique().to_dict() == {"adam": 3, "anneal_sgd": 3}
    assert "case" not in frame
    assert (runs.scale, runs.root, runs.read) == ("laptop", project, [EXPERIMENT])
    assert runs.info(EXPERIMENT) == {}


def test_a_simulation_has_cases_and_further_tables(project):
    runs = Runs.build("laptop", project)
    frame = runs.frame(SIMULATION)
    assert frame["case"].tolist() == frame["method"].tolist() == ["cold"] * 4 + ["hot"] * 4
    assert runs.table(SIMULATION, "hot", "minima")["energy"].tolist() == [-2.5] * 4
    assert runs.read == [SIMULATION]


def test_what_a_build_reads_is_remembered_in_order(project):
    runs = Runs.build("laptop", project)
    assert runs.read == []
    runs.frame(EXPERIMENT), runs.table(SIMULATION, "hot"), runs.frame(EXPERIMENT)
    assert runs.read == [SIMULATION, EXPERIMENT]


def test_missing_results_name_the_command(project):
    (results(project) / "adam" / "results.csv").unlink()
    runs = Runs.build("laptop", project)
    with pytest.raises(LandscapeError) as error:
        runs.frame(EXPERIMENT)
    assert f"no results.csv of adam for {EXPERIMENT} in profile laptop" in str(error.value)
    assert f"`landscape run {EXPERIMENT} --profile laptop`" in str(error.value)
    with pytest.raises(LandscapeError, match="no nothing.csv of hot"):
        runs.table(SIMULATION, "hot", "nothing")
    with pytest.raises(LandscapeError, match="no run 'warm'; it has cold, hot"):
        runs.table(SIMULATION, "warm")
    assert runs.read == []


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n1,2,3,4\n", b"a\n\xe9\xff\n"])
def test_a_table_that_is_none_is_named(project, content):
    path = results(project) / "adam" / "results.csv"
    path.write_bytes(content)
    with pytest.raises(LandscapeError, match="results.csv cannot be read as a table"):
        Runs.build("laptop", project).frame(EXPERIMENT)


@pytest.mark.parametrize("table", ["results", "minima"])
def test_a_table_with_other_bytes_than_the_run_wrote_is_refused(project, table):
    """Cut at the end of a line it reads like any other, and a verdict would change silently."""
    folder = results(project, experiment=SIMULATION)
    noted = folder / "hot.provenance.json"
    content = json.loads(noted.read_text()) | {"files": provenance.checksums(folder / "hot")}
    noted.write_text(json.dumps(content))
    runs = Runs.build("laptop", project)
    assert len(runs.table(SIMULATION, "hot", table)) == 4
    path = folder / "hot" / f"{table}.csv"
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    with pytest.raises(LandscapeError) as error:
        runs.table(SIMULATION, "hot", table)
    assert f"hot/{table}.csv is not what the run wrote: restore it from git" in str(error.value)
    assert f"`landscape run {SIMULATION}/hot --profile laptop`" in str(error.value)
    path.write_bytes(whole)
    assert len(runs.table(SIMULATION, "hot", table)) == 4


def test_a_table_without_its_provenance_is_refused_and_not_judged(project):
    """Nothing says what made it, and nothing would notice that it was cut."""
    runs = Runs.build("laptop", project)
    assert len(runs.table(SIMULATION, "hot", "minima")) == 4
    for experiment, run in ((SIMULATION, "hot"), (EXPERIMENT, "adam")):
        (results(project, experiment=experiment) / f"{run}.provenance.json").unlink()
    with pytest.raises(LandscapeError) as error:
        runs.table(SIMULATION, "hot", "minima")
    assert "hot/minima.csv lies there without its provenance, hot.prov" in str(error.value)
    assert f"`landscape run {SIMULATION}/hot --profile laptop`" in str(error.value)
    assert len(runs.table(SIMULATION, "cold")) == 4
    with pytest.raises(LandscapeError, match="adam/results.csv lies there without"):
        judge.judge("thesis-fig-2-3", "laptop", project)
    assert not (project / "verdicts").exists()


def test_the_settings_in_force_are_those_of_the_profile(project):
    runs = Runs.build("laptop", project)
    assert runs.parameters(EXPERIMENT, "adam")["asked"] == ("adam", "laptop")
    assert runs.parameters(SIMULATION)["spins"] == 100
    assert runs.parameters(SIMULATION, "hot")["spins"] == 100


def test_provenance_is_read_by_run(project):
    found = Runs.build("laptop", project).provenance(EXPERIMENT)
    assert sorted(found) == ["adam", "anneal_sgd"]
    assert found["adam"]["cpu"] == "Example CPU"


def test_without_a_record_there_is_nothing(project):
    runs = Runs.recorded(project)
    assert runs.frame(EXPERIMENT) is None
    assert runs.table(SIMULATION, "hot", "minima") is None
    assert runs.info(EXPERIMENT) == runs.provenance(EXPERIMENT) == {}
    assert (runs.read, runs.scale) == ([], "paper")
    assert runs.parameters(EXPERIMENT, "adam")["asked"] == ("adam", "paper")


def test_a_record_is_read_like_a_build(project):
    for experiment in (EXPERIMENT, SIMULATION):
        publishing.publish(experiment, title="t", root=project)
    runs, build = Runs.recorded(project), Runs.build("paper", project)
    for experiment in (EXPERIMENT, SIMULATION):
        assert runs.frame(experiment).equals(build.frame(experiment))
    assert runs.table(SIMULATION, "hot", "minima").equals(build.table(SIMULATION, "hot", "minima"))
    assert runs.table(SIMULATION, "hot", "nothing") is None
    assert runs.table(SIMULATION, "warm") is None
    assert runs.info(EXPERIMENT)["date"] == "2026-01-02"
    assert sorted(runs.provenance(SIMULATION)) == ["cold", "hot"]
    assert runs.read == build.read == [SIMULATION, EXPERIMENT]


def test_a_record_has_the_settings_that_it_was_run_with(project):
    path = results(project, "paper") / "adam.provenance.json"
    item = json.loads(path.read_text())
    item["parameters"] |= {"batch_size": 7, "optimizer_options": {"lr": 0.5}}
    path.write_text(json.dumps(item))
    publish_as_paper(project)
    found = Runs.recorded(project).parameters(EXPERIMENT, "adam")
    assert found["optimizer"] == {"name": "sgd", "lr": 0.5}
    assert found["model"] == {"name": "net"}
    assert found["run"] == {"batch_size": 7, "epochs": 50, "seeds": 3}


def publish_as_paper(project):
    """Publish, and call it the work's own scale whatever was computed."""
    folder = publishing.publish(EXPERIMENT, title="t", root=project)
    info = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps(info | {"scale": "paper"}))
    return folder


def test_reduced_records_are_not_served(project):
    publish_as_paper(project)
    publishing.publish(EXPERIMENT, results(project), title="t", root=project, date="2026-05-05")
    assert records.newest(EXPERIMENT, project).scale == "reduced"
    assert Runs.recorded(project).info(EXPERIMENT)["date"] == "2026-01-02"


def test_live_runs_are_made_once_and_nothing_is_stored(project, monkeypatch):
    from landscape.experiments import live

    frame, calls = Runs.build("laptop", project).frame(EXPERIMENT), []
    monkeypatch.setattr(live, "run", lambda *given: calls.append(given) or frame)
    before = sorted(project.rglob("*"))
    runs = Runs.live("smoke", project)
    assert runs.frame(EXPERIMENT).equals(frame)
    assert len(runs.table(EXPERIMENT, "adam")) == 15
    changed = runs.frame(EXPERIMENT)
    changed["method"] = "changed by a page"
    assert set(runs.frame(EXPERIMENT)["method"]) == {"adam", "anneal_sgd"}
    assert calls == [(EXPERIMENT, "smoke", project)]
    assert (runs.scale, runs.read) == ("smoke", [EXPERIMENT])
    assert sorted(project.rglob("*")) == before


def test_live_simulations_are_run_beside_the_project(project, monkeypatch):
    from landscape.experiments import execute

    calls = []

    def run(run_id, profile, *, root, output):
        calls.append(run_id)
        folder = output / run_id.split("/")[-1]
        folder.mkdir(parents=True)
        (folder / "results.csv").write_text("energy\n-1\n", encoding="utf-8")

    monkeypatch.setattr(execute, "run", run, raising=False)
    before = sorted(project.rglob("*"))
    runs = Runs.live("smoke", project)
    assert runs.frame(SIMULATION)["case"].tolist() == ["cold", "hot"]
    assert runs.frame(SIMULATION)["energy"].tolist() == [-1, -1]
    assert calls == [f"{PART}/{SIMULATION}/cold", f"{PART}/{SIMULATION}/hot"]
    assert sorted(project.rglob("*")) == before
