"""JSON of the evidence: the same content gives the same bytes."""

import json
from pathlib import Path

from landscape.files import write_text


def write_json(path: Path, content: object) -> None:
    """Write JSON with sorted keys, all or nothing; ValueError for numbers that are none."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")
