"""tinygrad_loss: loss functions whose gradients are checked, on an autodiff engine you can read."""

from importlib import import_module
from types import ModuleType

from . import losses
from .engine import Tensor, grad, maximum, minimum, no_grad, primitive, where
from .gradcheck import gradcheck
from .joining import concatenate, stack


def warmup(progress: bool = False) -> int:
    """Compile every fused loss now, so that no later call waits for it; the number of drivers made."""
    from .fused.warmup import warmup as compile_all
    return compile_all(progress)


def __getattr__(name: str) -> ModuleType:
    """`tinygrad_loss.nn`, `optim` and `data`, loaded on first use."""
    if name in ("data", "nn", "optim"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Tensor", "concatenate", "grad", "gradcheck", "losses", "maximum", "minimum", "no_grad",
           "primitive", "stack", "warmup", "where"]
__version__ = "0.1.0"
