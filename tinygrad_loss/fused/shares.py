"""The driver of losses of weighted classes: that of `classes.py`, where a kernel gets each class's share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .classes import build as build_classes


def build(kernel: Callable[..., Any], holds: tuple[Callable[..., Any], ...], total: Callable[..., Any],
          fingerprint: str, wants_rows: bool) -> Callable[..., Any]:
    """The loop around `kernel`, as a plain function ready to be compiled."""
    return build_classes(kernel, holds, total, fingerprint, wants_rows, shared=True)
