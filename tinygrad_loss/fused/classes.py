"""The driver of losses that are a sum over classes: kernel(p, q, *settings) -> loss, dp, dq, for one class.

p and q are what two rows say of it. Or, in `shares.py`, kernel(z, q, share, *settings) -> loss, dz: the share
of the class in the row is its weight, out of the first setting, over the number of classes.

All the classes of a block are one long loop, however narrow the rows; then the rows are added up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import are_probabilities, keep, totals, wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool, shared: bool = False
          ) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds
    logs_pred, logs_target = (getattr(test, "of_logs", None) for test in holds)

    def walk(first, last, per_block, pred, target, _third, dpred, dtarget, _dthird, weight, scale, losses,
             partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        n_rows, width = pred.shape
        terms, factors = np.empty((per_block, width)), np.full(per_block * width, scale)
        costs = np.empty(per_block)
        unwanted = np.empty(per_block * width, pred.dtype), np.empty(per_block * width, target.dtype)
        shares = np.empty((per_block, width))
        if shared:                               # decided when compiled; only one branch remains
            for r in range(per_block):
                for c in range(width):
                    shares[r, c] = settings[0][c] / width
        for block in range(first, last):
            start = block * per_block
            n = min(per_block, n_rows - start)
            if weight.size:
                for r in range(n):
                    factors[r * width:(r + 1) * width] = scale * weight[start + r]
            x, y, share = pred[start:start + n], target[start:start + n], shares.reshape(-1)
            if logs_pred is not None:
                ok &= are_probabilities(x, logs_pred, terms[:n])
            if logs_target is not None:
                ok &= are_probabilities(y, logs_target, terms[:n])
            x, y, cost = x.reshape(-1), y.reshape(-1), terms[:n].reshape(-1)
            dx = dpred[start:start + n].reshape(-1) if dpred.size else unwanted[0]
            if shared:
                for k in range(x.size):
                    ok &= holds_pred(x[k]) & holds_target(y[k])
                    cost[k], slope = kernel(np.float64(x[k]), np.float64(y[k]), share[k], *settings[1:])
                    dx[k] = slope * factors[k]
            else:
                dy = dtarget[start:start + n].reshape(-1) if dtarget.size else unwanted[1]
                for k in range(x.size):
                    ok &= holds_pred(x[k]) & holds_target(y[k])
                    cost[k], by_x, by_y = kernel(np.float64(x[k]), np.float64(y[k]), *settings)
                    dx[k], dy[k] = by_x * factors[k], by_y * factors[k]
            totals(terms[:n], costs)
            if weight.size:
                for r in range(n):
                    costs[r] *= weight[start + r]
            partials[block] = total(costs[:n])
            keep(costs, losses[start:start + n])
        return ok

    return walk
