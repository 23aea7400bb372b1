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
SHORT = 1 << 10                               # elements: so few are done at once, in any layout
NARROW = 24                                   # elements: a row this short is better laid on its side
KEPT = 31 << 20                               # bytes: larger blocks leave no mark


def _keep_memory() -> None:
    """Ask the C library to keep what arrays leave behind for the next ones.

    glibc returns freed memory to the system, which must clear each page when it is touched again: half of the
    time of a composed loss of 1e5 elements. Once a block has come and gone, it keeps up to twice its size. No
    page of this one is touched. Other libraries ignore the hint."""
    np.empty(KEPT, np.uint8)


_keep_memory()


def in_pieces(f: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """f(x) or f(x, axis), with a result of x's shape, applied to some entries of the first axis at a time.

    Where the first axis is one that f reduces, x remains in one piece. Short rows are laid on their side, for
    NumPy walks a long axis many times faster than many short ones."""
    @wraps(f)
    def run(x: np.ndarray, *axis: Any) -> np.ndarray:
        reduced = normalize_axis_tuple(range(x.ndim) if axis[0] is None else axis[0], x.ndim) if axis else ()
        narrow = x.ndim == 2 and reduced == (1,) and x.shape[1] <= NARROW and x.size >= SHORT
        if not narrow and (x.size <= PIECE or 0 in reduced):
            return f(x, *axis)
        y = np.empty(x.shape, x.dtype)
        step = max(1, PIECE * len(x) // x.size)
        for i in range(0, len(x), step):
            piece = x[i:i + step]
            y[i:i + step] = f(np.ascontiguousarray(piece.T), 0).T if narrow else f(piece, *axis)
        return y
    return run
