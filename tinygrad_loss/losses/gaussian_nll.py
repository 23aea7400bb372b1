"""Gaussian negative log likelihood: a prediction that says how sure it is.

    v = max(var, eps)      e = pred - target
    loss    (log v + e^2 / v) / 2            + log(2 pi) / 2 with full
    slopes  dpred = e / v      dtarget = -e / v      dvar = (1 / v - (e / v)^2) / 2, and 0 below eps

For regression with a noise level of its own for each sample: the network gives mean and variance. At
the best variance, v = e^2.

pred, target: real; var: >= 0; all of equal shape. eps > 0 is the least variance. One item per element.
A negative variance raises. Below eps the loss does not depend on var, so the slope is 0 there; PyTorch
gives the slope that var = eps would have.
Source: D. Nix and A. Weigend, Estimating the Mean and Variance of the Target Probability, 1994.
"""

import math

from ..engine import where
from ..fused.vmath import log
from .domain import NOT_NEGATIVE, REAL, boolean, positive
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


def composed(pred, target, var, full=False, eps=1e-6):
    v = where(var < eps, eps, var)
    error = pred - target
    halved = where(v < 1, error / (2 * v), 0.5 * error / v)  # 2 v shall not overflow, nor 0.5 e vanish
    loss = 0.5 * v.log() + error * halved
    return loss + HALF_LOG_2_PI if full else loss


def kernel(pred, target, var, full, eps):
    v = eps if var < eps else var
    error = pred - target
    slope = error / v
    dvar = 0.0 if var < eps else 0.5 / v - 0.5 * slope * slope
    return 0.5 * log(v) + error * (0.5 * slope) + (HALF_LOG_2_PI if full else 0.0), slope, -slope, dvar


def exact(mp, pred, target, var, full, eps):
    v = max(var, eps)
    return [mp.log(v) / 2, (pred - target) ** 2 / (2 * v), mp.log(2 * mp.pi) / 2 if full else 0]


loss = Loss(
    composed, kernel, ELEMENTWISE.with_slopes(3),
    domains={"pred": REAL, "target": REAL, "var": NOT_NEGATIVE._replace(examples=(0.0, 1e-6, 0.5, 1.0)),
             "full": boolean(), "eps": positive(0.5)},
    kinks=lambda pred, target, var, full, eps: var - eps,
    exact=exact,
    claims=Claims(convex=False, symmetric=True, lipschitz=math.inf,
                  minimum=lambda full, eps: 0.5 * math.log(eps) + (HALF_LOG_2_PI if full else 0.0)),
    advice=Advice(task="regression", use="the error bars are wanted too, or differ from case to case",
                  avoid="data are few, or outliers many"),
    known=[Known([1.0, 2.0], [0.0, 2.0], [0.5, 4.0], value=0.6732867951399863,
                 gradient=[[1.0, 0.0], [-1.0, 0.0], [-0.5, 0.0625]]),
           Known([0.0], [0.0], [1.0], full=True, value=0.9189385332046727)],
)
