"""Exercise 15: batch-hard mining.

For each anchor of a batch, the hardest triplet: its farthest positive and its nearest negative. NumPy alone;
do not change the inputs.

    tinygrad-loss check 15      what is right, and what is not yet
    tinygrad-loss hint 15       one step further
"""

import numpy as np


def distances(x):
    """The squared distance of every two rows: an array of shape (N, N).

    x: an array of shape (N, D).

    distances(np.array([[0.0, 0.0], [3.0, 4.0]]))  is  [[0.0, 25.0], [25.0, 0.0]]
    """
    raise NotImplementedError


def batch_hard(x, labels):
    """Anchors, positives and negatives, as three arrays of indices of equal length.

    x: an array of shape (N, D); labels: N integers. A positive has the anchor's label and is another item, a
    negative has another label. Anchors that have both, in their order; each with its farthest positive and
    its nearest negative by squared distance; the first of several that are equally far.

    batch_hard(np.array([[0.0], [1.0], [3.0], [9.0]]), np.array([0, 0, 1, 2]))  is  [0, 1], [1, 0], [2, 2]
    """
    raise NotImplementedError
