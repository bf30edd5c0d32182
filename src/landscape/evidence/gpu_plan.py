"""What a GPU that one has for a quarter of an hour should do first.

The queue holds the trained and swept experiments that have no record at the work's own scale, and
simulations whose settings say ``gpu: true``; ``gpu: false`` keeps an experiment out. Pages come in
the order of the verdicts that their runs can decide per second, so that a short loan decides as
much as it can; what nothing is known about comes last.

A sweep would begin with its longest networks and end with none. It stands in the queue in portions,
the networks of up to so many steps, each holding those before it (``evidence.sweep_reach``); the
largest that is there counts, and none is worth a process that takes less than ``WORTH`` seconds
while a larger one waits. A portion decides as large a part of the claims as it has of the
networks.

Before a card has timed anything, a guess orders the queue: what a core was measured to take, over
``FASTER`` and no less than ``LEAST`` seconds a step. It plans (``landscape gpu --dry-run``) and
says which runs the self-test tries first; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from landscape.data.store import data_root
from landscape.errors import LandscapeError
from landscape.evidence import judge, paper_costs, records, sweep_reach
from landscape.experiments import catalogue
from landscape.project import pages

WORTH = 20.0
#: A card's speed in a core's: assumed, from peaks and bandwidths, for convolutions and products in
#: 16 bits. A row of the costs may have a number of its own, ``faster``.
FASTER = 1000.0
#: Seconds that starting a step's operations takes, assumed.
LEAST = 2e-3


@dataclass(frozen=True)
class Planned:
    """One run of the queue: all seeds of a method.

    Attributes:
        run: ``<part>/<experiment>/<method>``.
        decides: Claims that vote and are not decided at the work's scale, on all pages that read
            the experiment.
        seconds: What all seeds would take one after the other; None when nothing is known.
        value: Claims decided per second by all waiting runs of the experiment.
        most_steps: Of a sweep only the networks of up to so many steps; None: all.
        share: The part of a sweep's networks that these are.
        guessed: Whether the seconds are a guess.
    """

    run: str
    decides: int
    seconds: float | None
    value: float
    most_steps: int | None = None
    share: float = 1.0
    guessed: bool = False

    @property
    def experiment(self) -> str:
        """The experiment's id."""
        return self.run.split("/")[1]


def waiting(root: Path) -> list[catalogue.Experiment]:
    """What the queue takes and has no record at the work's own scale, in the book's order.

    Those that need a data set which is fetched only by name wait where it has been.
    """
    return [
        experiment
        for experiment in catalogue.experiments(root)
        if experiment.gpu
        and all((data_root() / name).is_dir() for name in experiment.needs)
        and records.newest(experiment.id, root, "paper") is None
    ]


def undecided(experiment: str, root: Path, profile: str = "laptop") -> int:
    """Claims that vote and are not decided at the work's scale, where the experiment is read.

    A page reads an experiment that its ``figure.py`` or its own settings name; of what is made by
    name only, and not read for that alone, its ``figure.py``.
    """
    number, by_name = 0, catalogue.get(experiment, root=root).by_name
    for page in pages(root):
        folder = page.path.parent
        texts = [path.read_text(encoding="utf-8")
                 for name in ("figure.py", *(() if by_name else ("settings.yaml",)))
                 if (path := folder / name).is_file()]  # fmt: skip
        verdict = root / "verdicts" / profile / f"{page.item}.json"
        if not any(experiment in text for text in texts) or not verdict.is_file():
            continue
        voting = [claim for claim in judge.read(verdict)["claims"] if claim["role"] == "main"]
        number += sum(claim["verdict"]["scale"] == "small" for claim in voting)
    return number


def known_seconds(root: Path) -> dict[str, float]:
    """``<experiment>/<method>`` to seconds on a GPU, from the newest measured costs."""
    return {
        f"{row['experiment']}/{row['method']}": 3600 * row["runs"] * row["hours"]
        for content in paper_costs.newest(root)
        if content["machine"]["device"] == "cuda"
        for row in content["rows"]
    }


def guessed(root: Path) -> dict[str, dict[str, float]]:
    """``<experiment>/<method>`` to guesses for a card, from the newest costs on a CPU.

    ``step`` and ``evaluation`` are seconds of a step and of a thousand evaluated samples,
    ``seconds`` those of all runs one after the other.
    """
    found = {}
    for content in paper_costs.newest(root):
        for row in content["rows"] if content["machine"]["device"] == "cpu" else ():
            step, thousand = (max(row[name] / row.get("faster", FASTER), LEAST)
                              for name in ("step_seconds", "evaluation_seconds"))  # fmt: skip
            whole = row["steps"] * step + row["rows"] * row["evaluated"] / 1000 * thousand
            found[f"{row['experiment']}/{row['method']}"] = {
                "step": step, "evaluation": thousand, "seconds": row["runs"] * whole,
            }  # fmt: skip
    return found


