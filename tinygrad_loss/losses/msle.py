"""Mean squared logarithmic error: the squared error of log(1 + x).

    d = log(1 + pred) - log(1 + target)
    loss    d^2
    slope   2 d / (1 + pred)

For counts and prices over many orders of magnitude: what matters is the ratio. A prediction that is
too small costs more than one that is too large by as much. Near the target the two logarithms would
cancel; log1p of the relative difference does not.

pred, target: numbers above -1, of equal shape. One item per element. (Keras lifts smaller numbers
to 0, where the slope is lost; here they raise.)
Source: Kaggle competitions since 2011; Keras, MeanSquaredLogarithmicError.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import log1p_of_ratio
from .domain import ABOVE_MINUS_ONE
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    above = ((pred - target) / (1 + target)).log1p()
    below = -((target - pred) / (1 + pred)).log1p()
    apart = pred.log1p() - target.log1p()                    # far apart: nothing cancels
    near = ((pred < 0) == (target < 0)) & (target < np.inf)
    return where(near, where(pred > target, above, below), apart) ** 2


def kernel(pred, target):
    high = pred > target
    difference = pred - target if high else target - pred
    size = log1p_of_ratio(difference, 1.0 + (target if high else pred))
    slope = 2.0 * size / (1.0 + pred)
    return size * size, slope if high else -slope


def exact(mp, pred, target):
    return mp.log((1 + pred) / (1 + target)) ** 2


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": ABOVE_MINUS_ONE, "target": ABOVE_MINUS_ONE},
    exact=exact,
    claims=Claims(convex=False, symmetric=True, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="regression", use="targets span powers of ten, and ratios matter",
                  avoid="targets may be negative, or errors add up"),
    known=[Known([0.0, 3.0], [1.0, 1.0], value=0.4804530139182014,
                 gradient=[-0.6931471805599453, 0.17328679513998632]),
           Known([99.0], [9.0], value=5.301898110478399, gradient=[0.046051701859880914])],
)
