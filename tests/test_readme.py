"""The README keeps its word: its commands come first, its output is true, its example is a loss."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tinygrad_loss.losses import LOSSES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def test_the_first_two_shell_blocks_run_lessons_and_tests():
    fences = re.findall(r"^```(\w+)$", README, re.M)
    assert fences[:2] == ["sh", "sh"]
    lessons, tests = blocks("sh")[:2]
    assert lessons.count("\n") == 1 and "-m lessons" in lessons
    assert tests.count("\n") == 1 and "-m pytest" in tests


def test_ten_lines_print_what_is_shown():
    code, shown = blocks("python")[0], blocks("text")[0]
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) == 10
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == shown


def test_the_example_is_a_file_of_the_package():
    file = ROOT / "tinygrad_loss" / "losses" / "quantile.py"
    assert blocks("python")[1] == file.read_text(encoding="utf-8")


def test_the_report_is_what_is_shown():
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(blocks("python")[2], "README.md", "exec"), {})
    assert printed.getvalue() == blocks("text")[1]


def test_the_training_prints_what_is_shown():
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(blocks("python")[3], "README.md", "exec"), {})
    assert printed.getvalue() == blocks("text")[2]


def test_the_table_lists_every_loss():
    table = README[README.index("## The losses"):README.index("`losses.huber(pred")]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(LOSSES)


def test_linked_files_exist():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path


def test_the_spine_can_be_read_in_one_sitting():
    listed = re.findall(r"^\d\. \[`[^`]+`\]\(([^)]+)\)", README, re.M)
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in listed}
    assert len(lines) == 4 and sum(lines.values()) <= 600, lines


@pytest.fixture
def copy_of_the_package(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tinygrad_loss", tmp_path / "tinygrad_loss", ignore=ignored)
    shutil.copy(ROOT / "tests" / "test_laws.py", tmp_path)
    return tmp_path


def run_laws(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_laws.py", "-k", name]
    return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
                          capture_output=True, text=True)


def test_a_file_dropped_into_the_folder_is_a_loss_under_all_laws(copy_of_the_package):
    """The README's example becomes a loss by being there; a wrong slope in it turns laws red."""
    example = blocks("python")[1]
    file = copy_of_the_package / "tinygrad_loss" / "losses" / "quantile.py"
    file.write_text(example, encoding="utf-8")
    right = run_laws(copy_of_the_package, "quantile")
    assert right.returncode == 0, right.stdout
    from tinygrad_loss.testing import LAWS
    passed = int(re.search(r"(\d+) passed", right.stdout).group(1))
    assert passed >= 2 * len(LAWS)

    file.write_text(example.replace("1.0 - quantile\n", "1.0 + quantile\n"), encoding="utf-8")
    wrong = run_laws(copy_of_the_package, "quantile")
    assert wrong.returncode == 1
    for law in ("paths_agree", "numbers_agree"):
        assert f"FAILED test_laws.py::test_law[{law}-quantile]" in wrong.stdout
