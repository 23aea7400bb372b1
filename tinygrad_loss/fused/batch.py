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

from .softmax import exponentials_of_row
from .threads import run_blocks
from .vmath import dot, exp, extent, scaled, wide_vectors

TILE = 8                                      # rows of similarities that are there at a time
CHUNK = 512                                   # of their elements are worked on while they are at hand


def run_passes(walk: Callable[..., Any], arrays: list[Any], slopes: list[Any], weight: Any, scale: float,
               losses: Any, settings: tuple[Any, ...]) -> tuple[float, bool]:
    """`run_blocks` for each pass. What one leaves to the next lies where a third input would."""
    n, width = arrays[0].shape
    left = np.empty((2 * n, width)), np.empty((width, 2 * n)), np.empty((2, 2 * n)), np.zeros((3, 2 * n))

    def run(number: int) -> tuple[float, bool]:
        return run_blocks(walk, [*arrays[:2], left], slopes, weight, scale, losses, (number, *settings))
    _, ok = run(0)
    total, _ = run(1)
    if any(slope is not None for slope in slopes):
        run(2)
    return total, ok


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...], total: Callable[..., Any],
          fingerprint: str, wants_rows: bool, mutual: bool = False) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled. An item of a mutual comparison is
    the mean of its two anchors."""
    holds_a, holds_b = holds

    def walk(first, last, per_block, a, b, left, da, db, _third, weight, scale, losses, partials, settings):
        """Do blocks first to last of a pass; pass 1 leaves one sum per block in partials. False: bad input
        met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        ok, n = True, len(a)
        directions, turned, lengths, notes = left
        number, temperature = settings[:2]
        costs, e = np.empty(per_block), np.empty(2 * n)
        s, du = np.empty((TILE, 2 * n)), np.empty((TILE, a.shape[1]))
        for block in range(first, last):
            start, stop = block * per_block, min((block + 1) * per_block, n)
            partials[block], costs[:] = 0.0, 0.0
            if number == 0:
                for i in range(start, stop):
                    for k in range(a.shape[1]):
                        directions[i, k], directions[n + i, k] = a[i, k], b[i, k]
                        ok &= holds_a(directions[i, k]) & holds_b(directions[n + i, k])
                    point(directions, turned, lengths, i)
                    point(directions, turned, lengths, n + i)
                continue
            for shift in (0, n):                 # vectors of the first input, then of the second
                wanted = da is not None if shift == 0 else db is not None
                if not (wanted if number == 2 else mutual or shift == 0):
                    continue
                begin, end = (0, 2 * n) if mutual else (n - shift, 2 * n - shift)
                for low in range(shift + start, shift + stop, TILE):
                    high = min(low + TILE, shift + stop)
                    similarities = s[:high - low, :end - begin]
                    multiply(directions[low:high], turned[:, begin:end], similarities)
                    for r in range(low, high):
                        z, partner = similarities[r - low], (n + r) % (2 * n) - begin
                        for j in range(z.size):
                            z[j] /= temperature
                        if mutual:
                            z[r] = -np.inf       # nothing is compared with itself
                        if number == 1:
                            own, others, half_gap = exponentials_of_row(z, partner, e[:z.size], None, 0)
                            cost, own_slope, share = kernel(own, others, half_gap, *settings[2:])
                            factor = (0.5 if mutual else 1.0) * (1.0 if weight is None else weight[r - shift])
                            costs[r - shift - start] += cost * factor
                            factor *= scale / temperature
                            notes[0, r], notes[1, r] = extent(z)[1], share * factor
                            notes[2, r] = own_slope * factor
                        else:
                            collect(z, r, partner, notes, begin, mutual or shift == 0, mutual or shift > 0)
                    if number == 2:
                        multiply(similarities, directions[begin:end], du)
                        if da is not None:
                            for r in range(low, min(high, n)):
                                turn(directions[r], du[r - low], lengths[:, r], da[r])
                        if db is not None:
                            for r in range(max(low, n), high):
                                turn(directions[r], du[r - low], lengths[:, r], db[r - n])
            if number == 1:
                partials[block] = total(costs[:stop - start])
                if losses is not None:
                    losses[start:stop] = costs[:stop - start]
        return ok

    return walk


def point(directions, turned, lengths, r):
    """Leave of a vector its direction, twice, and its length in two factors. What is 0 has none."""
    u = directions[r]
    lengths[0, r], lengths[1, r] = scaled(u, turned[:, r])
    for k in range(u.size):
        turned[k, r] /= lengths[1, r] if lengths[1, r] != 0.0 else 1.0
        u[k] = turned[k, r]


def collect(z, r, partner, notes, begin, is_anchor, is_candidate):
    """Turn the similarities of a vector r into the slopes by them: of its own loss, and of all others'."""
    top, share, own_slope = notes[0, begin:begin + z.size], notes[1, begin:begin + z.size], notes[2]
    own_top, own_share = notes[0, r], notes[1, r]
    for j in range(z.size):
        as_anchor = own_share * exp(min(z[j] - own_top, 0.0)) if is_anchor else 0.0
        as_candidate = share[j] * exp(min(z[j] - top[j], 0.0)) if is_candidate else 0.0
        z[j] = as_anchor + as_candidate
    z[partner] = own_slope[r] + own_slope[begin + partner]               # 0 of what is no anchor


def turn(u, du, length, dx):
    """From the slopes by a direction to those by the vector: what is along it does not count."""
    along, exists = dot(u, du), length[1] != 0.0
    for k in range(u.size):
        dx[k] = (du[k] - along * u[k]) / length[1] / length[0] if exists else 0.0


def multiply(x, y, out):
    """Fill out with the matrix product x y, four terms at a time."""
    wide_vectors()
    inner = x.shape[1]
    for start in range(0, y.shape[1], CHUNK):
        here = slice(start, min(start + CHUNK, y.shape[1]))
        for r in range(len(x)):
            out[r, here] = 0.0
        for k in range(0, inner - 3, 4):
            for r in range(len(x)):
                add_four(out[r, here], x[r, k], y[k, here], x[r, k + 1], y[k + 1, here],
                         x[r, k + 2], y[k + 2, here], x[r, k + 3], y[k + 3, here])
        for k in range(inner - inner % 4, inner):
            for r in range(len(x)):
                add_one(out[r, here], x[r, k], y[k, here])


def add_four(out, a, p, b, q, c, r, d, s):
    for j in range(out.size):
        out[j] += (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])


def add_one(out, a, p):
    for j in range(out.size):
        out[j] += a * p[j]
