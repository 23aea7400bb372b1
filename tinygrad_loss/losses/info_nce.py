"""InfoNCE: to find one's own key among those of the whole batch.

    cos_ij = query_i . key_j / (|query_i| |key_j|), and 0 where one of them is 0
    p_ij = softmax over j of cos_ij / temperature
    loss    -log p_ii
    slope   by cos_ij:  (p_ij - [i = j]) / temperature;  by query_i, the sum over j of that times
            (key_j / |key_j| - cos_ij query_i / |query_i|) / |query_i|;  by key_j alike, the sum over i

For embeddings learnt from pairs that belong together, a text and its picture: every other key of the batch
is an example of what does not. So the larger the batch the better, and no item twice. Small temperatures
look at the nearest keys alone. One item alone costs 0. A vector of zeros has no direction: its slope is 0.

query, key: real, (N, D) or (D,), of equal shape; the item's number is its label. temperature > 0. One item
per query. The gradient of single items (reduction="none") reaches all keys: it takes the composed path.
Source: A. van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018.
"""

import math

import numpy as np

from ..fused.logits import surprise
from .batch import BATCH, direction, told_apart
from .domain import REAL, positive
from .loss import Advice, Claims, Known, Loss


def composed(query, key, temperature=0.1):
    logits = direction(query) @ direction(key).T / temperature
    label = np.arange(query.shape[0])
    return 0 - logits.log_softmax(axis=1)[label, label]      # 0 - 0 is 0, and -0 is not


def kernel(own, others, half_gap):
    log_odds, twice = surprise(own, others, half_gap)
    return log_odds + 2.0 * twice, -others / (own + others), 1.0 / (own + others)


def kinks(query, key, temperature):
    return [(x * x).sum(-1) ** 0.5 for x in (query, key)]    # no direction


def exact(mp, query, key, temperature):
    return told_apart(mp, query, key, range(len(query)), temperature)


A, B = [[1.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [0.0, 2.0]]

loss = Loss(
    composed, kernel, BATCH,
    domains={"query": REAL, "key": REAL, "temperature": positive(0.05, 1.0)},
    kinks=kinks,
    exact=exact,
    claims=Claims(convex=False, symmetric=False, lipschitz=np.inf, minimum=0.0),
    advice=Advice(task="similarity", use="pairs belong together, and nothing says what does not",
                  avoid="batches are small, or many of their items are alike"),
    known=[Known(A, B, value=1.0198981937952960),
           Known(A, B, temperature=0.5, value=0.55932567398292731,
                 gradient=[[[0.0, 0.057281219794906244], [0.070446742074972587, -0.05283505655622944]],
                           [[-0.11113599593129346, 0.11113599593129346], [-0.080369463155542755, 0.0]]]),
           Known([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]], value=math.log1p(math.exp(-10.0))),
           Known([[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]], value=math.log(2.0),
                 gradient=[[[0.0, 0.0], [0.0, 0.0]], [[0.0, 2.5], [0.0, -2.5]]])],
)
