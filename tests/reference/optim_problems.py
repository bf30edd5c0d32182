"""Small float64 problems with mini-batches, and the one table of optimizers of the tests."""

import math
from dataclasses import dataclass, field

import torch
from reference import cases_complexity, cases_replicas, cases_smoothing
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from landscape import optim


class Quadratic(nn.Module):
    """0.5 (w - c)' A (w - c) over two parameters; a mini-batch shifts c."""

    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3))
        self.second = nn.Parameter(torch.linspace(2, 1, 21, dtype=torch.float64))

    def loss(self, k):
        w = torch.cat([p.reshape(-1) for p in self.parameters()])
        curvature = torch.linspace(0.1, 2, 27, dtype=torch.float64)
        shift = torch.sin(torch.arange(27, dtype=torch.float64) * (1 + k % 5))
        return 0.5 * (curvature * (w - 0.3 * shift) ** 2).sum()


class Classifier(nn.Module):
    """Classification of fixed random points, eight of 64 in a mini-batch."""

    def __init__(self, hidden):
        super().__init__()
        draw = torch.Generator().manual_seed(7)
        self.x = torch.randn(64, 5, generator=draw, dtype=torch.float64)
        self.y = torch.randint(0, 3 if hidden else 2, (64,), generator=draw)
        sizes = [5, hidden, 3] if hidden else [5, 1]
        layers = []
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
            layer = nn.Linear(fan_in, fan_out, dtype=torch.float64)
            with torch.no_grad():
                layer.weight.normal_(0, 1 / math.sqrt(fan_in), generator=draw)
                layer.bias.normal_(0, 0.1, generator=draw)
            layers += [layer, nn.Tanh()]
        self.net = nn.Sequential(*layers[:-1])

    def loss(self, k):
        rows = torch.arange(8) * 8 + k % 8
        out = self.net(self.x[rows])
        if out.shape[1] == 1:
            return binary_cross_entropy_with_logits(out[:, 0], self.y[rows].double())
        return cross_entropy(out, self.y[rows])


PROBLEMS = {
    "quadratic": Quadratic,
    "logistic": lambda: Classifier(0),
    "mlp": lambda: Classifier(7),
}

# Every optimizer with settings that reach every branch of its step.
CASES = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-2}),
    ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-2}),
    ("adam", {"lr": 1e-2}),
    ("adam", {"lr": 1e-2, "betas": (0.5, 0.99), "eps": 1e-6, "weight_decay": 1e-2}),
    ("anneal_sgd", {"lr": 0.05, "J": 0.05, "tau0": 7.0, "layers": 4}),
    (
        "anneal_sgd",
        {
            "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-2,
            "J": 0.05, "tau0": 20, "layers": 3, "annealing": "linear",
        },
    ),
    ("anneal_sgd", {"base": "adam", "lr": 1e-2, "J": 0.1, "tau0": 7, "layers": 4}),
    (
        "anneal_sgd",
        {
            "base": "adam", "lr": 1e-2, "weight_decay": 1e-2, "J": 0.1, "tau0": 7, "layers": 4,
            "critical": "local_minima", "kappa": 0.7,
        },
    ),
    ("resampled_noise", {"lr": 0.05, "momentum": 0.5, "J": 0.05, "tau0": 7, "layers": 4}),
    ("resampled_noise", {"base": "adam", "lr": 1e-2, "J": 0.1, "tau0": 7, "layers": 4}),
    ("entropy_sgd", {"L": 3, "gamma": 5.0, "temperature": 0.0}),
    ("entropy_sgd", {"L": 4, "gamma": 2.0, "temperature": 1e-4, "momentum": 0.9, "lr": 0.3}),
    (
        "entropy_sgd",
        {
            "L": 3, "gamma": 2.0, "temperature": 1e-4, "momentum": 0.9, "momentum_outer": 0.5,
            "lr": 0.3, "weight_decay": 1e-2, "gamma_decay": 0.02, "inner_buffer": "keep",
        },
    ),
    ("entropy_sgd", {"form": "B", "L": 3, "gamma": 2.0, "temperature": 1e-3, "momentum": 0.5}),
    ("entropy_sgd", {"form": "C", "L": 3, "gamma": 2.0, "momentum": 0.9}),
    (
        "entropy_sgd",
        {
            "convention": "authors", "L": 3, "gamma": 2.0, "momentum": 0.9, "lr": 0.3,
            "weight_decay": 1e-2, "temperature": 1e-4,
        },
    ),
    (
        "entropy_sgd",
        {
            "convention": "authors-lua", "L": 3, "gamma": 2.0, "momentum": 0.9, "lr": 0.7,
            "weight_decay": 1e-2, "temperature": 1e-4, "gamma_decay": 0.02,
        },
    ),
    ("entropy_adam", {"L": 3, "gamma": 5.0, "temperature": 1e-4}),
    ("entropy_adam", {"L": 2, "gamma": 5.0, "temperature": 0.0, "momentum": 0.9, "lr": 0.05}),
    *cases_smoothing.CASES,
    *cases_complexity.CASES,
    *cases_replicas.CASES,
]  # fmt: skip
GROUPS = (cases_smoothing, cases_complexity, cases_replicas)
# Slow twins: name -> function(problem, settings) that yields (working point, answer) each step.
TWINS = {name: twin for group in GROUPS for name, twin in group.TWINS.items()}
# Settings without which an optimizer is not built.
MINIMAL = {
    name: {"J": 1e-3, "tau0": 500, "layers": 3} for name in ("anneal_sgd", "resampled_noise")
} | {name: settings for group in GROUPS for name, settings in group.MINIMAL.items()}
REFUSED = [entry for group in GROUPS for entry in group.REFUSED]
IDS = [
    "-".join([name, *(f"{k}={v}" for k, v in settings.items() if isinstance(v, (str, bool)))])
    + f"-{i}"
    for i, (name, settings) in enumerate(CASES)
]


