"""AutoL2 at work on a loss of two weights, and the schedules of the scope."""

import numpy as np
import pandas as pd

STEPS, START, RATE, FIRST = 400, (1.5, 1.2), 0.05, 0.1
MOVES = 3000
SCOPES = {  # the rate is the thesis' (section 3.3.2), bound and ends are ours
    "exponential": {"rate": 1e-3},
    "bounded": {"rate": 1e-3, "bound": 0.3},
    "linear": {"updates": 2000, "final": 0.05},
    "quadratic": {"updates": 2000, "final": 0.05},
}


def _train(scheduled):
    """One row a step: loss (1 - u v)^2 / 2 without the L2 term, and the strength in force."""
    import torch

    from landscape.optim import AutoL2

    weights = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = torch.optim.SGD([weights], lr=RATE, weight_decay=FIRST)
    auto = AutoL2(optimizer, initial=FIRST) if scheduled else None
    rows = []
    for step in range(STEPS + 1):
        loss = 0.5 * (1 - weights.prod()) ** 2
        rows.append((step, loss.item(), optimizer.param_groups[0]["weight_decay"]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if auto is not None:
            now = 0.5 * (1 - weights.detach().prod().item()) ** 2
            auto.step(now, error=0.0)
    return pd.DataFrame(rows, columns=["step", "loss", "strength"])


def auto_l2():
    """The run whose strength AutoL2 sets."""
    return _train(True)


def constant_l2():
    """The same at the strength with which AutoL2 begins."""
    return _train(False)


def answer(auto, constant):
    """What AutoL2 does on two weights."""
    from landscape import book

    drops = int((auto["strength"].diff() < 0).sum())
    held, free = (book.number(float(f"{run['loss'].iloc[-1]:.1e}")) for run in (constant, auto))
    return (
        f"On a loss of two weights a constant $L_2$ strength of {FIRST:g} holds the training loss "
        f"at ${held}$; AutoL2 begins with the same one, divides it by ten {drops} times in {STEPS} "
        f"steps and ends at ${free}$."
    )


def draw_auto_l2(auto, constant):
    """Training loss and strength against steps."""
    from landscape import book

    figure, (above, below) = book.panel(height=3.4, rows=2)
    for run, method, line in ((constant, "constant_l2", "--"), (auto, "auto_l2", "-")):
        look = book.look(method)
        shown = run[run["step"] % 2 == 0]
        above.plot(shown["step"], shown["loss"], line, color=look.color, label=look.label)
        below.step(shown["step"], shown["strength"], line, color=look.color, where="post")
    above.set(yscale="log", ylabel="training loss", ylim=(1e-9, None))
    below.set(yscale="log", ylabel=r"strength $\lambda$", xlabel="steps")
    above.legend()
    return figure


def draw_scopes():
    """The four schedules of the scope, as shares of its first value."""
    from landscape import book
    from landscape.optim import scoping

    figure, ax = book.panel(height=3.4)
    moves = np.arange(0, MOVES + 1, 20)
    lines = ("-", "--", "-.", ":")
    for (kind, settings), color, line in zip(SCOPES.items(), book.CYCLE, lines, strict=False):
        schedule = scoping.build(kind, **settings)
        ax.plot(moves, [schedule(1.0, int(t)) for t in moves], line, color=color, label=kind)
    ax.set(xlabel="moves", ylabel=r"scope $\gamma_t / \gamma_0$", ylim=(0, 1.02), xlim=(0, MOVES))
    ax.legend()
    return figure
