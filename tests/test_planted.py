"""The checker finds what is planted, names it, and lets right programs pass."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tinygrad_loss import Tensor, gradcheck, primitive
from tinygrad_loss.gradcheck import pitfalls, planted, proving, survivors
from tinygrad_loss.losses import LOSSES, define

SMALL, LARGE = 20, 20_000


@pytest.mark.parametrize("name", LOSSES)
def test_mistakes_in_every_loss_are_caught_and_named(name):
    """A third of them in each, every one in a dozen; all of them by `tinygrad-loss check --planted`."""
    subject = planted.of_loss(LOSSES[name], SMALL)
    assert (report := gradcheck(subject.f, subject.x, gradient=subject.g)), report
    trials = list(planted.trials(subject, planted.MISTAKES[list(LOSSES).index(name) % 3::3]))
    assert len(trials) >= 5
    for trial in trials:
        assert trial.caught and trial.named, f"{trial.mistake.name}\n{trial.report}"


@pytest.mark.parametrize("name", planted.PRIMITIVES)
def test_every_mistake_in_every_rule_is_caught_and_named(name):
    subject = planted.of_primitive(name)
    assert (report := gradcheck(subject.f, subject.x, gradient=subject.g)), report
    trials = list(planted.trials(subject))
    assert len(trials) >= 15
    for trial in trials:
        assert trial.caught and trial.named, f"{trial.mistake.name}\n{trial.report}"


@pytest.mark.parametrize("n", [1, 3, LARGE])
def test_mistakes_are_caught_in_few_and_in_many_numbers(n):
    for trial in planted.trials(planted.of_loss(LOSSES["bce_with_logits"], n)):
        assert trial.caught and trial.named, f"{trial.mistake.name}\n{trial.report}"


def test_two_factors_are_told_apart_where_some_slopes_are_too_small_to_tell():
    subject = planted.of_loss(LOSSES["focal_with_logits"], 400)
    (trial,) = planted.trials(subject, [m for m in planted.MISTAKES if m.name == "alpha for alpha_t"])
    assert trial.report.pattern == "0.333333 of it where x > 0, elsewhere 3"


def test_the_proof_says_what_is_finished_and_prints_a_table(monkeypatch, capsys):
    monkeypatch.setattr(proving, "SIZES", (planted.FROM,))
    assert proving.run(["mse"]) == 0
    said = capsys.readouterr().out
    for words in (" 1/2 ", " 2/2 ", "mse 20 ", "kernel of mse ", "transposed ", "0 rejected", "0 survived"):
        assert words in said, said
    assert proving.run(["mes"]) == 2 and "no loss 'mes'" in capsys.readouterr().out


@pytest.mark.parametrize("caught, named, law, code, words", [
    (True, True, "paths_agree", 0, ""), (False, False, "paths_agree", 1, "twice in mse 20: PASS"),
    (True, False, "paths_agree", 1, "twice in mse 20: PASS"), (True, True, "", 1, "twice in mse."),
])
def test_the_proof_fails_where_anything_is_missed(monkeypatch, capsys, caught, named, law, code, words):
    done = proving.Done(proving.Job("mse", 20), [proving.Finding("mse 20", "twice", caught, named, "PASS")],
                        [survivors.Fate("mse", "twice", law)], 1.0)
    monkeypatch.setattr(proving, "RIGHT", {})
    monkeypatch.setattr(proving, "finished", lambda jobs, out: [done])
    assert proving.run(["mse"]) == code and words in capsys.readouterr().out


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_no_bug_in_a_kernel_survives_the_laws(loss):
    assert [fate for fate in survivors.fates(loss) if not fate.law] == []


@pytest.mark.parametrize("name", pitfalls.RIGHT)
def test_right_programs_pass(name):
    f, g, x = pitfalls.RIGHT[name]
    assert (report := gradcheck(f, x, gradient=g)), report


def test_a_slope_outside_the_two_of_a_kink_is_wrong():
    report = gradcheck(lambda x: np.abs(x).sum(), np.array([0.0, 1.0]),
                       gradient=lambda x: np.where(x == 0, 1.5, np.sign(x)))
    assert report.verdict == "WRONG"
    report = gradcheck(lambda x: np.abs(x).sum(), np.array([0.0, 1.0]),
                       gradient=lambda x: np.where(x == 0, 0.9, np.sign(x)))
    assert report.verdict == "SUBGRADIENT" and report.ok and "kink" in str(report)


def test_where_the_right_gradient_is_0_nothing_was_tested():
    report = gradcheck(lambda x: np.maximum(x, 0).sum(), -np.ones(3), gradient=lambda x: (x > 0) * 1.0)
    assert report.verdict == "UNTESTED" and not report.ok and "choose other inputs" in str(report)


def test_where_rounding_hides_the_slope_precision_is_the_verdict():
    report = gradcheck(lambda x: 1e-9 * x.sum() + 1e15, np.ones(3), gradient=lambda x: 1e-9 * np.ones(3))
    assert report.verdict == "PRECISION" and not report.ok


def test_the_rule_to_blame_is_found():
    broken = primitive(np.exp, lambda g, y, x: g * x, name="my_exp")
    report = gradcheck(lambda x: broken(x * 2).tanh().sum(), np.array([0.3, -0.2, 0.5]))
    assert report.verdict == "WRONG" and "the rule of my_exp for its input 0" in str(report)


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0]])
def test_a_kernel_with_a_wrong_slope_is_to_blame(weight):
    """Its node is asked by itself, for other inputs, as any operation is."""
    def halved(pred, target):
        return (pred - target) ** 2 / 2

    def kernel(pred, target):
        return (pred - target) ** 2 / 2, 2 * (pred - target)

    loss = define(halved, kernel)
    report = gradcheck(lambda x: loss(3 * x, np.zeros(3), sample_weight=weight, path="fused"),
                       np.array([0.3, -0.2, 0.5]))
    assert report.verdict == "WRONG" and "the rule of halved for its input 0" in str(report)


def test_the_birthplace_of_nan_is_found():
    report = gradcheck(lambda x: (x.sqrt() * 2).sum(), np.array([1.0, 0.0]))
    assert report.verdict == "NONFINITE" and "the rule of sqrt for its input 0 made inf at [1]" in str(report)
    report = gradcheck(lambda x: (x - 2).log().sum(), np.array([3.0, 1.0]))
    assert report.verdict == "NONFINITE" and "log made nan at [1]" in str(report)


def test_a_condition_on_another_input_is_found():
    rng = np.random.default_rng(0)
    pred, target = rng.standard_normal(30) * 3, rng.standard_normal(30)

    def huber(pred, target):
        e = pred - target
        return np.where(abs(e) <= 1.5, e * e / 2, 1.5 * (abs(e) - 0.75)).sum()

    def slope(pred, target):
        e = pred - target
        d = np.where(abs(e) <= 1.5, e, np.sign(e))           # 1 for delta
        return d, np.clip(target - pred, -1.5, 1.5)
    report = gradcheck(huber, pred, target, gradient=slope)
    assert report.diagnosis == "branch"
    assert "wrong where |pred - target| > 1.5: there always 0.666667 of it; right elsewhere" in str(report)
    assert "Is the check at fault?  No." in str(report)


def test_a_report_as_data_and_as_a_picture(tmp_path):
    report = gradcheck(lambda x: np.sin(x).sum(), np.arange(3.0), gradient=lambda x: 2 * np.cos(x))
    found = report.to_dict()
    assert found["verdict"] == "WRONG" and found["factor"] == pytest.approx(2) and not found["ok"]
    assert [e["wrong"] for e in found["elements"]] == [True] * 3
    report.plot().savefig(tmp_path / "sweep.png")


TESTS = """
import numpy as np

