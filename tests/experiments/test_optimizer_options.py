"""What each optimizer says of itself."""

import inspect
import io
from pathlib import Path

import pandas as pd
import yaml

from landscape import optim
from landscape.experiments import optimizer_options as options
from landscape.experiments import optimizer_paths, settings

ROOT = Path(__file__).parents[2]
SMOKE = settings.resolved("optimizer-paths", "smoke", ROOT)


def test_options_are_those_of_the_constructors():
    text = optimizer_paths.simulate(SMOKE, "options").tables["results"]
    table = pd.read_csv(io.StringIO(text), keep_default_na=False)
    plain = table[(table["variant"] == "") & (table["kind"] == "setting")]
    for name in optim.names():
        rows = plain[plain["optimizer"] == name]
        expected = [k for k in optim.settings(name) if k not in options.SHARED]
        assert list(rows["name"]) == expected
    value = {(r.optimizer, r.name): r.value for r in plain.itertuples(index=False)}
    assert value["sgd", "lr"] == repr(inspect.signature(optim.SGD).parameters["lr"].default)
    assert value["sgld", "samples"] == "", "has no default"
    assert value["AutoL2", "factor"] == "10.0"
    chosen = table[(table["optimizer"] == "entropy_sgd") & (table["name"] == "L")]
    assert dict(zip(chosen["variant"], chosen["value"], strict=True)) == {
        "": "20", "B": "20", "C": "25", "authors": "20", "authors-lua": "20",
    }  # fmt: skip
    says = table[table["kind"] == "property"]
    plain_says = says[says["variant"].isna() | (says["variant"] == "")]
    another = plain_says[plain_says["name"] == "own_answer"].set_index("optimizer")["value"]
    assert another["heat_smoothing"] == "True", "described as it is meant, not as its control"
    assert another["sgd"] == "False"
    assert {tuple(r) for r in says.loc[says["optimizer"] == "parle", ["name", "value"]].values} == {
        ("gradients_per_update", "25"), ("own_answer", "True"), ("trains_replicas", "True"),
    }  # fmt: skip


def test_there_are_words_for_every_optimizer():
    words = yaml.safe_load((ROOT / "references" / "optimizers.yaml").read_text())
    assert set(words) == set(optim.names()) | {kind.__name__ for kind in options.SCHEDULES}
