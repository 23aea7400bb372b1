"""Squared hinge loss: a hinge without its corner.

    gap = 1 - y z                       y = target, z = pred
    loss    max(0, gap)^2
    slope   -2 y max(0, gap)

For yes/no decisions with a margin, where the slope shall not jump. What is wrong by far pulls hardest, so
a mislabelled sample weighs more than under the hinge.

pred: real, a score. target: -1 or 1, of pred's shape; other labels raise. One item per element.
Source: C. Cortes and V. Vapnik, Support-Vector Networks, 1995; Y. Tang, Deep Learning Using Linear
Support Vector Machines, 2013.
"""

import math

from .domain import REAL, SIGN
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (1 - target * pred).relu() ** 2


def kernel(pred, target):
    gap = 1.0 - target * pred
    gap = 0.0 if gap < 0.0 else gap                          # nan stays nan
    return gap * gap, -2.0 * target * gap


def exact(mp, pred, target):
    return max(0, 1 - target * pred) ** 2


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": SIGN},
    seams=lambda pred, target: 1 - target * pred,
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="binary", use="a margin is wanted, and a slope that does not jump",
                  avoid="labels are noisy: the worst ones pull hardest"),
    known=[Known([1.5, 0.5, -1.0], [1, 1, 1], value=4.25 / 3, gradient=[0.0, -1 / 3, -4 / 3]),
           Known([1.0, -1.0, 3.0], [1, -1, -1], value=16 / 3, gradient=[0.0, 0.0, 8 / 3])],
)
