"""The driver of losses of a softmax and a label: kernel(own, others, half_gap, weight, *settings) ->
loss, own_slope, share.

With p = softmax(z), such a loss depends on the row of logits only through how the label's class stands
against all others. The driver finds this out, relative to the largest logit, top:

    own         exp(z_label - top)
    others      the sum of exp(z - top) over the other classes; so p_label = own / (own + others)
    half_gap    (top - z_label) / 2                                    half: it cannot overflow
    weight      the label's own, out of the first setting, which has one for each class

and the kernel returns the loss, the slope of the label's logit, and the share: class c of the others has
the slope share * exp(z_c - top).

Narrow rows are taken many at a time. As long as all their logits lie so close together that no
exponential vanishes, one top serves them all, and the exponentials of a block are one long loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .vmath import any_order_sum, exp_minus, extent, keep, prefetch, wide_vectors

NARROW = 256                                  # classes: from here on, a row is a loop worth starting
PIECE = 256                                   # elements whose slopes are announced to the memory at once
CLOSE = 600.0                                 # exp(-600) is still a number with all its digits


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""

    def walk(first, last, per_block, pred, target, _third, dpred, _dtarget, _dthird, weight, scale, losses,
             partials, settings):
        """Fill blocks first to last; one sum per block goes into partials. All input is good by now."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        n_rows, width = pred.shape
        e, own = np.empty((per_block, width)), np.empty(per_block)
        others, half_gap = np.empty(per_block), np.empty(per_block)
        costs, own_slope, share = np.empty(per_block), np.empty(per_block), np.empty(per_block)
        class_weight = np.empty(per_block)
        for block in range(first, last):
            start = block * per_block
            n = min(per_block, n_rows - start)
            rows, labels = pred[start:start + n], target[start:start + n]
            together = False
            if width < NARROW:
                low, top = extent(rows.reshape(-1))
                together = top - low < CLOSE                           # False for nan
            if together:
                exponentials_of_rows(rows, labels, top, own, others, half_gap, e, dpred, start)
            else:
                for r in range(n):
                    own[r], others[r], half_gap[r] = exponentials_of_row(
                        rows[r], labels[r], e[r], dpred, start + r)
            for r in range(n):
                class_weight[r] = settings[0][min(max(labels[r], 0), width - 1)]
            for r in range(n):
                costs[r], own_slope[r], share[r] = kernel(
                    own[r], others[r], half_gap[r], class_weight[r], *settings[1:])
            if weight.size:
                for r in range(n):
                    costs[r] *= weight[start + r]
                    own_slope[r] *= weight[start + r]
                    share[r] *= weight[start + r]
            if dpred.size:
                for r in range(n):
                    factor = share[r] * scale
                    for c in range(width):
                        dpred[start + r, c] = e[r, c] * factor
                for r in range(n):
                    if 0 <= labels[r] < width:
                        dpred[start + r, labels[r]] = own_slope[r] * scale
            partials[block] = total(costs[:n])
            keep(costs, losses[start:start + n])
        return True

    return walk


def exponentials_of_row(z, label, e, dpred, i):
    """own, others and half_gap of one row, and in e the exponentials of the other classes.

    An ignored row, whose label is no class, is certain of it: nothing is left to pay.
    """
    _, top = extent(z)
    if not 0 <= label < z.size:
        e[:] = 0.0
        return 1.0, 0.0, 0.0
    if top == np.inf:                                        # beside it, nothing else counts
        for c in range(z.size):
            e[c] = 1.0 if z[c] == top else 0.0 if z[c] < top else np.nan
        own, e[label] = e[label], 0.0
        return own, any_order_sum(e), 0.0 if own == 1.0 else np.inf      # equals share, infinite or not
    shift = 0.0 if top == -np.inf else top
    others = 0.0
    for first, last in ((0, label), (label + 1, z.size)):
        for k in range(first, last, PIECE):
            piece = slice(k, min(k + PIECE, last))
            if dpred.size:
                prefetch(dpred[i, piece])                     # while the processor is busy, not the memory
            others += exp_minus(z[piece], shift, e[piece])
    own = exp_minus(z[label:label + 1], shift, e[label:label + 1])
    return own, others, 0.0 if z[label] == top else 0.5 * top - 0.5 * z[label]


def exponentials_of_rows(z, labels, top, own, others, half_gap, e, dpred, i):
    """The same for rows whose logits are all close to one top."""
    wide_vectors()
    n, width = z.shape
    exponentials(z.reshape(-1), top, e[:n].reshape(-1), dpred, i * width)
    for r in range(n):
        label = min(max(labels[r], 0), width - 1)
        own[r], e[r, label] = e[r, label], 0.0
        half_gap[r] = 0.5 * top - 0.5 * z[r, label]
    for r in range(n):
        others[r] = any_order_sum(e[r])
    for r in range(n):
        if not 0 <= labels[r] < width:
            own[r], others[r], half_gap[r], e[r] = 1.0, 0.0, 0.0, 0.0


def exponentials(z, top, e, dpred, start):
    """Fill e with exp(z - top), and return the sum. Meanwhile, while the processor is busy and the memory
    is not, the slopes' own memory, from start on, is fetched."""
    result = 0.0
    for k in range(0, z.size, PIECE):
        piece = slice(k, min(k + PIECE, z.size))
        if dpred.size:
            prefetch(dpred.reshape(-1)[start + k:start + piece.stop])
        result += exp_minus(z[piece], top, e[piece])
    return result
