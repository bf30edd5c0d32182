"""A sweep of a toy project: two methods, three coefficients, runs of 2 / (rate l2) steps."""

NAME = "a-sweep"
PAGE = """\
a-sweep:
  title: Peaks
  common:
    data: {name: mnist, train_samples: 512}
    model: {name: fc_lewkowycz, width: 5}
    optimizer: {momentum: 0.0}
    run: {seeds: 1}
    sweep:
      axes: {optimizer: {l2: [0.001, 0.1, 10]}}
      horizon: {steps_lr_l2: 2.0}
      looks: 1
  methods:
    slow: {sweep: {axes: {optimizer: {lr: [0.1]}}}}
    fast: {sweep: {axes: {optimizer: {lr: [1.0]}}}}
"""
