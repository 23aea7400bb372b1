"""The exercises of the twenty lessons, and what grades them.

    e01_... e20_...   all that is known of an exercise: inputs, answer, known mistakes, hints
    task              the records they are made of
    child             the process that runs a learner's file
    sandbox           starts it, and watches over it
    grader            from what the learner's functions return to a verdict
    words             inputs and answers in words
    report            the verdict as a text
    classes           a folder full of pupils, as a table
    commands          start, check, hint, show, next, grade

To add an exercise: a stub in lessons/exercises/ and a file here, both called after their lesson.
"""

from __future__ import annotations

import importlib
import pkgutil
import re

from .task import Exercise

__all__ = ["Exercise", "find", "numbers"]


def numbers() -> dict[str, str]:
    """The number of every exercise and the name of its module."""
    found = sorted(m.name for m in pkgutil.iter_modules(__path__) if re.fullmatch(r"e\d\d_\w+", m.name))
    return {name[1:3]: name for name in found}


def find(number: str) -> Exercise:
    """The exercise of that number; LookupError, with a sentence, if there is none."""
    module = numbers().get(f"{number:0>2}")
    if module is None:
        raise LookupError(f"There is no exercise {number}; there are {', '.join(numbers())}.")
    exercise: Exercise = importlib.import_module(f".{module}", __name__).exercise
    return exercise
