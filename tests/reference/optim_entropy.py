"""Entropy-SGD and Entropy-Adam written from the thesis' equations, with nested loops.

`gradient(y, k)` is the gradient at y on the k-th mini-batch, counted over the whole run;
`normal(k)` the standard normal vector of that step. Every function yields (y, x) after each
gradient, where the last y of a cycle is the new x.
"""

import math

import torch


def entropy_sgd(
    gradient,
    normal,
    x,
    cycles,
    *,
    lr,
    lr_inner,
    gamma,
    L,
    alpha,
    temperature=0.0,
    momentum=0.0,
    momentum_outer=0.0,
    weight_decay=0.0,
    gamma_decay=0.0,
    keep_inner=False,
    noise_factor=2.0,
    divide_outer=False,
):
    """Algorithm 2 with Nesterov's momentum in both loops."""
    x = x.clone()
    v = torch.zeros_like(x)
    u = torch.zeros_like(x)
    k = 0
    for t in range(cycles):
        gamma_t = gamma / (1 + gamma_decay) ** t
        y, z = x.clone(), x.clone()
        if not keep_inner:
            u = torch.zeros_like(x)
        for inner in range(1, L + 1):
            dy = gradient(y, k) + weight_decay * y - (x - y) / gamma_t
            u = momentum * u + dy
            y = y - lr_inner * (dy + momentum * u)
            if temperature > 0:
                y = y + math.sqrt(noise_factor * lr_inner * temperature) * normal(k)
            z = alpha * z + (1 - alpha) * y
            k += 1
            if inner < L:
                yield y, x
        G = x - z
        if divide_outer:
            G = G / gamma_t
        v = momentum_outer * v + G
        x = x - lr * (G + momentum_outer * v)
        yield x, x


def entropy_adam(
    gradient,
    normal,
    x,
    cycles,
    *,
    lr,
    lr_inner,
    gamma,
    L,
    alpha,
    betas,
    eps,
    temperature=0.0,
    momentum=0.0,
    weight_decay=0.0,
):
    x = x.clone()
    m, s = torch.zeros_like(x), torch.zeros_like(x)
    k = 0
    for t in range(1, cycles + 1):
        y, z, u = x.clone(), x.clone(), torch.zeros_like(x)
        for inner in range(1, L + 1):
            dy = gradient(y, k) + weight_decay * y - (x - y) / gamma
            u = momentum * u + dy
            y = y - lr_inner * (dy + momentum * u)
            if temperature > 0:
                y = y + math.sqrt(2 * lr_inner * temperature) * normal(k)
            z = alpha * z + (1 - alpha) * y
            k += 1
            if inner < L:
                yield y, x
        G = (x - z) / gamma
        m = betas[0] * m + (1 - betas[0]) * G
        s = betas[1] * s + (1 - betas[1]) * G * G
        x = x - lr * (m / (1 - betas[0] ** t)) / (torch.sqrt(s / (1 - betas[1] ** t)) + eps)
        yield x, x


def authors_entropy_sgd(
    gradient, normal, x, cycles, *, lr, lr_inner, gamma, L, temperature, momentum, weight_decay
):
    """The recurrence of the authors' PyTorch program, in their order of operations.

    epsilon is their noise level, beta = 0.75 the weight of the old average.
    """
    epsilon, beta = math.sqrt(temperature), 0.75
    x = x.clone()
    v = None
    k = 0
    for _ in range(cycles):
        first = gradient(x, k)
        k += 1
        if v is None:
            v = first.clone()
        yield x, x
        y, z, u = x.clone(), x.clone(), torch.zeros_like(x)
        for inner in range(1, L + 1):
            p = gradient(y, k) + weight_decay * y
            u = momentum * u + p
            D = p + momentum * u
            xi = normal(k) if temperature > 0 else torch.zeros_like(x)
            D = D + (y - x) / gamma + epsilon / math.sqrt(lr_inner / 2) * xi
            y = y - lr_inner * D
            z = beta * z + (1 - beta) * y
            k += 1
            if inner < L:
                yield y, x
        G = (x - z) + weight_decay * x
        v = momentum * v + G
        x = x - lr * (G + momentum * v)
        yield x, x


def authors_lua(
    gradient, normal, x, cycles, *, lr, lr_inner, gamma, L, temperature, momentum, weight_decay, g1
):
    """The recurrence of the authors' Lua program; their gamma is 1 / gamma here."""
    epsilon, beta = math.sqrt(temperature), 0.75
    x = x.clone()
    k = 0
    for t in range(cycles):
        k += 1  # the gradient at x, used for nothing
        yield x, x
        strength = (1 / gamma) * (1 + g1) ** (t + 1)
        y, z, u = x.clone(), x.clone(), torch.zeros_like(x)
        for inner in range(1, L + 1):
            p = gradient(y, k)
            u = momentum * u + p
            D = p + momentum * u
            xi = normal(k) if temperature > 0 else torch.zeros_like(x)
            D = D - strength * (x - y) + weight_decay * y + epsilon / math.sqrt(lr_inner / 2) * xi
            y = y - lr_inner * D
            z = beta * z + (1 - beta) * y
            k += 1
            if inner < L:
                yield y, x
        x = x - lr * (x - z)
        yield x, x
