"""Exercise 18: Cauchy's loss, composed and as a kernel. The library has none: the answers are here."""

import math

import numpy as np

from .child import Differentiable
from .task import Task, of_lesson

SETTINGS = 1.0, 0.5, 3.0


def batches(rng):
    found = []
    for c, shape in zip(SETTINGS, [(5,), (2, 3), (4,)], strict=True):
        pred, target = rng.normal(size=(2, *shape))
        found.append((Differentiable(4 * pred), target, c))
    return found


def numbers(rng):
    errors = [0.4, -0.3, 2.5, -9.0, 0.0, 1e-9]
    return [(t + e, t, c) for c in SETTINGS for e, t in zip(errors, [1.0, -2.0, 0.5, 3.0, 1.5, 0.0],
                                                            strict=True)]


def cauchy(pred, target, c=1.0):
    return c ** 2 / 2 * (((pred - target) / c) ** 2).log1p()


def cauchy_kernel(pred, target, c):
    u = (pred - target) / c
    return c * c / 2 * math.log1p(u * u), c * u / (1 + u * u)


def slope(pred, target, c):
    return cauchy_kernel(pred, target, c)[1]


exercise = of_lesson(
    __name__,
    Task(
        "cauchy", batches, cauchy, allows=("engine",),
        hints=("Tensors take the operators of arrays. log(1 + x) is x.log1p().",
               "With u = (pred - target) / c the inside is 1 + u ** 2.",
               "return c ** 2 / 2 * (((pred - target) / c) ** 2).log1p()"),
        mistakes={
            "The value is right, but the Tensor's history is lost (.numpy(), .data or .detach()): no slope.":
                lambda pred, target, c: 0 * pred + c ** 2 / 2 * np.log1p(
                    ((pred.numpy() - target) / c) ** 2),
            "An array came back; stay in Tensor operations, so that the library can differentiate.":
                lambda pred, target, c: c ** 2 / 2 * np.log1p(((pred.numpy() - target) / c) ** 2),
            "The 1/2 is missing: near the target it should be half of the squared error.":
                lambda pred, target, c: c ** 2 * (((pred - target) / c) ** 2).log1p(),
            "The factor c^2 is missing: the slope would shrink where c grows.":
                lambda pred, target, c: (((pred - target) / c) ** 2).log1p() / 2,
            "c multiplies the logarithm where c^2 should.":
                lambda pred, target, c: c / 2 * (((pred - target) / c) ** 2).log1p(),
            "Inside stands e^2 / c; the whole quotient is squared.":
                lambda pred, target, c: c ** 2 / 2 * ((pred - target) ** 2 / c).log1p(),
            "The error is not squared inside: the size alone makes a kink at 0.":
                lambda pred, target, c: c ** 2 / 2 * ((pred - target) / c).abs().log1p(),
            "This is the mean; one number for each element is wanted, the library takes the mean itself.":
                lambda pred, target, c: (c ** 2 / 2 * (((pred - target) / c) ** 2).log1p()).mean(),
        }),
    Task(
        "cauchy_kernel", numbers, cauchy_kernel, digits=True,
        hints=("The chain rule: the outside is c^2 / 2 over 1 + u^2, the inside 2 u / c, u being e / c.",
               "What is left is e / (1 + u^2).",
               "u = (pred - target) / c; return c * c / 2 * math.log1p(u * u), c * u / (1 + u * u)"),
        mistakes={
            "log(1 + u^2) loses the digits of a small u: math.log1p keeps them.":
                lambda pred, target, c: (c * c / 2 * math.log(1 + ((pred - target) / c) ** 2),
                                         slope(pred, target, c)),
            "The slope's sign is turned.":
                lambda pred, target, c: (cauchy_kernel(pred, target, c)[0], -slope(pred, target, c)),
            "The slope is twice the right one: the 1/2 of c^2 / 2 cancels the 2 of the square.":
                lambda pred, target, c: (cauchy_kernel(pred, target, c)[0], 2 * slope(pred, target, c)),
            "The slope lacks the inside's 1/c^2, or the outside's c^2: together they are 1.":
                lambda pred, target, c: (cauchy_kernel(pred, target, c)[0], slope(pred, target, c) / c ** 2),
            "The slope is that of the squared error: 1 + u^2 below is missing.":
                lambda pred, target, c: (cauchy_kernel(pred, target, c)[0], pred - target),
            "The slope has 1 + e^2 below; it is 1 + (e / c)^2.":
                lambda pred, target, c: (cauchy_kernel(pred, target, c)[0],
                                         (pred - target) / (1 + (pred - target) ** 2)),
            "The 1/2 is missing in the loss.":
                lambda pred, target, c: (2 * cauchy_kernel(pred, target, c)[0], slope(pred, target, c)),
            "Loss and slope are in the wrong order: return loss, slope.":
                lambda pred, target, c: cauchy_kernel(pred, target, c)[::-1],
        }),
)
