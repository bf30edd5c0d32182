"""Curvature and noise of a tiny network, written out in float64 with nothing but autograd.

Everything takes the module, all samples and a loss of (outputs [B, ...], targets [B]) -> [B].
"""

import math

import torch
from torch import nn
from torch.func import functional_call


def tiny_problem(samples=23, seed=0):
    """A network of 4 inputs, 5 hidden tanh units and 3 classes (43 weights), and data for it."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 3)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    inputs = torch.randn(samples, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 3, (samples,), generator=generator)
    return model, inputs, targets


def linear_problem(samples, size, seed=0):
    """Linear regression: its Hessian is X^T X / n, a Wishart matrix. (model, X [n, d], y [n, 1])"""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Linear(size, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.randn(1, size, generator=generator, dtype=torch.float64))
    inputs = torch.randn(samples, size, generator=generator, dtype=torch.float64)
    targets = torch.randn(samples, 1, generator=generator, dtype=torch.float64)
    return model, inputs, targets


def loss_of(model, loss, inputs, targets, weight_decay=0.0):
    """w [d] -> mean loss + weight_decay |w|^2 / 2, in evaluation mode."""
    model.eval()
    named = dict(model.named_parameters())

    def f(w):
        params, start = {}, 0
        for name, p in named.items():
            params[name] = w[start : start + p.numel()].reshape(p.shape)
            start += p.numel()
        losses = loss(functional_call(model, params, (inputs,)), targets)
        return losses.sum() / len(inputs) + weight_decay * (w * w).sum() / 2

    return f


def flat(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def hessian(model, loss, inputs, targets, weight_decay=0.0):
    f = loss_of(model, loss, inputs, targets, weight_decay)
    return torch.autograd.functional.hessian(f, flat(model))


def sample_gradients(model, loss, inputs, targets):
    """[N, d], one backward pass a sample."""
    rows = []
    for k in range(len(inputs)):
        w = flat(model).requires_grad_()
        f = loss_of(model, loss, inputs[k : k + 1], targets[k : k + 1])
        rows.append(torch.autograd.grad(f(w), w)[0])
    return torch.stack(rows)


def empirical_fisher(model, loss, inputs, targets):
    g = sample_gradients(model, loss, inputs, targets)
    return sum(torch.outer(row, row) for row in g) / len(g)


def diffusion(model, loss, inputs, targets, replacement=True):
    """F46 and F47: D_w or D_wo [d, d]."""
    g = sample_gradients(model, loss, inputs, targets)
    n, mean = len(g), sum(g) / len(g)
    second = sum(torch.outer(row, row) for row in g)
    if replacement:
        return second / n - torch.outer(mean, mean)
    return second / (n - 1) - n / (n - 1) * torch.outer(mean, mean)


def gauss_newton_cross_entropy(model, inputs, targets):
    """(1/N) sum_k J_k^T (diag p_k - p_k p_k^T) J_k with the softmax written out."""
    model.eval()
    total = 0.0
    for k in range(len(inputs)):

        def outputs(w, k=k):
            named, params, start = dict(model.named_parameters()), {}, 0
            for name, p in named.items():
                params[name] = w[start : start + p.numel()].reshape(p.shape)
                start += p.numel()
            return functional_call(model, params, (inputs[k : k + 1],))[0]

        w = flat(model)
        jacobian = torch.autograd.functional.jacobian(outputs, w)
        p = torch.softmax(outputs(w), 0)
        total = total + jacobian.T @ (torch.diag(p) - torch.outer(p, p)) @ jacobian
    return total / len(inputs)


def marchenko_pastur_cdf(x, ratio):
    """Share of eigenvalues up to x of X^T X / n, X [n, d] standard normal, ratio = d/n <= 1."""
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    steps, total = 20_000, 0.0
    for i in range(steps):  # midpoint rule
        t = low + (min(max(x, low), high) - low) * (i + 0.5) / steps
        total += math.sqrt((high - t) * (t - low)) / (2 * math.pi * ratio * t)
    return total * (min(max(x, low), high) - low) / steps


def quadratic_local_entropy(matrix, minimum, lowest, x, gamma, beta):
    """u of f(y) = lowest + (y - minimum)^T A (y - minimum) / 2, normalised kernel, exactly.

    From the Gaussian integral, an eigenvector at a time: u = lowest + sum_i [ a_i z_i^2 / (2 (1 +
    gamma a_i)) + log(1 + gamma a_i) / (2 beta) ] with z the coordinates of x - minimum (F29).
    """
    values, vectors = torch.linalg.eigh(matrix)
    total = float(lowest)
    for a, z in zip(values.tolist(), (vectors.T @ (x - minimum)).tolist(), strict=True):
        total += a * z * z / (2 * (1 + gamma * a)) + math.log(1 + gamma * a) / (2 * beta)
    return total


def local_entropy_on_a_grid(f, x, gamma, beta, points=161, reach=7.0):
    """u(x) of a function of two weights, by the midpoint rule around x (normalised kernel)."""
    spread = reach * math.sqrt(gamma / beta)
    cell = 2 * spread / points
    total = 0.0
    for i in range(points):
        for j in range(points):
            z = torch.tensor([(i + 0.5) * cell - spread, (j + 0.5) * cell - spread]).double()
            kernel = math.exp(-beta * float(z @ z) / (2 * gamma)) * beta / (2 * math.pi * gamma)
            total += kernel * math.exp(-beta * float(f(x + z))) * cell**2
    return -math.log(total) / beta
