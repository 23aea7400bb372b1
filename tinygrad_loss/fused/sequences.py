"""The driver of losses of sequences: kernel(pred, target, dpred, *settings) -> loss.

The kernel sees one item at a time, cut to its lengths: frames of float64 whatever the arrays hold, and the
labels that count. Its slopes are rounded once on their way out; frames beyond the item's end get 0. Where
no slopes are wanted, dpred is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import keep


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred = holds[0]

    def walk(first, last, per_block, pred, target, pred_length, target_length, dpred, _dtarget, _dlength,
             weight, scale, losses, partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        ok = True
        n_items, n_frames, width = pred.shape
        costs = np.empty(per_block)
        p, d = np.empty((n_frames, width)), np.empty((n_frames, width))
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, n_items)
            for i in range(start, stop):
                for t in range(n_frames):
                    for c in range(width):
                        p[t, c] = pred[i, t, c]
                        ok &= holds_pred(p[t, c])
                n, labels = pred_length[i], target[i, :target_length[i]]
                factor = weight[i] if weight.size else 1.0
                d_item = d[:n] if dpred.size else d[:0]
                costs[i - start] = kernel(p[:n], labels, d_item, *settings) * factor
                if dpred.size:
                    d[n:] = 0.0
                    for t in range(n_frames):
                        for c in range(width):
                            dpred[i, t, c] = d[t, c] * (scale * factor)
            partials[block] = total(costs[:stop - start])
            keep(costs, losses[start:stop])
        return ok

    return walk
