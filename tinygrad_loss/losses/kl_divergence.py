"""Kullback-Leibler divergence: what it costs to take pred for target.

    t, p = target, pred
    loss    sum over classes of  t (log t - log p),  in nats; 0 log 0 = 0, and inf where p = 0 < t
    slopes  dpred = -t / p      dtarget = log t - log p + 1      by log p: -t      by log t: t times dtarget

For soft targets: distillation, variational inference. It is the cross entropy less the entropy of the
target, so that it is 0 exactly where pred = target, and it is not symmetric. Where t = 0 both slopes
are given as 0 (dtarget is -inf there: a class that is certainly out stays out).

pred, target: rows of probabilities, (N, C), (C,) or (N, C, d...), of equal shape; with log_pred or
log_target, their logarithms (-inf welcome). A row that does not sum to 1 raises: KL of anything else
may be negative. One item per row, unlike PyTorch's "mean" over all numbers; where the first axis alone
counts items, as in (N, C), "mean" is PyTorch's "batchmean". PyTorch's kl_div has log_pred=True.
Source: S. Kullback and R. Leibler, On Information and Sufficiency, 1951.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import exp, log
from .domain import LOG_PROBABILITIES, PROBABILITIES, Switch, boolean
from .family import DISTRIBUTIONS
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, log_pred=False, log_target=False):
    log_p = pred if log_pred else pred.log()
    t, log_t = (target.exp(), target) if log_target else (target, target.log())
    return where(log_t == -math.inf, 0, t * (log_t - log_p)).sum(axis=1)


def kernel(pred, target, log_pred, log_target):
    t, log_t = (exp(target), target) if log_target else (target, log(target))
    gap = log_t - (pred if log_pred else log(pred))
    by_p, by_t = -t if log_pred else -t / pred, t * (gap + 1.0) if log_target else gap + 1.0
    return (0.0, 0.0, 0.0) if log_t == -np.inf else (t * gap, by_p, by_t)


def exact(mp, pred, target, log_pred, log_target):
    log_p = pred if log_pred else [mp.log(p) if p else -mp.inf for p in pred]
    t = [mp.exp(x) for x in target] if log_target else target
    log_t = target if log_target else [mp.log(x) if x else -mp.inf for x in t]
    classes = list(zip(t, log_t, log_p, strict=True))
    terms = [x for a, b, c in classes for x in ((a * b, -a * c) if a else (0, 0))]
    by_t = [max(abs(b), abs(c), 1) * (a if log_target else 1) for a, b, c in classes]
    return terms, [[0] * len(pred), by_t]


P, Q = [[0.5, 0.3, 0.2]], [[0.33, 0.33, 0.34]]
PAIRS = list(zip(P[0], Q[0], strict=True))

loss = Loss(
    composed, kernel, DISTRIBUTIONS,
    domains={"pred": Switch("log_pred", LOG_PROBABILITIES, PROBABILITIES),
             "target": Switch("log_target", LOG_PROBABILITIES, PROBABILITIES),
             "log_pred": boolean(), "log_target": boolean()},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="distributions", use="a whole distribution is the target: distillation, inference",
                  avoid="the target is one class: cross_entropy", lesson="12_kl"),
    known=[Known(Q, P, value=0.07303901782710, gradient=[[[-1 / 0.66, -1 / 1.1, -1 / 1.7]],
                                                         [[math.log(p / q) + 1 for p, q in PAIRS]]]),
           Known(P, Q, value=0.07474586818922),
           Known([[0.5, 0.5]], [[1.0, 0.0]], value=math.log(2),
                 gradient=[[[-2.0, 0.0]], [[1 + math.log(2), 0.0]]]),
           Known([[1.0, 0.0]], [[0.5, 0.5]], value=math.inf)],
)
