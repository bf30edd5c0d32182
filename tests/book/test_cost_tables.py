"""What the works' own scale would cost, as a table."""

import json

from landscape.book.cost_tables import cost_at_paper_scale
from landscape.evidence.paper_costs import FOLDER

ROW = {
    "experiment": "e", "method": "sgd", "runs": 2, "steps": 78000, "rows": 200,
    "evaluated": 10000, "step_seconds": 2.9551, "step_quartiles": [2.9, 3.0123],
    "evaluation_seconds": 9.0, "hours": 69.03,
}  # fmt: skip


def write(root, *rows):
    path = root / FOLDER / "2026-01-02.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"device": "cpu", "name": "X", "torch": "2.13.0", "python": "3.11", "threads": 1}
    path.write_text(json.dumps({"machine": machine, "date": "2026-01-02", "rows": list(rows)}))


def test_hours_name_the_evaluations_in_them(tmp_path):
    write(tmp_path, ROW, ROW | {"method": "anneal_sgd"}, ROW | {"experiment": "f", "hours": 1e6})
    table = cost_at_paper_scale(tmp_path, ["e"])
    texts = [[cell.text for cell in cells] for cells in table.rows]
    assert texts[0] == [
        "e / sgd", "2", "78,000", "2.96 [2.9, 3.01]", "69", "5", "140 core hours"]  # fmt: skip
    assert (texts[2][0], texts[2][-1]) == ("all", "280 core hours")
    assert table.caption.endswith("; X, torch 2.13.0, 2026-01-02")
    assert len(cost_at_paper_scale(tmp_path, ["e"], ["sgd"]).rows) == 1


def test_what_was_not_measured_says_how_to(tmp_path):
    assert "paper_scale.py --record" in cost_at_paper_scale(tmp_path, ["e"]).code
