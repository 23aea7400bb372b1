"""A verdict in words: the message first, what it rests on below, the learner's frames last."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from .grader import Verdict
from .task import Task

PRINTED = 8                                  # lines shown of what the file printed


def text_of(verdict: Verdict, file: str, number: str) -> str:
    """Everything about one task."""
    if verdict.word != "FAIL":
        return f"{verdict.word:<12}{verdict.task}" + (f"   {verdict.finding}" if verdict.finding else "")
    headline = f"FAIL        {verdict.task}   {_headline(verdict)}"
    lines = [f"{headline:<76} graded file: {file}", ""]
    if verdict.report is not None:
        lines += _of_gradient(verdict)
    else:
        lines += textwrap.wrap(verdict.finding, 96, initial_indent="  ", subsequent_indent="  ")
        lines += ["", *verdict.table] if verdict.table else []
        lines += ["", _line("Inputs", verdict.given)] if verdict.given else []
    lines.append(_line("Next", f"tinygrad-loss hint {number}"))
    lines += ["", *("  " + line for line in verdict.trace.rstrip().splitlines())] if verdict.trace else []
    return "\n".join(lines)


def _headline(verdict: Verdict) -> str:
    if verdict.report is not None:
        return str(verdict.report).splitlines()[0].split("   ", 1)[1]
    return "a known mistake" if verdict.known else ""


def _of_gradient(verdict: Verdict) -> list[str]:
    """What the gradient check says of it, and the known mistake among it."""
    assert verdict.report is not None
    report = verdict.report._replace(mistake="") if verdict.known else verdict.report
    lines = str(report).splitlines()[2 if report.elements else 1:]
    known = [_line("Known mistake", verdict.finding)] if verdict.known else []
    last = [i for i, line in enumerate(lines) if line.lstrip().startswith("Could it")]
    at = last[0] if last else len(lines)
    return [*lines[:at], *known, _line("Inputs", verdict.given), *lines[at:]]


def _line(name: str, words: str) -> str:
    return textwrap.fill(words, 110, initial_indent=f"  {name:<24}", subsequent_indent=" " * 26)


def printed(text: str, characters: int) -> str:
    """What the file printed itself, cut."""
    if not characters:
        return ""
    lines = text.splitlines()[:PRINTED]
    cut = f"; the first {len(lines)} lines" if characters > sum(map(len, lines)) + len(lines) else ""
    return "\n".join([f"Your file printed {characters} characters{cut}:",
                      *("  | " + line[:200] for line in lines)])


def source(function: Callable[..., Any]) -> str:
    """The source of a function of the library."""
    return textwrap.dedent(inspect.getsource(function)).rstrip()


def beside(task: Task, own: str) -> str:
    """A short way, and the library's own version, below the learner's."""
    parts = [("yours", own), ("in short", task.hints[-1])]
    parts += [(f"the library's, from {f.__module__}", source(f)) for f in task.shown]
    return "\n\n".join(f"  {title}\n\n{textwrap.indent(text, '    ')}" for title, text in parts)
