"""Exercise 20: match the bug to the check. The checks of the stub are run on the bugs of the stub."""

import runpy

import numpy as np

from .. import course
from .child import Code
from .task import Task, of_lesson

given = runpy.run_path(str(course.stub("20_museum.py")))


def noticed_by():
    found = {}
    for name, meant in given["MEANT"].items():
        found[name] = "".join(letter for letter in "ABCDE"
                              if not given[f"check_{letter.lower()}"](given[name], meant))
    return found


def letters(value):
    """However they are written."""
    return {name: "".join(sorted(set(found.upper()) - set(" ,"))) for name, found in value.items()}


def right():
    return {"signed": "BC", "doubled": "A", "overflowing": "CE", "clipped": "CE", "writing": "D",
            "wrapping": "E"}


EVEN = [
    "lambda pred, target: (pred - target) ** 2",
    "lambda pred, target: np.where(abs(pred - target) <= 1, (pred - target) ** 2 / 2, "
    "abs(pred - target) - 0.5)",
    "lambda pred, target: np.where(pred - target <= 1, (pred - target) ** 2 / 2, "
    "abs(pred - target) - 0.5)",
    "lambda pred, target: np.maximum(0.9 * (target - pred), 0.1 * (pred - target))",
    "lambda pred, target: pred - target",
    "lambda pred, target: np.where(abs(pred - target) < 5, (pred - target) ** 2, 10 * (pred - target))",
    "lambda pred, target: 1.0 + np.cos(pred - target) * (pred - target) ** 2",
    "lambda pred, target: (pred - target) ** 2 + 0.01 * (pred - target)"]
WIDE = np.concatenate([np.linspace(0, 3, 31), [10.0, 30.0, 100.0]])


def even(loss, e=WIDE):
    return bool(np.allclose(loss(e, 0 * e), loss(-e, 0 * e), rtol=1e-9, atol=0))


exercise = of_lesson(
    __name__,
    Task(
        "noticed_by", lambda rng: [()], noticed_by, reads=letters,
        hints=("Check A compares a slope with its own loss: which of the bugs have a slope that does not fit "
               "their loss?",
               "B and C know which loss was meant, C far out. D and E each ask a single question; E asks it "
               "of all that take classes.",
               "Run them: for name, meant in MEANT.items(): print(name, check_a(globals()[name], meant))"),
        mistakes={
            "signed: its slope is that of its loss, so A is content. Only who knows what was meant is not.":
                lambda: {**right(), "signed": "ABC"},
            "signed: at errors below -1 the loss is wrong, near and far: B and C both see it.":
                lambda: {**right(), "signed": "B"},
            "doubled: the loss is right, only the slope is not; B and C never look at the slope.":
                lambda: {**right(), "doubled": "ABC"},
            "overflowing: at moderate numbers it is right, in loss and slope. A and B do not go far enough.":
                lambda: {**right(), "overflowing": "ABCE"},
            "overflowing and clipped take classes, too, and neither refuses the label -1.":
                lambda: {**right(), "overflowing": "C", "clipped": "C"},
            "clipped: its slope fits its loss, and at moderate numbers nothing is clipped: A, B pass.":
                lambda: {**right(), "clipped": "ABCE"},
            "writing: A, B and C gave it copies, and what it returns is right. Only D looks afterwards.":
                lambda: {**right(), "writing": "ABCD"},
            "wrapping: with labels 0 and 1 all is right, at large numbers too; only E gives it another.":
                lambda: {**right(), "wrapping": "CE"},
            "This is the example from the stub; several places of it are wrong.":
                lambda: {"signed": "A", "doubled": "AB", "overflowing": "C", "clipped": "", "writing": "D",
                         "wrapping": "E"},
        }),
    Task(
        "is_even", lambda rng: [(Code(text),) for text in EVEN], lambda loss: even(loss),
        hints=("Give the loss pred = e, target = 0, and then pred = -e. Which e?",
               "Small ones and large ones, many of them: np.linspace(0, 3, 31), and 10, 30, 100.",
               "np.allclose(loss(e, 0 * e), loss(-e, 0 * e), atol=0)"),
        mistakes={
            "It asks one small error only; a threshold further out stays unseen.":
                lambda loss: even(loss, np.array([0.5])),
            "It asks no error above 3; one of the losses changes at 5.":
                lambda loss: even(loss, np.linspace(0, 3, 31)),
            "It asks no error below 10: what differs near 0 is lost.":
                lambda loss: bool(np.allclose(loss(WIDE[-3:], 0 * WIDE[-3:]), loss(-WIDE[-3:], 0 * WIDE[-3:]),
                                              rtol=0.01)),
            "It exchanges e with itself: -e is the error to the other side.":
                lambda loss: True,
            "It is turned round: True if both sides are alike.":
                lambda loss: not even(loss),
            "It asks for loss(-e) = -loss(e): that is odd, not even.":
                lambda loss: bool(np.allclose(loss(WIDE, 0 * WIDE), -loss(-WIDE, 0 * WIDE))),
        }),
)
