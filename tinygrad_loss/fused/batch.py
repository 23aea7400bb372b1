"""The driver of losses of a whole batch: kernel(own, others, half_gap, *settings) -> loss, own_slope, share.

Every anchor, a row of the first input, is compared with all candidates, the rows of the second: cosines
divided by the temperature, which is the first setting and not the kernel's, are logits, and the anchor's
partner in its own row is the label. What the kernel gets and returns is told in `softmax.py`. In `views.py`
the comparison is mutual: each row of both inputs is anchor and candidate.

An item's loss depends on all others. So there are three passes over blocks of items, and one must have ended
everywhere before the next begins:

    0   the directions u = x / |x| of all vectors
    1   the losses, and three numbers for each anchor, from which the slopes of its similarities can be told
    2   the slopes of all vectors; each collects its own, as an anchor and as a candidate

The matrix of similarities is never there as a whole: some rows at a time are computed, and in pass 2 once
more. Nobody adds to what belongs to another block, so that the bits do not depend on the threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .threads import run_blocks
from .vmath import EXP_MIN, dot, exp, exp_minus, in_any_order, keep, peak, to_one, wide_vectors

TILE = 8                                      # rows of similarities that are there at a time
PRODUCTS = 16                                 # multiplications that take as long as an element elsewhere


def run_passes(walk: Callable[..., Any], arrays: list[Any], slopes: list[Any], weight: Any, scale: float,
               losses: Any, settings: tuple[Any, ...]) -> tuple[float, bool]:
    """`run_blocks` for each pass. What one leaves to the next lies where a third input would."""
    n, width = arrays[0].shape
    left = np.empty(2 * n * width), np.empty(2 * n * width), np.empty(4 * n), np.zeros(6 * n)

    def run(number: int) -> tuple[float, bool]:
        return run_blocks(walk, [*arrays[:2], left], slopes, weight, scale, losses, (number, *settings),
                          work=n * n * width // PRODUCTS)
    _, ok = run(0)
    total, _ = run(1)
    if any(slope is not None and slope.size for slope in slopes):
        run(2)
    return total, ok


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...], total: Callable[..., Any],
          fingerprint: str, wants_rows: bool, mutual: bool = False) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled.

    There are two groups of vectors, anchors and candidates; in a mutual comparison a single one, the rows of
    the second input after those of the first, and an item is the mean of its two anchors.
    """
    holds_a, holds_b = holds

    def walk(first, last, per_block, a, b, left, da, db, _third, weight, scale, losses, partials, settings):
        """Do blocks first to last of a pass; pass 1 leaves one sum per block in partials. False: bad input
        met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok, (n, width) = True, a.shape
        groups, size = (1, 2 * n) if mutual else (2, n)
        directions, turned = left[0].reshape(groups, size, width), left[1].reshape(groups, width, size)
        lengths, notes = left[2].reshape(groups, 2, size), left[3].reshape(groups, 3, size)
        pass_number, temperature = settings[:2]
        costs, e = np.empty(per_block), np.empty(size)
        s, h, du = np.empty((TILE, size)), np.empty((TILE, size)), np.empty((TILE, width))
        for block in range(first, last):
            start, stop = block * per_block, min((block + 1) * per_block, n)
            partials[block], costs[:] = 0.0, 0.0
            for side in range(2):                # the rows of a, then those of b
                group, shift = (0, side * n) if mutual else (side, 0)
                other = groups - 1 - group
                if pass_number == 0:
                    for i in range(start, stop):
                        u = directions[group, shift + i]
                        for k in range(width):
                            u[k] = a[i, k] if side == 0 else b[i, k]
                            ok &= holds_a(u[k]) if side == 0 else holds_b(u[k])
                        point(u, turned[group, :, shift + i], lengths[group, :, shift + i])
                    continue
                if pass_number == 1 and group == 1:
                    continue                     # these are no anchors
                for low in range(shift + start, shift + stop, TILE):
                    high = min(low + TILE, shift + stop)
                    multiply(directions[group, low:high], directions[other], s)
                    for r in range(low, high):
                        z, partner = s[r - low], (r + n) % size
                        for j in range(size):
                            z[j] /= temperature
                        if mutual:
                            z[r] = -np.inf       # nothing is compared with itself
                        if pass_number == 2:
                            collect(z, r, partner, notes[group], notes[other], mutual or group == 0,
                                    mutual or group == 1, h[r - low])
                            continue
                        top, own, others = exponentials(z, partner, e)
                        cost, own_slope, share = kernel(own, others, 0.5 * top - 0.5 * z[partner],
                                                        *settings[2:])
                        factor = (0.5 if mutual else 1.0) * (weight[r - shift] if weight.size else 1.0)
                        costs[r - shift - start] += cost * factor
                        factor *= scale / temperature
                        notes[0, 0, r] = top
                        notes[0, 1, r], notes[0, 2, r] = share * factor, own_slope * factor
                    if pass_number == 2:
                        multiply(h[:high - low], turned[other], du)
                        for r in range(low, high):
                            u, length = directions[group, r], lengths[group, :, r]
                            if side == 0 and da.size:
                                turn(u, du[r - low], length, da[r - shift])
                            if side == 1 and db.size:
                                turn(u, du[r - low], length, db[r - shift])
            if pass_number == 1:
                partials[block] = total(costs[:stop - start])
                keep(costs, losses[start:stop])
        return ok

    return walk


def point(u, turned, length):
    """Make of a vector its direction, which is left in `turned` too, and a length in two factors, the first
    of which is a power of 2: no square overflows, and nothing is rounded once more. 0 stays 0."""
    top = 0.0
    for k in range(u.size):
        top = max(top, abs(u[k]))
    up = 0.5 * to_one(0.5 * top) if 0.0 < top < np.inf else 1.0
    for k in range(u.size):
        u[k] *= up
    length[0], length[1] = up, np.sqrt(dot(u, u))
    for k in range(u.size):
        u[k] /= length[1] if length[1] != 0.0 else 1.0
        turned[k] = u[k]


def exponentials(z, partner, e):
    """The largest z, exp(z - top) of the partner, and its sum over all others. e is for scratch."""
    top = peak(z)
    others = exp_minus(z[:partner], top, e) + exp_minus(z[partner + 1:], top, e)
    return top, exp_minus(z[partner:partner + 1], top, e), others


def collect(z, r, partner, own_notes, notes, is_anchor, is_candidate, slopes):
    """From the similarities of a vector r to the slopes by them: of its own loss, and of all others'."""
    slopes[:] = 0.0
    if is_anchor:
        own_top, own_share = own_notes[0, r], own_notes[1, r]
        for j in range(z.size):
            slopes[j] += own_share * exp_below(z[j] - own_top)
    if is_candidate:
        top, share = notes[0], notes[1]
        for j in range(z.size):
            slopes[j] += share[j] * exp_below(z[j] - top[j])
    slopes[partner] = own_notes[2, r] + notes[2, partner]                # 0 of what is no anchor


