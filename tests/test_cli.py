"""The command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_loss import __version__, check, draw
from tinygrad_loss.cli import main
from tinygrad_loss.losses import LOSSES

ROOT = Path(__file__).parent.parent
COMMANDS = ["losses", "choose", "check", "plot", "bench", "accuracy", "warmup", "start", "hint",
            "show", "next", "grade", "lessons", "doctor"]


def run(*arguments):
    return main([str(a) for a in arguments])


# --------------------------------------------------------------------------------------- the command line

def test_help_lists_the_commands(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(command in text for command in (*COMMANDS, "--version"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert run(command, "--help") == 0
    assert f"tinygrad-loss {command}" in capsys.readouterr().out


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"tinygrad_loss {__version__}\n"


@pytest.mark.parametrize("arguments, said", [
    ([], "say what to do"), (["losses", "msee"], "no loss 'msee'"), (["bnech"], "invalid choice"),
    (["bench", "msee"], "no loss 'msee'; there are"),
    (["bench", "--sizes", "1.5"], "no size"), (["bench", "--sizes", "2x3x4"], "no size"),
    (["bench", "--sizes", "inf"], "no size"), (["bench", "--dtypes", "float16"], "invalid choice"),
    (["bench", "--repeat", "0"], "invalid"), (["bench", "--seconds", "-1"], "invalid"),
    (["bench", "--from", "/nowhere.json"], "no file /nowhere.json"), (["accuracy", "msee"], "no loss"),
    (["accuracy", "--samples", "few"], "invalid")])
def test_a_wrong_call_exits_with_2_and_says_why(arguments, said, capsys):
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err


def test_the_command_line_is_light():
    code = ("import sys, tinygrad_loss.cli as c; c.main(['--version']); "
            "print([m for m in ('numba', 'matplotlib', 'rich', 'torch') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_warmup_and_accuracy_are_called(monkeypatch, capsys):
    monkeypatch.setattr("tinygrad_loss.warmup", lambda progress: 12 if progress else 0)
    assert run("warmup") == 0
    assert capsys.readouterr().out == "12 drivers compiled.\n"
    monkeypatch.setattr("tinygrad_loss.accuracy.main", lambda *given: given == (["mse"], 3, True))
    assert run("accuracy", "mse", "--samples", 3, "--json") == 1


# --------------------------------------------------------------------------------------- tables of losses

@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_loss_has_advice_and_its_lesson_is_there(loss):
    assert loss.advice, f"{loss.name}: add advice=Advice(task=..., use=..., avoid=...) to the record"
    assert all(part and part == part.strip(" .") for part in loss.advice[:3])
    if loss.advice.lesson:
        lesson = ROOT / "lessons" / f"{loss.advice.lesson}.py"
        assert f"losses.{loss.name}" in lesson.read_text(encoding="utf-8")


def test_the_table_of_losses_has_every_loss_and_its_advice(capsys):
    assert run("losses") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(name in text for name in LOSSES) and "avoid when" in text and "curvature jumps" in text
    assert run("losses", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == LOSSES.keys()
    assert rows["mse"]["task"] == "regression" and rows["mse"]["claims"]["lipschitz"] == "inf"
    assert rows["huber"]["corners"] == "curvature jumps" and rows["huber"]["lesson"] == "05_huber"


def test_a_narrow_window_keeps_the_advice(monkeypatch, capsys):
    monkeypatch.setattr("tinygrad_loss.terminal.PIPE_WIDTH", 80)
    assert run("losses") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and "avoid when" in lines[0] and "claims" not in lines[0]


def test_the_page_of_a_loss(capsys):
    assert run("losses", "huber") == 0
    text = capsys.readouterr().out
    assert LOSSES["huber"].__doc__.strip() in text
    assert "losses.huber(pred, target, delta=1.0" in text and "delta: a number above 0; default 1.0." in text
    both = next(line for line in text.splitlines() if "def composed" in line)
    assert "def kernel(pred, target, delta):" in both                    # side by side
    assert "fused float64" in text and "= 1.907, gradient [0.02" in text
    assert run("losses", "huber", "--json") == 0
    page = json.loads(capsys.readouterr().out)
    assert page["sources"].keys() == {"composed", "kernel"}
    assert 0 < page["worst_ulp"]["fused float64"]["value"] <= 4 and page["known"][0]["value"] == 1.907
    assert page["settings"]["delta"] == {"default": 1.0, "allowed": "a number above 0"}


def test_the_page_says_why_nothing_was_measured(monkeypatch, capsys):
    def missing(*given):
        raise ImportError("The accuracy table needs mpmath.")

    monkeypatch.setattr("tinygrad_loss.accuracy.table", missing)
    assert run("losses", "mae") == 0
    assert "Accuracy: not measured: The accuracy table needs mpmath." in capsys.readouterr().out


def test_the_table_of_properties(capsys):
    assert run("losses", "--properties") == 0
    lines = capsys.readouterr().out.splitlines()
    huber = next(line for line in lines if line.startswith("huber"))
    assert huber.split() == ["huber", "yes", "yes", "1", "yes", "no", "yes"]
    assert any(line.strip().startswith("calibrated ") for line in lines)              # what the words mean
    assert run("losses", "mse", "--properties", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lipschitz"] == "inf"


# --------------------------------------------------------------------------------------------- pictures

def test_plot_draws_loss_slope_and_curvature_for_each_value(tmp_path, capsys):
    assert run("plot", "huber", "--delta", 0.5, 2, "--x", -4, 4, "--out", tmp_path / "huber.png") == 0
    assert "huber.json written" in capsys.readouterr().out
    drawn = json.loads((tmp_path / "huber.json").read_text())
    assert "delta = 0.5, 2:" in drawn["alt"] and (tmp_path / "huber.png").stat().st_size > 10_000
    loss, slope, curvature = ({s["label"]: s for s in axes["series"]} for axes in drawn["axes"])
    assert loss.keys() == {f"delta = {d}, {path}" for d in (0.5, 2) for path in ("composed", "fused")}
    assert max(slope["delta = 2, composed"]["y"]) == 2 and min(slope["delta = 2, composed"]["x"]) == -4
    assert {y for y in curvature["delta = 2, composed"]["y"] if y is not None} == {0, 1}


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if draw.can_be_drawn(loss)])
def test_every_setting_of_a_loss_is_an_option(name, tmp_path, capsys):
    assert run("plot", name, "--help") == 0
    text = capsys.readouterr().out
    assert all(f"--{setting} VALUE" in text for setting in (*LOSSES[name].defaults, "target"))
    assert run("plot", name, "--out", tmp_path / "it.png") == 0
    series = json.loads((tmp_path / "it.json").read_text())["axes"][0]["series"]
    assert any(len({y for y in s["y"] if isinstance(y, float)}) > 5 for s in series)


def test_without_a_choice_both_classes_are_drawn(tmp_path):
    assert run("plot", "bce_with_logits", "--out", tmp_path / "it.png") == 0
    assert "target = 0, 1:" in json.loads((tmp_path / "it.json").read_text())["alt"]
    assert run("plot", "bce_with_logits", "--pos_weight", 1, 3, "--out", tmp_path / "it.png") == 0
    drawn = json.loads((tmp_path / "it.json").read_text())
    assert "pos_weight = 1, 3:" in drawn["alt"] and drawn["axes"][2]["xlabel"] == "pred   (target = 1)"


@pytest.mark.parametrize("arguments, said", [
    (["huber", "--delta", "0.5", "-1"], "delta must be a number above 0; got -1"),
    (["huber", "--delta", "wide"], "delta must be a number above 0; got 'wide'"),
    (["huber", "--delta", "1", "2", "--target", "0", "1"], "got several for delta and target"),
    (["huber", "--target", *map(str, range(8))], "at most 7"), (["dice"], "invalid choice: 'dice'"),
    (["bce_with_logits", "--target", "2"], "target[0] is 2.0; it must be a number from 0 to 1"),
    (["mae", "--delta", "1"], "unrecognized arguments: --delta"),
    (["mae", "--x", "3", "-3"], "a low and a high value; got 3 and -3")])
def test_a_wrong_picture_is_refused_in_one_sentence(arguments, said, capsys):
    assert run("plot", *arguments) == 2
    assert said in capsys.readouterr().err


def test_many_losses_are_shared_out_and_shown_in_order(monkeypatch, capsys):
    def share(work, jobs):
        broken = jobs[-1], [check.Outcome("law", "case", "wrong")]
        return reversed([*map(work, jobs[:-1]), broken])
    monkeypatch.setattr(check, "share", share)
    monkeypatch.setattr(check, "LAWS", check.LAWS[-2:])
    names = ["quantile", "mse", "hinge", "mae"]
    assert check.run(names, False, False) == 1
    said = capsys.readouterr().out
    assert "BROKEN: law, case" in said
    table = said[said.index("loss  "):].splitlines()[1:]
    assert [line.split()[0] for line in table] == names
    assert [line.split()[-1] for line in table] == ["0", "0", "0", "1"]
