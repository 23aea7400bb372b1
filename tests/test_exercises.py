"""The grader is honest: an untouched stub passes nothing, the right answer passes, every known mistake gets
its own message, and whatever a learner's file does, one sentence says so."""

from __future__ import annotations

import ast
import inspect
import json
import re
import runpy
import sys
import textwrap
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tinygrad_loss import course, exercises
from tinygrad_loss.cli import main
from tinygrad_loss.engine import Tensor
from tinygrad_loss.exercises.grader import agree, attempt, cases_of, grade, grade_task, read
from tinygrad_loss.exercises.report import text_of
from tinygrad_loss.exercises.sandbox import Outcome, Pupil
from tinygrad_loss.exercises.task import Task, same

ALL = {number: exercises.find(number) for number in exercises.numbers()}
SOLUTIONS = runpy.run_path(str(Path(__file__).with_name("solutions.py")))["SOLUTIONS"]
TASKS = {f"{number} {task.name}": task for number, e in ALL.items() for task in e.tasks}


class Direct:
    """A learner whose functions are called right here."""

    def __init__(self, functions):
        self.functions = functions

    def call(self, name, cases, allows=()):
        return [self.one(self.functions[name], case) for case in cases]

    def one(self, function, case):
        try:
            return attempt(function, [case])[0]
        except NotImplementedError:
            return Outcome("raised", type="NotImplementedError")


def verdict_on(task, function):
    return grade_task(task, Direct({task.name: function}))


# ------------------------------------------------------------------------------------------- the exercises

def test_every_stub_has_its_answers_and_every_answer_its_stub():
    stubs = sorted(path.name for path in (course.folder() / "exercises").glob("*.py"))
    assert stubs == [e.file for e in ALL.values()]


def test_every_lesson_has_an_exercise_of_its_name_and_points_to_it():
    lessons = sorted(course.folder().glob("[0-9][0-9]_*.py"))
    assert [path.name for path in lessons] == [e.file for e in ALL.values()]
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert all(f"tinygrad-loss {command} {path.name[:2]}" in " ".join(text.replace("\n#", " ").split())
                   for command in ("start", "check")), path.name


def test_there_are_enough_mistakes():
    for name, task in TASKS.items():
        assert 5 <= len(task.mistakes) <= 10, name
    assert all(1 <= len(e.tasks) <= 3 for e in ALL.values())
    known = sum(len(task.mistakes) for task in TASKS.values())
    readme = course.PACKAGE.parent / "README.md"
    assert f"{len(TASKS)} tasks know {known} mistakes" in " ".join(readme.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("number", ALL)
def test_a_stub_says_all_that_is_needed_and_passes_nothing(number):
    """Its functions have the arguments that they are called with, and are not started."""
    path = course.stub(ALL[number].file)
    text = path.read_text(encoding="utf-8")
    space = runpy.run_path(str(path))
    assert f"check {number}" in text and f"hint {number}" in text and f"Exercise {number}:" in text
    for task in ALL[number].tasks:
        function = space[task.name]
        assert function.__doc__ and len(function.__doc__) > 100, task.name
        parameters = list(inspect.signature(function).parameters)
        assert parameters == list(inspect.signature(task.loss or task.answer).parameters), task.name
        for wrong in task.mistakes.values():
            assert list(inspect.signature(wrong).parameters) == parameters, inspect.getsource(wrong)
    assert [v.word for v in grade(ALL[number], Direct(space))] == ["NOT STARTED"] * len(ALL[number].tasks)


@pytest.mark.parametrize("number", ALL)
def test_the_examples_in_a_stub_are_true(number):
    """Every `f(...)  is  ...` in a docstring, computed by the answer."""
    space, found = runpy.run_path(str(course.stub(ALL[number].file))), 0
    for task in ALL[number].tasks:
        text = re.sub(r"\n +is ", " is ", inspect.getdoc(space[task.name]))
        for call, about, said in re.findall(rf"^ *({task.name}\(.*\)) +is +(about +)?(.*)$", text, re.M):
            names = {"np": np, "Tensor": Tensor, **space, task.name: task.answer}
            right, shown = eval(call, names), eval(said, names)
            parts = zip(right, shown, strict=True) if isinstance(right, tuple) else [(right, shown)]
            for a, b in parts:
                np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float),
                                           rtol=2e-4 if about else 1e-12, err_msg=call)
            found += 1
    assert found >= (number not in ("01", "03", "17", "19", "20"))


