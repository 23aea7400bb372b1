"""Negative log likelihood of labels, from logarithms of probabilities.

    loss    -weight_y log p_y                    log p = pred, one row per item; y = target, its label
    slope   -weight_y  for the label's class     0 for all others

For one class out of many, where something else has made the logarithms: nll(log_softmax(z), y) is
cross_entropy(z, y), which is quicker and the better choice for logits. Nothing but the label's number is
looked at.

pred: rows of log probabilities, (N, C), (C,) or (N, C, d...), -inf welcome; a row whose exponentials do
not sum to 1 raises, so that logits or probabilities cannot be taken for their logarithms. target: integer
labels, of pred's shape without C. weight: one number per class; an item labelled `ignore_index` costs
nothing and does not count: the mean divides by the sum of weight[label] over the others. log p = -inf at
the label costs inf, with the same slope; with weight 0 it costs 0.
Source: R. A. Fisher, On the Mathematical Foundations of Theoretical Statistics, 1922.
"""

import numpy as np

from ..engine import where
from .domain import LABELS, LOG_PROBABILITIES, class_weights, integer
from .family import LABEL
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None, ignore_index=-100):
    label = np.where(target == ignore_index, 0, target)
    weight = np.where(target == ignore_index, 0, weight[label])
    own = pred[np.arange(len(label)), label].clip(max=0)     # as it is; but nan has slope nan
    return where(weight > 0, -weight * own, 0)


def kernel(own, weight, ignore_index):
    return 0.0 if weight == 0.0 else -weight * own, -weight if own <= 0.0 else own


def exact(mp, pred, target, weight, ignore_index):
    ignored = target == ignore_index or weight[target] == 0
    return 0 if ignored else -weight[target] * pred[target]


loss = Loss(
    composed, kernel, LABEL,
    domains={"pred": LOG_PROBABILITIES, "target": LABELS, "weight": class_weights(),
             "ignore_index": integer(0)},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0,
                  lipschitz=lambda weight, ignore_index: max(weight)),
    advice=Advice(task="multi-class", use="log probabilities are at hand, not logits",
                  avoid="logits are at hand: cross_entropy is quicker"),
    known=[Known(np.log([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]), [0, 1], value=1.5 * np.log(2),
                 gradient=[[-0.5, 0, 0], [0, -0.5, 0]]),
           Known(np.log([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]), [0, 1], weight=[1, 3, 1],
                 value=7 / 4 * np.log(2), gradient=[[-0.25, 0, 0], [0, -0.75, 0]]),
           Known([[-np.inf, 0.0]], [0], value=np.inf, gradient=[[-1, 0]])],
)
