"""Did the inputs visit both sides of every branch? What was never visited was never checked.

In a program of Tensors the history tells: `where`, `maximum`, `minimum`, `relu` and `abs` choose between two
formulas, and so does a fused loss at the kinks and seams that it declares. If all inputs lie on one side of
such a choice, the program is run once more at other inputs: negated, a tenth, ten times. If those reach the
other side, the verdict is UNTESTED, and the report says which inputs would do. If nothing reaches it, it is a
guard such as where(x == 0, 1, x), and nothing is said; `clip` and `max` are taken for guards as well. Nor is
a `where` between two ways to write the same number a branch: 1 - a / b or (b - a) / b, to keep the digits.

A function of plain arrays has no history. There the claimed gradient itself is compared with the numbers at
those other inputs. A difference is no fault, for they may be forbidden: the verdict stays, with a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import Tensor
from .programs import Arrays, Program
from .rules import operations
from .witnesses import Witness, quietly

FACTORS = {-1.0: "negated", 10.0: "ten times as large", 0.1: "a tenth as large"}
ONE_NUMBER = 1e-6                           # relative: so close are two ways to write the same number
ASTRAY = 100.0                              # times the allowed difference: surely another slope


def unvisited(f: Callable[..., Any], inputs: Arrays, at: list[int], names: Sequence[str]) -> str:
    """The first branch whose other side only other inputs visit, in words; "" if there is none."""
    here = list(_choices(f, inputs, at))
    lonely = [i for i, (_, edge) in enumerate(here) if (edge > 0).all() or (edge < 0).all()]
    if not lonely:
        return ""
    for point, words in elsewhere(inputs, at, names):
        try:
            there = list(_choices(f, point, at))
        except (ValueError, ArithmeticError, IndexError):    # such inputs are refused
            continue
        if [name for name, _ in there] != [name for name, _ in here]:
            continue                                         # another program: nothing can be compared
        for i in lonely:
            (name, edge), (_, other) = here[i], there[i]
            if (other < 0).any() if edge.flat[0] > 0 else (other > 0).any():
                return f"{name} was seen from one side only; {words} would visit the other"
    return ""


def elsewhere(inputs: Arrays, at: list[int], names: Sequence[str]) -> Iterator[tuple[Arrays, str]]:
    """Other inputs, and what they are in words: each alone, and all together."""
    groups = [[k] for k in at] + ([at] if len(at) > 1 else [])
    for group in groups:
        which = names[group[0]] if len(group) == 1 else "all inputs"
        for factor, words in FACTORS.items():
            point = [(factor * x).astype(x.dtype) if i in group else x for i, x in enumerate(inputs)]
            yield point, f"{which} {words}"


def _choices(f: Callable[..., Any], inputs: Arrays, at: list[int]) -> Iterator[tuple[str, np.ndarray]]:
    """Every choice on the way to the result, oldest first: its name, and numbers whose sign decides."""
    for y in reversed(operations(f, inputs, at)):
        name, xs = y._op.name, [x.data for x in y._inputs]
        if name == "where":
            same = np.isclose(xs[0], xs[1], rtol=ONE_NUMBER, atol=0, equal_nan=True)
            yield "a where", np.where(same, 0.0, np.where(y._settings[0], 1.0, -1.0))
        elif name in ("maximum", "minimum"):
            yield f"a {name}", np.greater(*xs) * 1.0 - np.less(*xs)
        elif name in ("relu", "abs"):
            yield f"{'an' if name == 'abs' else 'a'} {name}", xs[0]
        elif y._settings and callable(y._settings[0]) and not isinstance(y._settings[0], type):
            # A fused loss: its call.
            yield from _edges(y)


def _edges(y: Tensor) -> Iterator[tuple[str, np.ndarray]]:
    """What a fused loss declares."""
    call = y._settings[0]()
    settings = dict(zip(call.loss.defaults, call.settings, strict=True))
    inputs = [np.asarray(x) for x in call.inputs]
    for kind, edge in (("kink", call.loss.kinks), ("seam", call.loss.seams)):
        if edge is not None:
            yield f"the {kind} of {call.loss.name}", np.asarray(edge(*inputs, **settings), dtype=np.float64)


def differs_elsewhere(program: Program, rng: np.random.Generator) -> str:
    """Other inputs at which the claimed gradient is not that of the numbers, in words; "" if none are found.
    """
    for point, words in elsewhere(program.inputs, program.at, program.names):
        if not np.isfinite(quietly(lambda point=point: program.value(point))):       # type: ignore[misc]
            continue
        try:
            with np.errstate(all="ignore"):
                yours = program.slope(point)
        except Exception:                                    # somebody else's code refuses such inputs
            continue
        away = program._replace(inputs=point)
        for k, d in zip(program.at, yours, strict=True):
            if d.shape != point[k].shape or not np.isfinite(d).all() or not d.size:
                continue
            witness = Witness(away, k, d, rng)
            if witness.along(witness.direction())[0] > ASTRAY:
                return words
    return ""
