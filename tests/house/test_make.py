"""The commands of the Makefile call what they should, for every kind of user."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest
import working_tree

# Stands for every program of the environment: says how it was called.
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"{folder}/calls.log"
env >"{folder}/environment.log"
case "$(basename "$0") $*" in
"dvc config"*"core.no_scm true") printf '[core]\\n    no_scm = true\\n' >.dvc/config.local ;;
"dvc config"*"--unset core.no_scm") : >.dvc/config.local ;;
esac
"""
PROGRAMS = ("python", "dvc", "landscape", "jupyter", "jupytext-config", "ruff", "npm", "chromium")


@pytest.fixture
def project(tmp_path):
    """The Makefile and its scripts beside an environment that is ready and does nothing."""
    folder = tmp_path / "project é"
    working_tree.copy(folder, "Makefile", "pyproject.toml", "constraints.txt", "scripts")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".dvc").mkdir()
    (folder / ".git").mkdir()
    for name in PROGRAMS:
        path = folder / ".venv" / "bin" / name
        path.write_text(PROGRAM.format(folder=folder), encoding="utf-8")
        path.chmod(0o755)
    ready = folder / ".venv" / ".ready"
    ready.write_text(f"{folder}\n", encoding="utf-8")
    os.utime(ready, (2**31, 2**31))
    return folder


def make(folder, *words, expect=0, **variables):
    """The programs that `make` called, and what it printed."""
    log = folder / "calls.log"
    log.unlink(missing_ok=True)
    # `make test` runs these tests: its own variables would mark what is printed ("make[1]: ...").
    own = {name: word for name, word in os.environ.items() if not re.match("MAKE|MFLAGS", name)}
    done = subprocess.run(
        ["make", *words], cwd=folder, capture_output=True, env={**own, **variables}
    )
    assert done.returncode == expect, done
    calls = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return calls, (done.stdout + done.stderr).decode("utf-8")


def test_make_alone_lists_every_command(project):
    text = (project / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)", text, re.MULTILINE).group(1).split()) - {"stale"}
    calls, said = make(project)
    assert not calls
    assert {line.split()[0] for line in said.splitlines()} == targets
    assert {"book", "test", "repro", "read", "lab", "bench", "costs", "clean"} <= targets


def test_every_benchmark_has_a_command(project):
    calls, _ = make(project, "bench", "BENCH=--networks lenet --record --check --device cuda")
    assert calls == [
        "python benchmarks/optimizers.py --networks lenet --record --check --device cuda",
        "python benchmarks/training_loops.py",
        "python benchmarks/augmentation.py --record --check --device cuda",
        "python benchmarks/sweeps.py --record --device cuda",
    ]
    plain, _ = make(project, "bench")
    costs, _ = make(project, "costs")
    scripts = {path.name for path in (working_tree.ROOT / "benchmarks").glob("*.py")
               if "__main__" in path.read_text(encoding="utf-8")}  # fmt: skip
    assert scripts == {call.split("benchmarks/")[1].strip() for call in [*plain, *costs]}


def test_a_foreign_set_up_does_not_reach_the_programs(project):
    make(project, "repro", PYTHONPATH="/foreign", PYTHONHOME="/foreign", PYTHONUTF8="0",
         GIT_DIR="/other/.git", GIT_INDEX_FILE="/other/.git/index", LC_ALL="C")  # fmt: skip
    seen = dict(
        line.partition("=")[::2]
        for line in (project / "environment.log").read_text(encoding="utf-8").splitlines()
    )
    assert seen["PYTHONUTF8"] == "1"
    assert not {"PYTHONPATH", "PYTHONHOME", "GIT_DIR", "GIT_INDEX_FILE"} & set(seen)
    assert seen["OMP_NUM_THREADS"] == "1"
    assert seen["PATH"].startswith(f"{project}/.venv/bin:")


