"""Binary cross entropy of logits, sigmoid included.

    loss    pos_weight y log(1 + exp(-z)) + (1 - y) log(1 + exp(z))       z = pred, y = target
    slope   (1 - y) sigmoid(z) - pos_weight y sigmoid(-z)                 = sigmoid(z) - y  for weight 1

For yes/no decisions, one or many per sample. Both terms are never negative, so no digit is lost in
the tails, and a wrong answer is pulled back with full force however sure it is.

pred: real, a logit. target: 0 to 1, soft labels welcome, of pred's shape. pos_weight > 0 multiplies
the positive part. label_smoothing s, from 0 to 1, first moves y towards 1/2: to (1 - s) y + s / 2.
One item per element. A logit of +-inf gives 0 for the right label, if it is not smoothed; else inf.
Source: D. R. Cox, The Regression Analysis of Binary Sequences, 1958; C. Szegedy et al., Rethinking the
Inception Architecture, 2016 (label smoothing).
"""

import math

from ..engine import where
from ..fused.vmath import logistic
from .domain import REAL, UNIT, positive, unit
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, pos_weight=1.0, label_smoothing=0.0):
    yes, no = target, 1 - target
    if label_smoothing:
        yes, no = ((1 - label_smoothing) * y + label_smoothing / 2 for y in (yes, no))
    sure = abs(pred) == math.inf                             # 0 * inf, when a sure answer is right
    missed = where(sure & (yes == 0), 0, pos_weight * (yes * (-pred).softplus()))
    false_alarm = where(sure & (no == 0), 0, no * pred.softplus())
    return missed + false_alarm


def kernel(pred, target, pos_weight, label_smoothing):
    keep, share = 1.0 - label_smoothing, 0.5 * label_smoothing
    yes, no = keep * target + share, keep * (1.0 - target) + share
    e, p, tail = logistic(abs(pred))                         # exp(-|z|), sigmoid(|z|), softplus(-|z|)
    against = no if pred > 0.0 else yes                      # what speaks against the sign of z
    linear = 0.0 if against == 0.0 else against * abs(pred)
    linear = linear if pred > 0.0 else pos_weight * linear
    yes = pos_weight * yes
    slope = no - yes * e if pred > 0.0 else no * e - yes
    return (yes + no) * tail + linear, slope * p


def exact(mp, pred, target, pos_weight, label_smoothing):
    yes, no = ((1 - label_smoothing) * y + label_smoothing / 2 for y in (target, 1 - target))
    return [pos_weight * yes * mp.log(1 + mp.exp(-pred)), no * mp.log(1 + mp.exp(pred))]


loss = Loss(
    composed, kernel, ELEMENTWISE, usual=2,
    domains={"pred": REAL, "target": UNIT, "pos_weight": positive(0.3, 4.0),
             "label_smoothing": unit(1.0, 0.1)},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0,
                  lipschitz=lambda pos_weight, label_smoothing: max(1.0, pos_weight)
                  * (1 - label_smoothing / 2)),
    advice=Advice(task="binary, multi-label, segmentation", use="a probability of yes is wanted",
                  avoid="easy negatives by the thousand drown the rest", lesson="07_logits"),
    known=[Known([2.3, -1.5, 0.8, -0.3, 1.7], [1, 0, 1, 0, 1], value=0.27804013647665720,
                 gradient=[-.0182245922, .0364851048, -.0620051038, .0851114966, -.0308930530]),
           Known([0.0, 0.0], [1, 0], value=0.6931471805599453, gradient=[-0.25, 0.25]),
           Known([2.0, -1.0], [1, 0], label_smoothing=0.1, value=0.2950948492805976,
                 gradient=[-0.034601461011058876, 0.10947071068499756]),
           Known([40.0], [1], value=4.248354255291589e-18, gradient=[-4.248354255291589e-18])],
)
