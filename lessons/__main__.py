"""Run the lessons: `python -m lessons`, some of them: `python -m lessons 5 7`, or list them: `--list`.

Each lesson runs in its own process. Exits with 0 if every check of every lesson passed, 1 if anything
failed (a lesson that crashes or ends without its summary line has failed), 2 on a wrong call.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

FOLDER = Path(__file__).resolve().parent
TAIL = 12                                              # lines shown of a lesson that went wrong
LIMIT = 600                                            # seconds a lesson may take
SUMMARY = re.compile(r"^lesson \S+  checks (\d+)  passed (\d+)  failed (\d+)  skipped (\d+)"
                     r"  figures (\d+)  [\d.]+ s$", re.MULTILINE)


class Result(NamedTuple):
    """What came of one lesson. A crash counts as one failed check."""

    checks: int
    passed: int
    failed: int
    skipped: int
    figures: int
    seconds: float
    report: Sequence[str]                              # why it failed, the message first; else empty


# ------------------------------------------------------------------------------ finding and running

def find(folder: Path) -> dict[int, Path]:
    """The lessons of a folder by number: its files NN_name.py."""
    return {int(path.name[:2]): path for path in sorted(folder.glob("[0-9][0-9]_*.py"))}


def title(path: Path) -> str:
    """05_huber.py as '05 huber'."""
    return path.stem.replace("_", " ")


def question(path: Path) -> str:
    """The question in the lesson's first text cell: the one that is called so, or the first asked."""
    _, _, below = first_text_cell(path).partition("\n")
    label = re.compile(r"^\W*(the )?question\W+", re.IGNORECASE)
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", below)]
    paragraphs.sort(key=lambda p: label.match(p) is None)             # stable: a labelled one first
    asked = next((label.sub("", p) for p in paragraphs if "?" in p), "")
    return asked[:asked.find("?") + 1].lstrip(" *_-")


def first_text_cell(path: Path) -> str:
    """The first text cell without the comment signs, from its heading on."""
    cell: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# %%") and cell:
            break
        if cell or line.startswith("# # "):
            cell.append(re.sub(r"^# ?", "", line))
    return "\n".join(cell)


