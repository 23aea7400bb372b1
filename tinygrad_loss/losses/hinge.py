"""Hinge loss: right by a margin is right enough.

    gap = 1 - y z                       y = target, z = pred
    loss    max(0, gap)
    slope   -y  where gap > 0, else 0

For yes/no decisions where only the decision counts: support vector machines. What lies beyond the margin
has no pull at all. The scores are no logits and give no probabilities.

pred: real, a score. target: -1 or 1, of pred's shape. One item per element. Other labels raise: with 0
for "no", the loss would be 1 for every score.
Source: C. Cortes and V. Vapnik, Support-Vector Networks, 1995.
"""

from .domain import REAL, SIGN
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    return (1 - target * pred).relu()


def kernel(pred, target):
    gap = 1.0 - target * pred
    active = 1.0 if gap > 0.0 else 0.0 if gap <= 0.0 else gap             # nan stays nan
    return gap if gap > 0.0 else active, -active * target


def exact(mp, pred, target):
    return max(0, 1 - target * pred)


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": REAL, "target": SIGN},
    kinks=lambda pred, target: 1 - target * pred,
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=1.0, minimum=0.0),
    advice=Advice(task="binary", use="only the decision counts, and a margin is wanted",
                  avoid="a probability is wanted", lesson="11_hinge"),
    known=[Known([1.5, 0.5, -1.0], [1, 1, 1], value=2.5 / 3, gradient=[0.0, -1 / 3, -1 / 3]),
           Known([1.0, -1.0, 3.0], [1, -1, -1], value=4 / 3, gradient=[0.0, 0.0, 1 / 3])],
)
