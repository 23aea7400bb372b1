"""Triplet loss: the anchor nearer to the positive than to the negative, by a margin.

    loss    max(0, D(a, p) - D(a, n) + margin)       D(x, y) = |x - y|^2, or |x - y| if not squared
    slope   where the loss is positive,
              squared:  da = 2 (n - p)        dp = 2 (p - a)      dn = 2 (a - n)
              else:     da = u(a-p) - u(a-n)  dp = -u(a-p)        dn = u(a-n)      u(x) = x / |x|
            else 0; u(0) = 0

For embeddings: faces, retrieval, ranking. Only differences count, so that moving or turning all
three changes nothing.

anchor, positive, negative: real, (N, D) or (D,), of equal shape; margin >= 0. One item per triple.
Source: K. Weinberger and L. Saul 2009; F. Schroff et al., FaceNet, 2015 (squared distances).
"""

import math

import numpy as np

from ..fused.vmath import dot, half_distance
from .domain import REAL, boolean, not_negative
from .family import VECTORS
from .loss import Advice, Claims, Known, Loss


def composed(anchor, positive, negative, margin=1.0, squared=True):
    if squared:
        near, far = ((anchor - x) ** 2 for x in (positive, negative))
        return (near.sum(axis=1) - far.sum(axis=1) + margin).relu()

    def half_distance(x):                                    # in eighths where the difference overflows
        part = np.where(np.isinf((anchor - x).numpy()).any(axis=1, keepdims=True), 0.125, 1.0)
        return (part * anchor - part * x).norm(axis=1) / (2 * part[:, 0])

    return 2 * (half_distance(positive) - half_distance(negative) + margin / 2).relu()


def kernel(anchor, positive, negative, danchor, dpositive, dnegative, margin, squared):
    if squared:
        for i in range(anchor.size):
            dpositive[i], dnegative[i] = positive[i] - anchor[i], anchor[i] - negative[i]
        half_gap = 0.5 * dot(dpositive, dpositive) - 0.5 * dot(dnegative, dnegative) + 0.5 * margin
    else:
        half_gap = (half_distance(positive, anchor, dpositive) - half_distance(anchor, negative, dnegative)
                    + 0.5 * margin)
    active = 1.0 if half_gap > 0.0 else 0.0 if half_gap <= 0.0 else half_gap             # nan stays nan
    pull = 2.0 * active if squared else active
    for i in range(anchor.size):
        dpositive[i] *= pull
        dnegative[i] *= pull
        danchor[i] = -dpositive[i] - dnegative[i]
    return 2.0 * half_gap if active > 0.0 else active


def kinks(anchor, positive, negative, margin, squared):
    def distances(x):
        return ((anchor - x) ** 2).sum(-1) ** (1.0 if squared else 0.5)

    near, far = distances(positive), distances(negative)
    gap = near - far + margin
    return [gap] if squared else [gap, near, far]


def exact(mp, anchor, positive, negative, margin, squared):
    near, far = (sum((a - b) ** 2 for a, b in zip(anchor, x, strict=True)) for x in (positive, negative))
    if not squared:
        near, far = mp.sqrt(near), mp.sqrt(far)
    return mp.hinge([near, -far, margin])


ANCHOR, POSITIVE, NEGATIVE = [1.0, 2.0, 3.0], [1.1, 2.1, 2.9], [5.0, 6.0, 7.0]

loss = Loss(
    composed, kernel, VECTORS,
    domains={"anchor": REAL, "positive": REAL, "negative": REAL, "margin": not_negative(0.0, 7.0),
             "squared": boolean()},
    kinks=kinks, exact=exact,
    claims=Claims(convex=False, symmetric=False, minimum=0.0,
                  lipschitz=lambda margin, squared: math.inf if squared else 2.0),
    advice=Advice(task="similarity", use="only the order of distances matters", avoid="data are few"),
    known=[Known(ANCHOR, POSITIVE, NEGATIVE, value=0.0),
           Known(ANCHOR, POSITIVE, NEGATIVE, margin=50.0, value=2.03,
                 gradient=[[7.8, 7.8, 8.2], [0.2, 0.2, -0.2], [-8, -8, -8]]),
           Known(ANCHOR, POSITIVE, NEGATIVE, margin=10.0, squared=False, value=3.2450018505)],
)
