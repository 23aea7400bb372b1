"""Exercise 16: a branch for costs that differ by side. The order minimises the library's quantile loss."""

import numpy as np

from .. import losses
from .task import Task, of_lesson


def costs(rng):
    return [(1.0, 1.0), (3.0, 1.0), (1.0, 4.0), (0.2, 0.05)]


def days(rng):
    return [(np.array([10.0, 20.0, 60.0]), 0.5), (rng.normal(30, 8, 7), 0.75), (rng.normal(30, 8, 11), 0.2),
            (rng.exponential(20, 9), 0.9)]


def seeds(rng):
    found = []
    for n, t in (20, 2.093), (5, 2.776):
        easy = rng.normal(size=n)                            # some seeds are hard for both
        found.append((easy + 0.1 * rng.normal(size=n), easy + 0.2 + 0.1 * rng.normal(size=n), t))
    return found


def quantile_for(too_little, too_much):
    return too_little / (too_little + too_much)


def best_order(sold, q):
    """The best of the days that were seen, by trying them all."""
    mean = [losses.quantile(np.full_like(sold, order), sold, quantile=q, path="composed").item()
            for order in sold]
    return sold[int(np.argmin(mean))]


def ranked(sold, q):
    return np.sort(sold)[int(np.ceil(q * len(sold))) - 1]


def interval(ours, theirs, t):
    gain = theirs - ours
    half = t * gain.std(ddof=1) / np.sqrt(len(gain))
    return gain.mean() - half, gain.mean() + half


def around(mean, half):
    return mean - half, mean + half


exercise = of_lesson(
    __name__,
    Task(
        "quantile_for", costs, quantile_for,
        hints=("Quantile loss charges q for each loaf too few and 1 - q for each too many. What should their "
               "ratio be?",
               "q / (1 - q) = too_little / too_much. Solve for q.",
               "return too_little / (too_little + too_much)"),
        mistakes={
            "The sides are exchanged: q is charged where too little was ordered.":
                lambda too_little, too_much: too_much / (too_little + too_much),
            "This is the ratio of the costs, q / (1 - q); solve for q.":
                lambda too_little, too_much: too_little / too_much,
            "The costs stay out: with q = 0.5 both sides cost the same.":
                lambda too_little, too_much: 0.5,
            "The cost itself is no share: 3 and 1 must give the same q as 30 and 10.":
                lambda too_little, too_much: too_little,
            "The costs are not squared: the loss is linear on both sides.":
                lambda too_little, too_much: too_little ** 2 / (too_little ** 2 + too_much ** 2),
            "1 / (1 + costs): the other cost is missing.":
                lambda too_little, too_much: 1 / (1 + too_much),
        }),
    Task(
        "best_order", days, best_order, shown=(losses.quantile.composed, losses.quantile.kernel),
        hints=("Order one loaf more: what does it save on days with more sold, what does it cost on others? "
               "When do the two balance?",
               "When a share q of the days sold no more than that. So sort, and count to q N, rounded up.",
               "return np.sort(sold)[int(np.ceil(q * len(sold))) - 1]"),
        mistakes={
            "This is the mean, the best order for squared costs.":
                lambda sold, q: sold.mean(),
            "This is the median: q is not used.":
                lambda sold, q: np.median(sold),
            "np.quantile interpolates between two days; the smallest loss is at one of them.":
                lambda sold, q: np.quantile(sold, q),
            "Counted from the top: q of the days should lie below.":
                lambda sold, q: np.sort(sold)[::-1][int(np.ceil(q * len(sold))) - 1],
            "One day too far: Python counts from 0.":
                lambda sold, q: np.sort(sold)[min(int(np.ceil(q * len(sold))), len(sold) - 1)],
            "The days have to be sorted first.":
                lambda sold, q: sold[int(np.ceil(q * len(sold))) - 1],
            "This is a share of the largest day, whatever the others sold.":
                lambda sold, q: q * sold.max(),
        }),
    Task(
        "interval", seeds, interval,
        hints=("Both ways met the same days: compare them seed by seed, before anything is averaged.",
               "gain = theirs - ours; its mean, and its standard deviation with ddof=1.",
               "half = t * gain.std(ddof=1) / np.sqrt(len(gain)); "
               "return gain.mean() - half, gain.mean() + half"),
        mistakes={
            "The root of n is missing: this is how much a single seed scatters, not their mean.":
                lambda ours, theirs, t: around((theirs - ours).mean(), t * (theirs - ours).std(ddof=1)),
            "Not paired: what is hard for both at a seed is counted as noise. Take the difference per seed.":
                lambda ours, theirs, t: around((theirs - ours).mean(), t * np.sqrt(
                    (ours.var(ddof=1) + theirs.var(ddof=1)) / len(ours))),
            "The standard deviation divides by n; with the mean taken from the same numbers it is n - 1.":
                lambda ours, theirs, t: around((theirs - ours).mean(),
                                               t * (theirs - ours).std() / np.sqrt(len(ours))),
            "The sign is turned: a gain is what theirs costs more than ours.":
                lambda ours, theirs, t: interval(theirs, ours, t),
            "t is missing: that is one standard error, right in two cases of three.":
                lambda ours, theirs, t: interval(ours, theirs, 1.0),
            "n seeds are not n numbers to divide by: it is the root of n.":
                lambda ours, theirs, t: around((theirs - ours).mean(),
                                               t * (theirs - ours).std(ddof=1) / len(ours)),
            "The smallest and the largest gain: that grows with the number of seeds.":
                lambda ours, theirs, t: ((theirs - ours).min(), (theirs - ours).max()),
            "Upper and lower bound are in the wrong order.":
                lambda ours, theirs, t: interval(ours, theirs, t)[::-1],
        }),
)
