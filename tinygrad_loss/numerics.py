"""NumPy functions that NumPy lacks: the forward side of some rows in the engine's table.

Each is written so that no intermediate result overflows, vanishes or cancels where the answer does
not. They know nothing of Tensors. Infinities follow the limit; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from typing import Any

import numpy as np

from .pieces import in_pieces

FEW = 1 << 10                                 # elements: below, the calls themselves count

_quiet = copy_context()
_quiet.run(np.seterr, all="ignore")


def quietly(f: Callable[..., Any], *args: Any) -> Any:
    """f(*args) where inf and nan are answers, not accidents: without warnings. It does what
    `with np.errstate(all="ignore")` does in a quarter of the time, which small arrays notice."""
    return _quiet.copy().run(f, *args)


def power(x: np.ndarray, n: float) -> np.ndarray:
    """x to the power of a plain number."""
    return x if n == 1 else x ** n


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def choose(a: np.ndarray, b: np.ndarray, cond: np.ndarray) -> np.ndarray:
    """a where cond holds, else b.

    Where there is no pattern in cond, np.where takes as long as ten multiplications: the processor guesses
    a branch for each element and is wrong every other time. Masks of bits leave nothing to guess."""
    if cond.size < FEW or a.dtype != b.dtype or cond.shape != np.broadcast(a, b).shape:
        return np.where(cond, a, b)
    for one, never_other in ((b, ~cond.any()), (a, cond.all())):
        if never_other and one.shape == cond.shape:
            return one
    whole = np.dtype(f"i{a.dtype.itemsize}")
    all_or_none = (-cond.view(np.int8)).astype(whole)         # -1 is 11...1 in bits, 0 is 00...0
    b = b.view(whole)
    either = np.bitwise_and(a.view(whole) ^ b, all_or_none, out=all_or_none)
    return np.bitwise_xor(either, b, out=either).view(a.dtype)


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b."""
    return a @ b


def take(x: np.ndarray, index: Any) -> np.ndarray:
    """x[index]."""
    return x[index]


def sum(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    """The sum along axis."""
    return x.sum(axis, keepdims=keepdims)


def max(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    """The largest element along axis."""
    return x.max(axis, keepdims=keepdims)


@in_pieces
def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))       # both at most 1: they cannot overflow


@in_pieces
def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), as a sum of two terms that are never negative."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x log y, with 0 log 0 = 0."""
    log_y = np.log(np.where((x == 0) & (y == y), 1, y), dtype=np.result_type(x, y))
    return x * log_y


def norm(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    """The Euclidean length of x along axis."""
    small, scale = _scaled(x, axis)
    y = scale * np.sqrt((small ** 2).sum(axis=axis, keepdims=True))
    return y if keepdims else np.squeeze(y, _axes(x, axis))


@in_pieces
def unit(x: np.ndarray, axis: Any) -> np.ndarray:
    """x / |x| along axis, and 0 where x is 0."""
    small, _ = _scaled(x, axis)
    length = np.sqrt((small ** 2).sum(axis=axis, keepdims=True))
    return small / np.where(length == 0, 1, length)


def logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    """log sum exp(x) along axis."""
    m = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    y = m + _log_of_sum(x, m, _exp_minus(x, m), axis)
    return y if keepdims else np.squeeze(y, _axes(x, axis))


@in_pieces
def softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    """exp(x) / sum exp(x) along axis; all 0 where every x is -inf, since no class takes part."""
    e = _exp_minus(x, np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    total = e.sum(axis=axis, keepdims=True)
    return e / np.where(total == 0, 1, total)


@in_pieces
def log_softmax(x: np.ndarray, axis: Any) -> np.ndarray:
    """log(exp(x) / sum exp(x)) along axis, as a sum of two terms that are never positive."""
    m = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    log_of_sum = _log_of_sum(x, m, _exp_minus(x, m), axis)
    x, m = _finite_peak(x, m)
    return x - m - log_of_sum


@in_pieces
def others(x: np.ndarray, axis: Any) -> np.ndarray:
    """For each element, the sum of all others along axis. For one that is more than half of all, it is
    not total - x, in which the digits of the others would be lost."""
    size = np.abs(x)
    most = 2 * size > size.sum(axis=axis, keepdims=True)
    rest = np.where(most, 0, x).sum(axis=axis, keepdims=True)
    return np.where(most, rest, x.sum(axis=axis, keepdims=True) - x)


# Element i of the result depends on element i of the inputs alone.
POINTWISE = {power, relu, choose, sigmoid, softplus, xlogy, np.clip}


# What some rules need.

@np.errstate(all="ignore")
def share_of_max(x: np.ndarray, axis: Any) -> np.ndarray:
    """How much of the maximum each x is: 1 for the winner, equal parts in a tie, else 0."""
    wins = x == x.max(axis=axis, keepdims=True)
    return wins / wins.sum(axis=axis, keepdims=True, dtype=x.dtype)


def positive(x: np.ndarray) -> np.ndarray:
    """1 where x > 0, else 0; NaN for NaN. What np.heaviside(x, 0) says, with no branch to guess."""
    return np.maximum(np.sign(x), 0)


@np.errstate(all="ignore")
def above(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 where a > b, 0 where a < b, 1/2 in a tie, NaN for NaN."""
    return choose(np.asarray(0.5, a.dtype), (1 + np.sign(a - b)) / 2, a == b)    # inf - inf is a tie


def lost(dx: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Where 0 arrived from above and yet no number came out."""
    return ~np.isfinite(dx) & (g == 0)


@cache
def one(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A single 1, which is what arrives from above at the end of a program."""
    array = np.ones(shape, dtype)
    array.flags.writeable = False
    return array


def inside(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
    """1 between the bounds and on them, 0 outside, NaN for NaN."""
    return np.where(np.isnan(x), x, (x == np.clip(x, low, high)).astype(x.dtype))


def scatter(g: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of `shape` with g added at `index`; a place that is named twice collects twice."""
    x = np.zeros(shape, g.dtype)
    np.add.at(x, index, g)
    return x


def _scaled(x: np.ndarray, axis: Any) -> tuple[np.ndarray, np.ndarray]:
    """x / scale and scale, its largest size along axis: no square overflows or vanishes."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where((top == 0) | np.isinf(top), 1, top)
    return x / scale, scale


def _finite_peak(x: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and its maximum m, or what has the same differences x - m in the limit, where m is infinite."""
    if not np.isinf(m).any():
        return x, m
    return np.where(m == np.inf, np.where(x == m, 0, -np.inf), x), np.where(np.isinf(m), 0, m)


def _exp_minus(x: np.ndarray, m: np.ndarray) -> np.ndarray:
    """exp(x - m) for a maximum m, right although x - m is rounded: what rounding lost multiplies."""
    a, b = _finite_peak(x, m)
    d = a - b
    t = d - a
    lost = (a - (d - t)) - (b + t)
    y = np.exp(d)
    return y + y * np.where(np.isfinite(lost), lost, 0)


def _log_of_sum(x: np.ndarray, m: np.ndarray, e: np.ndarray, axis: Any) -> np.ndarray:
    """log sum of e, which is exp(x - m), as log(number of maxima) + log1p(rest / number). With one maximum
    this is log1p(rest): no digit of a small rest is lost."""
    ties = x == m
    n = ties.sum(axis=axis, keepdims=True, dtype=e.dtype)
    rest = np.where(ties, 0, e).sum(axis=axis, keepdims=True)
    return np.log(n) + np.log1p(rest / n)


def _axes(x: np.ndarray, axis: Any) -> Any:
    return tuple(range(x.ndim)) if axis is None else axis
