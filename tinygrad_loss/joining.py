"""Joining Tensors: an operation with any number of inputs is a primitive made on the spot."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from .engine import Tensor, primitive


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join Tensors along an axis that they have. Each gets its own slice of the gradient.

    Raises ValueError if there are none, or their shapes differ in another axis.
    """
    parts = _tensors(tensors)
    axis = normalize_axis_index(axis, parts[0].ndim)
    before = (slice(None),) * axis

    def rule(start: int, stop: int) -> Any:
        return lambda g, y, *parts: g[(*before, slice(start, stop))]
    lengths = [x.shape[axis] if x.ndim > axis else 0 for x in parts]
    ends = list(itertools.accumulate(lengths))
    rules = [rule(end - length, end) for length, end in zip(lengths, ends, strict=True)]
    return primitive(lambda *xs: np.concatenate(xs, axis), *rules, name="concatenate")(*parts)


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join Tensors of equal shape along a new axis. Raises ValueError if there are none."""
    parts = _tensors(tensors)
    at = normalize_axis_index(axis, parts[0].ndim + 1)
    return concatenate([x.reshape((*x.shape[:at], 1, *x.shape[at:])) for x in parts], at)


def _tensors(values: Sequence[Any]) -> list[Tensor]:
    if len(values) == 0:
        raise ValueError("There is nothing to join; give at least one Tensor.")
    return [x if isinstance(x, Tensor) else Tensor(x) for x in values]
