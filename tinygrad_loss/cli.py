"""The command line: `tinygrad-loss`, or `python -m tinygrad_loss`.

    losses     which losses there are and when to use them; one of them on a page
    choose     which of them, by two questions
    check      whether a loss, ours or yours, obeys every law; or, by its number, your work on an exercise
    start hint show next grade      the exercises of the lessons
    lessons    which lessons there are; a copy of them
    doctor     what is wrong with a set-up
    plot       loss, slope and curvature of a loss, as a picture
    bench      how fast the losses are, beside other libraries and the speed of memory
    accuracy   how many of the last bits are wrong
    warmup     compile everything now, not at the first call

Exits with 0 if all is well, 1 if something failed, 2 on a wrong call.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, draw
from .exercises import commands
from .losses import LOSSES

DTYPES = ("float64", "float32")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):             # a pipe may not speak Unicode
        sys.stdout.reconfigure(errors="replace")
    parser = _parser()
    try:
        args = parser.parse_args(argv)
        if args.command is None:
            parser.error("say what to do; --help lists the commands")
        if unknown := [name for name in getattr(args, "losses", ()) if name not in LOSSES]:
            parser.error(f"there is no loss {unknown[0]!r}; there are {', '.join(LOSSES)}")
        sources = [*getattr(args, "sources", ()), *getattr(args, "at", ())]
        if missing := [str(path) for path in sources if not path.is_file()]:
            parser.error(f"there is no file {missing[0]}")
    except SystemExit as stop:                               # argparse has said why
        return int(stop.code or 0)
    try:
        return int(args.command(args))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _losses(args: argparse.Namespace) -> int:
    from . import catalogue
    return catalogue.run(args.losses, args.properties, args.json)


def _choose(args: argparse.Namespace) -> int:
    from . import choose
    return choose.show_tree(args.json) if args.tree else choose.run(args.task, args.data, args.json)


def _check(args: argparse.Namespace) -> int:
    if len(args.names) == 1 and args.names[0].isdecimal():
        return commands.guarded(lambda: commands.check(args.names[0], args.file, args.seconds, args.json))
    from . import check
    if args.planted:
        from .gradcheck import proving
        return proving.run(args.names)
    return check.run(args.names, args.all, args.json, args.at)


def _plot(args: argparse.Namespace) -> int:
    return draw.run(args)


def _bench(args: argparse.Namespace) -> int:
    from . import bench
    return bench.run(bench.Options(
        args.losses or list(LOSSES), args.sizes, args.dtypes, args.peers, args.repeat, args.seconds,
        not args.skip_startup, args.sources, args.json, args.figure, args.markdown))


def _accuracy(args: argparse.Namespace) -> int:
    from . import accuracy
    return accuracy.main(args.losses or list(LOSSES), args.samples, args.json)


def _warmup(args: argparse.Namespace) -> int:
    from . import warmup
    print(f"{warmup(progress=True)} drivers compiled.")
    return 0


def _lessons(args: argparse.Namespace) -> int:
    from . import course
    return commands.guarded(lambda: course.run(args.copy))


def _doctor(args: argparse.Namespace) -> int:
    from . import doctor
    return doctor.run(args.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tinygrad-loss", description="Losses whose gradients are checked: which, how fast, how right.")
    parser.add_argument("--version", action="version", version=f"tinygrad_loss {__version__}")
    parser.set_defaults(command=None)
    add = parser.add_subparsers(metavar="COMMAND", title="commands")
    losses = add.add_parser(
        "losses", help="which losses there are, and when to use them",
        description="A table of all losses; or, for those that are named, formula, sources and accuracy.")
    _add_losses(losses)
    losses.add_argument("--properties", action="store_true", help="convex, robust, calibrated ...: a table")
    losses.add_argument("--json", action="store_true", help="print JSON, no table")
    losses.set_defaults(command=_losses)
    choose = add.add_parser(
        "choose", help="find the loss for a task, by two questions",
        description="Asks what is to be predicted and what the data are like; names a loss, and the reason.")
    choose.add_argument("--task", metavar="TASK", help="such as binary: the first question is not asked")
    choose.add_argument("--data", metavar="DATA", help="such as imbalanced: nor is the second")
    choose.add_argument("--tree", action="store_true", help="print all answers to all questions")
    choose.add_argument("--json", action="store_true", help="print JSON")
    choose.set_defaults(command=_choose)
    check = add.add_parser(
        "check", help="check a loss, ours or yours, by all laws; or your work on an exercise", description=(
            "Both paths, each other, numeric differences, reductions, weights, messages ...: every law for "
            "every case of a loss. A number, such as 05, stands for that exercise: it grades work/05_...py."))
    check.add_argument("names", nargs="*", metavar="LOSS", help=(
        "such as huber, or mymodule:myloss, or mymodule:myfunction of Tensors; or the number of an exercise"))
    check.add_argument("--all", action="store_true", help="every loss of the library")
    check.add_argument("--at", nargs="+", type=Path, default=(), metavar="FILE", dest="at", help=(
        "inputs for a function, one .npy file each; without: random numbers"))
    check.add_argument("--planted", action="store_true", help=(
        "check the checker: plant mistakes into these losses, or all, and see what it says; minutes"))
    check.add_argument("--file", type=Path, metavar="FILE", help="of an exercise: grade this file")
    check.add_argument("--seconds", type=float, default=commands.SECONDS, metavar="S", help=(
        "of an exercise: time for one call (default %(default)g)"))
    check.add_argument("--json", action="store_true", help="print JSON, no table")
    check.set_defaults(command=_check)
    plot = add.add_parser("plot", help="draw loss, slope and curvature", description=(
        "Draw an elementwise loss, its slope and its curvature, for several values of one setting."))
    draw.add_options(plot)
    plot.set_defaults(command=_plot)
    _add_bench(add.add_parser(
        "bench", help="measure how fast the losses are", description=(
            "Measure value and gradient of the losses on both paths, beside NumPy by hand and the time it "
            "takes to move the same bytes.")))
    accuracy = add.add_parser(
        "accuracy", help="measure how many of the last bits are wrong",
        description="Compare values and gradients of both paths with a reference of many digits, in ulp.")
    _add_losses(accuracy)
    accuracy.add_argument("--samples", type=_count, default=200, metavar="N", help=(
        "items per case and dtype (default %(default)s)"))
    accuracy.add_argument("--json", action="store_true", help="print JSON, no table")
    accuracy.set_defaults(command=_accuracy)
    warmup = add.add_parser(
        "warmup", help="compile all fused losses now",
        description="Compile every fused loss and keep the result on disk, so that no first call waits.")
    warmup.set_defaults(command=_warmup)
    commands.add(add)
    lessons = add.add_parser("lessons", help="list the lessons, or copy them", description=(
        "Lists the lessons; or copies them, with their exercises, to be run and changed."))
    lessons.add_argument("--copy", type=Path, metavar="DIR", help="make DIR/lessons")
    lessons.set_defaults(command=_lessons)
    doctor = add.add_parser("doctor", help="what is wrong with this set-up, and what to do", description=(
        "Versions, kernels, cache, threads, figures, fonts, lessons: is everything there, and does it work?"))
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(command=_doctor)
    return parser


def _add_losses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("losses", nargs="*", metavar="LOSS", help="such as mse; without any: all of them")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    _add_losses(parser)
    parser.add_argument("--sizes", nargs="+", type=_size, default=(), metavar="SIZE", help=(
        "items, such as 32 1e5, or rows x width, such as 2e4x1000; without: what suits each loss"))
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=DTYPES, help="default: both")
    parser.add_argument("--peers", action="store_true", help=(
        "also measure torch, torch.compile, jax, scikit-learn and autograd, those that are installed"))
    parser.add_argument("--repeat", type=_count, default=5, metavar="N", help=(
        "rounds per case, at least (default %(default)s)"))
    parser.add_argument("--seconds", type=_seconds, default=2.0, metavar="S", help=(
        "time per case, at least (default %(default)s)"))
    parser.add_argument("--skip-startup", action="store_true", help="do not measure first calls")
    parser.add_argument("--from", nargs="+", type=Path, default=(), metavar="FILE", dest="sources", help=(
        "measure nothing: show what --json wrote, of several files all cases together"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw time over limit, as PNG")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables as a page")
    parser.set_defaults(command=_bench)


def _size(text: str) -> tuple[int, ...]:
    from .bench.cases import parse_size
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 32, 1e5 or 2e4x1000") from error


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError
    return seconds


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
