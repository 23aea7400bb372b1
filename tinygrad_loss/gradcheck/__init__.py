"""Is a gradient right? Ask the function's values, and say what is wrong in words.

    programs     what is checked: functions of Tensors, or anybody's functions of arrays
    numeric      the slope along one line, from function values
    witnesses    which lines are asked about, and what they tell
    diagnosis    from wrong elements to the mistake; `conditions` finds where
    rules        which operation of a program of Tensors is to blame
    branches     what the inputs never visited
    report       all of it for people
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import branches, programs, rules
from .diagnosis import diagnose, exchanged
from .programs import Arrays, Program, copies
from .report import SWEPT, Report
from .witnesses import Element, Evidence, beside, complex_step, gather, swept

__all__ = ["Element", "Report", "gradcheck"]


def gradcheck(f: Callable[..., Any], *inputs: Any, gradient: Callable[..., Any] | None = None,
              order: int = 1, rng: int | np.random.Generator = 0, wrt: Sequence[int] | None = None) -> Report:
    """Compare a gradient with numeric differences.

    With `gradient=None`, `f` takes Tensors and returns a Tensor of any shape; its backward pass is
    checked. With `gradient=g`, both are functions of NumPy arrays: `f` returns a number or an array,
    `g` the gradient array, or a tuple of them for several inputs. If `g` takes one argument more
    than `f`, it gets the gradient from above, a random array of f's shape; otherwise it returns the
    gradient of the sum of f. Every input of floats is checked, or those of them whose places `wrt`
    lists; the others are passed on. `order=2` checks the derivative of the gradient (Tensors only).
    `rng` is a seed or a generator. The report is true if the gradient is right; print it to see why it is
    not. No tolerance is to be chosen: what is allowed follows from the estimated error of the numbers and
    from the roundings of the dtype.
    Raises ValueError where there is nothing to check; whatever `f` or `g` raise becomes the verdict ERROR.
    """
    rng = np.random.default_rng(rng)
    arrays = [np.asarray(x) for x in inputs]
    at = [i for i, x in enumerate(arrays) if x.dtype.kind == "f" and (wrt is None or i in wrt)]
    if not at:
        raise ValueError("gradcheck needs at least one input of floats; got none.")
    if order not in (1, 2) or (order == 2 and gradient is not None):
        raise ValueError(f"order must be 1, or 2 where f takes Tensors; got {order}.")
    name = str(getattr(f, "__name__", None) or getattr(f, "name", "f"))
    try:
        program = (programs.of_arrays(name, f, gradient, arrays, at, rng) if gradient else
                   programs.of_tensors(name, f, arrays, at, order, rng))
        yours, problem = _behaviour(program)
    except Exception as error:                               # of somebody else's code
        return Report(name, "ERROR", message=f"{type(error).__name__}: {error}")
    if problem is not None:
        blame = rules.birthplace(f, arrays, at) if problem.verdict == "NONFINITE" and gradient is None else ""
        return problem._replace(blame=blame)
    report = _judge(program, yours, gather(program, yours, rng), rng)
    if report.ok and order == 1:
        report = _with_branches(report, f, program, rng)
    if report.verdict == "WRONG" and report.elements:
        first, rest = report.elements[:SWEPT], report.elements[SWEPT:]
        report = report._replace(complex_step=complex_step(program, first[0]),
                                 elements=[*[swept(program, e) for e in first], *rest])
    if report.verdict == "WRONG" and gradient is None and order == 1:
        report = report._replace(blame=rules.wrong_rule(f, arrays, at))
    return report


def _behaviour(program: Program) -> tuple[Arrays, Report | None]:
    """The claimed gradient; and a report if the functions misbehave before any number is compared."""
    def fails(verdict: str, message: str) -> tuple[Arrays, Report]:
        return [], Report(program.name, verdict, message=message)

    before = [x.tobytes() for x in program.inputs]
    given = copies(program.inputs)
    value = program.value(given)
    if changed := _changed(given, before, program):
        return fails("MUTATES", f"f writes to {changed}")
    yours = program.slope(given)
    if changed := _changed(given, before, program):
        return fails("MUTATES", f"the gradient writes to {changed}")
    if not np.array_equal(program.value(given), value, equal_nan=True):
        return fails("NONDETERMINISTIC", "f gives another value for the same inputs")
    again = program.slope(given)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(again, yours, strict=True)):
        return fails("NONDETERMINISTIC", "the gradient is another for the same inputs")
    if len(yours) != len(program.at):
        return fails("SHAPE", f"{len(yours)} gradients for {len(program.at)} inputs of floats")
    for d, k in zip(yours, program.at, strict=True):
        x = program.inputs[k]
        if d.shape != x.shape:
            forgotten = " A sum over the axes that were broadcast is missing." if d.size > x.size else ""
            return fails("SHAPE", f"the gradient of {program.names[k]} has shape {d.shape}, the input "
                                  f"{x.shape}.{forgotten}")
        if not np.isfinite(d).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(d))[0])
            return fails("NONFINITE", f"the gradient of {program.names[k]} is {d[at]} at {list(at)}")
    if not np.isfinite(value):
        return fails("NONFINITE", f"the value is {value}")
    return yours, None


def _with_branches(report: Report, f: Callable[..., Any], program: Program, rng: np.random.Generator
                   ) -> Report:
    """The report of a right gradient, if the inputs visited every branch."""
    if program.analytic is not None:                         # functions of plain arrays
        words = branches.differs_elsewhere(program, rng)
        note = f"but not with {words}, if that is allowed" if words else ""
        return report._replace(unvisited=note)
    if words := branches.unvisited(f, program.inputs, program.at, program.names):
        return report._replace(verdict="UNTESTED", unvisited=words, message=f"right so far, but {words}")
    return report


def _changed(given: Sequence[np.ndarray], before: list[bytes], program: Program) -> str:
    """The name of an input that is no longer what it was."""
    changed = [program.names[i] for i, x in enumerate(given) if x.tobytes() != before[i]]
    return changed[0] if changed else ""


def _judge(program: Program, yours: Arrays, evidence: list[Evidence], rng: np.random.Generator) -> Report:
    """The verdict, from everything that is known."""
    elements = sorted([e for found in evidence for e in found.elements], key=lambda e: -e.excess)
    complete = all(found.complete for found in evidence)
    report = Report(program.name, "PASS", elements=elements, complete=complete)
    if text := exchanged(program, yours, evidence):
        return report._replace(verdict="WRONG", diagnosis="permuted", pattern=text,
                               mistake="the gradients are returned in another order than the inputs")
    for found, own in zip(evidence, yours, strict=True):
        if any(e.is_wrong for e in found.elements):
            named = diagnose(program, own, found.elements)
            return report._replace(verdict="WRONG", diagnosis=named.name, factor=named.factor,
                                   pattern=named.pattern, mistake=named.mistake)
        if max(found.astray, default=0.0) > 100:
            return report._replace(verdict="WRONG", diagnosis="other", pattern="the elements together do not "
                                   "add up to the slope along a direction, though each looks right alone")
    if max(beside(program, evidence, rng), default=0.0) > 100:
        return report._replace(verdict="WRONG", diagnosis="other", pattern="right here, not a little beside",
                               mistake="a value that was saved for other inputs, or a constant that fits "
                               "these alone")
    smooth = elements and not any(e.at_kink for e in elements)
    if smooth and not any(d.any() for d in yours) and all(abs(e.numbers) <= e.allowed for e in elements):
        return report._replace(verdict="UNTESTED", message="the right gradient is 0 here, so that a zero, "
                               "doubled or negated one would pass as well; choose other inputs")
    if smooth and not any(e.has_power for e in elements):
        return report._replace(verdict="PRECISION", message="the values are too coarse: rounding hides "
                               "slopes as large as these; use float64, or remove a large constant")
    if any(found.has_kinks for found in evidence):
        kinks = sum(e.at_kink for e in elements)
        return report._replace(verdict="SUBGRADIENT", message=f"{kinks or 'some'} at a kink, between the "
                               "slopes of both sides")
    return report
