"""Stand-ins for Lightning and accelerate, as far as the page on one's own loop uses them.

Neither is installed where the tests run. What counts is how they treat an optimizer, and that
follows their own classes; all else is left out.
"""

from types import ModuleType

import torch
from reference.wrappers import AcceleratedOptimizer, ForwardingWrapper


class LightningModule(torch.nn.Module):
    """Hooks that do nothing, and the wrapped optimizer."""

    def optimizers(self):
        return self.wrapped

    def on_train_start(self):
        pass

    def on_validation_epoch_start(self):
        pass

    def on_validation_epoch_end(self):
        pass


class Trainer:
    """Automatic optimization, a sanity check before it, a checkpoint after each validation."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs
        self.checkpoints = []

    def fit(self, module, loader, validation):
        module.trainer = None
        object.__setattr__(module, "wrapped", ForwardingWrapper(module.configure_optimizers()))
        self._validate(module, validation)
        module.on_train_start()
        for _ in range(self.max_epochs):
            for index, batch in enumerate(loader):
                module.train()

                def closure(batch=batch, index=index):
                    loss = module.training_step(batch, index)
                    module.wrapped.zero_grad()
                    loss.backward()
                    return loss.detach()

                module.wrapped.step(closure)
            self._validate(module, validation)
            self.checkpoints.append(
                {"model": module.state_dict(), "optimizer": module.wrapped.optimizer.state_dict()}
            )

    @staticmethod
    def _validate(module, loader):
        with torch.inference_mode():
            module.eval()
            module.on_validation_epoch_start()
            for index, batch in enumerate(loader):
                module.validation_step(batch, index)
            module.on_validation_epoch_end()


class Accelerator:
    """One process, no mixed precision."""

    def prepare(self, model, optimizer, loader):
        return model, AcceleratedOptimizer(optimizer), loader

    def backward(self, loss):
        loss.backward()

    def unwrap_model(self, model):
        return model


def modules():
    """What `import lightning` and `import accelerate` find."""
    lightning, accelerate = ModuleType("lightning"), ModuleType("accelerate")
    lightning.LightningModule, lightning.Trainer = LightningModule, Trainer
    accelerate.Accelerator = Accelerator
    return {"lightning": lightning, "accelerate": accelerate}
