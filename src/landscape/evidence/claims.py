"""What a figure or table claims, read from ``references/claims/<artifact>.yaml``.

One file an artifact; ids use hyphens. The format, with every key::

    artifact: thesis-fig-2-3
    paper_values:                        # numbers printed in the work; {} when there are none
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
      - id: thesis-fig-2-3-c3            # artifact + -c<number>
        text: The claim in our own words, one sentence.
        measured: What is measured for it and in which direction, one sentence.   # optional
        rule: near                       # holds | below | above | near | all
        paper: gain                      # paper value key, or list of keys (shown; `near` compares)
        stated: "words of the paper column when there is no number"               # optional
        needs: any                       # any (default) | paper: only paper scale can decide
        tolerance: 0.1                   # `holds`: largest violation allowed; `near`: added to err
        resolution: 0.5                  # `near`, optional: a half-width above this decides nothing
                                         # `target: 0` lets `near` compare with a number of the
                                         # claim ("within 0.1 of each other") instead of `paper`
      - id: thesis-fig-2-3-c1
        text: Another claim.
        rule: below                      # whole interval below `threshold` -> reproduced
        threshold: 0
        stochastic: true                 # default: true for below, above, near; false for holds
      - id: thesis-fig-2-3-c4
        text: A claim with parts.
        rule: all                        # every part is judged by its own rule
        parts:
          - {key: error, text: first half of it, rule: near, paper: gain, tolerance: 0.05}
          - {key: speed, text: second half, rule: above, threshold: 1}

A stochastic rule demands two or more independent runs and an interval. Exact mathematics is
``rule: holds`` with the largest violation of the statement as its measured value. A deterministic
``near``, ``below`` or ``above`` (a root found numerically, a fitted exponent of a closed form) says
``stochastic: false``. The notebook passes one Measurement a claim, a dictionary
``{part key: Measurement}`` for ``rule: all``. Verdicts: module ``landscape.evidence.verdicts``.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from landscape.errors import LandscapeError

RULES = ("holds", "below", "above", "near", "all")
SCALES = ("any", "paper")
_RULE_KEYS = {
    "holds": {"tolerance"},
    "below": {"threshold"},
    "above": {"threshold"},
    "near": {"target", "tolerance", "resolution"},
    "all": {"parts"},
}
_SHARED_KEYS = {"text", "measured", "rule", "paper", "stated", "needs", "stochastic"}


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
    """One statement of a figure or table and the rule that decides it."""

    id: str
    text: str
    rule: str
    needs: str = "any"
    measured: str = ""
    stated: str = ""
    paper: tuple[PaperValue, ...] = ()
    threshold: float | None = None
    target: float | None = None
    tolerance: float = 0.0
    resolution: float | None = None
    stochastic: bool = True
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
        """The claims' ids, in order."""
        return [claim.id for claim in self.claims]


def load(artifact: str, root: str | Path = ".") -> Claims:
    """Read and check ``references/claims/<artifact>.yaml`` under ``root``.

    Raises ClaimsError (one sentence, naming file and key) when it is missing or malformed.
    """
    path = Path(root) / "references" / "claims" / f"{artifact}.yaml"
    if not path.is_file():
        raise ClaimsError(
            f"No claims are declared for {artifact!r}: write references/claims/{artifact}.yaml "
            "(format: landscape.evidence.claims), or list the page in references/extra-pages.yaml."
        )
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ClaimsError(f"references/claims/{path.name} is not valid YAML: {error}") from error
    return parse(document, artifact)


def parse(document: object, artifact: str) -> Claims:
    """Turn a decoded claims file into Claims; raises ClaimsError as ``load`` does."""
    where = f"references/claims/{artifact}.yaml"
    if not isinstance(document, dict):
        raise ClaimsError(f"{where} must be a mapping with artifact, paper_values and claims.")
    _refuse_unknown(document, {"artifact", "paper_values", "claims"}, where)
    if document.get("artifact") != artifact:
        raise ClaimsError(f"{where} says artifact {document.get('artifact')!r}; file name decides.")
    values = _paper_values(document.get("paper_values") or {}, where)
    entries = document.get("claims")
    if not isinstance(entries, list) or not entries:
        raise ClaimsError(f"{where} declares no claims.")
    parsed = []
    for entry in entries:
        identifier = entry.get("id") if isinstance(entry, dict) else None
        if not re.fullmatch(re.escape(artifact) + r"-c\d+", str(identifier)):
            raise ClaimsError(f"{where}: claim id {identifier!r} must be {artifact}-c<number>.")
        rest = {key: value for key, value in entry.items() if key != "id"}
        parsed.append(_claim(rest, identifier, values, where))
    if len({claim.id for claim in parsed}) < len(parsed):
        raise ClaimsError(f"{where} uses a claim id twice.")
    return Claims(artifact, values, tuple(parsed))


