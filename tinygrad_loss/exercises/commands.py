"""The command line of the exercises: start, check, hint, show, next, grade.

The learner's files are in the folder `work`, where the commands are run. What was passed, and how many hints
were given, is remembered there in `.progress.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import course
from . import find, numbers

if TYPE_CHECKING:
    from .grader import Verdict
    from .task import Exercise

WORK = Path("work")
SECONDS = 10.0                               # for one call


class Progress:
    """What is remembered of a learner: tasks passed, hints given, per exercise."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / ".progress.json"
        try:
            known = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):                        # none yet, or spoilt: begin anew
            known = {}
        self.known: dict[str, Any] = known if isinstance(known, dict) else {}

    def passed(self, exercise: Exercise) -> set[str]:
        """The names of the tasks that passed, at the last check."""
        found = self._of(exercise).get("passed", [])
        return {task.name for task in exercise.tasks} & {str(name) for name in found}

    def done(self, exercise: Exercise) -> bool:
        return len(self.passed(exercise)) == len(exercise.tasks)

    def note(self, exercise: Exercise, **what: Any) -> None:
        """Remember it."""
        self.known[exercise.number] = {**self._of(exercise), **what}
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(json.dumps(self.known, indent=1), encoding="utf-8")

    def hints(self, exercise: Exercise) -> dict[str, int]:
        """How many hints were given to each task."""
        found = self._of(exercise).get("hints", {})
        return {str(k): int(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def _of(self, exercise: Exercise) -> dict[str, Any]:
        found = self.known.get(exercise.number, {})
        return found if isinstance(found, dict) else {}


# -------------------------------------------------------------------------------------------- commands

def start(args: argparse.Namespace) -> int:
    """Copy the stub, unless there is a file already."""
    exercise = find(args.number)
    mine = WORK / exercise.file
    if mine.exists():
        print(f"{mine} is there already; it stays as it is.")
    else:
        WORK.mkdir(exist_ok=True)
        shutil.copyfile(course.stub(exercise.file), mine)
        print(f"{mine} is yours to edit.")
    print(f"Then: tinygrad-loss check {exercise.number}")
    return 0


def check(number: str, file: Path | None = None, seconds: float = SECONDS, as_json: bool = False) -> int:
    """Grade one exercise and say what was found: 0 if every task passed."""
    from ..terminal import console, say
    from . import report
    from .grader import grade
    from .sandbox import Pupil
    exercise = find(number)
    mine = file or WORK / exercise.file
    if not mine.is_file():
        raise LookupError(f"There is no {mine}. Begin with: tinygrad-loss start {exercise.number}")
    with Pupil(mine, seconds) as pupil:
        verdicts = grade(exercise, pupil)
    passed = [v.task for v in verdicts if v.word == "PASS"]
    progress = Progress(WORK)
    new = set(passed) - progress.passed(exercise) if file is None else set()
    if as_json:
        print(json.dumps([_plain(v) for v in verdicts], indent=1))
    else:
        out = console()
        say(out, f"Grading {mine}\n")
        for v in verdicts:
            say(out, report.text_of(v, str(mine), exercise.number) + "\n")
        own = _functions(mine)
        for task in exercise.tasks:
            if task.name in new:
                say(out, f"{task.name}, passed for the first time.\n\n"
                         f"{report.beside(task, own.get(task.name, '(none)'))}\n")
        if noise := report.printed(pupil.printed, pupil.characters):
            say(out, noise + "\n")
        say(out, _summary(exercise, verdicts))
    if file is None:
        progress.note(exercise, passed=passed)
    return 0 if len(passed) == len(exercise.tasks) else 1


def _summary(exercise: Exercise, verdicts: list[Verdict]) -> str:
    count = {word: sum(v.word == word for v in verdicts) for word in ("PASS", "FAIL", "NOT STARTED")}
    line = (f"exercise {exercise.number}  tasks {len(verdicts)}  passed {count['PASS']}  "
            f"failed {count['FAIL']}  not started {count['NOT STARTED']}")
    if count["PASS"] == len(verdicts):
        line += f"\nTo see the library's own beside yours again: tinygrad-loss show {exercise.number}"
    return line


def _plain(verdict: Verdict) -> dict[str, Any]:
    found = verdict._asdict()
    return {**found, "report": verdict.report.to_dict() if verdict.report is not None else None}


def hint(args: argparse.Namespace) -> int:
    """The next hint for the first task that has not passed, or for the one that is named."""
    exercise = find(args.number)
    progress = Progress(WORK)
    names = [task.name for task in exercise.tasks]
    if args.task and args.task not in names:
        raise LookupError(f"Exercise {exercise.number} has no task {args.task}; it has {', '.join(names)}.")
    open_tasks = [task for task in exercise.tasks if task.name not in progress.passed(exercise)]
    wanted = [task for task in exercise.tasks if task.name == args.task] or open_tasks
    if not wanted:
        print(f"Exercise {exercise.number} has passed. See: tinygrad-loss show {exercise.number}")
        return 0
    task, given = wanted[0], progress.hints(exercise)
    step = min(given.get(task.name, 0) + 1, len(task.hints))
    progress.note(exercise, hints={**given, task.name: step})
    print(f"{task.name}, hint {step} of {len(task.hints)}: {task.hints[step - 1]}")
    return 0


def show(args: argparse.Namespace) -> int:
    """The library's version beside the learner's, of each task that passed; of all if they give up."""
    from . import report
    exercise = find(args.number)
    passed = Progress(WORK).passed(exercise)
    own = _functions(WORK / exercise.file)
    for task in exercise.tasks:
        if task.name in passed or args.give_up:
            print(f"{task.name}\n\n{report.beside(task, own.get(task.name, '(none)'))}\n")
        else:
            print(f"{task.name}: not passed yet. tinygrad-loss hint {exercise.number} helps; with --give-up "
                  "it is shown all the same.\n")
    return 0 if args.give_up or len(passed) == len(exercise.tasks) else 1


def _functions(file: Path) -> dict[str, str]:
    """The source of each function of a file; nothing if it cannot be read."""
    import ast
    try:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return {}
    return {node.name: ast.get_source_segment(text, node) or "" for node in tree.body
            if isinstance(node, ast.FunctionDef)}


def following(args: argparse.Namespace) -> int:
    """The first exercise that has not passed."""
    progress = Progress(WORK)
    for number in numbers():
        exercise = find(number)
        if not progress.done(exercise):
            passed = len(progress.passed(exercise))
            begun = (WORK / exercise.file).exists()
            print(f"{number} {exercise.name}: {passed} of {len(exercise.tasks)} tasks passed. "
                  f"tinygrad-loss {'check' if begun else 'start'} {number}")
            return 0
    print(f"All {len(numbers())} exercises have passed.")
    return 0


def grade(args: argparse.Namespace) -> int:
    """A class."""
    from . import classes
    return classes.run(args.folder, args.csv, args.seconds)


# -------------------------------------------------------------------------------------------- arguments

def add(commands: Any) -> None:
    """Add the commands to a parser. (`check` is shared with losses, see `tinygrad_loss.cli`.)"""
    begin = commands.add_parser("start", help="begin the exercise of a lesson", description=(
        "Copies the exercise's file to the folder work, which is made here. Never overwrites."))
    _number(begin)
    begin.set_defaults(command=_said(start))
    hints = commands.add_parser("hint", help="the next of three hints", description=(
        "The next hint for the first task that has not passed."))
    _number(hints)
    hints.add_argument("task", nargs="?", metavar="TASK", help="for this task, such as huber_grad")
    hints.set_defaults(command=_said(hint))
    shown = commands.add_parser("show", help="the library's version beside yours, after PASS", description=(
        "The library's version beside yours, of each task that has passed."))
    _number(shown)
    shown.add_argument("--give-up", action="store_true", help="also of tasks that have not passed")
    shown.set_defaults(command=_said(show))
    after = commands.add_parser("next", help="which exercise comes next", description=(
        "Names the first exercise that has not passed."))
    after.set_defaults(command=_said(following))
    marks = commands.add_parser("grade", help="grade a class", description=(
        "Every subfolder is a pupil with files such as 05_huber.py; every file such as anna_05_huber.py is "
        "one, too. Prints a table as CSV, and the commonest mistakes."))
    marks.add_argument("folder", type=Path, metavar="FOLDER")
    marks.add_argument("--csv", type=Path, metavar="FILE", help="write the table there, not to the output")
    marks.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help=(
        "time for one call (default %(default)g)"))
    marks.set_defaults(command=_said(grade))


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NN", help="of the lesson, such as 05")


def _said(command: Any) -> Any:
    """The command; what it cannot find is said in a sentence, with exit code 2."""
    def run(args: argparse.Namespace) -> int:
        return guarded(lambda: command(args))
    return run


def guarded(action: Any) -> int:
    """Run it; 2 for a name that names nothing."""
    try:
        return int(action())
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename}" if error.filename else error, file=sys.stderr)
    return 2
