"""Fused losses: kernels in plain Python, run at machine speed.

    vmath        elementary functions for kernels
    elementwise, rows, classes, shares, label, softmax, overlap, vectors, sequences, batch, views
                 drivers: the loop around a kernel, one for each layout of the inputs
    compile      from a plain kernel to machine code that is kept on disk
    threads      blocks of work on all cores, with the same bits for any number of them
    bridge       from a kernel's value and slopes to a Tensor that knows its gradient
    express      a short cut to it for small, plain calls

numba is loaded by the first fused call, through `bridge`.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..engine import Tensor
    from ..losses.loss import Loss


def is_available(loss: Loss, path: str | None) -> bool:
    """Are a kernel and numba there? If numba is not: a warning, once. ValueError or ImportError where this
    path was asked for."""
    if loss.kernel is None:
        if path == "fused":
            raise ValueError(f"{loss.name} has no kernel. Use path='composed', or define it with one.")
        return False
    if _numba_is_installed():
        return True
    if path == "fused":
        raise ImportError("path='fused' needs numba. Run pip install numba, or use path='composed'.")
    _warn_once()
    return False


def short_cut(loss: Loss) -> Callable[[Any, Any], Tensor | None]:
    """The short cut of a plain loss, a function of (pred, target) that may answer None: see `express.py`."""
    if _numba_is_installed():
        run: Callable[..., Any] = importlib.import_module(".express", __name__).short_cut(loss)
        return run
    return lambda pred, target: None


@cache
def load() -> Any:
    """The bridge, loaded by the first fused call, and numba with it."""
    return importlib.import_module(".bridge", __name__)


@cache
def _numba_is_installed() -> bool:
    return importlib.util.find_spec("numba") is not None


@cache
def _warn_once() -> None:
    warnings.warn("numba is not installed: losses take the composed path, which is right but slower. "
                  "Run pip install numba for the fused one.", stacklevel=5)
