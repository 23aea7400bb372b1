"""Exercise 19: find them first.

Which of these thirteen statements of the article are wrong, or true only under a condition that is not
mentioned? Lesson 19 computes them all; decide before you run it.

    a  predictions 2.3 1.2 3.0 0.8 3.9, truths 2.5 1.0 3.2 0.5 4.1: the MSE is 0.0380
    b  predictions 1.1 2.2 2.9 4.1 15, truths 1 2 3 4 5: the MSE is 20.0140
    c  of the same: the MAE is 2.0600
    d  Huber lies between MSE and MAE
    e  to give the truth a probability of 0.9 costs 0.105; of 0.1, 2.303
    f  max(z, 0) - z y + log(1 + exp(-|z|)) is stable for any z
    g  and gives the same results as cross entropy of a clipped sigmoid
    h  focal's factor (1 - p)^2 is 0.01, 0.25 and 0.81 for p = 0.9, 0.5 and 0.1
    i  loss: a mean over n rows; its gradient through softmax: p - y
    j  labels instead of one-hot rows of 1000 classes: 1000 times less memory
    k  sum of P log(P / Q) is never negative
    l  triplet loss: D is Euclidean; in code, np.sum((anchor - positive) ** 2)
    m  labels (sum > 0) + (mean > 0), over ten features: three classes

    tinygrad-loss check 19      what is right, and what is not yet
    tinygrad-loss hint 19       one step further
"""

import numpy as np


def true_numbers():
    """The three numbers that the article should have printed.

    Returns an array: the MSE of statement a, the MAE of statement c, and the Huber loss, with delta = 1, of
    the same data as c. Compute them here, or by hand.
    """
    raise NotImplementedError


def doubtful():
    """The letters of the statements that are wrong, or true only under a condition that is not mentioned.

    Returns a text, such as "abc". (That is wrong.)
    """
    raise NotImplementedError
