"""Sentences that refuse a document."""

import pytest

from landscape import schema

SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["train", "simulate"]},
        "epochs": {"type": ["integer", "null"]},
        "share": {"type": "number", "minimum": 0, "maximum": 1, "description": "between 0 and 1"},
        "run": {"type": "object", "additionalProperties": False, "properties": {"seeds": {}}},
    },
}


@pytest.mark.parametrize(
    ("document", "phrase"),
    [
        ({"name": "x"}, None),
        ([], "it is []; it must be a mapping"),
        ({}, "it has no 'name'"),
        ({"name": 3}, "name is 3; it must be a text"),
        ({"name": "x", "kind": "trian"}, "kind is 'trian'; did you mean 'train'?"),
        ({"name": "x", "kind": 7}, "kind is 7; choose one of train, simulate"),
        ({"name": "x", "epochs": "3"}, "epochs is '3'; it must be a whole number or null"),
        ({"name": "x", "epochs": True}, "epochs is True; it must be a whole number or null"),
        ({"name": "x", "share": 2}, "share is 2; it must be between 0 and 1"),
        ({"name": "x", "epoch": 1}, "unknown key 'epoch'; did you mean 'epochs'?"),
        ({"name": "x", "run": {"seed": 1}}, "run: unknown key 'seed'; did you mean 'seeds'?"),
        ({"name": "x", "zzz": 1}, "unknown key 'zzz'; known are epochs, kind, name, run, share"),
        ({"name": "x", 3: 1}, "unknown key 3; known are epochs, kind, name, run, share"),
    ],
)
def test_a_phrase_says_where_what_and_what_is_allowed(document, phrase):
    assert schema.problems(document, SHAPE) == ([phrase] if phrase else [])


def test_every_problem_is_told():
    assert schema.problems({"name": 1, "share": "x"}, SHAPE) == [
        "name is 1; it must be a text", "share is 'x'; it must be between 0 and 1"]  # fmt: skip
