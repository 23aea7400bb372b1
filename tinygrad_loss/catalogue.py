"""All losses in a table, one loss on a page: `tinygrad-loss losses`, `tinygrad-loss losses huber`.

Every cell comes from the record of a loss or from a measurement; a new loss needs no word here.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from . import accuracy, properties
from .losses import LOSSES, Advice, Loss
from .terminal import console, say
from .testing import cases

WIDE = 140                                             # columns that all of the table needs
SAMPLES = 30                                           # items per case, enough to see lost digits


def run(names: Sequence[str], with_properties: bool = False, as_json: bool = False) -> int:
    """Print the table of all losses, the table of their properties, or a page for each named loss."""
    chosen = [LOSSES[name] for name in names or LOSSES]
    describe = property_row if with_properties else page if names else row
    if as_json:
        found = [describe(loss) for loss in chosen]
        print(json.dumps(_plain(found[0] if len(names) == 1 else found), indent=1, allow_nan=False))
        return 0
    screen = console()
    if with_properties:
        screen.print(_property_table(chosen))
        say(screen, inspect.getdoc(properties) or "")
    elif names:
        for loss in chosen:
            _print_page(loss, screen)
    else:
        screen.print(_table(chosen, screen.width >= WIDE))
        say(screen, "tinygrad-loss losses NAME shows one of them: formula, sources, accuracy.")
    return 0


# ------------------------------------------------------------------------------------------ plain data

def row(loss: Loss) -> dict[str, Any]:
    """What the table says about a loss."""
    advice = loss.advice or Advice(task="", use="", avoid="")
    return {"name": loss.name, **advice._asdict(), "corners": corners(loss), "claims": claims(loss),
            "inputs": {name: _allowed(loss, name) for name in loss.input_names}}


def page(loss: Loss) -> dict[str, Any]:
    """What the page says about a loss."""
    return {**row(loss), "call": f"losses.{loss.name}{loss.__signature__}", "text": loss.__doc__,
            "settings": {name: {"default": value, "allowed": _allowed(loss, name)}
                         for name, value in loss.defaults.items()},
            "sources": sources(loss), "worst_ulp": worst_ulp(loss),
            "known": [vars(known) for known in loss.known]}


def property_row(loss: Loss) -> dict[str, Any]:
    """What the table of properties says about a loss."""
    return {"name": loss.name, **properties.properties(loss)._asdict()}


def corners(loss: Loss) -> str:
    """How smooth the loss is."""
    return "slope jumps" if loss.kinks else "curvature jumps" if loss.seams else "smooth"


def claims(loss: Loss) -> dict[str, Any]:
    """What is claimed about the loss at its default settings."""
    case = next(cases(loss))
    return loss.claims.under(case.complete(), case.shape[-1])._asdict() if loss.claims else {}


def sources(loss: Loss) -> dict[str, str]:
    """The two implementations, and the kernel for rows where there is one."""
    functions: dict[str, Callable[..., Any] | None] = {
        "composed": loss.composed, "kernel": loss.kernel, "kernel for rows": loss.kernel_for_rows}
    return {name: inspect.getsource(function) for name, function in functions.items() if function}


def worst_ulp(loss: Loss) -> dict[str, dict[str, float]] | str:
    """The worst error of value and gradient over all cases, by path and dtype; or why nobody knows."""
    if loss.exact is None:
        return "not measured: its file has no function `exact`"
    try:
        rows = accuracy.table([loss.name], SAMPLES)
    except ImportError as error:
        return f"not measured: {error}"
    worst: dict[str, dict[str, float]] = {}
    for r in rows:
        place = worst.setdefault(f"{r.path} {r.dtype}", {"value": 0.0, "gradient": 0.0})
        place["value"], place["gradient"] = max(place["value"], r.value), max(place["gradient"], r.gradient)
    return worst


def _plain(value: Any) -> Any:
    """For JSON, which knows no arrays and no inf."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    value = value.item() if isinstance(value, np.generic) else value
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _allowed(loss: Loss, name: str) -> str:
    """What an argument may be, in words."""
    return ", or ".join(domain.text for domain in loss.alternatives(name))


