"""Exercise 18: a loss of your own, that nobody can break.

Cauchy's loss, with e = pred - target, is  c^2 / 2 * log(1 + (e / c)^2):  near the target half of the
squared error, far from it so flat that an outlier hardly pulls any more. Write it twice: composed of Tensor
operations, which the library differentiates, and as a kernel with the slope that you find yourself.

    tinygrad-loss check 18      what is right, and what is not yet
    tinygrad-loss hint 18       one step further

The last line makes a loss of the two. When both pass, let every law of the library try to break it:

    cd work
    tinygrad-loss check 18_your_own:loss
"""

import math

from tinygrad_loss import losses
from tinygrad_loss.losses.domain import positive


def cauchy(pred, target, c=1.0):
    """Cauchy's loss of each element, in Tensor operations: + - * / **, .log1p(), .abs() ...

    pred: a Tensor; target: an array or a Tensor of its shape; c: a number > 0. Returns a Tensor of that
    shape, which has not left the library on its way: no .numpy(), no .detach().

    cauchy(Tensor([2.0, 3.0]), Tensor([2.0, 1.0]), 1.0)  is  Tensor([0.0, 0.8047189562170503])
    """
    raise NotImplementedError


def cauchy_kernel(pred, target, c):
    """The same for one sample, with its slope by pred. It shares no code with the function above.

    pred, target, c: plain numbers, c > 0. Returns two numbers: loss, slope. math.log1p is allowed.

    cauchy_kernel(3.0, 1.0, 1.0)  is  (0.8047189562170503, 0.4)
    """
    raise NotImplementedError


loss = losses.define(cauchy, cauchy_kernel, domains={"c": positive(0.5, 2.0)})
