"""Rules that turn a measurement into a verdict; no verdict is ever typed by hand.

A verdict is a word and a scale. Runs smaller than the work's support a claim or fail to; they never
contradict it, unless the claim does not depend on the scale.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from landscape.evidence.claims import Claim
from landscape.evidence.measurement import Measurement, format_number

REPRODUCED = "reproduced"
PARTLY = "partly"
CONTRADICTED = "contradicted"
OUR_READING = "contradicted under our reading"
UNDECIDED = "undecided"
NOT_RUN = "not run"
#: The words, in the order in which tables count them.
WORDS = (REPRODUCED, PARTLY, CONTRADICTED, OUR_READING, UNDECIDED, NOT_RUN)

EXACT, WORK, SMALL = "exact", "work", "small"
#: ``exact``: the claim does not depend on the size of the runs; ``work``: they have the work's own.
SCALES = (EXACT, WORK, SMALL)

#: Every label that ``Verdict.label`` can give, best first, and what it means.
MEANINGS = {
    REPRODUCED: "Every statement that decides holds, at the work's own scale or independent of it.",
    "reproduced at small scale": "Every statement that decides holds in runs smaller than the "
    "work's.",
    PARTLY: "Some statements hold, none is contradicted.",
    "partly at small scale": "Some statements hold, none is contradicted; some of the runs are "
    "smaller than the work's.",
    CONTRADICTED: "Measured at the work's own scale or independent of it, a statement is false.",
    OUR_READING: "A statement is false in our runs, but the work does not state a setting that "
    "decides it.",
    UNDECIDED: "Measured at the work's own scale; the intervals are too wide to decide.",
    "not seen at small scale": "Runs smaller than the work's do not show it; they contradict "
    "nothing.",
    NOT_RUN: "Nothing was measured: the reason stands beside it.",
}
LABELS = tuple(MEANINGS)

Evidence = Measurement | Mapping[str, Measurement] | None


@dataclass(frozen=True)
class Verdict:
    """A word of WORDS and a scale of SCALES; what was not run has no scale."""

    word: str
    scale: str | None = None

    def label(self) -> str:
        """What a reader sees: the word, and at small scale what such runs can say."""
        if self.scale != SMALL or self.word == NOT_RUN:
            return self.word
        if self.word in (REPRODUCED, PARTLY):
            return f"{self.word} at small scale"
        return "not seen at small scale"

    def as_dict(self) -> dict[str, str | None]:
        """As verdict files hold it: word, scale and label."""
        return {"word": self.word, "scale": self.scale, "label": self.label()}

    def __str__(self) -> str:
        return self.label()


@dataclass(frozen=True)
class Outcome:
    """What one body of evidence says about one claim."""

    verdict: Verdict
    reason: str
    measurement: Measurement | None = None
    parts: tuple[tuple[str, "Outcome"], ...] = ()


@dataclass(frozen=True)
class Judged:
    """A claim with the outcome of this build, of the record, and the verdict that stands.

    ``evidence`` says which of them it is: build, record, or both where parts differ.
    """

    claim: Claim
    build: Outcome
    record: Outcome | None
    verdict: Verdict
    reason: str
    evidence: str
    parts: tuple["Judged", ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome that stands."""
        return self.record if self.evidence == "record" and self.record else self.build

    @property
    def measurement(self) -> Measurement | None:
        """The measurement that decided; None for a claim with parts and where there is none."""
        return self.outcome.measurement

    @property
    def value(self) -> float | None:
        """Its value, None where nothing finite was measured."""
        found = self.measurement
        return found.value if found is not None and found.finite else None


