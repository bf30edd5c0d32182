"""Reading settings.yaml: comments, places, and files that cannot be right."""

import pytest

from landscape.experiments import settings_file
from landscape.experiments.settings_file import Leaf, SettingsError, entries, merge, plain, without

ONE = """\
    first:
      title: A title
      common:
        run:
          epochs: 50  # a work 1.2
          drop_at: [1,
                    2]  # a work 1.3
        model: {name: net, width: 3}  # a work 1.4
      methods: {adam: {}}
"""


def test_every_value_has_its_comment_and_its_line(toy):
    path = toy.page("1-spin-glass/page", ONE)
    entry = entries(toy.root)["first"]
    assert (entry.page, entry.part, entry.path) == ("1-spin-glass/page", "1-spin-glass", path)
    found = dict(settings_file.leaves(entry.tree["common"]))
    assert found["run", "epochs"] == Leaf(50, "a work 1.2", path, 5)
    assert found["run", "drop_at"] == Leaf([1, 2], "a work 1.3", path, 6)
    assert found["model", "name"].source == found["model", "width"].source == "a work 1.4"
    assert plain(entry.tree["methods"]) == {"adam": {}}


def test_experiments_come_in_the_order_of_pages_and_files(toy):
    toy.page("2-local-entropy/b", "x:\n  title: x\nc:\n  title: c\n")
    toy.page("1-spin-glass/z", "y:\n  title: y\n")
    toy.page("1-spin-glass/prose")
    assert list(entries(toy.root)) == ["y", "x", "c"]


def test_a_tree_is_merged_key_by_key_and_cut_at_a_path():
    base = {"a": {"b": 1, "c": 2}, "d": 3}
    assert merge(base, {"a": {"b": 5}}, {"d": {"e": 6}}) == {"a": {"b": 5, "c": 2}, "d": {"e": 6}}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3}
    assert without(base, ("a", "b")) == {"a": {"c": 2}, "d": 3}
    assert without(base, ("a", "x")) == without(base, ("y", "x")) == base


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("first:\n  title: t\n  common: null\n", "first: common is None; it must be a mapping"),
        ("first:\n  common: {}\n", "first: it has no 'title'"),
        ("first:\n  title: t\n  profil: {}\n", "unknown key 'profil'; known are cases, common"),
        ("first:\n  title: t\n  lapto: {}\n", "unknown key 'lapto'; did you mean 'laptop'?"),
        ("first:\n  title: t\n  smoke: {comon: {}}\n", "smoke: unknown key 'comon'; did you mean"),
        ("first:\n  title: t\n  methods: {adam: null}\n", "methods.adam is None; it must be"),
        ("first:\n  title: t\n  methods: {Adam: {}}\n", "'Adam'; it must be a name in small"),
        ("first:\n  title: t\n  cases: [a, a]\n", "it must be a list of different names"),
        ("first:\n  title: t\n  cases: [A]\n", "cases.0 is 'A'; it must be a name in small"),
        ("first:\n  title: t\n  methods: {adam: {grid: 3}}\n", "methods.adam.grid is 3; it must"),
        ("first:\n  title: t\n  methods: {adam: {sweep: [1]}}\n", "adam.sweep is [1]; it must"),
        ("A first:\n  title: t\n", "'A first' is no name of an experiment; use small"),
        ("../first:\n  title: t\n", "'../first' is no name of an experiment"),
        ("first:\n  title: t\n  title: u\n", "line 2: it holds 'title' twice"),
        ("first:\n  title: [t\n", "line 3: it is not valid YAML"),
        ("first: null\n", "must hold a mapping from experiments"),
        ("- a list\n", "must hold a mapping from experiments"),
        ("first:\n  title: t\n  common: {1: 2}\n", "line 3: every key must be a plain word"),
        ("first:\n  title: t\n  when: 2026-13-45\n", "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(toy, text, said):
    path = toy.page("1-spin-glass/page", text)
    with pytest.raises(SettingsError) as caught:
        entries(toy.root)
    sentence = str(caught.value)
    assert said in sentence
    assert "book/1-spin-glass/page/settings.yaml" in sentence
    assert "\n" not in sentence
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not a text file in UTF-8"):
        entries(toy.root)


def test_an_id_is_used_once(toy):
    toy.page("1-spin-glass/one", "same:\n  title: t\n")
    toy.page("2-local-entropy/two", "same:\n  title: t\n")
    with pytest.raises(SettingsError, match="two/settings.yaml: the experiment 'same' is also in"):
        entries(toy.root)


def test_without_jsonschema_settings_are_read_unchecked(toy, monkeypatch):
    toy.page("1-spin-glass/page", "first:\n  title: t\n  unheard_of: 1\n")
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)
    assert list(entries(toy.root)) == ["first"]
