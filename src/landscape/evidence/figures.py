"""A page's ``figure.py``: what it measures and what it says was found.

::

    def measure(runs) -> dict         # {"c1": Measurement | {"part": Measurement}}, by short ids
    def finding(found) -> str         # one sentence, computed; found["c1"], found["c1.part"]
    def draw_...(...) -> Figure       # what the page draws
"""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from landscape.errors import LandscapeError
from landscape.evidence import artifacts
from landscape.evidence.claims import Claims
from landscape.evidence.measurement import Measurement
from landscape.evidence.runs import Runs
from landscape.evidence.verdicts import Evidence, Judged, Verdict

#: A full stop, a space, a capital: a second sentence begins, unless an abbreviation ended there.
_SECOND = re.compile(r"(?<!\bet al)(?<!\bvs)(?<!\bFig)(?<!\bEq)(?<!\bSec)[.!?]\s+[A-Z]")


class FigureError(LandscapeError):
    """A page's ``figure.py`` is missing, or returns something else than it has to."""


class Found(dict[str, Judged]):
    """Judged claims by id (``c1``) and their parts (``c1.area``), with the whole's ``verdict``."""

    def __init__(self, judged: list[Judged], verdict: Verdict) -> None:
        super().__init__((item.claim.id, item) for item in judged)
        for item in judged:
            self.update((f"{item.claim.id}.{part.claim.id}", part) for part in item.parts)
        self.verdict = verdict


def load(page: str, root: str | Path) -> ModuleType:
    """Run a page's ``figure.py`` as a module of its own and return it.

    Args:
        page: The page's name, e.g. ``thesis-fig-2-3``.
        root: The project's folder; two checkouts do not share the module.

    Raises:
        FigureError: There is no such file, it is not valid Python, or it raises something.
    """
    folder = artifacts.page_folder(page, root)
    if folder is None:
        raise FigureError(f"The book has no page {page!r}: make book/<part>/{page}/page.md.")
    path = (folder / "figure.py").resolve()
    if not path.is_file():
        raise FigureError(
            f"{_named(page, root)} is missing: write it with `measure(runs)` and `finding(found)` "
            "(see landscape.evidence.figures)."
        )
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"landscape_figure_{re.sub(r'[^0-9A-Za-z]', '_', folder.name)}_{digest}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and worker processes look a module up by its name
    try:
        # Compiled here, so that no __pycache__ appears in the page's folder.
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)
    except SyntaxError as error:
        del sys.modules[name]
        line = "" if error.lineno is None else f" line {error.lineno}"
        raise FigureError(
            f"{_named(page, root)}{line} is not valid Python: {error.msg}."
        ) from error
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, LandscapeError | KeyboardInterrupt):
            raise
        raise _raised(error, path, _named(page, root), "it") from error
    return module


def measure(figure: ModuleType, runs: Runs, claims: Claims, where: str) -> dict[str, Evidence]:
    """Call ``figure.measure`` and check what it returns.

    Args:
        figure: The module.
        runs: What it reads.
        claims: The claims that it may measure.
        where: The file's name for the sentence, e.g. ``book/<part>/<page>/figure.py``.

    Raises:
        FigureError: There is no such function, or it returns unknown ids or other things than
            Measurements.
    """
    function = _function(figure, "measure", where)
    try:
        found = function(runs)
    except (ValueError, LookupError) as error:  # a table with other rows or columns
        if isinstance(error, LandscapeError):
            raise
        raise FigureError(
            f"{where}: measure() cannot use the results ({type(error).__name__}: "
            f"{' '.join(str(error).split())}); make the runs again, or mend measure()."
        ) from error
    except LandscapeError:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(error, getattr(figure, "__file__", ""), where, "measure()") from error
    if not isinstance(found, Mapping):
        raise FigureError(f"{where}: measure() returned {_kind(found)}; it must return a "
                          "dictionary of claim ids and Measurements.")  # fmt: skip
    for identifier, given in found.items():
        if identifier not in claims.ids:
            raise FigureError(f"{where}: measure() returned {identifier!r}, which is no claim of "
                              f"{claims.artifact}; it has {', '.join(claims.ids)}.")  # fmt: skip
        _check_shape(identifier, given, [part.id for part in claims[identifier].parts], where)
    return dict(found)


def finding(figure: ModuleType, found: Found, where: str) -> str:
    """Call ``figure.finding``; its sentence, without line breaks.

    Raises FigureError when there is no such function or it does not return one sentence.
    """
    function = _function(figure, "finding", where)
    try:
        text = function(found)
    except LandscapeError:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(error, getattr(figure, "__file__", ""), where, "finding()") from error
    if not isinstance(text, str) or not text.strip():
        raise FigureError(f"{where}: finding() returned {_kind(text)}; it must return a sentence.")
    text = " ".join(text.split())
    if text[-1] not in ".!?" or _SECOND.search(text[:-1]):
        raise FigureError(f"{where}: finding() must return one sentence with a full stop at its "
                          f"end, not {text!r}.")  # fmt: skip
    return text


def _check_shape(identifier: str, given: object, parts: list[str], where: str) -> None:
    if isinstance(given, Measurement):
        if parts and given.finite:
            raise FigureError(f"{where}: {identifier} has parts; measure() must return a "
                              f"dictionary of {', '.join(parts)}.")  # fmt: skip
        return
    if not parts or not isinstance(given, Mapping):
        wanted = "a dictionary of Measurements" if parts else "a Measurement"
        raise FigureError(f"{where}: measure() returned {_kind(given)} for {identifier}; it must "
                          f"be {wanted}.")  # fmt: skip
    for key, value in given.items():
        if key not in parts:
            raise FigureError(f"{where}: measure() returned {identifier}.{key}; {identifier} has "
                              f"the parts {', '.join(parts)}.")  # fmt: skip
        if not isinstance(value, Measurement):
            raise FigureError(f"{where}: measure() returned {_kind(value)} for {identifier}.{key}; "
                              "it must be a Measurement.")  # fmt: skip


def _function(figure: ModuleType, name: str, where: str):
    found = getattr(figure, name, None)
    if not callable(found):
        raise FigureError(f"{where} has no function {name}(): add it (see "
                          "landscape.evidence.figures).")  # fmt: skip
    return found


def _raised(error: BaseException, path: str | Path, where: str, what: str) -> FigureError:
    """Where in ``figure.py`` something was raised, and where below it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(path)]
    line = f" line {own[-1]}" if own else ""
    last = frames[-1] if frames else None
    below = "" if last is None or last.filename == str(path) else (
        f" in {Path(last.filename).name} line {last.lineno}")  # fmt: skip
    message = " ".join(str(error).split())
    said = f"{type(error).__name__}{f' ({message})' if message else ''}{below}"
    return FigureError(f"{where}{line}: {what} raised {said}; mend it there.")


def _kind(value: object) -> str:
    return "nothing" if value is None else "an empty text" if value == "" else type(value).__name__


def _named(page: str, root: str | Path) -> str:
    folder = artifacts.page_folder(page, root)
    return f"book/{folder.parent.name}/{folder.name}/figure.py"