# ------------------------------------------------------------------------------------------ on a screen

def _table(chosen: Sequence[Loss], wide: bool) -> Table:
    """What is known about each loss; in a narrow window, the advice alone."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("loss", no_wrap=True, style="bold")
    advice, rest = ("task", "use when", "avoid when", "lesson"), ("inputs", "corners", "claims")
    for title in advice + rest if wide else advice:
        table.add_column(title)
    for loss in chosen:
        r = row(loss)
        more = _inputs_in_words(r["inputs"]), r["corners"], _claims_in_words(r["claims"])
        table.add_row(loss.name, r["task"], r["use"], r["avoid"], r["lesson"][:2], *(more if wide else ()),
                      end_section=True)
    return table


def _property_table(chosen: Sequence[Loss]) -> Table:
    rows = [property_row(loss) for loss in chosen]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in rows[0]:
        table.add_column({"name": "loss", "lipschitz": "Lipschitz"}.get(title, title))
    for r in rows:
        table.add_row(*map(_in_a_word, r.values()))
    return table


def _in_a_word(x: Any) -> str:
    return ("no", "yes")[x] if isinstance(x, bool) else str(x) if isinstance(x, str) else f"{x:g}"


def _inputs_in_words(inputs: dict[str, str]) -> str:
    """pred, target: any real number."""
    names: dict[str, list[str]] = {}
    for name, text in inputs.items():
        names.setdefault(text, []).append(name)
    return "; ".join(f"{', '.join(who)}: {text}" for text, who in names.items())


def _claims_in_words(found: dict[str, Any]) -> str:
    """convex, symmetric, slope up to 1, minimum 0."""
    words = [name if found[name] else f"not {name}" for name in ("convex", "symmetric")]
    steepest = found["lipschitz"]
    words.append("slopes without limit" if steepest == float("inf") else f"slopes up to {steepest:g}")
    return ", ".join([*words, f"minimum {found['minimum']:g}"])


def _print_page(loss: Loss, screen: Console) -> None:
    with screen.status(f"counting the wrong digits of {loss.name}"):
        found = page(loss)
    say(screen, found["call"], style="bold")
    say(screen)
    say(screen, found["text"].strip())
    say(screen)
    if loss.advice:
        say(screen, f"For {found['task']}. Use it when {found['use']}. Avoid it when {found['avoid']}.")
    say(screen, f"At default settings: {_claims_in_words(found['claims'])}; {found['corners']}.")
    for name, setting in found["settings"].items():
        say(screen, f"{name}: {setting['allowed']}; default {setting['default']}.")
    say(screen)
    screen.print(_side_by_side(found["sources"]))
    screen.print(_accuracy(found["worst_ulp"]))
    for known in loss.known:
        settings = "".join(f", {name}={value}" for name, value in known.settings.items())
        inputs = ", ".join(str(x) for x in known.inputs)
        slope = "" if known.gradient is None else f", gradient {known.gradient}"
        say(screen, f"{loss.name}({inputs}{settings}) = {known.value}{slope}")
    say(screen)


def _side_by_side(found: dict[str, str]) -> Table:
    """The composed path at the left, the kernel at the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=True)
    for title in ("composed", "kernel"):
        table.add_column(title, ratio=1)
    left, *right = [Syntax(source, "python", theme="ansi_dark", background_color="default", word_wrap=True)
                    for source in found.values()]
    table.add_row(left, right[0])
    for another in right[1:]:
        table.add_row("", another)
    return table


def _accuracy(worst: dict[str, dict[str, float]] | str) -> Table | str:
    if isinstance(worst, str):
        return f"Accuracy: {worst}"
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("worst error in ulp")
    for title in ("value", "gradient"):
        table.add_column(title, justify="right")
    for place, errors in worst.items():
        table.add_row(place, *[f"{x:.2f}" if x < 1000 else f"{x:.0e}" for x in errors.values()])
    return table
