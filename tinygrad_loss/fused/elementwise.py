"""The driver of elementwise losses: kernel(pred, target, *settings) -> loss, dpred."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds

    def walk(first, last, per_block, pred, target, dpred, weight, scale, losses, partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        for block in range(first, last):
            start = block * per_block
            here = slice(start, min(start + per_block, pred.size))
            p, t = pred[here], target[here]
            sum_of_costs = 0.0
            for i in range(p.size):
                x, y = np.float64(p[i]), np.float64(t[i])
                cost, slope = kernel(x, y, *settings)
                if weight is not None:
                    cost, slope = cost * weight[start + i], slope * weight[start + i]
                if dpred is not None:
                    dpred[start + i] = slope * scale
                if losses is not None:
                    losses[start + i] = cost
                sum_of_costs += cost
                ok &= holds_pred(x) & holds_target(y)
            partials[block] = sum_of_costs
        return ok

    return walk
