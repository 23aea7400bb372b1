"""Exercise 15: batch-hard mining, as the library does it."""

import numpy as np

from .. import mining
from .task import Task, of_lesson


def points(rng):
    return [(np.array([[0.0, 0.0], [3.0, 4.0]]),), (rng.normal(size=(4, 3)),), (rng.normal(size=(5, 1)),)]


def batches(rng):
    """With a class of one member, and with two that are equally far."""
    found = [(rng.normal(size=(7, 2)), np.array([0, 1, 0, 1, 0, 1, 2])),
             (rng.normal(size=(6, 3)), np.array([5, 5, 5, 9, 9, 9])),
             (np.array([[0.0], [2.0], [-2.0], [1.0], [-1.0], [5.0]]), np.array([0, 0, 0, 1, 1, 2]))]
    return found


def batch_hard(x, labels):
    return tuple(mining.triplets(x, labels, "batch-hard"))


def distances(x):
    return ((x[:, None] - x[None, :]) ** 2).sum(axis=-1)


def mined(x, labels, nearest_positive=False, farthest_negative=False, itself=False, any_negative=False,
          last=False, any_anchor=False, any_positive=False):
    """Batch-hard with one thing wrong."""
    d, n = distances(x), len(x)
    found = []
    for a in range(n):
        near = (labels == labels[a]) & (itself | (np.arange(n) != a))
        near = (np.arange(n) != a) if any_positive else near
        far = (np.arange(n) != a) if any_negative else labels != labels[a]
        if not (near.any() or any_anchor) or not far.any():
            continue
        order = np.arange(n)[::-1] if last else np.arange(n)
        worst = np.where(near, -d[a] if nearest_positive else d[a], -np.inf)[order].argmax()
        best = np.where(far, -d[a] if farthest_negative else d[a], np.inf)[order].argmin()
        found.append((a, order[worst], order[best]))
    return tuple(np.array(found).T)


exercise = of_lesson(
    __name__,
    Task(
        "distances", points, distances,
        hints=("Differences first: an array of shape (N, N, D). Two axes of length 1 do it.",
               "x[:, None] - x[None, :] broadcasts; its squares are summed along the last axis.",
               "((x[:, None] - x[None, :]) ** 2).sum(axis=-1)"),
        mistakes={
            "The square root was taken; squared distances are wanted.":
                lambda x: np.sqrt(distances(x)),
            "These are inner products: large where rows are alike.":
                lambda x: x @ x.T,
            "2 a.b is missing: |a|^2 + |b|^2 is no distance, and not 0 from a row to itself.":
                lambda x: (x ** 2).sum(axis=1)[:, None] + (x ** 2).sum(axis=1),
            "These are sums of sizes, another distance.":
                lambda x: abs(x[:, None] - x[None, :]).sum(axis=-1),
            "This is the mean of the squares, not their sum.":
                lambda x: ((x[:, None] - x[None, :]) ** 2).mean(axis=-1),
            "The differences are not squared.":
                lambda x: (x[:, None] - x[None, :]).sum(axis=-1),
            "The sum runs over the wrong axis: it has to be that of the features, the last one.":
                lambda x: ((x[:, None] - x[None, :]) ** 2).sum(axis=0),
        }),
    Task(
        "batch_hard", batches, batch_hard, shown=(mining.triplets, mining._chosen),
        hints=("Two tables of True and False tell it all: same label and another item; another label.",
               "np.where(same, d, -np.inf).argmax(axis=1) is the farthest positive, and with inf and argmin "
               "the nearest negative. Which anchors have both?",
               "same = (labels[:, None] == labels) & ~np.eye(len(x), dtype=bool); other = labels[:, None] != "
               "labels; keep = np.flatnonzero(same.any(1) & other.any(1))"),
        mistakes={
            "The nearest positive was taken: the farthest is the hardest.":
                lambda x, labels: mined(x, labels, nearest_positive=True),
            "The farthest negative was taken: the nearest is the hardest.":
                lambda x, labels: mined(x, labels, farthest_negative=True),
            "The nearest positive and the farthest negative: these are the easiest triplets.":
                lambda x, labels: mined(x, labels, nearest_positive=True, farthest_negative=True),
            "An anchor is its own positive: a class with one member became an anchor.":
                lambda x, labels: mined(x, labels, itself=True),
            "A class with one member has no positive, and so no triplet: leave out its anchor.":
                lambda x, labels: mined(x, labels, any_anchor=True),
            "Of several that are equally far, the last was taken.":
                lambda x, labels: mined(x, labels, last=True),
            "The negatives have any label: those of the anchor's class are no negatives.":
                lambda x, labels: mined(x, labels, any_negative=True),
            "The positives have any label: they must have the anchor's.":
                lambda x, labels: mined(x, labels, any_positive=True),
            "Positives and negatives are in the wrong order.":
                lambda x, labels: tuple(mined(x, labels)[i] for i in (0, 2, 1)),
        }),
)
