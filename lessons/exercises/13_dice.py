"""Exercise 13: the quotient rule.

With I = 2 sum p t + smooth and S = sum p + sum t + smooth, Dice loss is 1 - I / S. Every p is in both sums,
so that each pixel's slope depends on all of them. NumPy alone; do not change the inputs.

    tinygrad-loss check 13      what is right, and what is not yet
    tinygrad-loss hint 13       one step further
"""

import numpy as np


def dice(p, t, smooth):
    """Dice loss of two masks, taken as one whatever their shape.

    p, t: arrays of one shape, of numbers from 0 to 1; smooth: a number > 0. Returns a number.

    dice(np.array([1.0, 0.0]), np.array([1.0, 1.0]), 1.0)  is  0.25
    """
    raise NotImplementedError


def dice_slope(p, t, smooth):
    """Its slope with respect to p.

    p, t, smooth: as above. Returns an array of p's shape.

    dice_slope(np.array([1.0, 0.0]), np.array([1.0, 1.0]), 1.0)  is  [-0.3125, -0.3125]
    """
    raise NotImplementedError


def dice_slope_each(p, t, smooth):
    """The slope of the mean over pictures, each with sums of its own.

    p, t: arrays of shape (N, height, width): N pictures; smooth: a number > 0. Returns an array of p's shape.
    """
    raise NotImplementedError
