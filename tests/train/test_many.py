import pandas as pd
import pytest

from landscape.errors import LandscapeError
from landscape.train import history, many
from landscape.train.spec import RunSpec, SpecificationError


def test_worker_count(monkeypatch):
    assert many.worker_count(3) == 3
    monkeypatch.setenv("LANDSCAPE_WORKERS", "2")
    assert many.worker_count() == 2
    monkeypatch.setenv("LANDSCAPE_WORKERS", "two")
    with pytest.raises(LandscapeError, match="LANDSCAPE_WORKERS=two"):
        many.worker_count()
    with pytest.raises(LandscapeError, match="0 workers"):
        many.worker_count(0)


def test_csv_is_whole_or_absent(tmp_path, monkeypatch):
    frame = pd.DataFrame({"seed": [0], "training_loss": [1 / 3]})
    target = tmp_path / "new" / "adam.csv"
    history.write_csv(frame, target)
    assert target.read_text() == "seed,training_loss\n0,0.333333333\n"

    def full(*arguments, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="space"):
        history.write_csv(frame.assign(seed=1), target)
    assert target.read_text().endswith("0,0.333333333\n")


def test_unknown_history_columns_are_refused():
    with pytest.raises(KeyError, match="wall_time"):
        history.History().append(seed=1, wall_time=3.0)


@pytest.mark.parametrize(
    ("options", "named"), [({"lr": -1.0}, "lr"), ({"momentun": 0.9}, "momentun")]
)
def test_impossible_optimizer_settings_name_the_experiment(small_data, options, named):
    spec = RunSpec("an-experiment", "sgd", 0, "mnistfc_ch2", "sgd", optimizer_options=options,
                   batch_size=16)
    with pytest.raises(SpecificationError, match=f"an-experiment, method sgd.*{named}") as caught:
        many.fit_many([spec], workers=1)
    assert "\n" not in str(caught.value)
