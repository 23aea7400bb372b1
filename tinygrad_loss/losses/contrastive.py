"""Contrastive loss: similar pairs together, others apart by a margin.

    D = |a - b|
    loss    D^2 / 2   where label = 1         max(0, margin - D)^2 / 2   where label = 0
    slopes  da = a - b                        da = (1 - margin / D) (a - b)  where 0 < D < margin, else 0
            db = -da

For embeddings learnt from pairs. label 1 means similar, 0 dissimilar; the opposite convention is as
common, so look twice. Two dissimilar points in one place have no direction to flee: slope 0.

a, b: real, (N, D) or (D,), of equal shape; label: 0 or 1, one for each pair. margin > 0. One item per
pair.
Source: R. Hadsell, S. Chopra and Y. LeCun, Dimensionality Reduction by Learning an Invariant Mapping, 2006.
"""

import math

from ..engine import where
from ..fused.vmath import dot, scaled
from .domain import BINARY, REAL, per_item, positive
from .family import PAIRS
from .loss import Advice, Claims, Known, Loss


def composed(a, b, label, margin=1.0):
    apart = a - b
    squares = (apart * apart).sum(axis=1)
    near = apart.clip(-margin, margin)                       # what is too far is not looked at: it may be inf
    short = (margin - near.norm(axis=1)).relu()              # of the margin
    return 0.5 * (where(label == 0, 0, label * squares) + where(label == 1, 0, (1 - label) * short ** 2))


def kernel(a, b, label, da, db, margin):
    for i in range(a.size):
        da[i] = a[i] - b[i]
    squares = dot(da, da)
    up, length = scaled(da, db)                              # |a - b| = length / up, db = up (a - b)
    d = length / up
    short = 0.0 if d >= margin else margin - d
    push = 0.0 if short == 0.0 or d == 0.0 else short / length
    for i in range(a.size):
        away = label - push * db[i] if push != 0.0 else label            # label is 0 here, or nan
        da[i] = da[i] if label == 1.0 else away
        db[i] = -da[i]
    return 0.5 * squares if label == 1.0 else label + 0.5 * short * short


def kinks(a, b, label, margin):
    return label + abs(a - b).max(-1)                        # dissimilar, in one place


def seams(a, b, label, margin):
    return ((a - b) ** 2).sum(-1) ** 0.5 - margin


def exact(mp, a, b, label, margin):
    squares = sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    if label == 1:
        return squares / 2
    d = min(mp.sqrt(squares), margin)
    return [margin ** 2 / 2, -margin * d, d ** 2 / 2]        # (margin - d)^2 / 2


loss = Loss(
    composed, kernel, PAIRS,
    domains={"a": REAL, "b": REAL, "label": per_item(BINARY), "margin": positive(0.5, 3.0)},
    kinks=kinks, seams=seams,
    exact=exact,
    claims=Claims(convex=False, symmetric=True, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="similarity", use="pairs are known to be alike or not",
                  avoid="distances matter only by their order: triplet"),
    known=[Known([1.0, 2.0, 3.0], [1.1, 2.1, 2.9], 1, value=0.015,
                 gradient=[[-0.1, -0.1, 0.1], [0.1, 0.1, -0.1]]),
           Known([1.0, 2.0, 3.0], [5.0, 6.0, 7.0], 0, value=0.0),
           Known([1.0, 2.0, 3.0], [5.0, 6.0, 7.0], 0, margin=10.0, value=4.7179676972,
                 gradient=[[1.7735026919] * 3, [-1.7735026919] * 3])],
)
