"""Cross entropy of probabilities and a row of target probabilities: one class out of many.

    loss    sum over classes of  -t log p;  0 log 0 = 0, and inf where p = 0 < t        t, p = target, pred
    slopes  dpred = -t / p        dtarget = -log p

For a model that ends in a softmax of its own, with one-hot or soft targets. From logits, cross_entropy is
the better choice: a p that was rounded to 0 or 1 has lost what the logits still knew. It is the KL
divergence plus the entropy of the target, and so has its minimum, which is that entropy, at pred = target.

pred, target: rows of probabilities, (N, C), (C,) or (N, C, d...), of equal shape; a row that does not sum
to 1 raises, it may be logits. One item per row. Nothing is clipped: p = 0 < t costs inf and has the slope
that belongs to it, -inf. At p = 0 = t, both slopes are given as 0 (dtarget is inf there: a class that is
certainly out stays out).
Source: I. J. Good, Rational Decisions, 1952.
"""

import math

from ..engine import where
from ..fused.vmath import log
from .domain import PROBABILITIES
from .family import DISTRIBUTIONS
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    out = (pred == 0) & (target == 0)
    return where(out, 0, -target * pred.log()).sum(axis=1)


def kernel(pred, target):
    out = pred == 0.0 and target == 0.0
    surprise = 0.0 if out else -log(pred)
    return target * surprise, 0.0 if out else -target / pred, surprise


def exact(mp, pred, target):
    pairs = zip(pred, target, strict=True)
    return sum(-t * (mp.log(p) if p else -mp.inf) for p, t in pairs if t)


loss = Loss(
    composed, kernel, DISTRIBUTIONS,
    domains={"pred": PROBABILITIES, "target": PROBABILITIES},
    exact=exact,
    claims=Claims(convex=False, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="multi-class", use="the model gives probabilities, and targets are rows of them",
                  avoid="logits are at hand: cross_entropy keeps their digits"),
    known=[Known([[0.8, 0.1, 0.1]], [[1.0, 0.0, 0.0]], value=0.2231435513142097,
                 gradient=[[[-1.25, 0, 0]], [[math.log(1.25), math.log(10), math.log(10)]]]),
           Known([[0.2, 0.4, 0.4]], [[1.0, 0.0, 0.0]], value=1.6094379124341003),
           Known([[0.0, 1.0]], [[1.0, 0.0]], value=math.inf, gradient=[[[-math.inf, 0]], [[math.inf, 0]]])],
)
