"""Exercise 07: a stable binary cross entropy, in value and slope the library's, to the last digits."""

import numpy as np

from .. import losses
from .task import Task, gradient, of_lesson


def finite(rng):
    """Harmless ones, then a hard batch."""
    z = np.array([0.0, 0.0, -800.0, 800.0, 2.0, -3.0, 40.0, -40.0, 30.0])
    y = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.25, 1.0, 0.0, 0.25])
    return [(rng.normal(size=(2, 3)), np.array([[1.0, 0.0, 1.0], [0.0, 0.25, 0.9]])), (z, y)]


def all_logits(rng):
    z, y = np.array([np.inf, np.inf, -np.inf, -np.inf]), np.array([1.0, 0.0, 1.0, 0.0])
    return [*finite(rng), (z, y)]


def bce(z, y):
    return losses.bce_with_logits(z, y, reduction="sum", path="composed")


def each(z, y):
    return losses.bce_with_logits(z, y, reduction="none", path="composed").numpy()


def sigmoid(z):
    e = np.exp(-abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-abs(z)))


def times(a, b):
    """A product in which 0 times anything is 0."""
    return np.where(a == 0, 0, np.where(a == 0, 0, b) * a)


def through_p(z, y, p):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


exercise = of_lesson(
    __name__,
    Task(
        "stable_bce", all_logits, each, digits=True,
        shown=(losses.bce_with_logits.composed, losses.bce_with_logits.kernel),
        hints=("-log p is log(1 + exp(-z)), which is called softplus(-z), and -log(1 - p) is softplus(z). No "
               "p is needed. What happens to exp(z) at 800?",
               "softplus(z) = max(z, 0) + log1p(exp(-|z|)): exp never sees anything above 0. Then "
               "y softplus(-z) + (1 - y) softplus(z), a sum of terms that are never negative.",
               "At infinite z, 0 times inf is nan: np.where(y == 0, 0, y * softplus(-z)), and the same for "
               "1 - y."),
        mistakes={
            "p is 0 or 1 for large z, and its log dies: inf or nan. Give the loss the logit.":
                lambda z, y: through_p(z, y, 1 / (1 + np.exp(-z))),
            "The clip costs digits: no loss is larger than 16.1, and 800 should be 800.":
                lambda z, y: through_p(z, y, np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)),
            "exp(800) is inf: take exp of -|z| alone.":
                lambda z, y: times(y, np.log1p(np.exp(-z))) + times(1 - y, np.log1p(np.exp(z))) * 1.0
                + 0 * np.exp(abs(z)),
            "log(1 + 4e-18) is 0: log1p keeps the digits.":
                lambda z, y: times(y, np.maximum(-z, 0) + np.log(1 + np.exp(-abs(z))))
                + times(1 - y, np.maximum(z, 0) + np.log(1 + np.exp(-abs(z)))),
            "All finite ones are right. At infinite z, max(z, 0) - z y is inf - inf, or 0 times inf: nan.":
                lambda z, y: np.maximum(z, 0) - z * y + np.log1p(np.exp(-abs(z))),
            "All but one thing: where y is 0 and softplus inf, 0 times inf is nan. np.where chooses.":
                lambda z, y: y * softplus(-z) + (1 - y) * softplus(z),
            "The labels are exchanged: y = 1 wants z to be large.":
                lambda z, y: times(1 - y, softplus(-z)) + times(y, softplus(z)),
            "The positive class is missing: this is the loss of y = 0 for all.":
                lambda z, y: softplus(z),
            "This is the mean; one number for each element is wanted.":
                lambda z, y: np.mean(times(y, softplus(-z)) + times(1 - y, softplus(z))),
        }),
    gradient(
        "stable_bce_slope", bce, cases=finite, digits=True,
        shown=(losses.bce_with_logits.composed, losses.bce_with_logits.kernel),
        hints=("The slope is p - y. What is left of it at z = 40, y = 1, where p is 1 - 4e-18?",
               "Split it like the loss: (1 - y) sigmoid(z) - y sigmoid(-z). Neither term cancels the other, "
               "and sigmoid(-40) has all its digits.",
               "e = np.exp(-abs(z)); sigmoid(z) = np.where(z >= 0, 1, e) / (1 + e)"),
        mistakes={
            "p - y has lost its digits at z = 40, y = 1: it is 1 - 1 = 0, and should be -4e-18.":
                lambda z, y: sigmoid(z) - y,
            "The sign is turned: at y = 0 the loss grows with z.":
                lambda z, y: times(y, sigmoid(-z)) - times(1 - y, sigmoid(z)),
            "exp(800) / (1 + exp(800)) is inf / inf, that is nan.":
                lambda z, y: np.exp(z) / (1 + np.exp(z)) - y,
            "This is divided by n: the slope of the mean, not of each number.":
                lambda z, y: ((1 - y) * sigmoid(z) - y * sigmoid(-z)) / z.size,
            "This is the slope of the squared error of p: p (1 - p) is one factor too many.":
                lambda z, y: ((1 - y) * sigmoid(z) - y * sigmoid(-z)) * sigmoid(z) * sigmoid(-z),
            "At z = 0 it is y or 1 - y off: max(z, 0) and |z| have corners there, which must cancel.":
                lambda z, y: (z > 0) - y - np.sign(z) * sigmoid(-abs(z)),
            "A clipped p has no slope: the most confident mistakes, at -800 and 800, get 0.":
                lambda z, y: np.where(abs(z) < 16.118, (1 - y) * sigmoid(z) - y * sigmoid(-z), 0.0),
            "This is p: the label is missing.":
                lambda z, y: sigmoid(z),
        }),
)
