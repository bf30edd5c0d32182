"""Writing JSON whole or not at all."""

import json
import os
from pathlib import Path


def write_json(path: Path, content: object) -> None:
    """Write JSON with sorted keys, all or nothing; the same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(
            json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
            + "\n",
            encoding="utf-8",
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
