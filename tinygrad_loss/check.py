"""`tinygrad-loss check`: every law for every case of a loss, the library's or your own.

A loss of your own is named by its module and its name there, `mymodule:myloss`; the module is looked
for where the command is run.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.progress import Progress
from rich.table import Table

from .losses import LOSSES, Loss
from .terminal import console, say
from .testing import LAWS, Case, cases


class Outcome(NamedTuple):
    """What came of one law for one case."""

    law: str
    case: str
    problem: str                                             # empty if the law holds


def run(names: Sequence[str], everything: bool, as_json: bool) -> int:
    """Check the named losses, or all, and print what was found. 1 if a law is broken, 2 for a name that
    names no loss."""
    if bool(names) == everything:
        say(console(), "Say which loss to check, such as huber or mymodule:myloss; or --all, and no name.")
        return 2
    try:
        losses = [find(name) for name in (list(LOSSES) if everything else names)]
    except LookupError as error:
        say(console(), str(error.args[0]))
        return 2
    found = _outcomes(losses, quiet=as_json)
    if as_json:
        print(json.dumps({name: [o._asdict() for o in each] for name, each in found.items()}, indent=1))
    else:
        _show(found)
    return int(any(o.problem for outcomes in found.values() for o in outcomes))


def find(name: str) -> Loss:
    """The loss of that name; LookupError, with a sentence, if there is none."""
    module, colon, attribute = name.partition(":")
    if not colon:
        if name not in LOSSES:
            raise LookupError(f"There is no loss {name!r}; there are {', '.join(LOSSES)}. Your own is "
                              "named mymodule:myloss.")
        return LOSSES[name]
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        loss = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:                               # the module is somebody else's code
        raise LookupError(f"{module} cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(loss, Loss):
        raise LookupError(f"{module} has no loss {attribute!r}. Make one with tinygrad_loss.losses.define.")
    return loss


def _outcomes(losses: Sequence[Loss], quiet: bool) -> dict[str, list[Outcome]]:
    todo = [(loss, case, law) for loss in losses for case in cases(loss) for law in LAWS]
    found: dict[str, list[Outcome]] = {loss.name: [] for loss in losses}
    with Progress(console=console(), disable=quiet, transient=True) as progress, warnings.catch_warnings():
        warnings.simplefilter("error")                       # as in the tests: a warning is a fault
        bar = progress.add_task("", total=len(todo))
        for loss, case, law in todo:
            progress.update(bar, description=loss.name, advance=1)
            found[loss.name].append(Outcome(law.__name__, str(case), _problem(law, case)))
    return found


def _problem(law: Any, case: Case) -> str:
    """What is wrong; nothing if nothing is."""
    try:
        law(case)
    except Exception as error:                               # a loss that crashes breaks the law as well
        text = str(error).strip() or "the law is broken"
        return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
    return ""


def _show(found: dict[str, list[Outcome]]) -> None:
    out = console()
    table = Table(box=None, pad_edge=False)
    for title in ("loss", "laws", "cases", "checks", "broken"):
        table.add_column(title, justify="left" if title == "loss" else "right")
    for name, outcomes in found.items():
        broken = sum(bool(o.problem) for o in outcomes)
        table.add_row(name, str(len({o.law for o in outcomes})), str(len({o.case for o in outcomes})),
                      str(len(outcomes)), str(broken), style="red" if broken else None)
    for outcomes in found.values():
        for o in outcomes:
            if o.problem:
                say(out, f"BROKEN: {o.law}, {o.case}", style="bold red")
                say(out, "".join(f"    {line}\n" for line in o.problem.splitlines()))
    out.print(table)
