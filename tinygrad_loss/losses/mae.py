"""Mean absolute error, the L1 loss.

    loss    |pred - target|
    slope   sign(pred - target), and 0 where they are equal

For regression with outliers: every sample pulls equally hard. Its best constant prediction is the
median of the targets.

pred, target: real, of equal shape. One item per element.
Source: Boscovich 1757; Laplace 1793.
"""

import math

from .domain import REAL
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (pred - target).abs()


def kernel(pred, target):
    error = pred - target
    size = abs(error)
    return size, math.copysign(1.0, error) if size > 0.0 else error       # 0, or nan


def exact(mp, pred, target):
    return abs(pred - target)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": REAL},
    kinks=lambda pred, target: pred - target,
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="regression", use="there are many outliers, or the median is wanted",
                  avoid="large errors must cost more than their share", lesson="04_squares"),
    known=[Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], value=2.1,
                 gradient=[0.2, 0.2, -0.2, 0.2, 0.2])],
)