def exp_below(x):
    """exp(x) for x <= 0; a similarity that is computed again may seem to be above the largest one. Below
    EXP_MIN it is 0 for float32 too, where exp stops at a tiny number, and tiny numbers are slow."""
    e = exp(0.0 if x > 0.0 else x)
    return 0.0 if x < EXP_MIN else e


def turn(u, du, length, dx):
    """From the slopes by a direction to those by the vector: what is along it does not count."""
    along, exists = dot(u, du), length[1] != 0.0
    for k in range(u.size):
        dx[k] = (du[k] - along * u[k]) / length[1] * length[0] if exists else 0.0


def multiply(x, y, out):
    """Fill out with the dot products of all rows of x and all rows of y, most of them two times four at a
    time: what is read once then serves several."""
    m, n = len(x) - len(x) % 2, len(y) - len(y) % 4
    for j in range(0, n, 4):
        for i in range(0, m, 2):
            eight_dots(x[i], x[i + 1], y[j], y[j + 1], y[j + 2], y[j + 3],
                       out[i, j:j + 4], out[i + 1, j:j + 4])
    for i in range(len(x)):
        for j in range(n if i < m else 0, len(y)):
            out[i, j] = dot(x[i], y[j])


@in_any_order
def eight_dots(x, y, a, b, c, d, out_x, out_y):
    xa, xb, xc, xd = 0.0, 0.0, 0.0, 0.0
    ya, yb, yc, yd = 0.0, 0.0, 0.0, 0.0
    for k in range(x.size):
        xa += x[k] * a[k]
        xb += x[k] * b[k]
        xc += x[k] * c[k]
        xd += x[k] * d[k]
        ya += y[k] * a[k]
        yb += y[k] * b[k]
        yc += y[k] * c[k]
        yd += y[k] * d[k]
    out_x[0], out_x[1], out_x[2], out_x[3] = xa, xb, xc, xd
    out_y[0], out_y[1], out_y[2], out_y[3] = ya, yb, yc, yd
