"""Binary cross entropy of logits, sigmoid included.

    loss    pos_weight y log(1 + exp(-z)) + (1 - y) log(1 + exp(z))       z = pred, y = target
    slope   (1 - y) sigmoid(z) - pos_weight y sigmoid(-z)                 = sigmoid(z) - y  for weight 1

For yes/no decisions, one or many per sample. Both terms are never negative, so no digit is lost in
the tails, and a wrong answer is pulled back with full force however sure it is.

pred: real, a logit. target: 0 to 1, soft labels welcome, of pred's shape. pos_weight > 0 multiplies
the positive part. One item per element. A logit of +-inf gives 0 for the right label, else inf.
Source: D. R. Cox, The Regression Analysis of Binary Sequences, 1958.
"""

import math

from ..engine import where
from ..fused.vmath import logistic
from .domain import REAL, UNIT, positive
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, pos_weight=1.0):
    sure = abs(pred) == math.inf                             # 0 * inf, when a sure answer is right
    missed = where(sure & (target == 0), 0, pos_weight * (target * (-pred).softplus()))
    false_alarm = where(sure & (target == 1), 0, (1 - target) * pred.softplus())
    return missed + false_alarm


def kernel(pred, target, pos_weight):
    yes, no = pos_weight * target, 1.0 - target
    e, p, tail = logistic(abs(pred))                         # exp(-|z|), sigmoid(|z|), softplus(-|z|)
    against = no if pred > 0.0 else target                   # what speaks against the sign of z
    linear = 0.0 if against == 0.0 else against * abs(pred)
    linear = linear if pred > 0.0 else pos_weight * linear
    slope = no - yes * e if pred > 0.0 else no * e - yes
    return (yes + no) * tail + linear, slope * p


def exact(mp, pred, target, pos_weight):
    return [pos_weight * target * mp.log(1 + mp.exp(-pred)), (1 - target) * mp.log(1 + mp.exp(pred))]


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": UNIT, "pos_weight": positive(0.3, 4.0)},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=lambda pos_weight: max(1.0, pos_weight),
                  minimum=0.0),
    advice=Advice(task="binary, multi-label, segmentation", use="a probability of yes is wanted",
                  avoid="easy negatives by the thousand drown the rest", lesson="07_logits"),
    known=[Known([2.3, -1.5, 0.8, -0.3, 1.7], [1, 0, 1, 0, 1], value=0.27804013647665720,
                 gradient=[-.0182245922, .0364851048, -.0620051038, .0851114966, -.0308930530]),
           Known([0.0, 0.0], [1, 0], value=0.6931471805599453, gradient=[-0.25, 0.25]),
           Known([40.0], [1], value=4.248354255291589e-18, gradient=[-4.248354255291589e-18])],
)
