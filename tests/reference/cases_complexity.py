"""Entries of the one table of the tests for complexity gradient descent."""

from reference import optim_complexity

CASES = [
    ("matched_cgd", {"lr": 0.1, "lambda_0": 0.1}),
    (
        "matched_cgd",
        {
            "lr": 0.05, "lambda_0": 0.2, "smoothing": "moving_average", "K": 3, "initial": "zero",
            "steps_per_epoch": 4, "momentum": 0.5, "radius": "sqrt",
        },
    ),
    (
        "matched_cgd",
        {"lr": 0.1, "lambda_0": 0.05, "smoothing": "exponential", "K": 4, "projection": False},
    ),
    ("cosine_cgd", {"lr": 0.1, "lambda_0": 0.1, "T": 7}),
    (
        "cosine_cgd",
        {
            "lr": 0.05, "lambda_0": 0.05, "T": 5, "momentum": 0.9, "nesterov": True,
            "steps_per_epoch": 3, "radius": 2.5,
        },
    ),
    ("two_step_cgd", {"lr": 0.1, "lambda_0": 0.2}),
    (
        "two_step_cgd",
        {
            "lr": 0.05, "lambda_0": 0.1, "schedule": "cosine", "T": 6, "steps_per_epoch": 2,
            "momentum": 0.9, "nesterov": True, "radius": "sqrt",
        },
    ),
    ("two_step_cgd", {"lr": 0.1, "lambda_0": 0.2, "schedule": "constant", "projection": False}),
]  # fmt: skip


def _twin(function):
    return lambda problem, settings: function(problem, **settings)


TWINS = {
    "matched_cgd": _twin(optim_complexity.matched),
    "cosine_cgd": _twin(optim_complexity.cosine),
    "two_step_cgd": _twin(optim_complexity.two_step),
}
MINIMAL = {
    "matched_cgd": {"lambda_0": 0.01},
    "cosine_cgd": {"lambda_0": 0.01, "T": 10},
    "two_step_cgd": {"lambda_0": 0.01},
}
# What is needed for the groups of one optimizer not to act on each other: no common sphere, and no
# strength that follows their common loss.
UNCOUPLED = {
    "matched_cgd": {"projection": False, "lambda_0": 0.0},
    "cosine_cgd": {"projection": False},
    "two_step_cgd": {"projection": False},
}
STRENGTH = {"lambda_0": 0.1}
REFUSED = [
    ("matched_cgd", {}, "missing a required argument: 'lambda_0'"),
    ("matched_cgd", {"lambda_0": -1.0}, "lambda_0 must be a number of at least 0"),
    ("matched_cgd", STRENGTH | {"smoothing": "median"}, "smoothing must be 'identity' or"),
    ("matched_cgd", STRENGTH | {"K": 3}, "K must be 1 with smoothing='identity', not 3"),
    ("matched_cgd", STRENGTH | {"K": 0}, "K must be an integer of at least 1"),
    ("matched_cgd", STRENGTH | {"weight": 0.5}, "weight must be None but with smoothing="),
    (
        "matched_cgd",
        STRENGTH | {"smoothing": "exponential", "K": 3, "weight": 0.0},
        r"weight must be None or in \(0, 1\]",
    ),
    ("matched_cgd", STRENGTH | {"initial": "none"}, "initial must be 'lambda_0' or 'zero'"),
    ("matched_cgd", STRENGTH | {"radius": "N"}, "radius must be 'initial', 'sqrt' or a positive"),
    ("matched_cgd", STRENGTH | {"radius": 0.0}, "radius must be 'initial', 'sqrt' or a positive"),
    ("matched_cgd", STRENGTH | {"projection": 1}, "projection must be True or False"),
    ("matched_cgd", STRENGTH | {"weight_decay": 0.1}, "unexpected keyword argument 'weight_decay'"),
    ("cosine_cgd", STRENGTH, "missing a required argument: 'T'"),
    ("cosine_cgd", STRENGTH | {"T": 0}, "T must be a positive number"),
    ("cosine_cgd", STRENGTH | {"T": 5, "momentum": 1.0}, r"momentum must be in \[0, 1\)"),
    ("cosine_cgd", STRENGTH | {"T": 5, "steps_per_epoch": 0}, "steps_per_epoch must be an integer"),
    ("two_step_cgd", STRENGTH | {"schedule": "linear"}, "schedule must be a function or one of"),
    ("two_step_cgd", STRENGTH | {"schedule": "cosine"}, "T must be a positive number, not None"),
    ("two_step_cgd", STRENGTH | {"T": 5}, "T must be None but with schedule='cosine'"),
    ("two_step_cgd", STRENGTH | {"power": -1}, "power must be a number of at least 0"),
]
COPIES = [
    ("matched_cgd", {"lambda_0": 0.1}, 1),
    ("matched_cgd", {"lambda_0": 0.1, "momentum": 0.9}, 2),
    ("cosine_cgd", {"lambda_0": 0.1, "T": 5}, 1),
    ("cosine_cgd", {"lambda_0": 0.1, "T": 5, "momentum": 0.9, "nesterov": True}, 2),
    ("two_step_cgd", {"lambda_0": 0.1}, 2),
    ("two_step_cgd", {"lambda_0": 0.1, "momentum": 0.9}, 3),
]
