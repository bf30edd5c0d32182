"""How settings and judged claims look, in a table and in ``claims.json``."""

import math
from collections.abc import Mapping, Sequence

from landscape.report.claims import Claim
from landscape.report.measurement import Measurement, format_measurement, format_number
from landscape.report.tables import Cell, Table, verdict_cell
from landscape.report.verdicts import Judged, Outcome, combine


def settings_table(
    experiment: str, profile: str, rows: Sequence, paper_sources: Mapping[str, str]
) -> Table:
    """Setting | the work | this build | source; rows that the profile changes are marked.

    ``rows`` have attributes key, paper, value, source, changed (landscape.experiments.settings).
    """
    cells, classes = [], []
    for row in rows:
        sources = [paper_sources.get(row.key, ""), row.source if row.changed else ""]
        work = _setting(row.paper) if row.key in paper_sources else "not set"
        cells.append([
            _key(row.key), work, Cell(_setting(row.value), ("wv-changed",) if row.changed else ()),
            "; ".join(source for source in sources if source) or row.source,
        ])  # fmt: skip
        classes.append("wv-changed" if row.changed else "")
    changed = sum(bool(name) for name in classes)
    caption = f"Settings of {experiment}: {changed} of {len(cells)} differ from the work"
    return Table(["setting", "the work", f"this build ({profile})", "source"], cells,
                 name="settings", caption=caption, row_classes=classes)  # fmt: skip


def claims_table(judged: Sequence[Judged], profile: str) -> Table:
    """Claim | paper | record | this build | verdict; a claim's parts follow it, indented."""
    rows, classes = [], []
    for item in judged:
        claim, record = item.claim, item.record
        reason = "" if claim.parts else item.reason
        if item.evidence == "record":
            reason = f"by the record{f': {reason}' if reason else ''}"
        rows.append([
            Cell(claim.text, details=_details(claim)), _paper(claim),
            _outcome(record, other=item.evidence != "record", parts=bool(claim.parts)),
            _outcome(item.build, other=item.evidence == "record", parts=bool(claim.parts)),
            verdict_cell(item.verdict, reason),
        ])  # fmt: skip
        classes.append("wv-claim")
        for index, part in enumerate(claim.parts):
            build = item.build.parts[index][1]
            theirs = record.parts[index][1] if record is not None and record.parts else None
            chosen = theirs if item.evidence == "record" else build
            rows.append([
                Cell(f"– {part.text}", ("wv-part",), details=part.measured), _paper(part),
                _outcome(theirs, other=item.evidence != "record"),
                _outcome(build, other=item.evidence == "record"),
                verdict_cell(chosen.verdict, chosen.reason),
            ])  # fmt: skip
            classes.append("wv-part")
    return Table(["claim", "paper", "record", f"this build ({profile})", "verdict"], rows,
                 name="claims", caption="Claims and what was measured (95 % intervals)",
                 row_classes=classes)  # fmt: skip


def claims_json(
    artifact: str, profile: str, judged: Sequence[Judged], record_dates: Mapping[str, str]
) -> dict:
    """The content of ``claims.json``: numbers with six significant digits, no times."""
    return {
        "artifact": artifact,
        "profile": profile,
        "records": dict(record_dates),
        "verdict": combine([item.verdict for item in judged]),
        "claims": [
            _claim_json(item.claim)
            | {
                "build": _outcome_json(item.build),
                "record": None if item.record is None else _outcome_json(item.record),
                "verdict": item.verdict,
                "reason": item.reason,
                "evidence": item.evidence,
            }
            for item in judged
        ],
    }


def significant(value: float | None, digits: int = 6) -> float | None:
    """Round to significant digits; None for what is not finite (JSON has no NaN)."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits - 1}e}")


def _claim_json(claim: Claim) -> dict:
    content = {
        "id": claim.id, "text": claim.text, "rule": claim.rule, "needs": claim.needs,
        "measured": claim.measured, "stated": claim.stated, "threshold": claim.threshold,
        "target": claim.target, "tolerance": claim.tolerance, "stochastic": claim.stochastic,
        "paper": [
            {"key": v.key, "what": v.what, "value": v.value, "err": v.err, "unit": v.unit,
             "where": v.where}
            for v in claim.paper
        ],
    }  # fmt: skip
    if claim.parts:
        content["parts"] = [_claim_json(part) for part in claim.parts]
    return content


def _outcome_json(outcome: Outcome) -> dict:
    content: dict = {"verdict": outcome.verdict, "reason": outcome.reason}
    if outcome.parts:
        content["parts"] = {key: _outcome_json(part) for key, part in outcome.parts}
    m = outcome.measurement
    if m is not None:
        content |= {
            "value": significant(m.value), "low": significant(m.low),
            "high": significant(m.high), "n": m.n, "unit": m.unit, "note": m.note,
            "diverged": list(m.diverged),
        }  # fmt: skip
    return content


def _outcome(outcome: Outcome | None, other: bool = False, parts: bool = False) -> Cell:
    """A measurement's cell; ``other`` adds the verdict that did not become the claim's."""
    if outcome is None:
        return Cell("–")
    if parts:
        return Cell("see below" if any(p.measurement for _, p in outcome.parts) else "–",
                    details=outcome.verdict if other else "")  # fmt: skip
    measurement = outcome.measurement
    if measurement is None or measurement.value is None:
        return Cell("–", details=outcome.reason)
    notes = [measurement.note, _diverged(measurement), outcome.verdict if other else ""]
    return Cell(format_measurement(measurement), details="; ".join(note for note in notes if note))


def _diverged(measurement: Measurement) -> str:
    number = len(measurement.diverged)
    if not number:
        return ""
    runs = "run" if number == 1 else "runs"
    return f"{number} {runs} left out as diverged or failed: {', '.join(measurement.diverged)}"


def _paper(claim: Claim) -> Cell:
    lines = []
    for value in claim.paper:
        err = f" ± {format_number(value.err)}" if value.err else ""
        unit = f" {value.unit}" if value.unit else ""
        lines.append(f"{format_number(value.value)}{err}{unit}")
    what = "; ".join(value.what for value in claim.paper if value.what)
    if not lines:
        return Cell(claim.stated or "–")
    return Cell("\n".join(lines), details="; ".join(t for t in (what, claim.stated) if t))


def _details(claim: Claim) -> str:
    return f"{claim.id}{f': {claim.measured}' if claim.measured else ''}"


def _key(key: str) -> str:
    pieces = key.split(".")
    if pieces[0] == "methods" and len(pieces) > 2:
        return f"{pieces[1]}: {'.'.join(pieces[2:])}"
    return key


def _setting(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_setting(item) for item in value) or "none"
    return str(value)
