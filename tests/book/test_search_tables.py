"""A search over two settings as a table."""

import pandas as pd

from landscape.book import search_tables


def test_the_chosen_pair_is_bold_and_what_has_no_value_diverged():
    ends = pd.DataFrame([(0.1, 0.0, 9.0), (0.1, 0.5, 5.0), (0.1, 0.5, 6.0), (0.2, 0.0, None),
                         (0.2, 0.5, 4.0)], columns=["lr", "power", "error"])  # fmt: skip
    table = search_tables.two_settings(
        ends, ("lr", "power"), "error", chosen=(0.2, 0.5), head="rate",
        row=lambda lr: f"{10 * lr:g}", above=lambda power: f"b = {power:g}", caption="A search",
    )  # fmt: skip
    assert table.columns == ["rate", "b = 0", "b = 0.5"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["1", "9.00 %", "5.50 %"], ["2", "diverged", "**4.00 %**"]]  # fmt: skip
    assert table.caption == "A search"
