"""Products and sums of probabilities by their logarithms, for kernels: nothing vanishes, however unlikely.

A logarithm of -1000 in one float says its probability only to 1000 ulp, and a sum of many roundings says
less. So each has two parts, high + low, of which the second is what rounding the first has lost.
"""

from __future__ import annotations

import numpy as np

from .vmath import exp, log1p


def add(high, low, x):
    """high + low + x, in two parts."""
    total = high + x
    part = total - high
    lost = (high - (total - part)) + (x - part)              # exactly what rounding the total lost
    return total, low + lost if total > -np.inf else 0.0


def log_sum(a, a_low, b, b_low, c, c_low):
    """log(exp(a) + exp(b) + exp(c)), each of them and the result in two parts."""
    if b > a:
        a, a_low, b, b_low = b, b_low, a, a_low
    if c > a:
        a, a_low, c, c_low = c, c_low, a, a_low
    if a == -np.inf:
        return a, 0.0
    return add(a, a_low, log1p(exp((b - a) + (b_low - a_low)) + exp((c - a) + (c_low - a_low))))
