"""Tests that a hook runs leave the repository of whoever commits alone."""

import os
import subprocess
import sys
from pathlib import Path

from toy_git import git, repository

TESTS = Path(__file__).resolve().parents[1]
# What the pipeline's tests do: a repository of their own in a temporary folder.
TEST = """
import subprocess

def test_it(tmp_path):
    (tmp_path / "params.yaml").write_text("profile: smoke\\n", encoding="utf-8")
    name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert (tmp_path / ".git").is_dir()
"""
HOOK = """#!/bin/sh
exec "{python}" -m pytest -q -p no:cacheprovider tests
"""


def test_a_hook_in_a_linked_worktree_changes_nothing_in_the_main_checkout(tmp_path):
    shared = {
        f"tests/{name}": (TESTS / name).read_text(encoding="utf-8")
        for name in ("conftest.py", "toy_git.py")
    }
    main = repository(tmp_path / "main", {
        **shared, "tests/test_it.py": TEST, "params.yaml": "profile: laptop\n",
        "pytest.ini": "[pytest]\npythonpath = tests\n", ".gitignore": "__pycache__/\n",
    })  # fmt: skip
    hook = main / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable), encoding="utf-8")
    hook.chmod(0o755)
    linked = tmp_path / "linked"
    git(main, "worktree", "add", "-q", "-b", "work", str(linked))
    before = (main / ".git" / "config").read_bytes(), git(main, "rev-parse", "HEAD")

    (linked / "new.txt").write_text("new\n", encoding="utf-8")
    git(linked, "add", "new.txt")
    modules = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-m", "new"],
        cwd=linked, capture_output=True, env={**os.environ, **modules},
    )  # fmt: skip

    assert done.returncode == 0, done
    assert b"1 passed" in done.stdout + done.stderr
    assert ((main / ".git" / "config").read_bytes(), git(main, "rev-parse", "HEAD")) == before
    assert git(main, "status", "--porcelain") == ""
    assert git(linked, "status", "--porcelain") == ""
    assert git(linked, "show", "--format=", "--name-only", "HEAD") == "new.txt\n"
