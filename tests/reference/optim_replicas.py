"""Elastic-SGD and Parle written from the thesis' equations, with loops over lists of replicas.

`gradient(a, w, k)` is replica a's gradient at w on its k-th mini-batch, counted over the whole run.
Every function yields (list of the replicas' working points, answer) after each gradient.
"""

import torch


def mean(vectors):
    total = torch.zeros_like(vectors[0])
    for vector in vectors:
        total = total + vector
    return total / len(vectors)


def chapter_scope(start, batches, clip, t, reading="multiply"):
    """Eq. (5.10); `batches` None: a constant scope."""
    if batches is None:
        return start
    step = 1 / (2 * batches)
    return max(start * (1 - step) ** t if reading == "multiply" else start / (1 + step) ** t, clip)


def elastic_sgd(
    gradient,
    starts,
    steps,
    *,
    lr=0.1,
    rho=1.0,
    lr_master=None,
    momentum=0.0,
    weight_decay=0.0,
    batches_per_epoch=None,
    master="fresh",
):
    """Eq. (5.4), with Nesterov's momentum for the replicas."""
    n = len(starts)
    xs = [w.clone() for w in starts]
    us = [torch.zeros_like(w) for w in starts]
    x = mean(xs)
    for k in range(steps):
        rho_k = chapter_scope(rho, batches_per_epoch, 0.1, k)
        # rho / n by default, also for infinite rho: all the way to the mean.
        share = 1.0 if lr_master is None else n * lr_master / rho_k
        old = [w.clone() for w in xs]
        for a in range(n):
            d = gradient(a, xs[a], k) + weight_decay * xs[a] + (xs[a] - x) / rho_k
            us[a] = momentum * us[a] + d
            xs[a] = xs[a] - lr * (d + momentum * us[a])
        target = mean(old if master == "printed" else xs)
        x = x - share * (x - target)
        yield [w.clone() for w in xs], x


def parle(
    gradient,
    starts,
    cycles,
    *,
    lr=0.1,
    lr_inner=None,
    gamma=100.0,
    rho=1.0,
    L=25,
    alpha=0.25,
    momentum=0.9,
    momentum_outer=None,
    weight_decay=0.0,
    batches_per_epoch=None,
    inner_buffer="reset",
    master="fresh",
):
    """Eq. (5.8) with the rates of section 5.3.2, constant eta."""
    n = len(starts)
    lr_inner = lr if lr_inner is None else lr_inner
    momentum_outer = momentum if momentum_outer is None else momentum_outer
    xs = [w.clone() for w in starts]
    us = [torch.zeros_like(w) for w in starts]
    vs = [torch.zeros_like(w) for w in starts]
    x = mean(xs)
    k = 0
    for t in range(cycles):
        gamma_t = chapter_scope(gamma, batches_per_epoch, 1.0, t)
        rho_t = chapter_scope(rho, batches_per_epoch, 0.1, t)
        ys = [w.clone() for w in xs]
        zs = [w.clone() for w in xs]
        if inner_buffer == "reset":
            us = [torch.zeros_like(w) for w in xs]
        for inner in range(1, L + 1):
            for a in range(n):
                d = gradient(a, ys[a], k) + weight_decay * ys[a] + (ys[a] - xs[a]) / gamma_t
                us[a] = momentum * us[a] + d
                ys[a] = ys[a] - lr_inner * (d + momentum * us[a])
                zs[a] = alpha * zs[a] + (1 - alpha) * ys[a]
            k += 1
            if inner < L:
                yield [y.clone() for y in ys], x
        old = [w.clone() for w in xs]
        for a in range(n):
            d = (xs[a] - zs[a]) + (xs[a] - x) / rho_t
            vs[a] = momentum_outer * vs[a] + d
            xs[a] = xs[a] - lr * (d + momentum_outer * vs[a])
        x = mean(old if master == "printed" else xs)
        yield [w.clone() for w in xs], x


def authors_parle(
    gradient,
    starts,
    cycles,
    *,
    lr=0.1,
    lr_inner=None,
    gamma=100.0,
    rho=None,
    L=25,
    momentum=0.9,
    batches_per_epoch=None,
):
    """The recurrence of the authors' program, with the schedule that its text intends."""
    n = len(starts)
    rate = lr if lr_inner is None else lr_inner
    rho = 1 / (0.01 * L * n) if rho is None else rho
    xs = [w.clone() for w in starts]
    zs = [w.clone() for w in starts]
    us = [torch.zeros_like(w) for w in starts]
    vs = [torch.zeros_like(w) for w in starts]
    reported = mean(xs)
    k = 0
    for t in range(cycles):
        gamma_t = chapter_scope(gamma, batches_per_epoch, 1.0, t, "divide")
        # The counter has gone on before rho is asked for.
        rho_t = chapter_scope(rho, batches_per_epoch, 0.1, t + 1, "divide")
        ys = [w.clone() for w in xs]
        for inner in range(1, L + 1):
            for a in range(n):
                p = gradient(a, ys[a], k) + (ys[a] - xs[a]) / gamma_t
                us[a] = momentum * us[a] + p
                ys[a] = ys[a] - rate * (p + (us[a] if momentum > 0 else 0))
                zs[a] = 0.75 * zs[a] + 0.25 * ys[a]
            k += 1
            if inner < L:
                yield [y.clone() for y in ys], reported
        anchor = mean(zs)
        for a in range(n):
            q = (xs[a] - zs[a]) + (xs[a] - anchor) / rho_t
            vs[a] = momentum * vs[a] + q
            xs[a] = ys[a] - lr * (q + (vs[a] if momentum > 0 else 0))
        reported = mean(xs)
        yield [w.clone() for w in xs], reported
