"""Every lesson runs and passes and draws what is committed; the runner tells the truth about it.

Each lesson runs once, through the runner's own function, and all its tests read that one result.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "figures"


@cache
def runner() -> ModuleType:
    """lessons/__main__.py as a module."""
    spec = importlib.util.spec_from_file_location("lessons_main", ROOT / "lessons" / "__main__.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LESSONS = sorted(runner().find(ROOT / "lessons").values())


@pytest.fixture(scope="session")
def lesson(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """A lesson's file, its result, and the folder its figures went to."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAD_LOSS_FIGURES", str(folder))
        return request.param, runner().run(request.param, show=False), folder


each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem, indirect=True)
each_file = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


# -------------------------------------------------------------------------------------- the lessons

def test_there_are_lessons() -> None:
    assert LESSONS


@each_lesson
def test_every_check_passes(lesson: tuple[Any, ...]) -> None:
    _, result, _ = lesson
    assert not result.report, "\n".join(result.report)
    assert (result.failed, result.skipped) == (0, 0)
    assert result.passed == result.checks >= 1


@each_lesson
def test_every_figure_is_written_with_its_numbers_and_alt_text(lesson: tuple[Any, ...]) -> None:
    path, result, folder = lesson
    drawn = {file.stem for file in folder.glob("*.png")}
    assert len(drawn) == result.figures >= 1
    assert declared(path) <= drawn
    for name in drawn:
        assert name.startswith(path.name[:3])
        assert len(read(folder / f"{name}.json")["alt"]) > 20


@each_lesson
def test_the_committed_figures_show_the_same_numbers(lesson: tuple[Any, ...]) -> None:
    path, _, folder = lesson
    committed = {file.stem for file in FIGURES.glob(f"{path.name[:3]}*.png")}
    assert committed == {file.stem for file in folder.glob("*.png")}
    for name in committed:
        assert_same(read(FIGURES / f"{name}.json"), read(folder / f"{name}.json"), name)


@each_file
def test_a_lesson_opens_with_what_a_reader_must_know(path: Path) -> None:
    cell = runner().first_text_cell(path)
    assert re.match(rf"# {path.name[:2]} \w", cell), "it opens with a heading: its number and title"
    assert runner().question(path).endswith("?")
    assert re.search(r"\b(before|prerequisites?)\b", cell, re.IGNORECASE), "what must be known before"
    assert re.search(r"\d+.*minutes|minutes.*\d+", cell, re.IGNORECASE), "how many minutes it takes"


@each_file
def test_a_lesson_ends_with_its_summary(path: Path) -> None:
    assert path.read_text(encoding="utf-8").rstrip().endswith("lesson.end()")


def test_lesson_06_shows_times_that_were_measured() -> None:
    """Its tables are those of figures/bench.json, so that it also runs where that file is not."""
    def literal(name: str) -> Any:
        return next(ast.literal_eval(node.value) for node in text.body
                    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name)
    text = ast.parse((ROOT / "lessons" / "06_twice.py").read_text(encoding="utf-8"))
    bench = read(FIGURES / "bench.json")
    seconds = {(r["loss"], tuple(r["shape"]), r["dtype"], way): timing["median"]
               for r in bench["results"] for way, timing in r["timings"].items()}

    def over_limit(*case: Any) -> float:
        return seconds[case] / seconds[*case[:-1], "limit"]
    for loss, times in literal("MEASURED").items():
        for way, row in times.items():
            measured = [1e6 * seconds[loss, (n,), "float64", way] for n in literal("SIZES")]
            assert list(row) == pytest.approx(measured, rel=1e-3), (loss, way)
    for loss, size, dtype, fused, other, limits in literal("LOST"):
        shape = tuple(int(float(n)) for n in size.split("x"))
        assert over_limit(loss, shape, dtype, "fused") == pytest.approx(fused, rel=5e-3)
        assert over_limit(loss, shape, dtype, other) == pytest.approx(limits, rel=7e-3)
    for name in ("compiling", "loading"):
        for loss, microseconds in literal(name.upper()).items():
            assert microseconds == pytest.approx(1e6 * bench["startup"][name]["further"][loss], rel=1e-3)


def declared(path: Path) -> set[str]:
    """The figures that a lesson's text names."""
    return set(re.findall(r"lesson\.figure\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")))


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def assert_same(committed: Any, drawn: Any, where: str) -> None:
    """Equal texts and structure; numbers equal to six digits of the largest in their list."""
    if isinstance(committed, dict) and isinstance(drawn, dict):
        assert committed.keys() == drawn.keys(), where
        for key in committed:
            assert_same(committed[key], drawn[key], f"{where}.{key}")
    elif are_numbers(committed) and are_numbers(drawn):
        a, b = np.array(committed, dtype=float), np.array(drawn, dtype=float)      # null is nan here
        scale = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
        np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6 * scale + 1e-12, err_msg=where, strict=True)
    elif isinstance(committed, list) and isinstance(drawn, list):
        assert len(committed) == len(drawn), where
        for i, (a, b) in enumerate(zip(committed, drawn, strict=True)):
            assert_same(a, b, f"{where}[{i}]")
    else:
        assert committed == drawn, where


def are_numbers(x: Any) -> bool:
    """A number, or a list of numbers, where JSON may hold null for nan and "inf"."""
    return (all(map(are_numbers, x)) if isinstance(x, list) else
            x in (None, "inf", "-inf") or isinstance(x, int | float))


