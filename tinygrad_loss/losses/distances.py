"""The distance of two vectors by any norm, composed and by definition; kernels have it in fused/vmath.py.

    |x - y|_p = (sum |x_i - y_i|^p)^(1/p);  for p = inf, the largest difference
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine import Tensor, where


def half(x: Tensor, y: Tensor, p: float, squared: bool) -> Tensor:
    """Half of the distance of each row of x and y, or of its square if p = 2 and squared. It does not
    overflow before the whole does."""
    if squared and p == 2:
        d = x - y
        return (d * d).sum(axis=1) / 2
    part = np.where(np.isinf((x - y).numpy()).any(axis=1, keepdims=True), 0.125, 1.0).astype(x.dtype)
    return norm(part * x - part * y, p) / (2 * part[:, 0])


def norm(x: Tensor, p: float) -> Tensor:
    """|x|_p of each row. No power overflows or vanishes; the slope is 0 at 0, and ties share it equally."""
    if p == 2:
        return x.norm(axis=1)
    if p == 1 or math.isinf(p):
        return abs(x).sum(axis=1) if p == 1 else abs(x).max(axis=1)
    top = np.abs(x.numpy()).max(axis=1, initial=0)
    scale = np.maximum(top, 16 * np.finfo(x.dtype).tiny)     # a subnormal one would have too few digits
    total = (abs(x / scale[:, None]) ** p).sum(axis=1)
    return scale * where(total == 0, 0, total ** (1 / p))


def kinks(apart: np.ndarray, p: float, squared: bool) -> list[np.ndarray]:
    """What is 0 where the slope jumps: at 0, and for some norms where a number is 0 or two are equal."""
    smooth = squared and p == 2
    return [] if smooth else [np.linalg.norm(apart, p, axis=-1), apart, np.diff(np.sort(abs(apart)))]


def exact(mp: Any, x: list[Any], y: list[Any], p: Any, squared: bool) -> Any:
    """The whole of it, in any precision. Here inf is a large number."""
    apart = [abs(a - b) for a, b in zip(x, y, strict=True)]
    if p > 1000:
        return -least(mp, *(-d for d in apart))
    return sum(d * d for d in apart) if squared and p == 2 else mp.norm(apart, p)


def least(mp: Any, *numbers: Any) -> Any:
    """The least of the numbers, for `exact`: if rounding may decide which one it is, slopes are left out."""
    for x in numbers:
        mp.hinge([x, -min(numbers)])
    return min(numbers)
