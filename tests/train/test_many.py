import errno

import pandas as pd
import pytest

from landscape.errors import LandscapeError
from landscape.train import history, many
from landscape.train.spec import RunSpec, SpecificationError


def test_csv_is_whole_or_absent(tmp_path, monkeypatch):
    frame = pd.DataFrame({"seed": [0], "training_loss": [1 / 3]})
    target = tmp_path / "new" / "adam.csv"
    history.write_csv(frame, target)
    assert target.read_bytes() == b"seed,training_loss\n0,0.333333333\n"

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(LandscapeError, match="No space left while writing"):
        history.write_csv(frame.assign(seed=1), target)
    assert target.read_bytes().endswith(b"0,0.333333333\n")


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


def test_a_folder_that_takes_no_checkpoints_is_found_before_the_first_step(
    small_data, tmp_path, monkeypatch
):
    steps = []
    monkeypatch.setattr("landscape.train.run.Run.gradients", lambda self: steps.append(1))
    (tmp_path / "checkpoints").write_text("a file in its place", encoding="utf-8")
    spec = RunSpec("an-experiment", "sgd", 0, "mnistfc_ch2", "sgd", batch_size=16)
    with pytest.raises(LandscapeError, match="Cannot write to .*checkpoints"):
        many.fit_many([spec], workers=1, checkpoints=tmp_path / "checkpoints")
    assert not steps
