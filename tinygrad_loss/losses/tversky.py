"""Tversky loss: how little two masks overlap, with a price of its own for each kind of mistake.

    TP = sum p t     FP = sum p (1 - t)     FN = sum t (1 - p)         p = pred, t = target
    loss    1 - (TP + smooth) / S  =  (alpha FP + beta FN) / S         S = TP + alpha FP + beta FN + smooth
    slope   (alpha T (1 - t) - (1 - T + beta T) t) / S                 T = (TP + smooth) / S

For segmentation where what is missed (FN) and what is seen in vain (FP) do not cost the same: small
lesions want beta > alpha. It is jaccard for alpha = beta = 1, and dice for 1/2 with half of its smooth.

pred, target: 0 to 1, of equal shape; or pred is logits, and from_logits true. alpha, beta >= 0;
smooth, per_sample and items as in dice.
Source: A. Tversky 1977; S. Salehi, D. Erdogmus and A. Gholipour, Tversky Loss Function, 2017.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import over, plus, times
from . import masks
from .domain import UNIT, boolean, not_negative
from .family import SAMPLES
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, alpha=0.5, beta=0.5, smooth=1.0, from_logits=False, per_sample=False):
    apart, size, score = parts(pred, target, alpha, beta, smooth, from_logits)
    return where(score > 0.5, apart / size, 1 - score)       # whichever form cancels less


def parts(pred, target, alpha, beta, smooth, from_logits):
    yes, no = masks.shares(pred, from_logits)
    tiny = yes.numpy().sum(axis=1) + target.numpy().sum(axis=1) < 128 * np.finfo(pred.dtype).tiny
    up = np.where(tiny, 2.0 ** (96 if pred.dtype == np.float32 else 920), 1).astype(pred.dtype)
    p, t = up[:, None] * yes, up[:, None] * target             # lifted where digits would be lost
    apart = alpha * (p * (1 - target)).sum(axis=1) + beta * (t * no).sum(axis=1)
    size = (p * target).sum(axis=1) + apart + up * smooth
    return apart, size, (p * (target / size[:, None])).sum(axis=1) + up * smooth / size


def kernel(both, vain, missed, up, alpha, beta, smooth, from_logits, per_sample):
    apart, size, pull, push = fused_parts(both, vain, missed, up, alpha, beta, smooth)
    loss = over(apart, size)
    return loss[0] + loss[1], pull, push


def fused_parts(both, vain, missed, up, alpha, beta, smooth):
    apart = plus(times(vain, alpha), times(missed, beta))    # times up, and so is the size
    shared = plus(both, (up * (up * smooth), 0.0))           # times up * up
    size = plus(apart, times(shared, 1.0 / up))
    pull = over(over(times(shared, alpha), size), size)
    push = over(over(plus(apart, times(times(shared, beta), 1.0 / up)), size), size)
    return apart, size, pull, push


def exact(mp, pred, target, alpha, beta, smooth, from_logits, per_sample):
    p, inner = masks.exact(mp, pred, from_logits)
    both = sum(a * b for a, b in zip(p, target, strict=True))
    size = both + alpha * (sum(p) - both) + beta * (sum(target) - both) + smooth
    score = (both + smooth) / size
    return 1 - score, [[max(alpha * score * (1 - t), (1 - score + beta * score) * t) / size * d
                        for t, d in zip(target, inner, strict=True)]]


GOOD, MASK = [0.1, 0.1, 0.9, 0.8, 0.2, 0.8, 0.9, 0.1], [0, 0, 1, 1, 0, 1, 1, 0]
loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": masks.MASK, "target": UNIT, "alpha": not_negative(0.3), "beta": not_negative(0.7),
             "smooth": not_negative(0.0, 0.1), "from_logits": boolean(), "per_sample": boolean()},
    exact=exact, claims=Claims(
        convex=False, minimum=0.0,
        symmetric=lambda alpha, beta, from_logits, **_: alpha == beta and not from_logits,
        lipschitz=lambda alpha, beta, smooth, **_: max(alpha, beta, 0.5) / smooth if smooth else math.inf),
    advice=Advice(task="segmentation", use="what is missed costs more than what is seen in vain, or less",
                  avoid="probabilities are wanted: it pushes them to 0 or 1"),
    known=[Known(GOOD, MASK, smooth=0.5, value=11 / 89), Known(GOOD, MASK, alpha=1.0, beta=1.0, value=0.2),
           Known([[0.5, 0.5]], [[1.0, 0.0]], value=0.25, gradient=[[-0.3125, 0.1875]])],
)
