"""A copy of the project in which the whole smoke profile has been made."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from smoke_project import run
from toy_git import git
from working_tree import copy


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A git repository with the working tree's files, the smoke profile chosen, data fetched."""
    wanted = os.environ.get("LANDSCAPE_SMOKE_DIR")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("smoke") / "project"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy(folder)
    (folder / "params.yaml").write_text("profile: smoke\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    run(["dvc", "repro", "fetch", "data.dvc"], folder)
    return folder


@pytest.fixture(scope="session")
def made(project):
    """The project after every run, verdict and page of the smoke profile, and its book."""
    run([sys.executable, "-m", "landscape.pipeline.smoke", "smoke"], project)
    return project