def _paper_values(entries: dict, where: str) -> dict[str, PaperValue]:
    values: dict[str, PaperValue] = {}
    allowed = {"what", "value", "err", "unit", "where", "difference_of"}
    for key, entry in entries.items():
        here = f"{where}, paper value {key!r}"
        _refuse_unknown(entry, allowed, here)
        if "difference_of" in entry:
            try:
                first, second = (values[name] for name in entry["difference_of"])
            except (KeyError, ValueError, TypeError) as error:
                raise ClaimsError(f"{here}: difference_of needs two keys above it.") from error
            errs = (first.err, second.err)
            err = None if None in errs else math.hypot(*errs)
            # Rounded: 2.48 - 2.92 must not print as -0.43999999999999995.
            value, unit = round(first.value - second.value, 10), first.unit
        else:
            value, unit = _number(entry, "value", here), entry.get("unit", "")
            err = 0.0 if entry.get("err") == "exact" else _optional(entry, "err", here)
        place = entry.get("where", "")
        values[str(key)] = PaperValue(str(key), entry.get("what", ""), value, err, unit, place)
    return values


def _claim(entry: dict, identifier: str, values: dict[str, PaperValue], where: str) -> Claim:
    here = f"{where}, {identifier}"
    rule = entry.get("rule")
    if rule not in RULES:
        raise ClaimsError(f"{here}: rule {rule!r} is unknown; choose one of {', '.join(RULES)}.")
    _refuse_unknown(entry, _SHARED_KEYS | _RULE_KEYS[rule], here)
    if not str(entry.get("text") or "").strip():
        raise ClaimsError(f"{here} has no text.")
    needs = entry.get("needs", "any")
    if needs not in SCALES:
        raise ClaimsError(f"{here}: needs is {needs!r}; choose any or paper.")
    keys = entry.get("paper") or []
    keys = [keys] if isinstance(keys, str) else keys
    for key in keys:
        if key not in values:
            raise ClaimsError(f"{here}: paper value {key!r} is not declared under paper_values.")
    threshold = _number(entry, "threshold", here) if rule in ("below", "above") else None
    tolerance = _optional(entry, "tolerance", here) or 0.0
    if rule == "holds" and tolerance <= 0:
        raise ClaimsError(f"{here}: rule holds needs a tolerance above 0.")
    target = _optional(entry, "target", here)
    if rule == "near":
        if target is None and len(keys) != 1:
            raise ClaimsError(f"{here}: near compares with one paper value, or with a target.")
        if tolerance <= 0 and (target is not None or values[keys[0]].err is None):
            raise ClaimsError(f"{here}: near needs a tolerance, as the paper gives no error here.")
    parts = ()
    if rule == "all":
        names = [part.get("key") for part in entry.get("parts") or []]
        if len(names) < 2 or None in names or len(set(names)) < len(names):
            raise ClaimsError(f"{here}: rule all needs two or more parts with distinct keys.")
        parts = tuple(
            _claim({"needs": needs} | {k: v for k, v in part.items() if k != "key"}, part["key"],
                   values, here)
            for part in entry["parts"]
        )
        if any(part.rule == "all" for part in parts):
            raise ClaimsError(f"{here}: parts cannot have parts of their own.")
    return Claim(
        id=identifier,
        text=str(entry["text"]).strip(),
        rule=rule,
        needs=needs,
        measured=str(entry.get("measured", "")).strip(),
        stated=str(entry.get("stated", "")).strip(),
        paper=tuple(values[key] for key in keys),
        threshold=threshold,
        target=target,
        tolerance=tolerance,
        resolution=_optional(entry, "resolution", here),
        stochastic=bool(entry.get("stochastic", rule != "holds")),
        parts=parts,
    )


def _refuse_unknown(entry: object, allowed: set[str], here: str) -> None:
    if not isinstance(entry, dict):
        raise ClaimsError(f"{here} must be a mapping.")
    for key in entry:
        if key not in allowed:
            raise ClaimsError(f"{here}: unknown key {key!r}; known: {', '.join(sorted(allowed))}.")


def _number(entry: dict, key: str, here: str) -> float:
    number = _optional(entry, key, here)
    if number is None:
        raise ClaimsError(f"{here}: {key} is missing.")
    return number


def _optional(entry: dict, key: str, here: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    try:
        number = float(value)  # YAML reads 1e-9 as a string; a person means the number
    except (TypeError, ValueError):
        raise ClaimsError(f"{here}: {key} is {value!r}, which is not a number.") from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise ClaimsError(f"{here}: {key} is {value!r}, which is not a number.")
    return number
