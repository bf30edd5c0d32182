import pytest

from landscape import documents
from landscape.errors import LandscapeError


def test_yaml_is_utf_8_in_every_locale(tmp_path, monkeypatch):
    path = tmp_path / "file.yaml"
    path.write_bytes("a: é γ\n".encode())
    assert documents.read(path) == {"a": "é γ"}
    path.write_bytes(b"")
    assert documents.read(path) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\na: 2\n", "file.yaml line 1: it holds 'a' twice; keep one of them."),
        (b"x:\n  b: 1\n  b: 1\n", "line 2: it holds 'b' twice"),
        (b"a: [1\nb: 2\n", "file.yaml line 2: it is not valid YAML; mend it."),
        (b"a: !!python/object:os.system {}\n", "line 1: it is not valid YAML"),
        (b"a: 2026-13-45\n", "file.yaml: it is not valid YAML (month must be in 1..12"),
        (b"\xff\xfe", "file.yaml is not a text file in UTF-8; restore it from git."),
        (b"\x00\x01", "file.yaml"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, content, said):
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(LandscapeError) as caught:
        documents.read(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(LandscapeError, match="missing; restore it from git"):
        documents.read(tmp_path / "none.yaml")
