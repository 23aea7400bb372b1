"""The record of a loss, and the one call that serves every loss.

A loss is data: two implementations, the family that says how its inputs lie in memory, the domain
of every argument, and what is claimed about it. Reduction, weights, shapes and error messages are
handled here, once, for both implementations:

    composed   Tensor operations; the engine differentiates them
    fused      a scalar kernel that returns value and slope in one pass; `fused/` runs it over arrays
"""

from __future__ import annotations

import importlib.util
import inspect
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from ..arraylike import floats
from ..engine import Tensor, is_recording
from .domain import Domain
from .family import Family, Shape

PATHS = ("fused", "composed")
REDUCTIONS = ("mean", "sum", "none")
ROW_SUM_TOLERANCE = 1e-4                  # room for the float32 roundings of a very wide softmax


class Claims(NamedTuple):
    """What is said about a loss as a function of its first input; the laws verify each."""

    convex: bool                                      # every chord lies above the graph
    symmetric: bool                                   # pred and target may be exchanged
    lipschitz: float | Callable[..., float] | None    # no item's slope is longer; None: unbounded
    minimum: float                                    # no item costs less, and some come close


class Known:
    """A worked example: these inputs and settings give this value and gradient (mean reduced)."""

    def __init__(self, *inputs: Any, value: float, gradient: Any = None, **settings: Any) -> None:
        self.inputs, self.settings, self.value, self.gradient = inputs, settings, value, gradient


