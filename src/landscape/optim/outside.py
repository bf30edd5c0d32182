"""Weights that somebody else has changed in the middle of a cycle."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .processes import is_sharded


class Watch:
    """Notices that weights were written to since the optimizer's own last step.

    Torch counts the writes to a tensor; those through `.data` it does not see. Tensors that are
    parts of a larger one share its count, whoever writes to which part: they are left alone.

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

    def pause(self, groups: list[dict[str, Any]]) -> bool:
        """Look away while the groups hold other tensors, unless somebody else has written.

        Returns:
            Whether it was watching, so that `note` has to follow.
        """
        if not self._known or self.changed(groups):
            return False
        self._known = False
        return True

    def changed(self, groups: list[dict[str, Any]]) -> str | None:
        """The first trainable parameter that somebody else has written to, in words."""
        if not self._known:
            return None
        number = 0
        for place, group in enumerate(groups):
            for i, p in enumerate(group["params"]):
                if number == len(self._writes):  # a group that was added since
                    return None
                if p.requires_grad and p._version != self._writes[number] and not _is_part(p):
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


def _is_part(p: Tensor) -> bool:
    return not is_sharded(p) and p.untyped_storage().nbytes() != p.numel() * p.element_size()


class OutsideChanges:
    """What an optimizer does about them; its `_watch` sees them."""

    #: Whether the answer is older than the weights even where no cycle is under way.
    _answer_lags = False

    def restart(self) -> None:
        """Go on from the weights as they are now: a new cycle begins at the next step.

        To be called after weights were changed from outside (`model.load_state_dict(best)`) in the
        middle of a cycle; with several processes in each of them. Momenta, counters of updates and
        schedules are kept. Methods without a cycle and without replicas need no call.
        """
        self._refuse_in_solution("restart")
        self._watch.forget()
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Hook: forget what the present cycle has gathered."""

    def _in_cycle(self) -> bool:
        """Whether the next steps rely on earlier weights, and would undo a change of these."""
        return False

    def _refuse_outside_change(self, call: str) -> None:
        relies = self._in_cycle() or (call != "step" and self._answer_lags)
        if relies and (name := self._watch.changed(self.param_groups)):
            harm = "would undo that" if call == "step" else "has another answer"
            raise RuntimeError(
                f"Parameter {name} was changed from outside since the last step of "
                f"{type(self).__name__}, which {harm}: call restart() after the change, before "
                f"{call}()."
            )
