"""The driver of overlaps of masks: kernel(both, vain, missed, up, *settings) -> loss, pull, push.

Such a loss knows three numbers of a sample, where p is a pixel of pred and t one of target,

    both = sum p t        vain = sum p (1 - t)        missed = sum (1 - p) t

and its slope at a pixel is  pull (1 - t) - push t.  So the pixels are passed twice, a few hundred at a time
that stay in the cache: once for the sums, once for the slopes. With from_logits, the setting before the
last, p is sigmoid(pred) and 1 - p is sigmoid(-pred), which is no difference; slopes are times p (1 - p).

Products of tiny numbers would vanish. So the sums are magnified by `up`, a power of 2: the kernel is given
up^2 both, up vain and up missed, and returns push / up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import in_any_order, sigmoid, to_one, two_sum, wide_vectors

PIXELS = 256                                   # at a time


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds

    def walk(first, last, per_block, pred, target, _x, dpred, _dt, _dx, weight, scale, losses, partials,
             settings):
        """Fill blocks first to last; one sum per block goes into partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok = True
        smooth, from_logits = settings[-3], settings[-2]
        n_samples, width = pred.shape
        costs, p, q = np.empty(per_block), np.empty(PIXELS), np.empty(PIXELS)
        for block in range(first, last):
            start = block * per_block
            stop = min(start + per_block, n_samples)
            for i in range(start, stop):
                for j in range(width):
                    ok &= holds_pred(np.float64(pred[i, j])) & holds_target(np.float64(target[i, j]))
                up = to_one(2.0 ** -100 * (1.0 + smooth))
                both, vain, missed = sums(pred[i], target[i], from_logits, up, p, q)
                size = (vain + missed + 2.0 * both / up) / up + smooth
                if size < 2.0 ** -60:            # tiny masks: once more, under a stronger glass
                    up = to_one(2.0 ** -100 * size)
                    both, vain, missed = sums(pred[i], target[i], from_logits, up, p, q)
                cost, pull, push = kernel(both, vain, missed, up, *settings)
                factor = weight[i] if weight.size else 1.0
                costs[i - start] = cost * factor
                if dpred.size:
                    slopes(pred[i], target[i], from_logits, pull, push, up, scale * factor, p, q, dpred[i])
            partials[block] = total(costs[:stop - start])
            if losses.size:
                losses[start:stop] = costs[:stop - start]
        return ok

    return walk


def sums(pred, target, from_logits, up, p, q):
    """up^2 sum p t, up sum p (1 - t) and up sum (1 - p) t."""
    both, vain, missed, lost_both, lost_vain, lost_missed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(0, pred.size, PIXELS):
        t = target[at:at + PIXELS]
        shares(pred[at:at + PIXELS], from_logits, p, q)
        more_both, more_vain, more_missed = few_sums(p, q, t, up)
        both, rounding = two_sum(both, more_both)
        lost_both += rounding
        vain, rounding = two_sum(vain, more_vain)
        lost_vain += rounding
        missed, rounding = two_sum(missed, more_missed)
        lost_missed += rounding
    return both + lost_both, vain + lost_vain, missed + lost_missed


@in_any_order
def few_sums(p, q, t, up):
    """The same of so few pixels that their roundings are few too, in the order that suits the vector unit."""
    both, vain, missed = 0.0, 0.0, 0.0
    for j in range(t.size):
        both += product(p[j], t[j], up, up)
        vain += product(p[j], 1.0 - t[j], up, 1.0)
        missed += product(q[j], t[j], 1.0, up)
    return both, vain, missed


def product(a, b, up_a, up_b):
    """Magnified before it could vanish: in a function of its own, since here no order is free."""
    return (up_a * a) * (up_b * b)


def slopes(pred, target, from_logits, pull, push, up, factor, p, q, dpred):
    """Fill dpred with factor (pull (1 - t) - push t)."""
    for at in range(0, pred.size, PIXELS):
        t, d = target[at:at + PIXELS], dpred[at:at + PIXELS]
        if from_logits:
            shares(pred[at:at + PIXELS], from_logits, p, q)
        for j in range(t.size):
            no = 0.0 if t[j] == 1.0 else pull * (1.0 - t[j])             # 0 even if pull is inf
            yes = 0.0 if t[j] == 0.0 else push * (up * t[j])
            inner = p[j] * q[j] if from_logits else 1.0
            d[j] = (no - yes) * inner * factor


def shares(pred, from_logits, p, q):
    """Fill p with the share of yes and q with that of no."""
    if from_logits:
        for j in range(pred.size):
            z = np.float64(pred[j])
            p[j], q[j] = sigmoid(z), sigmoid(-z)
    else:
        for j in range(pred.size):
            z = np.float64(pred[j])
            p[j], q[j] = z, 1.0 - z
