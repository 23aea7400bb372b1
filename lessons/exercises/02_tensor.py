"""Exercise 02: the rules of mul and sum.

A rule takes g, the gradient that arrives from above, the output y and the inputs, and returns what it hands
down to the inputs. Write two of them, and what undoes a broadcast. NumPy alone; do not change the inputs.

    tinygrad-loss check 02      what is right, and what is not yet
    tinygrad-loss hint 02       one step further
"""

import numpy as np


def mul_rules(g, y, a, b):
    """What y = a * b hands down to a and to b, when g arrives.

    g, y, a, b: arrays of one shape. Returns two arrays of that shape: da, db.

    mul_rules(np.array([10.0]), np.array([6.0]), np.array([2.0]), np.array([3.0]))  is  [30.0], [20.0]
    """
    raise NotImplementedError


def sum_rule(g, y, x):
    """What y = x.sum(), one number, hands down to x, when g arrives.

    g, y: numbers; x: an array of any shape. Returns an array of x's shape.

    sum_rule(10.0, 6.0, np.array([1.0, 2.0, 3.0]))  is  [10.0, 10.0, 10.0]
    """
    raise NotImplementedError


def unbroadcast(g, shape):
    """What arrives at an array of this shape that was broadcast to g's shape.

    g: an array; shape: a tuple of integers, which broadcasts to g.shape: axes may be missing in front, or
    have length 1. Returns an array of that shape. (The engine does this after every rule.)

    unbroadcast(np.array([[1.0, 2.0], [3.0, 4.0]]), (2,))    is  [4.0, 6.0]
    unbroadcast(np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 1))  is  [[3.0], [7.0]]
    """
    raise NotImplementedError
