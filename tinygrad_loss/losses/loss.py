"""The record of a loss, and the one call that serves every loss.

A loss is data: two implementations, the family that says how its inputs lie in memory, the domain
of every argument, and what is claimed about it. Reduction, weights and shapes are handled here,
once, for both implementations:

    composed   Tensor operations; the engine differentiates them
    fused      a scalar kernel that returns value and slope; `fused/` runs it over arrays
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from .. import fused
from ..engine import Tensor, astype, recording
from . import arguments, piecewise
from .accepts import Accepts
from .claims import Advice, Claims, Known
from .domain import Domain, Switch
from .family import Family

__all__ = ["Advice", "Call", "Claims", "Known", "Loss"]


class Loss(Accepts):
    """A loss function with two independent implementations.

    Call it as `loss(pred, target, ..., sample_weight=None, reduction="mean", path="fused")`. Inputs
    are Tensors or anything that becomes one; the result is a Tensor, differentiable in every input
    that requires it. `sample_weight` multiplies each item, and the mean divides by the number of
    items, "batchmean" by the length of their first axis. `reduction="none"` gives one value per item.
    A gradient that the kernel does not have (for a target, of higher order, of single items that depend on
    each other) is composed. Whatever an argument may not be raises ValueError or TypeError, in one sentence.
    """

    def __init__(self, composed: Callable[..., Tensor], kernel: Any, family: Family, *,
                 domains: dict[str, Domain | Switch | tuple[Domain, ...]], claims: Claims | None = None,
                 kernel_for_rows: Callable[..., Any] | None = None, softens: Callable[..., Any] | None = None,
                 mean_by_weight: bool = True, usual: int = 0,
                 kinks: Callable[..., Any] | None = None, seams: Callable[..., Any] | None = None,
                 exact: Callable[..., Any] | None = None, advice: Advice | None = None,
                 known: Sequence[Known] = (), name: str = "") -> None:
        super().__init__(composed, domains)
        self.composed, self.kernel, self.family = composed, kernel, family
        self.kernel_for_rows = kernel_for_rows        # where the target is a row, not a label,
        self.softens = softens                        # or where settings make a row of the label
        self.mean_by_weight = mean_by_weight          # or it divides by the number of items
        self.usual = usual                            # so many last settings have a kernel for their defaults
        self.claims, self.known = claims, known
        self.kinks, self.seams = kinks, seams         # 0 where the slope, the curvature jumps
        self.exact = exact                            # one item by the textbook, in any precision
        self.advice = advice                          # when to take it, when not
        self.name = name or composed.__module__.rpartition(".")[2]
        self.__doc__ = sys.modules[composed.__module__].__doc__
        counts_all = self.defaults.get("weight") is None and self.defaults.get("ignore_index", -1) < 0
        in_rows = family.name == "rows" and (self.takes_labels or self.takes_rows) and counts_all
        self.is_plain = kernel and len(self.input_names) == 2 and (              # see fused/express.py
            in_rows or family.flat and not self.early_checks)

    def __repr__(self) -> str:
        return f"<loss {self.name}{self.__signature__}>"

    def __call__(self, *args: Any, **named: Any) -> Tensor:
        if self.is_plain and len(args) == 2 and not named and (y := self._short_cut(*args)) is not None:
            return y
        given = arguments.bind(self, args, named)
        call = Call(self, given)
        if given.path == "composed" or not call.can_be_fused(given.path):
            call.check_elements()
            return piecewise.run(call) if piecewise.is_long(call) else call.composed()
        return fused.load().run(call)

    @cached_property
    def _short_cut(self) -> Callable[[Any, Any], Tensor | None]:
        return fused.short_cut(self)


class Call:
    """One call of a loss: arranged inputs, complete settings, and how the items are combined."""

    __slots__ = ("divisor", "dtype", "given", "inputs", "items", "loss", "reduction", "settings", "weight")

    def __init__(self, loss: Loss, given: arguments.Given) -> None:
        self.loss, self.reduction = loss, given.reduction
        arguments.one_of(loss, "reduction", given.reduction, arguments.REDUCTIONS)
        pairs = zip(loss.input_names, given.inputs, strict=True)
        self.given = [arguments.array(loss, name, value) for name, value in pairs]
        self.settings = arguments.settings(loss, given.settings, self.given[0])
        self.inputs, self.items = arguments.arrange(loss, self.given, self.settings)
        if loss.early_checks:
            self.inputs, self.settings = arguments.checked_early(loss, self.inputs, self.settings)
        self.weight = arguments.item_weight(loss, given.sample_weight, self.items)
        self.dtype = arguments.common_dtype(self.inputs)
        self.divisor = self._divisor() if self.reduction in ("mean", "batchmean") else 1.0

    def _divisor(self) -> float:
        """What a mean divides by: the number of items, or the sum of their labels' class weights."""
        items = self.items[:1] if self.reduction == "batchmean" else self.items
        divisor: float = math.prod(items) if self.inputs[0].size else 0
        by_weight = self.loss.label_names and self.loss.mean_by_weight
        if by_weight and self.reduction == "mean" and divisor:
            divisor = arguments.weight_of_labels(self.loss, self.inputs, self.settings, divisor)
        if not divisor > 0:
            raise ValueError(f"{self.loss.name} has nothing to average: no item counts. Give at least one, "
                             "or use reduction='sum'.")
        return float(divisor)

    def can_be_fused(self, path: str | None) -> bool:
        """Is there numba, and a kernel with the gradients that are wanted?"""
        if path is not None:
            arguments.one_of(self.loss, "path", path, arguments.PATHS)
        beyond = [*self.inputs[self.loss.family.slopes(self.reduction):], self.weight]
        return fused.is_available(self.loss, path) and not self.wants_gradient(beyond)

    def wants_gradient(self, inputs: list[Any]) -> bool:
        """Shall a gradient reach one of these inputs?"""
        for x in inputs:                                      # a loop: this runs in every call
            if isinstance(x, Tensor) and x.requires_grad:
                return recording.get()
        return False

    def check_elements(self) -> None:
        """Raise ValueError for the first element outside the domain of its argument."""
        arguments.check_elements(self.loss, self.given, self.inputs, self.settings)

    def composed(self, *inputs: Tensor) -> Tensor:
        """The composed path, of these inputs or of the call's own, as one program."""
        losses = self.loss.composed(*map(self._operand, inputs or self.inputs), *self.settings)
        losses = losses if losses.shape == self.items else losses.reshape(self.items)
        losses = losses if losses.dtype == self.dtype else astype(losses, self.dtype)
        if self.weight is not None:
            losses = losses * astype(self.weight, self.dtype)
        return losses if self.reduction == "none" else losses.sum() / self.divisor

    def _operand(self, x: Any) -> Any:
        """An input as formulas take it: labels as they are, floats as Tensors of one dtype."""
        if x.dtype.kind in "iu":
            return x
        x = x if isinstance(x, Tensor) else Tensor(x)
        return x if x.dtype == self.dtype else astype(x, self.dtype)
