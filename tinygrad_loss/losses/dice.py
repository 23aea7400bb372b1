"""Dice loss: how little two masks overlap.

    loss    1 - (2 sum p t + smooth) / (sum p + sum t + smooth)        p = pred, t = target
          = sum of p (1 - t) + t (1 - p)  /  (sum p + sum t + smooth)
    slope   ((2 sum p t + smooth) / S - 2 t) / S                       S = sum p + sum t + smooth

For segmentation with few foreground pixels: background that is rightly 0 adds nothing. Each pixel's
slope depends on all the others. The second form of the loss is used: it has no difference to cancel.

pred, target: 0 to 1, of equal shape; or pred is logits, and from_logits true: then a mask that is nearly
right keeps its digits. smooth >= 0 keeps two empty masks from dividing 0 by 0 (the loss is then 0); with
smooth = 0 they give nan. The whole batch is one item, or, with per_sample, each entry of the first axis.
The minimum is at a hard mask, not at pred = target. Of logits (N, C, H, W) for C classes, every class of
every picture becomes a sample, whose mean is the loss; one_hot is the target in the same shape:

    p = logits.softmax(axis=1).reshape(N * C, H * W)
    dice(p, one_hot.reshape(N * C, H * W), per_sample=True)

Source: L. R. Dice 1945; F. Milletari et al., V-Net, 2016.
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
    size = p.sum(axis=1) + target.sum(axis=1) + smooth
    share = target / size.reshape(-1, 1)
    score = 2 * (p * share).sum(axis=1) + (smooth / size if smooth else 0)
    apart = (p * (1 - target) + target * no).sum(axis=1)
    return where(score > 0.5, apart / size, 1 - score)       # whichever form cancels less


def kernel(both, vain, missed, up, smooth, from_logits, per_sample):
    apart = plus(vain, missed)                               # times up, and so is the size
    shared = plus(times(both, 2.0), (up * (up * smooth), 0.0))           # times up * up
    size = plus(apart, times(shared, 1.0 / up))
    loss = over(apart, size)
    return loss[0] + loss[1], over(over(shared, size), size), over(plus((1.0, 0.0), loss), size)


def exact(mp, pred, target, smooth, from_logits, per_sample):
    p, inner = masks.exact(mp, pred, from_logits)
    size = sum(p) + sum(target) + smooth
    score = (2 * sum(a * b for a, b in zip(p, target, strict=True)) + smooth) / size
    return 1 - score, [[max(score, 2 * t) / size * d for t, d in zip(target, inner, strict=True)]]


GOOD = [[0.1, 0.1, 0.9, 0.8], [0.2, 0.8, 0.9, 0.1]]
BAD = [[0.9, 0.8, 0.1, 0.2], [0.9, 0.1, 0.2, 0.8]]
MASK = [[0, 0, 1, 1], [0, 1, 1, 0]]

loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": masks.MASK, "target": UNIT, "smooth": not_negative(0.0, 0.1),
             "from_logits": boolean(), "per_sample": boolean()},
    exact=exact,
    claims=Claims(convex=False, symmetric=lambda from_logits, **_: not from_logits, minimum=0.0,
                  lipschitz=lambda smooth, **_: 1 / smooth if smooth else math.inf),
    advice=Advice(task="segmentation", use="few pixels are foreground, and overlap is what counts",
                  avoid="probabilities are wanted: it pushes them to 0 or 1", lesson="13_dice"),
    known=[Known(GOOD, MASK, value=11 / 89), Known(BAD, MASK, value=34 / 45),
           Known(GOOD, MASK, smooth=0.0, value=0.13924050633), Known(BAD, MASK, smooth=0.0, value=0.85),
           Known([[0.0] * 8], [[0.0] * 8], value=0.0),
           Known([[0.1] * 8], [[0.0] * 8], value=4 / 9)],
)
