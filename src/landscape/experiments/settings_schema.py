"""The shape of ``settings.yaml`` as JSON schemas; ``description`` completes "it must be ...".

``WHOLE``, ``NUMBER`` and the like are for the schemas of simulations, which stand in their modules.
"""

from __future__ import annotations

from typing import Any


def whole(least: int = 1, most: int | None = None) -> dict[str, Any]:
    """A whole number of at least ``least`` and, where that is given, at most ``most``."""
    if most is not None:
        said = f"a whole number from {least} to {most}"
        return whole(least) | {"maximum": most, "description": said}
    return {"type": "integer", "minimum": least,
            "description": f"a whole number of at least {least}"}  # fmt: skip


def list_of(item: dict[str, Any], description: str, least: int = 1) -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": item, "minItems": least, "description": description}


def optional(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    said = f"{schema['description']}, or null" if "description" in schema else None
    return schema | {"type": [*kinds, "null"]} | ({"description": said} if said else {})


def mapping(properties: dict[str, Any], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """A mapping of these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(needed),
            "additionalProperties": False}  # fmt: skip


TEXT = {"type": "string", "pattern": r"\S", "description": "a text that is not empty"}
TRUTH = {"type": "boolean", "description": "true or false"}
NUMBER = {"type": "number", "description": "a number (an exponent needs a point: 1.0e-3)"}
POSITIVE = {"type": "number", "exclusiveMinimum": 0, "description": "a positive number"}
NOT_NEGATIVE = {"type": "number", "minimum": 0, "description": "a number of at least 0"}
PART = POSITIVE | {"exclusiveMaximum": 1, "description": "a number between 0 and 1"}
NAMED = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
_ID = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "description": "an experiment's id"}
_RUN = "^[a-z][a-z0-9_]*$"
_RUNS = list_of(
    {"type": "string", "pattern": _RUN, "description": "a name in small letters"},
    "a list of different names in small letters",
) | {"uniqueItems": True}
_AXES = {"type": "object", "description": "a mapping whose ends are lists of values"}
_METHODS = {
    "type": "object",
    "description": "a mapping from methods to their settings, named in small letters",
    "propertyNames": {"pattern": _RUN, "description": "a name in small letters"},
    "additionalProperties": {
        "type": "object",
        "description": "a mapping of settings",
        "properties": {"grid": _AXES, "sweep": {"type": "object", "description": "a mapping"}},
    },
}
_COMMON = {"type": "object", "description": "a mapping of settings"}
_PROFILE = mapping({"common": _COMMON, "methods": _METHODS}) | {
    "description": "a mapping with common and methods"
}

#: One experiment as written.
EXPERIMENT = mapping(
    {
        "title": TEXT,
        "like": _ID,
        "only": _RUNS,
        "module": {"type": "string", "pattern": r"^[a-z_]+(\.[a-z_0-9]+)*$",
                   "description": "a module's name"},
        "cases": _RUNS,
        "gpu": TRUTH,
        "pipeline": TRUTH,
        "common": _COMMON,
        "methods": _METHODS,
        "laptop": _PROFILE,
        "smoke": _PROFILE,
    },
    ("title",),
)  # fmt: skip

_SHARE = {"type": "number", "minimum": 0, "exclusiveMaximum": 1,
          "description": "a number from 0 to below 1"}  # fmt: skip
#: Larger ones are slips: what they ask for would not begin within a day.
_MANY = 10_000
SEED = whole(0, 2**32 - 1)  # as far as NumPy's and scikit-learn's go
_SIZE = {"if": {"type": "integer"}, "then": {"maximum": 10**7, "description": "at most 10 million"}}

GRID = mapping({"grid": _AXES})
#: The settings in force of one method of a training experiment (landscape.train.spec).
TRAINING = mapping(
    {
        "data": mapping(
            {
                "name": TEXT,
                "scaling": TEXT,
                "holdout": _SHARE,
                "train_samples": optional(whole()),
                "test_samples": optional(whole()),
                "split_seed": SEED,
                "downsample": whole(),
                "classes": optional(list_of(whole(0), "a list of labels", 2)),
                "parity": TRUTH,
                "unroll": optional(whole()),
            }
        ),
        "model": NAMED | {"additionalProperties": _SIZE},
        "optimizer": NAMED,
        "schedule": mapping(
            {
                "drop_at": list_of(POSITIVE, "a list of positive numbers of epochs", 0),
                "factor": {"type": "number", "minimum": 1, "description": "a number of at least 1"},
                "drop_at_fraction": list_of(
                    PART, "a list of numbers between 0 and 1", 0
                ),
            }
        ),
        "run": mapping(
            {
                "batch_size": whole(),
                "epochs": POSITIVE,
                "seeds": whole(1, _MANY),
                "evaluations_per_epoch": whole(1, _MANY),
                "evaluation_samples": whole(2),
                "clip_norm": optional(POSITIVE),
                "clip_value": optional(POSITIVE),
                "weights": list_of(
                    NOT_NEGATIVE | {"maximum": 1, "description": "a part of the run from 0 to 1"},
                    "a list of parts of the run, from 0 to 1", 0,
                ),
                "record_every": optional(whole()),
                "evaluation_batch": optional(whole()),
                "batch_statistics": TRUTH,
            },
            ("epochs", "seeds"),
        ),
        "replicas": mapping(
            {
                "count": whole(),
                "data_fraction": optional(
                    POSITIVE | {"maximum": 1, "description": "a number above 0 and at most 1"}
                ),
                "same_start": TRUTH,
            }
        ),
        "augmentation": mapping(
            {
                "flip": NOT_NEGATIVE | {"maximum": 1, "description": "a number from 0 to 1"},
                "crop": whole(0),
                "mixup": NOT_NEGATIVE,
            }
        ),
        "loss": mapping({"name": TEXT, "scaling": TEXT, "l2": NOT_NEGATIVE}),
        "auto_l2": {"type": ["object", "null"], "description": "a mapping of settings, or null"},
        **GRID["properties"],
    },
    ("model", "optimizer", "run"),
)
