"""Text is UTF-8 wherever it is read or written: the user's locale decides nothing."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for folder in ("src", "scripts", "benchmarks", "book")
    for path in (ROOT / folder).rglob("*.py") if "_build" not in path.parts
)  # fmt: skip
# Modules whose `open` gives bytes unless the mode asks for text.
BINARY = ("gzip", "bz2", "lzma", "tarfile")


def unnamed(source: str) -> list[int]:
    """Lines with a call that turns bytes into text, or back, in the locale's encoding."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and not {"encoding", None} & {word.arg for word in call.keywords}  # None: **options
        and _is_text(call, {word.arg: word.value for word in call.keywords})
    ]


def _is_text(call: ast.Call, keywords: dict[str, ast.expr]) -> bool:
    owner = getattr(getattr(call.func, "value", None), "id", "")
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in ("read_text", "write_text"):
        # The function write_text of landscape.files is UTF-8 by itself.
        return isinstance(call.func, ast.Attribute) and len(call.args) < 1 + (name == "write_text")
    if owner == "subprocess":
        return bool({"text", "universal_newlines"} & set(keywords))
    if name != "open" or owner in ("os", "Image", "webbrowser"):
        return False
    # open(path, mode) has it second, path.open(mode) first.
    method = isinstance(call.func, ast.Attribute) and owner not in (*BINARY, "io")
    given = [*call.args[0 if method else 1 :], keywords.get("mode")]
    mode = getattr(given[0], "value", "r")
    return "t" in mode if owner in BINARY else "b" not in mode


def test_the_check_knows_the_ways_to_read_and_write():
    for line in (
        "open(p)", "open(p, 'w')", "p.open()", "p.open(mode='a')", "p.read_text()",
        "p.write_text(s)", "gzip.open(p, 'rt')", "subprocess.run(c, text=True)",
    ):  # fmt: skip
        assert unnamed(line) == [1], line
    for line in (
        "open(p, encoding='utf-8')", "open(p, 'rb')", "p.open('wb')", "gzip.open(p)",
        "subprocess.run(c)", "os.open(p)", "p.read_text(encoding='utf-8')",
        "tarfile.open(p, 'r:gz')", "write_text(p, s)",
        "p.read_text('utf-8')", "p.write_text(s, 'utf-8')",
    ):  # fmt: skip
        assert unnamed(line) == [], line


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_names_its_encoding(path):
    lines = unnamed(path.read_text(encoding="utf-8"))
    assert not lines, f'{path.relative_to(ROOT)}, lines {lines}: add encoding="utf-8"'
