"""Exercise 20: match the bug to the check.

Six bugs, of kinds that were found in well-known projects (lesson 20 has the links), and five checks. Which
check notices which bug? Reason, then run them: everything is here. Afterwards write a check that needs no
second text.

    tinygrad-loss check 20      what is right, and what is not yet
    tinygrad-loss hint 20       one step further
"""

import numpy as np

PRED, TARGET = np.array([0.4, -0.3, 2.5, -3.0]), np.array([0.0, 1.0, 0.0, 1.0])


# ---------------------------------------------------------- six bugs: each a loss of the elements and a slope

def signed(pred, target):
    """Huber with delta 1, whose threshold looks at e instead of |e|."""
    e = pred - target
    return np.where(e <= 1, e ** 2 / 2, e - 0.5), np.where(e <= 1, e, 1.0)


def doubled(pred, target):
    """Squared error, halved; the slope forgot that it is halved."""
    e = pred - target
    return e ** 2 / 2, 2 * e


def overflowing(pred, target):
    """Binary cross entropy of logits; exp(pred) is inf from 710 on."""
    return np.log(1 + np.exp(pred)) - target * pred, 1 - 1 / (1 + np.exp(pred)) - target


def clipped(pred, target):
    """Binary cross entropy of logits, through a clipped probability, with the slope of just that."""
    p = 1 / (1 + np.exp(-pred))
    q = np.clip(p, 1e-7, 1 - 1e-7)
    return -(target * np.log(q) + (1 - target) * np.log(1 - q)), np.where(p == q, p - target, 0.0)


def writing(pred, target):
    """Squared error, halved; it computes the error in the place of the prediction."""
    pred -= target
    return pred ** 2 / 2, pred.copy()


def wrapping(pred, target):
    """The negative logarithm of a softmax over two classes; the label -1 is taken for the last class."""
    z = np.stack([0 * pred, pred], axis=-1)
    label = np.asarray(target).astype(int)
    p = np.exp(pred) / (1 + np.exp(pred))
    chosen = z[np.arange(len(z)), label]
    return np.logaddexp(0, pred) - chosen, p - (label % 2)


# --------------------------------------------------------------- the right losses, for the checks to compare

def huber(pred, target):
    e = abs(pred - target)
    return np.where(e <= 1, e ** 2 / 2, e - 0.5)


def half_square(pred, target):
    return (pred - target) ** 2 / 2


def bce(pred, target):
    return target * np.logaddexp(0, -pred) + (1 - target) * np.logaddexp(0, pred)


MEANT = {"signed": huber, "doubled": half_square, "overflowing": bce, "clipped": bce, "writing": half_square,
         "wrapping": bce}


# -------------------------------------------------------------------------- five checks: True if all is well

def check_a(bug, meant):
    """The slope against numbers, that is, against differences of its own loss."""
    h = 1e-5
    up, down = bug(PRED + h, TARGET)[0], bug(PRED - h, TARGET)[0]
    return np.allclose((up - down) / (2 * h), bug(PRED.copy(), TARGET)[1], rtol=1e-6)


def check_b(bug, meant):
    """The loss against a second text of it."""
    return np.allclose(bug(PRED.copy(), TARGET)[0], meant(PRED, TARGET))


def check_c(bug, meant):
    """The loss against a second text of it, at large numbers."""
    with np.errstate(all="ignore"):
        return np.allclose(bug(300 * PRED, TARGET)[0], meant(300 * PRED, TARGET))


def check_d(bug, meant):
    """Are the inputs afterwards what they were?"""
    given = PRED.copy()
    bug(given, TARGET)
    return np.array_equal(given, PRED)


def check_e(bug, meant):
    """Where labels are classes, is the label -1 refused?"""
    if meant is not bce:
        return True
    try:
        bug(PRED.copy(), np.array([0.0, 1.0, -1.0, 1.0]))
    except (ValueError, IndexError):
        return True
    return False


# ------------------------------------------------------------------------------------------------- your turn

def noticed_by():
    """For each bug the letters of the checks that say False to it.

    Returns a dict from the bug's name to a text: {"signed": "A", "doubled": "AB", "overflowing": "C",
    "clipped": "", "writing": "D", "wrapping": "E"}. (That is wrong in several places.)
    """
    raise NotImplementedError


def is_even(loss):
    """A check without a second text: does the loss treat errors to both sides alike?

    loss: a function of two arrays that returns one number per element, such as huber. Returns True if
    exchanging e and -e changes nothing, wherever you ask: near 0 and far from it. False else.
    """
    raise NotImplementedError
