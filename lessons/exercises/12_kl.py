"""Exercise 12: KL without the factor bug.

Predictions p and truths t are rows of probabilities, arrays of shape (N, C). The loss of a row is the sum of
t log(t / p), in nats; of a batch it is the mean over its rows. NumPy alone; do not change the inputs.

    tinygrad-loss check 12      what is right, and what is not yet
    tinygrad-loss hint 12       one step further
"""

import numpy as np


def kl(p, t):
    """The mean over the rows. No clip, no epsilon.

    p, t: arrays of shape (N, C), whose rows sum to 1. A term with t = 0 is 0, also where p = 0; a term with
    t > 0 and p = 0 is inf. Returns a number.

    kl(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))  is  0.6931471805599453
    """
    raise NotImplementedError


def kl_slope(p, t):
    """Its slope with respect to p.

    p, t: as above; where t = 0 the slope is 0, also where p = 0. Returns an array of shape (N, C).

    kl_slope(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))  is  [[-2.0, 0.0]]
    """
    raise NotImplementedError


def kl_slope_logits(p, t):
    """Its slope with respect to the logits, if p is their softmax, written with p and t.

    p, t: as above, all p > 0. Returns an array of shape (N, C). One line.

    kl_slope_logits(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))  is  [[-0.5, 0.5]]
    """
    raise NotImplementedError
