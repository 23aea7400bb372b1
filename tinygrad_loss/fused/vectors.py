"""The driver of losses of vectors: kernel(a, b, c, da, db, dc, *settings) -> loss.

There may be two vectors instead, without c and dc; or a label for each pair of them, a number c. What
a loss does not have is None here, and the compiler drops the lines that speak of it; what nobody wants, or
nobody gave, is an empty array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import keep, wide_vectors


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    two_inputs = len(holds) == 2
    holds_a, holds_b, holds_c = holds[0], holds[1], holds[-1]

    def walk(first, last, per_block, a, b, c, da, db, dc, weight, scale, losses, partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        n_items, width = a.shape
        costs = np.empty(per_block)
        x, y, z = np.empty(width), np.empty(width), np.empty(width)
        dx, dy, dz = np.empty(width), np.empty(width), np.empty(width)
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, n_items)
            for i in range(start, stop):
                for j in range(width):
                    x[j], y[j] = a[i, j], b[i, j]
                    ok &= holds_a(x[j]) & holds_b(y[j])
                if two_inputs:
                    cost = kernel(x, y, dx, dy, *settings)
                elif c.ndim == 1:
                    label = np.float64(c[i])
                    ok &= holds_c(label)
                    cost = kernel(x, y, label, dx, dy, *settings)
                else:
                    for j in range(width):
                        z[j] = c[i, j]
                        ok &= holds_c(z[j])
                    cost = kernel(x, y, z, dx, dy, dz, *settings)
                factor = weight[i] if weight.size else 1.0
                costs[i - start] = cost * factor
                if da.size:
                    for j in range(width):
                        da[i, j] = dx[j] * (scale * factor)
                if db.size:
                    for j in range(width):
                        db[i, j] = dy[j] * (scale * factor)
                if dc is not None and dc.size:
                    for j in range(width):
                        dc[i, j] = dz[j] * (scale * factor)
            partials[block] = total(costs[:stop - start])
            keep(costs, losses[start:stop])
        return ok

    return walk
