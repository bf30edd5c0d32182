"""What the provenance of a run says whose first seeds were taken."""

from pathlib import Path

import pytest

from landscape.experiments.earlier import Earlier

FIRST = {
    "seeds": [0, 1], "commit": "aaa", "command": "landscape run x --seeds 2",
    "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T01:00:00Z", "wall_seconds": 100.0,
    "cpu_seconds": 190.0, "device": "CPU", "cpu": "old", "cores": 4, "workers": 4,
    "versions": {"torch": "2.11"}, "specification": "s", "parameters": {},
}  # fmt: skip
THEN = {
    **FIRST, "seeds": [0, 1, 2], "commit": "bbb", "started": "2026-01-02T00:00:00Z",
    "finished": "2026-01-02T01:00:00Z", "wall_seconds": 30.0, "cpu_seconds": 29.0, "cpu": "new",
    "workers": 1,
}  # fmt: skip


def earlier(note):
    return Earlier(Path("nowhere"), None, note)


def test_the_time_of_both_is_counted_and_what_was_taken_is_named():
    whole = earlier(FIRST).counted(THEN)
    assert (whole["wall_seconds"], whole["cpu_seconds"], whole["workers"]) == (130.0, 219.0, 4)
    assert (whole["started"], whole["finished"]) == (FIRST["started"], THEN["finished"])
    assert whole["commit"] == "bbb"
    (part,) = whole["earlier"]
    assert part["seeds"] == [0, 1]
    assert (part["commit"], part["cpu"], part["wall_seconds"]) == ("aaa", "old", 100.0)
    assert "parameters" not in part


@pytest.mark.parametrize("unknown", [FIRST, THEN])
def test_the_cpu_time_is_known_where_both_know_theirs(unknown):
    first, then = ({**one, "cpu_seconds": 5.0} for one in (FIRST, THEN))
    for one, source in ((first, FIRST), (then, THEN)):
        if source is unknown:
            del one["cpu_seconds"]
    assert "cpu_seconds" not in earlier(first).counted(then)


def test_a_third_part_names_both_before_it_with_their_own_time():
    second = earlier(FIRST).counted(THEN)
    third = earlier(second).counted({**THEN, "seeds": [0, 1, 2, 3], "commit": "ccc"})
    assert [part["seeds"] for part in third["earlier"]] == [[0, 1], [2]]
    assert [part["wall_seconds"] for part in third["earlier"]] == [100.0, 30.0]
    assert [part["cpu_seconds"] for part in third["earlier"]] == [190.0, 29.0]
    assert third["wall_seconds"] == 160.0
