"""A short cut for the commonest call while it is small: `loss(pred, target)`, arrays of one axis.

There, finding out what the caller meant takes as long as the loss itself. Where both arguments are
plainly what the kernel wants, it is run at once, by the same driver and so with the same bits. For
anything else the answer is None, and the general way takes over: it alone converts, and complains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arraylike import FLOAT32
from ..engine import Tensor, recording
from ..losses.arguments import bind
from ..losses.loss import Call
from . import buffers
from .bridge import node, rounded
from .compile import driver
from .threads import BLOCK, SERIAL

if TYPE_CHECKING:
    from ..losses.loss import Loss


def run(loss: Loss, pred: Any, target: Any) -> Tensor | None:
    """The mean of an elementwise loss with its default settings; None if anything is unusual."""
    if type(pred) is not Tensor or type(target) is not np.ndarray:
        return None
    x = pred.data
    n = x.size
    if (x.shape != target.shape or x.dtype is not target.dtype or not 0 < n < SERIAL or x.ndim != 1
            or not (x.flags.c_contiguous and target.flags.c_contiguous)):
        return None
    wanted = pred.requires_grad and recording.get()
    slope = buffers.empty(n, x.dtype) if wanted else None
    n_blocks, scale = -(-n // BLOCK), 1.0 / n
    partials = np.empty(n_blocks)
    try:
        walk = driver(loss, True, x.dtype is FLOAT32)
        ok = walk(0, n_blocks, BLOCK, x, target, None, slope, None, None, None, scale, None, partials,
                  loss.default_settings)
    except OSError:
        return None
    if not ok:
        return None
    total = partials.item() if n_blocks == 1 else partials.sum()
    value = rounded(total * scale, x.dtype)
    if not wanted:
        return Tensor(value)
    return node(loss).node(value, (pred,), (lambda: Call(loss, bind(loss, (pred, target), {})), [slope]))
