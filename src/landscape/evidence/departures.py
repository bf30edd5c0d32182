"""How far a run's settings are from the work's own, computed from its provenance.

What is called the work's own are the settings of the profile ``paper`` in force.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: Of a sweep only the networks of up to so many steps (``landscape run --most-steps``).
MOST_STEPS = "sweep.most_steps"
#: They say how often something is run or looked at, not what is run.
NOT_OF_THE_SCALE = ("seeds", "evaluations_per_epoch", "evaluation_samples")
_ABSENT = object()


def of_runs(runs: Mapping[str, dict], experiment: str, root: Any) -> tuple[list[str], bool]:
    """What differs from the work's settings, and whether the scale does.

    Args:
        runs: Provenance by run (method or case).
        experiment: Its id.
        root: The project's folder.

    Returns:
        One phrase a departure, e.g. ``epochs is 10 instead of 50``, with the run's name in front
        where the others do not share it; and True when any of them is more than a number of seeds
        or of evaluations, or another profile than ``paper``.
    """
    phrases: dict[str, list[str]] = {}
    reduced = False
    for run, item in sorted(runs.items()):
        found = _of_run(run, item, experiment, root, sorted(runs))
        reduced = reduced or any(key not in NOT_OF_THE_SCALE for key, _ in found)
        for _, phrase in found:
            phrases.setdefault(phrase, []).append(run)
    shared = [phrase for phrase, of in phrases.items() if len(of) == len(runs)]
    single = [f"{run}: {phrase}" for phrase, of in phrases.items() if phrase not in shared
              for run in of]  # fmt: skip
    return shared + single, reduced


def _of_run(
    run: str, item: dict, experiment: str, root: Any, cases: list[str]
) -> list[tuple[str, str]]:
    from landscape.experiments import catalogue, settings

    found = []
    if item["profile"] != "paper":
        found.append(("profile", f"the profile is {item['profile']} instead of paper"))
    kind = catalogue.get(experiment, root=root).kind
    if kind == "sweep":
        work = _flat(settings.method_settings(experiment, run, "paper", root))
        ours = _flat(item["parameters"])
    elif kind == "simulate":
        work = _flat(settings.resolved(experiment, "paper", root), cases, run)
        ours = _flat(item["parameters"], cases, run)
    else:
        work = _of_the_work(run, experiment, root)
        ours = _defaults() | _flat(item["parameters"]) | {"seeds": len(item["seeds"])}
    for key in [*work, *(key for key in ours if key not in work)]:
        theirs, mine = work.get(key, _ABSENT), ours.get(key, _ABSENT)
        if theirs != mine:
            found.append((key, _phrase(key, mine, theirs)))
    return found


def _of_the_work(run: str, experiment: str, root: Any) -> dict[str, Any]:
    from landscape.experiments import catalogue

    runs = catalogue.grid_runs(experiment, run, "paper", root)
    spec, point = runs[0]
    work = _defaults() | _plain(spec)
    if point:
        work["grid"] = list({str(at): at for _, at in runs}.values())
    work.pop("seed")
    return work | {"seeds": len({spec.seed for spec, _ in runs})}


def _defaults() -> dict[str, Any]:
    """What a run does where its provenance is older than the setting."""
    from landscape.train.spec import RunSpec

    defaults = _plain(RunSpec(experiment="", method="", seed=0, model="", optimizer=""))
    return {key: value for key, value in defaults.items() if value != "" and key != "seed"}


def _plain(spec: Any) -> dict[str, Any]:
    return _flat(json.loads(json.dumps(spec.as_dict())))


def _phrase(key: str, mine: Any, theirs: Any) -> str:
    if key == "seeds":
        return f"{mine} runs instead of {theirs}"
    if key == MOST_STEPS and theirs is _ABSENT:
        return f"only the networks of up to {mine:,} steps"
    shown = ["not set" if v is _ABSENT else "none" if v is None else v for v in (mine, theirs)]
    return f"{key} is {shown[0]} instead of {shown[1]}"


def _flat(settings: Any, cases: list[str] = (), case: str = "", prefix: str = "") -> dict[str, Any]:
    """Dotted keys; of a mapping from cases to values only the case's own entry."""
    found: dict[str, Any] = {}
    own = bool(cases) and set(settings) <= set(cases)
    for key, value in settings.items():
        if own and key != case:
            continue
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            found |= _flat(value, cases, case, f"{name}.")
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found
