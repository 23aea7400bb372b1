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
from .child import call
from .sandbox import Outcome
from .task import Exercise, Task, same
from .words import given, misfit, names, table

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
    if not mistake and (fault := _end(task, cases, yours) or _habit(task, cases, yours, pupil)):
        return fault
    if correct:
        return Verdict(task.name, "PASS", f"{len(cases)} input{'s' * (len(cases) > 1)}")
    wrong = [i for i, (a, b) in enumerate(zip(mine, wanted, strict=True)) if not agree([a], [b], task.digits)]
    i = wrong[0]
    fault = _crash(task, cases[i], yours[i]) or _misfit(task, cases[i], yours[i], right[i])
    if fault and not mistake:
        return fault
    verdict = Verdict(task.name, "FAIL", mistake or _count(cases, wrong, mine, wanted), bool(mistake),
                      given(task, cases[i]))
    if report := _checked(task, [cases[j] for j in wrong[:3]], pupil):
        return verdict._replace(report=report[0])
    crash = next((yours[j].trace for j in wrong if yours[j].kind == "raised" and not mistake), "")
    return verdict._replace(trace=crash, table=() if task.reads else
                            table(yours[i].value, right[i].value, task.digits))


def _count(cases: Sequence[tuple[Any, ...]], wrong: Sequence[int], mine: Sequence[Outcome],
           wanted: Sequence[Outcome]) -> str:
    """For how many inputs is it wrong, and how?"""
    i = wrong[0]
    finding = f"The answer is wrong for {len(wrong)} of {len(cases)} inputs." if cases[i] else "It is wrong."
    if isinstance(wanted[i].value, dict):
        hits = sum(mine[i].value.get(key) == found for key, found in wanted[i].value.items())
        finding += f" {hits} of its {len(wanted[i].value)} entries are right."
    other = next((mine[j] for j in wrong if mine[j].kind == "raised"), None)
    return finding + (f" For others it raises {other.type}: {other.message}" if other else "")


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


def _end(task: Task, cases: Sequence[tuple[Any, ...]], yours: Sequence[Outcome]) -> Verdict | None:
    """Did it never come back?"""
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
    if len(yours) < len(cases):                              # the file itself could not be loaded
        return _crash(task, cases[0], yours[0])
    return None


def _habit(task: Task, cases: Sequence[tuple[Any, ...]], yours: Sequence[Outcome], pupil: Caller
           ) -> Verdict | None:
    """Does it write to its inputs, or return now this, now that?"""
    for outcome, case in zip(yours, cases, strict=True):
        if outcome.changed:
            which = names(task, case)[outcome.changed[0]]
            return _fail(task, f"It writes to its input {which}; work on a copy.", case)
    again = pupil.call(task.name, cases, task.allows)
    for a, b, case in zip(yours, again, cases, strict=False):
        if a.kind != b.kind or not _identical(a.value, b.value):
            return _fail(task, "It returns something else for the same inputs when it is called again.", case)
    return None


def _crash(task: Task, case: tuple[Any, ...], outcome: Outcome) -> Verdict | None:
    """Did it raise an exception?"""
    if outcome.kind != "raised":
        return None
    special = {"MemoryError": "It asks for more memory than the grader gives.",
               "NotImplementedError": "Part of it is not written yet."}
    words = f"It raises {outcome.type}" + (f": {outcome.message}" if outcome.message else ".")
    return _fail(task, special.get(outcome.type, words), case, outcome.trace)


def _misfit(task: Task, case: tuple[Any, ...], yours: Outcome, right: Outcome) -> Verdict | None:
    """Is it of another kind, or of another shape, than what was asked for? Or not a number?"""
    words = misfit(yours.value, right.value, nan_too=task.reads is None)
    return _fail(task, words, case) if words else None


def _identical(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list):
        return isinstance(b, tuple | list) and len(a) == len(b) and all(map(_identical, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_identical(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray | float):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b)


def _checked(task: Task, cases: Sequence[tuple[Any, ...]], pupil: Caller) -> list[Report]:
    """What the gradient check says, at the first of these cases where it finds something."""
    reports = (check_gradient(task, case, pupil) for case in cases if task.loss)
    return [r for r in reports if r.verdict in ("WRONG", "SHAPE", "NONFINITE")][:1]


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
