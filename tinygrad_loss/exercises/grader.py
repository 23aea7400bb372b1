"""From what the learner's functions return to one verdict per task.

A task that is right passes. Otherwise the first that applies: it reaches for what it may not use, it makes a
known mistake, it misbehaves, its shape or type is not what was asked for, its numbers are wrong. A known
mistake is recognised by its values: the learner's function returns, for every case, what the small wrong
program returns.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..engine import Tensor
from ..gradcheck import Report, gradcheck
from .child import Other, call
from .sandbox import Outcome
from .task import Exercise, Task, far, same

SEED = 2024                                  # of the cases: a learner gets the same ones every time


class Caller(Protocol):
    """Whatever can call a learner's functions."""

    def call(self, name: str, cases: Sequence[Sequence[Any]], allows: Sequence[str] = ()) -> list[Outcome]:
        """What came of each case; up to the first from which there was no return."""


class Verdict(NamedTuple):
    """The verdict on one task: PASS, NOT STARTED or FAIL, and why in a sentence."""

    task: str
    word: str
    finding: str = ""                        # what was found
    known: bool = False                      # it is a known mistake
    given: str = ""                          # the inputs that show it
    trace: str = ""                          # the learner's frames
    report: Report | None = None             # for gradients
    table: tuple[str, ...] = ()              # for other numbers


def grade(exercise: Exercise, pupil: Caller) -> list[Verdict]:
    """A verdict for each task."""
    return [grade_task(task, pupil) for task in exercise.tasks]


def cases_of(task: Task) -> list[tuple[Any, ...]]:
    """The arguments that a task is graded with."""
    return task.cases(np.random.default_rng(SEED))


def attempt(function: Callable[..., Any], cases: Sequence[tuple[Any, ...]]) -> list[Outcome]:
    """What comes of a function of ours: the answer, or a wrong program."""
    found = []
    for case in cases:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found.append(Outcome("value", call(function, case)))
        except Exception as error:           # wrong programs may crash
            found.append(Outcome("raised", type=type(error).__name__))
    return found


def agree(yours: Sequence[Outcome], theirs: Sequence[Outcome], digits: bool) -> bool:
    """Do two functions do the same in every case?"""
    return len(yours) == len(theirs) and all(
        a.kind == b.kind and (same(a.value, b.value, digits) if a.kind == "value" else a.type == b.type)
        for a, b in zip(yours, theirs, strict=True))


# ------------------------------------------------------------------------------------------- verdicts

def grade_task(task: Task, pupil: Caller) -> Verdict:
    """The verdict on one task."""
    cases = cases_of(task)
    yours = pupil.call(task.name, cases, task.allows)
    first = yours[0]
    if first.kind == "missing":
        return _fail(task, f"There is no function {task.name} in the file; was it renamed?")
    if refused := next((o.refused[0] for o in yours if o.refused), ""):
        return _fail(task, refused)
    if first.kind == "raised" and first.type == "NotImplementedError":
        return Verdict(task.name, "NOT STARTED")
    right = attempt(task.answer, cases)
    mine, wanted = read(task, cases, yours), read(task, cases, right)
    correct = agree(mine, wanted, task.digits)
    mistake = "" if correct else known(task, cases, mine)
    if not mistake:
        fault = _fault(task, cases, yours, pupil) or _misfit(task, cases, yours, right)
        if fault is not None:
            return fault
    if correct:
        return Verdict(task.name, "PASS", f"{len(cases)} inputs")
    wrong = [i for i, (a, b) in enumerate(zip(mine, wanted, strict=True)) if not agree([a], [b], task.digits)]
    i = wrong[0]
    verdict = Verdict(task.name, "FAIL", mistake, known=bool(mistake), given=given(task, cases[i]))
    report = _checked(task, [cases[i] for i in wrong[:3]], pupil) if task.loss else None
    if report is not None:
        return verdict._replace(report=report)
    finding = mistake or f"The answer is wrong for {len(wrong)} of {len(cases)} inputs."
    table = () if task.reads else _table(yours[i].value, right[i].value, task.digits)
    return verdict._replace(finding=finding, table=table)


