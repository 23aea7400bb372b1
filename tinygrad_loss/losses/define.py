"""Your own loss, from your own functions.

    def composed(pred, target, power=3.0):                   # Tensor operations
        return abs(pred - target) ** power

    def kernel(pred, target, power):                         # numbers; value and slope
        error = pred - target
        return abs(error) ** power, power * abs(error) ** (power - 1.0) * np.sign(error)

    loss = define(composed, kernel, domains={"power": positive(1.5, 3.0)})

Of distances of one's own, a triplet loss (PyTorch's triplet_margin_with_distance_loss) is two lines:

    def composed(anchor, positive, negative, margin=1.0):
        return (distance(anchor, positive) - distance(anchor, negative) + margin).relu()

    loss = define(composed, family=VECTORS, domains={"margin": not_negative(0.5)})

It is a loss like all others: reductions, weights, messages, both paths. `tinygrad_loss.testing.check_loss(
loss)` applies all laws to it; `tinygrad-loss check mymodule:loss` does so from the command line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..engine import Tensor
from .domain import REAL, Domain, boolean, integer, real
from .family import ELEMENTWISE, Family
from .loss import Loss


def define(composed: Callable[..., Tensor], kernel: Callable[..., Any] | None = None, *,
           family: Family = ELEMENTWISE, domains: dict[str, Any] | None = None, name: str = "",
           **record: Any) -> Loss:
    """A Loss of the learner's own.

    `composed` takes the inputs, then the settings with their defaults, and returns the losses of the items
    by Tensor operations. `kernel` takes the same arguments as numbers and returns loss and slope; without
    it there is only the composed path. `family` says how the inputs lie (losses/family.py has its
    kernels' signatures). `domains` says what arguments may be (losses/domain.py); those not named may be
    any number, and a setting whatever has the type of its default. `record`: claims, known, kinks, seams,
    exact ... as in the files of this folder. Raises TypeError or ValueError for what cannot be a loss.
    """
    for role, function in (("composed", composed), ("kernel", kernel)):
        if not (inspect.isfunction(function) or function is None and role == "kernel"):
            raise TypeError(f"define: {role} must be a function; got {function!r}.")
    parameters = inspect.signature(composed).parameters.values()
    given = domains or {}
    if strangers := given.keys() - {p.name for p in parameters}:
        raise ValueError(f"define: domains names {', '.join(sorted(strangers))}, but composed takes "
                         f"{', '.join(p.name for p in parameters)}.")
    found = {p.name: given[p.name] if p.name in given else REAL if p.default is p.empty
             else _like(p.name, p.default) for p in parameters}
    return Loss(composed, kernel, family, domains=found, name=name or composed.__name__, **record)


def _like(name: str, default: Any) -> Domain:
    """What a setting may be, to judge by its default."""
    if isinstance(default, bool):
        return boolean()
    if isinstance(default, int):
        return integer(default)
    if isinstance(default, float):
        return real(default)
    raise TypeError(f"define: the default of {name} is {default!r}; say in domains what {name} may be.")
