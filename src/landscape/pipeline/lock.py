"""Mending ``dvc.lock``: after a merge with conflicts, and after a process was killed writing it.

The lock says of every stage which inputs its results were made from. Two branches that change two
pages conflict in it, because both change the stages that write down inputs, and the book. Such a
conflict is settled stage by stage: an entry that one side changed is taken from that side; one
that both changed is taken from the side whose outputs lie in the tree, or left out, so that the
stage runs again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError
from landscape.files import write_text

LOCK, GOOD = "dvc.lock", Path("logs") / "dvc.lock.good"


def merge(root: Path) -> str:
    """Settle a conflicted lock from the three versions that git keeps; returns what was done.

    Raises:
        LandscapeError: No merge is under way, or git cannot be asked.
    """
    versions = [_version(root, number) for number in (1, 2, 3)]
    if versions[1] is None or versions[2] is None:
        raise LandscapeError(f"{LOCK} has no conflict; there is nothing to merge.")
    base, ours, theirs = (v or {} for v in versions)
    stages, dropped = settle(base, ours, theirs, lambda entry: _lies_there(root, entry))
    _write(root, stages)
    _git(root, "add", LOCK)
    repeated = f"; {len(dropped)} stages run again: {', '.join(dropped)}" if dropped else ""
    return f"{LOCK} merged, {len(stages)} stages{repeated}."


def settle(
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    lies_there: Callable[[Any], bool],
) -> tuple[dict[str, Any], list[str]]:
    """The merged entries, and the names of those that were left out.

    Args:
        base: Stage name -> entry, where the branches parted.
        ours: The same on this branch.
        theirs: The same on the other.
        lies_there: Whether an entry's outputs are what lies in the tree.
    """
    merged, dropped = {}, []
    for name in sorted({*base, *ours, *theirs}):
        before, one, other = base.get(name), ours.get(name), theirs.get(name)
        if one == other or other == before:
            chosen = one
        elif one == before:
            chosen = other
        else:
            chosen = next((e for e in (one, other) if e is not None and lies_there(e)), None)
            if chosen is None:
                dropped.append(name)
        if chosen is not None:
            merged[name] = chosen
    return merged, dropped


def mend(root: Path) -> str:
    """Keep a copy of a lock that can be read; put the copy back where the lock cannot.

    Returns:
        What was done, "" when the lock was fine.

    Raises:
        LandscapeError: The lock is in conflict, or unreadable and there is no copy.
    """
    lock, good = Path(root) / LOCK, Path(root) / GOOD
    text = lock.read_text(encoding="utf-8", errors="replace") if lock.is_file() else ""
    if "<<<<<<< " in text:
        raise LandscapeError(
            f"{LOCK} is in conflict after a merge; run `landscape lock merge`, then `make book`."
        )
    if _parsed(text) is not None:
        good.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lock, good)
        return ""
    if not good.is_file():
        raise LandscapeError(f"{LOCK} cannot be read; `git checkout {LOCK}` brings it back.")
    shutil.copyfile(good, lock)
    return f"{LOCK} was cut off and has been put back as it was before the last command."


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    stages = content.get("stages") if isinstance(content, dict) else None
    return stages if isinstance(stages, dict) else None


def _version(root: Path, number: int) -> dict[str, Any] | None:
    done = _git(root, "show", f":{number}:{LOCK}", check=False)
    return _parsed(done.stdout) if done.returncode == 0 else None


def _write(root: Path, stages: dict[str, Any]) -> None:
    content = {"schema": "2.0", "stages": stages}
    write_text(Path(root) / LOCK, yaml.safe_dump(content, sort_keys=False, width=1000))


def _git(root: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if check and done.returncode:
        raise LandscapeError(f"git {arguments[0]} failed: {done.stderr.strip().splitlines()[0]}")
    return done


def _lies_there(root: Path, entry: dict[str, Any]) -> bool:
    outs = entry.get("outs") or []
    return bool(outs) and all(_md5(Path(root) / out["path"]) == out.get("md5") for out in outs)


def _md5(path: Path) -> str | None:
    """As DVC counts: a file's bytes; a folder's sorted list of files with theirs."""
    if path.is_file():
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if not path.is_dir():
        return None
    listed = [{"md5": _md5(file), "relpath": file.relative_to(path).as_posix()}
              for file in sorted(path.rglob("*")) if file.is_file()]  # fmt: skip
    listed.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(listed, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
