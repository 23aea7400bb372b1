"""Log-cosh loss: squared near the target, absolute far from it, smooth everywhere.

    loss    log cosh e            e = pred - target
    slope   tanh e

For regression with some outliers, where a second derivative is wanted too: it is e^2 / 2 for small
errors and |e| - log 2 for large ones. cosh itself would overflow from |e| = 711 on and lose e^2 below
1e-8, so both paths go round it, each in its own way.

pred, target: real, of equal shape. One item per element.
Source: P. Green, Bayesian Reconstructions From Emission Tomography Data, 1990.
"""

import math

from ..engine import where
from ..fused.vmath import expm1, log1p
from .domain import REAL
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss

LOG_2 = math.log(2)


def composed(pred, target):
    error = pred - target
    size = error.abs()
    near = -0.5 * (-error.tanh() ** 2).log1p()               # cosh^2 = 1 / (1 - tanh^2)
    far = size + (-2 * size).softplus() - LOG_2              # cosh e = exp(|e|) (1 + exp(-2 |e|)) / 2
    return where(size < 1, near, far)


def kernel(pred, target):
    error = pred - target
    size = abs(error)
    u = expm1(-size)
    e = 1.0 + u                                              # exp(-|e|)
    near = size < 1.0
    rest = u * u / (2.0 * e) if near else e * e              # cosh e - 1, or exp(-2 |e|)
    slope = -u * (2.0 + u) / (1.0 + e * e)                   # (1 - exp(-2 |e|)) / (1 + exp(-2 |e|))
    return (0.0 if near else size - LOG_2) + log1p(rest), slope if error > 0.0 else -slope


def exact(mp, pred, target):
    return mp.log((mp.exp(pred - target) + mp.exp(target - pred)) / 2)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": REAL},
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="regression", use="huber is wanted without a threshold and smooth to every order",
                  avoid="the threshold should be chosen"),
    known=[Known([1.1, 2.2, 2.9, 4.1, 15.0], [1.0, 2.0, 3.0, 4.0, 5.0], value=1.8683391920),
           Known([1000.0], [0.0], value=999.3068528194401, gradient=[1.0]),
           Known([1e-9], [0.0], value=5e-19, gradient=[1e-9])],
)
