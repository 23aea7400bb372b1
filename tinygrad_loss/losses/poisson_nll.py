"""Poisson negative log likelihood: counts, from a predicted rate.

    log_input       loss  exp(z) - y z        slope  exp(z) - y       z = pred, the logarithm of the rate
    not log_input   loss  p - y log p         slope  1 - y / p        p = pred, the rate itself
    full            + y log y - y + log(2 pi y) / 2  where y > 1      Stirling's log y!

For predicting how often something happens. y = target. The minimum over pred is at rate = y.

pred: real, or with log_input=False a rate >= 0. target: >= 0, of pred's shape. One item per element.
A rate of 0 costs 0 for the target 0, and inf for any other: PyTorch's eps, which hides this, is not
needed. A negative rate raises. An infinite rate, or one too large for a float, costs inf, unless the
target is infinite too: nan.
Source: S. D. Poisson 1837; J. Nelder and R. Wedderburn, Generalized Linear Models, 1972.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import exp, log
from .domain import NOT_NEGATIVE, REAL, Switch, boolean
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss

LOG_2_PI = math.log(2 * math.pi)
LOG_LARGEST = 709.782712893384                               # beyond, the rate is infinite


def composed(pred, target, log_input=True, full=False):
    rate, log_rate = (pred.exp(), pred) if log_input else (pred, pred.log())
    many = (target > 1) & (rate < np.inf) & full
    factor = where(many, log_rate - target.log() + 1, log_rate)
    gain = where((target == 0) | (rate == np.inf) & (target < np.inf), 0, target * factor)
    return rate - gain + where(many, 0.5 * (target.log() + LOG_2_PI), 0)


def kernel(pred, target, log_input, full):
    rate, log_rate = (exp(pred), pred) if log_input else (pred, log(pred))
    rate = np.inf if log_rate > LOG_LARGEST else rate        # for float32, exp ends below
    many = full and target > 1.0
    log_target = log(target)
    factor = log_rate - log_target + 1.0 if many else log_rate
    factor = 0.0 if rate == np.inf else factor
    gain = 0.0 if target == 0.0 else target * factor
    rest = 0.5 * (log_target + LOG_2_PI) if many else 0.0
    by_rate = 1.0 - (0.0 if target == 0.0 else target / pred)
    return rate - gain + rest, rate - target if log_input else by_rate


def exact(mp, pred, target, log_input, full):
    stirling = [target * mp.log(target), -target, mp.log(2 * mp.pi * target) / 2] if target > 1 else []
    if log_input:
        return [mp.exp(pred), -target * pred, *(stirling if full else [])]
    return [pred, -target * mp.log(pred) if target else 0, *(stirling if full else [])]


loss = Loss(
    composed, kernel, ELEMENTWISE, usual=2,
    domains={"pred": Switch("log_input", REAL, NOT_NEGATIVE), "target": NOT_NEGATIVE,
             "log_input": boolean(), "full": boolean()},
    seams=lambda pred, target, log_input, full: target - 1,
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=-math.inf),
    advice=Advice(task="regression", use="targets are counts",
                  avoid="counts vary more than their mean says"),
    known=[Known([0.0, 1.0], [1.0, 2.0], value=(1 + math.e - 2) / 2, gradient=[0.0, (math.e - 2) / 2]),
           Known([2.0, 0.0], [2.0, 0.0], log_input=False, value=1 - math.log(2), gradient=[0.0, 0.5])],
)
