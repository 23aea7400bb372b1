"""Parts of the softmax of a row of logits, for kernels.

    p_c = exp(z_c - top) / (1 + rest)          top: the largest logit; rest: the sum of exp(z - top) of all
                                               but one that has it, for which exp(z - top) = 1
    -log p_c = (top - z_c) + log(1 + rest)     two terms that are never negative

No exponential overflows, and a small rest keeps its digits: 1 is never added to it before the logarithm.
"""

from __future__ import annotations


def position(x, top):
    """Where top stands in x; the last such place, and 0 if there is none."""
    found = 0
    for i in range(x.size):
        found = i if x[i] == top else found
    return found


def cost(q, z, top, log_sum):
    """q (-log p) for the class with logit z, given log_sum = log(1 + rest); 0 for q = 0, whatever p is."""
    half_gap = 0.0 if z == top else 0.5 * top - 0.5 * z      # half: cannot overflow
    return 0.0 if q == 0.0 else q * log_sum + 2.0 * (q * half_gap)
