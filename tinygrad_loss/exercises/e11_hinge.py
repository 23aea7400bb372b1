"""Exercise 11: the squared hinge, in value and slope the library's."""

import numpy as np

from .. import losses
from .task import Task, gradient, of_lesson


def scores(rng):
    y = np.array([1, 1, -1, -1, 1, -1])
    return [(y * np.array([0.5, 3.0, 0.3, 2.0, -1.5, -4.0]), y),
            (rng.normal(size=(2, 3)), np.array([[1, -1, 1], [-1, -1, 1]])), (np.array([0.0, 0.0]), y[1:3])]


def each(z, y):
    return losses.squared_hinge(z, y, reduction="none", path="composed").numpy()


def summed(z, y):
    return losses.squared_hinge(z, y, reduction="sum", path="composed")


def lack(z, y):
    """How much is lacking to the margin."""
    return np.maximum(0, 1 - y * z)


shown = losses.squared_hinge.composed, losses.squared_hinge.kernel
exercise = of_lesson(
    __name__,
    Task(
        "squared_hinge", scores, each, shown=shown,
        hints=("y z is positive where the sign is right. How much is lacking to 1? And if nothing is?",
               "First max(0, 1 - y z), then the square; the other way round, what is too good costs, too.",
               "return np.maximum(0, 1 - y * z) ** 2"),
        mistakes={
            "The square is missing: this is the hinge.":
                lambda z, y: lack(z, y),
            "Squared before max: answers beyond the margin, which cost nothing, cost the more the better.":
                lambda z, y: (1 - y * z) ** 2,
            "Half of it: the squared hinge has no 1/2.":
                lambda z, y: lack(z, y) ** 2 / 2,
            "The label is missing: this is right for y = 1 only.":
                lambda z, y: np.maximum(0, 1 - z) ** 2,
            "The sign of y z is turned: right answers cost, wrong ones do not.":
                lambda z, y: np.maximum(0, 1 + y * z) ** 2,
            "The margin is missing: right answers between 0 and 1 are not yet free.":
                lambda z, y: np.maximum(0, -y * z) ** 2,
            "This is the mean; one number for each sample is wanted.":
                lambda z, y: (lack(z, y) ** 2).mean(),
        }),
    gradient(
        "squared_hinge_slope", summed, cases=scores, shown=shown,
        hints=("The chain rule has three links: the square, the max, and y z.",
               "2 from the square, max(0, 1 - y z) itself, -y from the inside. Beyond the margin the middle "
               "one is 0 by itself.",
               "return -2 * y * np.maximum(0, 1 - y * z)"),
        mistakes={
            "The 2 that comes down from the square is missing.":
                lambda z, y: -y * lack(z, y),
            "The inside, 1 - y z, has the slope -y: y is missing.":
                lambda z, y: -2 * lack(z, y),
            "Both the 2 of the square and the y of the inside are missing.":
                lambda z, y: -lack(z, y),
            "The sign is turned: for y = 1 the loss falls as z grows.":
                lambda z, y: 2 * y * lack(z, y),
            "Beyond the margin nothing pulls any more: max(0, ...) is missing.":
                lambda z, y: -2 * y * (1 - y * z),
            "This is the hinge's slope, which does not care how far.":
                lambda z, y: -y * (lack(z, y) > 0),
            "Twice the hinge's slope: the distance to the margin is missing.":
                lambda z, y: -2 * y * (lack(z, y) > 0),
            "This is divided by n: the slope of the mean, not of each sample.":
                lambda z, y: -2 * y * lack(z, y) / z.size,
        }),
)