@pytest.mark.parametrize("number", ALL)
def test_a_solution_in_plain_numpy_passes(number, tmp_path):
    """Written into the stub, as a learner would, and with nothing of the library's in it."""
    text = course.stub(ALL[number].file).read_text(encoding="utf-8")
    for name, body in SOLUTIONS[number].items():
        before, _, after = text.partition(f"def {name}(")
        lines = textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
        after = after.replace("    raise NotImplementedError\n", lines, 1)
        text = f"{before}def {name}({after}"
    file = tmp_path / ALL[number].file
    file.write_text(text, encoding="utf-8")
    verdicts = grade(ALL[number], Direct(runpy.run_path(str(file))))
    assert [(v.task, v.word) for v in verdicts] == [(t.name, "PASS") for t in ALL[number].tasks], verdicts


@pytest.mark.parametrize("name", TASKS)
def test_the_answer_passes_and_every_mistake_has_its_own_message(name):
    task = TASKS[name]
    assert verdict_on(task, task.answer).word == "PASS"
    for i, (sentence, wrong) in enumerate(task.mistakes.items()):
        verdict = verdict_on(task._replace(loss=None) if i else task, wrong)             # one report: time
        assert (verdict.word, verdict.known, verdict.finding) == ("FAIL", True, sentence), sentence
        assert sentence.split()[0] in text_of(verdict, "work/a.py", name[:2])
        assert len(sentence) < 200 and sentence.endswith((".", "?")), sentence


@pytest.mark.parametrize("name", TASKS)
def test_no_two_mistakes_are_confused(name):
    task, cases = TASKS[name], cases_of(TASKS[name])
    found = {sentence: read(task, cases, attempt(w, cases)) for sentence, w in task.mistakes.items()}
    for (one, first), (other, second) in combinations(found.items(), 2):
        assert not agree(first, second, task.digits), f"{one}\n{other}"


def test_every_answer_is_known_to_numbers_too():
    """Where a task is a gradient, the gradient check of its answer passes at the first of its inputs."""
    from tinygrad_loss.exercises.grader import check_gradient
    for name, task in TASKS.items():
        if task.loss:
            report = check_gradient(task, cases_of(task)[0], Direct({task.name: task.answer}))
            assert report.ok, f"{name}\n{report}"


@pytest.mark.parametrize("number", ALL)
def test_the_library_can_be_shown_beside_every_answer(number):
    from tinygrad_loss.exercises.report import beside
    for task in ALL[number].tasks:
        text = beside(task, "def mine(): ...")
        assert "def mine()" in text and task.hints[-1] in text, task.name
        assert text.count("the library's") == len(task.shown) and "exercises" not in text, task.name


# ----------------------------------------------------------------------------------------- the real path

def as_learner_file(number, task, wrong):
    """A file that a learner could have written: the wrong program and the functions that it calls."""
    module = inspect.getmodule(wrong)
    tree = ast.parse(inspect.getsource(module))
    helpers = [ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    line = wrong.__code__.co_firstlineno
    source, = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda) and node.lineno == line
               and [a.arg for a in node.args.args] == list(inspect.signature(wrong).parameters)]
    constants = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)
                 and ast.unparse(node.targets[0]).isupper()]
    imports = ["import math", "import numpy as np"]
    return "\n".join([*imports, *constants, *helpers, f"{task} = {ast.unparse(source)}"])


