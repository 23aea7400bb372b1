"""Exercise 08: focal loss. Loss and slope are the library's; alpha_t is what they multiply by."""

import numpy as np

from .. import losses
from .task import Task, gradient, of_lesson


def labels(rng):
    return [(np.array([1.0, 0.0, 1.0]), 0.25), (np.array([[0.0, 1.0], [0.9, 0.3]]), 0.6),
            (rng.uniform(size=4), 0.75)]


def answers(rng):
    y = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    return [(rng.uniform(0.05, 0.95, y.size), y, alpha, gamma)
            for alpha, gamma in [(0.25, 2.0), (0.6, 0.0), (0.75, 0.5)]]


def with_perfect(rng):
    y = np.array([1.0, 0.0, 1.0, 0.0])
    return [(rng.uniform(0.1, 0.9, y.size), y, 2.0), (rng.uniform(0.1, 0.9, y.size), y, 0.5),
            (np.array([1.0, 0.0, 0.7, 0.2]), y, 0.5)]


def each(p, y, alpha, gamma):
    return losses.focal(p, y, alpha=alpha, gamma=gamma, reduction="none", path="composed").numpy()


def plain(p, y, gamma):
    return losses.focal(p, y, alpha=None, gamma=gamma, reduction="sum", path="composed")


def weight(y, alpha):
    return alpha * y + (1 - alpha) * (1 - y)


def mistake(p, y):
    return np.where(y == 1, 1 - p, p)


def focal(q, weight, gamma):
    return weight * q ** gamma * -np.log(1 - q)


def slope(q, y, gamma, turn=1):
    """By the product rule, with its 0 times inf at q = 0."""
    sign = np.where(y == 1, -1, 1) * turn
    return sign * (gamma * q ** (gamma - 1) * -np.log(1 - q) + q ** gamma / (1 - q))


def safe(p, y, gamma):
    q = mistake(p, y)
    return np.where(q > 0, slope(np.where(q > 0, q, 0.5), y, gamma), 0.0)


exercise = of_lesson(
    __name__,
    Task(
        "alpha_t", labels, weight, shown=(losses.focal.composed,),
        hints=("Both classes get a weight: what is it at y = 1, and what at y = 0?",
               "One line through both: at y = 1 the first term counts, at y = 0 the second.",
               "return alpha * y + (1 - alpha) * (1 - y)"),
        mistakes={
            "alpha for both classes: that balances nothing, it only makes the loss smaller.":
                lambda y, alpha: np.full(y.shape, alpha),
            "The two are exchanged: alpha belongs to y = 1.":
                lambda y, alpha: weight(1 - y, alpha),
            "The negatives get no weight at all: they need 1 - alpha.":
                lambda y, alpha: alpha * y,
            "Right for 0 and 1; but a label of 0.9 is not 0. A test `y == 1` cannot see that.":
                lambda y, alpha: np.where(y == 1, alpha, 1 - alpha),
            "Right for 0 and 1; but labels in between are rounded. Weigh both classes by them.":
                lambda y, alpha: np.where(y > 0.5, alpha, 1 - alpha),
            "The negatives count in full, with 1: they need 1 - alpha.":
                lambda y, alpha: alpha * y + (1 - y),
        }),
    Task(
        "focal_loss", answers, each, shown=(losses.focal.composed, losses.focal.kernel),
        hints=("First q, the mistake of each sample, by np.where. Everything else is the same for both "
               "classes.",
               "Then the weight as in the first task, q ** gamma, and -log(1 - q).",
               "q = np.where(y == 1, 1 - p, p); return alpha_t(y, alpha) * q ** gamma * -np.log(1 - q)"),
        mistakes={
            "alpha multiplies both classes: the negatives need 1 - alpha.":
                lambda p, y, alpha, gamma: focal(mistake(p, y), alpha, gamma),
            "Both classes are weighted, but by each other's weight.":
                lambda p, y, alpha, gamma: focal(mistake(p, y), weight(1 - y, alpha), gamma),
            "alpha is missing.":
                lambda p, y, alpha, gamma: focal(mistake(p, y), 1.0, gamma),
            "gamma is an exponent, not a factor.":
                lambda p, y, alpha, gamma: weight(y, alpha) * gamma * mistake(p, y)
                * -np.log(1 - mistake(p, y)),
            "The factor turns down what is hard: it should be q ** gamma, q being the mistake.":
                lambda p, y, alpha, gamma: weight(y, alpha) * (1 - mistake(p, y)) ** gamma
                * -np.log(1 - mistake(p, y)),
            "The factor of negatives should be p ** gamma; it is (1 - p) ** gamma for both classes.":
                lambda p, y, alpha, gamma: weight(y, alpha) * (1 - p) ** gamma * -np.log(1 - mistake(p, y)),
            "The loss of negatives is missing: there is -log p of the positives alone.":
                lambda p, y, alpha, gamma: y * focal(mistake(p, y), weight(y, alpha), gamma),
            "This is the mean; one number for each sample is wanted.":
                lambda p, y, alpha, gamma: focal(mistake(p, y), weight(y, alpha), gamma).mean(),
            "The sign is turned: log(1 - q) is negative, a loss is not.":
                lambda p, y, alpha, gamma: -focal(mistake(p, y), weight(y, alpha), gamma),
        }),
    gradient(
        "focal_slope", plain, cases=with_perfect, shown=(losses.focal.composed, losses.focal.kernel),
        hints=("Product rule in q, then times dq/dp, which is -1 where y = 1 and 1 where y = 0.",
               "gamma q^(gamma - 1) (-log(1 - q)) + q^gamma / (1 - q).  For gamma = 0.5 and q = 0 the first "
               "term is inf times 0.",
               "Guard the input: s = np.where(q > 0, q, 0.5), use s in the formula, and np.where(q > 0, "
               "formula, 0) at the end."),
        mistakes={
            "At q = 0 it is nan for gamma = 0.5: q ** -0.5 is inf, log 1 is 0. Guard q, not the result.":
                lambda p, y, gamma: slope(mistake(p, y), y, gamma),
            "q is clipped, so that a perfect answer gets a slope that is not 0.":
                lambda p, y, gamma: slope(np.clip(mistake(p, y), 1e-7, 1 - 1e-7), y, gamma),
            "The sign is turned: for y = 1 the loss falls as p grows.":
                lambda p, y, gamma: -safe(p, y, gamma),
            "It is the slope by q; dq/dp is -1 where y = 1.":
                lambda p, y, gamma: abs(safe(p, y, gamma)),
            "The factor q ** gamma has a slope, too: the first term of the product rule is missing.":
                lambda p, y, gamma: np.where(y == 1, -1, 1) * mistake(p, y) ** gamma / (1 - mistake(p, y)),
            "The second term of the product rule is missing: q ** gamma times the slope of -log(1 - q).":
                lambda p, y, gamma: safe(p, y, gamma)
                - np.where(y == 1, -1, 1) * mistake(p, y) ** gamma / (1 - mistake(p, y)),
            "This is divided by n: the slope of the mean, not of each sample.":
                lambda p, y, gamma: safe(p, y, gamma) / p.size,
            "The negatives are treated like positives: there q is p, not 1 - p.":
                lambda p, y, gamma: safe(p, np.ones_like(y), gamma),
        }),
)
