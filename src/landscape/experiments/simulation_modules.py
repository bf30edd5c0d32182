"""The module that ``settings.yaml`` names for a simulation, or one sentence why there is none.

What it has to have: ``landscape.experiments.simulation``.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from landscape.errors import LandscapeError


def module_of(experiment: str, name: str) -> ModuleType:
    """Import the module of a simulation.

    Args:
        experiment: Whose it is, for the sentence.
        name: E.g. ``landscape.experiments.optimizer_paths``.

    Raises:
        LandscapeError: There is no such module, or it is no simulation's. What a module that is
            there imports in vain keeps its traceback.
    """
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not error.name or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise LandscapeError(f"{experiment}: there is no module {name}; correct it.") from error
    for wanted in ("SETTINGS", "simulate"):
        if not hasattr(module, wanted):
            raise LandscapeError(
                f"{experiment}: the module {name} has no {wanted}, so that it is no simulation; "
                "name one that has (landscape.experiments.simulation says what it needs)."
            )
    return module
