"""The driver of losses that look at the label's class alone: kernel(own, weight, *settings) -> loss, slope.

own is what pred says of that class, weight the class's own, out of the first setting, which has one for each
class. All other slopes of the row are 0, and writing them takes longer than everything else. A row whose
label is no class is ignored: it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import are_probabilities, keep, wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred = holds[0]
    of_logs = getattr(holds_pred, "of_logs", None)

    def walk(first, last, per_block, pred, target, _third, dpred, _dtarget, _dthird, weight, scale, losses,
             partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        n_rows, width = pred.shape
        own, class_weight, slope = np.empty(per_block), np.empty(per_block), np.empty(per_block)
        costs, scratch = np.empty(per_block), np.empty((per_block, width))
        for block in range(first, last):
            start = block * per_block
            n = min(per_block, n_rows - start)
            rows, labels = pred[start:start + n], target[start:start + n]
            numbers = rows.reshape(-1)
            for j in range(numbers.size):
                ok &= holds_pred(numbers[j])
            if of_logs is not None:
                ok &= are_probabilities(rows, of_logs, scratch[:n])
            for r in range(n):
                label = min(max(labels[r], 0), width - 1)
                own[r], class_weight[r] = rows[r, label], settings[0][label]
            for r in range(n):
                costs[r], slope[r] = kernel(own[r], class_weight[r], *settings[1:])
            for r in range(n):
                factor, kept = weight[start + r] if weight.size else 1.0, 0 <= labels[r] < width
                costs[r], slope[r] = costs[r] * factor if kept else 0.0, slope[r] * (scale * factor)
            if dpred.size:
                dpred[start:start + n] = 0.0
                for r in range(n):
                    if 0 <= labels[r] < width:
                        dpred[start + r, labels[r]] = slope[r]
            partials[block] = total(costs[:n])
            keep(costs, losses[start:start + n])
        return ok

    return walk
