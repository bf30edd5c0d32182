"""The table of commands: each can be called, and refusals are one sentence with status 1."""

import errno
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from landscape import cli

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setenv("LANDSCAPE_ROOT", str(ROOT))


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.name)
def test_each_command_is_there_and_explains_itself(command, capsys):
    module, name = command.function.split(":")
    assert callable(getattr(importlib.import_module(f"landscape.commands.{module}"), name))
    with pytest.raises(SystemExit) as ended:
        cli.main([command.name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: landscape {command.name}")


def test_without_a_command_the_commands_are_listed(capsys):
    assert cli.main([]) == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"^ +{command.name}\b", printed, re.M) for command in cli.COMMANDS)


EXPERIMENT = "thesis-fig-2-3-mnistfc"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "thesis-fig-2-3-mnistf"], "did you mean 'thesis-fig-2-3-mnistfc'?"),
        (["run", f"{EXPERIMENT}/adm"], f"did you mean '{EXPERIMENT}/adam'?"),
        (["run", "thesis-fig-2-1"], "There is no run, experiment or page with runs called"),
        (["run", f"{EXPERIMENT}/adam", "--workers", "0"], "0 workers cannot work"),
        (["run", f"{EXPERIMENT}/adam", "--seeds", "0"], "0 seeds cannot be run"),
        (["run", f"{EXPERIMENT}/adam", "--seeds", "-1"], "-1 seeds cannot be run"),
        (["run", "optimizer-paths/paths", "--seeds", "1"], "it has no seeds to choose from"),
        (["run", "thesis-fig-2-3", "--output", "x"], "is several experiments"),
        (["judge", "predict-your-l2"], "'predict-your-l2' repeats no figure or table, so that it"),
        (["judge", "8-evidence/status"], "`landscape page 8-evidence/status` executes a page"),
        (["judge", "thesis-fig-22-3"], "did you mean 'thesis-fig-2-3'?"),
        (["pages", "--workers", "0"], "0 workers cannot work"),
        (["show", "thesis-fig-2-3-mnistf"], "did you mean 'thesis-fig-2-3-mnistfc'?"),
        (["show", EXPERIMENT, "--profile", "lapto"], "did you mean 'laptop'?"),
        (["list", "--profile", "papr"], "did you mean 'paper'?"),
        (["page", "thesis-fig-2-1", "-p", "live"], "'live' is not a parameter; write it as NAME="),
        (["page", "thesis-fig-2-1", "-p", "live=["], "has no value that YAML can read"),
    ],
)
def test_refusals_are_one_sentence_with_status_1(arguments, said, capsys):
    assert (
        cli.main([*arguments, *([] if "--profile" in arguments else ["--profile", "smoke"])]) == 1
    )
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert not Path("x").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EACCES])
def test_a_disk_that_refuses_anywhere_is_one_sentence(number, monkeypatch, capsys):
    def refused(options):
        raise OSError(number, os.strerror(number), "/somewhere/file")

    monkeypatch.setattr("landscape.commands.runs.listing", refused)
    assert cli.main(["list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("landscape: The system refuses /somewhere/file (")
    assert len(said.strip().splitlines()) == 1


def test_an_error_that_is_not_the_disk_s_keeps_its_traceback(monkeypatch):
    def missing(options):
        raise FileNotFoundError(errno.ENOENT, "not there", "/somewhere/file")

    monkeypatch.setattr("landscape.commands.runs.listing", missing)
    with pytest.raises(FileNotFoundError):
        cli.main(["list"])


@pytest.mark.parametrize(
    "words", [["list"], ["show", EXPERIMENT], ["run", "nothing"], ["new", "nothing"]]
)
def test_what_does_not_train_does_not_wait_for_torch(words):
    code = f"import sys; from landscape import cli; cli.main({words}); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
