"""tinygrad_loss: loss functions whose gradients are checked, on an autodiff engine you can read."""

from . import losses
from .engine import Tensor, grad, maximum, minimum, no_grad, primitive, where
from .gradcheck import gradcheck
from .joining import concatenate, stack

__all__ = ["Tensor", "concatenate", "grad", "gradcheck", "losses", "maximum", "minimum", "no_grad",
           "primitive", "stack", "where"]
__version__ = "0.1.0"
