"""The driver of elementwise losses: kernel(pred, target, *settings) -> loss, dpred.

A kernel may take a third input, and return dtarget and the third slope as well. What a loss does not
have, or nobody wants, is None here: the compiler then drops the lines that speak of it, which would cost
time in a loop as tight as this. Other drivers get empty arrays, and are compiled but once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import part, wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    two_inputs = len(holds) == 2
    holds_pred, holds_target, holds_third = holds[0], holds[1], holds[-1]

    def walk(first, last, per_block, pred, target, third, dpred, dtarget, dthird, weight, scale, losses,
             partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        for block in range(first, last):
            here = slice(block * per_block, min((block + 1) * per_block, pred.size))
            # Views that are indexed from 0 on: the compiler sees that no index is out of bounds.
            x, y, z = pred[here], target[here], part(third, here)
            dx, dy, dz = part(dpred, here), part(dtarget, here), part(dthird, here)
            w, costs = part(weight, here), part(losses, here)
            sum_of_costs = 0.0
            for i in range(x.size):
                if two_inputs:
                    found = kernel(np.float64(x[i]), np.float64(y[i]), *settings)
                else:
                    found = kernel(np.float64(x[i]), np.float64(y[i]), np.float64(z[i]), *settings)
                    ok &= holds_third(z[i])
                ok &= holds_pred(x[i]) & holds_target(y[i])
                factor = 1.0 if weight is None else w[i]
                cost = found[0] * factor
                if dpred is not None:
                    dx[i] = found[1] * factor * scale
                if dtarget is not None:
                    dy[i] = found[2] * factor * scale
                if dthird is not None:
                    dz[i] = found[3] * factor * scale
                if losses is not None:
                    costs[i] = cost
                sum_of_costs += cost
            partials[block] = sum_of_costs
        return ok

    return walk
