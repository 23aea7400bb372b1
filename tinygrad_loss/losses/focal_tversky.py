"""Focal Tversky loss: a power of the Tversky loss, to turn attention to the poor overlaps or to the good.

    L = tversky(pred, target, alpha, beta, smooth)
    loss    L^gamma
    slope   gamma L^(gamma - 1) dL/dpred,  and 0 where L = 0

For segmentation of small structures. gamma < 1 keeps pulling when the overlap is nearly right, where the
Tversky loss relents; gamma > 1 lets go of what is nearly right, and leaves the force to what is not. With
gamma < 1 the slope grows without limit towards L = 0; there, nothing is left to mend, and it is given as 0.

pred, target: 0 to 1, of equal shape; or pred is logits, and from_logits true. alpha is the
price of a false positive, beta that of a false negative. smooth and per_sample as in tversky; with
per_sample, each sample has its own power. gamma > 0 is the exponent itself: the paper writes 1 / gamma
with gamma = 4/3, and calls alpha what is beta here.
Source: N. Abraham and N. M. Khan, A Novel Focal Tversky Loss Function, 2018.
"""

import math

from ..engine import Tensor, where
from ..fused.vmath import over, pow, times
from . import masks
from .domain import UNIT, boolean, not_negative, positive
from .family import SAMPLES
from .loss import Advice, Claims, Known, Loss
from .tversky import exact as exact_tversky
from .tversky import fused_parts, parts


def composed(pred, target, alpha=0.3, beta=0.7, gamma=0.75, smooth=1.0, from_logits=False, per_sample=False):
    apart, size, score = parts(pred, target, alpha, beta, smooth, from_logits)
    perfect = (apart == 0) & (size > 0)
    ratio = where(perfect, 1, apart) ** gamma / size ** gamma
    return where(perfect, 0, where(score > 0.5, ratio, (1 - score) ** gamma))


def kernel(both, vain, missed, up, alpha, beta, gamma, smooth, from_logits, per_sample):
    apart, size, pull, push = fused_parts(both, vain, missed, up, alpha, beta, smooth)
    steepness = 0.0 if apart[0] == 0.0 else power_of_ratio(apart, size, gamma - 1.0)
    pull, push = times(times(pull, gamma), steepness), times(times(push, gamma), steepness)
    return power_of_ratio(apart, size, gamma), pull, push


def power_of_ratio(a, b, y):
    high, low = over(a, b)
    ratio = high + low
    lost = (high - ratio) + low
    if ratio > 1e-290:
        return pow(ratio, y) * (1.0 + y * lost / ratio)
    return pow(a[0] + a[1], y) / pow(b[0] + b[1], y)         # the ratio may have lost its digits


def kinks(pred, target, alpha, beta, gamma, smooth, from_logits, per_sample):
    p, no = (x.numpy() for x in masks.shares(Tensor(pred), from_logits))
    wrong = alpha * p * (1 - target) + beta * no * target
    return wrong.sum(-1 if per_sample else None) if gamma < 1 else 1.0   # a root is steep at 0


def exact(mp, pred, target, alpha, beta, gamma, smooth, from_logits, per_sample):
    apart, [scales] = exact_tversky(mp, pred, target, alpha, beta, smooth, from_logits, per_sample)
    if apart <= 0:                                           # below, the other side of the corner at 0
        return mp.mpf(0), [scales]
    steepness = gamma * apart ** (gamma - 1)
    return apart ** gamma, [[steepness * scale for scale in scales]]


GOOD, MASK = [0.1, 0.1, 0.9, 0.8, 0.2, 0.8, 0.9, 0.1], [0, 0, 1, 1, 0, 1, 1, 0]

loss = Loss(
    composed, kernel, SAMPLES,
    domains={"pred": masks.MASK, "target": UNIT, "alpha": not_negative(0.5), "beta": not_negative(0.5),
             "gamma": positive(0.5, 1.0), "smooth": not_negative(0.0, 0.1),
             "from_logits": boolean(), "per_sample": boolean()},
    kinks=kinks, exact=exact,
    claims=Claims(convex=False, minimum=0.0,
                  symmetric=lambda alpha, beta, from_logits, **_: alpha == beta and not from_logits,
                  lipschitz=lambda alpha, beta, gamma, smooth, **_:
                  gamma * max(alpha, beta, 0.5) / smooth if smooth and gamma >= 1 else math.inf),
    advice=Advice(task="segmentation", use="structures are small and overlap comes slowly",
                  avoid="labels are noisy: it does not rest before they are met"),
    known=[Known(GOOD, MASK, alpha=0.5, beta=0.5, gamma=1.0, smooth=0.5, value=11 / 89),
           Known(GOOD, MASK, alpha=1.0, beta=1.0, value=0.2 ** 0.75),
           Known(GOOD, MASK, smooth=0.0, value=(57 / 397) ** 0.75),
           Known(MASK, MASK, value=0.0, gradient=[0.0] * 8)],
)
