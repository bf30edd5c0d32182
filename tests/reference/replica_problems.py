"""Several replicas of the small problems, each with its own start and its own mini-batches."""

import torch
from reference.optim_problems import PROBLEMS, flat, flat_gradient

from landscape import optim


def replica(problem, a):
    """Replica `a`'s model: the problem's start, pushed in a direction of its own."""
    model = PROBLEMS[problem]()
    with torch.no_grad():
        for p in model.parameters():
            place = torch.arange(p.numel(), dtype=p.dtype).reshape(p.shape)
            p.add_(0.2 * torch.sin(1.0 + place * (a + 1)))
    return model


def batch(a, k, n=3):
    """Number of the k-th mini-batch of replica `a`."""
    return n * k + a


class Ensemble:
    """n models and one optimizer; `order` says which data and start each has."""

    def __init__(self, name, settings, problem="mlp", n=3, order=None, **more):
        self.order = list(range(n)) if order is None else order
        self.models = [replica(problem, a) for a in self.order]
        params = [m.named_parameters() for m in self.models]
        params = params if len(params) > 1 else params[0]
        self.optimizer = optim.build(name, params, **settings, **more)
        self.optimizer.prepare()

    def train(self, steps, start=0):
        for k in range(start, start + steps):
            self.optimizer.zero_grad()
            for a, model in zip(self.order, self.models, strict=True):
                model.loss(batch(a, k)).backward()
            self.optimizer.step()

    def weights(self):
        """Working points, a row a replica."""
        return torch.stack([flat(m) for m in self.models])

    def answers(self):
        with self.optimizer.solution():
            return self.weights()


def twin_problem(problem, n=3):
    """(gradient(a, w, k), starts) for `reference.optim_replicas`."""
    gradient = flat_gradient(PROBLEMS[problem]())
    starts = [flat(replica(problem, a)) for a in range(n)]
    return lambda a, w, k: gradient(w, batch(a, k)), starts
