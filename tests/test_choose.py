"""The decision tree: every answer is a call that runs, and the command finds it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tinygrad_loss import Tensor, losses
from tinygrad_loss.choose import TREE, Leaf, recommend
from tinygrad_loss.cli import main
from tinygrad_loss.losses import LOSSES

LEAVES = {f"{task}-{data}": leaf for task in TREE for data, leaf in TREE[task].leaves.items()}


def run(*arguments):
    return main(["choose", *arguments])


def variables(task):
    """What the calls of a task speak of."""
    rng = np.random.default_rng(0)
    pred, rows = rng.standard_normal((6, 4)), rng.dirichlet(np.ones(4), (2, 6))
    target = pred + 0.1 if task == "regression" else (rng.random((6, 4)) < 0.5).astype(float)
    a, b, c = (Tensor(x, requires_grad=True) for x in rng.standard_normal((3, 6, 4)))
    return {"losses": losses, "pred": Tensor(pred, requires_grad=True), "target": target,
            "label": rng.integers(0, 4, 6), "weight": np.ones(4), "a": a, "b": b, "c": c,
            "same": rng.integers(0, 2, 6).astype(float),
            "p": rows[0], "q": Tensor(rows[1], requires_grad=True)}


@pytest.mark.parametrize("name", LEAVES)
def test_every_leaf_calls_losses_that_exist(name):
    """Red for a leaf whose loss is still to come."""
    leaf = LEAVES[name]
    assert leaf.losses and set(leaf.losses) <= LOSSES.keys()
    for call in filter(None, (leaf.call, leaf.instead)):
        value = eval(call, variables(name.partition("-")[0]))
        assert value.shape == () and value.requires_grad and np.isfinite(value.item())


def test_every_leaf_says_when_and_why():
    for leaf in LEAVES.values():
        assert isinstance(leaf, Leaf) and leaf.reason.endswith(".") and not leaf.when.endswith(".")
    assert len({leaf.reason for leaf in LEAVES.values()}) == len(LEAVES)


@pytest.mark.parametrize("task, data, name", [
    ("regression", "clean", "mse"), ("regression", "mixed", "huber"), ("regression", "outliers", "mae"),
    ("binary", "balanced", "bce_with_logits"), ("binary", "margin", "hinge"),
    ("multiclass", "many", "cross_entropy"), ("segmentation", "imbalanced", "dice"),
    ("similarity", "triplets", "triplet"), ("similarity", "matches", "info_nce"),
    ("distribution", "known", "kl_divergence")])
def test_recommend(task, data, name):
    assert recommend(task, data).losses[0] == name


def test_similarity_does_not_lead_to_a_divergence():
    """The article's tree does: KL divergence is neither symmetric nor a distance."""
    found = [name for leaf in TREE["similarity"].leaves.values() for name in leaf.losses]
    assert "kl_divergence" not in found


@pytest.mark.parametrize("task, data, said", [
    ("regresion", "clean", "task must be one of regression, binary"),
    ("binary", "clean", "data of binary must be one of balanced, imbalanced, margin; got 'clean'")])
def test_what_is_not_in_the_tree_is_refused(task, data, said, capsys):
    with pytest.raises(ValueError, match=said):
        recommend(task, data)
    assert run("--task", task, "--data", data) == 2
    assert said in capsys.readouterr().err


def test_flags_answer_without_a_question(capsys, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: pytest.fail("asked"))
    assert run("--task", "regression", "--data", "outliers") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "losses.mae(pred, target)" and "median" in lines[1]
    assert lines[2].strip() == "Or try: losses.huber(pred, target, delta=0.1)"
    assert run("--task", "regression", "--data", "outliers", "--json") == 0
    assert json.loads(capsys.readouterr().out)["losses"] == ["mae", "huber"]


def test_what_is_not_given_is_asked_until_it_is_an_answer(capsys, monkeypatch):
    answers = iter(["0", "7", "clasification", "1", " Mixed "])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert run() == 0
    printed = capsys.readouterr().out
    assert printed.count("Type a number from 1 to 6, or a name.") == 3
    assert "losses.huber(pred, target, delta=1.0)" in printed and list(answers) == []


def test_one_flag_leaves_one_question(capsys, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "clean")
    assert run("--task", "regression") == 0
    assert "What is to be predicted?" not in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda prompt: "regression")
    assert run("--data", "clean") == 0
    assert "What are the data like?" not in capsys.readouterr().out


def test_nobody_answers(capsys, monkeypatch):
    def closed(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    assert run("--task", "binary") == 2
    assert "give --task and --data" in capsys.readouterr().err


def test_the_whole_tree(capsys):
    assert run("--tree") == 0
    text = capsys.readouterr().out
    assert all(leaf.call in text and leaf.when in text for leaf in LEAVES.values())
    assert run("--tree", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["binary"]["leaves"].keys() == TREE["binary"].leaves.keys()
