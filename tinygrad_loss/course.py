"""Where the lessons are: beside the package in a checkout, inside it where it was installed."""

from __future__ import annotations

import shutil
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder() -> Path:
    """The folder of the lessons. Raises FileNotFoundError if there is none."""
    for found in (PACKAGE.parent / "lessons", PACKAGE / "_lessons"):
        if (found / "exercises").is_dir() and (found / "__main__.py").is_file():
            return found
    raise FileNotFoundError("The lessons are not here: neither beside the package nor inside it. Install "
                            "tinygrad_loss again.")


def stub(file: str) -> Path:
    """The file that an exercise starts from."""
    return folder() / "exercises" / file


def copy(target: Path) -> Path:
    """Copy lessons and exercises to target/lessons, which must not exist; the folder that was made."""
    made = target / "lessons"
    shutil.copytree(folder(), made, ignore=shutil.ignore_patterns("__pycache__"))
    return made
