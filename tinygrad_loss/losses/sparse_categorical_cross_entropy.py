"""Cross entropy of probabilities and an integer label: one class out of many.

    loss    -weight_y log p_y                          p = pred, one row per item; y = target, its label
    slope   -weight_y / p_y  for the label's class     0 for all others

For a model that ends in a softmax of its own. From logits, cross_entropy is the better choice: p_y that
was rounded to 0 or 1 has lost what the logits still knew. Nothing but the label's number is looked at.

pred: rows of probabilities, (N, C), (C,) or (N, C, d...); a row that does not sum to 1 raises, it may be
logits. target: integer labels, of pred's shape without C. weight: one number per class; an item labelled
`ignore_index` costs nothing and does not count: the mean divides by the sum of weight[label] over the
others. Nothing is clipped: p_y = 0 costs inf and has the slope that belongs to it, -inf (both 0 for weight
0). A floor such as Keras's 1e-7 would hold a sure wrong answer at 16.1 and take its slope away.
Source: I. J. Good, Rational Decisions, 1952.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import log
from .domain import LABELS, PROBABILITIES, class_weights, integer
from .family import LABEL
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None, ignore_index=-100):
    label = np.where(target == ignore_index, 0, target)
    weight = np.where(target == ignore_index, 0, weight[label])
    own = pred[np.arange(len(label)), label]
    return where(weight > 0, -weight * own.log(), 0)


def kernel(own, weight, ignore_index):
    if weight == 0.0:
        return 0.0, 0.0
    return -weight * log(own), -weight / own


def exact(mp, pred, target, weight, ignore_index):
    if target == ignore_index or weight[target] == 0:
        return 0
    return -weight[target] * (mp.log(pred[target]) if pred[target] else -mp.inf)


P = [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]]

loss = Loss(
    composed, kernel, LABEL,
    domains={"pred": PROBABILITIES, "target": LABELS, "weight": class_weights(),
             "ignore_index": integer(0)},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="multi-class", use="the model gives probabilities, and labels are integers",
                  avoid="logits are at hand: cross_entropy keeps their digits", lesson="10_sparse"),
    known=[Known(P, [0, 2, 1, 0, 2], value=0.47272195896636404,
                 gradient=[[-2 / 7, 0, 0], [0, 0, -2 / 7], [0, -1 / 3, 0], [-1 / 4, 0, 0], [0, 0, -1 / 2]]),
           Known([[0.5, 0.5], [0.0, 1.0]], [0, 0], value=math.inf, gradient=[[-1, 0], [-math.inf, 0]])],
)
