"""The command line: ``landscape ...`` or ``python -m landscape ...``.

Every command prints one sentence and exits with status 1 when it is asked for something it cannot
do; a traceback means a bug. torch is only imported by commands that train.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from landscape.errors import LandscapeError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        options.run(options)
    except LandscapeError as error:
        _say(error)
        return 1
    except KeyboardInterrupt:
        print("landscape: interrupted; the same command continues from the last checkpoint.",
              file=sys.stderr)
        return 130
    return 0


def _say(error: LandscapeError) -> None:
    """Print the sentence, once for all processes that torchrun has started."""
    from landscape.train import distributed

    # Which process is lost is not known, so that all that remain speak.
    if distributed.world().speaks or isinstance(error, distributed.LostReplica):
        print(f"landscape: {error}", file=sys.stderr, flush=True)
    else:
        time.sleep(1)  # torchrun ends all processes when the first one fails: let process 0 speak


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landscape", description="Wide Valleys: runs, results and pages of the book."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, function, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=function)
        return sub

    def profile(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--profile", help="smoke, laptop or paper (default: the one in params.yaml)"
        )

    sub = command("fetch", _fetch, "download the data sets and check their bytes")
    sub.add_argument("names", nargs="*", help="data sets (default: mnist cifar10 text)")
    sub.add_argument("--mirror", help="folder that holds the raw files (also LANDSCAPE_MIRROR)")
    sub.add_argument("--destination", help="where to put them (default: the project's downloads)")

    sub = command("list", _list, "name the experiments and say which have results")
    profile(sub)

    sub = command("show", _show, "print an experiment's settings, each with its source")
    sub.add_argument("experiment")
    profile(sub)

    sub = command("train", _train, "train an experiment's methods and write their CSVs; with "
                  "`torchrun --nproc-per-node N -m landscape` one replica a process")
    sub.add_argument("experiment")
    sub.add_argument("--method", action="append", help="one method (default: all)")
    profile(sub)
    sub.add_argument("--workers", type=int, help="worker processes (default: one a core)")
    sub.add_argument("--seeds", type=int, help="only the first so many seeds")
    sub.add_argument("--output", type=Path, help="another folder for the CSV and its provenance")

    sub = command("simulate", _simulate, "run an experiment's simulations and write their CSVs")
    sub.add_argument("experiment")
    sub.add_argument("--case", action="append", help="one case (default: all)")
    profile(sub)
    sub.add_argument("--workers", type=int, help="worker processes (default: one a core)")
    sub.add_argument("--output", type=Path, help="another folder for the CSVs")

    sub = command("analyse", _analyse, "summarise an experiment's finished simulations")
    sub.add_argument("experiment")
    profile(sub)

    sub = command("record", _record, "publish finished results as a record under records/")
    sub.add_argument("experiment")
    sub.add_argument("--source", type=Path,
                     help="folder with runs and provenance (default: the results in profile paper)")
    sub.add_argument("--title", required=True, help="one line saying what was run")
    sub.add_argument("--differs", action="append", default=[],
                     help="a departure from the work beside the settings that differ, which are "
                     "found by themselves (may be given again)")
    sub.add_argument("--suffix", default="", help="tells a second record of a day apart, e.g. b")

    sub = command("judge", _judge, "measure one figure or table and write its verdict")
    sub.add_argument("artifact")
    profile(sub)

    sub = command("notebook", _notebook, "execute one page's notebook")
    sub.add_argument("artifact")
    profile(sub)
    sub.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
                     help="set a parameter of the notebook (may be given again)")

    sub = command("scorecard", _scorecard, "collect all verdicts into scorecard.json")
    profile(sub)

    sub = command("book", _book, "build the HTML book from the executed notebooks")
    profile(sub)
    sub.add_argument("--locate", action="store_true", help="only say where the built book is")

    sub = command("clean", _clean, "delete checkpoints, logs and the built book")
    sub.add_argument("--data", action="store_true", help="also delete downloads/ and data/")
    return parser


def _where(options: argparse.Namespace) -> tuple[Path, str]:
    from landscape.experiments import settings

    root = settings.find_root()
    if options.profile is None:
        return root, settings.current_profile(root)
    return root, settings.check_profile(options.profile)


def _fetch(options: argparse.Namespace) -> None:
    from landscape import data

    data.fetch(
        destination=options.destination, names=options.names or None, mirror=options.mirror
    )


def _list(options: argparse.Namespace) -> None:
    from landscape.experiments import catalogue

    root, profile = _where(options)
    print(f"profile {profile}")
    for experiment in catalogue.experiments():
        done = [path.is_file() for path in experiment.outputs(profile, root)]
        state = "results" if all(done) else "partly" if any(done) else "not run"
        print(f"  {experiment.id:28} {state:8} {experiment.title}")
        print(f"  {'':28} {'':8} {experiment.kind}: {', '.join(experiment.runs)}")


def _show(options: argparse.Namespace) -> None:
    from landscape.experiments import settings

    root, profile = _where(options)
    rows = settings.resolve(options.experiment, profile, root)
    print(f"{options.experiment}, profile {profile} (* = differs from the work)")
    width = max(len(row.key) for row in rows)
    for row in rows:
        shown = f"{row.value} (work: {row.paper})" if row.changed else f"{row.value}"
        print(f"{'*' if row.changed else ' '} {row.key:{width}} = {shown:32} {row.source}")


def _train(options: argparse.Namespace) -> None:
    from landscape.experiments import catalogue, execute
    from landscape.train import distributed

    world = distributed.world()
    if world.size > 1:
        from landscape.train import device

        # First of all, so that the processes are at the same place when something is refused.
        distributed.join(device.pick())
    root, profile = _where(options)
    experiment = catalogue.get(options.experiment, kind="train")
    for method in options.method or experiment.runs:
        path = execute.train(
            experiment.id, method, profile, root=root, output=options.output,
            workers=options.workers, seeds=options.seeds,
        )
        if world.speaks:
            print(f"wrote {path}")
    distributed.leave()


def _simulate(options: argparse.Namespace) -> None:
    from landscape.experiments import catalogue, execute

    root, profile = _where(options)
    experiment = catalogue.get(options.experiment, kind="simulate")
    for case in options.case or experiment.runs:
        for path in execute.simulate(
            experiment.id, case, profile, root=root, output=options.output,
            workers=options.workers,
        ):
            print(f"wrote {path}")


def _analyse(options: argparse.Namespace) -> None:
    from landscape.experiments import execute

    root, profile = _where(options)
    print(f"wrote {execute.analyse(options.experiment, profile, root=root)}")


def _record(options: argparse.Namespace) -> None:
    from landscape.experiments import settings
    from landscape.evidence import records

    folder = records.publish(
        options.experiment, options.source, title=options.title, differs=options.differs,
        root=settings.find_root(), suffix=options.suffix,
    )
    print(f"wrote {folder}")


def _judge(options: argparse.Namespace) -> None:
    from landscape.evidence import judge

    root, profile = _where(options)
    print(f"wrote {judge.judge(options.artifact, profile, root)}")


def _notebook(options: argparse.Namespace) -> None:
    import yaml

    from landscape.book import notebook

    root, profile = _where(options)
    parameters = {}
    for text in options.parameter:
        name, mark, value = text.partition("=")
        if not mark:
            raise LandscapeError(f"{text!r} is not a parameter; write it as NAME=VALUE.")
        parameters[name] = yaml.safe_load(value)
    print(f"wrote {notebook.run(options.artifact, profile, root, parameters)}")


def _scorecard(options: argparse.Namespace) -> None:
    from landscape.evidence import scorecard

    root, profile = _where(options)
    print(f"wrote {scorecard.write(profile, root)}")


def _book(options: argparse.Namespace) -> None:
    from landscape.book import build as book

    root, profile = _where(options)
    built = root / "book" / "_build" / "html" / "index.html"
    if not options.locate:
        built = book.build(profile, root)
    elif not built.is_file():
        raise LandscapeError(f"{built} does not exist yet; `make book` builds it.")
    print(f"The book is at {built}")


def _clean(options: argparse.Namespace) -> None:
    from landscape.experiments import settings

    root = settings.find_root()
    names = ["checkpoints", "logs", "book/_build", "book/executed"]
    names += ["downloads", "data"] if options.data else []
    for name in names:
        if (root / name).exists():
            shutil.rmtree(root / name)
            print(f"deleted {name}/")


if __name__ == "__main__":
    sys.exit(main())
