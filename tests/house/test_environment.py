"""`make environment` ends with an environment of this folder, whatever was there and is set.

pip and venv are played: installing takes minutes. What they were called with is looked at.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys

import pytest
import working_tree
from processes import wait_for

# A `python3` whose environments hold a `python` that plays pip.
PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
    cp "{folder}/venv-python" "$3/bin/python"
    exit
fi
exec "{python}" "$@"
"""
VENV_PYTHON = """#!/bin/sh
[ "$3" = "--version" ] && exit
env >>environment.log
echo "$@" >>pip.log
echo "$PWD/src" >.venv/lib/python3.11/site-packages/__editable__.landscape-0.1.0.pth
[ -e pip-hangs ] && sleep 600
[ ! -e pip-fails ]
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "a é b"
    working_tree.copy(folder, "Makefile", "pyproject.toml", "constraints.txt", "scripts")
    for name, text in (("python3", PYTHON), ("venv-python", VENV_PYTHON)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(folder=path.parent, python=sys.executable), encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


def make(folder, *, expect=0, **variables):
    """Run `make environment`; what it prints."""
    path = f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["make", "environment"], cwd=folder, capture_output=True,
        env={**os.environ, "PATH": path, **variables},
    )  # fmt: skip
    assert done.returncode == expect, done
    return (done.stdout + done.stderr).decode("utf-8")


def installs(folder):
    log = folder / "pip.log"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_an_environment_is_made_once_and_knows_its_folder(project):
    make(project)
    assert installs(project) == ["-m pip install --quiet -c constraints.txt -e .[book,dev]"]
    assert (project / ".venv/.ready").read_text(encoding="utf-8") == f"{project}\n"
    assert "anew" not in make(project, LC_ALL="C")
    assert len(installs(project)) == 1


def test_other_pins_update_it_in_place(project):
    make(project)
    (project / ".venv/kept").touch()
    (project / "constraints.txt").write_text("numpy==1\n", encoding="utf-8")
    os.utime(project / "constraints.txt", (2**31, 2**31))
    make(project)
    assert len(installs(project)) == 2
    assert (project / ".venv/kept").exists()


def test_a_copied_tree_gets_an_environment_of_its_own(project):
    make(project)
    copied = project.parent / "copied"
    shutil.copytree(project, copied, symlinks=True)  # cp -a
    assert "belongs to another folder: making it anew" in make(copied)
    assert (copied / ".venv/.ready").read_text(encoding="utf-8") == f"{copied}\n"
    assert len(installs(copied)) == 2
    assert "anew" not in make(project)


def test_the_user_s_own_settings_of_python_and_pip_do_not_count(project):
    make(project, LC_ALL="C", PIP_USER="1", PIP_TARGET="/elsewhere", PYTHONPATH="/foreign",
         PYTHONUTF8="0")  # fmt: skip
    seen = (project / "environment.log").read_text(encoding="utf-8").splitlines()
    assert {"PIP_USER=0", "LC_ALL=C.UTF-8", "PYTHONUTF8=1"} <= set(seen)
    names = {line.partition("=")[0] for line in seen}
    assert not names & {"PIP_TARGET", "PYTHONPATH"}
    # No absolute path, which Python would read in the locale's encoding at every start.
    link = project / ".venv/lib/python3.11/site-packages/__editable__.landscape-0.1.0.pth"
    assert link.read_text(encoding="ascii") == "../../../../src\n"
    assert (link.parent / "../../../../src").resolve() == project / "src"


@pytest.mark.parametrize("first", [True, False])
def test_a_killed_installation_is_made_anew(project, first):
    if not first:
        make(project)
        os.utime(project / "pyproject.toml", (2**31, 2**31))
    before = len(installs(project))
    (project / "pip-hangs").touch()
    path = f"{project.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["make", "environment"], cwd=project, env={**os.environ, "PATH": path},
        start_new_session=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert wait_for(lambda: len(installs(project)) > before)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (project / "pip-hangs").unlink()
    (project / ".venv/half").touch()
    assert "was never finished: making it anew" in make(project)
    assert not (project / ".venv/half").exists()
    assert (project / ".venv/.ready").exists()


def test_an_environment_killed_before_it_had_pip_is_made_anew(project):
    (project / ".venv/bin").mkdir(parents=True)
    assert "does not work: making it anew" in make(project)
    assert (project / ".venv/.ready").exists()


def test_a_python_that_is_gone_is_replaced(project):
    make(project)
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to("/nowhere/python")
    assert "does not work: making it anew" in make(project)


def test_what_pip_refuses_is_tried_again_without_starting_over(project):
    make(project)
    os.utime(project / "pyproject.toml", (2**31, 2**31))
    (project / ".venv/kept").touch()
    (project / "pip-fails").touch()
    assert "The same command tries again" in make(project, expect=2)
    (project / "pip-fails").unlink()
    assert "anew" not in make(project)
    assert (project / ".venv/kept").exists()
    assert len(installs(project)) == 3


def test_a_python_that_is_missing_or_too_old_is_named(project):
    assert "There is no python9 here" in make(project, expect=2, PYTHON="python9")
    old = project.parent / "bin" / "python2.7"
    old.write_text("#!/bin/sh\necho Python 2.7\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    assert "Python 3.11, 3.12 or 3.13 is needed" in make(project, expect=2, PYTHON="python2.7")
