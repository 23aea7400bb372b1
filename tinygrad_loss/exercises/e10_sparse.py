"""Exercise 10: gather and its backward. The slopes are the engine's."""

import numpy as np

from .. import engine
from .task import Task, gradient, of_lesson


def batches(rng):
    """More rows than classes, fewer, and as many."""
    shapes = [((5, 3), [2, 0, 2, 1, 0]), ((2, 4), [3, 1]), ((3, 3), [1, 2, 2])]
    return [(rng.uniform(0.1, 1, shape), np.array(labels)) for shape, labels in shapes]


def with_above(rng):
    return [(p, labels, rng.normal(size=len(labels))) for p, labels in batches(rng)]


def texts(rng):
    found = [((4, 2), [0, 2, 1]), ((4, 3), [3, 1, 3, 3, 0]), ((3, 2), [1, 1, 1, 1])]
    return [(rng.normal(size=shape), np.array(words), rng.normal(size=(len(words), shape[1])))
            for shape, words in found]


def gather(p, labels):
    return p[np.arange(len(p)), labels]


def picked(p, labels, g):
    return (p[np.arange(len(labels)), labels] * g).sum()


def looked_up(table, words, g):
    return (table[words] * g).sum()


def put(shape, index, values, add=False):
    d = np.zeros(shape)
    if add:
        np.add.at(d, index, values)
    else:
        d[index] = values
    return d


exercise = of_lesson(
    __name__,
    Task(
        "gather", batches, gather,
        hints=("Two arrays of indices pick pairs: p[rows, columns]. Which rows, which columns?",
               "The rows are 0, 1, 2 ... in order: np.arange(len(p)).",
               "return p[np.arange(len(p)), labels]"),
        mistakes={
            "p[:, labels] takes all these columns from every row: (n, n) numbers, of which n are wanted.":
                lambda p, labels: p[:, labels],
            "p[labels] takes whole rows, and by the wrong number: a label is a column.":
                lambda p, labels: p[labels],
            "Row and label are exchanged.":
                lambda p, labels: p[labels, np.arange(len(p))],
            "This is the largest number of each row, what the model believes; the label says what is true.":
                lambda p, labels: p.max(axis=1),
            "The labels are taken for 1 to C; they are 0 to C - 1.":
                lambda p, labels: p[np.arange(len(p)), labels - 1],
            "These are rows with one number and zeros; the number alone is wanted.":
                lambda p, labels: p * np.eye(p.shape[1])[labels],
            "This is their sum; one number for each row is wanted.":
                lambda p, labels: gather(p, labels).sum(),
            "This is the logarithm of what is wanted.":
                lambda p, labels: np.log(gather(p, labels)),
        }),
    gradient(
        "gather_backward", picked, cases=with_above, shown=(engine.take.vjps[0],),
        hints=("What was not picked has slope 0. What was picked has the slope that arrives.",
               "An array of zeros of p's shape, and then the same pairs of indices as before, to the left of "
               "the `=`.",
               "d = np.zeros(p.shape); d[np.arange(len(p)), labels] = g; return d"),
        mistakes={
            "What arrives from above is missing: g, not 1.":
                lambda p, labels, g: put(p.shape, (np.arange(len(p)), labels), 1.0),
            "g times p: what was picked is p itself, whose slope by p is 1.":
                lambda p, labels, g: put(p.shape, (np.arange(len(p)), labels), g * gather(p, labels)),
            "Row and label are exchanged.":
                lambda p, labels, g: put(p.shape, (labels, np.arange(len(p))), g),
            "The whole row got g; only what was picked has a slope.":
                lambda p, labels, g: np.repeat(g[:, None], p.shape[1], axis=1),
            "The labels are taken for 1 to C; they are 0 to C - 1.":
                lambda p, labels, g: put(p.shape, (np.arange(len(p)), labels - 1), g),
            "d[:, labels] writes into these columns of every row.":
                lambda p, labels, g: put(p.shape, (slice(None), labels), g[:, None]),
            "It is divided by n; if there was a mean, g knows it already.":
                lambda p, labels, g: put(p.shape, (np.arange(len(p)), labels), g / len(p)),
            "These are the n slopes that arrive; they have to be put into p's shape.":
                lambda p, labels, g: g.copy(),
        }),
    gradient(
        "table_backward", looked_up, cases=texts, shown=(engine.take.vjps[0],),
        hints=("A word that stands three times in the text gets three slopes. What becomes of them?",
               "They add up. But d[words] += g adds only one of them: it reads all, adds, then writes all.",
               "d = np.zeros(table.shape); np.add.at(d, words, g); return d"),
        mistakes={
            "Only the last use of a word counts: d[words] = g, and also +=, overwrites. np.add.at adds.":
                lambda table, words, g: put(table.shape, words, g),
            "Only the first use of a word counts: all of them add up.":
                lambda table, words, g: put(table.shape, words[::-1], g[::-1]),
            "This is the mean over the uses of a word; they add up.":
                lambda table, words, g: put(table.shape, words, g, add=True)
                / np.maximum(np.bincount(words, minlength=len(table)), 1)[:, None],
            "What arrives from above is missing: this counts how often a word is used.":
                lambda table, words, g: put(table.shape, words, np.ones(g.shape), add=True),
            "These are the slopes of the text; they have to be put into the table's shape.":
                lambda table, words, g: g.copy(),
            "g times the table: what was looked up is the row itself, whose slope is 1.":
                lambda table, words, g: put(table.shape, words, g, add=True) * table,
            "It is divided by the number of words; if there was a mean, g knows it already.":
                lambda table, words, g: put(table.shape, words, g, add=True) / len(words),
        }),
)
