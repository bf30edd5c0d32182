"""The whole smoke profile, and DVC on a few stages of every kind, in a copy of the project."""

import json
import os
import signal
import subprocess
import time

import pytest
import yaml
from processes import wait_for
from smoke_project import environment, run

from landscape.pipeline import lists

pytestmark = pytest.mark.pipeline
TRAINED = "2-local-entropy/thesis-tab-3-1-mnistfc/entropy_sgd"
SIMULATED = "1-spin-glass/thesis-fig-2-2/trivial"
OTHER = "2-local-entropy/thesis-tab-3-1-mnistfc/adam"


def stage(run_id):
    return f"run@smoke-{run_id}"


def results(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "results" / "smoke").rglob("*.csv"))
    }


def stale(folder):
    said = run(["dvc", "status", "--json"], folder)
    return set(json.loads(said[said.index("{") : said.rindex("}") + 1]))


def test_every_run_verdict_and_page_is_made(made):
    listed = lists.lists(made)
    for name in listed["runs"]:
        assert (made / "results" / "smoke" / name / "results.csv").is_file(), name
    for name in listed["judged"]:
        verdict = json.loads((made / "verdicts" / "smoke" / f"{name}.json").read_text("utf-8"))
        assert verdict["finding"], name
        assert verdict["claims"], name
    for name in listed["pages"]:
        assert (made / "book" / "executed" / "smoke" / f"{name}.ipynb").is_file(), name
    assert (made / "book" / "_build" / "html" / "index.html").stat().st_size > 0


def test_nothing_small_is_contradicted_that_depends_on_scale(made):
    for path in (made / "verdicts" / "smoke").rglob("*.json"):
        for claim in json.loads(path.read_text("utf-8"))["claims"]:
            for part in [claim, *claim["parts"]]:
                if part["verdict"]["scale"] == "small":
                    assert not part["verdict"]["word"].startswith("contradicted"), path


@pytest.fixture(scope="module")
def reproduced(made):
    """DVC has made one trained and one simulated run, a verdict and its page itself."""
    before = results(made)
    for name in (TRAINED, SIMULATED):  # else they would be taken
        (made / "results" / "smoke" / f"{name}.provenance.json").unlink()
    run(["dvc", "repro", stage(TRAINED), stage(SIMULATED)], made, LANDSCAPE_WORKERS="1")
    # Alone: a verdict waits for the list of all results, and so for all runs.
    name = "1-spin-glass/thesis-fig-2-1"
    run(["dvc", "repro", "--single-item", f"judge@smoke-{name}", f"page@smoke-{name}"], made)
    assert results(made) == before  # the stages are the functions that the warm processes called
    return made


def test_a_second_repro_runs_nothing(reproduced):
    said = run(["dvc", "repro", stage(TRAINED), stage(SIMULATED)], reproduced)
    assert "Data and pipelines are up to date." in said


def test_a_lost_lock_trains_nothing(reproduced):
    lock, table = reproduced / "dvc.lock", reproduced / "results" / "smoke" / TRAINED
    kept, made_at = lock.read_bytes(), (table / "results.csv").stat().st_mtime_ns
    lock.unlink()
    try:
        said = run(["dvc", "repro", stage(TRAINED)], reproduced)
        assert "nothing that it depends on has changed" in said
        assert (table / "results.csv").stat().st_mtime_ns == made_at
    finally:
        lock.write_bytes(kept)
    said = run(["dvc", "repro", stage(TRAINED)], reproduced)
    assert "Data and pipelines are up to date." in said


def test_a_touched_optimizer_concerns_its_own_runs(reproduced):
    run(["dvc", "repro", stage(OTHER)], reproduced, LANDSCAPE_WORKERS="1")
    source = reproduced / "src" / "landscape" / "optim" / "entropy_sgd.py"
    original = source.read_text("utf-8")
    try:
        source.write_text(original + "# a comment\n", "utf-8")
        run(["dvc", "repro", "inputs-of-runs@smoke"], reproduced)
        assert stale(reproduced).isdisjoint({stage(TRAINED), stage(OTHER), stage(SIMULATED)})
        source.write_text(original + "CHANGED = 1\n", "utf-8")
        run(["dvc", "repro", "inputs-of-runs@smoke"], reproduced)
        assert {stage(TRAINED), stage(OTHER), stage(SIMULATED)} & stale(reproduced) == {
            stage(TRAINED)
        }
    finally:
        source.write_text(original, "utf-8")
        run(["dvc", "repro", "inputs-of-runs@smoke"], reproduced)


def test_kill_9_and_a_second_repro_end_with_the_same_bytes(reproduced):
    whole = results(reproduced)
    target = reproduced / "results" / "smoke" / TRAINED / "results.csv"
    target.unlink()
    # Two workers, as on most machines: they end with their parent, and the bytes must not differ.
    variables = {"LANDSCAPE_CHECKPOINT_SECONDS": "0", "LANDSCAPE_WORKERS": "2"}
    process = subprocess.Popen(
        ["dvc", "repro", stage(TRAINED)], cwd=reproduced, env=environment(reproduced, **variables),
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def checkpoint():
        return process.poll() is not None or list((reproduced / "checkpoints").glob("*/state*"))

    assert wait_for(checkpoint)
    assert process.poll() is None, "the run ended before it wrote a checkpoint"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1)  # DVC's lock of the killed process may outlive it for a moment
    run(["dvc", "repro", stage(TRAINED)], reproduced, **variables)
    assert results(reproduced) == whole


def test_a_new_page_is_one_folder_and_disappears_with_it(project):
    run(["landscape", "new", "5-sgd-dynamics/thesis-fig-6-4"], project)
    folder = project / "book" / "5-sgd-dynamics" / "thesis-fig-6-4"
    try:
        run(["landscape", "pipeline"], project)
        listed = yaml.safe_load((project / "pipeline.yaml").read_text("utf-8"))
        assert "5-sgd-dynamics/thesis-fig-6-4" in listed["pages"]
        assert any("thesis-fig-6-4" in name for name in listed["runs"])
        run(["landscape", "run", "5-sgd-dynamics/thesis-fig-6-4", "--profile", "smoke"], project)
        run(["landscape", "judge", "thesis-fig-6-4", "--profile", "smoke"], project)
        run(["landscape", "page", "thesis-fig-6-4", "--profile", "smoke"], project)
        assert {path.name for path in folder.iterdir()} == {
            "page.md", "figure.py", "claims.yaml", "settings.yaml"
        }  # fmt: skip
    finally:
        subprocess.run(["git", "clean", "-fdq", "book/5-sgd-dynamics"], cwd=project, check=True)
        for leftover in ("results/smoke/5-sgd-dynamics", "verdicts/smoke/5-sgd-dynamics"):
            subprocess.run(["rm", "-rf", leftover], cwd=project, check=True)
        run(["landscape", "pipeline"], project)
    listed = (project / "pipeline.yaml").read_text("utf-8")
    assert "thesis-fig-6-4" not in listed


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("run thesis-fig-2-3-mnistfcc", "thesis-fig-2-3-mnistfc"),
        ("show thesis-fig-2-3-mnistfc --profile small", "profile"),
        ("page thesis-fig-9-9", "thesis-fig-9-9"),
        ("page thesis-fig-2-1 -p prfile=1", "prfile"),
        ("judge thesis-fig-9-9", "thesis-fig-9-9"),
    ],
)
def test_bad_input_gets_one_sentence(project, arguments, named):
    done = subprocess.run(
        ["landscape", *arguments.split()], cwd=project, env=environment(project),
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1, arguments
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
