"""Long arrays piece by piece, so that intermediate results stay in the cache.

A NumPy function of ten steps makes ten arrays. If they are large, each comes from the system as fresh pages
and goes through memory and back. Of a piece they are small: the same memory serves every step of every piece.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

PIECE = 1 << 14                               # elements: ten arrays of float64 fill a second-level cache


def in_pieces(f: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """f(x) or f(x, axis), with a result of x's shape, applied to some entries of the first axis at a time.

    The result has the same bits. Where the first axis is one that f reduces, x remains in one piece."""
    @wraps(f)
    def run(x: np.ndarray, *axis: Any) -> np.ndarray:
        reduced = normalize_axis_tuple(range(x.ndim) if axis[0] is None else axis[0], x.ndim) if axis else ()
        if x.size <= PIECE or 0 in reduced:
            return f(x, *axis)
        y = np.empty(x.shape, x.dtype)
        step = max(1, PIECE * len(x) // x.size)
        for i in range(0, len(x), step):
            y[i:i + step] = f(x[i:i + step], *axis)
        return y
    return run
