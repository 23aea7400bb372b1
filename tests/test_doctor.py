"""`doctor` finds what is wrong with a set-up, and `lessons` hands out the course."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tinygrad_loss import course, doctor
from tinygrad_loss.cli import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_this_set_up_is_well(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.endswith(f"{len(doctor.CHECKS)} checks, 0 wrong. All is well.\n")


def test_what_is_needed_is_what_the_project_says():
    needed = PROJECT["project"]["dependencies"]
    said = dict(re.fullmatch(r"(\w+)>=([\d.]+)", text).groups() for text in needed)
    assert doctor.NEEDED == said
    assert PROJECT["project"]["requires-python"] == ">=" + ".".join(map(str, doctor.PYTHON))


@pytest.mark.parametrize("patches, said", [
    ({"version": lambda name: "0.59.1"}, "0.59.1; 0.61 or newer is needed"),
    ({"version": lambda name: 1 / 0}, "ZeroDivisionError"),
    ({"PYTHON": (4, 0)}, "Python 3.11 or newer is needed"),
    ({"numbers": lambda: {"01": "e01"}}, "Files are missing"),
    ({"NEEDED": {**doctor.NEEDED, "rich": "1000"}}, "pip install -U 'rich>=1000'")])
def test_what_is_wrong_is_said_and_what_to_do(patches, said, monkeypatch, capsys):
    for name, value in patches.items():
        monkeypatch.setattr(doctor, name, value)
    slow = ("kernels", "threads", "figures")
    monkeypatch.setattr(doctor, "CHECKS", {k: f for k, f in doctor.CHECKS.items() if k not in slow})
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert said in out and "What to do: " in out and "wrong." in out
    assert main(["doctor", "--json"]) == 1
    assert any(f["state"] == "wrong" for f in json.loads(capsys.readouterr().out).values())


def test_a_cache_that_cannot_be_written_is_found(monkeypatch):
    def nowhere(function):
        raise RuntimeError("no locator available")
    monkeypatch.setattr("numba.core.caching.FunctionCache", nowhere)
    assert "NUMBA_CACHE_DIR" in doctor.cache().remedy


def test_lessons_are_copied_and_never_overwritten(tmp_path, capsys):
    assert main(["lessons", "--copy", str(tmp_path)]) == 0
    copied = {path.name for path in (tmp_path / "lessons").rglob("*.py")}
    assert {"__main__.py", "05_huber.py"} <= copied
    assert len(list((tmp_path / "lessons" / "exercises").iterdir())) == len(course_stubs())
    assert main(["lessons", "--copy", str(tmp_path)]) == 2
    assert "exists" in capsys.readouterr().err
    assert main(["lessons"]) == 0
    assert "05  How is a kink removed?" in capsys.readouterr().out


def course_stubs():
    return list((course.folder() / "exercises").glob("*.py"))


def test_the_lessons_are_found_inside_the_package_too(tmp_path, monkeypatch):
    package = tmp_path / "tinygrad_loss"
    monkeypatch.setattr(course, "PACKAGE", package)
    with pytest.raises(FileNotFoundError, match="Install"):
        course.folder()
    (package / "_lessons" / "exercises").mkdir(parents=True)
    (package / "_lessons" / "__main__.py").touch()
    assert course.folder() == package / "_lessons"


def test_the_wheel_carries_the_lessons_and_an_editable_install_copies_nothing():
    """pytest reads the list of installed files: a copied __main__.py there stops it before it begins."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {"tinygrad_loss", "lessons"} == set(wheel["only-include"])
    assert wheel["sources"] == {"lessons": "tinygrad_loss/_lessons"}
    assert wheel["dev-mode-dirs"] == ["."] and "force-include" not in wheel
