"""Entries of the one table of the tests: see `reference.optim_problems`."""

from reference import optim_smoothing

CASES = [
    ("heat_smoothing", {"gamma": 0.02, "L": 3}),
    ("heat_smoothing", {"gamma": 0.02, "L": 1, "momentum": 0.5}),
    (
        "heat_smoothing",
        {
            "gamma": 0.05, "L": 2, "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-2,
            "gamma_decay": 0.05,
        },
    ),
    ("hamilton_jacobi", {"L": 3, "gamma": 1.0, "lr": 0.5}),
    (
        "hamilton_jacobi",
        {
            "L": 4, "gamma": 2.0, "lr": 0.3, "momentum": 0.9, "momentum_outer": 0.5,
            "weight_decay": 1e-2, "gamma_decay": 0.02, "inner_buffer": "keep",
        },
    ),
    ("hamilton_jacobi", {"form": "gradient", "L": 3, "gamma": 2.0}),
    (
        "hamilton_jacobi",
        {
            "form": "gradient", "L": 4, "gamma": 2.0, "lr": 0.03, "lr_inner": 0.05, "momentum": 0.9,
            "weight_decay": 1e-2, "gamma_decay": 0.02,
        },
    ),
    ("sgld", {"samples": 10, "lr": 0.02, "temperature": 1.0}),
    (
        "sgld",
        {
            "samples": 4, "lr": 0.05, "power": 0.55, "temperature": 0.1, "weight_decay": 1e-2,
            "average": True, "burn_in": 1,
        },
    ),
]  # fmt: skip

LONG = 100  # more updates than any comparison asks for


def _heat(problem, settings):
    defaults = {"lr": 0.1, "L": 20}
    yield from optim_smoothing.heat(
        problem.gradient, problem.normal, problem.w, LONG, **(defaults | settings)
    )


def _hamilton_jacobi(problem, settings):
    s = dict(settings)
    form = {"proximal": optim_smoothing.hj_proximal, "gradient": optim_smoothing.hj_gradient}
    twin = form[s.pop("form", "proximal")]
    s["keep_inner"] = s.pop("inner_buffer", "reset") == "keep"
    defaults = {"lr": 0.1, "lr_inner": 0.1, "L": 5, "momentum_outer": s.get("momentum", 0.0)}
    yield from twin(problem.gradient, problem.w, LONG, **(defaults | s))


def _sgld(problem, settings):
    yield from optim_smoothing.sgld(problem.gradient, problem.normal, problem.w, LONG, **settings)


TWINS = {"heat_smoothing": _heat, "hamilton_jacobi": _hamilton_jacobi, "sgld": _sgld}

MINIMAL = {"heat_smoothing": {"gamma": 1e-4}, "sgld": {"samples": 100}}

REFUSED = [
    ("heat_smoothing", {}, "missing a required argument: 'gamma'"),
    ("heat_smoothing", {"gamma": -1e-3}, "gamma must be a number of at least 0"),
    ("heat_smoothing", {"gamma": float("inf")}, "gamma must be a number of at least 0"),
    ("heat_smoothing", {"gamma": 1e-3, "L": 0}, "L must be an integer of at least 1"),
    ("heat_smoothing", {"gamma": 1e-3, "momentum": 1.0}, r"momentum must be in \[0, 1\)"),
    ("heat_smoothing", {"gamma": 1e-3, "gamma_decay": 2.0}, r"rate must be in \[0, 1\)"),
    ("hamilton_jacobi", {"form": "viscous"}, "form must be 'proximal' or 'gradient'"),
    ("hamilton_jacobi", {"gamma": float("inf")}, "gamma must be finite in the proximal form"),
    ("hamilton_jacobi", {"gamma": 0.0, "form": "gradient"}, "gamma must be a positive number"),
    ("hamilton_jacobi", {"alpha": 0.1}, "unexpected keyword argument 'alpha'"),
    ("hamilton_jacobi", {"L": 0}, "L must be an integer of at least 1"),
    ("hamilton_jacobi", {"momentum_outer": 1.0}, r"momentum_outer must be in \[0, 1\)"),
    ("sgld", {}, "missing a required argument: 'samples'"),
    ("sgld", {"samples": 0}, "samples must be an integer of at least 1"),
    ("sgld", {"samples": 10, "power": -0.5}, "power must be a number of at least 0"),
    ("sgld", {"samples": 10, "temperature": -1.0}, "temperature must be a number of at least 0"),
    ("sgld", {"samples": 10, "average": 1}, "average must be True or False"),
    ("sgld", {"samples": 10, "average": True, "burn_in": -1}, "burn_in must be an integer"),
    ("sgld", {"samples": 10, "burn_in": 5}, "burn_in needs average=True"),
]

COPIES = [
    ("heat_smoothing", {"gamma": 0.01, "L": 3, "momentum": 0.9, "weight_decay": 0.1}, 4),
    ("heat_smoothing", {"gamma": 0.01, "L": 3}, 3),
    ("heat_smoothing", {"gamma": 0.01, "L": 1}, 2),
    ("heat_smoothing", {"gamma": 0.0, "L": 3}, 2),
    ("hamilton_jacobi", {"L": 3, "momentum": 0.9, "weight_decay": 0.1}, 4),
    ("hamilton_jacobi", {"L": 3}, 2),
    ("hamilton_jacobi", {"L": 3, "form": "gradient", "momentum": 0.9}, 4),
    ("sgld", {"samples": 10, "weight_decay": 0.1}, 1),
    ("sgld", {"samples": 10, "average": True}, 2),
]
