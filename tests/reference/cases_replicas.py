"""Elastic-SGD and Parle in the one table of the tests: see `reference.optim_problems`.

The table has one replica, for which a master that takes the mean of the new weights is the replica
itself; so it holds the variants where it is not. Several replicas: `test_parle`,
`test_elastic_sgd`.
"""

from reference import optim_replicas

CASES = [
    ("elastic_sgd", {"lr": 0.1, "momentum": 0.9, "rho": float("inf"), "weight_decay": 1e-2}),
    (
        "elastic_sgd",
        {
            "lr": 0.1, "rho": 0.5, "lr_master": 0.05, "momentum": 0.5, "weight_decay": 1e-2,
            "batches_per_epoch": 10,
        },
    ),
    ("elastic_sgd", {"lr": 0.05, "rho": 2.0, "momentum": 0.5, "master": "printed"}),
    ("parle", {"L": 3, "lr": 0.3, "lr_inner": 0.1, "gamma": 5.0}),
    (
        "parle",
        {
            "L": 4, "lr": 0.3, "lr_inner": 0.05, "gamma": 2.0, "momentum": 0.9,
            "momentum_outer": 0.5, "weight_decay": 1e-2, "inner_buffer": "keep",
            "batches_per_epoch": 40, "master": "printed",
        },
    ),
    ("parle", {"L": 3, "lr": 0.1, "gamma": 5.0, "momentum": 0.5, "convention": "authors"}),
]  # fmt: skip
MINIMAL = {}
REFUSED = [
    ("elastic_sgd", {"rho": 0.0}, "rho must be a positive number or infinity"),
    ("elastic_sgd", {"lr_master": -1}, "lr_master must be a number of at least 0"),
    ("elastic_sgd", {"master": "late"}, "master must be 'fresh' or 'printed'"),
    ("elastic_sgd", {"batches_per_epoch": 0}, "batches_per_epoch must be an integer of at least 1"),
    ("elastic_sgd", {"scoping": {"kind": "cosine"}}, "No scoping is called 'cosine'"),
    ("elastic_sgd", {"group": None}, "torch.distributed is not initialised"),
    ("parle", {"L": 0}, "L must be an integer of at least 1"),
    ("parle", {"rho": -1.0}, "rho must be a positive number or infinity"),
    ("parle", {"gamma": 0}, "gamma must be a positive number or infinity"),
    ("parle", {"alpha": 1.0}, r"alpha must be in \[0, 1\)"),
    ("parle", {"lr": "1"}, "lr must be a number of at least 0"),
    ("parle", {"lr_inner": -0.1}, "lr_inner must be a number of at least 0"),
    ("parle", {"momentum_outer": 1}, r"momentum_outer must be in \[0, 1\)"),
    ("parle", {"inner_buffer": "drop"}, "inner_buffer must be 'reset' or 'keep'"),
    ("parle", {"convention": "lua"}, "convention must be 'thesis' or 'authors'"),
    ("parle", {"convention": "authors", "master": "printed"}, "does not act on the replicas"),
    ("parle", {"scoping_rho": 0.5}, "scoping must be a schedule"),
]
COPIES = [
    ("elastic_sgd", {"lr_master": 0.1}, 2),
    ("elastic_sgd", {"momentum": 0.9}, 3),
    ("parle", {"L": 2, "momentum": 0.0}, 4),
    ("parle", {"L": 2, "momentum": 0.9}, 6),
    ("parle", {"L": 2, "momentum": 0.9, "convention": "authors"}, 6),
]
STEPS = 100


def _single(twin):
    def run(problem, settings):
        settings = {k: v for k, v in settings.items() if k != "convention"}
        for working, answer in twin(
            lambda a, w, k: problem.gradient(w, k), [problem.w], STEPS, **settings
        ):
            yield working[0], answer

    return run


def _parle(problem, settings):
    authors = settings.get("convention") == "authors"
    twin = optim_replicas.authors_parle if authors else optim_replicas.parle
    return _single(twin)(problem, settings)


TWINS = {"elastic_sgd": _single(optim_replicas.elastic_sgd), "parle": _parle}
