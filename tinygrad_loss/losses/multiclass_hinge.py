"""Hinge loss of several classes: the label's score above every other one by a margin.

    gap_c = margin - (z_y - z_c)  for each class c other than y           z = pred, y = target
    loss    weight_y / C  sum of max(0, gap_c)^p                          p = 1 or 2
    slopes  where gap_c > 0:  dz_c = weight_y / C,  for p = 2 times 2 gap_c;  else 0
            dz_y = -(the sum of all dz_c)

For one class out of many where only the decision counts: a support vector machine. What is right by the
margin costs nothing. With p = 2 it is smooth, and a large violation counts more.

pred: real scores, (N, C), (C,) or (N, C, d...). target: integer labels, of pred's shape without C. margin:
real; weight: one number per class. The mean divides by the number of items, as in PyTorch: weights make
items dearer, where in cross_entropy they shift the mean. Two scores of +inf give nan if one is the label's.
Source: J. Weston and C. Watkins, Support Vector Machines for Multi-Class Pattern Recognition, 1999.
"""

import math

import numpy as np

from ..engine import where
from ..fused.vmath import total
from .domain import LABELS, REAL, choice, class_weights, real
from .family import ROWS
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, margin=1.0, p=1, weight=None):
    own, w = np.arange(pred.shape[1]) == target[:, None], weight[target] / pred.shape[1]
    label = where(own, pred, 0).sum(axis=1, keepdims=True)
    half = (0.5 * margin - (0.5 * label - 0.5 * pred)).relu()            # of the gap: cannot overflow
    half, w = where(own | (w == 0)[:, None], 0, half), w[:, None]
    return (4 * w * half * half if p == 2 else 2 * w * half).sum(axis=1)


def kernel(pred, target, dpred, margin, p, weight):
    w, own = weight[target] / pred.size, 0.5 * pred[target]
    for c in range(pred.size):
        half = 0.5 * margin - (own - 0.5 * pred[c])          # of the gap: cannot overflow
        cost = 4.0 * w * half * half if p == 2 else 2.0 * w * half
        dpred[c] = 0.0 if half <= 0.0 or c == target or w == 0.0 else cost
    loss = total(dpred)
    for c in range(pred.size):
        half = 0.5 * margin - (own - 0.5 * pred[c])
        slope = 4.0 * w * half if p == 2 else w if half > 0.0 else half   # nan stays nan
        dpred[c] = 0.0 if half <= 0.0 or c == target or w == 0.0 else slope
    dpred[target] = -total(dpred)
    return loss


def gaps(pred, target, margin, p, weight):
    """What is 0 at a kink; nothing is where the label meets itself."""
    gap = margin - (np.take_along_axis(pred, target[..., None], -1) - pred)
    return np.where(np.arange(pred.shape[-1]) == target[..., None], 1.0, gap)


def exact(mp, pred, target, margin, p, weight):
    w, terms = weight[target] / len(pred), []
    for z in (z for c, z in enumerate(pred) if c != target):
        a, b, c, spare = mp.hinge([margin, -pred[target], z])            # max(0, gap) = gap + max(0, -gap)
        squares = [a * a, b * b, c * c, 2 * a * b, 2 * a * c, 2 * b * c, -spare * spare]
        terms += squares if p == 2 else [a, b, c, spare]
    return [w * x for x in terms]


loss = Loss(
    composed, kernel, ROWS, mean_by_weight=False,
    domains={"pred": REAL, "target": LABELS, "margin": real(0.0, 2.5), "p": choice(1, 2),
             "weight": class_weights()},
    kinks=gaps, exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0, lipschitz=lambda margin, p, weight: (
        math.inf if p == 2 else max(weight) * (1 - 1 / len(weight)))),
    advice=Advice(task="multi-class", use="only the decision counts", avoid="probabilities are wanted"),
    known=[Known([[0.1, 0.2, 0.4, 0.8]], [3], value=0.325, gradient=[[0.25, 0.25, 0.25, -0.75]]),
           Known([[0.1, 0.2, 0.4, 0.8]], [3], p=2, value=0.1525, gradient=[[0.15, 0.2, 0.3, -0.65]])],
)
