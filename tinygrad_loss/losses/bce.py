"""Binary cross entropy of probabilities.

    loss    -y log p - (1 - y) log(1 - p)         p = pred, y = target, and 0 log 0 = 0
    slope   (1 - y) / (1 - p) - y / p             and 0 / 0 = 0

For yes/no decisions where the model ends in a probability. Where it ends in a sigmoid, leave that out and
take `bce_with_logits`: p = 1 - 1e-20 is no float, but the logit 46 is.

pred: 0 to 1. target: 0 to 1, soft labels welcome, of pred's shape. One item per element.
Nothing is clipped: the impossible that happened costs inf, with a slope of -inf or inf; p = 0 for y = 0
costs 0, with the slope 1. Clipping p to 1e-7, as many do, would say 16.1 and slope 0, so that the worst
mistakes are never corrected. Who wants it bounded writes bce(pred.clip(1e-7, 1 - 1e-7), target).
Source: I. J. Good, Rational Decisions, 1952.
"""

import math

from ..engine import where
from ..fused.vmath import log, log1p
from .domain import UNIT
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target):
    missed = where((target == 0) & (pred == 0), 0, target * pred.log())             # 0 * -inf
    false_alarm = where((target == 1) & (pred == 1), 0, (1 - target) * (-pred).log1p())
    return -missed - false_alarm


def kernel(pred, target):
    yes, no = target, 1.0 - target
    missed = 0.0 if yes == 0.0 else -yes * log(pred)
    false_alarm = 0.0 if no == 0.0 else -no * log1p(-pred)
    up = 0.0 if no == 0.0 else no / (1.0 - pred)
    down = 0.0 if yes == 0.0 else yes / pred
    return missed + false_alarm, up - down


def exact(mp, pred, target):
    missed = target * mp.log(pred) if target else 0
    false_alarm = (1 - target) * mp.log(1 - pred) if target != 1 else 0
    return [-missed, -false_alarm]


loss = Loss(
    composed, kernel, ELEMENTWISE,
    domains={"pred": UNIT, "target": UNIT},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="binary, multi-label", use="the model ends in a probability that is no sigmoid",
                  avoid="there is a logit: bce_with_logits keeps its digits", lesson="07_logits"),
    known=[Known([0.9], [1.0], value=0.10536051565782628, gradient=[-1 / 0.9]),
           Known([0.1], [1.0], value=2.302585092994046, gradient=[-10.0]),
           Known([.1, .2, .15, .1, .05, .12, .08, .11, .85, .9], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
                 value=0.12433050483756766,
                 gradient=[1/9, 1/8, 1/8.5, 1/9, 1/9.5, 1/8.8, 1/9.2, 1/8.9, -1/8.5, -1/9]),
           Known([0.0, 1.0], [0.0, 1.0], value=0.0, gradient=[0.5, -0.5]),
           Known([0.0], [1.0], value=math.inf, gradient=[-math.inf])],
)
