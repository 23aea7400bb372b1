"""Exercise 05: Huber's slope, then its kernel.

With e = pred - target, Huber's loss is  e^2 / 2  where |e| <= delta, and  delta (|e| - delta / 2)  elsewhere.
Lesson 05 says why. Do not change the inputs.

    tinygrad-loss check 05      what is right, and what is not yet
    tinygrad-loss hint 05       one step further
"""

import numpy as np


def huber_grad(pred, target, delta):
    """The slope of the mean of Huber's loss with respect to pred.

    pred, target: arrays of equal shape, any shape; delta: a number > 0. Returns an array of that shape.

    huber_grad(np.array([1.5, 4.0]), np.array([1.0, 1.0]), 1.0)  is  [0.25, 0.5]
    """
    raise NotImplementedError


def huber_kernel(pred, target, delta):
    """Huber's loss and its slope with respect to pred, of one sample.

    pred, target, delta: plain numbers, delta > 0. Returns two numbers: loss, slope.
    It runs once per element, compiled: plain arithmetic and `if` will do, no arrays.

    huber_kernel(4.0, 1.0, 1.0)  is  (2.5, 1.0)
    """
    raise NotImplementedError
