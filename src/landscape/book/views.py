"""How settings and judged claims look, in a table and in ``claims.json``."""

import math
import re
from collections.abc import Mapping, Sequence

from landscape.evidence.claims import Claim
from landscape.evidence.measurement import Measurement, format_measurement, format_number
from landscape.book.tables import Cell, Table, verdict_cell
from landscape.evidence.verdicts import Judged, Outcome, combine

_INSTEAD = re.compile(r"ours instead of (\S+):")


def settings_table(
    experiment: str,
    profile: str,
    rows: Sequence,
    paper_sources: Mapping[str, str],
    folded: bool = False,
) -> Table:
    """Setting | the work | this build | source; rows that differ from the work are marked.

    ``rows`` have attributes key, paper, value, source, changed (landscape.experiments.settings).
    A source that begins with "ours" means that the work gives no value, "ours instead of X" that
    it gives X; the table then shows that in place of the value we run at paper scale.
    """
    cells, classes = [], []
    for row in rows:
        stated = paper_sources.get(row.key, "")
        sources = [stated, row.source if row.changed else ""]
        instead = _INSTEAD.match(stated)
        work = _setting(row.paper) if row.key in paper_sources else "not set"
        if stated.startswith("ours"):
            work = instead.group(1) if instead else "not stated"
        differs = row.changed or instead is not None
        cells.append([
            _key(row.key), work, Cell(_setting(row.value), ("wv-changed",) if differs else ()),
            "; ".join(source for source in sources if source) or row.source,
        ])  # fmt: skip
        classes.append("wv-changed" if differs else "")
    changed = sum(bool(name) for name in classes)
    caption = f"Settings of {experiment}: {changed} of {len(cells)} differ from the work"
    return Table(["setting", "the work", f"this build ({profile})", "source"], cells,
                 name="settings", caption=caption, row_classes=classes,
                 folded=folded)  # fmt: skip


def claims_table(judged: Sequence[Judged], profile: str) -> Table:
    """Claim | paper | record | this build | verdict; a claim's parts follow it, indented."""
    rows, classes = [], []
    for item in judged:
        rows.append(_claim_row(item))
        rows += [_claim_row(part, f"– {part.claim.text}") for part in item.parts]
        classes += ["wv-claim", *("wv-part" for _ in item.parts)]
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
        "claims": [_judged_json(item) for item in judged],
    }


def significant(value: float | None, digits: int = 6) -> float | None:
    """Round to significant digits; None for what is not finite (JSON has no NaN)."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits - 1}e}")


def _judged_json(item: Judged) -> dict:
    claim = item.claim
    content = {
        "id": claim.id, "text": claim.text, "rule": claim.rule, "needs": claim.needs,
        "measured": claim.measured, "stated": claim.stated, "threshold": claim.threshold,
        "target": claim.target, "tolerance": claim.tolerance, "stochastic": claim.stochastic,
        "paper": [
            {"key": v.key, "what": v.what, "value": v.value, "err": significant(v.err),
             "unit": v.unit, "where": v.where}
            for v in claim.paper
        ],
        "build": _outcome_json(item.build),
        "record": None if item.record is None else _outcome_json(item.record),
        "verdict": item.verdict, "reason": item.reason, "evidence": item.evidence,
    }  # fmt: skip
    if item.parts:
        content["parts"] = [_judged_json(part) for part in item.parts]
    return content


def _outcome_json(outcome: Outcome) -> dict:
    content: dict = {"verdict": outcome.verdict, "reason": outcome.reason}
    m = outcome.measurement
    if m is not None:
        content |= {
            "value": significant(m.value), "low": significant(m.low),
            "high": significant(m.high), "n": m.n, "unit": m.unit, "note": m.note,
            "diverged": list(m.diverged),
        }  # fmt: skip
    return content


def _claim_row(item: Judged, text: str = "") -> list[Cell]:
    claim = item.claim
    if claim.parts:
        # A claim with parts has no numbers of its own: its sentence takes their columns.
        details = claim.id + (f": {claim.measured}" if claim.measured else "")
        stated = _paper(claim)
        if stated.text != "–":
            words = "; ".join(text for text in (stated.text, stated.details) if text)
            details += f" (paper: {words})"
        return [Cell(claim.text, details=details, span=4), verdict_cell(item.verdict)]
    details = ": ".join(t for t in ("" if text else claim.id, claim.measured) if t)
    reason = f"by the record: {item.reason}" if item.evidence == "record" else item.reason
    return [
        Cell(text or claim.text, details=details),
        _paper(claim),
        _outcome(item.record, other=item.evidence != "record"),
        _outcome(item.build, other=item.evidence == "record"),
        verdict_cell(item.verdict, reason),
    ]


def _outcome(outcome: Outcome | None, other: bool) -> Cell:
    """A measurement's cell; ``other`` adds the verdict that did not become the claim's."""
    if outcome is None:
        return Cell("–")
    measurement = outcome.measurement
    if measurement is None or measurement.value is None:
        return Cell("–")  # the verdict's cell says why
    notes = [measurement.note, _diverged(measurement), f"alone: {outcome.verdict}" if other else ""]
    return Cell(format_measurement(measurement), details="; ".join(note for note in notes if note))


def _diverged(measurement: Measurement) -> str:
    number = len(measurement.diverged)
    if not number:
        return ""
    runs = "run" if number == 1 else "runs"
    return f"{number} {runs} left out as diverged or failed: {', '.join(measurement.diverged)}"


def _paper(claim: Claim) -> Cell:
    if not claim.paper:
        return Cell(claim.stated or "–")
    what = "; ".join(value.what for value in claim.paper if value.what)
    return Cell(
        "\n".join(str(value) for value in claim.paper),
        details="; ".join(text for text in (what, claim.stated) if text),
    )


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
