"""The driver of overlaps of masks: kernel(both, vain, missed, up, *settings) -> loss, pull, push.

Such a loss knows three numbers of a sample, where p is a pixel of pred and t one of target,

    both = sum p t        vain = sum p (1 - t)        missed = sum (1 - p) t

and its slope at a pixel is  pull (1 - t) - push t.  So pixels are passed twice, once for the sums and once
for the slopes, and what lies between is a few divisions. All these numbers come in two parts, (high, low),
with twice the digits of a float: what is rounded is the pixels' own arithmetic. With from_logits, the
setting before the last, p is sigmoid(pred) and 1 - p is sigmoid(-pred), which is no difference; slopes are
times p (1 - p).

Products of tiny numbers would vanish. So the sums are magnified by `up`, a power of 2: the kernel is given
up^2 both, up vain and up missed, and returns push / up.

Samples are summed in pieces of a fixed size. A whole piece of probabilities is long enough for its
roundings to average out. Where there are fewer, sums have two parts from pixel to pixel; of logits, where
one may outweigh all others, products have them too.

Many samples are shared out among the threads as they are. Of a few large ones it is the pieces, in three
steps, one of which must have ended everywhere before the next begins: SUM the pieces, CONCLUDE from them,
fill in the SLOPES. The bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..losses.domain import UNIT
from .threads import run_blocks, share_out, threads_for
from .vmath import in_any_order, keep, plus, sigmoids, times, to_one, two_sum, wide_vectors

PIECE = 4096                                   # pixels
PIXELS = 256                                   # of a piece at a time: so few roundings need no second part
LANES = 32                                     # sums at a time
LIKE = 8                                       # pixels without a sigmoid take as long as one with it
EVERYTHING, SUM, CONCLUDE, SLOPES = range(4)   # steps


def run(walk: Callable[..., Any], arrays: list[Any], slopes: list[Any], weight: Any, scale: float,
        losses: Any, settings: tuple[Any, ...]) -> tuple[float, bool]:
    """Run `walk` over all samples. What one step leaves to the next lies where a third input would."""
    n_samples, width = arrays[0].shape
    pieces = max(1, -(-width // PIECE))
    left = np.empty((n_samples * pieces, 6)), np.empty((n_samples, 5))
    work = arrays[0].size * (LIKE if settings[-2] else 1)
    n_threads = threads_for(work)

    def given(step: int) -> tuple[list[Any], list[Any], Any, float, Any, tuple[Any, ...]]:
        return [*arrays[:2], left], slopes, weight, scale, losses, (step, *settings)
    if pieces == 1 or n_threads == 1 or n_samples >= 8 * n_threads:
        return run_blocks(walk, *given(EVERYTHING), work)
    ok = share_out(walk, n_samples * pieces, 1, n_threads, *given(SUM))[1]
    total = share_out(walk, n_samples, 1, 1, *given(CONCLUDE))[0]
    if slopes[0].size:
        share_out(walk, n_samples * pieces, 1, n_threads, *given(SLOPES))
    return total, ok


def tests(loss: Any, settings: tuple[Any, ...]) -> tuple[Callable[..., Any], ...]:
    """The tests of single elements as if they were probabilities. Logits may be anything, and `walk` knows
    when it has them: so it is compiled but once."""
    return loss.holds((*settings[:-2], False, settings[-1]))


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...],
          total: Callable[..., Any], fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    holds_pred, holds_target = holds
    signs_tell = holds_pred is UNIT.holds and holds_target is UNIT.holds

    def walk(first, last, per_block, pred, target, left, dpred, _dt, _dx, weight, scale, losses, partials,
             settings):
        """Do a step for blocks first to last, of samples or of pieces; to conclude leaves one sum per block
        in partials. False: bad input met."""
        _ = fingerprint                          # tells the compiler's cache one kernel from another
        wide_vectors()
        step, smooth, from_logits = settings[0], settings[-3], settings[-2]
        (n_samples, width), (summed, concluded) = pred.shape, left
        pieces = max(1, -(-width // PIECE))
        to_sum, to_conclude = step <= SUM, step == EVERYTHING or step == CONCLUDE
        to_fill = dpred.size > 0 and (step == EVERYTHING or step == SLOPES)
        ok, up = True, to_one(2.0 ** -100 * (1.0 + smooth))
        costs, shares, lanes = np.empty(per_block), np.empty(4 * PIXELS), np.empty(6 * LANES)
        for block in range(first, last):
            start, stop = block * per_block, min((block + 1) * per_block, n_samples)
            low, high = 0, pieces
            if step == SUM or step == SLOPES:
                start, low = divmod(block, pieces)
                stop, high = start + 1, low + 1
            for i in range(start, stop):
                for k in range(low, high if to_sum else low):
                    x, t = pred[i, k * PIECE:(k + 1) * PIECE], target[i, k * PIECE:(k + 1) * PIECE]
                    signs = sums(x, t, from_logits, up, shares, lanes, summed[i * pieces + k])
                    if signs < 0 or not signs_tell:
                        for j in range(t.size):
                            ok &= from_logits or holds_pred(np.float64(x[j]))
                            ok &= holds_target(np.float64(t[j]))
                if to_conclude:
                    both, vain, missed, up_i = whole(summed[i * pieces:(i + 1) * pieces], up, smooth,
                                                     pred[i], target[i], from_logits, shares, lanes)
                    cost, pull, push = kernel(both, vain, missed, up_i, *settings[1:])
                    factor = weight[i] if weight.size else 1.0
                    costs[i - start] = cost * factor
                    (concluded[i, 0], concluded[i, 1]), (concluded[i, 2], concluded[i, 3]) = (
                        times(pull, scale * factor), times(push, scale * factor))
                    concluded[i, 4] = up_i
                for k in range(low, high if to_fill else low):
                    here = slice(k * PIECE, (k + 1) * PIECE)
                    slopes(pred[i, here], target[i, here], from_logits, concluded[i], shares, dpred[i, here])
            if to_conclude:
                partials[block] = total(costs[:stop - start])
                keep(costs, losses[start:stop])
        return ok

    return walk


def sums(pred, target, from_logits, up, shares, lanes, out):
    """Fill out with the two parts each of up^2 sum p t, up sum p (1 - t) and up sum (1 - p) t.

    Returns a number below 0 where something is not from 0 to 1: then itself, or 1 minus it, has a sign.
    """
    both, vain, missed, signs = (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), 0
    if target.size == PIECE and not from_logits:
        for at in range(0, PIECE, PIXELS):
            found = few_sums(pred[at:at + PIXELS], target[at:at + PIXELS], up)
            both, vain = plus(both, (found[0], 0.0)), plus(vain, (found[1], 0.0))
            missed, signs = plus(missed, (found[2], 0.0)), signs | found[3]
    else:
        for k in range(lanes.size):
            lanes[k] = 0.0
        for at in range(0, target.size, PIXELS):
            x, t = pred[at:at + PIXELS], target[at:at + PIXELS]
            if from_logits:
                share(x, True, shares)
                for k in range(0, t.size, LANES):
                    signs |= sums_of_shares(shares[k:], t[k:k + LANES], up, lanes)
            else:
                for k in range(0, t.size, LANES):
                    signs |= sums_in_lanes(x[k:k + LANES], t[k:k + LANES], up, lanes)
        for k in range(min(LANES, target.size)):
            both = plus(both, (lanes[k], lanes[LANES + k]))
            vain = plus(vain, (lanes[2 * LANES + k], lanes[3 * LANES + k]))
            missed = plus(missed, (lanes[4 * LANES + k], lanes[5 * LANES + k]))
    (out[0], out[1]), (out[2], out[3]), (out[4], out[5]) = both, vain, missed
    return signs


def sums_in_lanes(pred, t, up, lanes):
    """The same of few pixels: each adds to the sums of its own lane, which have two parts."""
    signs = 0
    for k in range(t.size):
        p, y = np.float64(pred[k]), np.float64(t[k])
        lanes[k], lost = two_sum(lanes[k], product(p, y, up, up))
        lanes[LANES + k] += lost
        lanes[2 * LANES + k], lost = two_sum(lanes[2 * LANES + k], product(p, 1.0 - y, up, 1.0))
        lanes[3 * LANES + k] += lost
        lanes[4 * LANES + k], lost = two_sum(lanes[4 * LANES + k], product(1.0 - p, y, 1.0, up))
        lanes[5 * LANES + k] += lost
        signs |= bits(p) | bits(1.0 - p) | bits(y) | bits(1.0 - y)
    return signs


def sums_of_shares(shares, t, up, lanes):
    """The same for logits, whose products have two parts too: one pixel may outweigh all others."""
    signs = 0
    for k in range(t.size):
        p, p_low = up * shares[k], up * shares[PIXELS + k]
        q, q_low = shares[2 * PIXELS + k], shares[3 * PIXELS + k]
        y, n = np.float64(t[k]), 1.0 - np.float64(t[k])
        both, vain, missed = times((p, p_low), up * y), times((p, p_low), n), times((q, q_low), up * y)
        lanes[k], lost = two_sum(lanes[k], both[0])
        lanes[LANES + k] += lost + both[1]
        lanes[2 * LANES + k], lost = two_sum(lanes[2 * LANES + k], vain[0])
        lanes[3 * LANES + k] += lost + (vain[1] + p * ((1.0 - n) - y))   # and what rounding 1 - t lost
        lanes[4 * LANES + k], lost = two_sum(lanes[4 * LANES + k], missed[0])
        lanes[5 * LANES + k] += lost + missed[1]
        signs |= bits(p) | bits(q) | bits(y) | bits(n)
    return signs


@in_any_order
def few_sums(p, t, up):
    """The same of so few pixels that their roundings are few too, in the order that suits the vector unit."""
    both, vain, missed, signs = 0.0, 0.0, 0.0, 0
    for j in range(t.size):
        yes, y = np.float64(p[j]), np.float64(t[j])
        both += product(yes, y, up, up)
        vain += product(yes, 1.0 - y, up, 1.0)
        missed += product(1.0 - yes, y, 1.0, up)
        signs |= bits(yes) | bits(1.0 - yes) | bits(y) | bits(1.0 - y)
    return both, vain, missed, signs


def product(a, b, up_a, up_b):
    """Magnified before it could vanish: in a function of its own, since here no order is free."""
    return (up_a * a) * (up_b * b)


def bits(x):
    """The bits of x as an integer, which is below 0 where x has a sign."""
    return np.float64(x).view(np.int64)


def whole(pieces, up, smooth, pred, target, from_logits, shares, lanes):
    """The sums of a sample, from those of its pieces, and how they are magnified. Tiny masks are summed once
    more, under a stronger glass."""
    both, vain, missed = added(pieces)
    size = (vain[0] + missed[0] + 2.0 * both[0] / up) / up + smooth
    if size < 2.0 ** -60:
        up = to_one(2.0 ** -100 * size)
        for k in range(len(pieces)):
            here = slice(k * PIECE, (k + 1) * PIECE)
            sums(pred[here], target[here], from_logits, up, shares, lanes, pieces[k])
        both, vain, missed = added(pieces)
    return both, vain, missed, up


def added(pieces):
    """The sums of all pieces, in order."""
    both, vain, missed = (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)
    for part in pieces:
        both = plus(both, (part[0], part[1]))
        vain = plus(vain, (part[2], part[3]))
        missed = plus(missed, (part[4], part[5]))
    return both, vain, missed


def slopes(pred, target, from_logits, concluded, shares, out):
    """Fill out with pull (1 - t) - push t, times p (1 - p) if pred is logits."""
    pull, push, up = (concluded[0], concluded[1]), (concluded[2], concluded[3]), concluded[4]
    if not from_logits and abs(pull[0]) < np.inf and abs(push[0] * up) < np.inf:
        simple_slopes(target, pull[0] + pull[1], (push[0] + push[1]) * up, out)
        return
    for at in range(0, pred.size, PIXELS):
        share(pred[at:at + PIXELS], from_logits, shares)
        careful_slopes(shares, target[at:at + PIXELS], from_logits, pull, push, up, out[at:at + PIXELS])


def simple_slopes(target, pull, push, out):
    """The same where nothing is infinite, and few roundings are to come."""
    for j in range(target.size):
        out[j] = pull * (1.0 - np.float64(target[j])) - push * np.float64(target[j])


def careful_slopes(shares, target, from_logits, pull, push, up, out):
    """The same, rounded once; what is multiplied by 0 is 0, even if it is infinite."""
    for j in range(target.size):
        t, no = np.float64(target[j]), 1.0 - np.float64(target[j])
        pulled, pushed = times(pull, no), times(push, -(up * t))
        lost = pulled[1] + pull[0] * ((1.0 - no) - t)
        pulled = (0.0 if no == 0.0 else pulled[0]), (0.0 if no == 0.0 else lost)
        pushed = (0.0 if t == 0.0 else pushed[0]), (0.0 if t == 0.0 else pushed[1])
        inner = times((shares[j], shares[PIXELS + j]), shares[2 * PIXELS + j] + shares[3 * PIXELS + j])
        high, low = times(plus(pulled, pushed), inner[0] + inner[1] if from_logits else 1.0)
        out[j] = high + low


def share(pred, from_logits, shares):
    """Fill shares with the two parts of what each pixel says for yes, and of what it says for no."""
    if from_logits:
        for j in range(pred.size):
            p, q = sigmoids(np.float64(pred[j]))
            shares[j], shares[PIXELS + j] = p
            shares[2 * PIXELS + j], shares[3 * PIXELS + j] = q
    else:
        for j in range(pred.size):
            p, q = np.float64(pred[j]), 1.0 - np.float64(pred[j])
            shares[j], shares[PIXELS + j] = p, 0.0
            shares[2 * PIXELS + j], shares[3 * PIXELS + j] = q, (1.0 - q) - p
