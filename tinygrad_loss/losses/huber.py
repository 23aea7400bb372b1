"""Huber loss: squared near the target, linear far from it.

    e = pred - target
    loss    e^2 / 2                   where |e| <= delta
            delta (|e| - delta / 2)   elsewhere
    slope   e, held within -delta and delta

For regression with some outliers: the slope never exceeds delta. For large delta it is half the
squared error; divided by delta, it approaches the absolute error as delta goes to 0.

pred, target: real, of equal shape; delta > 0. One item per element.
Source: P. J. Huber, Robust Estimation of a Location Parameter, 1964.
"""

from ..engine import where
from .domain import REAL, positive
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, delta=1.0):
    error, half = pred - target, 0.5 * pred - 0.5 * target               # half: cannot overflow
    return where(error.abs() <= delta, 0.5 * error ** 2, 2 * (delta * (half.abs() - 0.25 * delta)))


def kernel(pred, target, delta):
    error, half = pred - target, 0.5 * pred - 0.5 * target   # half: cannot overflow
    slope = error
    if error > delta:
        slope = delta
    if error < -delta:
        slope = -delta
    return 2.0 * (slope * (half - 0.25 * slope)), slope      # both branches in one product


def exact(mp, pred, target, delta):
    size = abs(pred - target)
    return size ** 2 / 2 if size <= delta else delta * (size - delta / 2)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": REAL, "delta": positive(0.1, 0.5, 2.0)},
    seams=lambda pred, target, delta: abs(pred - target) - delta,
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=lambda delta: delta, minimum=0.0),
    advice=Advice(task="regression", use="errors are Gaussian but for some outliers",
                  avoid="data are clean: delta is one more thing to choose", lesson="05_huber"),
    known=[Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], value=1.907,
                 gradient=[0.02, 0.04, -0.02, 0.02, 0.2]),
           Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], delta=0.1, value=0.205,
                 gradient=[0.02, 0.02, -0.02, 0.02, 0.02]),
           Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], delta=10.0, value=10.007)],
)
