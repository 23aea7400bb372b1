"""Exercise 04: a gradient for any shape.

Write the slope of two losses: the mean of the squared errors, and the mean of the cubed sizes of the
errors. Both must be right for arrays of any shape: (5,), (4, 5), (2, 3, 4), (1, 7) and even (), a single
number. NumPy alone; no loop is needed. Do not change the inputs.

    tinygrad-loss check 04      what is right, and what is not yet
    tinygrad-loss hint 04       one step further
"""

import numpy as np


def mse_grad(pred, target):
    """The slope of  mean((pred - target) ** 2)  with respect to pred.

    pred, target: arrays of equal shape. Returns an array of that shape.

    mse_grad(np.array([3.0, 1.0]), np.array([1.0, 1.0]))  is  [2.0, 0.0]
    """
    raise NotImplementedError


def cube_grad(pred, target):
    """The slope of  mean(|pred - target| ** 3)  with respect to pred.

    pred, target: arrays of equal shape. Returns an array of that shape.

    cube_grad(np.array([3.0, 1.0]), np.array([1.0, 2.0]))  is  [6.0, -1.5]
    """
    raise NotImplementedError