def known(task: Task, cases: Sequence[tuple[Any, ...]], mine: Sequence[Outcome]) -> str:
    """The sentence of the known mistake that does the same in every case; nothing if there is none. What
    crashes in every case says nothing about itself."""
    if not any(outcome.kind == "value" for outcome in mine):
        return ""
    return next((sentence for sentence, wrong in task.mistakes.items()
                 if agree(mine, read(task, cases, attempt(wrong, cases)), task.digits)), "")


def read(task: Task, cases: Sequence[tuple[Any, ...]], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What is compared of the answers: mostly they themselves."""
    reads = task.reads
    if reads is None:
        return list(outcomes)

    def one(value: Any, case: tuple[Any, ...]) -> Any:
        try:
            return reads(value, *case)
        except Exception:                    # it is not of the kind that was asked for
            return value
    return [o._replace(value=one(o.value, case)) if o.kind == "value" else o
            for o, case in zip(outcomes, cases, strict=False)]


def _fail(task: Task, finding: str, case: tuple[Any, ...] | None = None, trace: str = "") -> Verdict:
    return Verdict(task.name, "FAIL", finding, given=given(task, case) if case else "", trace=trace)


def _fault(task: Task, cases: Sequence[tuple[Any, ...]], yours: Sequence[Outcome], pupil: Caller
           ) -> Verdict | None:
    """Does it misbehave, whatever its numbers are?"""
    for outcome, case in zip(yours, cases, strict=False):
        text = outcome.message
        match outcome.kind:
            case "late":
                return _fail(task, f"It was still running after {text} seconds; is there a loop without an "
                             "end?", case)
            case "dead":
                return _fail(task, f"It ended the process (exit code {text}), as os._exit() or a crash does; "
                             "return a result.", case)
            case "exits":
                return _fail(task, "It calls sys.exit() or the like; return a result.", case, outcome.trace)
            case "garbled":
                return _fail(task, "What came back from the process cannot be read.", case)
            case "raised" if outcome.type == "MemoryError":
                return _fail(task, "It asks for more memory than the grader gives.", case, outcome.trace)
            case "raised" if outcome.type == "NotImplementedError":
                return _fail(task, "Part of it is not written yet.", case, outcome.trace)
            case "raised":
                return _fail(task, f"It raises {outcome.type}: {text}" if text else
                             f"It raises {outcome.type}.", case, outcome.trace)
        if outcome.changed:
            which = _names(task, case)[outcome.changed[0]]
            return _fail(task, f"It writes to its input {which}; work on a copy.", case)
    again = pupil.call(task.name, cases, task.allows)
    for a, b, case in zip(yours, again, cases, strict=False):
        if a.kind != b.kind or not _identical(a.value, b.value):
            return _fail(task, "It returns something else for the same inputs when it is called again.", case)
    return None


def _misfit(task: Task, cases: Sequence[tuple[Any, ...]], yours: Sequence[Outcome], right: Sequence[Outcome]
            ) -> Verdict | None:
    """Is it of another kind, or of another shape, than what was asked for? Or not a number?"""
    for a, b, case in zip(yours, right, cases, strict=True):
        if words := misfit(a.value, b.value, nan_too=task.reads is None):
            return _fail(task, words, case)
    return None


def misfit(yours: Any, right: Any, nan_too: bool = True) -> str:
    """How an answer differs in kind from the right one; nothing if it does not."""
    if yours is None:
        return "It returns None; is the return statement missing?"
    if isinstance(right, tuple | list):
        if not isinstance(yours, tuple | list):
            return f"It returns {kind(yours)}; it should return {len(right)} things: {kind(right)}."
        if len(yours) != len(right):
            return f"It returns {len(yours)} things; it should return {len(right)}."
        words = ((i, misfit(a, b, nan_too)) for i, (a, b) in enumerate(zip(yours, right, strict=True)))
        return next((f"Of what it returns, number {i + 1}: {w}" for i, w in words if w), "")
    if isinstance(right, str | dict):
        return "" if isinstance(yours, type(right)) else (
            f"It returns {kind(yours)}; it should return {kind(right)}.")
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
        parts = ", ".join(kind(x) for x in value[:3]) + " ..." * (len(value) > 3)
        return f"a {type(value).__name__} of {parts}"
    return {"str": "a text", "dict": "a dict", "NoneType": "None"}[type(value).__name__]


def _identical(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list):
        return isinstance(b, tuple | list) and len(a) == len(b) and all(map(_identical, a, b))
    if isinstance(a, np.ndarray | float):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


# -------------------------------------------------------------------------------------------- details

def given(task: Task, case: tuple[Any, ...]) -> str:
    """The arguments in words."""
    return ", ".join(f"{name} = {_brief(x)}" for name, x in zip(_names(task, case), case, strict=True))


def _names(task: Task, case: tuple[Any, ...]) -> list[str]:
    found = list(inspect.signature(task.loss or task.answer).parameters)
    return found if len(found) == len(case) else [f"x{i}" for i in range(len(case))]


def _brief(value: Any) -> str:
    value = getattr(value, "array", getattr(value, "text", value))
    if isinstance(value, np.ndarray):
        if value.size > 12:
            return f"{'numbers' if value.dtype.kind == 'f' else value.dtype} of shape {value.shape}"
        return " ".join(np.array2string(value, precision=4, separator=", ").split()).replace("[ ", "[")
    return f"{value:.5g}" if isinstance(value, float) else repr(value)


def _table(yours: Any, right: Any, digits: bool) -> tuple[str, ...]:
    """Wrong numbers beside right ones."""
    if isinstance(right, dict):
        return tuple(f"  {k!s:<24} yours {yours.get(k)!s:<16}" for k in right
                     if not same(yours.get(k), right[k])) if isinstance(yours, dict) else ()
    if isinstance(right, tuple | list) and isinstance(yours, tuple | list) and len(yours) == len(right):
        parts = [_table(a, b, digits) for a, b in zip(yours, right, strict=True)]
        return next((p for p in parts if p), ())
    if not isinstance(yours, np.ndarray | float | int) or isinstance(right, str):
        return ()
    if np.shape(yours) != np.shape(right):
        return ()
    a, b, wrong = np.asarray(yours, float), np.asarray(right, float), far(yours, right, digits)
    lines = [f"  {'place':<12}{'yours':>15}{'right':>15}{'yours/right':>14}"]
    for place in list(map(tuple, np.argwhere(wrong)))[:5]:
        ratio = f"{a[place] / b[place]:.4f}" if b[place] and np.isfinite(a[place] / b[place]) else "-"
        where = f"[{', '.join(map(str, place))}]" if place else "the number"
        lines.append(f"  {where:<12}{a[place]:>15.7g}{b[place]:>15.7g}{ratio:>14}")
    return tuple(lines) if wrong.any() else ()


def _checked(task: Task, cases: Sequence[tuple[Any, ...]], pupil: Caller) -> Report | None:
    """What the gradient check says, at the first of these cases where it finds something; None if nowhere."""
    for case in cases:
        report = check_gradient(task, case, pupil)
        if report.verdict in ("WRONG", "SHAPE", "NONFINITE"):
            return report
    return None


def check_gradient(task: Task, case: tuple[Any, ...], pupil: Caller) -> Report:
    """The gradient check of the learner's function. Arrays are inputs; numbers are settings."""
    loss = task.loss
    assert loss
    names = list(inspect.signature(loss).parameters)
    arrays = {name: x for name, x in zip(names, case, strict=True) if isinstance(x, np.ndarray)}
    settings = {name: x for name, x in zip(names, case, strict=True) if name not in arrays}

    def value(*args: Any) -> float:
        given = {name: Tensor(x) if names.index(name) in task.wrt else x
                 for name, x in zip(arrays, args, strict=True)}
        return loss(**given, **settings).item()

    def slope(*args: Any) -> Any:
        at = {**settings, **dict(zip(arrays, args, strict=True))}
        outcome, = pupil.call(task.name, [[at[name] for name in names]], task.allows)
        if outcome.kind != "value":
            raise RuntimeError(outcome.message or outcome.kind)
        return outcome.value

    value.__name__ = task.name
    value.__signature__ = inspect.Signature(            # type: ignore[attr-defined]  # settings are defaults
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in arrays]
        + [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=x)
           for name, x in settings.items()])
    wrt = [list(arrays).index(names[i]) for i in task.wrt]
    return gradcheck(value, *arrays.values(), gradient=slope, wrt=wrt)
