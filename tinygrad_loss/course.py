"""Where the lessons are: beside the package in a checkout, inside it where it was installed."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent


def folder() -> Path:
    """The folder of the lessons. Raises FileNotFoundError if there is none."""
    for found in (PACKAGE.parent / "lessons", PACKAGE / "_lessons"):
        if (found / "exercises").is_dir() and (found / "__main__.py").is_file():
            return found
    raise FileNotFoundError("The lessons are missing. Install tinygrad_loss again.")


def stub(file: str) -> Path:
    """The file that an exercise starts from."""
    return folder() / "exercises" / file


def copy(target: Path) -> Path:
    """Copy lessons and exercises to target/lessons; the folder that was made. Raises FileExistsError if there
    is one already."""
    made = target / "lessons"
    shutil.copytree(folder(), made, ignore=shutil.ignore_patterns("__pycache__"))
    return made


def run(target: Path | None) -> int:
    """Copy the lessons and say how to go on, or list them."""
    if target is None:
        runner: dict[str, Any] = runpy.run_path(str(folder() / "__main__.py"))
        for number, path in runner["find"](folder()).items():
            print(f"{number:02}  {runner['question'](path)}")
        print(f"\nThey are in {folder()}. A copy to run and to change: tinygrad-loss lessons --copy DIR")
        return 0
    print(f"The lessons are in {copy(target)}. Next:\n\n    cd {target}\n    python -m lessons 1\n    "
          "tinygrad-loss start 01")
    return 0
