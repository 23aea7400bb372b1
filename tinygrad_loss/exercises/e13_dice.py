"""Exercise 13: Dice loss and its slope, those of the library."""

import numpy as np

from .. import losses
from .task import Task, gradient, of_lesson


def masks(rng):
    shapes = (4,), (2, 5), (3, 2, 2)
    return [(rng.uniform(0.1, 0.9, shape), 1.0 * (rng.random(shape) < 0.5), smooth)
            for shape, smooth in zip(shapes, (1.0, 0.5, 2.0), strict=True)]


def pictures(rng):
    return [(rng.uniform(0.1, 0.9, shape), 1.0 * (rng.random(shape) < 0.5), smooth)
            for shape, smooth in [((3, 2, 2), 1.0), ((2, 3, 4), 0.5)]]


def whole(p, t, smooth):
    return losses.dice(p, t, smooth=smooth, path="composed")


def value(p, t, smooth):
    return whole(p, t, smooth).item()


def each(p, t, smooth):
    return losses.dice(p, t, smooth=smooth, per_sample=True, path="composed")


def sums(p, t, smooth, axis=None):
    keep = axis is not None
    return (2 * (p * t).sum(axis=axis, keepdims=keep) + smooth,
            p.sum(axis=axis, keepdims=keep) + t.sum(axis=axis, keepdims=keep) + smooth)


def slope(p, t, smooth, axis=None):
    i, s = sums(p, t, smooth, axis)
    return (i - 2 * t * s) / s ** 2


AXES = (1, 2)
exercise = of_lesson(
    __name__,
    Task(
        "dice", masks, value, shown=(losses.dice.composed, losses.dice.kernel),
        hints=("Two sums, a fraction, and 1 minus it.",
               "smooth stands above and below, so that two empty masks agree: 1 - smooth / smooth = 0.",
               "1 - (2 * (p * t).sum() + smooth) / (p.sum() + t.sum() + smooth)"),
        mistakes={
            "smooth is missing above: two empty masks would lose 1 instead of 0.":
                lambda p, t, smooth: 1 - (sums(p, t, smooth)[0] - smooth) / sums(p, t, smooth)[1],
            "smooth is missing below: two empty masks would divide by 0.":
                lambda p, t, smooth: 1 - sums(p, t, smooth)[0] / (sums(p, t, smooth)[1] - smooth),
            "smooth is missing.":
                lambda p, t, smooth: 1 - 2 * (p * t).sum() / (p.sum() + t.sum()),
            "The 2 above is missing: two equal masks would lose a half.":
                lambda p, t, smooth: 1 - ((p * t).sum() + smooth) / sums(p, t, smooth)[1],
            "Below stands the union; Dice has the sum of both masks, in which the overlap counts twice.":
                lambda p, t, smooth: 1 - sums(p, t, smooth)[0] / (sums(p, t, smooth)[1] - (p * t).sum()),
            "This is the overlap itself; the loss is 1 minus it.":
                lambda p, t, smooth: sums(p, t, smooth)[0] / sums(p, t, smooth)[1],
            "Means where there should be sums: smooth then counts for n pixels.":
                lambda p, t, smooth: 1 - (2 * (p * t).mean() + smooth) / (p.mean() + t.mean() + smooth),
            "The masks below are squared: that is another variant, of V-Net.":
                lambda p, t, smooth: 1 - sums(p, t, smooth)[0] / sums(p * p, t * t, smooth)[1],
        }),
    gradient(
        "dice_slope", whole, cases=masks, shown=(losses.dice.composed, losses.dice.kernel),
        hints=("The slope of I / S is (I' S - I S') / S^2. What are I' and S' for one pixel?",
               "I' = 2 t, and S' = 1 for every pixel, also where t is 0.",
               "return (I - 2 * t * S) / S ** 2"),
        mistakes={
            "S grows, too: its derivative, 1 for every pixel, is forgotten. Background has a slope.":
                lambda p, t, smooth: -2 * t / sums(p, t, smooth)[1],
            "Only S' is in it: the overlap grows, too, by 2 t.":
                lambda p, t, smooth: np.full(p.shape, sums(p, t, smooth)[0] / sums(p, t, smooth)[1] ** 2),
            "The sign is turned: this is the slope of I / S, and the loss is 1 minus that.":
                lambda p, t, smooth: -slope(p, t, smooth),
            "smooth is missing in I, above.":
                lambda p, t, smooth: slope(p, t, smooth) - smooth / sums(p, t, smooth)[1] ** 2,
            "smooth is missing in both sums.":
                lambda p, t, smooth: slope(p, t, 0.0),
            "The quotient rule divides by S^2, not by S.":
                lambda p, t, smooth: slope(p, t, smooth) * sums(p, t, smooth)[1],
            "The 2 of I' = 2 t is missing.":
                lambda p, t, smooth: slope(p, t, smooth) + t / sums(p, t, smooth)[1],
            "It is divided by the number of pixels; Dice has no mean.":
                lambda p, t, smooth: slope(p, t, smooth) / p.size,
            "The terms are exchanged, I' S - I S': wrong sign in one of them.":
                lambda p, t, smooth: -(sums(p, t, smooth)[0] + 2 * t * sums(p, t, smooth)[1])
                / sums(p, t, smooth)[1] ** 2,
        }),
    gradient(
        "dice_slope_each", each, cases=pictures, shown=(losses.dice.composed, losses.dice.kernel),
        hints=("Every sum becomes one sum per picture: p.sum(axis=(1, 2), keepdims=True).",
               "With keepdims the formula of the whole batch stands as it is. Then the mean over N pictures.",
               "I, S with axis=(1, 2), keepdims=True;  (I - 2 * t * S) / S ** 2 / len(p)"),
        mistakes={
            "The mean's 1/N is missing, N being the number of pictures.":
                lambda p, t, smooth: slope(p, t, smooth, AXES),
            "This is the slope of the whole batch as one picture.":
                lambda p, t, smooth: slope(p, t, smooth),
            "The slope of the whole batch as one picture, divided by N: the sums must be per picture, too.":
                lambda p, t, smooth: slope(p, t, smooth) / len(p),
            "It is divided by the number of all pixels; the mean is over pictures.":
                lambda p, t, smooth: slope(p, t, smooth, AXES) / p.size,
            "The sums run over the first axis, which counts the pictures.":
                lambda p, t, smooth: slope(p, t, smooth, 0) / len(p),
            "The sums run over rows of pixels, not over whole pictures: axis=(1, 2).":
                lambda p, t, smooth: slope(p, t, smooth, 2) / len(p),
            "The sign is turned.":
                lambda p, t, smooth: -slope(p, t, smooth, AXES) / len(p),
        }),
)
