"""The driver of losses of two views of a batch: that of `batch.py`, where the comparison is mutual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .batch import build as build_batch


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...], total: Callable[..., Any],
          fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    return build_batch(kernel, holds, total, fingerprint, wants_rows, mutual=True)
