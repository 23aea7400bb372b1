"""Exercise 10: gather and its backward.

A label points at one number of a row; a word points at one row of a table. Pick what is pointed at, and bring
the slopes back. NumPy alone, no loop, no one-hot rows; do not change the inputs.

    tinygrad-loss check 10      what is right, and what is not yet
    tinygrad-loss hint 10       one step further
"""

import numpy as np


def gather(p, labels):
    """From each row of p the number that its label points at.

    p: an array of shape (n, C); labels: n integers from 0 to C - 1. Returns an array of shape (n,).

    gather(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 0]))  is  [0.9, 0.8]
    """
    raise NotImplementedError


def gather_backward(p, labels, g):
    """The slope by p of anything that uses gather(p, labels), when g arrives at what was gathered.

    p: of shape (n, C); labels: n integers; g: an array of shape (n,). Returns an array of p's shape.

    gather_backward(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 0]), np.array([5.0, 6.0]))
        is  [[0.0, 5.0], [6.0, 0.0]]
    """
    raise NotImplementedError


def table_backward(table, words, g):
    """The slope by a table of word vectors of anything that uses table[words], when g arrives there.

    table: of shape (V, D); words: n integers from 0 to V - 1, in which a word may stand several times;
    g: an array of shape (n, D). Returns an array of the table's shape.

    table_backward(np.zeros((2, 1)), np.array([0, 0]), np.array([[5.0], [6.0]]))  is  [[11.0], [0.0]]
    """
    raise NotImplementedError
