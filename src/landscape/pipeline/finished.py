"""Finished runs are taken as they are where nothing that they depend on has changed.

DVC forgets what is finished when its lock is lost, and runs the stage again: hours at laptop scale,
days at the works' own. The provenance beside a result therefore says what it was made from (the
digest of the run's manifest, ``pipeline.inputs``) and which bytes it has (``files``); where both
still hold, a second execution could only give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from landscape.experiments import catalogue, seal, settings
from landscape.pipeline.inputs import Inputs, text
from landscape.train import provenance


def digest(
    run_id: str,
    profile: str,
    root: Path,
    seeds: int | None = None,
    most_steps: int | None = None,
) -> str | None:
    """SHA-256 of what a run is made from now; None for a project without the package's source.

    Args:
        run_id: ``<part>/<experiment>/<run>``.
        profile: smoke, laptop or paper.
        root: The project's folder.
        seeds: Only the first so many seeds are run.
        most_steps: Of a sweep only the networks of up to so many steps.

    Raises:
        LandscapeError: There is no such run, or its settings cannot be right.
    """
    if not (Path(root) / "src" / "landscape").is_dir():
        return None
    experiment, run = catalogue.of_run(run_id, root)
    manifest = text(Inputs(profile, root).run(experiment, run))
    words = f"{run_id} {profile} {'all' if seeds is None else seeds} seeds\n{manifest}"
    words += "" if most_steps is None else f"up to {most_steps} steps\n"
    return hashlib.sha256(words.encode()).hexdigest()


def is_there(
    folder: Path,
    run_id: str,
    profile: str,
    root: Path,
    seeds: int | None = None,
    most_steps: int | None = None,
) -> bool:
    """Whether a folder holds the finished result of a run, made from what it is made from now.

    Args:
        folder: The run's folder, with its provenance beside it.
        run_id: ``<part>/<experiment>/<run>``.
        profile: smoke, laptop or paper.
        root: The project's folder.
        seeds: Only the first so many seeds are wanted.
        most_steps: Of a sweep only the networks of up to so many steps are.

    Raises:
        LandscapeError: There is no such run, or its settings cannot be right.
    """
    # The digest takes a second; most questions are about what has never been run.
    if not folder.is_dir():
        return False
    return is_finished(folder, digest(run_id, profile, root, seeds, most_steps))


def first_seeds(
    folder: Path, run_id: str, profile: str, root: Path, seeds: int | None = None
) -> list[int]:
    """The seeds of a training run that are finished, where it is wanted with more of them.

    Args:
        folder: The run's folder, with its provenance beside it.
        run_id: ``<part>/<experiment>/<run>``.
        profile: smoke, laptop or paper.
        root: The project's folder.
        seeds: How many are wanted; None: all of the settings.

    Returns:
        ``[0, 1, ..]``; empty where none is there, where they were made from something else, and
        for a simulation or a sweep, whose seeds are no runs of their own.

    Raises:
        LandscapeError: There is no such run, or its settings cannot be right.
    """
    experiment, run = catalogue.of_run(run_id, root)
    if experiment.kind != "train":
        return []
    path = folder.with_name(f"{run}.provenance.json")
    try:
        there = json.loads(path.read_text(encoding="utf-8"))["seeds"]
        if there != list(range(len(there))):
            return []
    except (OSError, ValueError, KeyError, TypeError):
        return []
    wanted = settings.method_settings(experiment.id, run, profile, root)["run"]["seeds"]
    wanted = wanted if seeds is None else min(seeds, wanted)
    right = 0 < len(there) < wanted and is_there(folder, run_id, profile, root, len(there))
    return there if right else []


def is_finished(folder: Path, wanted: str | None) -> bool:
    """Whether a run's folder holds what its provenance says, made from ``wanted``.

    Results older than this digest, tables with other bytes and a provenance that cannot be read or
    was changed by hand count as unfinished.
    """
    path = folder.with_name(f"{folder.name}.provenance.json")
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        return (
            wanted is not None
            and seal.is_intact(noted)
            and noted["inputs"] == wanted
            and bool(noted["files"])
            and noted["files"] == provenance.checksums(folder)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
