"""The whole pipeline at smoke scale, through DVC, in a clean copy of the project.

The copy stays at LANDSCAPE_SMOKE_DIR when that is set, for the browser test to open its book.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
LIMIT_SECONDS = 900
pytestmark = pytest.mark.pipeline


def run(command, folder, **variables):
    """Run a command in the copy; its output is in the assertion when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, **variables), capture_output=True, text=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def environment(folder, **variables):
    scripts = str(Path(sys.executable).parent)
    path = scripts + os.pathsep + os.environ["PATH"]
    # The copy's own code, not the checkout that is installed.
    code = str(folder / "src")
    return {**os.environ, "PATH": path, "PYTHONPATH": code, "OMP_NUM_THREADS": "1", **variables}


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A git repository with the working tree's files and the smoke profile chosen."""
    wanted = os.environ.get("LANDSCAPE_SMOKE_DIR")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("smoke") / "project"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=True,
    ).stdout.decode().split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "params.yaml").write_text("profile: smoke\n")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["git", "init", "-q"], ["git", "add", "-A"], [*git, "commit", "-q", "-m", "x"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def reproduced(project):
    """The project after `dvc repro`, with the seconds that took."""
    start = time.monotonic()
    # Runs of this size end before a second worker process has imported torch.
    run(["dvc", "repro"], project, LANDSCAPE_WORKERS="1")
    return project, time.monotonic() - start


def results(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "results" / "smoke").rglob("*.csv"))
    }


def test_everything_is_there_after_one_repro(reproduced):
    folder, seconds = reproduced
    print(f"smoke pipeline: {seconds:.0f} s")
    assert (folder / "book" / "_build" / "html" / "index.html").is_file()
    notebooks = sorted((folder / "book" / "notebooks").glob("*/*.md"))
    executed = folder / "book" / "executed" / "smoke"
    assert len(notebooks) >= 6
    for notebook in notebooks:
        assert (executed / notebook.parent.name / f"{notebook.stem}.ipynb").is_file()
    scorecard = json.loads((folder / "results" / "smoke" / "scorecard.json").read_text())
    extra = {p["id"] for p in yaml.safe_load((folder / "references/extra-pages.yaml").read_text())}
    judged = {artifact["id"] for artifact in scorecard["artifacts"]}
    assert {n.stem for n in notebooks} - extra <= judged
    assert extra.isdisjoint(judged)


def test_a_second_repro_changes_nothing_and_is_quick(reproduced):
    folder, _ = reproduced
    start = time.monotonic()
    said = run(["dvc", "repro"], folder)
    assert time.monotonic() - start < 10
    assert "Data and pipelines are up to date." in said


def test_touching_an_optimizer_reruns_its_runs_and_what_reads_them(reproduced):
    folder, _ = reproduced
    source = folder / "src" / "landscape" / "optim" / "entropy_sgd.py"
    original = source.read_text()
    source.write_text(original + "# touched\n")
    try:
        said = run(["dvc", "status", "--json"], folder)
        changed = set(json.loads(said[said.index("{"): said.rindex("}") + 1]))
        runs = {
            "train-thesis-tab-3-1-mnistfc@smoke-entropy_sgd",
            "train-thesis-tab-3-1-mnistfc-outer@smoke-entropy_sgd",
            "train-thesis-tab-3-1-lenet@smoke-entropy_sgd",
        }
        # The chapter on the optimizers walks with all of them.
        runs |= {f"simulate-optimizer-paths@smoke-{c}" for c in ("paths", "endings", "options")}
        assert changed == {*runs, "book@smoke"}  # the book's API pages read every docstring
        said = run(["dvc", "repro", "--dry"], folder)
        running = {line.split("'")[1] for line in said.splitlines() if "Running stage" in line}
    finally:
        source.write_text(original)
    assert running == {*runs, "book@smoke"}
    # A page follows when the bytes of a result that it reads change, which a comment does not do.
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    readers = {
        name for name, stage in stages.items()
        if any(dependency.endswith("/entropy_sgd.csv") for dependency in stage["deps"])
    }
    assert readers == {"page-thesis-tab-3-1"}


def test_kill_9_and_a_second_repro_end_with_the_same_bytes(reproduced):
    folder, _ = reproduced
    whole = results(folder)
    stage = "train-thesis-tab-3-1-mnistfc@smoke-entropy_sgd"
    target = folder / "results" / "smoke" / "thesis-tab-3-1-mnistfc" / "entropy_sgd.csv"
    target.unlink()
    # Two workers, as on most machines: they die with their parent, and the bytes must not differ.
    variables = {"LANDSCAPE_CHECKPOINT_SECONDS": "0", "LANDSCAPE_WORKERS": "2"}
    process = subprocess.Popen(
        ["dvc", "repro", stage], cwd=folder, env=environment(folder, **variables),
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not list((folder / "checkpoints").glob("*/state.pt")):
        assert process.poll() is None, "the run ended before it wrote a checkpoint"
        assert time.monotonic() < deadline, "no checkpoint within two minutes"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not target.exists()
    # DVC's lock of the killed process may outlive it for a moment.
    time.sleep(1)
    run(["dvc", "repro", stage], folder, **variables)
    assert results(folder) == whole


def test_bad_input_gets_one_sentence(project):
    for arguments, named in (
        ("train thesis-fig-2-3-mnistfcc", "did you mean 'thesis-fig-2-3-mnistfc'"),
        ("train thesis-fig-2-3-mnistfc --method sgd", "it has adam"),
        ("show thesis-fig-2-3-mnistfc --profile small", "profile"),
        ("notebook thesis-fig-9-9", "thesis-fig-9-9"),
        ("notebook thesis-fig-2-1 -p prfile=1", "prfile"),
        ("simulate thesis-fig-2-2 --case flat", "exponential"),
    ):
        command = ["landscape", *arguments.split()]
        done = subprocess.run(
            command, cwd=project, env=environment(project), capture_output=True, text=True
        )
        assert done.returncode == 1, command
        assert named in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
