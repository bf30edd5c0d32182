"""Weights that somebody else has changed in the middle of a cycle."""

from __future__ import annotations

from typing import Any


class Watch:
    """Notices that weights were written to since the optimizer's own last step.

    Torch counts the writes to a tensor; those through `.data` it does not see.

    >>> import torch
    >>> w, watch = torch.nn.Parameter(torch.zeros(2)), Watch()
    >>> watch.note([{"params": [w]}])
    >>> watch.changed([{"params": [w]}])
    >>> with torch.no_grad():
    ...     _ = w.add_(1.0)
    >>> watch.changed([{"params": [w], "param_names": ["w"]}])
    "'w'"
    """

    def __init__(self) -> None:
        self._writes: list[int] = []
        self._known = False

    def note(self, groups: list[dict[str, Any]]) -> None:
        """From now on: the weights are those that the optimizer has put there."""
        self._writes[:] = [p._version for group in groups for p in group["params"]]
        self._known = True

    def forget(self) -> None:
        """Nothing is known about who has written what."""
        self._known = False

    def changed(self, groups: list[dict[str, Any]]) -> str | None:
        """The first trainable parameter that somebody else has written to, in words."""
        if not self._known:
            return None
        number = 0
        for place, group in enumerate(groups):
            for i, p in enumerate(group["params"]):
                if number == len(self._writes):  # a group that was added since
                    return None
                if p.requires_grad and p._version != self._writes[number]:
                    names = group.get("param_names")
                    return repr(names[i]) if names else f"{i} of group {place}"
                number += 1
        return None

    def again(self, groups: list[dict[str, Any]]) -> None:
        """The optimizer itself has written, and the weights are what they were."""
        if self._known:
            self.note(groups)

    def __deepcopy__(self, memo: dict[int, Any]) -> Watch:
        return Watch()  # a copy's weights count their writes anew

    def __reduce__(self) -> tuple[Any, ...]:
        return (Watch, ())
