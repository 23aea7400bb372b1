"""`tinygrad-loss check`: every law for every case of a loss, the library's or your own; and the gradient of
any function of Tensors.

What is your own is named by its module and its name there, `mymodule:myloss`; the module is looked for
where the command is run. A function is checked at the arrays of `--at`, or at random numbers.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.progress import Progress
from rich.table import Table

from .gradcheck import Report, gradcheck
from .losses import LOSSES, Loss
from .processes import share
from .terminal import console, say
from .testing import LAWS, Case, cases

MANY = 4                                                     # losses: worth starting processes for


class Outcome(NamedTuple):
    """What came of one law for one case."""

    law: str
    case: str
    problem: str                                             # empty if the law holds


def run(names: Sequence[str], everything: bool, as_json: bool, at: Sequence[Path] = ()) -> int:
    """Check what is named, or all losses, and print what was found. 1 if anything is wrong, 2 for a name
    that names nothing."""
    if bool(names) == everything:
        say(console(), "Say which loss to check, such as huber or mymodule:myloss; or --all, and no name.")
        return 2
    try:
        things = [find(name) for name in (list(LOSSES) if everything else names)]
        inputs = [np.load(path) for path in at]
    except (LookupError, OSError, ValueError) as error:
        say(console(), str(error.args[0]))
        return 2
    losses = [thing for thing in things if isinstance(thing, Loss)]
    found = _outcomes(losses, quiet=as_json)
    reports = {name: _of_function(thing, inputs) for name, thing in zip(names, things, strict=False)
               if not isinstance(thing, Loss)}
    if as_json:
        outcomes = {name: [o._asdict() for o in each] for name, each in found.items()}
        print(json.dumps({**outcomes, **{name: r.to_dict() for name, r in reports.items()}}, indent=1))
    else:
        _show(found)
        for report in reports.values():
            say(console(), str(report))
    broken = any(o.problem for outcomes in found.values() for o in outcomes)
    return int(broken or not all(reports.values()))


def _of_function(function: Callable[..., Any], inputs: list[np.ndarray]) -> Report:
    """The gradient check of a function of Tensors; without inputs, each argument is random."""
    if not inputs:
        rng = np.random.default_rng(0)
        needed = [p for p in signature(function).parameters.values() if p.default is p.empty]
        inputs = [rng.standard_normal((4, 3)) for p in needed if p.kind is not p.VAR_KEYWORD]
    return gradcheck(function, *inputs)


def find(name: str) -> Loss | Callable[..., Any]:
    """The loss or function of that name; LookupError, with a sentence, if there is none."""
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
    if not callable(loss):
        raise LookupError(f"{module} has no loss or function {attribute!r}. Make a loss with "
                          "tinygrad_loss.losses.define.")
    found: Loss | Callable[..., Any] = loss
    return found


def _outcomes(losses: Sequence[Loss], quiet: bool) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {loss.name: [] for loss in losses}
    with Progress(console=console(), disable=quiet, transient=True) as progress:
        if len(losses) >= MANY and all(LOSSES.get(loss.name) is loss for loss in losses):
            bar = progress.add_task("", total=len(losses))
            for name, outcomes in share(_all_outcomes, list(found)):
                progress.update(bar, description=name, advance=1)
                found[name] = outcomes
            return found
        bar = progress.add_task("", total=sum(len(list(cases(loss))) for loss in losses) * len(LAWS))
        for loss in losses:
            for outcome in _of_loss(loss):
                progress.update(bar, description=loss.name, advance=1)
                found[loss.name].append(outcome)
    return found


def _all_outcomes(name: str) -> tuple[str, list[Outcome]]:
    """Of a loss of the library, in a process of its own."""
    return name, list(_of_loss(LOSSES[name]))


def _of_loss(loss: Loss) -> Iterator[Outcome]:
    """Every law for every case of a loss."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")                       # as in the tests: a warning is a fault
        for case in cases(loss):
            for law in LAWS:
                yield Outcome(law.__name__, str(case), _problem(law, case))


def _problem(law: Any, case: Case) -> str:
    """What is wrong; nothing if nothing is."""
    try:
        law(case)
    except Exception as error:                               # a loss that crashes breaks the law as well
        text = str(error).strip() or "the law is broken"
        return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
    return ""


def _show(found: dict[str, list[Outcome]]) -> None:
    if not found:
        return
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
