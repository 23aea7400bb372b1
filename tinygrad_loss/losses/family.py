"""Families: how the inputs of a loss lie in memory, and what counts as one item.

A family arranges inputs of any allowed shape into the one layout that its kernels and composed
losses see, and says which shape the losses of the items have. Its driver, in `fused/`, walks over
that layout.

    family        kernel                                            inputs arranged as     one item
    ELEMENTWISE   (pred, target, *settings) -> loss, dpred          as they are            an element
    ROWS          (pred, target, dpred, *settings) -> loss          (N, C) and (N,)|(N, C) a row
    SAMPLES       (pred, target, dpred, *settings) -> loss          (N, M) and (N, M)      a sample
    VECTORS       (a, b, c, da, db, dc, *settings) -> loss          (N, D) each            a triple
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

Shape = tuple[int, ...]


class Family(NamedTuple):
    """A layout of inputs, and the driver that walks over it."""

    name: str
    arrange: Callable[..., tuple[list[Any], Shape]]      # inputs, names, settings -> inputs, items
    driver: str                                          # the module in `fused` that has the loop
    differentiated: int                                  # a kernel has slopes for the first so many
    flat: bool = False                                   # the driver sees one axis


def _require_equal_shapes(inputs: list[Any], names: list[str]) -> None:
    shape = inputs[0].shape
    for i, x in enumerate(inputs):
        if x.shape != shape:
            name = names[i]
            raise ValueError(f"{names[0]} has shape {shape} and {name} {x.shape}; they must "
                             f"be equal, because nothing is broadcast. Use {name}.reshape(...) or "
                             f"index it to match.")


def _elementwise(inputs: list[Any], names: list[str], settings: tuple[Any, ...]
                 ) -> tuple[list[Any], Shape]:
    _require_equal_shapes(inputs, names)
    return inputs, inputs[0].shape


def _rows(inputs: list[Any], names: list[str], settings: tuple[Any, ...]) -> tuple[list[Any], Shape]:
    """Classes are axis 1, as in PyTorch, or the only axis. Further axes are items of their own."""
    pred, target = inputs
    if pred.ndim == 0:
        raise ValueError(f"{names[0]} is a single number; it needs an axis of classes: (N, C) or (C,).")
    axis = min(1, pred.ndim - 1)
    items = pred.shape[:axis] + pred.shape[axis + 1:]
    if target.shape not in (items, pred.shape):
        raise ValueError(f"{names[0]} has shape {pred.shape}, so {names[1]} needs labels of shape "
                         f"{items} or probabilities of shape {pred.shape}; it has shape {target.shape}.")
    labels = target.shape == items
    return [_class_rows(pred, axis), target.reshape(-1) if labels else _class_rows(target, axis)], items


def _class_rows(x: Any, axis: int) -> Any:
    """x with its class axis last, and all others flattened into one."""
    if x.ndim == 2:
        return x
    order = [i for i in range(x.ndim) if i != axis] + [axis]
    n_items = math.prod(x.shape) // max(x.shape[axis], 1)
    return x.transpose(*order).reshape(n_items, x.shape[axis])


def _samples(inputs: list[Any], names: list[str], settings: tuple[Any, ...]
             ) -> tuple[list[Any], Shape]:
    """The first axis counts samples if the last setting, per_sample, says so; else all is one."""
    _require_equal_shapes(inputs, names)
    shape = inputs[0].shape
    items = shape[:1] if settings[-1] else ()
    width = math.prod(shape[len(items):])
    return [x.reshape(math.prod(items), width) for x in inputs], items


def _vectors(inputs: list[Any], names: list[str], settings: tuple[Any, ...]
             ) -> tuple[list[Any], Shape]:
    """The last axis is the vector, every other one counts items."""
    _require_equal_shapes(inputs, names)
    shape: Shape = inputs[0].shape
    if not shape:
        raise ValueError(f"{names[0]} is a single number; it needs an axis of coordinates: (N, D) or (D,).")
    return [x.reshape(math.prod(shape[:-1]), shape[-1]) for x in inputs], shape[:-1]


ELEMENTWISE = Family("elementwise", _elementwise, "elementwise", 1, flat=True)
ROWS = Family("rows", _rows, "rows", 1)
SOFTMAX = Family("rows", _rows, "softmax", 1)
SAMPLES = Family("samples", _samples, "rows", 1)
VECTORS = Family("vectors", _vectors, "vectors", 3)
