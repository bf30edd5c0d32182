"""Small git repositories for tests, whatever the user's own git is set up to do."""

import os
import subprocess
from pathlib import Path

_SETTINGS = {
    "user.name": "test",
    "user.email": "test@example.org",
    "commit.gpgsign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": "",
    "init.defaultBranch": "main",
    "init.templateDir": "",
    "safe.directory": "*",
}


def forget_repository() -> None:
    """Drop git's variables from this process and those that it starts.

    A hook has GIT_DIR and GIT_INDEX_FILE set. In tests that a hook runs, `git init` in a temporary
    folder would then work on the checkout of whoever commits.
    """
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]


def git(folder: Path, *arguments: str, settings: dict[str, str] | None = None) -> str:
    """What git prints in this folder; an error of git is an error of the test."""
    pairs = (_SETTINGS | (settings or {})).items()
    options = [word for key, value in pairs for word in ("-c", f"{key}={value}")]
    done = subprocess.run(
        ["git", *options, *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A new repository with these files in one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return folder
