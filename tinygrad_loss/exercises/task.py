"""What the grader knows of an exercise: records, filled in by the files e01_... to e20_... beside this one.

A task is one function that the learner writes. The right one is the library's own wherever there is one: a
value is a loss, composed, and a gradient is found by the engine. A known mistake is a small wrong program
with the sentence that its author should read; it is recognised by its values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import Tensor, grad

Cases = Callable[[np.random.Generator], list[tuple[Any, ...]]]


class Task(NamedTuple):
    """One function to be written.

    cases        arguments to call it with, the simplest first
    answer       the right function
    mistakes     sentence -> wrong function
    hints        three, each nearer to the answer; the last says it
    loss         for gradients: what they are the gradient of, in Tensor operations
    wrt          ... and with respect to which arguments
    shown        functions of the library to look at afterwards
    allows       losses that may be called; "engine" if it may differentiate
    digits       every single number counts, however small beside the others
    reads        where many answers are right: what is compared instead, a function of the answer and the
                 arguments
    """

    name: str
    cases: Cases
    answer: Callable[..., Any]
    mistakes: dict[str, Callable[..., Any]]
    hints: tuple[str, str, str]
    loss: Callable[..., Tensor] | None = None
    wrt: tuple[int, ...] = (0,)
    shown: tuple[Callable[..., Any], ...] = ()
    allows: tuple[str, ...] = ()
    digits: bool = False
    reads: Callable[..., Any] | None = None


class Exercise(NamedTuple):
    """The exercise of one lesson; its number and name are those of its file."""

    number: str
    name: str
    tasks: tuple[Task, ...]

    @property
    def file(self) -> str:
        """What the stub and the learner's file are called."""
        return f"{self.number}_{self.name}.py"


def of_lesson(module: str, *tasks: Task) -> Exercise:
    """The record of an exercise file: e05_huber is exercise 05, huber."""
    number, _, name = module.rpartition(".")[2].removeprefix("e").partition("_")
    return Exercise(number, name, tasks)


def gradient(name: str, loss: Callable[..., Tensor], *, cases: Cases, wrt: tuple[int, ...] = (0,),
             mistakes: dict[str, Callable[..., Any]], hints: tuple[str, str, str],
             shown: tuple[Callable[..., Any], ...] = (), digits: bool = False) -> Task:
    """A task whose answer is the gradient of a loss, found by the engine."""
    return Task(name, cases, slope_of(loss, wrt), mistakes, hints, loss, wrt, shown, digits=digits)


def slope_of(loss: Callable[..., Tensor], wrt: Sequence[int] = (0,)) -> Callable[..., Any]:
    """The gradient of a function of Tensors, as a function of arrays."""
    def slope(*args: Any) -> Any:
        given = [Tensor(x, requires_grad=True) if i in wrt else x for i, x in enumerate(args)]
        found = [d.numpy() for d in grad(loss(*given), [given[i] for i in wrt])]
        return found[0] if len(found) == 1 else tuple(found)
    slope.__signature__ = inspect.signature(loss)            # type: ignore[attr-defined]
    return slope


# ----------------------------------------------------------------------------------------- comparing

CLOSE = 1e-9                                 # relative; a right program differs by roundings alone


def same(yours: Any, right: Any, digits: bool = False) -> bool:
    """Is it the same answer, but for roundings? A list will do for a tuple, and 1 for True."""
    if isinstance(right, dict):
        return (isinstance(yours, dict) and yours.keys() == right.keys()
                and all(same(yours[k], right[k], digits) for k in right))
    if isinstance(right, tuple | list):
        return (isinstance(yours, tuple | list) and len(yours) == len(right)
                and all(same(a, b, digits) for a, b in zip(yours, right, strict=True)))
    if right is None or isinstance(right, str):
        return type(yours) is type(right) and yours == right
    if not isinstance(yours, np.ndarray | np.generic | float | int):
        return False
    return np.shape(yours) == np.shape(right) and not far(yours, right, digits).any()


def far(yours: Any, right: Any, digits: bool = False) -> np.ndarray:
    """Which numbers differ by more than roundings."""
    a, b = np.asarray(yours, dtype=np.float64), np.asarray(right, dtype=np.float64)
    finite = np.isfinite(b)
    scale = 0.0 if digits else float(np.max(np.abs(b[finite]), initial=0.0))
    with np.errstate(all="ignore"):
        close = np.abs(a - b) <= CLOSE * np.abs(b) + 1e-13 * scale
    return ~np.where(finite, close, (a == b) | (np.isnan(a) & np.isnan(b)))
