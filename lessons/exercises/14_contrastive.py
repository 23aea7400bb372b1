"""Exercise 14: a safe length.

The length of a row is the root of the sum of its squares; its slope is the row divided by its length. Written
like that, it fails at 0, below 1e-162 and above 1e154. NumPy alone, no epsilon; do not change the inputs.

    tinygrad-loss check 14      what is right, and what is not yet
    tinygrad-loss hint 14       one step further
"""

import numpy as np


def length(x):
    """The length of each row, with all its digits.

    x: an array of shape (N, D). Returns an array of shape (N,).

    length(np.array([[3.0, 4.0], [0.0, 0.0], [3e-170, 4e-170], [3e200, 4e200]]))
        is  [5.0, 0.0, 5e-170, 5e200]
    """
    raise NotImplementedError


def slope(x, g):
    """What the lengths hand down to x, when g arrives. A row of zeros gets zeros.

    x: an array of shape (N, D); g: an array of shape (N,). Returns an array of x's shape.

    slope(np.array([[3e-170, 4e-170], [0.0, 0.0]]), np.array([1.0, 1.0]))  is  [[0.6, 0.8], [0.0, 0.0]]
    """
    raise NotImplementedError
