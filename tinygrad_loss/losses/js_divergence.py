"""Jensen-Shannon divergence: how far two distributions are from their middle.

    m = (p + t) / 2             p, t = pred, target
    loss    sum over classes of  (p log(p / m) + t log(t / m)) / 2,  in nats; 0 log 0 = 0
    slopes  dpred = log(p / m) / 2      dtarget = log(t / m) / 2

For comparing two distributions of which neither is the truth: symmetric, never above log 2, finite where
one of them is 0; its root is a distance. At p = 0 the slope is given as 0 (it is -inf: a class that is
certainly out stays out), and so for t.

pred, target: rows of probabilities, (N, C), (C,) or (N, C, d...), of equal shape; a row that does not
sum to 1 raises. One item per row.
Source: J. Lin, Divergence Measures Based on the Shannon Entropy, 1991.
"""

import math

from ..engine import where
from ..fused.vmath import log1p_of_ratio
from .domain import PROBABILITIES
from .family import DISTRIBUTIONS
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    def part(x, other):                                      # x log(x / m)
        near = ((x - other) / (x + other)).log1p()
        far = x.log() - ((x + other) / 2).log()
        return where(x == 0, 0, x * where(abs(x - other) < 0.5 * (x + other), near, far))

    p, t = (where(x == 0, 0, x) for x in (pred, target))     # no slope where there is nothing
    return (part(p, t) + part(t, p)).sum(axis=1) / 2


def log_of_share(p, t):
    """log(p / m): never above log 2, and 0 where p = 0. No digit is lost where p and t are close."""
    low = p < t
    size = log1p_of_ratio(abs(p - t), 2.0 * p if low else p + t)
    return 0.0 if p == 0.0 else -size if low else size


def kernel(pred, target):
    p, t = log_of_share(pred, target), log_of_share(target, pred)
    return 0.5 * (pred * p + target * t), 0.5 * p, 0.5 * t


def exact(mp, pred, target):
    def parts(p, t):
        return p * mp.log(p) / 2 if p else 0, -p * mp.log((p + t) / 2) / 2 if p else 0

    pairs = list(zip(pred, target, strict=True))
    terms = [x for p, t in pairs for x in (*parts(p, t), *parts(t, p))]
    scales = [[max(1, abs(mp.log(x))) if x else 0 for x in row] for row in (pred, target)]
    return terms, scales                                     # a slope is log p + 1 - log m - 1


loss = Loss(
    composed, kernel, DISTRIBUTIONS,
    domains={"pred": PROBABILITIES, "target": PROBABILITIES},
    exact=exact,
    claims=Claims(convex=True, symmetric=True, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="distributions", use="two distributions are compared on equal terms, zeros included",
                  avoid="a prediction learns from a fixed target: kl_divergence"),
    known=[Known([[1.0, 0.0]], [[0.0, 1.0]], value=math.log(2), gradient=[[[math.log(2) / 2, 0.0]],
                                                                     [[0.0, math.log(2) / 2]]]),
           Known([[0.25, 0.75]], [[0.25, 0.75]], value=0.0)],
)
