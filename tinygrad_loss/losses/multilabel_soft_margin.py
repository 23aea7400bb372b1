"""Soft margin loss of several labels: binary cross entropy of each class, averaged over the classes.

    loss    1/C  sum over classes of  weight (t log(1 + exp(-z)) + (1 - t) log(1 + exp(z)))
    slope   weight ((1 - t) sigmoid(z) - t sigmoid(-z)) / C               z = pred, t = target

For tags: any number of classes may be right at once, each one a yes or no of its own. It is
bce_with_logits with weights per class and one item per row.

pred: real, logits, (N, C), (C,) or (N, C, d...). target: 0 or 1, of pred's shape. weight: one number per
class. The mean divides by the number of rows. A logit of +-inf costs 0 for the right answer, else inf.
Source: D. R. Cox, The Regression Analysis of Binary Sequences, 1958.
"""

from ..engine import where
from ..fused.vmath import in_any_order, logistic
from .domain import BINARY, REAL, class_weights
from .family import MULTILABEL
from .loss import Advice, Claims, Known, Loss


def composed(pred, target, weight=None):
    against = (1 - 2 * target) * pred                        # > 0 where the answer is wrong
    return where(weight == 0, 0, weight / pred.shape[1] * against.softplus()).sum(axis=1)


@in_any_order
def kernel(pred, target, dpred, weight):
    loss = 0.0
    for c in range(pred.size):
        yes, no, w = target[c], 1.0 - target[c], weight[c] / pred.size
        e, p, tail = logistic(abs(pred[c]))                  # exp(-|z|), sigmoid(|z|), softplus(-|z|)
        against = no if pred[c] > 0.0 else yes               # what speaks against the sign of z
        linear = 0.0 if against == 0.0 else against * abs(pred[c])
        slope = no - yes * e if pred[c] > 0.0 else no * e - yes
        loss += 0.0 if w == 0.0 else w * (tail + linear)
        dpred[c] = w * (slope * p)
    return loss


def exact(mp, pred, target, weight):
    items = zip(pred, target, weight, strict=True)
    return sum(w * mp.log(1 + mp.exp(-z if t else z)) for z, t, w in items if w) / len(pred)


loss = Loss(
    composed, kernel, MULTILABEL,
    domains={"pred": REAL, "target": BINARY, "weight": class_weights()},
    exact=exact,
    claims=Claims(convex=True, symmetric=False, minimum=0.0,
                  lipschitz=lambda weight: max(weight) / len(weight)),
    advice=Advice(task="multi-label", use="several classes may be right at once",
                  avoid="exactly one class is right"),
    known=[Known([[0.0, 0.0]], [[1, 0]], value=0.6931471805599453, gradient=[[-0.25, 0.25]]),
           Known([[1000.0, -1000.0]], [[0, 0]], value=500.0, gradient=[[0.5, 0.0]])],
)
