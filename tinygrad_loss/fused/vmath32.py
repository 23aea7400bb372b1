"""The functions of `vmath` for arrays of float32: the same names, shorter polynomials.

A kernel still computes in float64, and its result is rounded to float32 once. Digits beyond the tenth
would be rounded away, so the polynomials end where their error is 2^-27 (an eighth of an ulp of
float32), ln 2 comes in one part, and 2^n in one factor: below 1e-307 there is no float32 to reach.
A driver for float32 arrays takes these functions where the kernel names those of `vmath`.
"""

from __future__ import annotations

import numpy as np

from .vmath import (
    LOG2_E,
    ROUND,
    ROUND_BITS,
    SQRT_HALF_BITS,
    _with_edges,
    any_order_sum,
    in_any_order,
    wide_vectors,
)
from .vmath import log as long_log

LN2 = 0.6931471805599453
ALL_BUT_SIGN = np.int32(0x7FFFFFFF)


def exp(x):
    """e to the power of x, within exp(-708) and exp(709)."""
    return _exp(709.0 if x > 709.0 else -708.0 if x < -708.0 else x)


def _exp(x):
    shifted = x * LOG2_E + ROUND
    r = x - (shifted - ROUND) * LN2
    q = 0.0013926183587713494
    q = q * r + 0.008363179052722578
    q = q * r + 0.041666554617204574
    q = q * r + 0.16666576989698775
    q = q * r + 0.5
    n = np.float64(shifted).view(np.int64) - ROUND_BITS
    return (1.0 + (r + r * r * q)) * np.int64((n + 1023) << 52).view(np.float64)


@in_any_order
def exponentials(x, top, left_out, out):
    """Fill out with exp(x - top), top being the largest x. Returns their sum without out[left_out]."""
    wide_vectors()
    result = 0.0
    for i in range(x.size):
        d = 0.0 if x[i] == top else x[i] - top
        out[i] = _exp(-708.0 if d < -708.0 else d)
        result += 0.0 if i == left_out else out[i]
    return result


@in_any_order
def exp_minus(x, top, out):
    """Fill out with exp(x - top), and 0 from 1e-90 down. Returns the sum."""
    wide_vectors()
    shift, result = top * LOG2_E, 0.0
    for i in range(x.size):
        out[i] = _exp2(np.float64(x[i]) * LOG2_E - shift)
        result += out[i]
    return result


def _exp2(x):
    """2 to the power of x <= 0: the whole part of x goes into the exponent, a polynomial does the rest."""
    shifted = (-300.0 if x < -300.0 else x) + ROUND
    r = (-300.0 if x < -300.0 else x) - (shifted - ROUND)
    q = 0.0001546144469856913
    q = q * r + 0.0013400428177615838
    q = q * r + 0.009618056678524637
    q = q * r + 0.05550327226670302
    q = q * r + 0.24022650922288757
    q = q * r + 0.6931472067028326
    bits = np.float64(q * r + 1.0).view(np.int64) + (np.float64(shifted).view(np.int64) << 52)
    return 0.0 if x < -300.0 else np.int64(bits).view(np.float64)


def extent(x):
    """The smallest and the largest element of x; with a nan among them, one of the two is nan."""
    wide_vectors()
    bits = x.view(np.int32)
    low = high = bits[0] ^ ((bits[0] >> 31) & ALL_BUT_SIGN)
    for i in range(x.size):
        key = bits[i] ^ ((bits[i] >> 31) & ALL_BUT_SIGN)
        low = key if key < low else low
        high = key if key > high else high
    low, high = low ^ ((low >> 31) & ALL_BUT_SIGN), high ^ ((high >> 31) & ALL_BUT_SIGN)
    return np.float64(np.int32(low).view(np.float32)), np.float64(np.int32(high).view(np.float32))


def total(x):
    """The sum of x; in float64, which has digits to spare."""
    return any_order_sum(x)


def totals(rows, out):
    """Fill out with the sum of each row."""
    for r in range(len(rows)):
        out[r] = any_order_sum(rows[r])


