"""What lessons/TEACHING.md says is what the lessons say; every section of the article has its lessons.

The tables and the graph are made from the opening cells of the lessons. A test that fails prints what should
stand there.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from tinygrad_loss.cli import _parser

FOLDER = Path(__file__).resolve().parent.parent / "lessons"
TEXT = (FOLDER / "TEACHING.md").read_text(encoding="utf-8")


def load_runner() -> ModuleType:
    """lessons/__main__.py as a module."""
    spec = importlib.util.spec_from_file_location("lessons_main", FOLDER / "__main__.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = load_runner()
LESSONS = list(RUNNER.find(FOLDER).values())


class Opening(NamedTuple):
    """What the first cell of a lesson says."""

    number: str
    title: str
    question: str
    minutes: int
    exercise: int
    needs: list[str]


def opening(path: Path) -> Opening:
    cell = RUNNER.first_text_cell(path)
    minutes = re.search(r"^- Minutes: (\d+), and (\d+) for the exercise$", cell, re.MULTILINE)
    before = re.search(r"^- Before: (.*?)^- ", cell, re.MULTILINE | re.DOTALL)
    assert minutes and before, f"{path.name}: '- Before: ...', then '- Minutes: 40, and 20 for the exercise'"
    return Opening(path.name[:2], RUNNER.title(path), RUNNER.question(path), int(minutes[1]),
                   int(minutes[2]), re.findall(r"\b[01]\d\b|\b20\b", before[1]))


OPENINGS = {path.name[:2]: opening(path) for path in LESSONS}
SOURCES = {path.name[:2]: path.read_text(encoding="utf-8") for path in LESSONS}


def below(mark: str) -> str:
    """The table or the graph below a mark."""
    return TEXT.split(f"<!-- {mark}:")[1].split("-->", 1)[1].strip().split("\n\n")[0]


# ------------------------------------------------------------------------------ from the opening cells

def table() -> str:
    rows = [f"| {o.title} | {o.question} | {o.minutes} + {o.exercise} | {', '.join(o.needs) or 'nothing'} |"
            for o in OPENINGS.values()]
    return "\n".join(["| lesson | question | minutes | needs |", "|---|---|---|---|", *rows])


def all_needs(number: str) -> set[str]:
    """What a lesson needs, directly or through others."""
    direct = set(OPENINGS[number].needs)
    return direct.union(*(all_needs(n) for n in direct))


def graph() -> str:
    """An arrow for each need that does not follow from the others."""
    lines = ["```mermaid", "flowchart LR"]
    for o in OPENINGS.values():
        through = set().union(*(all_needs(n) for n in o.needs))
        arrows = " & ".join(f"l{n}" for n in o.needs if n not in through)
        lines.append(f'    {arrows + " --> " if arrows else ""}l{o.number}["{o.title}"]')
    return "\n".join([*lines, "```"])


@pytest.mark.parametrize("number", OPENINGS)
def test_a_lesson_needs_only_earlier_ones(number: str) -> None:
    needs = OPENINGS[number].needs
    assert all(n in OPENINGS and n < number for n in needs)
    assert needs == sorted(set(needs)) and (bool(needs) or number == "01")


def test_the_table_says_what_the_lessons_say() -> None:
    assert below("lessons") == table(), f"It should be\n\n{table()}\n"


def test_the_graph_says_what_the_lessons_say() -> None:
    assert below("needs") == graph(), f"It should be\n\n{graph()}\n"


# ------------------------------------------------------------------------------------------ the article

HEADINGS = {                    # of the article, in its order: what a lesson on it cannot but mention
    "Table of Contents": "contents",
    "Introduction: Why Loss Functions Matter": "compass",
    "The Heart of Machine Learning": "predicts",
    "What Makes a Good Loss Function?": "good loss",
    "Historical Context": "decade",
    "The Role of Loss Functions in Learning": "weight",
    "The Training Loop": "loop",
    "The Gradient Connection": "gradient",
    "A Concrete Example": "house",
    "Regression Losses: Predicting Continuous Values": "mse",
    "Mean Squared Error (MSE) - L2 Loss": "losses[.]mse",
    "Mean Absolute Error (MAE) - L1 Loss": "losses[.]mae",
    "Huber Loss - The Best of Both Worlds": "losses[.]huber",
    "Binary Classification Losses: Making Yes/No Decisions": "yes",
    "Binary Cross-Entropy (BCE)": "losses[.]bce",
    "Binary Cross-Entropy with Logits": "losses[.]bce_with_logits",
    "Focal Loss - Handling Class Imbalance": "losses[.]focal",
    "Multi-Class Classification Losses: Choosing Among Many": "classes",
    "Categorical Cross-Entropy (CCE)": "cross_entropy",
    "Sparse Categorical Cross-Entropy": "sparse_categorical_cross_entropy|labels",
    "Specialized Losses: Advanced Applications": "losses[.](hinge|kl_divergence|dice)",
    "Hinge Loss - Maximum Margin Classification": "losses[.]hinge",
    "KL Divergence - Comparing Distributions": "kl_divergence",
    "Dice Loss - Segmentation and Overlap": "losses[.]dice",
    "Metric Learning Losses: Learning Similarities": "embedding",
    "Contrastive Loss - Learning from Pairs": "contrastive",
    "Triplet Loss - Learning from Triplets": "triplet",
    "Choosing the Right Loss Function": "tree",
    "Decision Tree": "tree",
    "Quick Reference Table": "table",
    "Practical Guidelines": "guideline|advice",
    "Practical Implementation Guide": "pipeline",
    "Complete PyTorch Example": "SimpleModel|complete example",
    "Custom Loss Implementation": "custom loss",
    "Common Pitfalls and Best Practices": "pitfalls",        # announced in the contents, and not there
    "Conclusion": "conclusion",
    "Key Takeaways": "stable|outliers",
}


def covered() -> dict[str, list[str]]:
    """The sections of the article in the table, each with its lessons."""
    rows = [line.strip("|").split("|") for line in below("article").splitlines()[2:]]
    return {heading.strip(): lessons.strip().split(", ") for heading, lessons in rows}


def test_every_section_of_the_article_is_in_the_table() -> None:
    assert list(covered()) == list(HEADINGS)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_section_is_treated_where_the_table_says(heading: str) -> None:
    for number in covered()[heading]:
        assert number in SOURCES, f"there is no lesson {number}"
        assert re.search(HEADINGS[heading], SOURCES[number], re.IGNORECASE), (
            f"lesson {number} never mentions {HEADINGS[heading]!r}")


def test_every_lesson_has_a_section_but_those_that_ask_for_more() -> None:
    assert set(OPENINGS) - {number for lessons in covered().values() for number in lessons} == {"03", "06"}


# ------------------------------------------------------------------------------------- what classes believe

def beliefs() -> dict[str, str]:
    """The part on each lesson, by its title."""
    parts = TEXT.split("\n## What classes believe\n")[1].split("\n## ")[0].split("\n### ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


def headings(number: str) -> set[str]:
    return set(re.findall(r"^# ##+ (.+)$", SOURCES[number], re.MULTILINE))


def test_every_lesson_has_its_part() -> None:
    assert list(beliefs()) == [o.title for o in OPENINGS.values()]


@pytest.mark.parametrize("number", OPENINGS)
def test_every_belief_has_a_question_and_its_answer_in_the_lesson(number: str) -> None:
    part = beliefs()[OPENINGS[number].title]
    bullets = re.findall(r"^- .*$", part, re.MULTILINE)
    assert 2 <= len(bullets) <= 3
    for bullet in bullets:
        found = re.fullmatch(r'- "[^"]+" Ask: .+\? → \*(.+)\*', bullet)
        assert found, bullet
        assert found[1] in headings(number), f"lesson {number} has no part {found[1]!r}: {headings(number)}"
    assert re.search(r"^Aloud: .+", part, re.MULTILINE)


def test_the_paths_name_parts_that_exist() -> None:
    paths = TEXT.split("\n## Two paths\n")[1].split("\n## ")[0]
    everywhere = set().union(*map(headings, OPENINGS))
    quoted = re.findall(r'"([^"]+)"', " ".join(paths.split()))
    assert quoted and set(quoted) <= everywhere, set(quoted) - everywhere


def test_the_commands_exist() -> None:
    actions = _parser()._actions
    commands = next(a.choices for a in actions if isinstance(a, argparse._SubParsersAction))
    named = set(re.findall(r"tinygrad-loss (\w+)", TEXT))
    assert {"start", "check", "hint", "grade"} <= named <= set(commands)
