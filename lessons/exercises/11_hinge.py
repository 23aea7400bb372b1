"""Exercise 11: the squared hinge, max(0, 1 - y z)^2, for labels 1 and -1.

NumPy alone; do not change the inputs.

    tinygrad-loss check 11      what is right, and what is not yet
    tinygrad-loss hint 11       one step further
"""

import numpy as np


def squared_hinge(z, y):
    """The squared hinge of each sample.

    z: an array of scores; y: an array of that shape, of 1 and -1. Returns an array of that shape.

    squared_hinge(np.array([0.5, 3.0, 0.5]), np.array([1, 1, -1]))  is  [0.25, 0.0, 2.25]
    """
    raise NotImplementedError


def squared_hinge_slope(z, y):
    """The slope of each of these numbers with respect to its z.

    z: an array of scores; y: an array of that shape, of 1 and -1. Returns an array of that shape.

    squared_hinge_slope(np.array([0.5, 3.0, 0.5]), np.array([1, 1, -1]))  is  [-1.0, 0.0, 3.0]
    """
    raise NotImplementedError
