"""The benchmark: value and gradient through the public API, beside what other people use.

    cases        which losses at which shapes, and their inputs
    contestants  our two paths, NumPy by hand; limit: moving the same bytes; peers: PyTorch and others
    race         the stopwatch: everybody in turn, medians and quartiles; neighbours: were we alone?
    startup      first calls, in processes of their own
    machine      where it was measured
    results      the record of it all, to a file and back
    tables       for the terminal and for Markdown; picture: the figure

`run` does all of it for the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .cases import Case, Shape
    from .results import Report, Result


class Options(NamedTuple):
    """What was asked for."""

    losses: Sequence[str]
    sizes: Sequence[Shape] = ()                  # empty: those of each family
    dtypes: Sequence[str] = ("float64", "float32")
    peers: bool = False
    rounds: int = 5
    seconds: float = 2.0
    startup: bool = True
    sources: Sequence[Path] = ()                 # measured before: nothing is measured now
    json: Path | None = None
    figure: Path | None = None
    markdown: Path | None = None


def run(options: Options) -> int:
    """Measure or read, print, and write what was asked for; 1 if anything went wrong, else 0."""
    from .. import terminal
    from . import picture, results, tables
    console = terminal.console()
    report = results.read(options.sources) if options.sources else measure(options, console)
    tables.show(report, console)
    if options.figure:
        picture.save(report, options.figure)
    if options.json:
        results.write(report, options.json)
    if options.markdown:
        tables.write_markdown(report, options.markdown, options.figure)
    return 1 if tables.complaints(report) else 0


def measure(options: Options, console: Any) -> Report:
    """Run all the cases, with a progress bar in a terminal and a line per case elsewhere."""
    from . import machine, race, startup, tables
    from .cases import cases
    from .peers import PEERS, installed
    from .results import Report
    described = machine.describe()
    method = {"rounds": options.rounds, "seconds": options.seconds, "pause": race.PAUSE,
              "threads": described["cores"]}
    peers = installed() if options.peers else []
    absent = {name: "not installed" for name in PEERS if options.peers and name not in peers}
    chosen = cases(options.losses, options.sizes, options.dtypes)
    found = []
    with tables.progress(console, len(chosen)) as step:
        for case, result in _measured(chosen, options, peers, step):
            found.append(result)
            step.done(tables.one_line(case, result))
        step.begins("first calls in new processes")
        start = startup.measure(options.losses) if options.startup else {}
    return Report(described, method, absent, start, found)


def _measured(chosen: Sequence[Case], options: Options, peers: Sequence[str], step: Any
              ) -> Iterator[tuple[Case, Result]]:
    """Each case and its result."""
    import numpy as np

    from .contestants import by_hand, limits, ours, with_best_limits
    from .machine import cores
    from .peers import PEERS
    from .race import race
    from .results import Result
    for case in chosen:
        step.begins(str(case))
        arrays = case.inputs(np.random.default_rng(0))
        invited = {"fused": ours(case, arrays, "fused"), "composed": ours(case, arrays, "composed"),
                   "numpy": by_hand(case, arrays),
                   **{name: PEERS[name](case, arrays, cores()) for name in peers}}
        entered = [c for c in invited.values() if c is not None] + limits(case, arrays, cores())
        outcome = race(entered, case.dtype, options.rounds, options.seconds)
        lacking = {name: "has no such loss" for name, c in invited.items() if c is None}
        yield case, Result(case.loss.name, case.loss.family.name, case.shape, case.dtype,
                           with_best_limits(outcome.timings), {**lacking, **outcome.left_out},
                           outcome.wrong, outcome.others)