def judge(
    claim: Claim, build: Evidence, record: Evidence = None, profile: str = "laptop"
) -> Judged:
    """Judge both bodies of evidence.

    A record stands before a build of a smaller profile if it decides anything. What is not
    stochastic is the same in both, so that the build stands. Parts choose one by one.

    Args:
        claim: What is judged.
        build: Measurements of this build, in the claim's shape (parts or no parts).
        record: The same of the records at the work's own scale; None where there are none.
        profile: The build's profile: smoke, laptop or paper.

    Raises:
        TypeError: The evidence has not the claim's shape.
    """
    ours = outcome(claim, build, profile)
    theirs = None if record is None else outcome(claim, record, "paper")
    if claim.parts:
        ours_by, theirs_by = _by_part(claim, build), _by_part(claim, record)
        parts = tuple(
            judge(part, ours_by.get(part.id), theirs_by.get(part.id), profile)
            for part in claim.parts
        )
        used = {part.evidence for part in parts}
        reason = "; ".join(f"{part.claim.id}: {part.verdict}" for part in parts)
        verdict = combine(part.verdict for part in voting(parts))
        return Judged(claim, ours, theirs, verdict, reason,
                      used.pop() if len(used) == 1 else "both", parts)  # fmt: skip
    enough = ours.verdict.word != NOT_RUN and (profile == "paper" or not claim.stochastic)
    use_record = theirs is not None and theirs.verdict.word != NOT_RUN and not enough
    chosen, name = (theirs, "record") if use_record else (ours, "build")
    return Judged(claim, ours, theirs, chosen.verdict, chosen.reason, name)


def voting(judged: Iterable[Judged]) -> list[Judged]:
    """Those that decide: controls are shown and do not vote."""
    return [item for item in judged if item.claim.role == "main"]


