"""Hinge embedding loss: like things shall be close, others farther apart than a margin.

    y = 1     loss  x                       slope  1                              x = pred, y = target
    y = -1    loss  max(0, margin - x)      slope  -1  where x < margin, else 0

For pairs whose distance x has been measured, by any metric. Unlike things that are far apart cost nothing.
Where the vectors themselves are at hand, take `contrastive` or `cosine_embedding`.

pred: real, a distance. target: 1 for alike, -1 for not, of pred's shape; other labels raise. margin: real.
One item per element. A negative pred is no distance but taken as it is; alike, it then costs less than 0.
Source: PyTorch, HingeEmbeddingLoss.
"""

import math

import numpy as np

from ..engine import where
from .domain import REAL, SIGN, real
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, margin=1.0):
    alike = pred.clip(max=math.inf)                          # as it is; but nan has slope nan
    return where(target == 1, alike, -target * (margin - pred).relu())   # -target is 1, or nan


def kernel(pred, target, margin):
    gap = margin - pred
    active = 1.0 if gap > 0.0 else 0.0 if gap <= 0.0 else gap             # nan stays nan
    apart = gap if gap > 0.0 else active
    alike = target == 1.0
    by_pred = 1.0 if pred == pred else pred
    return pred if alike else -target * apart, by_pred if alike else target * active


def exact(mp, pred, target, margin):
    return pred if target == 1 else max(0, margin - pred)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": SIGN, "margin": real(0.5, 3.0)},
    kinks=lambda pred, target, margin: np.where(target == 1, 1, margin - pred),
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=1.0, minimum=-math.inf),
    advice=Advice(task="similarity", use="the distance of each pair is given, by any metric",
                  avoid="the vectors are given: contrastive differentiates the distance too"),
    known=[Known([0.3, 0.3, 2.0], [1, -1, -1], value=1 / 3, gradient=[1 / 3, -1 / 3, 0.0]),
           Known([0.3, 0.3, 2.0], [1, -1, -1], margin=3.0, value=4 / 3, gradient=[1 / 3, -1 / 3, -1 / 3])],
)
