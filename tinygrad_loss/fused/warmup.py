"""Compile every fused loss now, so that no later call waits for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..losses import LOSSES
from ..testing import Case, cases


def warmup(progress: bool = False) -> int:
    """Compile the drivers of all losses, for both dtypes and every kind of target, and keep them on disk.

    Covers value and gradient, value alone, and reduction "none". With `progress`, shows how far it is.
    Returns the number of drivers that are ready.
    """
    tasks = [(case, dtype, ways) for loss in LOSSES.values() for case in _kinds(loss)
             for dtype, ways in itertools.product((np.float64, np.float32), (_both, _value, _each))]
    for case, dtype, ways in _track(tasks, progress):
        ways(case, case.draw(np.random.default_rng(0), dtype))
    return len(tasks)


def _kinds(loss: Any) -> list[Case]:
    """The default settings, with each kind of target."""
    return [case for case in cases(loss) if not case.settings]


def _both(case: Case, inputs: list[Any]) -> None:
    case.run(inputs, path="fused")


def _value(case: Case, inputs: list[Any]) -> None:
    case(inputs, path="fused")


def _each(case: Case, inputs: list[Any]) -> None:
    case.run(inputs, reduction="none", path="fused")


def _track(tasks: list[tuple[Case, Any, Callable[..., None]]], progress: bool) -> Any:
    if not progress:
        return tasks
    from rich.progress import track
    return track(tasks, description="Compiling kernels")
