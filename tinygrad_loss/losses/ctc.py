"""Connectionist temporal classification: labels in the right order, wherever they stand in time.

    path    one class for each frame; it spells a target if that is left when repetitions are merged and
            then blanks dropped: a a _ a b and a _ a b b both spell a a b
    loss    -log P,  P = sum over all paths that spell the target of  prod over frames t of p_t(path_t)
    slope   -(share of the paths with class k at frame t in P)          by log p_t(k); 0 beyond an item's end

For speech and handwriting, where nobody says which frame belongs to which label. Paths are too many to
list, but not what tells them apart at a frame: which label, or which blank between labels, they are at.
Of these 2 S + 1 states, a path stays in one, goes to the next, or skips a blank between unlike labels.

pred: log-probabilities, (T, N, C) or (T, C), such as log_softmax returns (-inf welcome); a row that does
not sum to 1 raises. target: integer labels, (N, S) or (S,), none of them `blank`, which counts from the
end if negative. pred_length and target_length: how much of each item counts, (N,) or a number. Labels
that do not fit into the frames cost inf, or 0 with zero_infinity; either way the slope is 0. One item
per sequence, and "mean" is over items; PyTorch's divides each loss by its target length first, which
here is sample_weight = 1 / max(target_length, 1). A nan in an item makes its loss nan.
Source: A. Graves et al., Connectionist Temporal Classification, 2006.
"""

import itertools
from functools import cache
from math import inf, log, prod

import numpy as np

from ..engine import where
from ..fused.logspace import add, log_sum
from ..fused.vmath import exp
from ..joining import concatenate, stack
from .domain import LOG_PROBABILITIES, boolean, integer
from .loss import Advice, Claims, Known, Loss
from .sequences import FRAMES, LABEL_COUNT, SEQUENCES, SPELLING


def composed(pred, target, pred_length, target_length, blank=0, zero_infinity=False):
    (n_items, n_frames, n_classes), n_states = pred.shape, 2 * target.shape[1] + 1
    items, frames = np.ogrid[:n_items, :n_frames]
    labels = np.full((n_items, n_states), blank % n_classes)
    labels[:, 1::2] = target
    skips = (np.arange(n_states) >= 2) & (labels != np.roll(labels, 2, axis=1))
    counted = frames < pred_length[:, None]
    pred = where(counted[..., None], pred, 0)
    total = pred.sum(axis=(1, 2), keepdims=True)
    pred = where(total == total, pred, total)                # nan everywhere, if there is one
    x = pred[items[..., None], frames[..., None], labels[:, None]]
    nowhere = np.full((n_items, 2), -inf, pred.dtype)
    alpha = where(np.arange(n_states) < 2, x[:, 0], -inf)    # log of the chance to be in each state
    for t in range(1, n_frames):
        left = concatenate([nowhere, alpha], axis=1)
        ways = stack([alpha, left[:, 1:-1], where(skips, left[:, :-2], -inf)])
        alpha = where(counted[:, [t]], ways.logsumexp(axis=0) + x[:, t], alpha)
    on_blank, on_label = (alpha[items[:, 0], 2 * target_length - i] for i in (0, 1))
    log_p = stack([on_blank, where(target_length > 0, on_label, -inf)]).logsumexp(axis=0)
    return where((log_p == -inf) & zero_infinity, 0, 0 - log_p)          # 0 - 0 is 0, and -0 is not


