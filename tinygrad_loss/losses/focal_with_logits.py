"""Focal loss of logits: cross entropy that turns down what is easy.

    t = z  for y = 1,  -z  for y = 0             z = pred, y = target
    p = sigmoid(t), the probability of what is true;     q = sigmoid(-t) = 1 - p
    loss    alpha_t q^gamma (-log p)             alpha_t = alpha for y = 1, 1 - alpha for y = 0
    slope   -alpha_t q^gamma (gamma p (-log p) + q) dt/dz

For a rare yes among a thousand easy no: with gamma = 2, an answer that is 90 % sure and right costs a
hundredth of its cross entropy. With gamma = 0 it is `bce_with_logits`. The minimum is no probability.

pred: real, a logit. target: 0 or 1, of pred's shape; between them focal losses are defined in more than
one way, so other labels raise. alpha: the share of the yes, between 0 and 1, or None for no balancing.
gamma >= 0. One item per element. A logit of +-inf gives 0 for the right label, else inf.
Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, Focal Loss for Dense Object Detection, 2017.
"""

import numpy as np

from ..engine import where
from ..fused.vmath import logistic, power_of_sigmoid
from .domain import BINARY, REAL, not_negative, share_or_none
from .family import ELEMENTWISE
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, alpha=0.25, gamma=2.0):
    truth = (2 * target - 1) * pred
    p, q = truth.sigmoid(), (-truth).sigmoid()
    # Where one of them vanishes, so does the slope of the power, but as 0 * inf.
    q = where((p == 0) | (q == 0), 1, q)
    yes, no = (1, 1) if alpha is None else (alpha, 1 - alpha)
    alpha_t = yes * target + no * (1 - target)
    return alpha_t * q ** gamma * (-truth).softplus()


def kernel(pred, target, alpha, gamma):
    sign = 2.0 * target - 1.0
    truth = sign * pred
    e, _, tail = logistic(abs(truth))                        # exp(-|t|), sigmoid(|t|), softplus(-|t|)
    right = truth > 0.0
    cost = tail if right else tail - truth                   # -log p
    alpha_t = 1.0 if alpha is None else alpha if target == 1.0 else 1.0 - alpha
    focus = power_of_sigmoid(-truth, gamma)
    # If right, p is 1 / (1 + e) and q is e / (1 + e); else the other way round.
    p, q = (1.0, e) if right else (e, 1.0)
    pull = 0.0 if cost == np.inf else p * cost               # 0 * inf
    slope = focus * ((alpha_t * gamma * pull + alpha_t * q) / (1.0 + e))
    return focus * (alpha_t * cost), -sign * slope


def exact(mp, pred, target, alpha, gamma):
    truth = pred if target == 1 else -pred
    alpha_t = 1 if alpha is None else alpha if target == 1 else 1 - alpha
    q_to_gamma = mp.exp(-gamma * mp.log(1 + mp.exp(truth)))
    return alpha_t * q_to_gamma * mp.log(1 + mp.exp(-truth))


def steepest(alpha, gamma):
    """The largest slope, which has no closed form: sought on a grid, and rounded up."""
    q = np.linspace(1e-5, 1 - 1e-5, 100_000)
    slopes = q ** gamma * (q - gamma * (1 - q) * np.log(1 - q))
    return 1.0001 * max(1.0, slopes.max()) * (1 if alpha is None else max(alpha, 1 - alpha))


loss = Loss(
    composed, kernel, ELEMENTWISE, usual=2,
    domains={"pred": REAL, "target": BINARY, "alpha": share_or_none(None, 0.9),
             "gamma": not_negative(0.0, 0.5, 5.0)},
    exact=exact,
    claims=Claims(convex=lambda alpha, gamma: gamma == 0, symmetric=False, lipschitz=steepest,
                  minimum=0.0),
    advice=Advice(task="binary, segmentation", use="one of the two is rare, and most answers are easy",
                  avoid="a probability is wanted", lesson="08_focal"),
    known=[Known([0.0, 0.0], [1, 0], value=0.125 * 0.6931471805599453,
                 gradient=[-0.125 * 0.25 * 1.1931471805599454, 0.125 * 0.75 * 1.1931471805599454]),
           Known([2.3, -1.5, 0.8, -0.3, 1.7], [1, 0, 1, 0, 1], alpha=None, gamma=0.0,
                 value=0.27804013647665720,
                 gradient=[-.0182245922, .0364851048, -.0620051038, .0851114966, -.0308930530]),
           Known([40.0], [1], alpha=None, value=7.667648073722e-53)],
)
