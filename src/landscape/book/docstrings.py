"""A Sphinx extension: show the library's docstrings as they were written.

Docstrings here are plain text: paragraphs, indented formulas, ``Args:``-like sections, examples.
Read as reStructuredText, |x| or h* would be markup and most formulas errors. This turns each block
into the markup that shows it unchanged, so any readable docstring is a valid one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

SECTION = re.compile(r"^(Args|Parameters|Returns|Raises|Yields|Attributes|Example|Notes?):?$")
UNDERLINE = re.compile(r"^-{3,}$")
TABLE_EDGE = re.compile(r"^=+(?: +=+)+$")
BULLET = re.compile(r"^(?:[-*]|\d+\.) +")
ENTRY = re.compile(r"^(\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*):(?: +(.*))?$")
CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)


def escaped(text: str) -> str:
    """Running text in which only code in backticks is markup."""
    pieces = CODE.split(text)
    for index, piece in enumerate(pieces):
        if index % 2:
            pieces[index] = f"``{piece.strip('`').strip()}``"
        else:
            piece = re.sub(r"([\\*|`])", r"\\\1", piece)
            pieces[index] = re.sub(r"_(?=\W|$)", r"\\_", piece)
            if index and re.match(r"\w", piece):
                pieces[index] = "\\ " + pieces[index]  # inline code must end at a word's edge
    for index in range(1, len(pieces), 2):
        if re.search(r"[\w*/=-]$", pieces[index - 1]):
            pieces[index] = "\\ " + pieces[index]
    return "".join(pieces)


def to_rst(lines: list[str]) -> list[str]:
    """The docstring ``lines`` (without common indentation) as reStructuredText lines."""
    made: list[str] = []
    blocks = list(_blocks(lines))
    for number, block in enumerate(blocks):
        header = SECTION.match(block[0])
        numpy = header and len(block) > 1 and UNDERLINE.match(block[1])
        if header and (numpy or len(block) > 1 or _indented(blocks, number + 1)):
            title = {"Args": "Arguments"}.get(header[1], header[1])
            made += [f"**{title}**", "", *_entries(block[2 if numpy else 1 :])]
        elif block[0].startswith(">>>") or _plain_table(block):
            made += block
        elif BULLET.match(block[0]):
            made += _list(block)
        elif all(not line.startswith(" ") for line in block) and not TABLE_EDGE.match(block[0]):
            made += [escaped(re.sub(r"::$", ":", "\n".join(block)))]
        else:
            made += _literal(block)
        made.append("")
    return "\n".join(made).split("\n")


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines between blank ones; neighbouring indented runs stay together."""
    block: list[str] = []
    for number, line in enumerate(lines):
        if line.strip():
            block.append(line.rstrip())
            continue
        following = next((later for later in lines[number:] if later.strip()), "")
        if block and block[0].startswith(" ") and following.startswith(" "):
            block.append("")
        elif block:
            yield block
            block = []
    if block:
        yield block


def _indented(blocks: list[list[str]], number: int) -> bool:
    return number < len(blocks) and blocks[number][0].startswith(" ")


def _plain_table(block: list[str]) -> bool:
    framed = TABLE_EDGE.match(block[0]) and TABLE_EDGE.match(block[-1])
    return bool(framed) and not re.search(r"[*|]|_\b", "\n".join(block))


def _literal(block: list[str]) -> list[str]:
    """A block whose line breaks and columns matter, after its introduction if it has one."""
    head: list[str] = []
    if block[0].endswith(":") and not block[0].startswith(" "):
        head, block = [escaped(re.sub(r"::$", ":", block[0])), ""], block[1:]
    return [*head, ".. code-block:: text", "", *(f"    {line}" for line in block)]


def _list(block: list[str]) -> list[str]:
    items: list[str] = []
    for line in block:
        if BULLET.match(line):
            items.append(BULLET.sub("", line))
        else:
            items[-1] += " " + line.strip()
    return [f"- {escaped(item)}" for item in items]


def _entries(block: list[str]) -> list[str]:
    """``name: text`` lines of a section as a definition list; anything else as a paragraph."""
    margin = min((len(x) - len(x.lstrip()) for x in block if x.strip()), default=0)
    terms: list[tuple[str, list[str]]] = []
    for line in (text[margin:] for text in block if text.strip()):
        entry = ENTRY.match(line)
        if entry:
            terms.append((entry[1], [entry[2]] if entry[2] else []))
        elif terms and line.startswith(" "):
            terms[-1][1].append(line.strip())
        elif re.fullmatch(r"[\w.]+", line):  # an exception's name on a line of its own
            terms.append((line, []))
        else:
            text = " ".join(x.strip() for x in block)
            return [escaped(text)]
    made = []
    for name, text in terms:
        made += [f"``{name}``", f"    {escaped(' '.join(text)) or '-'}", ""]
    return made[:-1]


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = to_rst(lines)


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
