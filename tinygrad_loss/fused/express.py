"""A short cut for the commonest call while it is small: `loss(pred, target)`, arrays of equal shape.

There, finding out what the caller meant takes as long as the loss itself. Where both arguments are
plainly what the kernel wants, it is run at once, by the same driver and so with the same bits. For
anything else the answer is None, and the general way takes over: it alone converts, and complains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arraylike import FLOAT32
from ..engine import Tensor, recording
from ..losses.arguments import bind
from ..losses.loss import Call
from . import buffers
from .bridge import node, rounded
from .compile import driver, machine_code, split
from .threads import BLOCK, SERIAL

if TYPE_CHECKING:
    from ..losses.loss import Loss


def short_cut(loss: Loss) -> Callable[[Any, Any], Tensor | None]:
    """A function of (pred, target): the mean of an elementwise loss with its default settings, or None if
    anything is unusual."""
    op = node(loss)
    settings, constants = split(loss, loss.default_settings)

    @cache
    def walk(dtype: np.dtype[Any], wanted: bool) -> Callable[..., bool]:
        x = np.empty(1, dtype)
        return machine_code(driver(loss, True, dtype is FLOAT32, loss.default_holds, constants),
                            0, 1, BLOCK, x, x, None, x if wanted else None, None, None, None, 1.0, None,
                            np.empty(1), settings)

    def run(pred: Any, target: Any) -> Tensor | None:
        if type(pred) is not Tensor or type(target) is not np.ndarray:
            return None
        x: np.ndarray = pred.data
        n, dtype = x.size, x.dtype
        if (x.shape != target.shape or dtype is not target.dtype or not 0 < n < SERIAL
                or not (x.flags.carray and target.flags.carray)):
            return None
        y = target
        if x.ndim != 1:
            x, y = x.reshape(-1), y.reshape(-1)
        wanted = pred.requires_grad and recording.get()
        slope = buffers.empty(n, dtype) if wanted else None
        n_blocks, scale = -(-n // BLOCK), 1.0 / n
        partials = np.empty(n_blocks)
        try:
            ok = walk(dtype, wanted)(0, n_blocks, BLOCK, x, y, None, slope, None, None, None, scale, None,
                             partials, settings)
        except OSError:                                      # the disk's cache cannot be used after all
            walk.cache_clear()
            return None
        if not ok:
            return None
        total = partials.item() if n_blocks == 1 else partials.sum()
        value = Tensor(rounded(total * scale, dtype))
        if wanted:
            value.requires_grad, value._op, value._inputs = True, op, (pred,)
            value._settings = (lambda: Call(loss, bind(loss, (pred, target), {}))), [slope]
        return value

    return run
