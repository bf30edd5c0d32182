"""When a form of Entropy-SGD reaches Adam, when two forms part, and what a switch does."""

import math

import pandas as pd
import pytest

from landscape.evidence import form_rules as rules
from landscape.evidence.measurement import Measurement


def frame(**errors):
    """{method: one list of test errors a seed, at steps 0, 10, 20, ...}."""
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": 10 * at, "test_error": error,
         "diverged": int(math.isnan(error))}
        for method, seeds in errors.items() for seed, values in enumerate(seeds)
        for at, error in enumerate(values)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (Measurement(0.0, -0.1, 0.1), rules.REACHES),
        (Measurement(-3.0, -4.0, -2.0), rules.REACHES),
        (Measurement(0.5, 0.3, 0.7), rules.ABOVE),
        (Measurement(0.2, 0.1, 0.3), rules.OPEN),
        (Measurement(0.0), rules.OPEN),  # one seed
        (None, rules.ABOVE),  # all have diverged
    ],
)
def test_readings(difference, said):
    assert rules.reading(difference) == said


def test_forms_are_read_against_adam_seed_by_seed():
    lost = [[90, 50, math.nan]] * 3
    runs = frame(adam_constant=[[90, 2, 1], [90, 2, 2], [90, 2, 3]], lost=lost,
                 good=[[90, 2, 1.1], [90, 2, 2.1], [90, 2, 3.1]],
                 bad=[[90, 3, 2], [90, 3, 3], [90, 3, 4]])  # fmt: skip
    assert rules.readings(runs, ("good", "bad", "lost", "absent")) == {
        "good": rules.REACHES, "bad": rules.ABOVE, "lost": rules.ABOVE}  # fmt: skip
    assert rules.readings(runs, ("good",), "bad") == {"good": rules.REACHES}
    assert rules.gap(runs, "bad").value == pytest.approx(1)
    assert rules.gap(runs, "lost") is None


def test_forms_stand_above_below_or_level():
    runs = frame(lua=[[2.0], [2.1]], up=[[3.0], [3.11]], down=[[1.0], [1.11]], level=[[1.0], [3.0]])
    found = rules.sides(runs, ("lua", "up", "down", "level", "absent"), "lua")
    assert {side: [name for name, _ in forms] for side, forms in found.items()} == {
        "above": ["up"], "below": ["down"], "level": ["level"]}  # fmt: skip
    assert found["above"][0][1].value == pytest.approx(1.005)


def test_forms_part_where_they_differ_from_then_on():
    runs = frame(a=[[90, 5, 4, 3], [90, 6, 5, 4]], b=[[90, 6, 4.1, 4], [90, 7, 4.8, 5]])
    assert rules.parted(runs, "a", "b") == 30  # at step 10, too, but not at 20
    assert rules.parted(runs, "a", "a") is None


def test_effects_are_parts_of_the_way_and_sorted():
    rows = pd.DataFrame([
        {"seed": seed, "base": base, "switch": switch, "update": update, "left": left,
         "apart": apart + seed / 100, "moved": 2.0}
        for seed in (0, 1) for update in (5, 10)
        for base, switch, apart, left in (
            ("pytorch", "x", 1.0, 0), ("pytorch", "y", 0.2, 0), ("thesis", "none", 0, 4.0),
            ("thesis", "x", 0, 1.0), ("thesis", "y", 0, 5.0))
    ])  # fmt: skip
    assert rules.at(rows) == 10
    assert rules.at(rows[rows["update"] == 5]) == 5
    found = rules.effects(rows, ("y", "x"))
    assert list(found) == ["x", "y"]
    assert found["x"].value == pytest.approx(0.5025)
    assert rules.explained(rows, "x").value == pytest.approx(0.75)
    assert rules.explained(rows, "y").value == pytest.approx(-0.25)  # further away than before
    rows.loc[rows["switch"] == "y", "apart"] = math.inf
    assert next(iter(rules.effects(rows, ("x", "y")))) == "y"
