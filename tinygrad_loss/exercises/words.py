"""Inputs and answers in words."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .child import Code, Other
from .task import Task, far

SHOWN = 5                                    # wrong numbers in a table


def misfit(yours: Any, right: Any, nan_too: bool = True) -> str:
    """How an answer differs in kind from the right one; nothing if it does not."""
    if yours is None:
        return "It returns None; is the return statement missing?"
    if isinstance(right, tuple | list):
        if not isinstance(yours, tuple | list):
            things = ", ".join(kind(x) for x in right)
            return f"It returns {kind(yours)}; it should return {len(right)} things: {things}."
        if len(yours) != len(right):
            return f"It returns {len(yours)} things; it should return {len(right)}."
        words = ((i, misfit(a, b, nan_too)) for i, (a, b) in enumerate(zip(yours, right, strict=True)))
        return next((f"Of what it returns, number {i + 1}: {w}" for i, w in words if w), "")
    if isinstance(right, str | dict) and not isinstance(yours, type(right)):
        return f"It returns {kind(yours)}; it should return {kind(right)}."
    if isinstance(right, dict):
        return next((f"Its dict has no entry {key!r}." for key in right if key not in yours), "")
    if isinstance(right, str):
        return ""
    if isinstance(yours, Other | str | dict) or isinstance(yours, tuple | list):
        hint = " Wrap it in np.array()." if isinstance(yours, list) else ""
        return f"It returns {kind(yours)}; it should return {kind(right)}.{hint}"
    if np.shape(yours) != np.shape(right):
        return f"It returns {kind(yours)}; it should return {kind(right)}."
    if nan_too and np.isnan(yours).any() and not np.isnan(right).any():
        at = [int(i) for i in np.argwhere(np.isnan(yours))[0]]
        return f"It returns nan{f' at {at}' if at else ''}; every number here has an answer."
    return ""


def kind(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, Other):
        return f"a {value.type}"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        return "a single number"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    return {"str": "a text", "dict": "a dict", "NoneType": "None"}[type(value).__name__]


# -------------------------------------------------------------------------------- inputs and numbers

def given(task: Task, case: tuple[Any, ...]) -> str:
    """The arguments in words."""
    return ", ".join(f"{name} = {_brief(x)}" for name, x in zip(names(task, case), case, strict=True))


def names(task: Task, case: tuple[Any, ...]) -> list[str]:
    found = list(inspect.signature(task.loss or task.answer).parameters)
    return found if len(found) == len(case) else [f"x{i}" for i in range(len(case))]


def _brief(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    value = getattr(value, "array", value)
    if isinstance(value, np.ndarray):
        if value.size > 12:
            return f"{'numbers' if value.dtype.kind == 'f' else value.dtype} of shape {value.shape}"
        return " ".join(np.array2string(value, precision=4, separator=", ").split()).replace("[ ", "[")
    return f"{value:.5g}" if isinstance(value, float) else repr(value)


def table(yours: Any, right: Any, digits: bool) -> tuple[str, ...]:
    """Wrong numbers beside right ones."""
    if isinstance(right, tuple | list) and isinstance(yours, tuple | list) and len(yours) == len(right):
        parts = [table(a, b, digits) for a, b in zip(yours, right, strict=True)]
        i = next((i for i, part in enumerate(parts) if part), None)
        return () if i is None else (f"  Of what it returns, number {i + 1}:", "", *parts[i])
    if not isinstance(yours, np.ndarray | float | int) or isinstance(right, str | dict | tuple | list):
        return ()
    if np.shape(yours) != np.shape(right):
        return ()
    a, b, wrong = np.asarray(yours, float), np.asarray(right, float), far(yours, right, digits)
    lines = [f"  {'place':<12}{'yours':>15}{'right':>15}{'yours/right':>14}"]
    for place in list(map(tuple, np.argwhere(wrong)))[:SHOWN]:
        ratio = f"{a[place] / b[place]:.4f}" if b[place] and np.isfinite(a[place] / b[place]) else "-"
        where = f"[{', '.join(map(str, place))}]" if place else "the number"
        lines.append(f"  {where:<12}{a[place]:>15.7g}{b[place]:>15.7g}{ratio:>14}")
    return tuple(lines) if wrong.any() else ()
