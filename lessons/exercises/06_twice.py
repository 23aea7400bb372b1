"""Exercise 06: fuse MAE, and find the drift between two copies.

The first task is a kernel. For the others, this file holds one loss in two texts that no longer agree: each
was written by hand, and one of them was edited. What was meant is SmoothL1, with e = pred - target:

    loss  e^2 / (2 beta)  where |e| < beta,   |e| - beta / 2  elsewhere
    slope e / beta        where |e| < beta,   the sign of e   elsewhere

    tinygrad-loss check 06      what is right, and what is not yet
    tinygrad-loss hint 06       one step further
"""

import numpy as np


def first_copy(pred, target, beta):
    e = pred - target
    if abs(e) < beta:
        return e * e / (2 * beta), e / beta
    return abs(e) - 0.5, 1.0 if e > 0 else -1.0


def second_copy(pred, target, beta):
    e = pred - target
    slope = max(-1.0, min(1.0, e / beta))
    return slope * (e - slope * beta / 2), slope


# ------------------------------------------------------------------------------------------ your turn

def mae_kernel(pred, target):
    """The absolute error and its slope with respect to pred, of one sample.

    pred, target: plain numbers. Returns two numbers: loss, slope. At a tie the slope is 0; if pred or target
    is nan, both are nan. It runs once per element, compiled: plain arithmetic and `if` will do.

    mae_kernel(1.0, 4.0)  is  (3.0, -1.0)
    """
    raise NotImplementedError


def witness():
    """An input for which the two copies differ.

    Returns three numbers: pred, target, beta, with beta > 0.
    """
    raise NotImplementedError


def mended(pred, target, beta):
    """The wrong copy, mended.

    pred, target: plain numbers; beta: a number > 0. Returns two numbers: loss, slope.

    mended(2.0, 0.0, 1.0)  is  (1.5, 1.0)
    """
    raise NotImplementedError
