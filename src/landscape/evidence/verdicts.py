"""Rules that turn a measurement into a verdict; no verdict is ever typed by hand.

The words, best first: reproduced, partly, not reproduced, contradicted, needs paper scale, not run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from landscape.evidence.claims import Claim
from landscape.evidence.measurement import Measurement, format_number

REPRODUCED = "reproduced"
PARTLY = "partly"
NOT_REPRODUCED = "not reproduced"
CONTRADICTED = "contradicted"
NEEDS_PAPER_SCALE = "needs paper scale"
NOT_RUN = "not run"
VERDICTS = (REPRODUCED, PARTLY, NOT_REPRODUCED, CONTRADICTED, NEEDS_PAPER_SCALE, NOT_RUN)

Evidence = Measurement | Mapping[str, Measurement] | None


@dataclass(frozen=True)
class Outcome:
    """What one body of evidence says about one claim."""

    verdict: str
    reason: str
    measurement: Measurement | None = None
    parts: tuple[tuple[str, "Outcome"], ...] = ()


@dataclass(frozen=True)
class Judged:
    """A claim with the outcome of this build, of the record, and the verdict that stands."""

    claim: Claim
    build: Outcome
    record: Outcome | None
    verdict: str
    reason: str
    evidence: str  # "build" | "record" | "both", when parts differ
    parts: tuple["Judged", ...] = ()


def judge(
    claim: Claim,
    build: Evidence,
    record: Evidence = None,
    *,
    build_scale: str = "laptop",
    record_scale: str = "paper",
) -> Judged:
    """Judge both bodies of evidence; a record at paper scale outranks a smaller build.

    The record stands unless it decides nothing itself (not run, or needs paper scale) or the
    build is at paper scale and decides something. Parts choose one by one.
    """
    ours = outcome(claim, build, build_scale)
    theirs = None if record is None else outcome(claim, record, record_scale)
    if claim.parts:
        ours_by, theirs_by = _by_part(claim, build), _by_part(claim, record)
        parts = tuple(
            judge(part, ours_by.get(part.id), theirs_by.get(part.id),
                  build_scale=build_scale, record_scale=record_scale)
            for part in claim.parts
        )  # fmt: skip
        used = {part.evidence for part in parts}
        reason = "; ".join(f"{part.claim.id}: {part.verdict}" for part in parts)
        verdict = combine([part.verdict for part in parts])
        evidence = used.pop() if len(used) == 1 else "both"
        return Judged(claim, ours, theirs, verdict, reason, evidence, parts)
    undecided = (NOT_RUN, NEEDS_PAPER_SCALE)
    build_is_enough = build_scale == "paper" and ours.verdict not in undecided
    use_record = (
        theirs is not None
        and record_scale == "paper"
        and theirs.verdict not in undecided
        and not build_is_enough
    )
    chosen, name = (theirs, "record") if use_record else (ours, "build")
    return Judged(claim, ours, theirs, chosen.verdict, chosen.reason, name)


def outcome(claim: Claim, evidence: Evidence, scale: str) -> Outcome:
    """Judge one body of evidence, gathered at ``scale`` (smoke, laptop or paper).

    Raises TypeError when the evidence has not the claim's shape (parts or no parts).
    """
    if claim.rule == "all":
        return _composite(claim, evidence, scale)
    if evidence is not None and not isinstance(evidence, Measurement):
        raise TypeError(
            f"{claim.id} has no parts: give one Measurement, not {type(evidence).__name__}."
        )
    if evidence is None or not evidence.finite:
        note = evidence.note if evidence is not None else ""
        return Outcome(NOT_RUN, note or "no measurement", evidence)
    if claim.stochastic:
        if (evidence.n or 0) < 2:
            return Outcome(NOT_RUN, "a comparison needs two or more independent runs", evidence)
        if not evidence.has_interval:
            return Outcome(NOT_RUN, "a comparison needs an interval", evidence)
    if claim.needs == "paper" and scale != "paper":
        return Outcome(NEEDS_PAPER_SCALE, "decided at the work's own scale only", evidence)
    verdict, reason = _RULES[claim.rule](claim, evidence, scale)
    return Outcome(verdict, reason, evidence)


def combine(verdicts: Sequence[str]) -> str:
    """The verdict of a whole from its parts' verdicts.

    All reproduced: reproduced. Some reproduced or partly: partly. Else the first of contradicted,
    not reproduced, needs paper scale, not run that occurs.
    """
    if not verdicts:
        return NOT_RUN
    if all(verdict == REPRODUCED for verdict in verdicts):
        return REPRODUCED
    if REPRODUCED in verdicts or PARTLY in verdicts:
        return PARTLY
    return next(
        word
        for word in (CONTRADICTED, NOT_REPRODUCED, NEEDS_PAPER_SCALE, NOT_RUN)
        if word in verdicts
    )


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


def _composite(claim: Claim, evidence: Evidence, scale: str) -> Outcome:
    given = _by_part(claim, evidence)
    parts = tuple((part.id, outcome(part, given.get(part.id), scale)) for part in claim.parts)
    reason = "; ".join(f"{key}: {part.verdict}" for key, part in parts)
    return Outcome(combine([part.verdict for _, part in parts]), reason, None, parts)


def _ends(measurement: Measurement) -> tuple[float, float]:
    if measurement.has_interval:
        return measurement.low, measurement.high
    return measurement.value, measurement.value


def _holds(claim: Claim, measurement: Measurement, scale: str) -> tuple[str, str]:
    worst = _ends(measurement)[1]
    bound = format_number(claim.tolerance)
    if worst <= claim.tolerance:
        return REPRODUCED, f"violated by no more than {bound}"
    return CONTRADICTED, f"violated by more than the {bound} that rounding explains"


def _below(claim: Claim, measurement: Measurement, scale: str) -> tuple[str, str]:
    low, high = _ends(measurement)
    bound = format_number(claim.threshold)
    if high < claim.threshold:
        return REPRODUCED, f"wholly below {bound}"
    if low > claim.threshold:
        return CONTRADICTED, f"wholly above {bound}"
    return NOT_REPRODUCED, f"does not exclude {bound}"


def _above(claim: Claim, measurement: Measurement, scale: str) -> tuple[str, str]:
    low, high = _ends(measurement)
    bound = format_number(claim.threshold)
    if low > claim.threshold:
        return REPRODUCED, f"wholly above {bound}"
    if high < claim.threshold:
        return CONTRADICTED, f"wholly below {bound}"
    return NOT_REPRODUCED, f"does not exclude {bound}"


def _near(claim: Claim, measurement: Measurement, scale: str) -> tuple[str, str]:
    centre, err = claim.target, 0.0
    if centre is None:
        centre, err = claim.paper[0].value, claim.paper[0].err or 0.0
    bottom, top = centre - err - claim.tolerance, centre + err + claim.tolerance
    # One part in 1e12 of slack: 0.1 + 0.2 must lie within 0.3.
    slack = 1e-12 * max(1.0, abs(bottom), abs(top))
    low, high = _ends(measurement)
    band = f"{format_number(bottom)} to {format_number(top)}"
    if low >= bottom - slack and high <= top + slack:
        return REPRODUCED, f"inside {band}"
    if high < bottom - slack or low > top + slack:
        if scale == "paper":
            return CONTRADICTED, f"outside {band} at the work's scale"
        return NOT_REPRODUCED, f"outside {band}, at a smaller scale than the work's"
    if claim.resolution is not None and (high - low) / 2 > claim.resolution:
        return NOT_REPRODUCED, f"interval too wide to tell {band} from other values"
    return PARTLY, f"overlaps {band} without lying inside"


_RULES = {"holds": _holds, "below": _below, "above": _above, "near": _near}
