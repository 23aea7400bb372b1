"""Exercise 04: a gradient for any shape. The two slopes are the engine's."""

import numpy as np

from .. import losses
from .task import gradient, of_lesson

SHAPES = (5,), (4, 5), (2, 3, 4), (1, 7), ()


def pairs(rng):
    return [tuple(np.asarray(x) for x in rng.normal(size=(2, *shape))) for shape in SHAPES]


def mse(pred, target):
    return losses.mse(pred, target, path="composed")


def cube(pred, target):
    return (abs(pred - target) ** 3).mean()


HINTS = (
    "Take one element alone: how does the sum change when it grows a little? Then divide by what the mean "
    "divides by.",
    "The mean divides by the number of all elements, whatever the shape: pred.size. len() counts rows, and a "
    "single number has none.",
)

exercise = of_lesson(
    __name__,
    gradient(
        "mse_grad", mse, cases=pairs, hints=(*HINTS, "2 * (pred - target) / pred.size"),
        shown=(losses.mse.composed, losses.mse.kernel),
        mistakes={
            "The sign is turned: the slope has the sign of pred - target; it points to where loss grows.":
                lambda pred, target: 2 * (target - pred) / pred.size,
            "The 2 that comes down from the square is missing.":
                lambda pred, target: (pred - target) / pred.size,
            "The mean's 1/n is missing: this is the slope of the sum.":
                lambda pred, target: 2 * (pred - target),
            "Both the 2 of the square and the 1/n of the mean are missing.":
                lambda pred, target: pred - target,
            "len(pred) counts rows, not elements: use pred.size, which also knows a single number.":
                lambda pred, target: 2 * (pred - target) / len(pred),
            "It divides by the length of the last axis, not by the number of elements.":
                lambda pred, target: 2 * (pred - target) / (pred.shape[-1] if pred.ndim else 1),
            "It divides by n once too often.":
                lambda pred, target: 2 * (pred - target) / pred.size ** 2,
            "This is the loss of each element, not its slope.":
                lambda pred, target: (pred - target) ** 2 / pred.size,
            "This is the slope of the mean absolute error: a sign that forgets how far.":
                lambda pred, target: np.sign(pred - target) / pred.size,
        }),
    gradient(
        "cube_grad", cube, cases=pairs,
        hints=(HINTS[0], "The slope of |e|^3 is 3 e^2, with the sign of e: 3 e |e|.",
               "e = pred - target, then  3 * e * abs(e) / pred.size"),
        mistakes={
            "The sign of the error got lost: below the target the slope is negative. 3 e |e|, not 3 e^2.":
                lambda pred, target: 3 * (pred - target) ** 2 / pred.size,
            "The sign is turned.":
                lambda pred, target: -3 * (pred - target) * abs(pred - target) / pred.size,
            "The 3 that comes down from the cube is missing.":
                lambda pred, target: (pred - target) * abs(pred - target) / pred.size,
            "The mean's 1/n is missing: this is the slope of the sum.":
                lambda pred, target: 3 * (pred - target) * abs(pred - target),
            "len(pred) counts rows, not elements: use pred.size.":
                lambda pred, target: 3 * (pred - target) * abs(pred - target) / len(pred),
            "2 where the cube brings down a 3.":
                lambda pred, target: 2 * (pred - target) * abs(pred - target) / pred.size,
            "The exponent stayed 3: it goes down by one when the 3 comes down.":
                lambda pred, target: 3 * (pred - target) * abs(pred - target) ** 2 / pred.size,
        }),
)
