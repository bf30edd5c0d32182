"""A seal on the provenance of a run: what is changed by hand afterwards is noticed.

A provenance names the commit, the machine and the time of a run, and nothing can recompute them.
Its field ``seal`` is the SHA-256 of all other fields, so that a number edited in the file or in a
record that took it over no longer agrees. It guards against slips, not against forgers, who would
compute it anew. ``time_note``, a remark on the time, may be added at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FIELD = "seal"
_REMARKS = (FIELD, "time_note")


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same content with its seal.

    Args:
        content: A provenance that JSON can hold.
    """
    return {**content, FIELD: _digest(content)}


def is_intact(content: Mapping[str, Any]) -> bool:
    """Whether the content is what was sealed; true where there is no seal, as in older files."""
    return FIELD not in content or content[FIELD] == _digest(content)


def _digest(content: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in content.items() if key not in _REMARKS}
    # As it comes back from the file: lists for tuples, texts for keys.
    kept = json.loads(json.dumps(kept))
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
