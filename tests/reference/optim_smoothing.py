"""HEAT, HJ and SGLD written from the thesis' equations, on one flat float64 vector.

`gradient(w, k)` is the gradient at w on the k-th mini-batch of the run; `normal(k)` the k-th vector
of standard normal numbers. Every function yields (working point, answer) after each gradient.
"""

import math

import torch


def heat(
    gradient, normal, x, updates, *, gamma, lr, L, momentum=0.0, weight_decay=0.0, gamma_decay=1e-3
):
    """Eq. (4.43) with Nesterov's momentum on the mean gradient."""
    u = torch.zeros_like(x)
    k = 0
    for t in range(updates):
        total = torch.zeros_like(x)
        for _ in range(L):
            e = math.sqrt(gamma / (1 + gamma_decay) ** t) * normal(k)
            if k > 0:
                yield x + e, x
            total = total + gradient(x + e, k)
            k += 1
        d = total / L + weight_decay * x
        u = momentum * u + d
        x = x - lr * (d + momentum * u)


def hj_proximal(
    gradient, x, updates, *, lr, lr_inner, gamma, L, momentum=0.0, momentum_outer=0.0,
    weight_decay=0.0, gamma_decay=1e-3, keep_inner=False,
):  # fmt: skip
    """Eqs. (4.40)-(4.41) with beta_ex^-1 = 0 and <y> = y."""
    u, v = torch.zeros_like(x), torch.zeros_like(x)
    k = 0
    for t in range(updates):
        gamma_t = gamma / (1 + gamma_decay) ** t
        y = x.clone()
        if not keep_inner:
            u = torch.zeros_like(x)
        for inner in range(1, L + 1):
            d = gradient(y, k) + weight_decay * y + (y - x) / gamma_t
            u = momentum * u + d
            y = y - lr_inner * (d + momentum * u)
            k += 1
            if inner < L:
                yield y, x
        G = (x - y) / gamma_t
        v = momentum_outer * v + G
        x = x - lr * (G + momentum_outer * v)
        yield x, x


def hj_gradient(
    gradient, x, updates, *, lr, lr_inner, gamma, L, momentum=0.0, momentum_outer=0.0,
    weight_decay=0.0, gamma_decay=1e-3, keep_inner=False,
):  # fmt: skip
    """Eq. (4.42) in its own variable: y is the distance of the working point from x."""
    u, v = torch.zeros_like(x), torch.zeros_like(x)
    k = 0
    for t in range(updates):
        gamma_t = gamma / (1 + gamma_decay) ** t
        y = torch.zeros_like(x)
        if not keep_inner:
            u = torch.zeros_like(x)
        for _ in range(L - 1):
            g = gradient(x - y, k) + weight_decay * (x - y)
            if momentum == 0:
                y = (1 - lr_inner / gamma_t) * y + lr_inner * g
            else:
                d = g - y / gamma_t
                u = momentum * u + d
                y = y + lr_inner * (d + momentum * u)
            k += 1
            yield x - y, x
        g = gradient(x - y, k) + weight_decay * (x - y)
        v = momentum_outer * v + g
        x = x - lr * (g + momentum_outer * v)
        k += 1
        yield x, x


def sgld(
    gradient, normal, x, steps, *, samples, lr, power=0.0, temperature=1.0, weight_decay=0.0,
    average=False, burn_in=0,
):  # fmt: skip
    """Eq. (3.16) for a mean mini-batch loss; the mean is summed anew each time."""
    seen, weights = [], []
    for t in range(steps):
        eta = lr / (1 + t) ** power
        if t >= burn_in:
            seen.append(x)
            weights.append(eta)
        gradient_of_log = -samples * (gradient(x, t) + weight_decay * x)
        x = x + eta / 2 * gradient_of_log
        if temperature > 0:
            x = x + math.sqrt(eta * temperature) * normal(t)
        if average and seen:
            yield x, sum(e * s for e, s in zip(weights, seen, strict=True)) / sum(weights)
        else:
            yield x, x
