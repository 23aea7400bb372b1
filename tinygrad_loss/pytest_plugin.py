"""A fixture for anybody's tests: `gradcheck`, which fails with the report if a gradient is wrong.

    def test_my_gradient(gradcheck):
        gradcheck(my_loss, x, gradient=my_gradient)          # NumPy arrays in, NumPy arrays out

pytest finds it wherever tinygrad_loss is installed; the losses need not be used. Functions of torch or jax
are checked through arrays: `lambda x: float(f(torch.tensor(x)))`, and a gradient that returns `.numpy()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def gradcheck() -> Callable[..., Any]:
    """`tinygrad_loss.gradcheck`, as an assertion; returns the report of a right gradient."""
    def check(f: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        from .gradcheck import gradcheck as ask  # NumPy is loaded by who asks, not by all
        report = ask(f, *inputs, **options)
        if not report.ok:
            pytest.fail(str(report), pytrace=False)
        return report
    return check
