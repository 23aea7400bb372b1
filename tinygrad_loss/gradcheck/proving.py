"""The checker is put to the proof: `tinygrad-loss check --planted`.

Every mistake is planted into every loss, at five sizes, and into every primitive; right programs on which
simpler checkers stumble must pass; and a bug in our own kernels must break one of our own laws. The work is
shared out over the processors, and what is finished is said at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..losses import LOSSES
from ..processes import share
from ..terminal import console, say
from . import gradcheck
from .pitfalls import RIGHT
from .planted import MISTAKES, PRIMITIVES, of_loss, of_primitive, trials
from .survivors import Fate, fates

SIZES = (20_000, 400, 20, 3, 1)             # those that take long come first, so that none is waited for


class Finding(NamedTuple):
    """What was said of one mistake in one subject."""

    subject: str
    mistake: str
    caught: bool
    named: bool
    said: str                               # verdict and diagnosis


class Job(NamedTuple):
    """A piece of work for one process: mistakes in a loss of so many numbers, or in a primitive, where there
    are none; or bugs in the kernel of a loss."""

    name: str
    size: int = 0
    kernel: bool = False

    def __str__(self) -> str:
        return f"kernel of {self.name}" if self.kernel else f"{self.name} {self.size or ''}".strip()


class Done(NamedTuple):
    """A job's results."""

    job: Job
    findings: list[Finding]
    fates: list[Fate]
    seconds: float

    def __str__(self) -> str:
        bad = [f"{f.mistake}: {f.said}" for f in self.findings if not (f.caught and f.named)]
        bad += [f"{f.bug}: survived" for f in self.fates if not f.law]
        count = f"{len(self.findings) or len(self.fates)} planted" if self.findings or self.fates else (
            "nothing planted: the right gradient is 0")
        return f"{str(self.job):<40} {count}, {self.seconds:.1f} s" + "".join(f"; {b}" for b in bad)


def work(job: Job) -> Done:
    """Do it."""
    start = perf_counter()
    if job.kernel:
        return Done(job, [], list(fates(LOSSES[job.name])), perf_counter() - start)
    subject = of_loss(LOSSES[job.name], job.size) if job.size else of_primitive(job.name)
    findings = []
    if gradcheck(subject.f, subject.x, gradient=subject.g):  # where the right one is 0, none can be found
        for t in trials(subject):
            said = f"{t.report.verdict} {t.report.diagnosis or ''}".strip()
            findings.append(Finding(subject.name, t.mistake.name, t.caught, t.named, said))
    return Done(job, findings, [], perf_counter() - start)


def run(names: Sequence[str] = ()) -> int:
    """Plant everything into these losses, or into all losses and primitives, and print what was caught and
    named; 1 if something was not, 2 for a name that names nothing."""
    out = console()
    if unknown := [name for name in names if name not in LOSSES]:
        say(out, f"There is no loss {unknown[0]!r}; there are {', '.join(LOSSES)}.")
        return 2
    jobs = [Job(name, size) for size in SIZES for name in names or LOSSES]
    jobs += [Job(name, kernel=True) for name in names or LOSSES]
    jobs += [Job(name) for name in PRIMITIVES if not names]
    done = list(finished(jobs, out))
    findings = [finding for each in done for finding in each.findings]
    caught, named = (sum(getattr(f, how) for f in findings) for how in ("caught", "named"))
    rejected = [name for name, (f, g, x) in RIGHT.items() if not gradcheck(f, x, gradient=g)]
    bugs = [fate for each in done for fate in each.fates]
    alive = [f"{b.bug} in {b.loss}" for b in bugs if not b.law]
    out.print(table(findings))
    say(out, f"{len(findings)} planted, {caught} caught, {named} named as planted.")
    for f in findings:
        if not (f.caught and f.named):
            say(out, f"    {f.mistake} in {f.subject}: {f.said}")
    say(out, f"{len(RIGHT)} right programs that naive checks reject: {len(rejected)} rejected"
             + (f" ({', '.join(rejected)})." if rejected else "."))
    laws = ", ".join(f"{law} {n}" for law, n in Counter(b.law for b in bugs if b.law).most_common())
    say(out, f"{len(bugs)} bugs in our own kernels, caught first by {laws}; {len(alive)} survived"
             + (f": {', '.join(alive)}." if alive else "."))
    return int(bool(rejected or alive) or min(caught, named) < len(findings))


def finished(jobs: Sequence[Job], out: Console) -> Iterator[Done]:
    """The results as they come, with a bar on a terminal, else with a line for each."""
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        bar = progress.add_task("Planting", total=len(jobs))
        for count, done in enumerate(share(work, jobs), 1):
            progress.update(bar, advance=1, description=str(done.job))
            if not out.is_terminal:
                say(out, f"{count:>4}/{len(jobs)}  {done}")
            yield done


def table(findings: Sequence[Finding]) -> Table:
    """How many of each mistake were planted, caught and named."""
    made = Table(box=None, pad_edge=False)
    for title in ("mistake", "verdict", "diagnosis", "planted", "caught", "named"):
        made.add_column(title, justify="right" if title in ("planted", "caught", "named") else "left")
    for mistake in MISTAKES:
        these = [f for f in findings if f.mistake == mistake.name]
        made.add_row(mistake.name, mistake.verdict, mistake.diagnosis[0] or "", str(len(these)),
                     str(sum(f.caught for f in these)), str(sum(f.named for f in these)))
    return made
