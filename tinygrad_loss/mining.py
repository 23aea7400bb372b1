"""Which triplets of a batch are worth learning from.

    anchor, positive, negative = mining.triplets(x, labels, "semi-hard", margin=0.2)
    losses.triplet(x[anchor], x[positive], x[negative], margin=0.2)

In a triplet, anchor and positive have one label and are not the same item; the negative has another
label. With D the distance that the loss uses, squared or not, each triplet is of exactly one kind:

    easy         D(a, n) >= D(a, p) + margin            its loss is 0: nothing to learn
    semi-hard    D(a, p) < D(a, n) < D(a, p) + margin   in the right order, but not by the margin
    hard         D(a, n) <= D(a, p)                     in the wrong order, or a draw

so that a draw is hard and a gap of just the margin is easy; with margin = 0 a draw is easy, because its
loss is 0. Squares change the kind: D(a, p) = 0.5 and D(a, n) = 1.2 with margin 1 are semi-hard, but their
squares, 0.25 and 1.44, are easy. "batch-hard" takes for each anchor its farthest positive and its nearest
negative, the first of several, whatever their kind.

A batch without such a triplet gives empty arrays. The sum of no losses is 0, with a gradient of zeros;
a mean of none raises ValueError, so ask `len(anchor)` first or use reduction="sum".
Sources: F. Schroff et al., FaceNet, 2015 (semi-hard); A. Hermans et al., In Defense of the Triplet Loss,
2017 (batch-hard).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import numerics
from .engine import Tensor

KINDS = ("all", "easy", "semi-hard", "hard", "batch-hard")


class Triplets(NamedTuple):
    """Three arrays of equal length: row i of each is triplet i. Sorted by anchor, positive, negative."""

    anchor: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


def triplets(embeddings: Any, labels: Any, kind: str = "all", margin: float = 1.0, squared: bool = True
             ) -> Triplets:
    """The indices of all triplets of a kind in a batch.

    embeddings: (N, D), a Tensor or an array; labels: (N,), integers. There may be about N^3 triplets, so
    for large batches take "batch-hard", which gives N at most. Raises ValueError for an unknown kind, for
    shapes that do not fit, a negative margin, or a distance that is no finite number.
    """
    x = np.asarray(embeddings.data if isinstance(embeddings, Tensor) else embeddings, dtype=np.float64)
    labels = np.asarray(labels)
    _check(x, labels, kind, margin)
    found = [np.empty((0, 3), np.int64)]
    for anchor in range(len(x)):
        same = labels == labels[anchor]
        negatives = np.flatnonzero(~same)
        same[anchor] = False
        positives = np.flatnonzero(same)
        if len(positives) and len(negatives):
            d = _distances(x, anchor, squared)
            chosen = _chosen(d[positives], d[negatives], kind, margin)
            rows = np.column_stack([positives[chosen[0]], negatives[chosen[1]]])
            found.append(np.insert(rows, 0, anchor, axis=1))
    return Triplets(*np.concatenate(found).T.copy())


def _chosen(near: np.ndarray, far: np.ndarray, kind: str, margin: float) -> tuple[Any, Any]:
    """Which positive goes with which negative, given their distances from the anchor."""
    if kind == "batch-hard":
        return [np.argmax(near)], [np.argmin(far)]
    gap = near[:, None] - far                              # the triplet loss is max(0, gap + margin)
    easy, draw_or_wrong = gap + margin <= 0, gap >= 0
    wanted = {"all": gap == gap, "easy": easy, "hard": ~easy & draw_or_wrong,
              "semi-hard": ~easy & ~draw_or_wrong}[kind]
    positives, negatives = np.nonzero(wanted)
    return positives, negatives


def _distances(x: np.ndarray, anchor: int, squared: bool) -> np.ndarray:
    """From one row to all, by differences: |a|^2 - 2 a.b + |b|^2 would lose the digits of close ones."""
    with np.errstate(all="ignore"):
        apart = x - x[anchor]
        d = (apart ** 2).sum(axis=1) if squared else numerics.norm(apart, 1, False)
    if not np.isfinite(d).all():
        other = int(np.argmin(np.isfinite(d)))
        raise ValueError(f"The distance of embeddings {anchor} and {other} is {d[other]}; embeddings must be "
                         "finite, and not so large that their distance overflows.")
    return np.asarray(d)


def _check(x: np.ndarray, labels: np.ndarray, kind: str, margin: float) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    if x.ndim != 2 or labels.shape != x.shape[:1]:
        raise ValueError(f"embeddings have shape {x.shape} and labels {labels.shape}; they must be (N, D) "
                         "and (N,).")
    if labels.dtype.kind not in "iub":
        raise ValueError(f"labels are {labels.dtype} numbers; they must be integers. Use labels.astype(int).")
    if not 0 <= margin < np.inf:
        raise ValueError(f"margin must be a number that is not negative; got {margin!r}.")