@pytest.mark.parametrize("drawn", [{"a": [1.0, 2.1]}, {"a": [1.0]}, {"b": [1.0, 2.0]}, {"a": [1.0, "x"]},
                                   {"a": [1.0, None]}, {"a": [1.0, "inf"]}, {"a": 1.0}, {"a": None}])
def test_the_comparison_can_fail(drawn: Any) -> None:
    with pytest.raises(AssertionError):
        assert_same({"a": [1.0, 2.0]}, drawn, "figure")


# --------------------------------------------------------------------------------------- the runner

HEAD = '''# %% [markdown]
# # {number} Title
#
# **Question.** Is it
# so?
#
# **Before this.** Nothing. **Minutes.** 1

# %%
from tinygrad_loss.lesson import Lesson
lesson = Lesson("{number}_name")
'''
BODIES = {
    "01_passes": 'lesson.check("one is one", True)\nlesson.check("two is two", True)\nlesson.end()\n',
    "02_fails": 'lesson.check("one is one", True)\nlesson.check("one is two [sic]", False, "it is not")\n'
                'lesson.end()\n',
    "03_crashes": 'lesson.check("one is one", True)\nprint("so far")\nraise KeyError("no such thing")\n',
    "04_forgets": 'lesson.check("one is one", True)\n',
    "05_ends_badly": 'lesson.check("one is one", True)\nlesson.end()\nraise SystemExit(3)\n',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lessons that go well and badly."""
    folder = tmp_path_factory.mktemp("lessons")
    for name, body in BODIES.items():
        text = HEAD.format(number=name[:2]) + body
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "notes.py").write_text("raise SystemExit('not a lesson')", encoding="utf-8")
    return folder


def python_m_lessons(*arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lessons", *map(str, arguments)], cwd=ROOT, encoding="utf-8",
                          capture_output=True, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def all_five(folder: Path) -> subprocess.CompletedProcess[str]:
    return python_m_lessons("--folder", folder, FORCE_COLOR="1")


def test_a_run_ends_with_one_stable_line(folder: Path) -> None:
    done = python_m_lessons("1", "01", "--folder", folder)
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"1 lessons  2 checks  passed 2  failed 0  skipped 0  figures 0  \d+\.\d s", last)
    assert (done.returncode, done.stderr) == (0, "")


def test_whatever_goes_wrong_counts_as_failed(all_five: subprocess.CompletedProcess[str]) -> None:
    assert all_five.returncode == 1
    last = all_five.stdout.splitlines()[-1]
    assert re.fullmatch(r"5 lessons  8 checks  passed 4  failed 4  skipped 0  figures 0  \d+\.\d s", last)


@pytest.mark.parametrize("name", ["02_fails", "03_crashes", "04_forgets", "05_ends_badly"])
def test_each_alone_exits_with_1(name: str, folder: Path) -> None:
    assert runner().run(folder / f"{name}.py", show=False).failed == 1
    assert runner().main([str(int(name[:2])), "--folder", str(folder)]) == 1


def test_the_message_comes_first(all_five: subprocess.CompletedProcess[str]) -> None:
    lines = [line.strip() for line in all_five.stdout.splitlines()]

    def below(title: str) -> str:
        return lines[next(i for i, line in enumerate(lines) if line.startswith(f"{title} ")) + 1]
    assert below("02 fails") == "✗ FAILED: one is two [sic]   (it is not)"
    assert below("03 crashes") == "KeyError: 'no such thing'   (exit code 1)"
    assert "so far" in lines
    assert below("04 forgets") == "It printed no summary line; is lesson.end() missing?"
    assert below("05 ends badly").endswith("(exit code 3)")


def test_piped_output_is_plain(all_five: subprocess.CompletedProcess[str]) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", all_five.stdout + all_five.stderr)
    assert len(re.findall(r"^\d\d [a-z ]+ (?:passed|FAILED) ", all_five.stdout, re.MULTILINE)) == 5


@pytest.mark.parametrize("number", ["33", "x", "-0", "3.5"])
def test_an_unknown_lesson_is_a_usage_error(number: str, folder: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert runner().main(["--folder", str(folder), "1", "--", number]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"There is no lesson {number}; there are 01, 02, 03, 04, 05.\n")


def test_an_empty_folder_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner().main(["--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("there are none.\n")


def test_list_prints_numbers_and_questions(folder: Path) -> None:
    done = python_m_lessons("--list", "--folder", folder)
    assert done.returncode == 0
    assert done.stdout == "".join(f"0{n}  Is it so?\n" for n in range(1, 6))


@pytest.mark.parametrize("text", ["**Question.** Why?", "Question: Why?", "- **The question**: Why?",
                                  "*Why?*", "**Why?**\n\nQuestions are good, are they not?",
                                  "Before: 01.\n\nQuestion\nWhy?"])
def test_the_question_is_found_however_it_is_written(text: str, tmp_path: Path) -> None:
    path = tmp_path / "01_a.py"
    lines = ["%% [markdown]", "# 01 What? A title", "", *text.splitlines(), "", "%%"]
    path.write_text("\n".join(f"# {line}".rstrip() for line in lines), encoding="utf-8")
    assert runner().question(path) == "Why?"


def test_show_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "01_show.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ.get('MPLBACKEND'))\n")
    for show, printed in ((True, "['--show'] None"), (False, "[] Agg")):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MPLBACKEND", raising=False)
            assert printed in runner().run(tmp_path / "01_show.py", show).report[-1]


def test_a_lesson_that_never_ends_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "01_sleeps.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(runner(), "LIMIT", 0.2)
    assert runner().run(tmp_path / "01_sleeps.py", show=False).failed == 1
