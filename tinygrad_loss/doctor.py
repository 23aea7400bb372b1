"""`tinygrad-loss doctor`: is everything there that the lessons need, and does it work? If not, what to do.

Each check is a function that says what it found. What raises is wrong.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from . import __version__, course
from .exercises import numbers

PYTHON = (3, 11)
NEEDED = {"numpy": "2.1", "numba": "0.61", "matplotlib": "3.9", "rich": "13"}          # as in pyproject.toml


class Finding(NamedTuple):
    """What a check found: "ok"; "note", which is no fault; or "wrong", and then what to do."""

    state: str
    found: str
    remedy: str = ""


def python() -> Finding:
    """Is it new enough?"""
    found = ".".join(map(str, sys.version_info[:3])) + f" at {sys.executable}"
    if sys.version_info[:2] >= PYTHON:
        return Finding("ok", found)
    return Finding("wrong", found, "Python 3.11 or newer is needed; make the environment anew with it.")


def library() -> Finding:
    """Which copy of it is this?"""
    return Finding("ok", f"{__version__} at {course.PACKAGE}")


def package(name: str) -> Callable[[], Finding]:
    """Is it there, and new enough?"""
    def check() -> Finding:
        remedy = f"{sys.executable} -m pip install -U '{name}>={NEEDED[name]}'"
        try:
            importlib.import_module(name)
            found = version(name)
        except (ImportError, PackageNotFoundError) as error:
            return Finding("wrong", f"cannot be imported: {error}", remedy)
        if _ordered(found) < _ordered(NEEDED[name]):
            return Finding("wrong", f"{found}; {NEEDED[name]} or newer is needed", remedy)
        return Finding("ok", found)
    return check


def kernels() -> Finding:
    """Do both paths run, and agree?"""
    from .losses import LOSSES
    pred = [1.1, 2.2, 2.9, 4.1, 15.0]
    found = [LOSSES["mse"](pred, [1, 2, 3, 4, 5], path=path).item() for path in ("fused", "composed")]
    if abs(found[0] - found[1]) > 1e-12 * abs(found[1]):
        return Finding("wrong", f"mse is {found[0]!r} fused and {found[1]!r} composed",
                       "That is a fault of the library or of numba; please report it with this page.")
    return Finding("ok", "mse is the same by both paths")


def cache() -> Finding:
    """Can compiled kernels be kept?"""
    from numba.core import caching

    from .fused.threads import run_blocks  # compiled drivers are kept beside it
    remedy = "Set NUMBA_CACHE_DIR to a folder that can be written to; else every run compiles again."
    try:
        folder = Path(caching.FunctionCache(run_blocks).cache_path)     # type: ignore[no-untyped-call]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("ok", str(folder))
    except (OSError, RuntimeError) as error:
        return Finding("wrong", f"nothing can be written: {error}", remedy)


def threads() -> Finding:
    """Do the threads of the kernels run?"""
    import numpy as np

    from .fused.threads import SERIAL, _cores
    from .losses import LOSSES
    x = np.linspace(-1, 1, 2 * SERIAL)
    by_threads, alone = (LOSSES["mse"](x, 0 * x, path=path).item() for path in ("fused", "composed"))
    if abs(by_threads - alone) > 1e-12:
        return Finding("wrong", "a large mean is another with threads",
                       "Set NUMBA_NUM_THREADS=1; and please report it.")
    return Finding("ok", f"{_cores()} cores")


def fonts() -> Finding:
    """Is the font of the figures there?"""
    from matplotlib import font_manager

    from .plot import STYLE
    name = str(STYLE["font.family"])
    try:
        return Finding("ok", f"{name}, {font_manager.findfont(name, fallback_to_default=False)}")
    except ValueError:
        return Finding("wrong", f"{name} is not found", "It comes with matplotlib: pip install "
                       "--force-reinstall matplotlib; then delete matplotlib's cache of fonts, "
                       + font_manager.get_cachedir())                  # type: ignore[attr-defined]


def figures() -> Finding:
    """Can a figure be drawn and saved?"""
    from . import plot
    fig, _ = plot.figure(title="doctor")
    with tempfile.TemporaryDirectory() as folder:
        plot.save(fig, Path(folder) / "a.png", "A picture to try whether it can be saved.")
    return Finding("ok", "a picture was drawn and saved")


def windows() -> Finding:
    """Can windows be opened?"""
    import matplotlib
    backend = str(matplotlib.get_backend()).lower()
    if backend in ("agg", "pdf", "svg", "ps", "cairo"):
        return Finding("note", f"none can be opened ({backend}): figures are saved, --show shows nothing")
    return Finding("ok", backend)


def terminal() -> Finding:
    """Can it print what the lessons print?"""
    encoding = sys.stdout.encoding or "none"
    try:
        "✓ ∂ → ²".encode(encoding)
    except (UnicodeError, LookupError):
        return Finding("note", f"{encoding} has no ✓: a ? stands for it. PYTHONUTF8=1 helps.")
    return Finding("ok", encoding)


def lessons() -> Finding:
    """Are lessons and exercises there?"""
    try:
        folder = course.folder()
    except FileNotFoundError as error:
        return Finding("wrong", "neither beside the package nor inside it", str(error).partition(". ")[2])
    found = len(list(folder.glob("[0-9][0-9]_*.py")))
    stubs = len(list((folder / "exercises").glob("[0-9][0-9]_*.py")))
    if not found or stubs != len(numbers()):
        return Finding("wrong", f"{found} lessons and {stubs} of {len(numbers())} exercises in {folder}",
                       "Files are missing: install tinygrad_loss again.")
    return Finding("ok", f"{found} lessons, {stubs} exercises in {folder}")


def place() -> Finding:
    """Can exercises be begun here?"""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return Finding("ok", f"{here} can be written to")
    return Finding("wrong", f"{here} cannot be written to", "Change to a folder of your own first.")


CHECKS: dict[str, Callable[[], Finding]] = {
    "Python": python, "tinygrad_loss": library, **{name: package(name) for name in NEEDED},
    "kernels": kernels, "their cache": cache, "threads": threads, "figures": figures, "fonts": fonts,
    "windows": windows, "terminal": terminal, "lessons": lessons, "this folder": place}


def run(as_json: bool = False) -> int:
    """Make all checks and say what was found; 1 if anything is wrong."""
    found = {name: examined(check) for name, check in CHECKS.items()}
    wrong = sum(f.state == "wrong" for f in found.values())
    if as_json:
        print(json.dumps({name: f._asdict() for name, f in found.items()}, indent=1))
        return int(wrong > 0)
    for name, f in found.items():
        print(f"{f.state:<7}{name:<15}{f.found}")
        if f.remedy:
            print(f"{'':22}What to do: {f.remedy}")
    print(f"\n{len(found)} checks, {wrong} wrong." + (" All is well." if not wrong else ""))
    return int(wrong > 0)


def examined(check: Callable[[], Finding]) -> Finding:
    """What a check finds; what it raises is a finding too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return check()
    except Exception as error:
        return Finding("wrong", f"{type(error).__name__}: {error}",
                       "What stands above may be the reason; else install tinygrad_loss again.")


def _ordered(text: str) -> tuple[int, ...]:
    """1.10 comes after 1.9."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
