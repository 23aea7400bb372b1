"""A weighted sum of losses is a loss.

    both = weighted_sum((0.5, losses.bce), (0.5, losses.dice, {"smooth": 0.1}))
    both(pred, target)

The parts see the same inputs; with `tasks=True` each has its own, first every part's prediction, then
every part's target: `price_and_kind(price, kind, true_price, true_kind)`. The gradient of a sum is the
sum of the gradients, so there is nothing to derive: both paths are those of the parts. An item of the
sum is the coarsest item of its parts: beside a loss per sample, one per element counts by its mean.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from ..engine import Tensor, astype
from . import arguments
from .domain import REAL, Switch
from .loss import Loss

COARSEST_FIRST = ("samples", "sequences", "rows", "batch", "vectors", "elementwise")


def weighted_sum(*parts: tuple[Any, ...], tasks: bool = False, name: str = "weighted_sum") -> Loss:
    """The loss that is the sum of its parts: (weight, loss) or (weight, loss, settings) each.

    Raises TypeError for parts that are no such tuples, ValueError for losses that do not take a
    prediction and a target each.
    """
    for i, part in enumerate(parts):
        if not (isinstance(part, tuple) and 2 <= len(part) <= 3 and isinstance(part[1], Loss)):
            raise TypeError(f"weighted_sum: part {i} is {part!r}; it must be (weight, loss) or "
                            f"(weight, loss, settings), such as (0.5, losses.mse).")
        if len(part[1].input_names) != 2:
            raise ValueError(f"weighted_sum: part {i} is {part[1].name}, which takes "
                             f"{', '.join(part[1].input_names)}; it must take a prediction and a target.")
    if not parts:
        raise ValueError("weighted_sum: there is nothing to add; give (weight, loss) for each part.")
    return WeightedSum([(float(w), loss, *(rest or ({},))) for w, loss, *rest in parts], tasks, name)


def _domain(loss: Loss, name: str, settings: dict[str, Any]) -> Any:
    """What an input of a part may be; where its settings decide that, they have decided."""
    domain = loss.domains[name]
    return loss.alternatives(name, settings)[0] if isinstance(domain, Switch) else domain


class WeightedSum(Loss):
    """See `weighted_sum`. Called like any loss; the settings are those given when it was made."""

    def __init__(self, parts: list[tuple[float, Loss, dict[str, Any]]], tasks: bool, name: str) -> None:
        self.parts, self.tasks = parts, tasks
        losses = [loss for _, loss, _ in parts]
        domains: dict[str, Any] = {}
        for k, which in enumerate(("pred", "target")):
            choices = [_domain(loss, loss.input_names[k], settings) for _, loss, settings in parts]
            narrowest = next((domain for domain in choices if domain is not REAL), REAL)
            domains |= {f"{which}{i}": x for i, x in enumerate(choices)} if tasks else {which: narrowest}
        slopes = len(losses) if tasks else min(loss.family.differentiated for loss in losses)
        coarsest = min(losses, key=lambda loss: COARSEST_FIRST.index(loss.family.name)).family

        def composed(*inputs: Any) -> Tensor:
            return self(*inputs, reduction="none", path="composed")

        composed.__signature__ = inspect.Signature([  # type: ignore[attr-defined]
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in domains])
        super().__init__(composed, None, coarsest.with_slopes(slopes), domains=domains, name=name,
                         kinks=self._kinks if any(loss.kinks for loss in losses) else None,
                         seams=self._seams if any(loss.seams for loss in losses) else None)

    def _inputs(self, inputs: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The prediction and the target of each part."""
        n = len(self.parts)
        return [(inputs[i], inputs[n + i]) if self.tasks else inputs for i in range(n)]

    def _kinks(self, *inputs: Any) -> Any:
        return self._edges(inputs, "kinks")

    def _seams(self, *inputs: Any) -> Any:
        return self._edges(inputs, "seams")

    def _edges(self, inputs: tuple[Any, ...], kind: str) -> Any:
        found = [getattr(loss, kind)(*own, **{**loss.defaults, **settings})
                 for (_, loss, settings), own in zip(self.parts, self._inputs(inputs), strict=True)
                 if getattr(loss, kind)]
        return np.concatenate([np.ravel(edge) for edge in found])

    def __call__(self, *args: Any, **named: Any) -> Tensor:
        given = arguments.bind(self, args, named)
        arguments.one_of(self, "reduction", given.reduction, arguments.REDUCTIONS)
        plain = given.reduction == "mean" and given.sample_weight is None
        losses = [loss(*own, **settings, path=given.path, reduction="mean" if plain else "none")
                  for (_, loss, settings), own in zip(self.parts, self._inputs(given.inputs), strict=True)]
        items = min([x.shape for x in losses], key=len)
        if any(x.shape[:len(items)] != items for x in losses):
            raise ValueError(f"{self.name}: the losses of single items have the shapes "
                             f"{', '.join(str(x.shape) for x in losses)}, which cannot be added. Use "
                             f"reduction='mean' without sample_weight.")
        coarse = [x.mean(axis=tuple(range(len(items), x.ndim))) if x.ndim > len(items) else x for x in losses]
        total = Tensor(0.0, dtype=np.float32)
        for (weight, _, _), x in zip(self.parts, coarse, strict=True):
            total = total + weight * x
        weight = arguments.item_weight(self, given.sample_weight, items)
        total = total if weight is None else total * astype(weight, total.dtype)
        if plain or given.reduction == "none":
            return total
        n_items = {"sum": 1, "mean": math.prod(items), "batchmean": math.prod(items[:1])}[given.reduction]
        if n_items == 0:
            raise ValueError(f"{self.name} has nothing to average: there is no item. Use reduction='sum'.")
        return total.sum() / n_items
