"""Margin ranking loss: of two scores, the right one shall be higher by a margin.

    gap = margin - label (first - second)
    loss    max(0, gap)
    slopes  where gap > 0:  dfirst = -label      dsecond = label      else 0

For ranking from comparisons: "this document before that one". Only the difference of the scores counts.

first, second: real, of equal shape; label: 1 if first shall be higher, -1 if second, of their shape.
margin: real; with 0, equal scores cost nothing. One item per element.
Source: R. Herbrich, T. Graepel and K. Obermayer, Support Vector Learning for Ordinal Regression, 1999.
"""

from .domain import REAL, SIGN, real
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(first, second, label, margin=0.0):
    return (margin - label * (first - second)).relu()


def kernel(first, second, label, margin):
    gap = margin - label * (first - second)
    active = 1.0 if gap > 0.0 else 0.0 if gap <= 0.0 else gap             # nan stays nan
    return gap if gap > 0.0 else active, -active * label, active * label


def exact(mp, first, second, label, margin):
    return mp.hinge([margin, -label * first, label * second])


loss = Loss(
    composed, kernel, ELEMENTWISE.with_slopes(2),
    domains={"first": REAL, "second": REAL, "label": SIGN, "margin": real(-0.5, 1.0)},
    kinks=lambda first, second, label, margin: margin - label * (first - second),
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=1.0,
                  minimum=0.0),
    advice=Advice(task="ranking", use="only the order of two scores counts",
                  avoid="the scores themselves matter"),
    known=[Known([3.0, 1.0, 2.0], [1.0, 3.0, 2.0], [1, 1, -1], value=2 / 3,
                 gradient=[[0, -1 / 3, 0], [0, 1 / 3, 0]]),
           Known([3.0, 1.0, 2.0], [1.0, 3.0, 2.0], [1, 1, -1], margin=1.0, value=4 / 3,
                 gradient=[[0, -1 / 3, 1 / 3], [0, 1 / 3, -1 / 3]])],
)
