"""What a figure or table claims, read from ``book/<part>/<artifact>/claims.yaml``.

The format, with every key::

    paper_values:                        # numbers printed in the work; left out when there are none
      anneal:                            # key, used by `paper:` below
        what: final validation error, AnnealSGD
        value: 2.48
        err: null                        # a number (the work's own +-), null = unstated, or `exact`
        unit: "%"
        where: section 2.4.3
      adam: {what: "final validation error, Adam", value: 2.92, err: null, unit: "%"}
      gain:                              # computed: first minus second, errors added in quadrature
        what: AnnealSGD minus Adam
        difference_of: [anneal, adam]
    claims:
      - id: c3                           # the full id, thesis-fig-2-3-c3, is derived
        text: The claim in our own words, one sentence (Markdown, $math$).
        measured: What is measured for it and in which direction, one sentence.   # optional
        rule: near                       # holds | below | above | near | all
        paper: gain                      # paper value key, or list of keys (shown; `near` compares)
        stated: "words of the paper column when there is no number"               # optional
        tolerance: 0.1                   # `holds`: largest violation allowed; `near`: added to err
        resolution: 0.5                  # `near`, optional: a half-width above this decides nothing
                                         # `target: 0` lets `near` compare with a number of the
                                         # claim ("within 0.1 of each other") instead of `paper`
      - id: c1
        text: Another claim.
        rule: below                      # whole interval below `threshold` -> reproduced
        threshold: 0
        stochastic: true                 # default: true for below, above, near; false for holds
        role: main                       # main (default) | control: shown, does not vote
        scale_free: false                # default: not stochastic. true: the size of our runs does
                                         # not matter (mathematics, the work's own size)
        chosen: after the deep network's record was seen     # absent: committed before the runs
        unstated: initialisation         # a setting that decides this and that the work leaves
                                         # open: what contradicts then says "under our reading"
      - id: c4
        text: A claim with parts.
        rule: all                        # every part is judged by its own rule
        parts:                           # inherit scale_free, chosen and unstated, not role
          - {key: error, text: first half of it, rule: near, paper: gain, tolerance: 0.05}
          - {key: speed, text: second half, rule: above, threshold: 1, role: control}

A stochastic rule demands two or more independent runs and an interval. Exact mathematics is
``rule: holds`` with the largest violation of the statement as its measured value. A deterministic
``near``, ``below`` or ``above`` (a root found numerically, a fitted exponent of a closed form) says
``stochastic: false``. ``figure.py`` measures one Measurement a claim, a dictionary ``{part key:
Measurement}`` for ``rule: all``. Verdicts: module ``landscape.evidence.verdicts``.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

from landscape import documents, schema
from landscape.errors import LandscapeError
from landscape.evidence import artifacts, claims_schema
from landscape.evidence.claims_schema import ROLES, RULES

__all__ = ["ROLES", "RULES", "Claim", "Claims", "ClaimsError", "PaperValue", "load", "parse"]
_INHERITED = ("scale_free", "chosen", "unstated")


class ClaimsError(LandscapeError, ValueError):
    """A claims file is missing or malformed."""


@dataclass(frozen=True)
class PaperValue:
    """A number printed in the work; ``err`` is None when the work gives none."""

    key: str
    what: str
    value: float
    err: float | None
    unit: str = ""
    where: str = ""

    def __str__(self) -> str:
        """As the work prints it: all its digits, the error where there is one, the unit.

        An error with more digits than works print was combined from others; two are shown of it.
        """
        text = f"{self.value:.6g}"
        if self.err:
            printed = f"{self.err:.3g}"
            text += f" ± {printed if float(printed) == self.err else f'{self.err:.2g}'}"
        return f"{text} {self.unit}".strip()


@dataclass(frozen=True)
class Claim:
    """One statement of a figure or table, or a part of one, and the rule that decides it.

    ``id`` is short: ``c1`` for a claim, its key for a part. See the module for the other fields.
    """

    id: str
    text: str
    rule: str
    measured: str = ""
    stated: str = ""
    paper: tuple[PaperValue, ...] = ()
    threshold: float | None = None
    target: float | None = None
    tolerance: float = 0.0
    resolution: float | None = None
    stochastic: bool = True
    role: str = "main"
    scale_free: bool = False
    chosen: str = ""
    unstated: str = ""
    parts: tuple["Claim", ...] = field(default=())


@dataclass(frozen=True)
class Claims:
    """All claims of an artifact, in order, with its paper values by key."""

    artifact: str
    paper_values: dict[str, PaperValue]
    claims: tuple[Claim, ...]

    def __iter__(self):
        return iter(self.claims)

    def __len__(self) -> int:
        return len(self.claims)

    def __getitem__(self, identifier: str) -> Claim:
        for claim in self.claims:
            if claim.id == identifier:
                return claim
        raise ClaimsError(f"{self.artifact} has no claim {identifier!r}; it has {self.ids}.")

    @property
    def ids(self) -> list[str]:
        """The claims' short ids, in order."""
        return [claim.id for claim in self.claims]


