"""Exercise 07: a stable binary cross entropy.

With p = 1 / (1 + exp(-z)) the loss of one sample is  -(y log p + (1 - y) log(1 - p)).  Written like that it
dies at large z. Write it so that every digit is right for every z, also for infinite ones, and without a
clip. NumPy alone: np.log1p(x) is log(1 + x) without its loss of digits, np.where chooses.

    tinygrad-loss check 07      what is right, and what is not yet
    tinygrad-loss hint 07       one step further
"""

import numpy as np


def stable_bce(z, y):
    """Binary cross entropy of logits, one number per element.

    z, y: arrays of one shape; y from 0 to 1, and 0 or 1 where z is infinite. Returns an array of that shape.

    stable_bce(np.array([0.0, 40.0, -800.0]), np.array([1.0, 1.0, 1.0]))
        is  [0.6931471805599453, 4.248354255291589e-18, 800.0]
    of z = inf and y = 1 it is 0, of z = inf and y = 0 it is inf
    """
    raise NotImplementedError


def stable_bce_slope(z, y):
    """The slope of each of these numbers with respect to its z.

    z, y: arrays of one shape; y from 0 to 1. Returns an array of that shape.

    stable_bce_slope(np.array([0.0, 40.0, -800.0]), np.array([0.25, 1.0, 1.0]))
        is  [0.25, -4.248354255291589e-18, -1.0]
    """
    raise NotImplementedError
