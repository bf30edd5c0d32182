"""The shape of ``claims.yaml`` as JSON schemas.

What the keys mean: ``landscape.evidence.claims``.
"""

RULES = ("holds", "below", "above", "near", "all")
ROLES = ("main", "control")

_TEXT = {"type": "string", "pattern": r"\S", "description": "a text that is not empty"}
# YAML reads 1e-9 as a text; a person means the number, so that claims.py converts it.
_NUMBER = {"type": ["number", "string"], "description": "a number"}
_NAME = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$",
    "description": "a name of letters, digits, - and _",
}

#: A whole file. Values, claims and parts are checked one by one, so that a sentence can name them.
DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["claims"],
    "properties": {
        "paper_values": {"type": "object"},
        "claims": {"type": "array", "minItems": 1, "items": {"type": "object"},
                   "description": "a list with at least one claim"},
    },
}  # fmt: skip

PAPER_VALUE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "value"],
    "properties": {
        "what": {"type": "string"},
        "value": _NUMBER,
        "err": {"type": ["number", "string", "null"], "description": "a number, null or exact"},
        "unit": {"type": "string"},
        "where": {"type": "string"},
    },
}

DIFFERENCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "difference_of"],
    "properties": {
        "what": {"type": "string"},
        "difference_of": {"type": "array", "items": _NAME, "minItems": 2, "maxItems": 2,
                          "description": "two keys of paper_values"},
    },
}  # fmt: skip

_SHARED = {
    "text": _TEXT,
    "measured": _TEXT,
    "rule": {"enum": list(RULES)},
    "paper": {"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}],
              "description": "a key of paper_values or a list of them"},
    "stated": _TEXT,
    "stochastic": {"type": "boolean"},
    "role": {"enum": list(ROLES)},
    "scale_free": {"type": "boolean"},
    "chosen": _TEXT,
    "unstated": _TEXT,
}  # fmt: skip
_OF_RULE = {
    "holds": {"tolerance": _NUMBER},
    "below": {"threshold": _NUMBER},
    "above": {"threshold": _NUMBER},
    "near": {"target": _NUMBER, "tolerance": _NUMBER, "resolution": _NUMBER},
    "all": {"parts": {"type": "array", "minItems": 2, "items": {"type": "object"},
                      "description": "a list of two or more parts"}},
}  # fmt: skip
_NEEDED = {"holds": ["tolerance"], "below": ["threshold"], "above": ["threshold"], "all": ["parts"]}
_ID = {"type": "string", "pattern": r"^c\d+$", "description": "c and a number, like c1"}

#: Whatever else an entry holds, its rule says which keys it may have.
ANY_RULE = {
    "type": "object",
    "required": ["rule"],
    "properties": {"rule": _SHARED["rule"]},
}


def entry(rule: str, name: str) -> dict:
    """The schema of a claim (``name`` is ``id``) or of a part (``key``) with that rule."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name, "text", "rule", *_NEEDED.get(rule, [])],
        "properties": {name: _ID if name == "id" else _NAME} | _SHARED | _OF_RULE[rule],
    }
