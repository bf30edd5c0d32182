"""The answer and the table of claims, from a verdict file."""

import copy
import re

import pytest

from landscape.book import views


def html(thing):
    return thing._repr_html_()


def test_the_answer_says_what_was_found_the_verdict_and_its_scale(verdict):
    shown = views.answer(verdict)
    assert r'<p class="wv-finding">The field gains <span class="math' in html(shown)
    assert r"\(19.5\)</span> points.</p>" in html(shown)
    badge = '<span class="wv-verdict wv-contradicted">contradicted</span>'
    assert badge in html(shown), "exact arithmetic is violated"
    assert "independent of the size of our runs" in html(shown)
    assert "nothing is stored" in html(views.answer(verdict, live=True))
    assert repr(shown).splitlines()[0] == "The field gains $19.5$ points."


@pytest.mark.parametrize(
    ("word", "scale", "evidence", "line"),
    [
        ("reproduced", "exact", "build", "independent of the size of our runs"),
        ("reproduced", "work", "record", "by records at the work's own scale"),
        ("partly", "work", "build", "by the runs of the paper profile, at the work's own scale"),
        ("reproduced", "small", "build",
         "by the runs of the paper profile, smaller than the work's"),
        ("reproduced", "small", "record",
         "by the runs of the paper profile, and by records at the work's own scale"),
        ("not run", None, "build", "data set cifar100 not fetched"),
    ],
)  # fmt: skip
def test_the_scale_names_the_evidence(word, scale, evidence, line):
    whole = {"word": word, "scale": scale, "label": word}
    claim = {"role": "main", "parts": [], "verdict": whole, "evidence": evidence,
             "reason": "data set cifar100 not fetched"}  # fmt: skip
    control = claim | {"role": "control", "evidence": "record"}
    assert views.scale({"verdict": whole, "profile": "paper", "claims": [claim, control]}) == line


def test_every_claim_is_a_row_and_its_parts_unfold(verdict):
    shown = html(views.claims_table(verdict))
    assert shown.count('<tr class="wv-claim">') == 2
    assert shown.count("<details") == 2
    assert "<details open" not in shown
    row = shown[shown.index('<tr class="wv-claim">') :]
    assert "1 of 2 statements hold" in row[: row.index("</tr>")]
    summary = "2 statements: 1 reproduced at small scale, 1 partly at small scale; 1 control"
    assert f"<summary>{summary}</summary>" in shown
    for text in (
        "With another start. (control)", "holds when wholly below 0", "holds when wholly above 2",
        "holds within 0.5 of the work&#x27;s value", "error at the end, paired",
        "the rule was chosen after trial runs", "1 run left out as diverged or failed: adam seed 3",
        "-20 ± 1 %", "AnnealSGD minus Adam, section 2.4", "-19.5 [-21.0, -18.0] %, n = 5",
        "holds when violated by no more than 1e-9",
    ):  # fmt: skip
        assert text in shown.replace("'", "&#x27;"), text
    assert shown.count("the work does not state: initialisation") == 1, "said once, for the claim"
    assert "`" not in shown


def test_a_record_stands_beside_the_build_and_both_reasons_are_given(verdict):
    changed = copy.deepcopy(verdict)
    part = changed["claims"][0]["parts"][0]
    part["record"] = part["build"] | {
        "value": 1.0, "low": 0.5, "high": 1.5, "n": 10, "note": "at most",
        "verdict": "contradicted", "reason": "wholly above 0",
    }  # fmt: skip
    against = {"word": "contradicted", "scale": "work", "label": "contradicted"}
    part |= {"evidence": "record", "reason": "wholly above 0", "verdict": against}
    shown = html(views.claims_table(changed))
    assert "by the record: wholly above 0; the build: wholly below 0" in shown
    assert "1.00 [0.50, 1.50] %, n = 10" in shown
    heads = re.findall(r'<th scope="col">([^<]*)</th>', shown)
    assert heads[4:9] == ["statement", "the work", "record", "this build (laptop)", "verdict"]


def test_a_page_without_claims_answers_with_its_sentence():
    assert html(views.sentence("It takes $3$ steps.")).count('class="math') == 1