def quiet(name, settings):
    """The same settings without noise."""
    noise = {"J", "temperature"} | ({"gamma"} if name == "heat_smoothing" else set())
    return {k: 0.0 if k in noise else v for k, v in settings.items()}


QUIET = [(name, quiet(name, settings)) for name, settings in CASES]


def draws(seed=11):
    return torch.Generator().manual_seed(seed)


def make(name, settings, model, seed=11, **more):
    """The optimizer on all parameters of `model`, with a generator of its own, prepared."""
    optimizer = optim.build(name, model.parameters(), generator=draws(seed), **settings, **more)
    optimizer.prepare()
    return optimizer


def train(model, optimizer, steps, start=0):
    """`steps` steps; mini-batches are numbered from `start`."""
    for k in range(start, start + steps):
        optimizer.zero_grad()
        loss = model.loss(k)
        loss.backward()
        if hasattr(optimizer, "observe"):  # torch's own optimizers are trained here, too
            optimizer.observe(loss)
        optimizer.step()


def flat(model):
    """All weights in one vector."""
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def flat_gradient(model):
    """`gradient(w, k)` for the twins; works on the model it is given, which is used up."""
    params = list(model.parameters())

    def gradient(w, k):
        torch.nn.utils.vector_to_parameters(w, params)
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(model.loss(k), params)])

    return gradient


def flat_normal(model, seed=11):
    """`normal(k)` for the twins: the numbers that an optimizer with `draws(seed)` draws."""
    shapes = [p.shape for p in model.parameters()]
    generator, drawn = draws(seed), {}

    def normal(k):
        if k not in drawn:
            drawn[k] = torch.cat(
                [
                    torch.empty(s, dtype=torch.float64).normal_(generator=generator).reshape(-1)
                    for s in shapes
                ]
            )
        return drawn[k]

    return normal


@dataclass
class Twin:
    """A problem as the slow twins see it: flat float64 vectors and functions of them."""

    build: object
    w: torch.Tensor = field(init=False)
    sizes: list[int] = field(init=False)

    def __post_init__(self):
        self._model = self.build()
        self.w = flat(self._model)
        self.sizes = [p.numel() for p in self._model.parameters()]
        self.normal = flat_normal(self._model)
        self.gradient = flat_gradient(self.build())

    def loss(self, w, k):
        with torch.no_grad():
            torch.nn.utils.vector_to_parameters(w, self._model.parameters())
            return self._model.loss(k).item()