def run(path: Path, show: bool) -> Result:
    """Run one lesson in a process of its own and read its summary line."""
    paths = [str(FOLDER.parent), os.environ.get("PYTHONPATH", "")]
    settings = {"PYTHONPATH": os.pathsep.join(p for p in paths if p), "PYTHONIOENCODING": "utf-8"}
    if not show:
        settings["MPLBACKEND"] = "Agg"
    started = time.perf_counter()
    try:
        process = subprocess.run([sys.executable, str(path), *["--show"] * show], timeout=LIMIT,
                                 env={**os.environ, **settings}, stdin=subprocess.DEVNULL,
                                 capture_output=True, encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        return Result(1, 0, 1, 0, 0, LIMIT, [f"It was still running after {LIMIT} seconds."])
    seconds = time.perf_counter() - started
    found = SUMMARY.findall(process.stdout)
    checks, passed, failed, skipped, figures = map(int, found[-1]) if found else [0] * 5
    if process.returncode == 0 and found and not failed:
        return Result(checks, passed, failed, skipped, figures, seconds, [])
    if failed:
        return Result(checks, passed, failed, skipped, figures, seconds, failed_checks(process.stdout))
    return Result(checks + 1, passed, 1, skipped, figures, seconds, crash(process))


def failed_checks(output: str) -> list[str]:
    """The failed checks, each with what was printed just below it."""
    report: list[str] = []
    room = 0                                           # lines that may still be shown of this one
    for line in output.splitlines():
        if line.startswith(("  ✓", "  ✗", "lesson ")):
            room = TAIL if line.startswith("  ✗") else 0
            report += [line.strip()] if room else []
        elif room and line:
            room -= 1
            report.append("  " + line)
    return report


def crash(process: subprocess.CompletedProcess[str]) -> list[str]:
    """What the lesson died of, then the last lines it printed."""
    errors, output = process.stderr.strip().splitlines(), process.stdout.strip().splitlines()
    raised = [line for line in errors if re.match(r"[\w.]+(Error|Exception|Exit|Interrupt)\b", line)]
    ended = ("It went on after its summary line and ended badly." if SUMMARY.search(process.stdout) else
             "It printed no summary line; is lesson.end() missing?")
    message = (raised or errors or [ended])[-1]
    if process.returncode:
        message += f"   (exit code {process.returncode})"
    frames = [line.strip() for line in errors if line.startswith("  File ") and str(process.args[1]) in line]
    printed = ["The last it printed:", *("  " + line for line in output[-TAIL:])] if output else []
    return [message, *frames[-1:], *printed]


# ------------------------------------------------------------------------------------------- showing

def run_all(lessons: dict[int, Path], show: bool, console: Console) -> Iterator[tuple[Path, Result]]:
    """Run the lessons, one on each core, and tell of them in order: a progress bar in a terminal, lines
    elsewhere. With windows, one after the other."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with (ThreadPoolExecutor(1 if show else os.cpu_count()) as pool,
          Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar):
        task = bar.add_task("", total=len(lessons))
        running = {path: pool.submit(run, path, show) for path in lessons.values()}
        for path, future in running.items():
            bar.update(task, description=title(path))
            try:
                result = future.result()
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            bar.advance(task)
            if not console.is_terminal or result.report:
                say(console, one_line(path, result))
            for line in result.report:
                say(console, "    " + line)
            yield path, result


def one_line(path: Path, result: Result) -> str:
    verdict = "FAILED" if result.report else "passed"
    return (f"{title(path):<16} {verdict}   {result.passed} of {result.checks} checks, "
            f"{result.figures} figures, {result.seconds:.1f} s")


def say(console: Console, line: str) -> None:
    """Print a line as it is: not wrapped, not coloured, not read as markup."""
    console.print(line.rstrip(), soft_wrap=True, markup=False, highlight=False, emoji=False)


def table(results: dict[Path, Result]) -> Table:
    """One row per lesson."""
    rows = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    rows.add_column("lesson", no_wrap=True)
    rows.add_column("question")
    for name in ("checks", "passed", "failed", "skipped", "figures", "seconds"):
        rows.add_column(name, justify="right", no_wrap=True)
    for path, result in results.items():
        rows.add_row(title(path), Text(question(path)), *map(str, result[:5]), f"{result.seconds:.1f}",
                     style="red" if result.report else None)
    return rows


def last_line(results: Sequence[Result], seconds: float) -> str:
    """The stable line that ends every run."""
    checks, passed, failed, skipped, figures = map(sum, zip(*(r[:5] for r in results), strict=True))
    return (f"{len(results)} lessons  {checks} checks  passed {passed}  failed {failed}  "
            f"skipped {skipped}  figures {figures}  {seconds:.1f} s")


# ---------------------------------------------------------------------------------------------- main

def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lessons", description="Run the lessons.")
    parser.add_argument("number", nargs="*", help="the lessons to run, such as 5 7; without any: all")
    parser.add_argument("--show", action="store_true", help="open a window for each figure")
    parser.add_argument("--list", action="store_true", help="print each lesson's number and question")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)

    lessons = find(asked.folder)
    there_are = f"there are {', '.join(f'{n:02}' for n in lessons)}" if lessons else "there are none"
    unknown = [n for n in asked.number if not n.isdecimal() or int(n) not in lessons]
    if unknown or not lessons:
        print(f"There is no lesson {unknown[0] if unknown else 'here'}; {there_are}.", file=sys.stderr)
        return 2
    if asked.number:
        lessons = {n: lessons[n] for n in sorted({int(n) for n in asked.number})}

    in_terminal = sys.stdout.isatty()
    console = Console() if in_terminal else Console(force_terminal=False, no_color=True, width=120)
    if asked.list:
        for n, path in lessons.items():
            say(console, f"{n:02}  {question(path)}")
        return 0

    started = time.perf_counter()
    try:
        results = dict(run_all(lessons, asked.show, console))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    console.print()
    console.print(table(results))
    say(console, last_line(list(results.values()), time.perf_counter() - started))
    return 1 if any(result.report for result in results.values()) else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")     # ✓ on any console, in any pipe
    sys.exit(main())
