"""A folder full of pupils, graded: a table as CSV, and the commonest mistake of each task."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from . import find, numbers
from .grader import grade
from .sandbox import Pupil

COLUMNS = ("pupil", "exercise", "task", "verdict", "finding", "known mistake", "file")


class Row(NamedTuple):
    """One task of one pupil."""

    pupil: str
    exercise: str
    task: str
    verdict: str
    finding: str
    known: str
    file: str


def run(folder: Path, target: Path | None, seconds: float) -> int:
    """Grade everything in a folder. 0 if all passed."""
    if not folder.is_dir():
        raise LookupError(f"There is no folder {folder}.")
    work = list(handed_in(folder))
    if not work:
        raise LookupError(f"There is nothing to grade in {folder}: no file is called like an exercise, such "
                          "as 05_huber.py or anna_05_huber.py.")
    rows: list[Row] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("", total=len(work))
        for pupil, number, file in work:
            progress.update(bar, description=f"{pupil} {number}", advance=1)
            rows += graded(pupil, number, file, seconds)
    if target:
        target.write_text(table(rows), encoding="utf-8", newline="")
    else:
        print(table(rows), end="")
    print("\n".join(summary(rows)), file=sys.stdout if target else sys.stderr)
    return int(any(row.verdict != "PASS" for row in rows))


def handed_in(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Pupil, number of the exercise, file: for every file whose name holds that of an exercise."""
    for file in sorted(folder.rglob("*.py")):
        named = re.fullmatch(r"(.*?)[ _.-]*(\d\d)_\w+", file.stem)
        if named and named[2] in numbers() and not file.is_symlink():
            inside = file.relative_to(folder).parts
            yield inside[0] if len(inside) > 1 else named[1] or "(no name)", named[2], file


def graded(pupil: str, number: str, file: Path, seconds: float) -> list[Row]:
    """The rows of one file."""
    exercise = find(number)
    with Pupil(file, seconds) as caller:
        verdicts = grade(exercise, caller)
    return [Row(pupil, number, v.task, v.word, v.finding if v.word == "FAIL" else "",
                "yes" if v.known else "", str(file)) for v in verdicts]


def table(rows: list[Row]) -> str:
    """CSV. A cell that a spreadsheet would take for a formula gets a quote before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([["'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in row]
                      for row in rows])
    return text.getvalue()


def summary(rows: list[Row]) -> list[str]:
    """For each task: how many passed, and what the others do wrong most often."""
    lines = [f"pupils {len({row.pupil for row in rows})}  files {len({row.file for row in rows})}", ""]
    for exercise, task in sorted({(row.exercise, row.task) for row in rows}):
        of_task = [row for row in rows if (row.exercise, row.task) == (exercise, task)]
        passed, idle = (sum(row.verdict == word for row in of_task) for word in ("PASS", "NOT STARTED"))
        lines.append(f"{exercise} {task}: {passed} of {len(of_task)} passed"
                     + (f", {idle} not started" if idle else ""))
        findings = Counter(row.finding for row in of_task if row.finding)
        if findings:
            finding, count = findings.most_common(1)[0]
            lines.append(f"    {count} of them: {finding}")
    return lines