def test_right(gradcheck):
    assert gradcheck(np.sin, np.arange(3.0), gradient=lambda x: np.cos(x)).verdict == "PASS"

def test_wrong(gradcheck):
    gradcheck(np.sin, np.arange(3.0), gradient=lambda x: -np.cos(x))
"""


def test_the_fixture_fails_with_the_report(tmp_path):
    (tmp_path / "test_mine.py").write_text(TESTS)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "WRONG: the sign is turned" in done.stdout and "yours/numbers" in done.stdout


def test_any_function_can_be_checked_from_the_command_line(tmp_path):
    (tmp_path / "mine.py").write_text("def cube(x): return x ** 3\n\ndef cut(x): return x.detach() * x\n")
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))

    def check(*arguments):
        done = subprocess.run([sys.executable, "-m", "tinygrad_loss", "check", *arguments], cwd=tmp_path,
                              capture_output=True, text=True)
        return done.returncode, done.stdout
    assert check("mine:cube")[0] == 0
    code, text = check("mine:cut", "--at", "x.npy")
    assert code == 1 and "it is the right one times 0.5 = 1/2" in text
    assert check("mine:cut", "--at", "nowhere.npy")[0] == 2


def test_tensors_are_checked_without_touching_their_grad():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert gradcheck(lambda x: (x * x).sum(), x) and x.grad is None


def test_a_label_of_another_row_is_recognised():
    z, labels = np.random.default_rng(3).standard_normal((4, 3)), np.array([0, 1, 2, 1])

    def loss(z, labels):
        return (np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), labels]).sum()

    def slope(z, labels):
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        p[np.arange(len(z)), np.roll(labels, 1)] -= 1
        return p
    report = gradcheck(loss, z, labels, gradient=slope)
    assert report.verdict == "WRONG" and "off by 1, up or down" in str(report)


def test_one_wrong_element_of_20_000_is_hunted_down():
    """It is neither among the largest nor in the sample: halves, quarters ... of a direction lead to it."""
    x = np.random.default_rng(4).standard_normal(LARGE)

    def slope(x):
        d = 0.5 * (1 + np.tanh(0.5 * x)) / x.size
        d[12345] *= 1.05
        return d
    report = gradcheck(lambda x: np.logaddexp(0, x).mean(), x, gradient=slope)
    assert report.diagnosis == "element" and "only x[12345]: 1.05 of it" in str(report), report
