"""Where the command line prints: a terminal, or a pipe that gets no control characters."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console

PIPE_WIDTH = 200


def console() -> Console:
    """For tables and for `say`."""
    if sys.stdout.isatty():
        return Console()
    return Console(force_terminal=False, no_color=True, width=PIPE_WIDTH)


def say(console: Console, line: str = "", style: str | None = None) -> None:
    """Print a line as it is: not wrapped, not read as markup."""
    console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False, style=style)


def track(items: Sequence[Any], text: str) -> Iterable[Any]:
    """Go through items behind a progress bar; in a pipe, without one."""
    from rich.progress import track
    out = console()
    return track(items, text, console=out, transient=True, disable=not out.is_terminal)
