"""Soft margin loss of several labels: binary cross entropy of each class, averaged over the classes.

    loss    1/C  sum over classes of  weight (t log(1 + exp(-z)) + (1 - t) log(1 + exp(z)))
    slope   weight ((1 - t) sigmoid(z) - t sigmoid(-z)) / C               z = pred, t = target

For tags: any number of classes may be right at once, each one a yes or no of its own. It is
bce_with_logits with weights per class and one item per row.

pred: real, logits, (N, C), (C,) or (N, C, d...). target: 0 or 1, of pred's shape. weight: one number per
class. The mean divides by the number of rows. A logit of +-inf costs 0 for the right answer, else inf.
Source: D. R. Cox, The Regression Analysis of Binary Sequences, 1958.
"""

import math

from ..engine import where
from ..fused.vmath import logistic
from .domain import BINARY, REAL, class_weights
from .family import CLASSES
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None):
    sure = abs(pred) == math.inf                             # 0 * inf, when a sure answer is right
    missed = where(sure & (target == 0), 0, target * (-pred).softplus())
    false_alarm = where(sure & (target == 1), 0, (1 - target) * pred.softplus())
    return where(weight == 0, 0, weight / pred.shape[1] * (missed + false_alarm)).sum(axis=1)


def kernel(pred, target, share):
    yes, no = target, 1.0 - target
    e, p, tail = logistic(abs(pred))                         # exp(-|z|), sigmoid(|z|), softplus(-|z|)
    against = no if pred > 0.0 else yes                      # what speaks against the sign of z
    linear = 0.0 if against == 0.0 else against * abs(pred)
    slope = no - yes * e if pred > 0.0 else no * e - yes
    return 0.0 if share == 0.0 else share * (tail + linear), share * (slope * p)


def exact(mp, pred, target, weight):
    items = zip(pred, target, weight, strict=True)
    return sum(w * mp.log(1 + mp.exp(-z if t else z)) for z, t, w in items if w) / len(pred)


loss = Loss(
    composed, kernel, CLASSES,
    domains={"pred": REAL, "target": BINARY, "weight": class_weights()},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0,
                  lipschitz=lambda weight: max(weight) / len(weight)),
    advice=Advice(task="multi-label", use="several classes may be right at once",
                  avoid="exactly one class is right"),
    known=[Known([[0.0, 0.0]], [[1, 0]], value=0.6931471805599453, gradient=[[-0.25, 0.25]]),
           Known([[1000.0, -1000.0]], [[0, 0]], value=500.0, gradient=[[0.5, 0.0]])],
)
