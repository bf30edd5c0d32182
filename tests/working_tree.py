"""The project's files as they are now, committed or not."""

import shutil
from pathlib import Path

from toy_git import git

ROOT = Path(__file__).resolve().parents[1]


def files(pattern: str = "*") -> list[Path]:
    """Paths below the root of all files that git would keep."""
    listed = git(
        ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern
    ).split("\0")
    return [Path(name) for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def copy(folder: Path, *patterns: str) -> Path:
    """A folder with these files (git's path specifications; all by default)."""
    for pattern in patterns or ("*",):
        for name in files(pattern):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder
