"""Small stand-ins for the classes that other libraries put around an optimizer.

They do what the wrappers of Lightning and accelerate do with the optimizer's attributes, and
nothing else of those libraries.
"""

import torch


def nothing():
    """The closure of Lightning's manual optimization."""


class ForwardingWrapper:
    """As Lightning's `LightningOptimizer` since 2.0: another class, attributes passed on."""

    def __init__(self, optimizer):
        self._optimizer = optimizer
        kind = type(optimizer)
        self.__class__ = type("Lightning" + kind.__name__, (ForwardingWrapper, kind), {})

    @property
    def optimizer(self):
        return self._optimizer

    def step(self, closure=None):
        return self._optimizer.step(closure=nothing if closure is None else closure)

    def __getattr__(self, name):
        return getattr(self._optimizer, name)


class CopyingWrapper(ForwardingWrapper):
    """As `LightningOptimizer` before 2.0: the attributes as they were when it was wrapped."""

    def __init__(self, optimizer):
        self.__dict__ = {k: v for k, v in vars(optimizer).items() if k != "step"}
        kind = type(optimizer)
        self.__class__ = type("Lightning" + kind.__name__, (CopyingWrapper, kind), {})
        self._optimizer = optimizer


class SharingWrapper(ForwardingWrapper):
    """One dictionary of attributes for both."""

    def __init__(self, optimizer):
        self.__dict__ = optimizer.__dict__
        kind = type(optimizer)
        self.__class__ = type("Shared" + kind.__name__, (SharingWrapper, kind), {})
        self._optimizer = optimizer

    def step(self, closure=None):
        return type(self).__mro__[2].step(self, closure)


class AcceleratedOptimizer(torch.optim.Optimizer):
    """As accelerate's: an attribute `optimizer`, whose state is loaded into itself at the start."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        state = self._moved(optimizer.state_dict(), "cpu")
        self.optimizer.load_state_dict(state)

    @classmethod
    def _moved(cls, state, device):
        if isinstance(state, (list, tuple)):
            return type(state)(cls._moved(t, device) for t in state)
        if isinstance(state, dict):
            return type(state)({k: cls._moved(v, device) for k, v in state.items()})
        return state.to(device) if isinstance(state, torch.Tensor) else state

    @property
    def state(self):
        return self.optimizer.state

    @property
    def param_groups(self):
        return self.optimizer.param_groups

    @property
    def defaults(self):
        return self.optimizer.defaults

    def add_param_group(self, group):
        self.optimizer.add_param_group(group)

    def load_state_dict(self, state):
        self.optimizer.load_state_dict(state)

    def state_dict(self):
        return self.optimizer.state_dict()

    def zero_grad(self, set_to_none=False):
        self.optimizer.zero_grad(set_to_none=bool(set_to_none))

    def step(self, closure=None):
        return self.optimizer.step(closure)
