"""The family SEQUENCES: frames of log-probabilities, and the shorter sequence of labels that they spell.

    kernel                                      inputs arranged as                            one item
    (pred, target, dpred, *settings) -> loss    (N, T, C), (N, S), and a length of each, (N,)  a sequence

A batch is padded to its longest item. What lies beyond an item's length may be anything allowed: nobody
reads it, and its slope is 0. The first setting of such a loss is `blank`, the class that is no label.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby, product
from typing import Any

import numpy as np

from .domain import Domain, Shape
from .family import Family


def arrange(inputs: list[Any], names: list[str], settings: tuple[Any, ...]) -> tuple[list[Any], Shape]:
    """Items come first, and blanks take the place of labels beyond an item's length."""
    pred, target, *lengths = inputs
    fits = pred.ndim in (2, 3) and target.ndim == pred.ndim - 1 and target.shape[:-1] == pred.shape[1:-1]
    if not fits or pred.shape[0] == 0 or pred.shape[-1] == 0:
        raise ValueError(f"{names[0]} has shape {pred.shape} and {names[1]} {target.shape}; {names[0]} needs "
                         f"(T, N, C) and {names[1]} (N, S), or for one item (T, C) and (S,), with T, C > 0.")
    items: Shape = pred.shape[1:-1]
    if pred.ndim == 2:
        pred, target, lengths = pred.reshape(-1, 1, pred.shape[1]), target.reshape(1, -1), [
            x.reshape(1) if x.shape == () else x for x in lengths]
    n_frames, n_items, n_classes = pred.shape
    for x, name in zip([target, *lengths], names[1:], strict=True):
        if x.dtype.kind not in "iu":
            raise TypeError(f"{name} holds {x.dtype} numbers; it needs integers. Use {name}.astype(int).")
    limits = (1, n_frames), (0, target.shape[1])
    for x, name, (low, high) in zip(lengths, names[2:], limits, strict=True):
        if x.shape != (n_items,):
            raise ValueError(f"{name} has shape {x.shape}; it needs one length for each item, {items}.")
        _require(name, x, (low <= x) & (x <= high), f"a length from {low} to {high}")
    if not -n_classes <= settings[0] < n_classes:
        raise ValueError(f"blank is {settings[0]}; {names[0]} has {n_classes} classes, so that it must lie "
                         f"from {-n_classes} to {n_classes - 1}.")
    blank = settings[0] % n_classes
    beyond = np.arange(target.shape[1]) >= lengths[1][:, None]
    _require(names[1], target, beyond | (0 <= target) & (target < n_classes) & (target != blank),
             f"an integer from 0 to {n_classes - 1} and not {blank}, the blank")
    return [pred.transpose(1, 0, 2), np.where(beyond, blank, target), *lengths], items


def _require(name: str, x: Any, allowed: Any, text: str) -> None:
    """Raise ValueError for the first that is not allowed."""
    if not allowed.all():
        at = tuple(int(i) for i in np.argwhere(~allowed)[0])
        raise ValueError(f"{name}[{', '.join(map(str, at))}] is {x[at]}; it must be {text}.")


SEQUENCES = Family("sequences", arrange, "sequences", 1, batch_axis=1)


@cache
def spellings(target: tuple[int, ...], n_frames: int, blank: int) -> list[tuple[int, ...]]:
    """All paths of one class per frame that spell the target: by definition, one by one."""
    paths = product({blank, *target}, repeat=n_frames)
    return [path for path in paths if target == tuple(k for k, _ in groupby(path) if k != blank)]


# Samples for laws: pred has shape (T, N, C) or (T, C). Whatever is drawn fits together. There are at most S
# labels for 2 S - 1 frames, which are enough even if all labels are the same; and neither the first nor the
# last class is a label, so that either may be the blank.

def _any(x: Any) -> Any:
    return True


def _most_labels(shape: Shape) -> int:
    return max(1, shape[0] // 2)


SPELLING = Domain("an integer label, from 0 to the number of classes - 1, but not the blank", _any,
                  lambda rng, shape: rng.integers(1, shape[-1] - 1, (*shape[1:-1], _most_labels(shape))),
                  kind="spelling")
FRAMES = Domain("the number of frames that count, from 1 to T", _any,
                lambda rng, shape: rng.integers(2 * _most_labels(shape) - 1, shape[0] + 1, shape[1:-1]),
                kind="lengths")
LABEL_COUNT = Domain("the number of labels that count, from 0 to S", _any,
                     lambda rng, shape: rng.integers(0, _most_labels(shape) + 1, shape[1:-1]), kind="lengths")
