"""What was found, for people: tables in the terminal, lines in a pipe, Markdown in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..terminal import say
from . import machine
from .cases import Case
from .contestants import LIMIT, Timing
from .race import QUIET, SLOW
from .results import COLUMNS, Report, Result

HEADER = ("loss", "size", "dtype")
LAST = "fused / fastest peer"


# ------------------------------------------------------------------------------------------ terminal

class Step:
    """Says what is going on: in the bar of a terminal, or line by line."""

    def __init__(self, console: Console, bar: Progress, task: Any) -> None:
        self.console, self.bar, self.task = console, bar, task

    def begins(self, what: str) -> None:
        """Something is being measured."""
        self.bar.update(self.task, description=what)

    def done(self, line: str) -> None:
        """It has been measured."""
        self.bar.advance(self.task)
        if not self.console.is_terminal:
            say(self.console, line)


@contextmanager
def progress(console: Console, total: int) -> Iterator[Step]:
    """A progress bar, if this is a terminal."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Step(console, bar, bar.add_task("", total=total))


def one_line(case: Case, result: Result) -> str:
    """A case as soon as it has been measured."""
    limit = result.timings.get(LIMIT)
    found = {name: result.over_limit(name) for name in COLUMNS[1:] if name in result.timings}
    ratios = [f"{name} {ratio:.3g}" if ratio else f"{name} ?" for name, ratio in found.items()]
    busy = f" (others took {result.others:.0%} of the machine)" if result.others >= QUIET else ""
    return f"{case}: limit {time_text(limit.median) if limit else '?'}; times that: {', '.join(ratios)}{busy}"


def show(report: Report, console: Console) -> None:
    """The table, first calls, who is absent, and what went wrong."""
    say(console)
    console.print(_table(report))
    for line in [*method(report), *disturbances(report), *startup(report), *absences(report)]:
        say(console, line)
    for line in complaints(report):
        say(console, line, style="bold red")


def _table(report: Report) -> Table:
    names = report.contestants()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0),
                  caption="median time, and how many times the limit", caption_justify="left")
    for column in HEADER:
        table.add_column(column, no_wrap=True)
    for name in [*names, LAST]:
        table.add_column(name, justify="right", style="bold" if name == "fused" else None)
    before = None
    for r in report.results:
        if before not in (None, (r.loss, r.dtype)):
            table.add_section()
        before = r.loss, r.dtype
        table.add_row(r.loss, r.size, r.dtype, *[_cell(r, name) for name in names], _peer_cell(r))
    return table


def _cell(result: Result, name: str) -> str:
    """1.23ms 1.1x; the two parts stay whole where a narrow terminal breaks the line."""
    timing = result.timings.get(name)
    if timing is None:
        return "wrong" if name in result.wrong else "-"
    ratio = result.over_limit(name)
    shown = time_text(timing.median).replace(" ", "")
    return shown if ratio is None or name == LIMIT else f"{shown} {ratio_text(ratio)}x"


def _peer_cell(result: Result) -> str:
    ratio = result.over_peer()
    return "-" if ratio is None else f"{ratio_text(ratio)} {result.fastest_peer}"


def time_text(seconds: float) -> str:
    """Three digits and a unit: 12.3 ms."""
    unit, factor = ("s", 1.0) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    return f"{_three_digits(seconds * factor)} {unit}"


def ratio_text(ratio: float) -> str:
    """1.10, 12.3, 123."""
    return _three_digits(ratio)


def _three_digits(x: float) -> str:
    return f"{x:.0f}" if x >= 99.95 else f"{x:.1f}" if x >= 9.995 else f"{x:.2f}"


# ------------------------------------------------------------------------------------ said in words

def method(report: Report) -> list[str]:
    """How it was measured."""
    m = report.method
    return [f"Machine: {machine.sentence(report.machine)}.",
            f"Value and gradient, {m['threads']} threads at most. Everybody in turn, in random order, at "
            f"least {m['rounds']} rounds and {m['seconds']:g} s for each case; medians. Before each sample "
            f"{1e3 * m['pause']:g} ms of rest, so that the threads of the one before fall asleep, and calls "
            f"that do not count. Who needs over {SLOW:g} s for a call is timed by two calls, out of turn.",
            "limit: reads every input once and writes every gradient once, and computes nothing. "
            "'new array': the same into freshly allocated memory, which the system must clear first."]


