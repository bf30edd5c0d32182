"""Figure 2 of Lewkowycz & Gur-Ari: sweeps made by hand that follow its law, or do not."""

import numpy as np
import pytest

from landscape.evidence import figures, part_records

from .l2_made import swept
from .made import ROOT, Trained, judged, labels

ID = "lewkowycz-fig-2"
FC, WRN = "lewkowycz-fig-2-fc", "lewkowycz-fig-2-wrn"
SMALL = "reproduced at small scale"
UNSEEN = "not seen at small scale"
LAMBDAS = (0.0, 0.001, 0.01, 0.1)
GRID = [(lr, l2) for lr in (0.05, 0.5) for l2 in LAMBDAS]
NOISE = np.array([0.97, 1.0, 1.04])


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def lawful(lr, l2, seed):
    return 0.3 * NOISE[seed] / (lr * l2) if l2 else 1000 / lr * NOISE[seed]


def gains(lr, l2, seed):
    return 80.0 + (1.0 if l2 else 0.0) + seed / 100


def made(t_star=lawful, best=gains, grid=GRID, **options):
    frame = swept(t_star, best, grid, **options)
    return Trained(frames={FC: frame, WRN: frame})


def test_a_sweep_that_follows_the_law():
    found, named = judged(ID, made())
    for claim in ("c1", "c2", "c3", "c5"):
        assert set(labels(named, claim).values()) == {SMALL}, claim
    for key in ("fc", "wrn"):
        assert named[f"c1.{key}"]["build"]["value"] == pytest.approx(-1, abs=0.01)
        assert named[f"c2.{key}-exponents"]["build"]["value"] == pytest.approx(0, abs=0.01)
        assert named[f"c2.{key}-share"]["build"]["value"] > 0.99
        assert named[f"c5.{key}"]["build"]["value"] == pytest.approx(1)
    assert "small $\\lambda$ beats none in both" in found["finding"]
    assert r"takes longer: the time to the best accuracy goes as $\lambda^{-1.00}$ (-1.0" in (
        found["finding"]
    )
    assert len(found["finding"].split()) < 45


def test_peaks_that_lambda_does_not_move():
    found, named = judged(ID, made(lambda lr, l2, seed: (20 + 20 * (lr > 0.1)) * NOISE[seed]))
    assert named["c1.fc"]["build"]["value"] == pytest.approx(0, abs=0.05)
    for part in ("c1.fc", "c2.fc-share"):
        assert named[part]["verdict"]["label"] == UNSEEN
    assert "a smaller $\\lambda$ does not always take longer" in found["finding"]


def test_times_that_grow_less_than_in_proportion():
    found, _ = judged(ID, made(lambda lr, l2, seed: 3 * NOISE[seed] / (lr * max(l2, 1e-5) ** 0.6)))
    assert "takes longer, but less than in proportion" in found["finding"]


def test_a_small_lambda_that_costs_accuracy_and_rates_that_differ():
    def best(lr, l2, seed):
        return 80 + 6 * (lr > 0.1) - 3 * (l2 in (0.0, 0.001)) + seed / 100

    found, named = judged(ID, made(best=best))
    assert named["c3.fc-falls"]["build"]["value"] == pytest.approx(3)
    assert named["c3.fc-rates"]["build"]["value"] == pytest.approx(6)
    assert set(labels(named, "c3").values()) == {UNSEEN}
    assert named["c5.fc"]["build"]["value"] == pytest.approx(0)
    assert named["c5.fc-best"]["build"]["value"] == pytest.approx(3)
    assert "no small $\\lambda$ measurably beats none" in found["finding"]


def test_a_fixed_budget_that_small_lambdas_do_not_use():
    """With peaks at 0.3 / (eta lambda) only the largest lambda is at its best after 100 steps."""
    _, named = judged(ID, made())
    assert named["c4.fc"]["build"]["value"] == pytest.approx(30)
    assert named["c4.fc"]["verdict"]["label"] == SMALL
    note = "best at lambda = 0.1, smallest 0.001, eta = 0.05"
    assert named["c4.fc"]["build"]["note"] == note
    _, named = judged(ID, made(lambda lr, l2, seed: 10))
    assert named["c4.fc"]["build"]["value"] == pytest.approx(0)
    assert named["c4.fc"]["verdict"]["label"] == UNSEEN


def test_runs_that_were_cut_have_no_peak(figure):
    runs = made(cut=[(0.05, 0.001)])
    kept = figure.times(runs, "fc")
    assert (0.05, 0.001) not in set(zip(kept["lr"], kept["l2"], strict=True))
    assert len(kept) == 3 * (len(GRID) - 1)
    frame = runs.frame(FC)
    frame.loc[(frame["lr"] == 0.5) & (frame["l2"] == 0.1) & (frame["step"] > 5), "diverged"] = 1
    lost = figure.times(runs, "fc")
    assert lost.loc[(lost["lr"] == 0.5) & (lost["l2"] == 0.1), "diverged"].all()


def test_horizons_are_whole_steps(figure):
    grid = [(0.5, l2) for l2 in (0.001, 0.01, 0.03, 1.3)]  # 2 / 0.65 = 3.08 steps
    assert len(figure.times(made(grid=grid), "fc")) == 12


def test_nothing_to_fit_is_not_run():
    found, named = judged(ID, made(grid=[(0.5, 0.1), (0.5, 0.01)]))
    assert named["c1.fc"]["verdict"]["word"] == "not run"
    assert named["c2.fc-exponents"]["verdict"]["word"] == "not run"
    assert found["finding"].endswith("are not complete.")


def test_pictures_and_tables(figure):
    runs = made()
    assert set(figure.figure_2(runs).panels) == set("abcdef")
    picture = figure.collapsed(runs)
    assert set(picture.panels) == set("abcd")
    lines = picture.panels["a"].axes[0].get_lines()
    assert any(line.get_linestyle() == ":" for line in lines)
    assert figure.halves(runs).count("1 [1, 1]") == 2
    assert figure.halves(runs).count("does not come from the lengths") == 2
    assert "How far 6 core hours" in repr(figure.reach(ROOT))
    table = figure.exponents(runs)
    assert table.rows[0][0].text.startswith("fully connected")
    assert len(figure.every_setting(runs).rows) == 2 * len(GRID)
    assert "times that without L2" in figure.against_none(runs)


def test_a_record_of_a_part_of_the_works_grid_is_shown(figure, monkeypatch):
    assert figure.work_size(ROOT) == [] or "judges nothing" in repr(figure.work_size(ROOT)[0])
    frame = swept(lawful, gains, [(lr, l2) for lr, l2 in GRID if l2])
    part = part_records.Part(frame[frame["seed"] == 0], "2026-01-02", 1000, 6, 272, 3.3, "a core")
    monkeypatch.setattr(part_records, "newest", lambda *_: part)
    note, table = figure.work_size(ROOT)
    assert "holds 6 of the 272 runs of the work's grid, none of more than 1,000 steps" in repr(note)
    assert [row[0].text for row in table.rows] == ["0.001", "0.01", "0.1"]
    few = part_records.Part(frame.iloc[:0], "2026-01-02", 1, 0, 272, 0.1, "a core")
    monkeypatch.setattr(part_records, "newest", lambda *_: few)
    (note,) = figure.work_size(ROOT)
    assert "Its 0 runs" in repr(note)


def test_steps_become_epochs(figure):
    runs = made()
    assert figure.epoch(runs, "fc") == 1
    assert figure.epoch(runs, "wrn") == 16
