"""Dice loss: how little two masks overlap.

    loss    1 - (2 sum p t + smooth) / (sum p + sum t + smooth)        p = pred, t = target
          = sum of p (1 - t) + t (1 - p)  /  (sum p + sum t + smooth)
    slope   ((2 sum p t + smooth) / S - 2 t) / S                       S = sum p + sum t + smooth

For segmentation with few foreground pixels: background that is rightly 0 adds nothing. Each pixel's
slope depends on all the others. The second form of the loss is used: it has no difference to cancel.

pred, target: 0 to 1, of equal shape. smooth >= 0 keeps two empty masks from dividing 0 by 0 (the
loss is then 0); with smooth = 0 they give nan. The whole batch is one item, or, with per_sample,
each entry of the first axis. The minimum is at a hard mask, not at pred = target.
Source: L. R. Dice 1945; F. Milletari et al., V-Net, 2016.
"""

import math

from ..engine import where
from ..fused.vmath import to_one, total, two_sum
from .domain import UNIT, boolean, not_negative
from .family import SAMPLES
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, smooth=1.0, per_sample=False):
    size = pred.sum(axis=1) + target.sum(axis=1) + smooth
    share = target / size.reshape(-1, 1)
    score = 2 * (pred * share).sum(axis=1) + (smooth / size if smooth else 0)
    apart = (pred * (1 - target) + target * (1 - pred)).sum(axis=1)
    return where(score > 0.5, apart / size, 1 - score)       # whichever form cancels less


def kernel(pred, target, dpred, smooth, per_sample):
    for i in range(pred.size):
        dpred[i] = (pred[i] - target[i]) ** 2 + pred[i] * (1.0 - pred[i]) + target[i] * (1.0 - target[i])
    apart = total(dpred)
    both, lost = two_sum(total(pred), total(target))
    size, rounding = two_sum(both, smooth)
    excess = (lost + rounding) / size                        # size is too small by this share of it
    up = to_one(2.0 ** -100 * size)                          # products of tiny masks would vanish
    for i in range(pred.size):
        dpred[i] = (up * pred[i]) * (up * target[i])
    score = 2.0 * total(dpred) / (up * size) + up * (smooth / size)
    score -= score * excess
    for i in range(pred.size):
        slope = (score - 2.0 * (up * target[i])) / (up * size)
        dpred[i] = slope - slope * excess
    return apart / size


def exact(mp, pred, target, smooth, per_sample):
    size = sum(pred) + sum(target) + smooth
    score = (2 * sum(p * t for p, t in zip(pred, target, strict=True)) + smooth) / size
    return 1 - score, [[max(score, 2 * t) / size for t in target]]   # the slope is (score - 2 t) / size


GOOD = [[0.1, 0.1, 0.9, 0.8], [0.2, 0.8, 0.9, 0.1]]
BAD = [[0.9, 0.8, 0.1, 0.2], [0.9, 0.1, 0.2, 0.8]]
MASK = [[0, 0, 1, 1], [0, 1, 1, 0]]

loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": UNIT, "target": UNIT, "smooth": not_negative(0.0, 0.1),
             "per_sample": boolean()},
    exact=exact,
    claims=Claims(convex=False, symmetric=True, minimum=0.0,
                  lipschitz=lambda smooth, per_sample: 1 / smooth if smooth else math.inf),
    advice=Advice(task="segmentation", use="few pixels are foreground, and overlap is what counts",
                  avoid="probabilities are wanted: it pushes them to 0 or 1"),
    known=[Known(GOOD, MASK, value=11 / 89), Known(BAD, MASK, value=34 / 45),
           Known(GOOD, MASK, smooth=0.0, value=0.13924050633), Known(BAD, MASK, smooth=0.0, value=0.85),
           Known([[0.0] * 8], [[0.0] * 8], value=0.0),
           Known([[0.1] * 8], [[0.0] * 8], value=4 / 9)],
)
