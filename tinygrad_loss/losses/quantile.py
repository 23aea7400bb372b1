"""Quantile loss, also called pinball loss.

    loss    q e  where e > 0,  (q - 1) e  where e < 0        e = target - pred, q = quantile
    slope   -q,                1 - q,                        and 0 where e = 0

For predicting a quantile: its best constant prediction is the q-quantile of the targets. For 0.9 it is
9 times worse to predict too little than too much.

pred, target: real, of equal shape; quantile from 0 to 1. One item per element.
Source: R. Koenker and G. Bassett, Regression Quantiles, 1978.
"""

from ..engine import where
from .domain import REAL, unit
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, quantile=0.5):
    half = 0.5 * target - 0.5 * pred                         # half: cannot overflow
    rate = where(target > pred, quantile, where(target < pred, quantile - 1, half))      # half: 0, or nan
    return 2 * (rate * half)


def kernel(pred, target, quantile):
    half = 0.5 * target - 0.5 * pred
    if target > pred:
        return 2.0 * (quantile * half), -quantile
    if target < pred:
        return 2.0 * ((quantile - 1.0) * half), 1.0 - quantile
    return half, half                                        # 0, or nan


def exact(mp, pred, target, quantile):
    error = target - pred
    return max(quantile * error, (quantile - 1) * error)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": REAL, "quantile": unit(0.1, 0.9)},
    kinks=lambda pred, target, quantile: target - pred,
    exact=exact,
    claims=Claims(convex=True, minimum=0.0,
                  symmetric=lambda quantile: quantile == 0.5,
                  lipschitz=lambda quantile: max(quantile, 1 - quantile)),
    advice=Advice(task="regression", use="a quantile is wanted, or an interval from two of them",
                  avoid="the mean is wanted"),
    known=[Known([0.0, 0.0], [2.0, -2.0], quantile=0.9, value=1.0, gradient=[-0.45, 0.05]),
           Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], value=1.05)],
)