def kernel(pred, target, dpred, blank, zero_infinity):
    n_frames, n_states, blank = len(pred), 2 * target.size + 1, blank % pred.shape[1]
    spoilt = np.isnan(pred).any()
    before, before_low = np.empty((n_frames, n_states)), np.empty((n_frames, n_states))
    log_p, low = arrive(pred, target, blank, before, before_low)
    if dpred is not None:
        dpred[:] = np.nan if spoilt else 0.0
        if not spoilt and log_p > -np.inf:                   # a path read backwards spells the target backwards
            after, after_low = np.empty((n_frames, n_states)), np.empty((n_frames, n_states))
            arrive(pred[::-1], target[::-1], blank, after, after_low)
            for t in range(n_frames):
                for s in range(n_states):
                    label = target[s // 2] if s % 2 else blank
                    rest, rest_low = after[-1 - t, -1 - s], after_low[-1 - t, -1 - s]
                    a, a_low = add(before[t, s], before_low[t, s], pred[t, label])
                    a, a_low = add(a, a_low + rest_low, rest)
                    dpred[t, label] -= exp((a - log_p) + (a_low - low))
    return np.nan if spoilt else 0.0 if zero_infinity and log_p == -np.inf else 0.0 - (log_p + low)


def arrive(pred, target, blank, high, low):
    """Fill high + low with log P of all that may come before frame t in state s. Returns log P of it all."""
    n_frames, n_states = high.shape
    a, a_low = np.full(n_states + 1, -np.inf), np.zeros(n_states + 1)    # a[s + 1]: with frame t, in s
    a[0] = 0.0                                               # at first in no state, from where 0 and 1 are near
    for t in range(n_frames):
        for s in range(n_states - 1, -1, -1):
            label, skips = target[s // 2] if s % 2 else blank, s % 2 and (s < 3 or target[s // 2] != target[s // 2 - 1])
            c, c_low = (a[s - 1], a_low[s - 1]) if skips else (-np.inf, 0.0)
            high[t, s], low[t, s] = log_sum(a[s + 1], a_low[s + 1], a[s], a_low[s], c, c_low)
            a[s + 1], a_low[s + 1] = add(high[t, s], low[t, s], pred[t, label])
        a[0] = -np.inf
    return log_sum(a[-1], a_low[-1], a[-2], a_low[-2], -np.inf, 0.0)


@cache
def alignments(target, n_frames, blank):
    """All paths that spell the target."""
    def spelt(path):
        return tuple(label for label, _ in itertools.groupby(path) if label != blank)
    return [p for p in itertools.product({blank, *target}, repeat=n_frames) if spelt(p) == target]


def exact(mp, pred, target, pred_length, target_length, blank, zero_infinity):
    p = [[mp.exp(x) for x in row] for row in pred]
    chance, chance_cost = ([[0] * len(row) for row in pred] for _ in range(2))
    all_chance = all_chance_cost = 0
    for path in alignments(tuple(target[:target_length]), pred_length, blank % len(pred[0])):
        own = prod(p[t][k] for t, k in enumerate(path))
        own_cost = -own * sum(pred[t][k] for t, k in enumerate(path))
        all_chance, all_chance_cost = all_chance + own, all_chance_cost + own_cost
        for t, k in enumerate(path):
            chance[t][k] += own
            chance_cost[t][k] += own_cost
    if all_chance == 0:
        return 0 if zero_infinity else mp.inf
    cost = all_chance_cost / all_chance                      # of a path; the loss is that less its entropy
    scales = [(a * (1 + cost) + b) / all_chance for row in zip(chance, chance_cost, strict=True)
              for a, b in zip(*row, strict=True)]            # exp(x) is known from x to |x| ulp
    return [cost, -mp.log(all_chance) - cost], [scales]


HALVES = [[[log(0.6), log(0.4)]]] * 2

loss = Loss(
    composed, kernel, SEQUENCES,
    domains={"pred": LOG_PROBABILITIES, "target": SPELLING, "pred_length": FRAMES,
             "target_length": LABEL_COUNT, "blank": integer(-1), "zero_infinity": boolean()},
    exact=exact,
    claims=Claims(convex=False, symmetric=False, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="sequences", use="the order of labels is known, but not their places",
                  avoid="every frame has a label: cross_entropy knows more then"),
    known=[Known(HALVES, [[1]], [2], [1], value=-log(0.64), gradient=[[[-0.375, -0.625]]] * 2),
           Known(HALVES, [[1]], [2], [0], value=-log(0.36), gradient=[[[-1.0, 0.0]]] * 2),
           Known(HALVES, [[1, 1]], [2], [2], value=inf, gradient=[[[0.0, 0.0]]] * 2),
           Known(HALVES, [[1, 1]], [2], [2], zero_infinity=True, value=0.0)],
)
