"""What a page shows of its verdict file: the answer at its top and the table of claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from landscape.book import text as markdown
from landscape.book.tables import Cell, Html, Table, badge, folded, verdict_cell
from landscape.evidence import verdicts
from landscape.evidence.measurement import Measurement, format_measurement, format_number

Claim = Mapping[str, Any]


def answer(verdict: Mapping[str, Any], live: bool = False) -> Html:
    """What was found, the verdict and at which scale it was reached.

    Args:
        verdict: The content of a verdict file (landscape.evidence.judge).
        live: It comes from runs that were made just now.
    """
    label = verdict["verdict"]["label"]
    where = "; from runs made just now, nothing is stored" if live else ""
    reached = scale(verdict) + where
    html = (
        f'<div class="wv-answer"><p class="wv-finding">{markdown.html(verdict["finding"])}</p>'
        f'<p class="wv-scale">{badge(label)} '
        f'<span class="wv-details">{markdown.html(reached)}</span></p></div>'
    )
    return Html(html, f"{verdict['finding']}\n{label}: {reached}")


def sentence(text: str) -> Html:
    """The answer of a page without claims."""
    html = f'<div class="wv-answer"><p class="wv-finding">{markdown.html(text)}</p></div>'
    return Html(html, text)


def scale(verdict: Mapping[str, Any]) -> str:
    """One line: at which scale the verdict was reached, and by what."""
    whole, profile = verdict["verdict"], verdict["profile"]
    deciding = [part for claim in voting(verdict["claims"]) for part in _leaves(claim)]
    if whole["word"] == verdicts.NOT_RUN:
        return next((part["reason"] for part in deciding), "nothing was measured")
    ran = [part for part in deciding if part["verdict"]["word"] != verdicts.NOT_RUN]
    recorded = any(part["evidence"] == "record" for part in ran)
    if whole["scale"] == verdicts.EXACT:
        return "independent of the size of our runs"
    if whole["scale"] == verdicts.SMALL:
        also = "and by records at the work's own scale" if recorded else "smaller than the work's"
        return f"by the runs of the {profile} profile, {also}"
    if recorded:
        return "by records at the work's own scale"
    return f"by the runs of the {profile} profile, at the work's own scale"


def claims_table(verdict: Mapping[str, Any]) -> Table:
    """One row a claim; its parts, or how it was judged, unfold below it."""
    rows, classes = [], []
    for claim in verdict["claims"]:
        rows += [_claim_row(claim), [Cell("", span=4, raw=_more(claim, verdict["profile"]))]]
        classes += ["wv-claim", "wv-more"]
    return Table(["claim", "the work", "measured", "verdict"], rows, name="claims", stack=True,
                 caption="Claims and what was measured, with 95 % intervals",
                 row_classes=classes)  # fmt: skip


def voting(claims: Sequence[Claim]) -> list[Claim]:
    """Those that decide: controls do not vote."""
    return [claim for claim in claims if claim["role"] == "main"]


def _leaves(claim: Claim) -> list[Claim]:
    return voting(claim["parts"]) if claim["parts"] else [claim]


def _claim_row(claim: Claim) -> list[Cell]:
    text = claim["text"] + (" (control)" if claim["role"] == "control" else "")
    label = claim["verdict"]["label"]
    if claim["parts"]:
        main = voting(claim["parts"])
        held = sum(part["verdict"]["word"] == verdicts.REPRODUCED for part in main)
        measured = Cell(f"{held} of {len(main)} statements hold")
        return [Cell(text), _paper(claim), measured, verdict_cell(label)]
    return [Cell(text), _paper(claim), _outcome(deciding(claim)), verdict_cell(label)]


def deciding(claim: Claim) -> Mapping[str, Any]:
    """The outcome that stands: the record's or the build's."""
    return claim["record"] if claim["evidence"] == "record" and claim["record"] else claim["build"]


def _more(claim: Claim, profile: str) -> str:
    """What unfolds below a claim."""
    if not claim["parts"]:
        return folded("how it was judged", _statements([claim], profile), "judged")
    main = voting(claim["parts"])
    controls = len(claim["parts"]) - len(main)
    counts = Counter(part["verdict"]["label"] for part in main)
    summary = ", ".join(f"{n} {label}" for label, n in counts.most_common())
    if controls:
        summary += f"; {_plural(controls, 'control')}"
    shared = [line for line in (claim["measured"], *_remarks(claim)) if line]
    html = "".join(f'<p class="wv-details">{markdown.html(line)}</p>' for line in shared)
    html += _statements(claim["parts"], profile, of=claim)
    return folded(f"{_plural(len(main), 'statement')}: {summary}", html, "judged")


def _statements(claims: Sequence[Claim], profile: str, of: Claim | None = None) -> str:
    """Claims without parts with everything that is known of them; ``of`` is their claim."""
    recorded = any(claim["record"] for claim in claims)
    said = _remarks(of) if of else []
    rows = []
    for claim in claims:
        text = claim["text"] if of else claim["measured"] or "what was measured"
        text += " (control)" if of and claim["role"] == "control" else ""
        about = [claim["measured"] if of else "", rule(claim)]
        about += [remark for remark in _remarks(claim) if remark not in said]
        rows.append([
            Cell(text, details="; ".join(filter(None, about))), _paper(claim),
            *([_outcome(claim["record"])] if recorded else []), _outcome(claim["build"]),
            verdict_cell(claim["verdict"]["label"], _reason(claim)),
        ])  # fmt: skip
    record = ["record"] if recorded else []
    return Table(["statement", "the work", *record, f"this build ({profile})", "verdict"], rows,
                 name="statements", stack=True)._repr_html_()  # fmt: skip


def _reason(claim: Claim) -> str:
    """Why the verdict is what it is, and what the other body of evidence says alone."""
    if claim["record"] is None or claim["verdict"]["word"] == verdicts.NOT_RUN:
        return claim["reason"]
    by, other = ("record", "build") if claim["evidence"] == "record" else ("build", "record")
    reason = f"by the {by}: {claim['reason']}"
    if claim[other]["verdict"] != claim["verdict"]["word"]:
        reason += f"; the {other}: {claim[other]['reason']}"
    return reason


def rule(claim: Claim) -> str:
    """The rule in words, e.g. ``holds when wholly below 0``."""
    kind, bound = claim["rule"], format_number(claim["threshold"])
    if kind in ("below", "above"):
        return f"holds when wholly {kind} {bound}"
    if kind == "holds":
        return f"holds when violated by no more than {format_number(claim['tolerance'])}"
    if kind == "near":
        within = f"holds within {format_number(claim['tolerance'])} of"
        if claim["target"] is not None:
            return f"{within} {format_number(claim['target'])}"
        return f"{within} the work's value"
    return ""


def _remarks(claim: Claim) -> list[str]:
    remarks = []
    if claim["chosen"]:
        remarks.append(f"**the rule was chosen {claim['chosen']}**")
    if claim["unstated"]:
        remarks.append(f"the work does not state: {claim['unstated']}")
    return remarks


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _paper(claim: Claim) -> Cell:
    if not claim["paper"]:
        return Cell(claim["stated"] or "–")
    lines, about = [], []
    for value in claim["paper"]:
        number = format_number(value["value"])
        if isinstance(value["err"], int | float):
            number += f" ± {format_number(value['err'])}"
        lines.append(f"{number} {value['unit']}".strip())
        about.append(", ".join(text for text in (value["what"], value["where"]) if text))
    return Cell("\n".join(lines), details="; ".join(t for t in (*about, claim["stated"]) if t))


def _outcome(outcome: Mapping[str, Any] | None) -> Cell:
    """A measurement's cell: the number, and what was left out or noted."""
    if outcome is None:
        return Cell("–")
    if outcome["value"] is None:
        return Cell("–")  # the verdict's cell says why
    measurement = Measurement(outcome["value"], outcome["low"], outcome["high"], outcome["n"],
                              outcome["unit"])  # fmt: skip
    notes = [outcome["note"], _diverged(outcome["diverged"])]
    return Cell(format_measurement(measurement), details="; ".join(filter(None, notes)))


def _diverged(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"{_plural(len(names), 'run')} left out as diverged or failed: {', '.join(names)}"