def outcome(claim: Claim, evidence: Evidence, profile: str) -> Outcome:
    """Judge one body of evidence, gathered in a profile (``paper`` for a record).

    Raises TypeError when the evidence has not the claim's shape (parts or no parts).
    """
    if claim.rule == "all":
        return _composite(claim, evidence, profile)
    if evidence is not None and not isinstance(evidence, Measurement):
        raise TypeError(
            f"{claim.id} has no parts: give one Measurement, not {type(evidence).__name__}."
        )
    if evidence is None or not evidence.finite:
        note = evidence.note if evidence is not None else ""
        return Outcome(Verdict(NOT_RUN), note or "no measurement", evidence)
    if claim.stochastic:
        if (evidence.n or 0) < 2:
            why = "a comparison needs two or more independent runs"
            return Outcome(Verdict(NOT_RUN), why, evidence)
        if not evidence.has_interval:
            return Outcome(Verdict(NOT_RUN), "a comparison needs an interval", evidence)
    word, reason = _RULES[claim.rule](claim, evidence)
    scale = EXACT if claim.scale_free else WORK if profile == "paper" else SMALL
    if word == CONTRADICTED and scale == SMALL:
        word, reason = UNDECIDED, f"{reason}, which small runs cannot decide"
    elif word == CONTRADICTED and claim.unstated:
        word, reason = OUR_READING, f"{reason}; the work does not state: {claim.unstated}"
    return Outcome(Verdict(word, scale), reason, evidence)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole from its voting parts' verdicts.

    All reproduced: reproduced. Any contradicted: contradicted, under our reading if all of those
    are. Some reproduced or partly: partly. All not run, or none: not run. Else undecided. The scale
    is the smallest of the parts that were run; what contradicts needs no other part's.
    """
    verdicts = list(verdicts)
    words = {verdict.word for verdict in verdicts}
    if not words - {NOT_RUN}:
        return Verdict(NOT_RUN)
    against = [verdict for verdict in verdicts if verdict.word in (CONTRADICTED, OUR_READING)]
    if against:
        word = CONTRADICTED if CONTRADICTED in words else OUR_READING
        return Verdict(word, _smallest(against))
    if words == {REPRODUCED}:
        word = REPRODUCED
    else:
        word = PARTLY if words & {REPRODUCED, PARTLY} else UNDECIDED
    return Verdict(word, _smallest(v for v in verdicts if v.word != NOT_RUN))


def _smallest(verdicts: Iterable[Verdict]) -> str:
    return max((verdict.scale for verdict in verdicts), key=SCALES.index)


def _by_part(claim: Claim, evidence: Evidence) -> Mapping[str, Measurement]:
    if isinstance(evidence, Measurement):
        if evidence.finite:
            raise TypeError(f"{claim.id} has parts: give a dictionary of part key and Measurement.")
        # One reason for all parts, e.g. that a data set was not fetched.
        return {part.id: evidence for part in claim.parts}
    unknown = set(evidence or {}) - {part.id for part in claim.parts}
    if unknown:
        raise TypeError(f"{claim.id} has no part {sorted(unknown)[0]!r}.")
    return evidence or {}


def _composite(claim: Claim, evidence: Evidence, profile: str) -> Outcome:
    given = _by_part(claim, evidence)
    parts = tuple((part.id, outcome(part, given.get(part.id), profile)) for part in claim.parts)
    main = {part.id for part in claim.parts if part.role == "main"}
    reason = "; ".join(f"{key}: {part.verdict}" for key, part in parts)
    return Outcome(combine(part.verdict for key, part in parts if key in main), reason, None, parts)


def _ends(measurement: Measurement) -> tuple[float, float]:
    if measurement.has_interval:
        return measurement.low, measurement.high
    return measurement.value, measurement.value


def _holds(claim: Claim, measurement: Measurement) -> tuple[str, str]:
    worst = _ends(measurement)[1]
    bound = format_number(claim.tolerance)
    if worst <= claim.tolerance:
        return REPRODUCED, f"violated by no more than {bound}"
    return CONTRADICTED, f"violated by more than the {bound} that rounding explains"


def _below(claim: Claim, measurement: Measurement) -> tuple[str, str]:
    low, high = _ends(measurement)
    bound = format_number(claim.threshold)
    if high < claim.threshold:
        return REPRODUCED, f"wholly below {bound}"
    if low > claim.threshold:
        return CONTRADICTED, f"wholly above {bound}"
    return _at_bound(low, high, bound)


def _above(claim: Claim, measurement: Measurement) -> tuple[str, str]:
    low, high = _ends(measurement)
    bound = format_number(claim.threshold)
    if low > claim.threshold:
        return REPRODUCED, f"wholly above {bound}"
    if high < claim.threshold:
        return CONTRADICTED, f"wholly below {bound}"
    return _at_bound(low, high, bound)


def _at_bound(low: float, high: float, bound: str) -> tuple[str, str]:
    """Neither above nor below: for want of runs, or because it is the bound itself, exactly."""
    if low == high:
        return CONTRADICTED, f"exactly {bound} in every run"
    return UNDECIDED, f"does not exclude {bound}"


def _near(claim: Claim, measurement: Measurement) -> tuple[str, str]:
    centre, err = claim.target, 0.0
    if centre is None:
        centre, err = claim.paper[0].value, claim.paper[0].err or 0.0
    bottom, top = centre - err - claim.tolerance, centre + err + claim.tolerance
    # One part in 1e12 of slack: 0.1 + 0.2 must lie within 0.3.
    slack = 1e-12 * max(1.0, abs(bottom), abs(top))
    low, high = _ends(measurement)
    band = _band(bottom, top)
    if low >= bottom - slack and high <= top + slack:
        return REPRODUCED, f"inside {band}"
    if high < bottom - slack or low > top + slack:
        return CONTRADICTED, f"outside {band}"
    if claim.resolution is not None and (high - low) / 2 > claim.resolution:
        return UNDECIDED, f"interval too wide to tell {band} from other values"
    return PARTLY, f"overlaps {band} without lying inside"


def _band(bottom: float, top: float) -> str:
    """Both ends with as many digits as tell them apart ("1.4999 to 1.5001", not "1.5 to 1.5")."""
    for digits in range(4, 17):
        ends = [format_number(float(f"{end:.{digits}g}"), digits=digits) for end in (bottom, top)]
        shown, width = float(ends[1]) - float(ends[0]), top - bottom
        if abs(shown - width) <= 0.1 * width:
            break
    return f"{ends[0]} to {ends[1]}"


_RULES = {"holds": _holds, "below": _below, "above": _above, "near": _near}
