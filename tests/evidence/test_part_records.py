"""Records of a part of a sweep, of a toy project."""

import hashlib
import json

import pandas as pd
import pytest
import toy_sweep
from toy_project import Toy
from toy_sweep import NAME

from landscape.evidence import part_records, publishing, records
from landscape.experiments import settings

PAGE = f"{toy_sweep.PAGE}    other: {{sweep: {{axes: {{optimizer: {{lr: [10.0]}}}}}}}}\n"
BASE = {
    "experiment": NAME, "profile": "paper", "specification": "s", "seeds": [0], "command": "c",
    "commit": "0123456789ab", "started": "2026-01-02T00:00:00Z", "device": "CPU", "cpu": "a core",
    "finished": "2026-01-02T01:00:00Z", "wall_seconds": 1800.0, "cores": 2, "workers": 1,
    "versions": {},
}  # fmt: skip


@pytest.fixture
def project(tmp_path):
    made = Toy(tmp_path / "toy")
    made.page("6-l2-dynamics/a-page", PAGE)
    return made.root


def publish(root, most_steps=200, methods=("slow", "fast"), **changes):
    """Networks of up to so many steps, 2 / (rate * 0.1 or 10) here."""
    source = root / "results/part"
    for method in methods:
        given = settings.method_settings(NAME, method, "paper", root)
        sweep = given["sweep"] | ({"most_steps": most_steps} if most_steps else {})
        lr = given["sweep"]["axes"]["optimizer"]["lr"][0]
        rows = [{"l2": l2, "lr": lr, "seed": 0, "step": step, "test_error": 50.0, "diverged": 0}
                for l2 in (0.1, 10.0) for step in (0, round(2 / lr / l2))]  # fmt: skip
        (source / method).mkdir(parents=True, exist_ok=True)
        table = source / method / "results.csv"
        pd.DataFrame(rows).to_csv(table, index=False)
        item = BASE | {"method": method, "parameters": given | {"sweep": sweep}} | changes
        item["files"] = {"results.csv": hashlib.sha256(table.read_bytes()).hexdigest()}
        (source / f"{method}.provenance.json").write_text(json.dumps(item))
    return records.read(publishing.publish(NAME, source, title="a part", root=root))


def test_a_part_judges_nothing_and_says_what_it_lacks(project):
    found = publish(project)
    assert found.scale == "reduced"
    assert found.info["differs"] == ["only the networks of up to 200 steps", "without other"]
    part = part_records.newest(NAME, project)
    assert (part.networks, part.whole, part.most_steps, part.hours) == (4, 9, 200, 1.0)
    assert (part.date, part.machine) == ("2026-01-02", "a core")
    assert set(part.frame["method"]) == {"slow", "fast"}


def test_whole_methods_are_at_the_works_scale_and_say_which_are_missing(project):
    found = publish(project, most_steps=None)
    assert (found.scale, found.info["differs"]) == ("paper", ["without other"])
    assert part_records.newest(NAME, project) is None


def test_what_is_smaller_in_another_way_is_no_part(project):
    assert part_records.newest(NAME, project) is None
    publish(project, profile="laptop")
    assert part_records.newest(NAME, project) is None
