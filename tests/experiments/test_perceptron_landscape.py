"""The enumeration of figure 3.3: its tables against slow counting, and refusals."""

import io

import numpy as np
import pandas as pd
import pytest
from reference import perceptron_reference as slow

from landscape.analysis import perceptron_solutions
from landscape.errors import LandscapeError
from landscape.experiments import perceptron_landscape as landscape

SETTINGS = {
    "lengths": [7, 9],
    "data_sets": 3,
    "alphas": [0.4, 0.8],
    "entropy_alphas": [0.8],
    "shown_alpha": 0.8,
    "farthest": 3,
    "radius": 2,
    "seed": 1,
}


@pytest.fixture(scope="module", params=landscape.CASES)
def made(request, tmp_path_factory):
    outcome = landscape.simulate(SETTINGS, request.param, tmp_path_factory.mktemp("kept"))
    assert not outcome.kept
    return request.param, {k: pd.read_csv(io.StringIO(v)) for k, v in outcome.tables.items()}


def data_set(case, length, index):
    """(all its patterns as signs, teacher or None), drawn again."""
    rng = np.random.default_rng([1, length, index, landscape.CASES.index(case)])
    codes = perceptron_solutions.random_patterns(length, 12 * length, rng)
    signs = [slow.sign_vector(int(code), length) for code in codes]
    if case == "random":
        return signs, None
    return [p if sum(p) > 0 else tuple(-a for a in p) for p in signs], (1,) * length


def test_rows_are_what_slow_counting_gives(made):
    case, tables = made
    for row in tables["results"].itertuples():
        patterns, teacher = data_set(case, row.d, row.data_set)
        found = [x for x in slow.solutions(patterns[: row.patterns], row.d) if x != teacher]
        groups = slow.components(found)
        alone = slow.isolated(found)
        dense = [x for group in groups if len(group) > row.d for x in group]
        assert (row.solutions, row.isolated, row.components) == (
            len(found), len(alone), len(groups))  # fmt: skip
        assert row.clusters == sum(len(group) > row.d for group in groups)
        assert (row.in_clusters, row.largest) == (len(dense), max(map(len, groups), default=0))
        half = [x for x in found if slow.at_distance(x, found, 1) >= row.d / 2]
        assert row.half_open == len(half)
        assert row.half_open_clusters == sum(any(x in group for x in half) for group in groups)
        if teacher:
            for value, members in ((row.error_isolated, alone), (row.error_clusters, dense),
                                   (row.error, found)):  # fmt: skip
                errors = [100 * float(slow.disagreement(x, teacher)) for x in members]
                assert value == pytest.approx(np.mean(errors), rel=1e-4) if errors else True
    assert ("error" in tables["results"]) == (case == "teacher")


def test_limits_are_where_one_more_pattern_leaves_none_or_the_teacher(made):
    case, tables = made
    last = 1 if case == "teacher" else 0
    for row in tables["limits"].itertuples():
        patterns, _ = data_set(case, row.d, row.data_set)
        assert len(slow.solutions(patterns[: row.patterns], row.d)) > last
        assert len(slow.solutions(patterns[: row.patterns + 1], row.d)) == last


