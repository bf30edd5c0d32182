"""SGD, Adam, AnnealSGD and resampled noise written line by line, on one flat float64 vector.

`gradient(w, k)` is the gradient at w on the k-th mini-batch. Every function yields the weights
after each step.
"""

import math

import torch


def sgd(gradient, w, steps, lr, momentum=0.0, nesterov=False, weight_decay=0.0, field=None):
    w = w.clone()
    u = torch.zeros_like(w)
    for i in range(steps):
        d = gradient(w, i) + weight_decay * w
        if field is not None:
            d = d + field(i)
        u = momentum * u + d
        w = w - lr * (d + momentum * u if nesterov else u)
        yield w


def adam(gradient, w, steps, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, field=None):
    w = w.clone()
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for i in range(steps):
        d = gradient(w, i) + weight_decay * w
        if field is not None:
            d = d + field(i)
        m = betas[0] * m + (1 - betas[0]) * d
        v = betas[1] * v + (1 - betas[1]) * d * d
        m_hat = m / (1 - betas[0] ** (i + 1))
        v_hat = v / (1 - betas[1] ** (i + 1))
        w = w - lr * m_hat / (torch.sqrt(v_hat) + eps)
        yield w


def annealed(
    normal, neurons, J, tau0, layers, annealing="exponential", critical="critical_points", kappa=1.0
):
    """The field of Algorithm 1 at iteration i: lines 4, 8 and 9 as printed.

    `normal(i)` is a standard normal vector, always the same one for AnnealSGD.
    """
    n = neurons

    def field(i):
        h = J * math.sqrt(layers * (layers - 2)) * normal(i)
        decay = math.exp(-i / tau0) if annealing == "exponential" else max(1 - i / tau0, 0.0)
        if critical == "critical_points":
            tau = n * (decay - 0.5)
            return math.sqrt(1 + 2 * tau / n) * h
        return math.sqrt((1 + kappa * math.log(n) / n ** (1 / 3)) * decay) * h

    return field
