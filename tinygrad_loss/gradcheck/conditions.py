"""Which elements are wrong? The simplest condition on the inputs that tells them from the right ones.

Candidates are, in this order: an input's own number, its size, its difference from another input of the
same shape, the size of that, their product, the other input, the label of a row, the place, and the slope.
A condition counts if it separates wrong from right without an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .programs import Program
from .witnesses import Element


def describe(program: Program, elements: Sequence[Element], wrong: np.ndarray) -> str:
    """The first condition that holds for the wrong elements and no other, in words; "" if there is none."""
    if wrong.all() or not wrong.any():
        return ""
    for two_sided in (False, True):
        for name, values in features(program, elements):
            text = _separates(name, values, wrong, two_sided, program.constants)
            if text:
                return text
    return ""


def features(program: Program, elements: Sequence[Element]) -> Iterator[tuple[str, np.ndarray]]:
    """Named numbers of each element, on which a branch may depend."""
    k = elements[0].input
    x, own = program.inputs[k], program.names[k]
    where = [e.place for e in elements]
    mine = np.array([x[i] for i in where], dtype=np.float64)
    yield own, mine
    yield f"|{own}|", np.abs(mine)
    for j, other in enumerate(program.inputs):
        name = program.names[j]
        if j == k:
            continue
        if other.shape == x.shape:
            theirs = np.array([other[i] for i in where], dtype=np.float64)
            yield f"{own} - {name}", mine - theirs
            yield f"|{own} - {name}|", np.abs(mine - theirs)
            yield f"{own} * {name}", mine * theirs
            yield name, theirs
        elif other.shape == x.shape[:1] and x.ndim > 1:
            labels = np.array([other[i[0]] for i in where])
            if labels.dtype.kind in "iu" and x.ndim == 2:
                yield f"the column is not {name}", (np.array([i[1] for i in where]) != labels).astype(float)
            yield f"{name} of the row", labels.astype(np.float64)
    for axis in range(x.ndim):
        kind = {(1, 0): "the index", (2, 0): "the row", (2, 1): "the column"}.get((x.ndim, axis))
        yield kind or f"index {axis}", np.array([float(i[axis]) for i in where])
    numbers = np.array([e.numbers for e in elements])
    yield "the slope", numbers
    yield "|the slope|", np.abs(numbers)


def _separates(name: str, values: np.ndarray, wrong: np.ndarray, two_sided: bool,
               known: dict[str, float]) -> str:
    """The condition on these values, in words; nothing if there is none."""
    if not np.isfinite(values).all():
        return ""
    bad, good = values[wrong], values[~wrong]
    if bad.min() == bad.max() and bad[0] not in good and _telling(bad):
        return f"{name} is {_plain(bad[0])}" if not name.startswith("the column is") else name
    if good.min() == good.max() and good[0] not in bad and _telling(good):
        return (f"{name} is not {_plain(good[0])}" if not name.startswith("the column is not")
                else name.replace(" not", ""))
    if bad.min() > good.max():
        return f"{name} > {between(good.max(), bad.min(), known)}"
    if bad.max() < good.min():
        return f"{name} < {between(bad.max(), good.min(), known)}"
    below, above = bad[bad < good.min()], bad[bad > good.max()]
    if two_sided and below.size and above.size and below.size + above.size == bad.size:
        low, high = between(below.max(), good.min(), known), between(good.max(), above.min(), known)
        return f"{name} < {low} or > {high}"
    return ""


def _telling(same: np.ndarray) -> bool:
    """Is it no chance that these are the same? One number alone tells nothing, unless it is a round one."""
    return same.size > 1 or bool(same[0] == np.round(same[0]))


def between(low: float, high: float, known: dict[str, float]) -> str:
    """A constant of the function from low up to, but without, high; or the roundest number there: most
    likely what somebody wrote down."""
    for name, value in known.items():
        for constant, sign in ((value, ""), (-value, "-")):
            if low <= constant < high:
                return f"{_plain(constant)} = {sign}{name}"
    size = max(abs(low), abs(high))
    for power in range(int(np.floor(np.log10(size))) + 1, -18, -1) if size else ():
        for grid in (10.0 ** power, 10.0 ** power / 2):
            candidate = round((low + high) / 2 / grid) * grid
            if low <= candidate < high:
                return _plain(candidate)
    return _plain(low)


def _plain(x: float) -> str:
    return f"{x + 0.0:.6g}"                                  # + 0.0: -0 is 0
