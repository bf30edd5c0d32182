"""When AutoL2 pays: gains over constants with as many trials, on curves made by hand."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import figures, l2_gains

from . import auto_l2_made as made
from .made import ROOT, Trained

CONSTANTS, PROBE = "lewkowycz-fig-4-constants", "lewkowycz-fig-4-probe"
AUTO, LOWER, SET = "lewkowycz-fig-s9-auto", "when-autol2-pays", "when-autol2-pays-on-set"


@pytest.fixture(scope="module")
def figure():
    return figures.load("when-autol2-pays", ROOT)


def late(end, chance=9, looks=65, speed=0.3):
    """At chance for some epochs, then as the others."""
    return np.concatenate([np.full(chance, 10.0), made.to(end, looks - chance, speed)])


class Runs(Trained):
    """The simulation's settings have no method of their own."""

    def parameters(self, experiment, method=None):
        if experiment == SET:
            return {}
        return super().parameters(experiment, method)


def runs(auto=60, lower=60, constants=(50, 52, 48)):
    grid = {one: made.to(end) for one, end in zip(made.GRID, constants, strict=True)}
    begun = {"auto_l2": auto, "auto_l2_every_5": auto, "auto_l2_lower_start": lower}
    curves = {name: made.curve(name, late(end), strengths=made.decaying())
              for name, end in begun.items()}  # fmt: skip
    dead = made.curve("auto_l2_undivided", [10.0] * 17, strengths=made.decaying(17, 0.1))
    return Runs("laptop", {
        AUTO: pd.concat([curves["auto_l2"], curves["auto_l2_every_5"]], ignore_index=True),
        LOWER: pd.concat([curves["auto_l2_lower_start"], dead], ignore_index=True),
        SET: made.curve("auto_l2_on_set", late(auto), strengths=made.decaying()),
        CONSTANTS: made.grid(grid), PROBE: made.grid({2e-3: [10, 15, 20, 25, 15]}),
    })  # fmt: skip


def test_a_run_that_begins_late_pays_from_a_budget_on(figure):
    some = runs()
    _, _, found, others = figure.measured(some)
    table = l2_gains.gains(found["auto_l2"], others[figure.ALL])
    first = l2_gains.pays_from(table)
    assert table.loc[first, "value"] > 0 >= table.loc[first - 1, "value"]
    assert (table.loc[first:, "value"] > 0).all()
    # Seeds differ by a constant, so that the interval has no width.
    assert l2_gains.when(found["auto_l2"], others[figure.ALL]) == f"from {first:g} epochs on"
    assert f"from {first:g} epochs on, over one picked blindly from" in figure.by_the_mean(some)
    assert "picked blindly AutoL2 pays measurably from " in figure.answer(some)
    assert "; against the best of 3 in 3 of the three cases." in figure.answer(some)


def test_one_that_ends_lower_never_does(figure):
    some = runs(auto=40, lower=60)
    assert "at no budget up to 64 epochs, over one picked" in figure.by_the_mean(some)
    assert "pays measurably at no budget up to 64 epochs if measured" in figure.answer(some)
    assert "; against the best of 3 in 1 of the three cases." in figure.answer(some)
    both = figure.best_of_two(figure.measured(some)[2])
    assert both[64.0][0] == pytest.approx(60, abs=0.1)


def test_lambda_is_in_the_works_unit(figure):
    some = runs()
    assert figure.unit(some) == pytest.approx(2.5)
    assert figure.coefficient(some) == pytest.approx(3 * 2e-3)
    assert "0.32 steps in the work, 0.24 here" in figure.clock(some)
    said = figure.shrinking(some)
    assert "after 30 and 50 steps, by which the penalty alone would leave 0.12 of every" in said


def test_tables_and_pictures(figure):
    some = runs()
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in figure.starts(some).rows}
    assert rows["from 0.1, printed numbers"][:2] == ["64", "never"]
    assert rows["from 0.1, printed numbers"][-1] == "not run"
    assert rows["from 0.1"][:2] == ["64", "160"]
    assert rows["best constant, 0.001"][0] == "–"
    assert len(figure.table(some).rows) == 8
    assert set(figure.picture(some).panels) == set(figure.clock_picture(some).panels) == {"a", "b"}
