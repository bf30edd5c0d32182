"""Tables of the last characters: two columns and which text it was."""

import io

import pandas as pd
import pytest
import torch

from landscape.data import sequences
from landscape.experiments import text_entropy

WORDS = "the valley is wide and the hill is steep; "


@pytest.fixture
def tables(monkeypatch):
    codes, vocabulary = sequences.encode_characters(WORDS * 30)
    tokens = torch.from_numpy(codes[:1200].copy())
    made = sequences.SequenceData(*tokens.split([960, 120, 120]), vocabulary, "Another", True)
    monkeypatch.setattr(text_entropy.data, "load_text", lambda: made, raising=False)
    given = {"data": "text", "longest": 6, "samples": None, "seed": 0}
    outcome = text_entropy.simulate(given, "characters")
    return {name: pd.read_csv(io.StringIO(text)) for name, text in outcome.tables.items()}


def test_the_text_is_named(tables):
    facts = tables["facts"].iloc[0]
    assert (facts["title"], facts["stand_in"], facts["training"]) == ("Another", 1, 960)
    assert facts["different"] == len(set(WORDS))


def test_no_table_of_other_text_beats_the_one_of_the_text_itself(tables):
    rows = tables["results"]
    assert rows["run"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (rows["of_training"] > rows["of_itself"]).all()
    assert rows["of_itself"].iloc[-1] < 0.05  # a sentence that repeats
