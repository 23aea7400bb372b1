"""The driver of losses that look at the label's class alone: kernel(own, weight, *settings) -> loss, slope.

own is what pred says of that class, weight the class's own, out of the first setting, which has one for each
class. All other slopes of the row are 0, and writing them takes longer than everything else. A row whose
label is no class is ignored: it costs nothing, and the kernel never meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import are_probabilities, wide_vectors


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
        costs, scratch = np.empty(per_block), np.empty((per_block, width))
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, n_rows)
            numbers = pred[start:stop].reshape(-1)
            for j in range(numbers.size):
                ok &= holds_pred(numbers[j])
            if of_logs is not None:
                ok &= are_probabilities(pred[start:stop], of_logs, scratch[:stop - start])
            if dpred.size:
                dpred[start:stop] = 0.0
            for i in range(start, stop):
                label, cost = target[i], 0.0
                factor = weight[i] if weight.size else 1.0
                if 0 <= label < width:
                    cost, slope = kernel(np.float64(pred[i, label]), settings[0][label], *settings[1:])
                    if dpred.size:
                        dpred[i, label] = slope * (scale * factor)
                costs[i - start] = cost * factor
            partials[block] = total(costs[:stop - start])
            if losses.size:
                losses[start:stop] = costs[:stop - start]
        return ok

    return walk
