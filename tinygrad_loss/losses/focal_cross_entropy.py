"""Focal loss of logits, softmax included: cross entropy that turns down easy answers.

    p = softmax(z)                                 z = pred, one row per item; y = target, its label
    loss    weight_y (1 - p_y)^gamma (-log p_y)
    slopes  dz_y = -weight_y (1 - p_y)^gamma (1 - p_y + gamma p_y (-log p_y))
            dz_c = -dz_y p_c / (1 - p_y)           for each class c other than y

For one class out of many where easy items outnumber hard ones: at gamma = 2, an item with p_y = 0.9
costs a hundredth of its cross entropy. gamma = 0 is cross entropy. The best p is no longer the true
probability. Both terms of the slope have one sign, and 1 - p_y is the sum of the other p: no digit
cancels. A rounding of that sum counts gamma times.

pred: real, (N, C), (C,) or (N, C, d...). target: integer labels, of pred's shape without C. gamma >= 0.
weight, one number per class, and ignore_index are those of cross_entropy: the mean divides by the sum of
weight[label] over the items that count. Infinite logits too: a row of nothing but -inf costs inf and has
slope 0, an item with p_y = 0 costs inf.
Source: T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017.
"""

import math

import numpy as np

from ..engine import others, where
from ..fused.logits import cost, surprise
from ..fused.vmath import pow
from .domain import LABELS, REAL, class_weights, integer, not_negative
from .family import SOFTMAX
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None, gamma=2.0, ignore_index=-100):
    kept = target != ignore_index
    pred = where(kept[:, None], pred, 0)                     # an ignored row may hold anything
    here = np.arange(len(target)), np.where(kept, target, 0)
    share, w, label = pred.softmax(axis=1), weight[here[1]], pred[here]
    p, rest = share[here], others(share, 1)[here]
    missing = where(p == 0, 1, where(rest == 0, 0, where(p < 0.5, 1 - p, rest)))
    log_p = pred.log_softmax(axis=1)[here]
    cost, too_far = -w * log_p, (log_p == -math.inf) & (abs(label) < math.inf)
    if too_far.any():                                        # log p overflows, where w log p may not
        cost = where(too_far, w * pred.logsumexp(axis=1) - w * label, cost)
    return where(kept & (w > 0), missing ** gamma * cost, 0)


def kernel(own, others, half_gap, weight, gamma, ignore_index):
    total = own + others
    if total == 0.0:
        return 0.0 if weight == 0.0 else np.inf, 0.0, 0.0
    p = own / total
    missing = 1.0 - p if own < others else others / total
    factor = weight * pow(missing, gamma)
    a, b = surprise(own, others, half_gap)
    steeper = 1.0 if missing == 0.0 else a / missing         # 1 is its limit; where b is not 0, p is
    slope = factor + factor * (gamma * p * steeper)
    return cost(factor, a, b), -slope * missing, slope / total


def exact(mp, pred, target, weight, gamma, ignore_index):
    if target == ignore_index:
        return 0
    e = [mp.exp(z) for z in pred]
    others = sum(x for c, x in enumerate(e) if c != target)
    return weight[target] * (others / sum(e)) ** gamma * (mp.log(sum(e)) - pred[target])


loss = Loss(
    composed, kernel, SOFTMAX,
    domains={"pred": REAL, "target": LABELS, "weight": class_weights(),
             "gamma": not_negative(0.0, 0.5, 1.5), "ignore_index": integer(0)},
    exact=exact,
    claims=Claims(convex=lambda weight, gamma, ignore_index: gamma == 0.0, symmetric=False, minimum=0.0,
                  lipschitz=lambda weight, gamma, ignore_index: max(weight) * (1 + gamma / 15)),
    advice=Advice(task="multi-class", use="easy items by the thousand drown the hard ones",
                  avoid="probabilities are wanted: cross_entropy with weights keeps them"),
    known=[Known([[2.0, 1.0, 0.1]], [0], value=0.0484923434076935),
           Known([[2.0, 1.0, 0.1]], [0], gamma=0.0, value=0.4170300162778335)],
)
