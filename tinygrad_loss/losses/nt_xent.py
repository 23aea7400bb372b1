"""NT-Xent, the loss of SimCLR: to find one's other view among all views of the batch.

    z = the N rows of a, then those of b;  cos_ij = z_i . z_j / (|z_i| |z_j|), and 0 where one of them is 0
    p_ij = softmax over j of cos_ij / temperature, j = i left out
    loss    (-log p_ab - log p_ba) / 2        for the two views of an item, at rows a and b = a + N of z
    slope   by cos_ij, of row i:  (p_ij - [j is the other view of i]) / (2 temperature);  by vectors as in
            info_nce, where each row collects from all others

For embeddings learnt without labels: a and b are two distorted views of the same pictures. All views of
other pictures are examples of what is different. SimCLR takes the mean over 2 N rows, which is the mean of
these N items. One item alone costs 0. A vector of zeros has no direction: its slope is 0.

a, b: real, (N, D) or (D,), of equal shape. temperature > 0. One item per pair of views. The gradient of
single items (reduction="none") reaches all views: it takes the composed path.
Source: T. Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020.
"""

import math

import numpy as np

from ..engine import where
from ..fused.logits import surprise
from ..joining import concatenate
from .batch import VIEWS, direction, told_apart
from .domain import REAL, positive
from .loss import Advice, Claims, Known, Loss


def composed(a, b, temperature=0.5):
    n = a.shape[0]
    z, rows = direction(concatenate([a, b])), np.arange(2 * n)
    logits = where(np.eye(2 * n), -np.inf, z @ z.T / temperature)
    cost = -logits.log_softmax(axis=1)[rows, np.roll(rows, n)]
    return (cost[:n] + cost[n:]) / 2 + 0                     # + 0: never -0


def kernel(own, others, half_gap):
    log_odds, twice = surprise(own, others, half_gap)
    return log_odds + 2.0 * twice, -others / (own + others), 1.0 / (own + others)


def kinks(a, b, temperature):
    return [(x * x).sum(-1) ** 0.5 for x in (a, b)]          # no direction


def exact(mp, a, b, temperature):
    n = len(a)
    terms, scales = told_apart(mp, a + b, a + b, [(i + n) % (2 * n) for i in range(2 * n)], temperature)

    def of_both():
        both = [(x + y) / 2 for x, y in zip(*scales(), strict=True)]     # as an anchor and as a candidate
        return [both[:len(both) // 2], both[len(both) // 2:]]
    return [x / 2 for x in terms], of_both


A, B = [[1.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [0.0, 2.0]]

loss = Loss(
    composed, kernel, VIEWS,
    domains={"a": REAL, "b": REAL, "temperature": positive(0.1, 1.0)},
    kinks=kinks,
    exact=exact,
    claims=Claims(convex=False, symmetric=True, lipschitz=np.inf, minimum=0.0),
    advice=Advice(task="similarity", use="two views of each item are there, and no labels",
                  avoid="batches are small: there is too little to tell apart"),
    known=[Known(A, B, value=0.97339616432541420,
                 gradient=[[[0.0, -0.088621487203411221], [0.10652779796286884, -0.079895848472151627]],
                           [[-0.37262245220653853, 0.37262245220653853], [-0.0045876600291321925, 0.0]]]),
           Known(A, B, temperature=1.0, value=1.0101899673663668),
           Known([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]], value=math.log1p(2.0 * math.exp(-2.0)))],
)