def test_every_mistake_is_recognised_in_a_learners_file(tmp_path):
    """All of them in one process, by the way a learner's file takes."""
    file, wanted = tmp_path / "all.py", {}
    parts = ["import textwrap", "def load(name, text):", "    space = {}",
             "    exec(text, space)", "    globals()[name] = space['_wrong']"]
    for name, task in TASKS.items():
        for i, wrong in enumerate(task.mistakes.values()):
            key = f"{name.replace(' ', '_')}_{i}"
            wanted[f"_{key}"] = task, i
            parts.append(f"load('_{key}', {as_learner_file(name[:2], '_wrong', wrong)!r})")
    file.write_text("\n".join(parts), encoding="utf-8")
    with Pupil(file, seconds=60) as pupil:
        for key, (task, i) in wanted.items():
            cases = cases_of(task)
            yours = pupil.call(key, cases, task.allows)
            assert not any(o.refused for o in yours), (key, yours)
            yours = read(task, cases, yours)
            told = [s for s, w in task.mistakes.items()
                    if agree(yours, read(task, cases, attempt(w, cases)), task.digits)]
            assert told == [list(task.mistakes)[i]], (key, yours)


# ------------------------------------------------------------------------------------------- misbehaviour

def halves(rng):
    return [(np.arange(3.0),), (rng.normal(size=(2, 2)),)]


def fake(name, answer=lambda x: x / 2):
    return Task(name, halves, answer, {"It is doubled, not halved.": lambda x: x * 2}, ("a", "b", "c"))


