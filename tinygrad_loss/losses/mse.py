"""Mean squared error, the L2 loss.

    loss    (pred - target)^2
    slope   2 (pred - target)

For regression with errors of the Gaussian kind; one outlier outweighs many small errors. Its best
constant prediction is the mean of the targets.

pred, target: real, of equal shape. One item per element.
Source: Legendre 1805; Gauss 1809.
"""

import math

from .domain import REAL
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (pred - target) ** 2


def kernel(pred, target):
    error = pred - target
    return error * error, 2.0 * error


def exact(mp, pred, target):
    return (pred - target) ** 2


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": REAL},
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="regression", use="errors are Gaussian and large ones should count most",
                  avoid="there are outliers: one outvotes many", lesson="04_squares"),
    known=[Known([2.3, 1.2, 3.0, 0.8, 3.9], [2.5, 1.0, 3.2, 0.5, 4.1], value=0.05,
                 gradient=[-0.08, 0.08, -0.08, 0.12, -0.08])],
)
