"""Exercise 09: softmax backward.

Softmax gets a gradient g for p from above and owes one for z. Write that without the table of all dp_i/dz_j,
which for 50 000 words would take 20 GB, and without a loop. Then the slope of the whole cross entropy.
Do not change the inputs.

    tinygrad-loss check 09      what is right, and what is not yet
    tinygrad-loss hint 09       one step further
"""

import numpy as np


def softmax(z):
    """Each row by itself; for you to use."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(z, g):
    """What p = softmax(z) hands down to z, when g arrives.

    z, g: arrays of one shape, (C,) or (N, C). Returns an array of that shape.

    softmax_backward(np.array([0.0, 0.0]), np.array([1.0, 0.0]))  is  [0.25, -0.25]
    """
    raise NotImplementedError


def cross_entropy_slope(z, labels):
    """The slope of the mean cross entropy, -log softmax(z)[label], with respect to z.

    z: an array of shape (N, C); labels: N integers from 0 to C - 1. Returns an array of z's shape.

    cross_entropy_slope(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]))
        is  [[-0.25, 0.25], [0.25, -0.25]]
    """
    raise NotImplementedError
