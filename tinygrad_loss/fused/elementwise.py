"""The driver of elementwise losses: kernel(pred, target, *settings) -> loss, dpred."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds

    def walk(first, last, per_block, pred, target, dpred, weight, scale, losses, partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        ok = True
        costs = np.empty(per_block)
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, pred.size)
            p, t = pred[start:stop], target[start:stop]
            for i in range(p.size):
                x, y = np.float64(p[i]), np.float64(t[i])
                cost, slope = kernel(x, y, *settings)
                factor = 1.0 if weight is None else weight[start + i]
                costs[i] = cost * factor
                if dpred is not None:
                    dpred[start + i] = slope * (scale * factor)
                ok &= holds_pred(x) & holds_target(y)
            partials[block] = total(costs[:p.size])
            if losses is not None:
                losses[start:stop] = costs[:p.size]
        return ok

    return walk
