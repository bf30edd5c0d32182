"""The shape of ``record.json`` as a JSON schema.

What the keys mean: ``landscape.evidence.records``.
"""

_TEXT = {"type": "string", "pattern": r"\S", "description": "a text that is not empty"}
_MOMENT = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
    "description": "a moment like 2026-01-31T10:00:00Z",
}
_SECONDS = {"type": "number", "minimum": 0, "description": "a number of seconds"}
_COUNT = {"type": "integer", "minimum": 1, "description": "a whole number of at least 1"}

_SEEDS = {"type": "array", "items": {"type": "integer"}, "minItems": 1,
          "description": "a list of whole numbers"}  # fmt: skip
#: An execution whose seeds were taken.
_EARLIER = {
    "type": "object",
    "required": ["seeds", "commit", "started", "finished", "wall_seconds"],
    "properties": {"seeds": _SEEDS, "commit": _TEXT, "started": _MOMENT, "finished": _MOMENT,
                   "wall_seconds": _SECONDS, "cpu_seconds": _SECONDS},
}  # fmt: skip

#: Provenance may hold more than this; what it holds of it must be right.
PROVENANCE = {
    "type": "object",
    "required": ["profile", "specification", "parameters", "seeds", "command", "commit", "started",
                 "finished", "wall_seconds", "device", "cpu", "cores", "workers", "versions"],
    "properties": {
        "specification": _TEXT,
        "parameters": {"type": "object"},
        "seeds": _SEEDS,
        "earlier": {"type": "array", "items": _EARLIER, "minItems": 1,
                    "description": "a list of the executions whose seeds were taken"},
        "command": _TEXT,
        "commit": _TEXT,
        "profile": {"enum": ["smoke", "laptop", "paper"]},
        "started": _MOMENT,
        "finished": _MOMENT,
        "wall_seconds": _SECONDS,
        "cpu_seconds": _SECONDS,
        "resumed": {"type": "boolean"},
        "time_note": _TEXT,
        "inputs": _TEXT,
        "seal": _TEXT,
        "files": {"type": "object", "additionalProperties": _TEXT,
                  "description": "a mapping from files to their SHA-256"},
        "device": _TEXT,
        "cpu": _TEXT,
        "cores": _COUNT,
        "workers": _COUNT,
        "versions": {"type": "object"},
    },
}  # fmt: skip

RECORD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["experiment", "title", "scale", "differs", "started", "finished", "commit",
                 "files", "methods"],
    "properties": {
        "experiment": _TEXT,
        "title": _TEXT,
        "scale": {"enum": ["paper", "reduced"]},
        "differs": {"type": "array", "items": _TEXT, "description": "a list of texts"},
        "started": _MOMENT,
        "finished": _MOMENT,
        "commit": _TEXT,
        "files": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": r"^[\w-]+/[\w-]+\.csv$",
                      "description": "a path like adam/results.csv"},
            "description": "a list of paths like adam/results.csv",
        },
        "methods": {"type": "object", "minProperties": 1, "additionalProperties": PROVENANCE,
                    "description": "a mapping of at least one run"},
    },
}  # fmt: skip
