"""Lewkowycz & Gur-Ari, figure 5: what is measured, what it means, what is drawn."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from landscape.book import l2_mode_tables
from landscape.evidence import claims, figures, judge
from landscape.evidence.runs import Runs
from landscape.theory import l2_modes

ROOT = Path(__file__).parents[2]
ID = "lewkowycz-fig-5"


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


@pytest.fixture(scope="module")
def stored():
    return Runs.build("laptop", ROOT)


@pytest.fixture(scope="module")
def verdicts(stored):
    return judge.in_memory(ID, stored)


def part(verdicts, claim, name):
    (found,) = (c for c in verdicts["claims"] if c["id"] == claim)
    (found,) = (p for p in found["parts"] if p["id"] == name)
    return found


def losses(k1, k2, zero=100.0, draws=3):
    """Runs that hold the same two curves for every draw."""
    rows = [pd.DataFrame({"draw": draw, "time": np.arange(len(k1), dtype=float), "loss_k1": k1,
                          "loss_k2": k2, "loss_zero": zero}) for draw in range(draws)]  # fmt: skip
    return SimpleNamespace(frame=lambda _: pd.concat(rows, ignore_index=True))


def test_a_slope_is_the_power(figure):
    x = np.geomspace(1, 100, 7)
    assert figure.slope(x, 3 * x**-1.5) == pytest.approx(-1.5)


def test_first_reach_is_the_time_of_the_linear_law_without_decay(figure):
    assert figure.first_reach(1 - np.exp(-1), 2.0, 2, 1e-7) == pytest.approx(0.5, rel=1e-5)


def test_the_exponents_are_those_of_the_asymptotic_laws(figure):
    table = figure.times()
    lam = table["lambda"].to_numpy()
    # Late, f depends on gamma(t) / lambda only, so the decay keeps its shape in units of 1/lambda,
    # and begins when gamma exp(-2 lambda t) has fallen to the order of lambda: the logarithm.
    late = lam < 1e-3
    duration = ((table["ten"] - table["ninety"]) * lam)[late]
    offset = (table["half"] * lam - np.log(1 / (2 * lam)) / 2)[late]
    np.testing.assert_allclose(duration, duration.mean(), rtol=2e-3)
    np.testing.assert_allclose(offset, offset.mean(), atol=2e-3)
    assert (table["peak"].diff().dropna() > 0).all()
    assert table["peak"].max() < 5 * table["peak"].min()


def test_closeness_is_of_the_mode_that_panel_a_draws(figure, verdicts):
    line = figure.draw_modes(2).axes[0].lines[0]
    measured = part(verdicts, "c1", "closeness")["build"]["value"]
    assert line.get_ydata()[0] < 0.6  # starts at half its label
    assert 1 - max(line.get_ydata()) == pytest.approx(measured, rel=1e-3)
    assert measured == pytest.approx(0.022607, rel=1e-4)


def test_the_slow_linear_mode_ends_at_a_value_that_its_ratio_fixes(verdicts):
    zero = part(verdicts, "c2", "zero")
    assert zero["build"]["value"] == pytest.approx(1 / 11)
    assert zero["role"] == "control"
    assert zero["chosen"]


def test_losses_are_judged_by_the_share_of_the_loss_before_the_minimum(figure):
    k1 = np.array([100.0, 40, 8, 2, 1])
    k2 = np.array([100.0, 42, 10, 60, 99])
    found = figure.losses(losses(k1, k2))
    assert found["early"].value == pytest.approx(0.2)  # at the minimum, not after it
    assert found["early-of-first"].value == pytest.approx(0.02)
    assert found["late"].value == pytest.approx(0.01)


def test_trained_networks_are_judged_before_the_minimum_and_at_the_end(figure):
    rows = [pd.DataFrame({"seed": seed, "loss": [100.0, 40, 9, 20, 30],
                          "loss_flow": [100.0, 42, 10, 60, 100]}) for seed in range(3)]  # fmt: skip
    found = figure.trained(SimpleNamespace(frame=lambda _: pd.concat(rows)))
    assert found["trained"].value == pytest.approx(0.1)
    assert found["width"].value == pytest.approx(0.7)
    assert found["width"].n == 3
    assert figure.trained(SimpleNamespace(frame=lambda _: None)) == {}


def test_two_of_three_losses_never_show_that_three_agree(figure):
    k = np.array([100.0, 40, 10, 60, 100])
    found = figure.losses(losses(k, k))
    assert found["early"].value is None
    assert "only contradict" in found["early"].note
    assert found["early-of-first"].value == 0


def test_without_runs_the_losses_are_left_out(figure):
    assert figure.losses(SimpleNamespace(frame=lambda _: None)) == {}


def test_the_threshold_of_the_code_is_that_of_the_claim(figure):
    (claim,) = (c for c in claims.load(ID, ROOT).claims if c.id.endswith("c4"))
    (early,) = (p for p in claim.parts if p.id.endswith("early"))
    assert (early.rule, early.threshold) == ("below", figure.AGREE)
    assert not early.chosen  # committed before the losses were computed


def test_an_exact_exponent_is_judged_as_mathematics(verdicts):
    half = part(verdicts, "c1", "half")
    assert half["verdict"]["label"] == "contradicted"
    assert half["verdict"]["scale"] == "exact"
    assert half["build"]["value"] == pytest.approx(-1.158, abs=5e-4)


def test_the_theories_part_before_the_minimum_of_the_stored_losses(verdicts, stored, figure):
    early = part(verdicts, "c4", "early")
    assert early["verdict"]["label"] == "contradicted under our reading"
    assert part(verdicts, "c4", "width")["verdict"]["label"] == "reproduced at small scale"
    assert part(verdicts, "c4", "trained")["verdict"]["label"] == "not seen at small scale"
    frame = stored.frame(figure.KERNEL)
    one = frame[frame["draw"] == 0]
    at = one["loss_k2"].argmin()
    assert 1 - one["loss_k1"].iloc[at] / one["loss_k2"].iloc[at] > 0.7
    percent = f"{100 * early['build']['value']:.0f} % of the loss then"
    assert percent in verdicts["finding"]
    assert len(verdicts["finding"].split()) < 46
    assert verdicts["verdict"]["label"] == "contradicted"


def test_the_solution_is_shown_beside_the_print_that_overflows(figure):
    rows = l2_mode_tables.printed_rows(figure.DECAY, figure.START, figure.integrated)
    assert len(rows) == 5
    for row in rows:
        assert float(row[3]) == pytest.approx(float(row[4]), rel=1e-4)
    assert rows[-1][2] == "nan"


def test_pictures_draw_what_was_computed(figure, stored):
    (ax,) = figure.draw_modes(1).axes
    assert ax.lines[0].get_ydata()[-1] == pytest.approx(
        l2_modes.limit(figure.FAST * figure.DECAY, k=1, decay=figure.DECAY), rel=1e-6
    )
    (ax,) = figure.draw_losses(stored).axes
    labels = [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]
    assert labels == ["$k = 1$", "$k = 2$", "trained, width 1,024", "zero function"]
    (ax,) = figure.draw_times().axes
    assert len(ax.lines) == 5
