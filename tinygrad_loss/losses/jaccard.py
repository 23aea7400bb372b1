"""Jaccard loss, also called IoU loss: how much of the union of two masks they do not share.

    loss    1 - (sum p t + smooth) / U            U = sum (p + t - p t) + smooth; p = pred, t = target
          = sum of p (1 - t) + t (1 - p)  /  U
    slope   (J (1 - t) - t) / U                   J = (sum p t + smooth) / U

For segmentation with few foreground pixels, where intersection over union is what is judged. Of hard
masks it is 2 d / (1 + d) for a dice loss of d without smoothing: the order is the same, a poor overlap
costs more. Each pixel's slope depends on all the others. The second form of the loss is used where masks
are nearly equal: it has no difference to cancel.

pred, target: 0 to 1, of equal shape; or pred is logits, and from_logits true. smooth >= 0 keeps two
empty masks from dividing 0 by 0 (the loss is then 0); with smooth = 0 they give nan. The whole batch is
one item, or, with per_sample, each entry of the first axis. The minimum is at a hard mask.
Source: P. Jaccard 1901; M. A. Rahman and Y. Wang, Optimizing Intersection-Over-Union, 2016.
"""

import math

from ..engine import where
from ..fused.vmath import over, plus, times
from . import masks
from .domain import UNIT, boolean, not_negative
from .family import SAMPLES
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, smooth=1.0, from_logits=False, per_sample=False):
    p, no = masks.shares(pred, from_logits)
    union = (p + target * no).sum(axis=1) + smooth
    score = (p * (target / union.reshape(-1, 1))).sum(axis=1) + (smooth / union if smooth else 0)
    apart = (p * (1 - target) + target * no).sum(axis=1)
    return where(score > 0.5, apart / union, 1 - score)      # whichever form cancels less


def kernel(both, vain, missed, up, smooth, from_logits, per_sample):
    apart = plus(vain, missed)                               # times up, and so is the union
    shared = plus(both, (up * (up * smooth), 0.0))           # times up * up
    union = plus(apart, times(shared, 1.0 / up))
    loss = over(apart, union)
    return loss[0] + loss[1], over(over(shared, union), union), over((1.0, 0.0), union)


def exact(mp, pred, target, smooth, from_logits, per_sample):
    p, inner = masks.exact(mp, pred, from_logits)
    both = sum(a * b for a, b in zip(p, target, strict=True))
    union = sum(p) + sum(target) - both + smooth
    score = (both + smooth) / union
    return 1 - score, [[max(score * (1 - t), t) / union * d for t, d in zip(target, inner, strict=True)]]


GOOD = [[0.1, 0.1, 0.9, 0.8], [0.2, 0.8, 0.9, 0.1]]
BAD = [[0.9, 0.8, 0.1, 0.2], [0.9, 0.1, 0.2, 0.8]]
MASK = [[0, 0, 1, 1], [0, 1, 1, 0]]

loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": masks.MASK, "target": UNIT, "smooth": not_negative(0.0, 0.1), "from_logits": boolean(),
             "per_sample": boolean()},
    exact=exact,
    claims=Claims(convex=False, symmetric=lambda from_logits, **_: not from_logits, minimum=0.0,
                  lipschitz=lambda smooth, **_: 1 / smooth if smooth else math.inf),
    advice=Advice(task="segmentation", use="intersection over union is what is judged",
                  avoid="probabilities are wanted: it pushes them to 0 or 1"),
    known=[Known(GOOD, MASK, value=0.2), Known(BAD, MASK, value=17 / 21),
           Known(GOOD, MASK, smooth=0.0, value=11 / 45), Known([[0.0] * 8], [[0.0] * 8], value=0.0),
           Known([[1.0, 1.0]], [[1.0, 0.0]], smooth=0.0, value=0.5, gradient=[[-0.5, 0.25]])],
)
