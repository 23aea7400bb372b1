"""Soft margin loss, also called logistic loss: binary cross entropy for labels of -1 and 1.

    loss    log(1 + exp(-y z))          y = target, z = pred
    slope   -y sigmoid(-y z)

For yes/no decisions: a hinge rounded off, whose minimum tells the probability, sigmoid(z). It equals
`bce_with_logits` for the target (y + 1) / 2.

pred: real, a logit. target: -1 or 1, of pred's shape; other labels raise. One item per element. For large
scores, the exponential of the textbook overflows and its logarithm loses all digits; here neither happens.
Source: D. R. Cox, The Regression Analysis of Binary Sequences, 1958.
"""

from ..fused.vmath import logistic
from .domain import REAL, SIGN
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (-target * pred).softplus()


def kernel(pred, target):
    against = -target * pred
    e, p, tail = logistic(abs(against))                      # exp(-|z|), sigmoid(|z|), softplus(-|z|)
    wrong = against > 0.0
    return tail + (against if wrong else 0.0), -target * (p if wrong else e * p)


def exact(mp, pred, target):
    return mp.log(1 + mp.exp(-target * pred))


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": SIGN},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="binary", use="labels are -1 and 1, and a probability is wanted",
                  avoid="labels are 0 and 1, or soft: take bce_with_logits"),
    known=[Known([0.0, 0.0], [1, -1], value=0.6931471805599453, gradient=[-0.25, 0.25]),
           Known([1000.0, 1000.0], [-1, 1], value=500.0, gradient=[0.5, 0.0]),
           Known([40.0], [1], value=4.248354255291589e-18, gradient=[-4.248354255291589e-18])],
)
