"""Parts of the softmax of a row of logits, for kernels.

    p_c = exp(z_c - top) / (1 + rest)          top: the largest logit; rest: the sum of exp(z - top) of all
                                               but one that has it, for which exp(z - top) = 1
    -log p_c = (top - z_c) + log(1 + rest)     two terms that are never negative

No exponential overflows, and a small rest keeps its digits: 1 is never added to it before the logarithm.
"""

from __future__ import annotations

import numpy as np

from .vmath import exponentials, in_any_order, log1p, peak


def surprise(own, others, half_gap):
    """-log p of the label's class as a + 2 b, from what the driver of a softmax and a label found out.

    It is log(1 + others / own) unless own vanishes. A row of nothing but -inf surprises infinitely.
    """
    near = half_gap < 300.0
    log_odds = log1p(others / own if near else others - 1.0)
    return np.inf if own + others == 0.0 else log_odds, 0.0 if near else half_gap


def cost(q, a, b):
    """q (a + 2 b), which may be small where a + 2 b overflows; 0 for q = 0, whatever a and b are."""
    return 0.0 if q == 0.0 else q * a + 2.0 * (q * b)


def cross_entropy(z, q, dz):
    """The sum of q (-log p) over a row of logits z, for any q >= 0; dz is filled with p sum(q) - q.

    To lose no digit where p is nearly 1 or q nearly all, the slope is p (sum(q) - q) - q (1 - p), and
    both brackets are sums over the other classes.
    """
    top = peak(z)
    if top == -np.inf:                                       # no class takes part
        dz[:] = 0.0
        return np.inf
    first = position(z, top)
    rest = exponentials(z, top, first, dz)
    loss, mass, minor = _sums(z, q, top, log1p(rest))
    for c in range(z.size):
        other_q = minor if 2.0 * q[c] > mass else mass - q[c]
        other_e = rest if c == first else 1.0 + rest - dz[c]
        dz[c] = (dz[c] * other_q - q[c] * other_e) / (1.0 + rest)
    return loss


def _half_gap(z, top):
    """(top - z) / 2, which cannot overflow as long as nobody rearranges it."""
    return 0.0 if z == top else 0.5 * top - 0.5 * z


@in_any_order
def _sums(z, q, top, log_sum):
    """Over all classes: q (-log p); q; and q but for one that is more than half of it."""
    loss, mass, minor = 0.0, 0.0, 0.0
    for c in range(z.size):
        loss += cost(q[c], log_sum, _half_gap(z[c], top))
        mass += q[c]
    for c in range(z.size):
        minor += 0.0 if 2.0 * q[c] > mass else q[c]
    return loss, mass, minor


def position(x, top):
    """Where top stands in x; the last such place, and 0 if there is none."""
    found = 0
    for i in range(x.size):
        found = i if x[i] == top else found
    return found
