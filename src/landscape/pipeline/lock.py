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
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from landscape.errors import LandscapeError
from landscape.files import write_text

LOCK, GOOD = "dvc.lock", Path("logs") / "dvc.lock.good"
PAUSE = 1.0  # seconds after which a lock that is being written has been written


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
    """Keep a copy of a lock that is whole; put the copy back where the lock is not.

    DVC empties the file before it writes it, stage after stage in the order of the lock before.
    Most places at which a kill cuts it off leave valid YAML; so that a lock also counts as cut off
    where its last stage is incomplete, and where its stages are the first ones of the copy's and it
    is not the lock that git holds.

    Returns:
        What was done, "" when the lock was fine.

    Raises:
        LandscapeError: The lock is in conflict, or cut off and there is no copy.
    """
    good = Path(root) / GOOD
    kept = _text(good)
    text = _text(Path(root) / LOCK)
    if _is_cut(text, kept, root):
        time.sleep(PAUSE)
        text = _text(Path(root) / LOCK)
    if "<<<<<<< " in text:
        raise LandscapeError(
            f"{LOCK} is in conflict after a merge; run `landscape lock merge`, then `make book`."
        )
    if not _is_cut(text, kept, root):
        if text != kept:
            write_text(good, text)
        return ""
    if not _is_whole(kept):
        raise LandscapeError(f"{LOCK} is cut off; `git checkout {LOCK}` brings it back.")
    write_text(Path(root) / LOCK, kept)
    return f"{LOCK} was cut off and has been put back as it was before the last command."


def _is_cut(text: str, kept: str, root: Path) -> bool:
    """Whether a lock lacks its end, as far as it and the copy of an earlier one tell."""
    if not _is_whole(text):
        return True
    names, known = list(_parsed(text) or {}), list(_parsed(kept) or {})
    if len(names) >= len(known) or names != known[: len(names)]:
        return False
    committed = _git(root, "show", f"HEAD:{LOCK}", check=False)
    return committed.returncode != 0 or committed.stdout != text


def _is_whole(text: str) -> bool:
    """Whether every stage has its command, and every input and output its digest."""
    stages = _parsed(text)
    if stages is None or not text.endswith("\n"):
        return False
    for entry in stages.values():
        if not isinstance(entry, dict) or not entry.get("cmd") or not entry.get("outs"):
            return False
        items = [*(entry.get("deps") or ()), *entry["outs"]]
        if not all(isinstance(item, dict) and item.get("md5") for item in items):
            return False
    return True


def _text(path: Path) -> str:
    """The file's text; "" where there is none."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


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
    command = ["git", *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False
        )
    except OSError as error:  # not installed
        done = subprocess.CompletedProcess(command, 127, "", str(error))
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
