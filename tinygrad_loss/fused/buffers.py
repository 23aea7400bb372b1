"""Memory for gradients, used again.

The system hands out a large array as pages that are first zeroed when they are touched, which takes
longer than writing the gradient. A training loop drops one gradient and asks for the next of the same
size: it may as well get the same memory. A buffer is only given out again when nothing else refers to
it: every view of an array keeps its owner alive, so the count of references to the owner tells.
"""

from __future__ import annotations

import sys
from collections import deque

import numpy as np

LARGE = 1 << 16                               # bytes; below, the allocator is quick
# A compiled loop takes one number at a time where its arrays seem to touch, and then rounds otherwise. So
# a tiny one is kept at a distance from its neighbours: the same bits, wherever they lie.
APART = 512                                   # bytes
KEPT = 3                                      # buffers: as many as a loss has gradients

_owners: deque[np.ndarray] = deque(maxlen=KEPT)


def empty(n: int, dtype: np.dtype) -> np.ndarray:
    """An array of n elements with unspecified content."""
    size = n * dtype.itemsize
    if size < APART:
        return np.empty(n + 128, dtype)[64:64 + n]  
    if size < LARGE:
        return np.empty(n, dtype)
    owner = _unused(size)
    if owner is None:
        owner = np.empty(size, np.uint8)
    _owners.append(owner)
    return owner.view(dtype)


def _unused(size: int) -> np.ndarray | None:
    """A buffer of that size to which nobody refers any more."""
    for _ in range(len(_owners)):
        try:
            owner = _owners.popleft()         # ours alone while we look: threads may ask at once
        except IndexError:
            return None
        if owner.nbytes == size and sys.getrefcount(owner) == 2:     # `owner`, and the argument
            return owner
        _owners.append(owner)
    return None
