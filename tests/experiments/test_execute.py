"""One run: a folder of tables and the provenance beside it, all or nothing."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from landscape.errors import LandscapeError
from landscape.experiments import (
    catalogue,
    execute,
    live,
    simulation,
    simulation_job,
    training_job,
)
from landscape.experiments.job import Job
from landscape.experiments.settings_schema import mapping, whole
from landscape.train.history import COLUMNS, OPTIONAL_COLUMNS

ROOT = Path(__file__).parents[2]
EXPERIMENT = "thesis-fig-2-3-mnistfc"
RUN = f"1-spin-glass/{EXPERIMENT}/anneal_sgd"
TOY = """\
    toy:
      title: A simulation
      module: toy_simulation
      cases: [cold, hot]
      common: {seed: 3, spins: 5}
"""


def train(root, **options):
    return execute.run(RUN, "smoke", root=root, **options)


def provenance(folder):
    return json.loads(folder.with_name(f"{folder.name}.provenance.json").read_text())


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_its_provenance_and_no_checkpoints(project):
    folder = train(project)
    assert folder == project / "results/smoke/1-spin-glass" / EXPERIMENT / "anneal_sgd"
    assert files(folder.parent) == ["anneal_sgd.provenance.json", "anneal_sgd/results.csv"]
    frame = pd.read_csv(folder / "results.csv")
    assert tuple(frame.columns) == (*COLUMNS, *OPTIONAL_COLUMNS[1:])  # AnnealSGD has a field
    assert sorted(frame["seed"].unique()) == [0, 1]
    record = provenance(folder)
    assert record["seeds"] == [0, 1]
    assert record["parameters"]["optimizer_options"]["tau0"] == 500
    assert record["device"] == "CPU"
    assert (record["replicas"], record["world_size"], record["backend"]) == (1, 1, None)
    assert record["versions"]["torch"]
    assert record["command"] == f"landscape run {RUN} --profile smoke"
    assert not list((project / "checkpoints").iterdir())


def test_the_same_command_gives_the_same_bytes_and_replaces_the_folder(project):
    folder = train(project)
    first = (folder / "results.csv").read_bytes()
    (folder / "old.csv").write_text("left over")
    assert (train(project) / "results.csv").read_bytes() == first
    assert files(folder) == ["results.csv"]
    assert not list(folder.parent.glob(".*"))


def test_no_times_or_hosts_in_the_csv(project):
    header = (train(project) / "results.csv").read_text().splitlines()[0]
    assert not {"time", "seconds", "host", "date"} & set(header.split(","))


def test_the_stored_results_are_of_the_settings_in_force():
    """The digest in their provenance depends on the settings alone."""
    compared = 0
    for experiment in catalogue.experiments(ROOT):
        for run in experiment.runs:
            stored = experiment.folder("laptop", ROOT) / run
            if stored.is_dir():
                job = execute.job_of(experiment, run, "laptop", ROOT, workers=1)
                assert provenance(stored)["specification"] == execute.digest(job), stored
                compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("experiment", "run", "workers"), [(EXPERIMENT, "adam", 1), ("thesis-fig-2-2", None, 2)]
)
def test_every_kind_of_job_takes_the_same_words(monkeypatch, experiment, run, workers):
    """At smoke scale training is shorter than the start of a process, a simulation is not."""
    for module in (training_job, simulation_job):
        monkeypatch.setattr(module, "worker_count", lambda asked: asked or 2)
    declared = catalogue.get(experiment, root=ROOT)
    run = run or declared.runs[0]
    job = execute.job_of(declared, run, "smoke", ROOT)
    assert isinstance(job, Job)
    assert (job.label, job.workers) == (f"{experiment} {run} (smoke)", workers)
    assert job.large is None
    assert job.checkpoints == ROOT / "checkpoints"
    assert execute.job_of(declared, run, "smoke", ROOT, 3).workers == 3
    assert execute.digest(job) == execute.digest(execute.job_of(declared, run, "smoke", ROOT, 3))


@pytest.mark.parametrize(
    ("word", "refused"),
    [
        ({"most_steps": 5}, "is no sweep: --most-steps 5 has no meaning for it"),
        ({"read_from": Path("there")}, "is no simulation: it reads no kept weights"),
    ],
)
def test_what_only_another_kind_of_job_can_do_is_refused_before_anything(project, word, refused):
    with pytest.raises(LandscapeError, match=f"{EXPERIMENT} {refused}"):
        train(project, **word)
    assert not (project / "checkpoints").exists()
    assert not (project / "results").exists()


def test_fewer_seeds_and_another_folder(project, tmp_path):
    folder = train(project, seeds=1, output=tmp_path / "elsewhere")
    assert folder == tmp_path / "elsewhere" / "anneal_sgd"
    assert list(pd.read_csv(folder / "results.csv")["seed"].unique()) == [0]
    assert provenance(folder)["command"].endswith("--profile smoke --seeds 1")
    assert not (project / "results").exists()


def test_a_grid_is_one_table_with_the_settings_that_differ_in_front(project):
    path = project / "book/1-spin-glass/thesis-fig-2-3/settings.yaml"
    grid = "      grid: {run: {epochs: [0.5, 1]}, optimizer: {J: [1.0e-2, 1.0e-3, 0]}}\n"
    text = path.read_text().replace("    anneal_sgd:\n", "    anneal_sgd:\n" + grid, 1)
    text = re.sub(r"\n +J: 1.0e-3  #.*", "", text, count=1)  # a grid takes its place
    path.write_text(text[: text.index("\nthesis-fig-2-3-mnistfc-glorot:")])
    folder = train(project)
    frame = pd.read_csv(folder / "results.csv")
    assert tuple(frame.columns[:3]) == ("epochs", "J", "seed")
    points = list(dict.fromkeys(zip(frame["epochs"], frame["J"], strict=True)))
    assert points == [(e, j) for e in (0.5, 1) for j in (0, 1e-3, 1e-2)]
    ends = frame.groupby(["epochs", "J", "seed"], sort=False).tail(1)
    assert len(ends) == 12
    assert ends.loc[ends["epochs"] == 1, "effective_epoch"].eq(1).all()
    assert ends.loc[ends["J"] == 0, "alignment"].isna().all()
    record = provenance(folder)
    assert record["seeds"] == [0, 1]
    assert record["parameters"]["grid"][0] == {"epochs": 0.5, "J": 1e-2}
    assert len(record["parameters"]["grid"]) == 6


def test_live_training_writes_nothing(project):
    frame = live.run(EXPERIMENT, "smoke", project)
    assert set(frame["method"]) == {"adam", "anneal_sgd", "resampled_noise"}
    assert not (project / "results").exists()
    assert not (project / "checkpoints").exists()


def test_a_failing_run_leaves_the_old_result_and_its_checkpoints(project, monkeypatch):
    folder = train(project)
    before = (folder / "results.csv").read_bytes()
    kept = project / "checkpoints" / "kept"

    def fails(*arguments, **options):
        kept.mkdir()
        raise ZeroDivisionError

    monkeypatch.setattr(training_job, "fit_many", fails)
    with pytest.raises(ZeroDivisionError):
        train(project)
    assert (folder / "results.csv").read_bytes() == before
    assert kept.exists()
    assert not list(folder.parent.glob(".*"))


def test_a_folder_that_cannot_be_written_is_seen_before_the_first_step(project, monkeypatch):
    (project / "results").write_text("a file")
    monkeypatch.setattr(training_job, "fit_many", lambda *a, **k: pytest.fail("it trained"))
    with pytest.raises(LandscapeError, match="Cannot write to"):
        train(project)


@pytest.fixture
def toy_module(toy, monkeypatch):
    """A simulation that gives two tables and keeps one intermediate file."""

    def simulate(settings, case, checkpoints, workers):
        kept = checkpoints / "toy" / "chunk"
        kept.parent.mkdir(parents=True)
        kept.touch()
        assert workers == 2
        return simulation.Outcome({"results": f"{case}\n", "draws": "0\n"}, [kept])

    module = ModuleType("toy_simulation")
    module.simulate = simulate
    module.SETTINGS = mapping({"seed": whole(0), "spins": whole(3)}, ("seed", "spins"))
    monkeypatch.setitem(sys.modules, "toy_simulation", module)
    toy.page("1-spin-glass/page", TOY)
    return toy


def test_a_case_is_a_folder_of_its_tables(toy_module):
    folder = execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, workers=2)
    assert files(folder.parent) == ["hot.provenance.json", "hot/draws.csv", "hot/results.csv"]
    assert (folder / "results.csv").read_text() == "hot\n"
    record = provenance(folder)
    assert (record["seeds"], record["workers"]) == ([3], 2)
    assert record["parameters"] == {"seed": 3, "spins": 5}
    assert not list((toy_module.root / "checkpoints").iterdir()), "what was kept is forgotten"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("spins: 5", "spins: 0", "line 5: toy, profile smoke: spins is 0; it must be a whole"),
        ("spins: 5", "spin: 5", "unknown key 'spin'; did you mean 'spins'?"),
        ("seed: 3, ", "", "it has no 'seed'"),
    ],
)
def test_settings_that_a_simulation_cannot_use_are_refused(toy_module, old, new, said):
    toy_module.page("1-spin-glass/page", TOY.replace(old, new))
    with pytest.raises(LandscapeError) as caught:
        execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, workers=2)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("module", "said"),
    [("toy_simulatoin", "toy: there is no module toy_simulatoin"),
     ("landscape.experiments.nothing", "toy: there is no module landscape.experiments.nothing"),
     ("landscape.experiments.seal", "the module landscape.experiments.seal has no SETTINGS")],
)  # fmt: skip
def test_a_module_that_is_none_is_named(toy_module, module, said):
    toy_module.page("1-spin-glass/page", TOY.replace("toy_simulation", module))
    with pytest.raises(LandscapeError) as caught:
        execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, workers=2)
    assert said in str(caught.value)


def test_what_a_module_imports_in_vain_keeps_its_traceback(toy_module, tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(tmp_path)
    toy_module.page("1-spin-glass/page", TOY.replace("toy_simulation", "half_there"))
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, workers=2)


def test_a_case_that_the_module_does_not_know_is_one_sentence(toy_module, monkeypatch):
    module = sys.modules["toy_simulation"]
    for error, kind, said in (
        (KeyError("hot"), LandscapeError, "toy/hot cannot be run: its module has no such case"),
        (KeyError("something else"), KeyError, "something else"),
    ):

        def fails(settings, case, error=error, **options):
            raise error

        monkeypatch.setattr(module, "simulate", fails)
        with pytest.raises(kind, match=said):
            execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, workers=2)


def test_a_simulation_has_no_seeds_to_choose(toy_module):
    with pytest.raises(LandscapeError, match="toy is simulated: it has no seeds"):
        execute.run("1-spin-glass/toy/hot", "smoke", root=toy_module.root, seeds=1)


@pytest.mark.parametrize(
    ("experiment", "old", "new", "said"),
    [
        ("thesis-fig-2-2", "step_size: 0.1", "step_size: -0.1", "step_size is -0.1; it must be"),
        ("thesis-fig-2-2", "spins: 30", "spins: 0", "spins is 0; it must be a whole number of at"),
        ("thesis-fig-2-2", "perplexity: 10.0", "perplexity: 100.0", "perplexity is 100; it must"),
        ("thesis-fig-2-2", "exponential: 2\n", "exponential: -2\n", "draws.exponential is -2; i"),
        ("critical-point-counts", "search_spins: [6]", "search_spins: 6", "search_spins is 6; it"),
        ("critical-point-counts", "draws: [4, 3]", "draws: [4]", "draws has 1 entries for the 2"),
        ("optimizer-paths", "start: [0.81, 1.16]", "start: [0.81]", "start is [0.81]; it must be"),
        ("optimizer-paths", "lr: 0.05", "lrr: 0.05", "'lrr' (did you mean 'lr'?)"),
    ],
)
def test_what_the_book_s_simulations_refuse(project, experiment, old, new, said):
    (path,) = (p for p in (project / "book").glob("*/*/settings.yaml")
               if p.read_text().find(f"\n{experiment}:\n") >= 0)  # fmt: skip
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    case = {"thesis-fig-2-2": "exponential", "critical-point-counts": "theory"}.get(
        experiment, "paths"
    )
    part = path.parts[-3]
    with pytest.raises((LandscapeError, ValueError)) as caught:
        execute.run(f"{part}/{experiment}/{case}", "smoke", root=project, workers=1)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lr: 1.0e-3", "lrr: 1.0e-3", "method adam: Optimizer 'adam': .*did you mean 'lr'"),
        ("lr: 1.0e-3", "lr: 1e-3", "method adam: Adam: lr must be .* not '1e-3'"),
        ("initial: torch", "initail: torch", "'initail' .did you mean 'initial'"),
    ],
)
def test_what_an_optimizer_or_a_network_does_not_know_gets_the_nearest(project, old, new, said):
    path = project / "book/1-spin-glass/thesis-fig-2-3/settings.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(Exception, match=said):
        execute.run(f"1-spin-glass/{EXPERIMENT}/adam", "smoke", root=project)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "needs more memory than there is; make its settings smaller"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "more memory"),
        (ValueError("perplexity 64.5 needs more than 193.5 points."), "cannot be run: perplexity"),
        (LandscapeError("One sentence."), "^One sentence.$"),
    ],
)
def test_what_settings_ask_in_vain_is_one_sentence(project, monkeypatch, error, said):
    def fails(*arguments, **options):
        raise error

    monkeypatch.setattr(training_job, "fit_many", fails)
    with pytest.raises(LandscapeError, match=said):
        train(project)


def test_a_bug_keeps_its_traceback(project, monkeypatch):
    def fails(*arguments, **options):
        raise RuntimeError("something else")

    monkeypatch.setattr(training_job, "fit_many", fails)
    with pytest.raises(RuntimeError, match="something else"):
        train(project)
