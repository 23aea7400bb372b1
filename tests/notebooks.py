"""Every lesson runs from top to bottom as a notebook, with its pictures inline.

    pip install -e '.[notebooks]' && python tests/notebooks.py [--keep FOLDER] [5 7 ...]

jupytext makes a notebook of each script, a kernel executes it, and what its cells printed is held to what the
script prints: the same counts of checks and figures, none failed. Exits with 1 if one differs.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300                                            # seconds for one cell
SUMMARY = re.compile(r"^lesson \d\d  checks (\d+)  passed (\d+)  failed (\d+)  skipped (\d+)  figures (\d+)",
                     re.MULTILINE)


def execute(script: Path, folder: Path) -> Any:
    """The script as a notebook whose cells have been run, in a kernel of its own."""
    notebook = jupytext.read(script)
    NotebookClient(notebook, timeout=LIMIT, kernel_name="python3", extra_arguments=["--log-level=ERROR"],
                   resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def problem(notebook: Any) -> str:
    """What is wrong with an executed notebook; nothing: an empty string."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    summary = SUMMARY.search(printed)
    if summary is None:
        return "it printed no summary line"
    checks, passed, failed, skipped, figures = map(int, summary.groups())
    if failed or skipped or passed != checks or not checks:
        return f"not every check passed: {summary.group()}"
    if pictures != figures:
        return f"{pictures} pictures are inline, and it drew {figures} figures"
    return ""


def run(script: Path, keep: Path | None) -> tuple[str, float]:
    """Execute one lesson and say what is wrong with it, and how long it took."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            notebook = execute(script, Path(folder))
        except CellExecutionError as error:
            return f"a cell failed: {str(error).strip().splitlines()[-1]}", time.perf_counter() - started
    if keep:
        nbformat.write(notebook, keep / f"{script.stem}.ipynb")
    return problem(notebook), time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("number", nargs="*", type=int, help="the lessons to run; without any: all")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the executed notebooks there")
    asked = parser.parse_args()
    scripts = [path for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))
               if not asked.number or int(path.name[:2]) in asked.number]
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    bad = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as figures:
        # Kernels inherit this: notebooks do not overwrite the committed figures.
        os.environ.update(TINYGRAD_LOSS_FIGURES=figures,
                          PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
        running = {pool.submit(run, script, asked.keep): script for script in scripts}
        for future in as_completed(running):
            wrong, seconds = future.result()
            bad += bool(wrong)
            print(f"{running[future].stem:<16} {'FAILED: ' + wrong if wrong else 'passed'}   {seconds:.1f} s",
                  flush=True)
    print(f"{len(scripts)} notebooks, {bad} failed")
    return 1 if bad or not scripts else 0


if __name__ == "__main__":
    sys.exit(main())
