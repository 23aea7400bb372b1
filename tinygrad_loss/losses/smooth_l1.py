"""Smooth L1 loss: the absolute error with its corner rounded off.

    e = pred - target
    loss    e^2 / (2 beta)   where |e| < beta        |e| - beta / 2   elsewhere
    slope   e / beta,                                sign(e)

For regression with some outliers, as in object detection. It is the Huber loss divided by its delta,
so that the slope far away is 1 for every beta. beta = 0 gives the absolute error.

pred, target: real, of equal shape; beta >= 0. One item per element.
Source: R. Girshick, Fast R-CNN, 2015.
"""

from ..engine import where
from .domain import REAL, not_negative
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, beta=1.0):
    error = pred - target
    size = error.abs()
    return where(size < beta, 0.5 * error * (error / beta), size - 0.5 * beta) if beta else size


def kernel(pred, target, beta):
    error = pred - target
    size = abs(error)
    sign = 1.0 if error > 0.0 else -1.0 if error < 0.0 else error          # 0, or nan
    slope = error / beta if size < beta else sign
    return 0.5 * slope * error if size < beta else size - 0.5 * beta, slope


def exact(mp, pred, target, beta):
    size = abs(pred - target)
    return size ** 2 / (2 * beta) if size < beta else size - beta / 2


PRED, TARGET = [1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0]

loss = Loss(
    composed, kernel, ELEMENTWISE, usual=1,
    domains={"pred": REAL, "target": REAL, "beta": not_negative(0.0, 0.1, 2.0)},
    seams=lambda pred, target, beta: abs(pred - target) - beta,
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="regression, object detection", use="huber is wanted, with slopes up to 1, always",
                  avoid="data are clean"),
    known=[Known(PRED, TARGET, value=1.907, gradient=[0.02, 0.04, -0.02, 0.02, 0.2]),
           Known(PRED, TARGET, beta=0.1, value=2.05), Known(PRED, TARGET, beta=2.0, value=1.8035),
           Known(PRED, TARGET, beta=0.0, value=2.1, gradient=[0.2, 0.2, -0.2, 0.2, 0.2])],
)
