"""What is said about a loss besides how to compute it: claims, worked examples, advice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple


class Claims(NamedTuple):
    """What is said about a loss, plainly or as a function of its settings, and if it asks for `width`, of
    the number of classes too. The laws verify each claim, also that a False is really false."""

    convex: bool | Callable[..., bool]             # in the inputs that have slopes: chords lie above
    symmetric: bool | Callable[..., bool]          # the first two inputs may be exchanged
    lipschitz: float | Callable[..., float]        # no slope is steeper; inf: they are unbounded
    minimum: float | Callable[..., float]          # no item costs less, and some come close

    def under(self, settings: dict[str, Any], width: int) -> PlainClaims:
        """What is claimed under these settings, for items of this width."""
        def plain(claim: Any) -> Any:
            if not callable(claim):
                return claim
            asked = "width" in inspect.signature(claim).parameters
            return claim(**settings, **{"width": width} if asked else {})
        return PlainClaims(*map(plain, self))


class PlainClaims(NamedTuple):
    """Claims under settings that are known."""

    convex: bool
    symmetric: bool
    lipschitz: float
    minimum: float


class Known:
    """A worked example: these inputs and settings give this value and gradient (mean reduced)."""

    def __init__(self, *inputs: Any, value: float, gradient: Any = None, **settings: Any) -> None:
        self.inputs, self.settings, self.value, self.gradient = inputs, settings, value, gradient


class Advice(NamedTuple):
    """When to take a loss, for the table of `tinygrad-loss losses`: use it when, avoid it when ..."""

    task: str                                      # "regression"; several: "regression, segmentation"
    use: str                                       # "errors are Gaussian but for some outliers"
    avoid: str                                     # "data are clean"
    lesson: str = ""                               # the file in lessons/ that is about it: "05_huber"
