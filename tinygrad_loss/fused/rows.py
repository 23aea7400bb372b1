"""The driver of losses per row or sample: kernel(pred, target, dpred, *settings) -> loss.

pred and dpred are rows; target is a row too, or the label that belongs to the row. A kernel that wants a
row where there is a label gets 1 at the label and 0 elsewhere. The kernel sees rows of float64 whatever
the arrays hold, and its slopes are rounded once on their way out. A row whose label is no class is
ignored: it costs nothing, and the kernel never meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import ROW_SUM_TOLERANCE, any_order_sum, exp, keep, wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds
    logs_pred, logs_target = (getattr(test, "of_logs", None) for test in holds)
    given = one_hot if wants_rows else label_alone

    def walk(first, last, per_block, pred, target, _x, dpred, _dt, _dx, weight, scale, losses, partials,
             settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        n_rows, width = pred.shape
        costs = np.empty(per_block)
        p, t, d = np.empty(width), np.empty(width), np.empty(width)
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, n_rows)
            for i in range(start, stop):
                for j in range(width):
                    p[j] = pred[i, j]
                    ok &= holds_pred(p[j])
                ok &= is_allowed(p, logs_pred, d)
                if target.ndim == 2:             # decided when compiled; only one branch remains
                    for j in range(width):
                        t[j] = target[i, j]
                        ok &= holds_target(t[j])
                    ok &= is_allowed(t, logs_target, d)
                    cost = kernel(p, t, d, *settings)
                elif 0 <= target[i] < width:
                    cost = kernel(p, given(target[i], t), d, *settings)
                else:
                    cost, d[:] = 0.0, 0.0
                factor = weight[i] if weight.size else 1.0
                costs[i - start] = cost * factor
                if dpred.size:
                    for j in range(width):
                        dpred[i, j] = d[j] * (scale * factor)
            partials[block] = total(costs[:stop - start])
            keep(costs, losses[start:stop])
        return ok

    return walk


def is_allowed(row, of_logs, scratch):
    """Does the row, or do its exponentials, sum to 1? If it holds no probabilities, it need not."""
    if of_logs is None:
        return True
    for j in range(row.size):
        scratch[j] = exp(row[j]) if of_logs else row[j]
    return not abs(any_order_sum(scratch) - 1.0) > ROW_SUM_TOLERANCE


def one_hot(label, row):
    """row with 1 at the label and 0 elsewhere."""
    row[:] = 0.0
    row[label] = 1.0
    return row


def label_alone(label, row):
    """The label, for a kernel that wants no more."""
    return label
