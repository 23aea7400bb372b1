"""Triplet loss: the anchor nearer to the positive than to the negative, by a margin.

    loss    max(0, D(a, p) - D(a, n) + margin)       or, if soft,  log(1 + exp(D(a, p) - D(a, n)))
    slopes  those of D where the loss is positive, else 0; if soft, sigmoid(D(a, p) - D(a, n)) times those
    D(x, y) = |x - y|^2          slope  2 (x - y)
    or, not squared, |x - y|_p   slope  sign(x - y) (|x_i - y_i| / |x - y|_p)^(p - 1),  and 0 where x = y

For embeddings: faces, retrieval, ranking. Moving all three changes nothing. With swap, the smaller of D(a, n)
and D(p, n) counts, or half of each where they are equal. A soft loss has no margin.

anchor, positive, negative: real, (N, D) or (D,), of equal shape; margin >= 0. One item per triple. p from 1
to 1000, or inf, the largest difference, whose slope ties share equally; only for p = 2 is D squared.
Source: K. Weinberger and L. Saul 2009; F. Schroff et al., FaceNet, 2015 (squared distances).
"""

import math

import numpy as np

from ..engine import minimum
from ..fused.vmath import dot, gap_of_distances, sigmoid, softplus
from . import distances
from .domain import REAL, boolean, not_negative, order_of_norm
from .family import VECTORS
from .loss import Advice, Claims, Known, Loss


def composed(anchor, positive, negative, margin=1.0, squared=True, p=2.0, swap=False, soft=False):
    near, far = distances.half(anchor, positive, p, squared), distances.half(anchor, negative, p, squared)
    far = minimum(far, distances.half(positive, negative, p, squared)) if swap else far
    return (2 * (near - far)).softplus() if soft else 2 * (near - far + margin / 2).relu()


def kernel(anchor, positive, negative, danchor, dpositive, dnegative, margin, squared, p, swap, soft):
    if squared and p == 2.0 and not swap and not soft:       # the usual case, in few loops
        for i in range(anchor.size):
            dpositive[i], dnegative[i] = positive[i] - anchor[i], anchor[i] - negative[i]
        half_gap = 0.5 * dot(dpositive, dpositive) - 0.5 * dot(dnegative, dnegative) + 0.5 * margin
        active = 1.0 if half_gap > 0.0 else 0.0 if half_gap <= 0.0 else half_gap     # nan stays nan
        for i in range(anchor.size):
            dpositive[i] *= 2.0 * active
            dnegative[i] *= 2.0 * active
            danchor[i] = -dpositive[i] - dnegative[i]
        return 2.0 * half_gap if active > 0.0 else active
    half_gap = gap_of_distances(anchor, positive, negative, p, squared, swap, danchor, dpositive, dnegative)
    gap = 2.0 * (half_gap + (0.0 if soft else 0.5 * margin))
    pull = 2.0 * (sigmoid(gap) if soft else 1.0 if gap > 0.0 else 0.0 if gap <= 0.0 else gap)
    for i in range(anchor.size):
        danchor[i], dpositive[i], dnegative[i] = pull * danchor[i], pull * dpositive[i], pull * dnegative[i]
    return softplus(gap) if soft else gap if pull > 0.0 else pull


def kinks(anchor, positive, negative, margin, squared, p, swap, soft):
    apart = np.stack([anchor - positive, anchor - negative, positive - negative])
    near, far, other = np.linalg.norm(apart, p, axis=-1) ** (2 if squared and p == 2 else 1)
    edges = [near - (np.minimum(far, other) if swap else far) + margin, *[far - other] * swap]
    return np.concatenate([x.ravel() for x in edges + distances.kinks(apart, p, squared)])


def exact(mp, anchor, positive, negative, margin, squared, p, swap, soft):
    near, far = (distances.exact(mp, anchor, x, p, squared) for x in (positive, negative))
    far = distances.least(mp, far, distances.exact(mp, positive, negative, p, squared)) if swap else far
    if not soft:
        return mp.hinge([near, -far, margin])
    pull = 1 if min(near, far) > mp.largest else 1 / (1 + mp.exp(far - near))        # inf - inf is unknown
    known = pull * (near + far)                              # exp(x) is known from x to |x| ulp
    return [mp.log(1 + mp.exp(near - far)), known, -known]


A, P, N = [1.0, 2.0, 3.0], [1.1, 2.1, 2.9], [5.0, 6.0, 7.0]
loss = Loss(
    composed, kernel, VECTORS, usual=4, kinks=kinks, exact=exact,
    domains={"anchor": REAL, "positive": REAL, "negative": REAL, "margin": not_negative(0.0, 7.0), "squared":
             boolean(), "p": order_of_norm(1.0, 3.0, math.inf), "swap": boolean(), "soft": boolean()},
    claims=Claims(convex=False, symmetric=lambda swap, **_: swap, minimum=0.0,
                  lipschitz=lambda squared, p, **_: math.inf if squared and p == 2 else 2.0),
    advice=Advice(task="similarity", use="only the order of distances matters", avoid="data are few"),
    known=[Known(A, P, N, value=0.0), Known(A, P, N, margin=10.0, squared=False, value=3.2450018505),
           Known(A, P, N, margin=50.0, value=2.03, gradient=[[7.8, 7.8, 8.2], [0.2, 0.2, -0.2], [-8] * 3])],
)
