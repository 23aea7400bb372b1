"""Exercise 16: a new branch of the tree, and its experiment.

A shop orders bread each morning. A loaf too few costs `too_little`, a loaf too many costs `too_much`. The
tree has no such branch: a mistake to one side costs more than one to the other. Its loss is quantile loss,

    q e  where e > 0,   (q - 1) e  where e < 0,      e = sold - ordered.

Find q, find the best order, and judge by an experiment whether it pays. NumPy alone.

    tinygrad-loss check 16      what is right, and what is not yet
    tinygrad-loss hint 16       one step further
"""

import numpy as np


def quantile_for(too_little, too_much):
    """The q with which quantile loss is the shop's cost, but for a constant factor.

    too_little, too_much: costs per loaf, numbers > 0. Returns a number between 0 and 1.

    quantile_for(1.0, 1.0)  is  0.5
    """
    raise NotImplementedError


def best_order(sold, q):
    """The single order with the smallest mean quantile loss on the days that were seen.

    sold: an array of N numbers; q: between 0 and 1, with q N not an integer. Returns a number, one of sold.

    best_order(np.array([10.0, 20.0, 60.0]), 0.5)  is  20.0
    """
    raise NotImplementedError


def interval(ours, theirs, t):
    """By how much is ours better, and how sure is that? A 95 % interval of the mean gain per seed.

    ours, theirs: costs of two ways to order, arrays of n numbers, one per seed; both ways met the same days
    at the same seed. t: the 97.5 % quantile of Student's t with n - 1 degrees of freedom, 2.093 for n = 20.
    Returns two numbers: the mean of theirs - ours, less and plus t times its standard error. The standard
    error is the standard deviation of the differences, with n - 1 below, over the root of n.

    interval(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]), 4.303)  is about  (-0.4844, 4.4844)
    """
    raise NotImplementedError