class Loss:
    """A loss function with two independent implementations.

    Call it as `loss(pred, target, ..., sample_weight=None, reduction="mean", path="fused")`. Inputs
    are Tensors or anything that becomes one; the result is a Tensor, differentiable in every input
    that requires it. `sample_weight` multiplies each item, and the mean divides by the number of
    items. `reduction="none"` gives one value per item. A gradient that the kernel does not have
    (for a target, or of higher order) comes from the composed path. Raises ValueError or TypeError,
    in one sentence and before anything is computed, for whatever an argument may not be.
    """

    def __init__(self, composed: Callable[..., Tensor], kernel: Callable[..., Any], family: Family, *,
                 domains: dict[str, Domain | tuple[Domain, ...]], claims: Claims,
                 kernel_for_rows: Callable[..., Any] | None = None,
                 divisor: Callable[..., float] | None = None,
                 kinks: Callable[..., Any] | None = None, seams: Callable[..., Any] | None = None,
                 known: Sequence[Known] = (), name: str = "") -> None:
        self.composed, self.kernel, self.family = composed, kernel, family
        self.kernel_for_rows = kernel_for_rows        # where the target is a row, not a label
        self.divisor = divisor                        # what the mean divides by; None: the items
        self.domains, self.claims, self.known = domains, claims, known
        self.kinks, self.seams = kinks, seams         # 0 where the slope, the curvature jumps
        self.name = name or composed.__module__.rpartition(".")[2]
        self.__doc__ = sys.modules[composed.__module__].__doc__
        arguments = inspect.signature(composed).parameters.values()
        self.input_names = [a.name for a in arguments if a.default is a.empty]
        self.defaults = {a.name: a.default for a in arguments if a.default is not a.empty}

    @property
    def __signature__(self) -> inspect.Signature:
        shared = {"sample_weight": None, "reduction": "mean", "path": "fused"}
        arguments = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD)
                     for n in self.input_names]
        arguments += [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=d)
                      for n, d in {**self.defaults, **shared}.items()]
        return inspect.Signature(arguments)

    def __repr__(self) -> str:
        return f"<loss {self.name}{self.__signature__}>"

    def __call__(self, *args: Any, **named: Any) -> Tensor:
        given = self._bind(args, named)
        weight, reduction, path = (given.pop(name) for name in ("sample_weight", "reduction", "path"))
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}; got {reduction!r}.")
        inputs = [self._input(name, given.pop(name)) for name in self.input_names]
        inputs, items = self.family.arrange(inputs, self.input_names, given)
        settings = self._settings(given, inputs)
        self._check_labels(inputs, settings)
        call = Call(self, inputs, settings, items, self._weight(weight, items), reduction)
        if reduction == "mean" and not call.divisor > 0:
            raise ValueError(f"{self.name} has nothing to average: no item counts. Give at least one, "
                             "or use reduction='sum'.")
        if self._choose_path(path, call) == "composed":
            self.check_elements(inputs)
            return call.composed()
        from .. import fused
        return fused.run(call)

    # Everything below turns arguments into arrays, or into a sentence about what is wrong with them.

    def _bind(self, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name, in the order inputs, settings, sample_weight, reduction, path."""
        given = dict(zip(self._names, args, strict=False))
        unknown = [name for name in named if name not in self._names or name in given]
        missing = [name for name in self.input_names if name not in given and name not in named]
        if len(args) > len(self._names) or unknown or missing:
            problem = (f"does not take {unknown[0]!r} there" if unknown else
                       f"needs {missing[0]!r}" if missing else f"takes no {len(args)} arguments")
            raise TypeError(f"{self.name} {problem}. Call it as {self.name}{self.__signature__}.")
        return {**self._defaults, **given, **named}

    @cached_property
    def _names(self) -> list[str]:
        return [*self.input_names, *self._defaults]

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {**self.defaults, "sample_weight": None, "reduction": "mean", "path": None}

    def _input(self, name: str, value: Any) -> Any:
        """A Tensor as it is; integers where labels are possible; everything else as floats."""
        if isinstance(value, Tensor):
            return value
        kinds = [domain.kind for domain in self._alternatives(name)]
        try:
            if "labels" in kinds and np.asarray(value).dtype.kind in "iu":
                return np.asarray(value).astype(np.int64, copy=False)
            return floats(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.name}: {name} is unsuitable. {error}") from None

    def _alternatives(self, name: str) -> tuple[Domain, ...]:
        domain = self.domains[name]
        return (domain,) if isinstance(domain, Domain) else domain

    def element_domain(self, name: str) -> Domain:
        """What a single element of the input `name` may be."""
        return self._alternatives(name)[-1]

    def _settings(self, given: dict[str, Any], inputs: list[Any]) -> dict[str, Any]:
        """The settings, tested unless they are the defaults, class weights as an array."""
        for name, value in given.items():
            domain = self.domains[name]
            assert isinstance(domain, Domain)
            if domain.kind == "class weights":
                given[name] = self._class_weights(name, value, inputs[0].shape[-1])
            elif value is not self.defaults[name]:
                try:
                    allowed = np.ndim(value) == 0 and bool(domain.holds(value))
                except TypeError:
                    allowed = False
                if not allowed:
                    raise ValueError(f"{self.name}: {name} must be {domain.text}; got {value!r}.")
        return given

    def _class_weights(self, name: str, value: Any, n_classes: int) -> np.ndarray:
        if value is None:
            return np.ones(n_classes)
        weights = np.asarray(value, dtype=np.float64)
        if weights.shape != (n_classes,) or not (weights >= 0).all():
            raise ValueError(f"{self.name}: {name} must be {n_classes} numbers, one per class, none of "
                             f"them negative; got shape {weights.shape}.")
        return weights

    def _weight(self, weight: Any, items: Shape) -> Any:
        if weight is None:
            return None
        weight = weight if isinstance(weight, Tensor) else floats(weight)
        if weight.shape != items:
            raise ValueError(f"{self.name}: sample_weight has shape {weight.shape}; it needs one number "
                             f"per item, shape {items}.")
        return weight

    def _check_labels(self, inputs: list[Any], settings: dict[str, Any]) -> None:
        """Integer labels within the classes, or rows of probabilities that sum to 1."""
        for name, x in zip(self.input_names, inputs, strict=True):
            kinds = [domain.kind for domain in self._alternatives(name)]
            if "labels" in kinds and x.ndim == 1:
                if x.dtype.kind == "f":
                    raise TypeError(f"{self.name}: {name} holds {x.dtype} numbers of the shape of labels; "
                                    f"labels must be integers. Use {name}.astype(int).")
                n, ignored = inputs[0].shape[-1], settings.get("ignore_index", 0)
                self._refuse(name, x, ((x >= 0) & (x < n)) | (x == ignored),
                             f"an integer from 0 to {n - 1}, because {self.input_names[0]} has {n} classes")
            elif "rows" in kinds:
                sums = np.asarray(x).sum(axis=-1)
                self._refuse(f"the sum of row {name}", sums, ~(abs(sums - 1) > ROW_SUM_TOLERANCE),
                             "1, because a row holds probabilities")

    def check_elements(self, inputs: list[Any]) -> None:
        """Raise ValueError for the first element outside its argument's domain."""
        for name, x in zip(self.input_names, inputs, strict=True):
            domain = self.element_domain(name)
            if x.dtype.kind == "f":
                self._refuse(name, x, domain.holds(np.asarray(x)), domain.text)

    def _refuse(self, name: str, x: Any, allowed: Any, text: str) -> None:
        if not np.all(allowed):
            at = tuple(int(i) for i in np.argwhere(~np.broadcast_to(allowed, x.shape))[0])
            place = f"[{', '.join(map(str, at))}]" if at else ""
            raise ValueError(f"{self.name}: {name}{place} is {np.asarray(x)[at]}; it must be {text}.")

    def _choose_path(self, path: str | None, call: Call) -> str:
        if path is not None and path not in PATHS:
            raise ValueError(f"path must be one of {', '.join(PATHS)}; got {path!r}.")
        if path == "composed":
            return path
        if not _numba_is_installed():
            if path == "fused":
                raise ImportError("path='fused' needs numba; run pip install numba, or use "
                                  "path='composed'.")
            _warn_once()
            return "composed"
        return "composed" if call.needs_composed() else "fused"


class Call:
    """One call of a loss: arranged inputs, complete settings, and how the items are combined."""

    def __init__(self, loss: Loss, inputs: list[Any], settings: dict[str, Any], items: Shape,
                 weight: Any, reduction: str) -> None:
        self.loss, self.inputs, self.settings, self.items = loss, inputs, settings, items
        self.weight, self.reduction = weight, reduction

    @cached_property
    def divisor(self) -> float:
        """What the mean divides by."""
        if self.loss.divisor is None:
            return math.prod(self.items)
        return float(self.loss.divisor(*map(np.asarray, self.inputs), **self.settings))

    def needs_composed(self) -> bool:
        """Is a gradient wanted that the kernel does not have?"""
        others = (*self.inputs[self.loss.family.differentiated:], self.weight)
        return is_recording() and any(isinstance(x, Tensor) and x.requires_grad for x in others)

    def composed(self, *inputs: Tensor) -> Tensor:
        """The composed path, of these inputs or of the call's own."""
        xs = [x if isinstance(x, Tensor) or x.dtype.kind in "iu" else Tensor(x)
              for x in inputs or self.inputs]
        losses = self.loss.composed(*xs, **self.settings).reshape(self.items)
        if self.weight is not None:
            losses = losses * self.weight
        if self.reduction == "none":
            return losses
        total = losses.sum()
        return total / self.divisor if self.reduction == "mean" else total


@cache
def _numba_is_installed() -> bool:
    return importlib.util.find_spec("numba") is not None


@cache
def _warn_once() -> None:
    warnings.warn("numba is not installed, so losses take the composed path: right, but slower. "
                  "Run pip install numba for the fused one.", stacklevel=4)
