"""Exercise 19: find them first. The numbers are the library's; which statements hold, lesson 19 computes."""

import numpy as np

from .. import losses
from .task import Task, of_lesson

PRED_A, TRUE_A = np.array([2.3, 1.2, 3.0, 0.8, 3.9]), np.array([2.5, 1.0, 3.2, 0.5, 4.1])
PRED_C, TRUE_C = np.array([1.1, 2.2, 2.9, 4.1, 15.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
LETTERS, HOLD = "abcdefghijklm", "beh"


def true_numbers():
    return np.array([losses.mse(PRED_A, TRUE_A, path="composed").item(),
                     losses.mae(PRED_C, TRUE_C, path="composed").item(),
                     losses.huber(PRED_C, TRUE_C, path="composed").item()])


def standing(value, *_):
    """What is the first thing wrong with this choice of letters?"""
    chosen = set(value.lower()) - set(" ,")
    if chosen - set(LETTERS):
        return "other letters"
    if chosen >= set(LETTERS):
        return "all of them"
    for group in (*HOLD, "ac", "d", "f", "g", "i", "j", "kl", "m"):
        if (group in HOLD) == (set(group) <= chosen):
            return group
    return "found"


exercise = of_lesson(
    __name__,
    Task(
        "true_numbers", lambda rng: [()], true_numbers,
        shown=(losses.mse.composed, losses.mae.composed, losses.huber.composed),
        hints=("Errors first: those of a are 0.2, 0.2, 0.2, 0.3 and 0.2 in size.",
               "Those of c are 0.1, 0.2, 0.1, 0.1 and 10. Huber halves the squares of four of them, and "
               "of 10 makes 10 - 1/2.",
               "(4 * 0.04 + 0.09) / 5,  10.5 / 5,  (0.07 / 2 + 9.5) / 5"),
        mistakes={
            "These are the article's numbers.":
                lambda: np.array([0.0380, 2.0600, 2.5600]),
            "These are sums; each is a mean over five.":
                lambda: np.array([0.25, 10.5, 9.535]),
            "Huber's straight part is delta (|e| - delta / 2): the 1/2 is missing.":
                lambda: np.array([0.05, 2.1, (0.035 + 10) / 5]),
            "Huber halves the squares near the target.":
                lambda: np.array([0.05, 2.1, (0.07 + 9.5) / 5]),
            "The root was taken of the MSE.":
                lambda: np.array([np.sqrt(0.05), 2.1, 1.907]),
            "The third is half of the MSE: Huber is straight beyond delta.":
                lambda: np.array([0.05, 2.1, 10.007]),
        }),
    Task(
        "doubtful", lambda rng: [()], lambda: "".join(x for x in LETTERS if x not in HOLD), reads=standing,
        hints=("Ten of the thirteen are doubtful. First compute: a, b, c, e and h are arithmetic.",
               "Then ask of each rule: at infinity? far out? with the mean's 1/n? for anything that does not "
               "sum to 1? what else lies in memory?",
               "Only b, e and h hold as they stand."),
        mistakes={
            "b holds: (0.07 + 100) / 5 is what it says. Compute it once more.":
                lambda: "abcdfgijklm",
            "e holds: -log 0.9 and -log 0.1, rounded to three digits.":
                lambda: "acdefgijklm",
            "h holds: (1 - p)^2 of each, with nothing else to it.":
                lambda: "acdfghijklm",
            "All of them? Three hold as they stand.":
                lambda: "abcdefghijklm",
            "There are statements a to m only.":
                lambda: "acdfgijklmz",
            "Two printed numbers are wrong, and one of them is missing here: compute a and c.":
                lambda: "cdfgijklm",
            "Compare Huber, MSE and MAE on the data of b: which is the smallest?":
                lambda: "acfgijklm",
            "Put z = inf into f, and z = 40, y = 1: is a log of 1 + 4e-18 what you want?":
                lambda: "acdgijklm",
            "Clip a sigmoid at 1e-7, then take z = 20 and y = 0.":
                lambda: "acdfijklm",
            "Some rule lacks the factor that its mean brings, or counts only half of what lies in memory.":
                lambda: "acdfgjklm",
        }),
)
