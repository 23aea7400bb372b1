"""Families: how the inputs of a loss lie in memory, and what counts as one item.

A family arranges inputs of any allowed shape into the one layout that its kernels and composed
losses see, and says which shape the losses of the items have. Its driver, in `fused/`, walks over
that layout.

    family         kernel                                            inputs arranged as     one item
    ELEMENTWISE    (pred, target, *settings) -> loss, dpred          as they are            an element
    ROWS           (pred, target, dpred, *settings) -> loss          (N, C) and (N,)|(N, C) a row
    SOFTMAX        (own, others, half_gap, weight, ...) -> see fused/softmax.py   as for ROWS  a row
    MULTILABEL     (pred, target, dpred, *settings) -> loss          (N, C) and (N, C)      a row
    LABEL          (own, weight, *settings) -> loss, slope of own    (N, C) and (N,)       a row
    CLASSES        (z, q, share, *settings) -> see fused/classes.py  (N, C) and (N, C)      a row
    DISTRIBUTIONS  (p, q, *settings) -> loss, dp, dq of a class      (N, C) each            a row of each
    SAMPLES        (both, vain, ...) -> see fused/overlap.py         (N, M) and (N, M)      a sample
    VECTORS        (a, b, c, da, db, dc, *settings) -> loss          (N, D) each            a triple
    PAIRS          (a, b, label, da, db, *settings) -> loss          (N, D) twice and (N,)  a pair
    SEQUENCES      see `sequences.py`
    BATCH, VIEWS   see `batch.py`

An elementwise kernel may have a third input, and slopes for the first two or for all three of them,
(x, y, z, *settings) -> loss, dx, dy, dz; its loss says ELEMENTWISE.with_slopes(3).
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
    batch_axis: int = 0                                  # of the first input: counts the items
    coupled: bool = False                                # the loss of an item depends on all others

    def slopes(self, reduction: str) -> int:
        """For how many inputs a kernel has slopes. Of single items that are coupled it has none: each of them
        reaches all inputs of the batch, and a kernel leaves one slope for each number."""
        return 0 if self.coupled and reduction == "none" else self.differentiated

    def with_slopes(self, n: int) -> Family:
        """The same for kernels that have slopes for the first n inputs."""
        return self._replace(differentiated=n)


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
    axis, items = _classes(pred, names[0])
    if target.shape not in (items, pred.shape):
        raise ValueError(f"{names[0]} has shape {pred.shape}, so {names[1]} needs labels of shape "
                         f"{items} or probabilities of shape {pred.shape}; it has shape {target.shape}.")
    labels = target.shape == items
    return [_class_rows(pred, axis), target.reshape(-1) if labels else _class_rows(target, axis)], items


def _row_pairs(inputs: list[Any], names: list[str], settings: tuple[Any, ...]
               ) -> tuple[list[Any], Shape]:
    """Classes are the axis that they are for ROWS."""
    axis, items = _classes(inputs[0], names[0])
    _require_equal_shapes(inputs, names)
    return [_class_rows(x, axis) for x in inputs], items


def _classes(pred: Any, name: str) -> tuple[int, Shape]:
    """The axis of classes, and the shape of the others."""
    if pred.ndim == 0:
        raise ValueError(f"{name} is a single number; it needs an axis of classes: (N, C) or (C,).")
    axis = min(1, pred.ndim - 1)
    return axis, pred.shape[:axis] + pred.shape[axis + 1:]


def _shaped(x: Any, shape: Shape) -> Any:
    """x in that shape. Where it has it already, there is nothing to differentiate."""
    return x if x.shape == shape else x.reshape(shape)


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
    return [_shaped(x, (math.prod(items), width)) for x in inputs], items


def _vectors(inputs: list[Any], names: list[str], settings: tuple[Any, ...]
             ) -> tuple[list[Any], Shape]:
    """The last axis is the vector, every other one counts items."""
    _require_equal_shapes(inputs, names)
    shape: Shape = inputs[0].shape
    if not shape:
        raise ValueError(f"{names[0]} is a single number; it needs an axis of coordinates: (N, D) or (D,).")
    return [_shaped(x, (math.prod(shape[:-1]), shape[-1])) for x in inputs], shape[:-1]


def _pairs(inputs: list[Any], names: list[str], settings: tuple[Any, ...]) -> tuple[list[Any], Shape]:
    """Two vectors as in VECTORS, and a label for each pair of them."""
    *vectors, label = inputs
    arranged, items = _vectors(vectors, names, settings)
    if label.shape != items:
        raise ValueError(f"{names[-1]} has shape {label.shape}; it needs one label per pair, shape {items}.")
    return [*arranged, _shaped(label, (math.prod(items),))], items


ELEMENTWISE = Family("elementwise", _elementwise, "elementwise", 1, flat=True)
ROWS = Family("rows", _rows, "rows", 1)
SOFTMAX = Family("rows", _rows, "softmax", 1)
LABEL = Family("rows", _rows, "label", 1)
MULTILABEL = Family("rows", _row_pairs, "rows", 1)
CLASSES = Family("rows", _row_pairs, "shares", 1)
DISTRIBUTIONS = Family("rows", _row_pairs, "classes", 2)
SAMPLES = Family("samples", _samples, "overlap", 1)
VECTORS = Family("vectors", _vectors, "vectors", 3)
PAIRS = Family("vectors", _pairs, "vectors", 2)
