"""A short cut for the commonest calls while they are small: `loss(pred, target)`, nothing else said.

There, finding out what the caller meant takes longer than the loss itself. Where both arguments are plainly
what the kernel wants, arrays of equal shape or rows and a label for each, it is run at once, by the same
driver and so with the same bits. For anything else the answer is None, and the general way takes over: it
alone converts, and complains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arraylike import FLOAT32
from ..engine import Tensor, recording
from ..losses import arguments
from ..losses.loss import Call
from . import buffers
from .bridge import node, rounded
from .compile import driver, machine_code, split
from .threads import BLOCK, SERIAL, items_per_block

if TYPE_CHECKING:
    from ..losses.loss import Loss

INT64 = np.dtype(np.int64)

DType = np.dtype[Any]
Found = tuple[np.ndarray, np.ndarray | None, float]           # a sum for each block, slopes, 1 / items


def short_cut(loss: Loss) -> Callable[[Any, Any], Tensor | None]:
    """A function of (pred, target): the mean of the loss with its default settings, or None if anything is
    unusual."""
    op = node(loss)
    walk = _over_elements(loss) if loss.family.flat else _over_rows(loss)

    def run(pred: Any, target: Any) -> Tensor | None:
        if type(pred) is not Tensor or type(target) is not np.ndarray:
            return None
        x: np.ndarray = pred.data
        if not (0 < x.size < SERIAL and x.flags.carray and target.flags.carray):
            return None
        wanted = pred.requires_grad and recording.get()
        found = walk(x, target, wanted)
        if found is None:
            return None
        partials, slope, scale = found
        total = partials.item() if partials.size == 1 else partials.sum()
        value = Tensor(rounded(total * scale, x.dtype))
        if wanted:
            value.requires_grad, value._op, value._inputs = True, op, (pred,)
            value._settings = (lambda: Call(loss, arguments.bind(loss, (pred, target), {}))), [slope]
        return value

    return run


def _over_elements(loss: Loss) -> Callable[..., Found | None]:
    """Run the driver of an elementwise loss, if shapes and dtypes agree and all elements are allowed."""
    settings, constants = split(loss, loss.default_settings)

    @cache
    def code(dtype: DType, wanted: bool) -> Callable[..., bool]:
        x = np.empty(1, dtype)
        return machine_code(driver(loss, True, dtype is FLOAT32, loss.default_holds, constants),
                            0, 1, 1, x, x, None, x if wanted else None, None, None, None, 1.0, None,
                            np.empty(1), settings)

    def walk(x: np.ndarray, y: np.ndarray, wanted: bool) -> Found | None:
        n, dtype = x.size, x.dtype
        if x.shape != y.shape or dtype is not y.dtype:
            return None
        if x.ndim != 1:
            x, y = x.reshape(-1), y.reshape(-1)
        slope = buffers.empty(n, dtype) if wanted else None
        n_blocks, scale = -(-n // BLOCK), 1.0 / n
        partials = np.empty(n_blocks)
        try:
            ok = code(dtype, wanted)(0, n_blocks, BLOCK, x, y, None, slope, None, None, None, scale, None,
                                     partials, settings)
        except OSError:                                      # the disk's cache cannot be used after all
            code.cache_clear()
            return None
        return (partials, slope, scale) if ok else None

    return walk


def _over_rows(loss: Loss) -> Callable[..., Found | None]:
    """The same for a loss of rows, if the target is a class for each of them, or as many rows."""
    softened = bool(loss.softens and loss.softens(*loss.default_settings))
    no_weight = np.empty(0)

    @cache
    def code(dtype: DType, width: int, labelled: bool) -> tuple[Any, ...]:
        rows, no_slope, no_losses = np.empty((1, width), dtype), np.empty((0, 0), dtype), np.empty(0, dtype)
        target_slope = no_slope if loss.family.differentiated == 2 else None
        settings, constants = split(loss, arguments.settings(loss, loss.default_settings, rows))
        walk = driver(loss, softened or not labelled, dtype is FLOAT32, loss.default_holds, constants)
        return machine_code(walk, 0, 1, 1, rows, np.empty(1, INT64) if labelled else rows, None, rows,
                            target_slope, None, no_weight, 1.0, no_losses, np.empty(1), settings
                            ), no_slope, target_slope, no_losses, settings

    def walk(x: np.ndarray, y: np.ndarray, wanted: bool) -> Found | None:
        if x.ndim != 2:
            return None
        (n, width), size, dtype, labelled = x.shape, x.size, x.dtype, y.ndim == 1
        if labelled:                                         # as uint64, a negative number looks huge
            fits = (loss.takes_labels and y.dtype is INT64 and y.size == n
                    and y.view(np.uint64).max() < width)
        else:
            fits = loss.takes_rows and y.dtype is dtype and y.shape == x.shape
        if not fits:
            return None
        per_block = items_per_block(n, size)
        n_blocks, scale = -(-n // per_block), 1.0 / n
        partials = np.empty(n_blocks)
        try:
            run, slope, target_slope, no_losses, settings = code(dtype, width, labelled)
            if wanted:
                slope = buffers.empty(size, dtype).reshape(n, width)
            ok = run(0, n_blocks, per_block, x, y, None, slope, target_slope, None, no_weight, scale,
                     no_losses, partials, settings)
        except OSError:                                      # the disk's cache cannot be used after all
            code.cache_clear()
            return None
        return (partials, slope, scale) if ok else None

    return walk
