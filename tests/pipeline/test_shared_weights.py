"""Weights too large for git go from clone to clone through a folder (project's .gitignore)."""

import shutil
from pathlib import Path

from smoke_project import run
from toy_git import git

ROOT = Path(__file__).resolve().parents[2]
FILE = "weights/paper/part/experiment/run/seed-0-at-1.0.safetensors"


def dvc(folder, *arguments):
    return run(["dvc", *arguments], folder)


def test_a_second_clone_pulls_them_and_git_never_sees_them(tmp_path):
    first = tmp_path / "first"
    (first / FILE).parent.mkdir(parents=True)
    (first / FILE).write_bytes(b"many numbers")
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, first / name)
    git(first, "init", "-q")
    dvc(first, "init", "-q")
    git(first, "add", "-A")
    assert FILE not in git(first, "ls-files")
    dvc(first, "add", "-q", "weights/paper")
    git(first, "add", "-A")
    assert [line for line in git(first, "ls-files").splitlines() if "weights" in line] == [
        "weights/paper.dvc"
    ]
    git(first, "commit", "-q", "-m", "weights")
    dvc(first, "remote", "add", "--local", "-d", "shared", str(tmp_path / "shared"))
    dvc(first, "push", "-q")
    git(first, "clone", "-q", ".", "../second")
    second = tmp_path / "second"
    assert not (second / FILE).exists()
    dvc(second, "remote", "add", "--local", "-d", "shared", str(tmp_path / "shared"))
    dvc(second, "pull", "-q")
    assert (second / FILE).read_bytes() == b"many numbers"
    assert git(second, "status", "--porcelain") == ""