def test_an_unpacked_archive_works_without_git_and_says_what_that_means(project):
    (project / ".git").rmdir()
    calls, said = make(project, "repro")
    assert calls[0] == "dvc config --quiet --local core.no_scm true"
    assert calls[-1] == "dvc repro"
    assert "no git repository: results made here name no commit" in said
    calls, _ = make(project, "repro")
    assert "dvc config --quiet --local core.no_scm true" not in calls
    (project / ".git").mkdir()  # git init
    calls, _ = make(project, "repro")
    assert calls[0] == "dvc config --quiet --local --unset core.no_scm"
    calls, _ = make(project, "repro")
    assert not any(call.startswith("dvc config") for call in calls)


def test_the_tests_say_that_they_need_git(project):
    (project / ".git").rmdir()
    calls, said = make(project, "test", expect=2)
    assert not calls
    assert "The tests need a git repository" in said


def test_one_figure_has_a_short_command(project):
    calls, _ = make(project, "figure", "NAME=thesis-fig-2-3")
    assert calls[-2:] == [
        "python scripts/named.py thesis-fig-2-3", "dvc repro --glob *thesis-fig-2-3*"
    ]  # fmt: skip
    calls, said = make(project, "figure", expect=2)
    assert not calls
    assert "make figure NAME=thesis-fig-2-3" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [("thesis-fg-2-3", "called 'thesis-fg-2-3'; did you mean 'thesis-fig-2-3'?"),
     ("nonsense", "called 'nonsense'; `landscape list` names"), ("thesis-fig-2-3", ""),
     ("lewkowycz-fig-?", ""), ("predict", ""), ("scorecard", "")],
)  # fmt: skip
def test_a_name_that_no_stage_has_runs_nothing(name, said):
    """DVC runs the whole pipeline where a pattern matches no stage."""
    done = subprocess.run(
        [sys.executable, "scripts/named.py", name], cwd=working_tree.ROOT, text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(working_tree.ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == bool(said)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


@pytest.mark.parametrize(
    ("pages", "said"),
    [(["1-spin-glass/thesis-fig-2-3"], "did you mean 1-spin-glass/thesis-fig-2-3/page.html?"),
     (["index.html", "zzz"], "no page 'zzz'; pages are named like index.html"),
     (None, "There is no book in")],
)  # fmt: skip
def test_pictures_of_pages_that_are_not_there_are_not_made(tmp_path, pages, said):
    if pages:
        listed = ["index.html", "1-spin-glass/thesis-fig-2-3/page.html"]
        (tmp_path / "manifest.json").write_text(json.dumps({"pages": listed}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "tests/browser/screenshots.py", tmp_path / "look", *(pages or ())],
        cwd=working_tree.ROOT, text=True, capture_output=True,
        env={**os.environ, "LANDSCAPE_BOOK": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "look").exists()


def test_root_may_open_jupyterlab(project):
    (lab,) = [call for call in make(project, "lab")[0] if call.startswith("jupyter ")]
    assert ("--allow-root" in lab) == (os.geteuid() == 0)
    assert lab.endswith("book")


@pytest.mark.parametrize("home", ["/nonexistent", ""])
def test_jupyterlab_opens_without_a_home(project, home):
    make(project, "lab", HOME=home)
    seen = (project / "environment.log").read_text(encoding="utf-8")
    assert f"\nHOME={project}/.cache/home\n" in seen
    assert (project / ".cache" / "home").is_dir()


def serve(port):
    script = working_tree.ROOT / "scripts" / "serve.py"
    return subprocess.Popen(
        [sys.executable, str(script), str(working_tree.ROOT / "scripts"), str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def test_reading_twice_says_where_the_book_already_is():
    first = serve(0)
    try:
        port = re.search(r"http://localhost:(\d+)", first.stdout.readline()).group(1)
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            there.sendall(b"GET /serve.py HTTP/1.0\r\n\r\n")
            assert b"200 OK" in there.makefile("rb").readline()
        _, said = (second := serve(port)).communicate()
        assert second.returncode == 1
        assert said.startswith(f"Port {port} cannot be used (Address already in use)")
        assert "make read PORT=8001" in said
        assert len(said.splitlines()) == 1
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("port", ["http", "-1", "99999"])
def test_a_port_that_is_none_is_one_sentence(port):
    process = serve(port)
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith(f"Port {port} cannot be used (it is not a number from 0 to 65535)")
    assert len(said.splitlines()) == 1
