"""`tinygrad-loss plot huber --delta 0.5 1 2 --out huber.png`: loss, slope and curvature.

The options of a loss are its own settings; one of them, or the target, may have several values.
"""

from __future__ import annotations

import argparse
import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .losses import LOSSES, Loss, arguments
from .losses.domain import Domain

CURVES = 7                                             # as many as there are colours


def can_be_drawn(loss: Loss) -> bool:
    """Is it a function of one number, given a target?"""
    return loss.family.name == "elementwise" and len(loss.input_names) == 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """A command for each loss that can be drawn, and its settings as options."""
    commands = parser.add_subparsers(metavar="LOSS", title="losses", required=True, dest="loss")
    for loss in filter(can_be_drawn, LOSSES.values()):
        text = (loss.__doc__ or "").partition("\n")[0].replace("%", "%%")
        own = commands.add_parser(loss.name, help=text, description=text)
        for name, default in loss.defaults.items():
            domain = loss.domains[name]
            assert isinstance(domain, Domain)
            own.add_argument(f"--{name}", nargs="+", type=_value, default=[default], metavar="VALUE",
                             help=f"{domain.text} (default {default})")
        own.add_argument("--target", nargs="+", type=float, default=[], metavar="VALUE",
                         help=loss.alternatives(loss.input_names[1])[-1].text)
        own.add_argument("--x", nargs=2, type=float, metavar=("LOW", "HIGH"), help="values of pred")
        own.add_argument("--out", type=Path, default=Path(f"{loss.name}.png"), metavar="FILE",
                         help="PNG; the plotted numbers go beside it, as JSON (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Draw and save; 2 if something was not allowed."""
    from . import plot
    loss = LOSSES[args.loss]
    values = {name: getattr(args, name) for name in loss.defaults}
    values["target"] = args.target or _targets(loss, all(len(v) == 1 for v in values.values()))
    several = {name: v for name, v in values.items() if len(v) > 1} or {"target": values["target"]}
    if len(several) > 1 or max(map(len, several.values())) > CURVES:
        print(f"{loss.name}: give several values, at most {CURVES}, to one option only; "
              f"got several for {' and '.join(several)}.", file=sys.stderr)
        return 2
    if args.x and not args.x[0] < args.x[1]:
        print(f"{loss.name}: --x needs a low and a high value; got {args.x[0]:g} and {args.x[1]:g}.",
              file=sys.stderr)
        return 2
    (name, choices), = several.items()
    fixed = {other: v[0] for other, v in values.items() if other != name}
    x = None if args.x is None else np.linspace(args.x[0], args.x[1], plot.POINTS)
    given = ", ".join(f"{other} = {value}" for other, value in fixed.items() if other != "target")
    title = f"{loss.name}   ({given})" if given else loss.name
    try:
        for value in choices:                          # kinks and seams are looked for before the loss
            every = {**fixed, name: value}
            arguments.settings(loss, tuple([every[setting] for setting in loss.defaults]), None)
        fig = plot.curves(loss, [{name: value} for value in choices], x=x, title=title, curvature=True,
                          fixed=fixed)
    except (TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in choices)
    plot.save(fig, args.out, f"{loss.name} for {name} = {shown}: the loss, below it its slope, and below "
                             "that its curvature, as functions of pred.")
    print(f"{args.out} and {args.out.with_suffix('.json').name} written.")
    return 0


def _targets(loss: Loss, several: bool) -> list[float]:
    """The first and the last class, or the last one; where there are none 0, or 1 for a count."""
    from .properties import classes
    if labels := classes(loss):
        return [*labels] if several else [labels[1]]
    return [0.0 if np.all(loss.alternatives(loss.input_names[1])[-1].holds(-1.0)) else 1.0]


def _value(text: str) -> Any:
    """A number, True, False or None; any other word as it is."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