BEHAVIOURS = {                                               # body of f(x) -> what is said about it
    "return x / 2": "PASS",
    "return x * 2": "doubled, not halved",
    "raise NotImplementedError": "NOT STARTED",
    "if x.ndim > 1: raise NotImplementedError\n    return x / 2": "not written yet",
    "import sys; sys.exit()": "sys.exit()",
    "import os; os._exit(0)": "ended the process (exit code 0)",
    "x / 2": "It returns None; is the return statement missing?",
    "return list(x / 2)": "It returns a list of length 3; it should return an array of shape (3,). Wrap",
    "return 'half'": "It returns a text; it should return an array of shape (3,)",
    "return x[:1] / 2": "It returns an array of shape (1,); it should return an array of shape (3,)",
    "return object()": "It returns a object",
    "return x / 2 * np.nan": "It returns nan at [0]",
    "return x / 2 * (1j)": "a ndarray of complex128",
    "x /= 2\n    return x": "writes to its input x",
    "return x / 2 + 1e-3 * np.random.default_rng().random()": "when it is called again",
    "return x / 2 + 1": "The answer is wrong for 2 of 2 inputs.",
    "return x / nothing": "It raises NameError: name 'nothing' is not defined",
    "return f(x)": "RecursionError",
    "print('x' * 1_000_000)\n    return x / 2": "PASS",
    "return np.ones(2 * 10**6)": "a array of 2000000 numbers",
    "return np.ones(10**10)": "more memory",
    **({"return np.empty(7 * 10**8)": "more memory"} if sys.platform == "linux" else {}),
    "import os; os.remove(__file__)": "changes files (os.remove",
    "open(__file__, 'w')\n    return x / 2": "It writes to a file",
    "try: open(__file__, 'w')\n    except Exception: pass\n    return x / 2": "It writes to a file",
    "open('notes.txt', 'w').close(); import os; os.remove('notes.txt')\n    return x / 2": "PASS",
    "import os; os.rename(__file__, 'mine.py')": "changes files (os.rename",
    "import os; os.symlink('/', 'all'); open('all/a', 'w')": "changes files (os.symlink",
    "import shutil; shutil.rmtree('/nowhere')": "changes files (shutil.rmtree",
    "import subprocess, sys; subprocess.run([sys.executable])": "another program",
    "import socket; socket.create_connection(('127.0.0.1', 9))": "network",
    "import os; os.kill(os.getppid(), 9)": "another program (os.kill)",
    "from tinygrad_loss.exercises import e05_huber": "It imports tinygrad_loss.exercises, where",
    "import importlib; importlib.import_module('tinygrad_loss.exercises')": "It imports tinygrad_loss.exer",
    "from tinygrad_loss import losses\n    import pathlib\n"
    "    p = pathlib.Path(losses.__file__).parent.parent / 'exercises' / 'e05_huber.py'\n"
    "    exec(p.read_text())": "keeps its answers",
    "from tinygrad_loss import losses\n    return losses.mse(x, x).numpy()": "calls the library's losses.mse",
    "from tinygrad_loss import losses\n    return losses.mse(x, x, path='composed')": "library's losses.mse",
    "from tinygrad_loss import losses, Tensor\n    return losses.mse(Tensor(x), x).numpy()": "losses.mse",
    "from tinygrad_loss import nn, Tensor\n    return nn.MSELoss()(Tensor(x), x)": "losses.mse",
    "from tinygrad_loss.losses.mse import composed\n    return composed(x, x)": "library's losses.mse",
    "from tinygrad_loss.losses import LOSSES\n    return LOSSES['mse'].kernel(1.0, 2.0)": "losses.mse",
    "from tinygrad_loss.losses.mse import loss\n    return loss.exact(None, 1, 2)": "losses.mse",
    "from tinygrad_loss.losses.loss import Call\n    import tinygrad_loss.losses as l\n"
    "    return Call(l.mse, None)": "library's losses.mse",
    "from tinygrad_loss import losses as l\n    return l.weighted_sum((1.0, l.mse))(x, x)": "losses.mse",
    "from tinygrad_loss import losses as l\n    try: l.mse(x, x)\n    except BaseException: pass\n"
    "    return x / 2": "losses.mse",
    "from tinygrad_loss import Tensor\n    t = Tensor(x, requires_grad=True); (t * t / 4).sum().backward()\n"
    "    return t.grad.numpy()": "lets the library differentiate",
    "import time\n    while True: time.sleep(1)": "still running after 3 seconds",
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """One file with a function for every behaviour."""
    file = tmp_path_factory.mktemp("work") / "05_huber.py"
    names = {body: f"f{i}" for i, body in enumerate(BEHAVIOURS)}
    file.write_text("import numpy as np\n" + "".join(
        f"def {name}(x):\n    {body.replace('f(x)', name + '(x)')}\n\n" for body, name in names.items()),
        encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    with Pupil(file, seconds=3) as pupil:
        found = {body: grade_task(fake(name), pupil) for body, name in names.items()}
    assert file.read_text(encoding="utf-8") == before
    return file, found, pupil


@pytest.mark.parametrize("body", BEHAVIOURS)
def test_whatever_a_file_does_is_said_in_a_sentence(graded, body):
    file, found, _ = graded
    text = text_of(found[body], str(file), "05")
    assert BEHAVIOURS[body] in text and text.startswith(found[body].word)
    assert found[body].finding.count("\n") == 0
    assert "exercises/child.py" not in text and "exercises\\child.py" not in text


def test_a_megabyte_of_prints_is_cut(graded):
    from tinygrad_loss.exercises.report import printed
    pupil = graded[2]
    assert pupil.characters > 1_000_000 and len(pupil.printed) == 2000
    assert len(printed(pupil.printed, pupil.characters)) < 3000


def test_what_crashes_everywhere_is_no_known_mistake():
    """Neither may two that crash alike be confused, nor a slip be taken for another that crashes as well."""
    task = fake("f")._replace(mistakes={"It is a text.": lambda x: x + "1"})
    verdict = verdict_on(task, lambda x: x[None, "a"])
    assert not verdict.known and "It raises IndexError" in verdict.finding
    verdict = verdict_on(task, lambda x: np.add(x, "a"))
    assert not verdict.known and "It raises" in verdict.finding


def test_the_first_fault_is_told_first():
    task = fake("f")
    shapes = verdict_on(task, lambda x: x[:1] if x.ndim == 1 else x / "a").finding
    assert shapes.startswith("It returns an array of shape (1,)")
    both = verdict_on(task, lambda x: x + 1 if x.ndim == 1 else x[5]).finding
    assert both.startswith("The answer is wrong for 2 of 2 inputs. For others it raises IndexError: ")


def test_answers_in_words_are_counted_not_told():
    task = exercises.find("20").tasks[0]
    right = task.answer()
    assert "no entry 'signed'" in verdict_on(task, lambda: {}).finding
    assert "It is wrong. 4 of its 6 entries are right." in verdict_on(
        task, lambda: {**right, "signed": "D", "doubled": "D"}).finding


def test_a_file_from_another_editor_is_read(tmp_path):
    file = tmp_path / "a.py"
    file.write_bytes(b"\xef\xbb\xbfdef f(x):\r\n\treturn x / 2\r\n")
    with Pupil(file) as pupil:
        assert grade_task(fake("f"), pupil).word == "PASS"


@pytest.mark.parametrize("text, said", [
    ("def f(x:\n", "SyntaxError"), ("while True: pass\n", "still running after 1.5 seconds"),
    ("raise OSError('at import')\n", "raises OSError: at import"), ("import sys; sys.exit(0)", "sys.exit()"),
    ("import os; os._exit(3)", "exit code 3"), ("", "There is no function f in the file"),
    ("import tinygrad_loss.exercises.e05_huber", "where the grader keeps its answers"),
    ("\x00", "SyntaxError")])
def test_a_file_that_cannot_be_loaded(tmp_path, text, said):
    file = tmp_path / "05_huber.py"
    file.write_text(text, encoding="utf-8")
    with Pupil(file, seconds=1.5) as pupil:
        verdict = grade_task(fake("f"), pupil)
    assert verdict.word == "FAIL" and said in text_of(verdict, str(file), "05")


def test_a_traceback_shows_the_learners_lines_alone(graded):
    _, found, _ = graded
    trace = found["return x / nothing"].trace
    assert "x / nothing" in trace and trace.count("File") == 1


def test_a_reply_that_is_no_reply_is_survived():
    from tinygrad_loss.exercises.child import decode, encode
    from tinygrad_loss.exercises.sandbox import _outcome
    for spoilt in (["array", "O", [1], ""], ["array", "<f8", [3], "AAAA"], ["?"], 1,
                   ["array", "<f8", "x", ""]):
        with pytest.raises((ValueError, TypeError)):
            _outcome({"kind": "value", "refused": [], "value": decode(spoilt)})
    for value in (1.5, True, "a", None, (1, np.arange(3.0)), [2], {"a": np.ones((2, 0))}):
        assert same(decode(encode(value)), value)


# ------------------------------------------------------------------------------------------ the commands

def test_a_learner_goes_through_an_exercise(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def said(*arguments, code=0):
        assert main(list(arguments)) == code
        return capsys.readouterr().out
    assert "work" in said("start", "5") and "stays as it is" in said("start", "05")
    assert said("check", "05", code=1).count("NOT STARTED") == 2
    file = tmp_path / "work" / "05_huber.py"
    file.write_text("import numpy as np\ndef huber_grad(pred, target, delta):\n    "
                    "return np.clip(pred - target, -delta, delta)\n", encoding="utf-8")
    assert json.loads(said("check", "05", "--json", code=1))[0]["report"]["verdict"] == "WRONG"
    text = said("check", "05", code=1)
    assert "Known mistake" in text and "no function huber_kernel" in text and "Pattern" in text
    hints = [said("hint", "05") for _ in range(4)]
    assert [re.search(r"hint (\d)", h)[1] for h in hints] == list("1233") and hints[2] == hints[3]
    assert "huber_kernel" in said("hint", "05", "huber_kernel")
    assert "def composed" not in said("show", "05", code=1)
    assert "def composed" in said("show", "05", "--give-up")
    own = file.read_text(encoding="utf-8").replace("-delta, delta)", "-delta, delta) / pred.size")
    file.write_text(own + "def huber_kernel(pred, target, delta):\n    e = pred - target\n"
                    "    s = min(max(e, -delta), delta)\n    return s * (e - s / 2), s\n", encoding="utf-8")
    text = said("check", "05")
    assert "passed 2" in text and text.count("passed for the first time") == 2 and "def composed" in text
    assert "first time" not in said("check", "05")
    assert "pred.size" in said("show", "05") and "has passed" in said("hint", "05")
    first, *_ = ALL
    assert said("next").startswith(first)
    assert json.loads(said("check", "05", "--json"))[0]["word"] == "PASS"


@pytest.mark.parametrize("arguments, text", [
    (["check", "05"], "tinygrad-loss start 05"), (["start", "99"], "There is no exercise 99"),
    (["hint", "05", "nothing"], "has no task nothing"), (["grade", "nowhere"], "no folder nowhere"),
    (["grade", "."], "nothing to grade")])
def test_a_wrong_call_is_said(tmp_path, monkeypatch, capsys, arguments, text):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert text in capsys.readouterr().err


def test_a_class_is_graded(tmp_path, capsys):
    right = "import numpy as np\ndef mse_grad(pred, target):\n    return 2 * (pred - target) / pred.size\n"
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "04_squares.py").write_text(right, encoding="utf-8")
    idle = "def cube_grad(pred, target):\n    raise NotImplementedError\n"
    (tmp_path / "=bob_04_squares.py").write_text(right.replace("2 *", "") + idle, encoding="utf-8")
    (tmp_path / "notes.py").write_text("raise SystemExit", encoding="utf-8")
    assert main(["grade", str(tmp_path), "--csv", str(tmp_path / "marks.csv")]) == 1
    rows = (tmp_path / "marks.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 2 * 2 and "'=bob,04,mse_grad,FAIL,The 2 that comes down" in rows[1]
    assert any(row.startswith("ada,04,mse_grad,PASS") for row in rows)
    summary = capsys.readouterr().out
    assert "04 mse_grad: 1 of 2 passed\n    1 of them: The 2 that comes down" in summary
    assert "0 of 2 passed, 1 not started\n    1 of them: There is no function cube_grad" in summary
    assert main(["grade", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith("pupil,exercise,task")


def test_a_file_may_plot_and_leave_a_thread_behind(tmp_path):
    """Libraries keep their caches in a folder that is thrown away; nobody waits for the thread."""
    file = tmp_path / "a.py"
    file.write_text("import threading, time\nimport matplotlib.pyplot as plt\n"
                    "threading.Thread(target=time.sleep, args=(600,)).start()\n"
                    "def f(x):\n    plt.plot(x); plt.savefig('a.png'); return x / 2\n", encoding="utf-8")
    with Pupil(file, seconds=60) as pupil:
        outcome, = pupil.call("f", [(np.ones(3),)])
        folder = Path(pupil._folder.name)
    assert outcome.kind == "value" and not outcome.refused, outcome
    assert not folder.exists() and not list(tmp_path.glob("*.png"))


def test_the_learners_process_gets_no_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    file = tmp_path / "a.py"
    file.write_text("import os\ndef f(): return os.environ.get('TOKEN', 'none')\n", encoding="utf-8")
    with Pupil(file) as pupil:
        assert pupil.call("f", [()])[0].value == "none"


def test_the_library_may_be_called_where_the_task_allows_it(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("from tinygrad_loss import losses\ndef f(x):\n"
                    "    return losses.mse(x, 0 * x, path='composed').item()\n", encoding="utf-8")
    with Pupil(file) as pupil:
        allowed, = pupil.call("f", [(np.ones(3),)], ["mse"])
        refused, = pupil.call("f", [(np.ones(3),)])
    assert allowed.value == 1.0 and refused.refused
