"""Exercise 17: the article's three examples, mended.

Each of them goes wrong in one place. Write that place anew, with NumPy alone; do not change the inputs.

    tinygrad-loss check 17      what is right, and what is not yet
    tinygrad-loss hint 17       one step further
"""

import numpy as np


def binary_labels(x):
    """Example 1: labels that the loss can compare with the network's output, one by one.

    The article's are  (x.sum(axis=1) > 0),  of shape (N,), and the network's output has shape (N, 1).

    x: an array of shape (N, 10). Returns an array of floats of shape (N, 1): 1.0 where the sum of the row is
    greater than 0, else 0.0.
    """
    raise NotImplementedError


def three_classes(x):
    """Example 2: three classes that are three classes.

    The article adds two conditions that are always true together, and so has the classes 0 and 2.

    x: an array of shape (N, 10), N divisible by 3, no two rows with the same sum. Returns N integers: 0 for
    the third of the rows with the smallest sums, 1 for the middle third, 2 for the third with the largest.

    three_classes of rows with the sums 5, -1, 2, 7, 0, 1  is  [2, 0, 1, 2, 0, 1]
    """
    raise NotImplementedError


def compare(x, y, clean, rate, steps):
    """Example 3: MSE against MAE against Huber (delta = 1), as the heading promised.

    Train a model  x * w,  a single weight that starts at 0, once for each loss: `steps` times
    w <- w - rate * slope of the mean loss on (x, y). Then measure each by what it was not trained on: the
    mean of |x * w - clean|, clean being y without its outliers. The sign of 0 is 0.

    x, y, clean: arrays of shape (N,); rate: a number; steps: an integer. Returns an array of three errors, of
    MSE, MAE and Huber in this order.
    """
    raise NotImplementedError