def log(x):
    """The natural logarithm."""
    bits = np.float64(x).view(np.int64)
    k = (bits - SQRT_HALF_BITS) >> 52                        # x = 2^k m, m from sqrt(1/2) to sqrt(2)
    m = np.int64(bits - (k << 52)).view(np.float64)
    result = np.float64(k) * LN2 + _log_series(m - 1.0)
    result = x if x == np.inf else result
    result = -np.inf if x == 0.0 else result
    return result if x >= 0.0 else np.nan


def _log_series(f):
    """log(1 + f), for 1 + f from sqrt(1/2) to sqrt(2): a polynomial, for a division takes longer."""
    q = 0.06768909501083388
    q = q * f - 0.11557331818026156
    q = q * f + 0.11812204282860755
    q = q * f - 0.12420813510786081
    q = q * f + 0.14232310083050909
    q = q * f - 0.16667536492688112
    q = q * f + 0.20001447005199607
    q = q * f - 0.25000010949694257
    q = q * f + 0.33333322790992653
    q = q * f - 0.49999999943462375
    return f + f * f * q


def log1p_of_ratio(a, b):
    """log(1 + a / b) for a >= 0 and b > 0."""
    return log1p(a / b)


def log1p(x):
    """log(1 + x)."""
    u = 1.0 + x
    bits = np.float64(u).view(np.int64)
    k = (bits - SQRT_HALF_BITS) >> 52                        # u = 2^k m, m from sqrt(1/2) to sqrt(2)
    m = np.int64(bits - (k << 52)).view(np.float64)
    lost = x - (u - 1.0) if x < 1.0 else 0.0                 # what rounding u lost
    result = np.float64(k) * LN2 + _log_series(m - 1.0) + lost
    result = x if x == np.inf else result
    result = -np.inf if x == -1.0 else result
    return result if x >= -1.0 else np.nan


def logistic(x):
    """For x >= 0: exp(-x), sigmoid(x) and softplus(-x) = log(1 + exp(-x))."""
    e = _exp(-708.0 if x > 708.0 else -x)
    one, two = 1.0 + e, 2.0 + e
    reciprocal = 1.0 / (one * two)
    s = e * one * reciprocal                                 # e / (2 + e)
    z = s * s
    q = 0.2685255663302618
    q = q * z + 0.2823647349314891
    q = q * z + 0.40007565486398783
    q = q * z + 0.6666664031455344
    return e, two * reciprocal, e - s * (e - z * q)


def log_cosh(x):
    """log(cosh(x))."""
    size = abs(x)
    z = x * x
    q = 0.00014725994655218224
    q = q * z - 0.0006772777487185264
    q = q * z + 0.0021700527016748905
    q = q * z - 0.006743869464196073
    q = q * z + 0.02222211945553071
    q = q * z - 0.08333333253270617
    _, _, tail = logistic(2.0 * size)
    return z * (0.5 + z * q) if size < 0.75 else (size - LN2) + tail


def power_of_sigmoid(x, y):
    """sigmoid(x) to the power of y >= 0; wrong by up to y / 12 ulp of float32."""
    e, large, tail = logistic(abs(x))
    if y == 2.0:
        p = e * large if x < 0.0 else large
        return p * p
    softplus = tail - x if x < 0.0 else tail                 # of -x
    return exp(-y * softplus) if y > 0.0 else 1.0 if y == 0.0 else y


def pow(x, y):
    """x to the power of y; the logarithm is the long one, because y may magnify its error a hundredfold."""
    product = 0.0 if abs(x) == 1.0 else y * long_log(abs(x))                # 0 * inf
    return x * x if y == 2.0 else _with_edges(x, y, exp(product))


def sigmoids(x):
    """sigmoid(x) and sigmoid(-x); the second part of each is nothing."""
    e, large, _ = logistic(abs(x))
    small = e * large
    return (small if x < 0.0 else large, 0.0), (large if x < 0.0 else small, 0.0)


def plus(a, b):
    """a + b; a float64 has digits enough without a second part."""
    return a[0] + b[0], 0.0


def times(a, x):
    """a x."""
    return a[0] * x, 0.0
