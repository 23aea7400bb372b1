"""Elementary functions for kernels: plain scalar Python, compiled into the loops that call them."""

from __future__ import annotations

import numpy as np
from numpy import exp, log, log1p

__all__ = ["distance", "exp", "log", "log1p", "peak", "total"]


def total(x):
    """The sum of x, as eight running sums that are then combined in a fixed tree."""
    a = b = c = d = e = f = g = h = 0.0
    whole = x.size // 8 * 8
    for i in range(0, whole, 8):
        a += x[i]
        b += x[i + 1]
        c += x[i + 2]
        d += x[i + 3]
        e += x[i + 4]
        f += x[i + 5]
        g += x[i + 6]
        h += x[i + 7]
    for i in range(whole, x.size):
        a += x[i]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


def peak(x):
    """The largest element of x; nan if there is one."""
    top = x[0]
    for i in range(x.size):
        if x[i] > top or x[i] != x[i]:
            top = x[i]
        if top != top:
            return top
    return top


def distance(x, y):
    """|x - y|, with no square that overflows or vanishes."""
    top = 0.0
    for i in range(x.size):
        top = max(top, abs(x[i] - y[i]))
    scale = top if 0.0 < top < np.inf else 1.0
    squares = 0.0
    for i in range(x.size):
        squares += ((x[i] - y[i]) / scale) ** 2
    return scale * np.sqrt(squares)