def plan(
    root: Path,
    seconds: Mapping[str, float] | None = None,
    steps: Mapping[str, tuple[float, float]] | None = None,
    profile: str = "paper",
    *,
    guess: bool = False,
    only: Sequence[str] = (),
) -> list[Planned]:
    """The queue, most decided per second first.

    Args:
        root: The project's folder.
        seconds: ``<part>/<experiment>/<method>`` to what all its seeds take, as measured on this
            machine; the records of costs fill in what is missing.
        steps: Of sweeps, to the seconds of a step and of a thousand evaluated samples.
        profile: Whose networks a sweep has.
        guess: Whether guesses fill in what nobody has measured on a card.
        only: Experiments; none: all that wait.

    Raises:
        LandscapeError: One of ``only`` does not wait.
    """
    given, recorded = seconds or {}, known_seconds(root)
    guesses = guessed(root) if guess else {}
    waits = waiting(root)
    for name in only:
        if name not in [experiment.id for experiment in waits]:
            raise LandscapeError(
                f"{name} does not wait for a GPU; `landscape gpu --dry-run` shows what does."
            )
    queue = []
    for experiment in waits:
        if only and experiment.id not in only:
            continue
        decides = undecided(experiment.id, root)
        if experiment.kind == "sweep":
            queue += _portions(experiment, decides, steps or {}, guesses, root, profile)
            continue
        names = [f"{experiment.part}/{experiment.id}/{run}" for run in experiment.runs]
        costs = {name: given.get(name, recorded.get(name.partition("/")[2])) for name in names}
        short = {name: name.partition("/")[2] for name in names}
        guess_of = {name: guesses[short[name]]["seconds"] for name in names
                    if costs[name] is None and short[name] in guesses}  # fmt: skip
        costs |= guess_of
        complete = all(cost is not None for cost in costs.values())
        total = sum(cost for cost in costs.values() if cost is not None)
        value = decides / total if complete and total > 0 else 0.0
        queue += [Planned(name, decides, costs[name], value, guessed=name in guess_of)
                  for name in names]  # fmt: skip
    # sorted() is stable: of equals, the book's order stays, and an experiment's runs stay together.
    return sorted(queue, key=lambda one: (-one.value, one.seconds is None, -one.decides))


def _portions(
    experiment: catalogue.Experiment,
    decides: int,
    steps: Mapping[str, tuple[float, float]],
    guesses: Mapping[str, Mapping[str, float]],
    root: Path,
    profile: str,
) -> list[Planned]:
    """A sweep's portions; the whole, without a time, where nothing is known."""
    found = []
    for run in experiment.runs:
        name = experiment.run_id(run)
        known = steps.get(name) or sweep_reach.measured(root, experiment.id, run, "cuda")
        guess = guesses.get(f"{experiment.id}/{run}") if known is None else None
        if guess is not None:
            known = guess["step"], guess["evaluation"]
        if known is None:
            found.append(Planned(name, decides, None, 0.0))
            continue
        frame = sweep_reach.networks(experiment.id, root, [run], profile)
        for one in sweep_reach.portions(sweep_reach.with_seconds(frame, *known[:2])):
            if one.seconds < WORTH and one.most_steps is not None:
                continue
            value = decides * one.share / len(experiment.runs) / max(one.seconds, 1e-9)
            found.append(Planned(name, decides, one.seconds, value, one.most_steps, one.share,
                                 guess is not None))  # fmt: skip
    return found


def within(
    queue: list[Planned], seconds: float, slack: float
) -> tuple[list[tuple[float, Planned]], Planned | None]:
    """What so many seconds are enough for, as ``landscape gpu`` takes it.

    Args:
        queue: Of ``plan``.
        seconds: That are there.
        slack: A run fits when so many times its estimate is left.

    Returns:
        When each run begins, and the one that gets the time that is left.
    """
    clock, found, rest = 0.0, [], None
    for one in queue:
        if one.seconds is None or slack * one.seconds > seconds - clock:
            rest = rest or one
            continue
        found.append((clock, one))
        clock += one.seconds
    return found, rest


def table(queue: list[Planned]) -> str:
    """The plan as text, with the seconds that add up; ``~`` marks a guess."""
    lines, clock = [f"{'starts':>8} {'takes':>8}  decides  run"], 0.0
    for one in queue:
        takes = "?" if one.seconds is None else f"{'~' * one.guessed}{one.seconds:.0f} s"
        lines.append(f"{clock:>6.0f} s {takes:>8}  {one.decides:>7}  {named(one)}")
        clock += one.seconds or 0.0
    return "\n".join(lines)


def named(one: Planned) -> str:
    """A run, and of a sweep's portion what is in it."""
    return one.run + ("" if one.most_steps is None else (
        f", networks of up to {one.most_steps:,} steps ({100 * one.share:.0f} %)"))  # fmt: skip