def test_local_entropy_picks_what_slow_counting_picks(made):
    case, tables = made
    if case == "random":
        assert set(tables) == {"results", "limits"}
        return
    for row in tables["entropy"].itertuples():
        patterns, teacher = data_set(case, row.d, row.data_set)
        patterns = patterns[: row.patterns]
        found = [x for x in slow.solutions(patterns, row.d) if x != teacher]
        errors = np.array([100 * float(slow.disagreement(x, teacher)) for x in found])
        shell = np.array([[slow.at_distance(x, found, k) for k in (1, 2, 3)] for x in found])
        for k in range(3):
            score = shell[:, k]
            picked = errors[score == score.max()].mean()
            assert getattr(row, f"shell_{k + 1}") == pytest.approx(picked, rel=1e-4)
            score = shell[:, : k + 1].sum(1)
            picked = errors[score == score.max()].mean()
            assert getattr(row, f"ball_{k + 1}") == pytest.approx(picked, rel=1e-4)
            if np.ptp(score) and np.ptp(errors):
                expected = np.corrcoef(np.log(1 + score), errors)[0, 1]
                assert getattr(row, f"correlation_{k + 1}") == pytest.approx(expected, abs=1e-4)
        smallest = np.array([min(slow.product(x, p) for p in patterns) for x in found])
        picked = errors[smallest == smallest.max()].mean()
        assert row.margin == pytest.approx(picked, rel=1e-4)
        sums = np.array([sum(slow.product(x, p) for p in patterns) for x in found])
        assert row.mean_margin == pytest.approx(errors[sums == sums.max()].mean(), rel=1e-4)
        alone = sum(1 for x in found if not any(0 < slow.distance(x, y) <= 2 for y in found))
        assert row.alone_2 == alone
        assert row.alone_2 <= row.components_2 <= len(found) - row.largest_2 + 1
        nearest = [min(slow.distance(x, y) for y in found if y != x) for x in found]
        assert row.nearest == pytest.approx(np.mean(nearest), rel=1e-4)
        centre = tuple(1 if sum(column) > 0 else -1 for column in zip(*found, strict=True))
        expected = 100 * float(slow.disagreement(centre, teacher))
        assert row.centre == pytest.approx(expected, rel=1e-4)


def test_the_map_keeps_distances_and_the_profile_all_solutions(made):
    case, tables = made
    if case == "random":
        return
    rows, profile = tables["map"][:-1], tables["profile"]
    teacher = tables["map"].iloc[-1]
    assert (teacher["vector"], teacher["cluster"], teacher["error"]) == (0, -1, 0)
    results = tables["results"]
    here = (results["d"] == 9) & (results["alpha"] == 0.8)
    per_set = results[here].set_index("data_set")["solutions"]
    assert len(rows) == per_set[0]
    assert (rows["cluster_size"] == rows["cluster"].map(rows["cluster"].value_counts())).all()
    first = profile[profile["data_set"] == 0]
    assert first["solutions"].sum() == per_set[0]
    assert np.average(first["error"], weights=first["solutions"]) == pytest.approx(
        rows["error"].mean(), rel=1e-3)  # fmt: skip
    # Distances in the plane are projections: never longer than the square root of Hamming's.
    apart = np.bitwise_count(rows["vector"].to_numpy()[:, None] ^ rows["vector"].to_numpy())
    place = rows[["x", "y"]].to_numpy()
    squared = ((place[:, None] - place) ** 2).sum(-1)
    assert (squared <= apart + 1e-2).all()
    to_teacher = ((place - teacher[["x", "y"]].to_numpy(float)) ** 2).sum(1)
    assert (to_teacher <= np.bitwise_count(rows["vector"].to_numpy()) + 1e-2).all()
    total = ((place - place.mean(0)) ** 2).sum() / (apart.sum() / (2 * len(rows)))
    assert total == pytest.approx(rows["share_x"][0] + rows["share_y"][0], abs=1e-3)


def test_patterns_are_alpha_times_length_on_average():
    counts = [landscape.counted(0.8, 13, i, 10) for i in range(10)]
    assert np.mean(counts) == pytest.approx(10.4)
    assert set(counts) == {10, 11}


def test_workers_and_repetition_change_nothing(tmp_path):
    first = landscape.simulate(SETTINGS, "teacher", tmp_path)
    assert landscape.simulate(SETTINGS, "teacher", tmp_path, workers=2).tables == first.tables


def test_alphas_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(LandscapeError, match="shown_alpha"):
        landscape.simulate(SETTINGS | {"shown_alpha": 0.4}, "teacher", tmp_path)
