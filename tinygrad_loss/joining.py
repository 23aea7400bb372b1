"""Joining Tensors: an operation with any number of inputs is a primitive made on the spot."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .engine import Tensor, primitive


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join Tensors along an axis they have. Each gets its own slice of the gradient."""
    parts = [x if isinstance(x, Tensor) else Tensor(x) for x in tensors]
    before = (slice(None),) * (axis % parts[0].ndim)
    ends = itertools.accumulate(x.shape[axis] for x in parts)
    rules = [lambda g, y, *xs, own=(*before, slice(end - x.shape[axis], end)): g[own]
             for x, end in zip(parts, ends, strict=True)]
    return primitive(lambda *xs: np.concatenate(xs, axis), *rules, name="concatenate")(*parts)


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join Tensors of equal shape along a new axis."""
    parts = [x if isinstance(x, Tensor) else Tensor(x) for x in tensors]
    at = axis % (parts[0].ndim + 1)
    return concatenate([x.reshape((*x.shape[:at], 1, *x.shape[at:])) for x in parts], at)