def startup(report: Report) -> list[str]:
    """First calls in processes of their own."""
    lines = []
    for key, text in ("compiling", "nothing compiled yet"), ("loading", "compiled in an earlier process"):
        if s := report.startup.get(key):
            further = list(s["further"].values())
            more = (f", each further loss {time_text(min(further))} to {time_text(max(further))}"
                    if further else "")
            lines.append(f"First fused call of a process, {text}: {time_text(s['first'])} with imports "
                         f"({s['first_loss']}){more}.")
    compilers = [(name, [r.timings[name].first for r in report.results if name in r.timings])
                 for name in ("torch.compile", "jax")]
    return lines + [f"First call of {name}, which compiles for each shape: {time_text(min(times))} to "
                    f"{time_text(max(times))}." for name, times in compilers if times]


def disturbances(report: Report) -> list[str]:
    """During which cases others kept the machine busy."""
    busy = [f"{r.loss} {r.size} {r.dtype} {r.others:.0%}" for r in report.results if r.others >= QUIET]
    return [f"Disturbed, others took so much of the machine: {', '.join(busy)}. Spinning threads suffer most."
            ] if busy else []


def absences(report: Report) -> list[str]:
    """Who is not there, and what was left out of which case."""
    lines = [f"Absent: {name} ({why})." for name, why in report.absent.items()]
    gaps: dict[tuple[str, str], list[str]] = {}
    for r in report.results:
        for name, why in r.left_out.items():
            case = r.loss if why == "has no such loss" else f"{r.loss} {r.size} {r.dtype}"
            if case not in gaps.setdefault((name, why), []):
                gaps[name, why].append(case)
    return lines + [f"Left out: {name}, {', '.join(where)} ({why})." for (name, why), where in gaps.items()]


def complaints(report: Report) -> list[str]:
    """What must not be: answers that differ, and paths of our own that failed."""
    wrong = [f"WRONG: {name} for {r.loss} {r.size} {r.dtype}: {why}."
             for r in report.results for name, why in r.wrong.items()]
    return wrong + [f"FAILED: {name} for {r.loss} {r.size} {r.dtype}: {r.left_out.get(name)}."
                    for r in report.results for name in ("fused", LIMIT) if name not in r.timings]


# ------------------------------------------------------------------------------------------ markdown

def write_markdown(report: Report, path: Path, figure: Path | None) -> None:
    """The whole report as a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_markdown(report, path, figure)) + "\n", encoding="utf-8")


def _markdown(report: Report, path: Path, figure: Path | None) -> Iterator[str]:
    yield "# How fast\n"
    yield "Written by `tinygrad-loss bench --peers`; not edited by hand.\n"
    yield from (line + "\n" for line in method(report))
    if figure:
        place = Path(os.path.relpath(figure, path.parent)).as_posix()
        yield f"![Time over limit for each loss and contestant]({place})\n"
    names = report.contestants()
    yield "Limit and fused in absolute time with quartiles; everybody as a multiple of the limit.\n"
    header = ["loss", "size", "dtype", "limit", "fused", *names[1:], LAST]
    yield "| " + " | ".join(header) + " |"
    yield "|---" * 3 + "|---:" * (len(header) - 3) + "|"
    for r in report.results:
        ratios = [r.over_limit(name) for name in names[1:]]
        cells = [r.loss, r.size, r.dtype, *[_with_quartiles(r.timings.get(n)) for n in (LIMIT, "fused")],
                 *["-" if ratio is None else ratio_text(ratio) for ratio in ratios], _peer_cell(r)]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield from (line + "\n" for line in
               [*disturbances(report), *startup(report), *absences(report), *complaints(report)])


def _with_quartiles(timing: Timing | None) -> str:
    if timing is None:
        return "-"
    return f"{time_text(timing.median)} ({time_text(timing.lower)} to {time_text(timing.upper)})"
