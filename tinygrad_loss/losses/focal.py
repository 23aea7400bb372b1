"""Focal loss of probabilities: cross entropy that turns down what is easy.

    q = 1 - p for y = 1,  p for y = 0            p = pred, y = target; q is the mistake
    loss    alpha_t q^gamma (-log(1 - q))        alpha_t = alpha for y = 1, 1 - alpha for y = 0
    slope   alpha_t (gamma q^(gamma - 1) (-log(1 - q)) + q^gamma / (1 - q)) dq/dp

Where the model ends in a sigmoid, leave that out and take `focal_with_logits`; there is more about focal
losses. With gamma = 0 it is `bce`, and like that it clips nothing: the impossible that happened costs inf.

pred: 0 to 1. target: 0 or 1, of pred's shape; other labels raise. alpha: the share of the yes, between 0
and 1, or None for no balancing; a loss that multiplies both classes by alpha = 0.25 is not balanced but
small. gamma >= 0, also below 1. One item per element.
Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, Focal Loss for Dense Object Detection, 2017.
"""

import math

from ..engine import where
from ..fused.vmath import log, pow
from .domain import BINARY, UNIT, not_negative, share_or_none
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss

PRED, TARGET = [.1, .2, .15, .1, .05, .12, .08, .11, .85, .9], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]


def composed(pred, target, alpha=0.25, gamma=2.0):
    yes, no = (1, 1) if alpha is None else (alpha, 1 - alpha)
    alpha_t = yes * target + no * (1 - target)
    q = where(target == 1, 1 - pred, pred)
    cost = where(target == 1, -pred.log(), -(-pred).log1p())
    # For a tiny q the cost is q. This mends 0 ** (gamma - 1) * 0 and keeps the digits of what is nearly 0.
    return alpha_t * where(q < 1e-30, q ** (gamma + 1), (q ** gamma if gamma else 1) * cost)


def kernel(pred, target, alpha, gamma):
    alpha_t = 1.0 if alpha is None else alpha if target == 1.0 else 1.0 - alpha
    alpha_t = alpha_t if target == target else target        # nan stays nan
    yes, rest = target == 1.0, 1.0 - pred
    lost = 0.0 if rest == 0.0 else ((1.0 - rest) - pred) / rest          # 1 - pred is rest (1 + lost)
    p, q = (pred, rest) if yes else (rest, pred)
    cost, mend = (-log(p), 1.0 + gamma * lost) if yes else (-log(p) - lost, 1.0)
    ratio = 1.0 if q == 0.0 else cost / q
    focus = pow(q, gamma) * mend
    relief = gamma * ratio if gamma > 0.0 else 0.0           # 0 * inf is 0 here
    slope = focus * (alpha_t * relief + alpha_t / p)
    return focus * (alpha_t * cost), -slope if yes else slope


def exact(mp, pred, target, alpha, gamma):
    p, q = (pred, 1 - pred) if target == 1 else (1 - pred, pred)
    alpha_t = 1 if alpha is None else alpha if target == 1 else 1 - alpha
    return -alpha_t * max(q, 0) ** gamma * mp.log(p)


loss = Loss(
    composed, kernel, ELEMENTWISE, usual=2,
    domains={"pred": UNIT, "target": BINARY, "alpha": share_or_none(None, 0.9),
             "gamma": not_negative(0.0, 0.5, 5.0)},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, lipschitz=math.inf, minimum=0.0),
    advice=Advice(task="binary", use="probabilities are given, one class is rare, most answers are easy",
                  avoid="there is a logit: focal_with_logits keeps its digits", lesson="08_focal"),
    known=[Known(PRED, TARGET, value=1.51293429218518e-3),
           Known(PRED, TARGET, alpha=None, value=2.33126446093212e-3),
           Known(PRED, TARGET, alpha=None, gamma=0.0, value=0.12433050483756766),
           Known([0.0, 1.0], [0.0, 1.0], value=0.0, gradient=[0.0, 0.0])],
)
