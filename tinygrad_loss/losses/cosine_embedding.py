"""Cosine embedding loss: similar vectors in one direction, others not.

    cos = a.b / (|a| |b|), and 0 where one of them is 0
    loss    1 - cos   where label = 1         max(0, cos - margin)   where label = -1
    slopes  da = -c,  db = -d                 da = c, db = d  where cos > margin, else 0
            c = (b/|b| - cos a/|a|) / |a|     d = (a/|a| - cos b/|b|) / |b|       0 where a or b is 0

For embeddings of which only the direction counts, as of texts. A vector of zeros has no direction: its
slope is 0. (PyTorch adds 1e-12 to the squares instead, which changes short vectors.)

a, b: real, (N, D) or (D,), of equal shape; label: 1 or -1, one for each pair. margin from -1 to 1. One
item per pair.
Source: PyTorch, CosineEmbeddingLoss.
"""

import numpy as np

from ..engine import where
from ..fused.vmath import cosine
from .domain import REAL, SIGN, per_item, within
from .family import PAIRS
from .loss import Advice, Claims, Known, Loss


def composed(a, b, label, margin=0.0):
    def tamed(x):                                            # cos stays the same, and no square overflows
        top = np.abs(x.numpy()).max(axis=1, keepdims=True)
        return x / np.where((top == 0) | np.isinf(top), 1, top)

    a, b = tamed(a), tamed(b)
    lengths = a.norm(axis=1) * b.norm(axis=1)
    cos = where(lengths == 0, 0, (a * b).sum(axis=1) / lengths)
    return where(label == 1, 1 - cos, -label * (cos - margin).relu())


def kernel(a, b, label, da, db, margin):
    cos, missing = cosine(a, b, da, db)                      # missing = 1 - cos
    active = 1.0 if cos > margin else 0.0 if cos <= margin else cos      # nan stays nan
    force = -1.0 if label == 1.0 else -label * active
    for i in range(a.size):
        da[i] = force * da[i] if force != 0.0 else 0.0
        db[i] = force * db[i] if force != 0.0 else 0.0
    if label == 1.0:
        return missing
    return -label * (cos - margin if active > 0.0 else active)


def kinks(a, b, label, margin):
    lengths = [(x * x).sum(-1) ** 0.5 for x in (a, b)]
    with np.errstate(invalid="ignore"):
        cos = np.nan_to_num((a * b).sum(-1) / (lengths[0] * lengths[1]))
    return [np.where(label == 1, 1.0, cos - margin), *lengths]


def exact(mp, a, b, label, margin):
    length_a, length_b = (mp.sqrt(sum(x * x for x in v)) for v in (a, b))
    if not length_a * length_b:
        raise ArithmeticError("no direction")
    terms = [x * y / length_a / length_b for x, y in zip(a, b, strict=True)]
    size = sum(map(abs, terms))
    scales = [[(abs(y) / length_y + size * abs(x) / length_x) / length_x for x, y in zip(v, w, strict=True)]
              for v, w, length_x, length_y in ((a, b, length_a, length_b), (b, a, length_b, length_a))]
    return [1, *(-x for x in terms)] if label == 1 else mp.hinge([*terms, -margin]), scales


A, B = [[1.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [4.0, 3.0]]

loss = Loss(
    composed, kernel, PAIRS,
    domains={"a": REAL, "b": REAL, "label": per_item(SIGN), "margin": within(-1, 1, 0.3, -0.2)},
    kinks=kinks,
    exact=exact,
    claims=Claims(convex=False, symmetric=True, lipschitz=np.inf, minimum=0.0),
    advice=Advice(task="similarity", use="only the direction of an embedding counts",
                  avoid="lengths carry meaning"),
    known=[Known(A, B, [1, -1], value=0.6264466094067263),
           Known([[0.0, 0.0]], [[1.0, 2.0]], [1], value=1.0, gradient=[[[0.0, 0.0]], [[0.0, 0.0]]]),
           Known([[3e200, 4e200]], [[4.0, 3.0]], [-1], margin=0.5, value=0.46)],
)
