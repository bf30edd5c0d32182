"""Loading ``figure.py`` and refusing what it may not return."""

import sys
import textwrap

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import claims, figures, verdicts
from landscape.evidence.measurement import Measurement, not_run

WHERE = "book/1-a/x/figure.py"
GOOD = Measurement(-1, -2, -0.5, 3)
CLAIMS = claims.parse({
    "claims": [
        {"id": "c1", "text": "t", "rule": "all", "parts": [
            {"key": "a", "text": "t", "rule": "below", "threshold": 0},
            {"key": "b", "text": "t", "rule": "below", "threshold": 0}]},
        {"id": "c2", "text": "t", "rule": "below", "threshold": 0},
    ]
}, "x")  # fmt: skip


def write(root, text, name="x", part="1-a"):
    folder = root / "book" / part / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figure.py").write_text(textwrap.dedent(text), encoding="utf-8")


def figure(**functions):
    return type("Module", (), {name: staticmethod(f) for name, f in functions.items()})


def test_each_page_has_a_module_of_its_own(tmp_path):
    write(tmp_path, "VALUE = 1")
    write(tmp_path, "VALUE = 2", "x-2")
    write(tmp_path / "other", "VALUE = 3")
    modules = [figures.load("x", tmp_path), figures.load("x-2", tmp_path),
               figures.load("x", tmp_path / "other")]  # fmt: skip
    assert [module.VALUE for module in modules] == [1, 2, 3]
    assert len({module.__name__ for module in modules}) == 3
    assert all(sys.modules[module.__name__] is module for module in modules)


def test_an_edited_file_is_read_again(tmp_path):
    write(tmp_path, "VALUE = 1")
    figures.load("x", tmp_path)
    write(tmp_path, "VALUE = 2")
    assert figures.load("x", tmp_path).VALUE == 2
    folder = tmp_path / "book" / "1-a" / "x"
    assert [path.name for path in folder.iterdir()] == ["figure.py"]


def test_dataclasses_work_in_it(tmp_path):
    write(tmp_path, """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: float
    """)  # fmt: skip
    assert figures.load("x", tmp_path).Point(1.0).x == 1.0


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(LandscapeError, match="no page 'x': make book/<part>/x/page.md"):
        figures.load("x", tmp_path)
    (tmp_path / "book" / "1-a" / "x").mkdir(parents=True)
    with pytest.raises(LandscapeError, match=r"^book/1-a/x/figure\.py is missing: write it with"):
        figures.load("x", tmp_path)
    write(tmp_path, "VALUE = 1\ndef measure(runs)\n")
    with pytest.raises(LandscapeError, match=r"figure\.py line 2 is not valid Python"):
        figures.load("x", tmp_path)
    write(tmp_path, "VALUE = '\0'\n")
    with pytest.raises(LandscapeError, match=r"figure\.py( line \d+)? is not valid Python: .*null"):
        figures.load("x", tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("import nothing_of_that_name", r"line 2: it raised ModuleNotFoundError \(No module"),
     ("nothing_there", r"line 2: it raised NameError"),
     ("raise SystemExit(3)", r"line 2: it raised SystemExit \(3\)")],
)  # fmt: skip
def test_what_raises_when_it_is_loaded_is_one_sentence_with_its_line(tmp_path, text, said):
    write(tmp_path, f"VALUE = 1\n{text}\n")
    before = set(sys.modules)
    with pytest.raises(figures.FigureError, match=said) as error:
        figures.load("x", tmp_path)
    assert str(error.value).startswith(WHERE)
    assert len(str(error.value).splitlines()) == 1
    assert error.value.__cause__ is not None
    assert set(sys.modules) == before


@pytest.mark.parametrize("name", ["measure", "finding"])
@pytest.mark.parametrize(
    ("text", "said"),
    [("return 1 / 0", "line 3: NAME() raised ZeroDivisionError (division by zero); mend"),
     ("return given.nothing_there", "line 3: NAME() raised AttributeError ("),
     ("import json; return json.dumps({1j})", "line 3: NAME() raised TypeError ("),
     ("import json; return json.dumps({1j})", " in encoder.py line "),
     ("return open('nothing.csv')", "line 3: NAME() raised FileNotFoundError ("),
     ("raise SystemExit", "line 3: NAME() raised SystemExit; mend it there."),
     ("raise MemoryError", "line 3: NAME() raised MemoryError; mend it there.")],
)  # fmt: skip
def test_what_its_functions_raise_is_one_sentence_with_its_line(tmp_path, name, text, said):
    write(tmp_path, f"\ndef {name}(given):\n    {text}\n")
    module = figures.load("x", tmp_path)
    calls = {
        "measure": lambda: figures.measure(module, None, CLAIMS, WHERE),
        "finding": lambda: figures.finding(module, found(), WHERE),
    }
    with pytest.raises(figures.FigureError) as error:
        calls[name]()
    assert said.replace("NAME", name) in str(error.value)
    assert str(error.value).startswith(WHERE)
    assert len(str(error.value).splitlines()) == 1


