"""What the page on a fading field shows beside its curves, on runs made by hand."""

import pandas as pd
import pytest

from landscape.book import field_pictures as draw
from landscape.evidence.measurement import Measurement


def runs(errors, gradients):
    return pd.DataFrame([
        {"method": "adam", "seed": seed, "effective_epoch": epoch, "validation_error": error,
         "gradient_layer_min_raw": gradient}
        for seed, (error, gradient) in enumerate(zip(errors, gradients, strict=True))
        for epoch in (0, 1)
    ])  # fmt: skip


def test_a_field_that_cannot_be_told_from_adam_has_no_star():
    cells = {(1e-3, 50): (1.5, Measurement(-1, -2, -0.5, 2)),
             (1e-2, 500): (2.5, Measurement(0, -1, 1, 2))}  # fmt: skip
    ax = draw.sweep(cells).axes[0]
    assert {text.get_text(): text.get_position() for text in ax.texts} == {
        "1.5*": (0, 0), "2.5": (1, 1)}  # fmt: skip
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.001", "0.01"]


def test_gradients_are_medians_of_build_and_record():
    frame = runs([1, 1, 1], [0.0, 1e-3, 1e-2])
    (ax,) = draw.least_gradient(frame, frame, ["adam"], "gradient_layer_min_raw").axes
    assert [line.get_label() for line in ax.lines] == ["Adam", "Adam, record"]
    assert ax.lines[0].get_ydata() == pytest.approx([1e-3, 1e-3])
    (ax,) = draw.least_gradient(frame, None, ["adam"], "gradient_layer_min_raw").axes
    assert len(ax.lines) == 1


def test_runs_that_never_learned_are_counted_with_silent_layers():
    frame = runs([88, 3, 90], [0.0, 1e-3, 1e-3])
    table = draw.dead_table({"deep": (None, frame)}, ["adam"], 50, "laptop", "dead")
    assert [cell.text for cell in table.rows[0]] == ["deep", "Adam", "–", "2 of 3"]
    assert table.rows[0][-1].details == "1 with a silent layer"
    assert table.caption == "Runs that end above 50 % validation error"
