"""The families BATCH and VIEWS: every item of a batch is told from all others by similarity.

    family   kernel                                                inputs arranged as   one item
    BATCH    (own, others, half_gap, *settings) -> loss, slopes    (N, D) twice         a pair
    VIEWS    the same, for twice as many anchors                   (N, D) twice         a pair

In BATCH the rows of the first input, the anchors, are compared with the rows of the second, the
candidates; in VIEWS every row of both inputs with all the others. Similarity is the cosine divided by the
temperature, which is the first setting; the kernel gets the softmax of an anchor's similarities, as in
`fused/softmax.py`, and its label is the row that belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np

from ..engine import Tensor, where
from .family import VECTORS, Family, Shape


def _batch(inputs: list[Any], names: list[str], settings: tuple[Any, ...]) -> tuple[list[Any], Shape]:
    """The last axis is the vector, the first one, if there are two, counts the items of the batch."""
    if inputs[0].ndim > 2:
        raise ValueError(f"{names[0]} has shape {inputs[0].shape}; it needs (N, D), or (D,) for one item: N "
                         f"vectors that are compared with all those of {names[1]}. Use reshape(-1, D).")
    return VECTORS.arrange(inputs, names, settings)


BATCH = Family("batch", _batch, "batch", 2, coupled=True)
VIEWS = Family("batch", _batch, "views", 2, coupled=True)


def direction(x: Tensor) -> Tensor:
    """x / |x| for every row; 0, with slope 0, where x is 0."""
    top = np.abs(x.numpy()).max(axis=1, keepdims=True, initial=0)
    x = x / np.where((top == 0) | np.isinf(top), 1, top)     # the same direction, and no square overflows
    length = x.norm(axis=1, keepdims=True)
    return where(length == 0, 0, x / where(length == 0, 1, length))


def told_apart(mp: Any, anchors: list[Any], candidates: list[Any], partner: Iterable[int],
               temperature: Any) -> tuple[list[Any], Callable[[], list[list[Any]]]]:
    """The sum of the losses by definition, as terms; and a function that tells the scales of the slopes, of
    anchors and candidates. A candidate that is the anchor itself is left out.

    With p = softmax(s), an anchor's loss is -log p_y = H(p) + the sum of p_c (s_c - s_y) over c, H being the
    entropy of p. As s is a sum of products, it is known to an ulp of their sizes, and so is log p.
    """
    length_u, length_v = ([mp.sqrt(sum(x * x for x in row)) for row in rows]
                          for rows in (anchors, candidates))
    if not all(length_u) or not all(length_v):
        raise ArithmeticError("no direction")
    u, v = ([[x / length for x in row] for row, length in zip(rows, lengths, strict=True)]
            for rows, lengths in ((anchors, length_u), (candidates, length_v)))
    terms, known = [], []                                    # known: of an anchor, for its scales
    for i, y in enumerate(partner):
        w = [a / temperature for a in u[i]]
        others = [c for c in range(len(v)) if candidates[c] is not anchors[i] and c != y]
        parts = {c: [a * b for a, b in zip(w, v[c], strict=True)] for c in (*others, y)}
        for_, against = ({c: sum(max(sign * x, 0) for x in parts[c]) for c in parts} for sign in (1, -1))
        e = {c: mp.exp(for_[c] - against[c]) for c in parts}
        total = sum(e.values())
        p = {c: e[c] / total for c in parts}
        terms += [p[c] * (mp.log(total) - (for_[c] - against[c])) for c in parts]
        for c in others:
            terms += [p[c] * for_[c], p[c] * against[y], -p[c] * against[c], -p[c] * for_[y]]
        known.append((y, others, w, p, {c: for_[c] + against[c] for c in parts}))

    def scales() -> list[list[Any]]:
        scales_u, scales_v = ([[mp.zero] * len(row) for row in rows] for rows in (u, v))
        for i, (y, others, w, p, size) in enumerate(known):
            mean = sum(p[c] * size[c] for c in p)
            pull = {c: p[c] * (1 + size[c] + mean) for c in others}
            pull[y] = sum(p[c] * (1 + size[c] + size[y]) for c in others)
            for c in p:
                by_u, by_v = pull[c] / length_u[i], pull[c] / length_v[c]
                for k, (a, b) in enumerate(zip(u[i], v[c], strict=True)):
                    scales_u[i][k] += by_u * (abs(b) / temperature + size[c] * abs(a))
                    scales_v[c][k] += by_v * (abs(w[k]) + size[c] * abs(b))
        return [list(chain(*rows)) for rows in (scales_u, scales_v)]
    return terms, scales