def test_a_finding_that_asks_for_a_claim_that_is_not_there_is_named(tmp_path):
    write(tmp_path, "def finding(found):\n    return found['c9']\n")
    with pytest.raises(figures.FigureError, match=r"line 2: finding\(\) raised KeyError \('c9'\)"):
        figures.finding(figures.load("x", tmp_path), found(), WHERE)


def test_an_interruption_stays_one(tmp_path):
    write(tmp_path, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        figures.load("x", tmp_path)


@pytest.mark.parametrize(
    "found",
    [{}, {"c2": GOOD}, {"c1": {"a": GOOD}, "c2": not_run("no data")}, {"c1": not_run("no data")}],
)
def test_what_measure_may_return(found):
    assert figures.measure(figure(measure=lambda runs: found), None, CLAIMS, WHERE) == found


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "measure() returned nothing; it must return a dictionary"),
        ([GOOD], "returned list"),
        ({"c9": GOOD}, "'c9', which is no claim of x; it has c1, c2"),
        ({"x-c1": GOOD}, "'x-c1', which is no claim"),
        ({"c1": GOOD}, "c1 has parts; measure() must return a dictionary of a, b"),
        ({"c1": {"z": GOOD}}, "c1.z; c1 has the parts a, b"),
        ({"c1": {"a": 0.5}}, "returned float for c1.a; it must be a Measurement"),
        ({"c1": 0.5}, "returned float for c1; it must be a dictionary of Measurements"),
        ({"c2": 0.5}, "returned float for c2; it must be a Measurement"),
        ({"c2": {"a": GOOD}}, "returned dict for c2; it must be a Measurement"),
    ],
)
def test_what_measure_may_not_return(found, words):
    with pytest.raises(figures.FigureError) as error:
        figures.measure(figure(measure=lambda runs: found), None, CLAIMS, WHERE)
    assert str(error.value).startswith(WHERE)
    assert words in str(error.value)


@pytest.mark.parametrize("error", [ValueError("no runs\nto average"), KeyError("test_error")])
def test_results_that_cannot_be_measured_are_one_sentence(error):
    def measure(runs):
        raise error

    with pytest.raises(figures.FigureError, match="measure.. cannot use the results") as caught:
        figures.measure(figure(measure=measure), None, CLAIMS, WHERE)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.__cause__ is error


def test_a_missing_function_is_named():
    with pytest.raises(figures.FigureError, match=r"has no function measure\(\): add it"):
        figures.measure(figure(), None, CLAIMS, WHERE)
    with pytest.raises(figures.FigureError, match=r"has no function finding\(\)"):
        figures.finding(figure(), found(), WHERE)


def found():
    judged = [verdicts.judge(claim, {"a": GOOD} if claim.parts else GOOD) for claim in CLAIMS]
    return figures.Found(judged, verdicts.combine(item.verdict for item in judged))


def test_what_was_found_is_looked_up_by_claim_and_part():
    seen = found()
    assert seen["c1.a"].measurement is GOOD
    assert seen["c1.a"].value == -1
    assert seen["c1.b"].value is None
    assert seen["c1"].verdict.label() == "partly at small scale"
    assert seen["c2"].verdict.word == "reproduced"
    assert seen.verdict.label() == "partly at small scale"
    assert sorted(seen) == ["c1", "c1.a", "c1.b", "c2"]


@pytest.mark.parametrize(
    "text",
    ["It is faster.", "It is faster by 0.44 points.", "Chaudhari et al. Adam vs. SGD: equal.",
     "Where $E_0 = 1.5$, it holds!", "  It is\n  faster.  ", "See Fig. A for it."],
)  # fmt: skip
def test_a_finding_is_one_sentence(text):
    told = figures.finding(figure(finding=lambda found: text), found(), WHERE)
    assert told == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "returned an empty text"), ("   ", "returned str"), (None, "returned nothing"),
     (3, "returned int"), ("It is faster", "one sentence with a full stop"),
     ("It is faster. Adam is slower.", "one sentence")],
)  # fmt: skip
def test_anything_else_is_refused(text, words):
    with pytest.raises(figures.FigureError) as error:
        figures.finding(figure(finding=lambda found: text), found(), WHERE)
    assert words in str(error.value)
