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

from math import inf, log, nan, prod

import numpy as np

from ..engine import where
from ..fused.logspace import add, exp_of, log_sum
from ..joining import concatenate, stack
from .domain import LOG_PROBABILITIES, boolean, integer
from .loss import Advice, Claims, Known, Loss
from .sequences import FRAMES, LABEL_COUNT, SEQUENCES, SPELLING, spellings


def composed(pred, target, pred_length, target_length, blank=0, zero_infinity=False):
    n_items, n_frames, n_classes = pred.shape
    items, frames, states = np.ogrid[:n_items, :n_frames, :2 * target.shape[1] + 1]
    labels = np.full((n_items, states.size), blank % n_classes)
    labels[:, 1::2] = target
    skips = (states[0] >= 2) & (labels != np.roll(labels, 2, axis=1))
    counted = frames < pred_length[:, None, None]
    pred = where(counted, pred, 0)
    total = pred.sum(axis=(1, 2), keepdims=True)
    pred = where(total == total, pred, total)                # nan everywhere, if there is one
    x = pred[items, frames, labels[:, None]]
    nowhere = np.full((n_items, 2), -inf, pred.dtype)
    alpha = where(states[0] < 2, x[:, 0], -inf)              # log of the chance to be in each state
    for t in range(1, n_frames):
        left = concatenate([nowhere, alpha], axis=1)
        ways = stack([alpha, left[:, 1:-1], where(skips, left[:, :-2], -inf)])
        alpha = where(counted[:, t], ways.logsumexp(axis=0) + x[:, t], alpha)
    ends = stack([alpha[items[:, 0, 0], 2 * target_length - i] for i in (0, 1)])
    log_p = where([[True], [False]] | (target_length > 0), ends, -inf).logsumexp(axis=0)
    return where((log_p == -inf) & zero_infinity, 0, 0 - log_p)          # 0 - 0 is 0, and -0 is not


def kernel(pred, target, dpred, blank, zero_infinity):
    labels = np.empty(2 * target.size + 1, np.int64)
    for s in range(labels.size):
        labels[s] = target[s // 2] if s % 2 else blank % pred.shape[1]
    before = np.empty((2, len(pred), labels.size))
    log_p, low = arrive(pred, labels, before)
    log_p = nan if np.isnan(pred).any() else log_p
    if dpred.size:
        dpred[:] = 0.0 if log_p == log_p else log_p
        if log_p > -inf:
            after = np.empty(before.shape)                   # what is to come, read backwards, came before
            arrive(pred[::-1], labels[::-1], after)
            for t in range(len(pred)):
                for s in range(labels.size):
                    a, a_low = add(before[0, t, s], before[1, t, s], pred[t, labels[s]])
                    a, a_low = add(a, a_low + after[1, -1 - t, -1 - s], after[0, -1 - t, -1 - s])
                    dpred[t, labels[s]] -= exp_of(*add(a, a_low - low, -log_p))
    return 0.0 if zero_infinity and log_p == -inf else 0.0 - (log_p + low)


def arrive(pred, labels, out):
    """Fill out with log P of all that leads to frame t in state s, without that frame, in two parts. Returns
    that of all that leads to the end."""
    a, a_low = np.full(labels.size + 1, -inf), np.zeros(labels.size + 1)
    a[0] = 0.0                                               # a[s + 1] is for state s; at first, in none yet
    for t in range(len(pred)):
        for s in range(labels.size - 1, -1, -1):
            skips = s % 2 == 1 and (s == 1 or labels[s] != labels[s - 2])
            c, c_low = (a[s - 1], a_low[s - 1]) if skips else (-inf, 0.0)
            high, low = log_sum(a[s + 1], a_low[s + 1], a[s], a_low[s], c, c_low)
            out[0, t, s], out[1, t, s] = high, low
            a[s + 1], a_low[s + 1] = add(high, low, pred[t, labels[s]])
        a[0] = -inf
    return log_sum(a[-1], a_low[-1], a[-2], a_low[-2], -inf, 0.0)


def exact(mp, pred, target, pred_length, target_length, blank, zero_infinity):
    paths = spellings(tuple(target[:target_length]), pred_length, blank % len(pred[0]))
    costs = [-sum(pred[t][k] for t, k in enumerate(path)) for path in paths]
    chances = [prod(mp.exp(pred[t][k]) for t, k in enumerate(path)) for path in paths]
    if not sum(chances):
        return 0 if zero_infinity else mp.inf
    cost = sum(p * c for p, c in zip(chances, costs, strict=True)) / sum(chances)        # of a path
    known = [p * (1 + cost + c) / sum(chances) for p, c in zip(chances, costs, strict=True)]
    scales = [sum(x for path, x in zip(paths, known, strict=True) if path[t:t + 1] == (k,))
              for t in range(len(pred)) for k in range(len(pred[t]))]    # exp(x) is known from x to |x| ulp
    return [cost, -mp.log(sum(chances)) - cost], [scales]                # less the entropy of the paths


PRED = [[[log(0.6), log(0.4)]]] * 2

loss = Loss(
    composed, kernel, SEQUENCES,
    domains={"pred": LOG_PROBABILITIES, "target": SPELLING, "pred_length": FRAMES,
             "target_length": LABEL_COUNT, "blank": integer(-1), "zero_infinity": boolean()},
    exact=exact,
    claims=Claims(convex=False, symmetric=False, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="sequences", use="the order of labels is known, but not their places",
                  avoid="every frame has a label: cross_entropy knows more then"),
    known=[Known(PRED, [[1]], [2], [1], value=-log(0.64), gradient=[[[-0.375, -0.625]]] * 2),
           Known(PRED, [[1]], [2], [0], value=-log(0.36), gradient=[[[-1.0, 0.0]]] * 2),
           Known(PRED, [[1, 1]], [2], [2], value=inf, gradient=[[[0.0, 0.0]]] * 2),
           Known(PRED, [[1, 1]], [2], [2], zero_infinity=True, value=0.0)],
)
