"""The table of ratios of "Wide or not?", on a frame made by hand."""

import pandas as pd

from landscape.book import width_tables
from landscape.evidence import wider


def test_each_ratio_has_its_reading_and_only_the_counted_are_read_together():
    measures = [f"m{i}" for i in range(wider.MAJORITY)]
    found = pd.DataFrame({"method": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1],
                          **{m: [1.0, 1.1, 2.0, 2.2] for m in measures},
                          "plain": [9.0, 9.9, 3.0, 3.3], "none": [1, None, None, 1]})  # fmt: skip
    table = width_tables.ratios(
        found, 0.2, [("a", "b"), ("b", "a")], {"a": "A", "b": "B"},
        dict.fromkeys(measures, "counted"), {"plain": "as it is", "none": "missing"},
    )  # fmt: skip
    assert table.columns == ["measure", "A / B", "B / A"]
    assert [cell.text for cell in table.rows[0]] == ["counted", "0.5 [0.5, 0.5]", "2 [2, 2]"]
    assert [row[1].details for row in table.rows[:-1]] == [
        *[wider.WIDER] * len(measures), wider.NARROWER,
        "fewer than two seeds reach the common loss"]  # fmt: skip
    assert [cell.text for cell in table.rows[-1][1:]] == [wider.WIDER, wider.NARROWER]
    assert "training loss 0.2, the lowest" in table.caption


def test_where_they_end_says_so_of_each_method():
    rows = pd.DataFrame({"method": "a", "at": 1, "training_loss": [0.1, 0.3], "test_error": 5.0,
                         "slope": 0.1, "plain_width_1": 0.2, "balanced_width_1": None,
                         "balanced_trace": 3.0, "balanced_top": 1.0})  # fmt: skip
    table = width_tables.ends(rows, pd.DataFrame({"method": ["a"], "at": [0.5]}), {"a": "A"})
    (row,) = [[cell.text for cell in row] for row in table.rows]
    assert row[0] == "A"
    assert row[1].startswith("0.2 [")
    assert (row[3], row[-1]) == ("–", "0.5")