def load(artifact: str, root: str | Path = ".") -> Claims:
    """Read and check the claims of an artifact.

    Args:
        artifact: Its id, e.g. ``thesis-fig-2-3``.
        root: The project's folder.

    Raises:
        ClaimsError: One sentence, naming file and key, when they are missing or malformed.
    """
    folder = artifacts.page_folder(artifact, root)
    if folder is None or not (folder / "claims.yaml").is_file():
        raise ClaimsError(
            f"No claims are declared for {artifact!r}: write book/<part>/{artifact}/claims.yaml "
            "(format: landscape.evidence.claims)."
        )
    where = f"book/{folder.parent.name}/{folder.name}/claims.yaml"
    return parse(documents.read(folder / "claims.yaml", ClaimsError), artifact, where)


def parse(document: object, artifact: str, where: str = "claims.yaml") -> Claims:
    """Turn a decoded claims file into Claims; raises ClaimsError as ``load`` does."""
    _check(document, claims_schema.DOCUMENT, where)
    values = _paper_values(document.get("paper_values") or {}, where)
    parsed = tuple(_claim(entry, "id", values, where) for entry in document["claims"])
    if len({claim.id for claim in parsed}) < len(parsed):
        raise ClaimsError(f"{where} uses a claim id twice.")
    if all(claim.role == "control" for claim in parsed):
        raise ClaimsError(f"{where} has no claim with role main: nothing would decide.")
    return Claims(artifact, values, parsed)


def _paper_values(entries: dict, where: str) -> dict[str, PaperValue]:
    values: dict[str, PaperValue] = {}
    for key, entry in entries.items():
        here = f"{where}, paper value {key!r}"
        computed = isinstance(entry, dict) and "difference_of" in entry
        _check(entry, claims_schema.DIFFERENCE if computed else claims_schema.PAPER_VALUE, here)
        if computed:
            for name in entry["difference_of"]:
                if name not in values:
                    raise ClaimsError(
                        f"{here}: difference_of names {name!r}, which does not stand above it; "
                        f"{schema.nearest(name, [*values])}."
                    )
            first, second = (values[name] for name in entry["difference_of"])
            errs = (first.err, second.err)
            err = None if None in errs else math.hypot(*errs)
            # Rounded: 2.48 - 2.92 must not print as -0.43999999999999995.
            value = round(first.value - second.value, 10)
            unit = "points" if first.unit == "%" else first.unit
        else:
            value, unit = _number(entry, "value", here), entry.get("unit", "")
            err = 0.0 if entry.get("err") == "exact" else _number(entry, "err", here)
        place = entry.get("where", "")
        values[str(key)] = PaperValue(str(key), entry["what"], value, err, unit, place)
    return values


def _claim(entry: dict, name: str, values: dict[str, PaperValue], where: str) -> Claim:
    here = f"{where}, {'claim' if name == 'id' else 'part'} {entry.get(name)!r}"
    _check(entry, claims_schema.ANY_RULE, here)
    rule = entry["rule"]
    _check(entry, claims_schema.entry(rule, name), here)
    keys = entry.get("paper") or []
    keys = [keys] if isinstance(keys, str) else keys
    for key in keys:
        if key not in values:
            raise ClaimsError(
                f"{here}: paper value {key!r} is not declared under paper_values; "
                f"{schema.nearest(key, [*values])}."
            )
    target, tolerance = _number(entry, "target", here), _number(entry, "tolerance", here) or 0.0
    if rule == "holds" and tolerance <= 0:
        raise ClaimsError(f"{here}: rule holds needs a tolerance above 0.")
    if rule == "near":
        if target is None and len(keys) != 1:
            raise ClaimsError(f"{here}: near compares with one paper value, or with a target.")
        if tolerance <= 0 and (target is not None or values[keys[0]].err is None):
            raise ClaimsError(f"{here}: near needs a tolerance, as the paper gives no error here.")
    parts = _parts(entry, values, here) if rule == "all" else ()
    stochastic = entry.get("stochastic", rule != "holds")
    scale_free = entry.get("scale_free", not stochastic)
    if parts:
        stochastic = any(part.stochastic for part in parts)
        scale_free = all(part.scale_free for part in parts)
    return Claim(
        id=entry[name],
        text=entry["text"].strip(),
        rule=rule,
        measured=entry.get("measured", "").strip(),
        stated=entry.get("stated", "").strip(),
        paper=tuple(values[key] for key in keys),
        threshold=_number(entry, "threshold", here),
        target=target,
        tolerance=tolerance,
        resolution=_number(entry, "resolution", here),
        stochastic=stochastic,
        role=entry.get("role", "main"),
        scale_free=scale_free,
        chosen=entry.get("chosen", "").strip(),
        unstated=entry.get("unstated", "").strip(),
        parts=parts,
    )


def _parts(entry: dict, values: dict[str, PaperValue], here: str) -> tuple[Claim, ...]:
    inherited = {key: entry[key] for key in _INHERITED if key in entry}
    parts = tuple(_claim(inherited | part, "key", values, here) for part in entry["parts"])
    if len({part.id for part in parts}) < len(parts):
        raise ClaimsError(f"{here} uses a part's key twice.")
    if any(part.rule == "all" for part in parts):
        raise ClaimsError(f"{here}: parts cannot have parts of their own.")
    if all(part.role == "control" for part in parts):
        raise ClaimsError(f"{here} has no part with role main: nothing would decide it.")
    return parts


def _check(document: object, wanted: dict, here: str) -> None:
    found = schema.problems(document, wanted)
    if found:
        raise ClaimsError(f"{here}: {found[0]}.".replace("?.", "?"))


def _number(entry: dict, key: str, here: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ClaimsError(f"{here}: {key} is {value!r}, which is not a number.")
    return number
