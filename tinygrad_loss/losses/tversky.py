"""Tversky loss: how little two masks overlap, with a price of its own for each kind of mistake.

    TP = sum p t     FP = sum p (1 - t)     FN = sum t (1 - p)         p = pred, t = target
    loss    1 - (TP + smooth) / S  =  (alpha FP + beta FN) / S         S = TP + alpha FP + beta FN + smooth
    slope   (alpha T (1 - t) - (1 - T + beta T) t) / S                 T = (TP + smooth) / S

For segmentation where what is missed (FN) and what is seen in vain (FP) do not cost the same: small
lesions want beta > alpha. It is jaccard for alpha = beta = 1, and dice for 1/2 with half of its smooth.
The second form of the loss is used where masks are nearly equal: it has no difference to cancel.

pred, target: 0 to 1, of equal shape; for logits, tversky(pred.sigmoid(), target). alpha, beta >= 0.
smooth >= 0: with 0, two empty masks give nan, else 0. The whole batch is one item, or, with per_sample,
each entry of the first axis.
Source: A. Tversky 1977; S. Salehi, D. Erdogmus and A. Gholipour, Tversky Loss Function, 2017.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import to_one, total, two_sum
from .domain import UNIT, boolean, not_negative
from .family import SAMPLES
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, alpha=0.5, beta=0.5, smooth=1.0, per_sample=False):
    apart, size, score = parts(pred, target, alpha, beta, smooth)
    return where(score > 0.5, apart / size, 1 - score)       # whichever form cancels less


def parts(pred, target, alpha, beta, smooth):
    _, exponent = np.frexp(pred.numpy().sum(axis=1) + target.numpy().sum(axis=1))
    up = np.exp2(np.clip(-exponent, 0, np.finfo(pred.dtype).maxexp - 24)).astype(pred.dtype)
    p, t = up[:, None] * pred, up[:, None] * target          # products of tiny masks would vanish
    apart = alpha * (p * (1 - target)).sum(axis=1) + beta * (t * (1 - pred)).sum(axis=1)
    both, smooth = (p * t).sum(axis=1), up * smooth
    size = apart + both / up + smooth
    return apart, size, both / size / up + smooth / size


def kernel(pred, target, dpred, alpha, beta, smooth, per_sample):
    apart, size = fused_parts(pred, target, dpred, alpha, beta, smooth)
    return apart / size


def fused_parts(pred, target, dpred, alpha, beta, smooth):
    up = to_one(2.0 ** -100 * (total(pred) + total(target) + smooth))    # products of tiny masks would vanish
    for i in range(pred.size):
        dpred[i] = alpha * (up * pred[i] * (1.0 - target[i])) + beta * (up * target[i] * (1.0 - pred[i]))
    apart = total(dpred)                                     # times up, and so is the size
    for i in range(pred.size):
        dpred[i] = (up * pred[i]) * (up * target[i])
    both, lost = two_sum(total(dpred), up * (up * smooth))               # times up * up
    size, rounding = two_sum(apart, both / up)
    missing = 1.0 - 2.0 * (rounding + lost / up) / size      # size^2 is too small by this factor
    pull = missing * alpha * (both / size / size)
    push = missing * (apart + beta * (both / up)) / size / size
    for i in range(pred.size):
        dpred[i] = pull * (1.0 - target[i]) - push * (up * target[i])
    return apart, size


def exact(mp, pred, target, alpha, beta, smooth, per_sample):
    both = sum(p * t for p, t in zip(pred, target, strict=True))
    size = both + alpha * (sum(pred) - both) + beta * (sum(target) - both) + smooth
    score = (both + smooth) / size
    return 1 - score, [[max(alpha * score * (1 - t), (1 - score + beta * score) * t) / size for t in target]]


GOOD, MASK = [0.1, 0.1, 0.9, 0.8, 0.2, 0.8, 0.9, 0.1], [0, 0, 1, 1, 0, 1, 1, 0]

loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": UNIT, "target": UNIT, "alpha": not_negative(0.3), "beta": not_negative(0.7),
             "smooth": not_negative(0.0, 0.1), "per_sample": boolean()},
    exact=exact, claims=Claims(convex=False, minimum=0.0, symmetric=lambda alpha, beta, **_: alpha == beta,
                               lipschitz=lambda alpha, beta, smooth, per_sample:
                               max(alpha, beta, 0.5) / smooth if smooth else math.inf),
    advice=Advice(task="segmentation", use="what is missed costs more than what is seen in vain, or less",
                  avoid="probabilities are wanted: it pushes them to 0 or 1"),
    known=[Known(GOOD, MASK, smooth=0.5, value=11 / 89), Known(GOOD, MASK, alpha=1.0, beta=1.0, value=0.2),
           Known(GOOD, MASK, alpha=0.3, beta=0.7, smooth=0.0, value=57 / 397),
           Known([[0.5, 0.5]], [[1.0, 0.0]], value=0.25, gradient=[[-0.3125, 0.1875]])],
)
