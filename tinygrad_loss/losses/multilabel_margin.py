"""Margin loss of several labels: each class that is right scores above each that is not, by 1.

    gap_jc = 1 - (z_j - z_c)   for each label j in the list and each class c that is not       z = pred
    loss    1/C  sum of max(0, gap_jc)
    slope   dz_c = 1/C  times the number of labels with gap_jc > 0
            dz_j = -1/C times the number of classes with gap_jc > 0

For tags of which only the order counts: those that are right first, whatever the scores of all. What is
right by the margin costs nothing. Lists of one label make it multiclass_hinge.

pred: real scores, (N, C), (C,) or (N, C, d...). target: of pred's shape, in place of the classes a list of
labels, integers from 0 to C - 1; -1 ends it, and what follows does not count. Others raise, wherever they
stand. A label named twice counts twice; without labels the loss is 0. One item per list. All as in PyTorch,
MultiLabelMarginLoss. Two scores of +inf give nan if one is a label's.
Source: A. Elisseeff and J. Weston, A Kernel Method for Multi-Labelled Classification, 2001.
"""

import numpy as np

from ..engine import where
from ..fused.vmath import two_sum
from .domain import LABEL_LISTS, REAL
from .family import MULTILABEL
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (half_gaps(pred, target).relu() * (2 / pred.shape[1])).sum(axis=(1, 2))


def half_gaps(pred, target):
    """Of each label of a list to each class, (N, label, class); -1 where both or neither are right. Half of a
    gap cannot overflow."""
    listed = np.logical_and.accumulate(target >= 0, axis=1)
    longest = max(listed.sum(axis=1).max(initial=0), 1)
    labels, listed = target[:, :longest, None], listed[:, :longest, None]
    right = (listed & (labels == np.arange(target.shape[1]))).any(axis=1, keepdims=True)
    own = pred[np.arange(len(target))[:, None, None], labels]
    return where(listed & ~right, 0.5 - (0.5 * own - 0.5 * pred[:, None, :]), -1)


def kernel(pred, target, dpred):
    n_labels, loss, lost, share = 0, 0.0, 0.0, 1.0 / pred.size
    while n_labels < target.size and target[n_labels] >= 0.0:
        n_labels += 1
    dpred[:] = 0.0
    for c in range(pred.size):
        right = False
        for j in range(n_labels):
            right |= target[j] == c
        for j in range(0 if right else n_labels):
            label = int(target[j])
            half = 0.5 - (0.5 * pred[label] - 0.5 * pred[c])             # of the gap: cannot overflow
            active = 1.0 if half > 0.0 else 0.0 if half <= 0.0 else half  # nan stays nan
            dpred[c] += active
            dpred[label] -= active
            loss, rounding = two_sum(loss, half * (2.0 * share) if active > 0.0 else active)
            lost += rounding
    for c in range(pred.size):
        dpred[c] *= share
    return loss + lost if loss < np.inf else loss


def exact(mp, pred, target):
    labels = target[:target.index(-1)] if -1 in target else target
    pairs = [(pred[j], z) for j in labels for c, z in enumerate(pred) if c not in labels]
    return [term / len(pred) for own, z in pairs for term in mp.hinge([1, -own, z])] or [mp.mpf(0)]


loss = Loss(
    composed, kernel, MULTILABEL,
    domains={"pred": REAL, "target": LABEL_LISTS}, kinks=half_gaps, exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0, lipschitz=lambda width: width - 1.0),
    advice=Advice(task="multi-label", use="the right classes shall come first, and only that counts",
                  avoid="probabilities are wanted"),
    known=[Known([[0.1, 0.2, 0.4, 0.8]], [[3, 0, -1, 1]], value=0.85, gradient=[[-0.5, 0.5, 0.5, -0.5]]),
           Known([[0.1, 0.2, 0.4, 0.8]], [[3, 3, 3, 3]], value=1.3, gradient=[[1.0, 1.0, 1.0, -3.0]])],
)
