"""Cross entropy of logits, softmax included: one class out of many.

    p = softmax(z)                                           z = pred, one row per item
    loss    sum over classes c of  weight_c q_c (-log p_c)
    slope   p sum(weight q) - weight q                       = p - q  for weights 1

q is 1 at the label and 0 elsewhere, or the given row of probabilities; with `label_smoothing` s it becomes
(1 - s) q + s / C. For a label y alone, -log p_y is log1p of the sum of exp(z_c - z_y) over the others.

pred: real, (N, C), (C,) or (N, C, d...). target: labels, of pred's shape without C, or probabilities of its
shape. weight: one number per class. An item labelled `ignore_index` costs nothing: the mean divides by the
sum of weight[label] over the others; for probabilities, by the number of items. A logit of -inf takes no
part; a row of nothing else costs inf and has slope 0; logits of +inf share, as in any tie.
Source: I. J. Good, Rational Decisions, 1952; smoothing: C. Szegedy et al. 2016.
"""

import numpy as np

from ..engine import where
from ..fused.logits import cost, cross_entropy, surprise
from .domain import LABELS, PROBABILITIES, REAL, class_weights, integer, unit
from .family import SOFTMAX
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    ignored = np.asarray(target == ignore_index if target.ndim == 1 else False)
    pred = where(ignored[:, None], 0, pred) if ignored.any() else pred           # it may hold anything
    z, log_p, n_classes = pred, pred.log_softmax(axis=1), pred.shape[1]
    if target.ndim == 1 and not label_smoothing:             # of each row, the label's class alone
        label = np.where(ignored, 0, target)[:, None]
        here = np.arange(len(label))[:, None], label
        q, z, log_p = weight[label], z[here], log_p[here]
    else:
        q = np.arange(n_classes) == target[:, None] if target.ndim == 1 else target
        q = weight * ((1 - label_smoothing) * q + label_smoothing / n_classes)
    cost, lost = -q * log_p, log_p == -np.inf
    if lost.any():                                           # log p overflows, where q log p may not
        half_gap = 0.5 * pred.logsumexp(axis=1, keepdims=True) - 0.5 * z
        cost = where(lost & (abs(half_gap) < np.inf), 2 * (q * half_gap), cost)
        cost = where(lost & (q == 0), 0, cost)
    return where(ignored, 0, cost.sum(axis=1)) if ignored.any() else cost.sum(axis=1)


def kernel(own, others, half_gap, weight, ignore_index, label_smoothing):
    share = 0.0 if own + others == 0.0 else weight / (own + others)
    return cost(weight, *surprise(own, others, half_gap)), -(others * share), share


def softens(weight, ignore_index, label_smoothing):
    return label_smoothing > 0.0


def kernel_for_probabilities(pred, target, dpred, weight, ignore_index, label_smoothing):
    for c in range(pred.size):                               # target, the driver's own copy, becomes q
        target[c] = weight[c] * ((1.0 - label_smoothing) * target[c] + label_smoothing / pred.size)
    return cross_entropy(pred, target, dpred)


def exact(mp, pred, target, weight, ignore_index, label_smoothing):
    if target == ignore_index:
        return 0
    q = target if isinstance(target, list) else [int(c == target) for c in range(len(pred))]
    q = [(1 - label_smoothing) * q[c] + label_smoothing / len(q) for c in range(len(q))]
    log_total = mp.log(sum(map(mp.exp, pred)))
    return [weight[c] * q[c] * (log_total - z) for c, z in enumerate(pred)]


loss = Loss(
    composed, kernel, SOFTMAX, kernel_for_rows=kernel_for_probabilities, softens=softens,
    domains={"pred": REAL, "target": (LABELS, PROBABILITIES), "weight": class_weights(),
             "ignore_index": integer(0), "label_smoothing": unit(0.1, 1.0)}, exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0, lipschitz=lambda weight, **_: max(weight)),
    advice=Advice(task="multi-class", use="one class out of many is right (weight helps rare ones)",
                  avoid="several classes may be right at once", lesson="09_softmax"),
    known=[Known([[2.0, 1.0, 0.1]] * 3, [0, 1, 2], weight=[1, 2, 3], value=1.7003633496111665),
           Known([[-np.inf, 0.0, 0.0]], [1], value=0.6931471805599453, gradient=[[0.0, -0.5, 0.5]]),
           Known([[2.0, 1.0, 0.1]], [0], label_smoothing=0.1, value=0.5136966829),
           Known([[0.0] * 10], [3], value=2.302585092994046)],
)
