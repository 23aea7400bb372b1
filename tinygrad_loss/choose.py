"""Which loss? Two questions lead to one: `tinygrad-loss choose`.

`TREE` is the decision tree of the article as data. What to predict leads to a `Task`, what the data are
like to its `Leaf`: a call, and the reason for it. Where the article's tree is wrong or vague, it is set
right here, and a comment says how.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import NamedTuple

from .terminal import console, say


class Leaf(NamedTuple):
    """An answer: what to call when the data are like this, and why."""

    when: str
    call: str                                          # of the variables that its task speaks of
    reason: str
    instead: str = ""                                  # another call that is worth a try

    @property
    def losses(self) -> list[str]:
        """The names of all losses that are called."""
        return re.findall(r"losses\.(\w+)", f"{self.call} {self.instead}")


class Task(NamedTuple):
    """The second question and its answers."""

    what: str
    leaves: dict[str, Leaf]


TREE: dict[str, Task] = {
    "regression": Task("a number; pred and target of equal shape", {
        "clean": Leaf("errors are Gaussian, none is far off", "losses.mse(pred, target)",
                      "The mean is the best estimate of a Gaussian, and squares make it the minimum."),
        # The article has "outliers" and "mixed (some outliers)" and recommends Huber for both. What
        # tells them apart is how many there are.
        "mixed": Leaf("a few outliers among Gaussian errors", "losses.huber(pred, target, delta=1.0)",
                      "Squared for the many small errors, linear for the few large ones; delta is where "
                      "an error starts to count as large."),
        "outliers": Leaf("many outliers, or heavy tails", "losses.mae(pred, target)",
                         "Every sample pulls equally hard, however far off: the median is the minimum.",
                         "losses.huber(pred, target, delta=0.1)"),
    }),
    "binary": Task("yes or no; pred is a logit, target is 0 or 1", {
        "balanced": Leaf("yes and no are both common", "losses.bce_with_logits(pred, target)",
                         "Its minimum is the true probability, and a wrong answer is pulled back with full "
                         "force however sure it is."),
        # The article's advice is to avoid BCE here. Rare is not the trouble, probabilities stay right;
        # focal helps where easy answers by the thousand outweigh the few hard ones.
        "imbalanced": Leaf("one of them is rare, most answers are easy",
                           "losses.focal_with_logits(pred, target)",
                           "Easy answers are turned down, so that a thousand of them do not drown the rare "
                           "one. The minimum is no longer the probability. Try BCE with a lower threshold "
                           "first: in the 20 trials of lesson 16 nothing did better.",
                           "losses.bce_with_logits(pred, target, pos_weight=10.0)"),
        "margin": Leaf("only the decision counts, no probability", "losses.hinge(pred, 2 * target - 1)",
                       "What is right by a margin costs nothing, and all effort goes to the border. It "
                       "gives no probabilities."),
    }),
    "multiclass": Task("one class out of many; pred is a row of logits, label an integer", {
        "balanced": Leaf("every class is common", "losses.cross_entropy(pred, label)",
                         "Its minimum is the true probability of every class."),
        # The article recommends "weighted CCE" and a focal loss for several classes, and defines neither.
        # The first is a setting, and the mean then divides by the sum of the weights.
        "imbalanced": Leaf("some classes are rare", "losses.cross_entropy(pred, label, weight=weight)",
                           "A weight of one over the frequency makes every class count equally."),
        # The article promises a thousandfold saving. That is the labels alone: with the probabilities,
        # integers halve the memory.
        "many": Leaf("thousands of classes", "losses.cross_entropy(pred, label)",
                     "Integer labels instead of rows of zeros with a single 1: half of the memory."),
    }),
    "segmentation": Task("a class for every pixel; pred are logits, target a mask of 0 and 1", {
        "balanced": Leaf("foreground and background are both large", "losses.bce_with_logits(pred, target)",
                         "Every pixel is a yes or no of its own."),
        "imbalanced": Leaf("few pixels are foreground", "losses.dice(pred, target, from_logits=True)",
                           "It measures overlap: background that is rightly empty adds nothing, be it ever "
                           "so large. It gives no probabilities.",
                           "losses.focal_with_logits(pred, target)"),
        "objects": Leaf("several objects, small and large",
                        "0.5 * losses.bce_with_logits(pred, target) "
                        "+ 0.5 * losses.dice(pred, target, from_logits=True, per_sample=True)",
                        "Dice for the overlap of each picture, cross entropy for pixels that overlap does "
                        "not reach: it pulls with full force where dice has gone flat."),
    }),
    "similarity": Task("how alike two things are; a, b, c are vectors", {
        "pairs": Leaf("it is known of pairs whether they are alike (1) or not (0)",
                      "losses.contrastive(a, b, same)",
                      "Draws like ones together and pushes others apart, up to a margin."),
        "triplets": Leaf("it is known which of two is the more alike", "losses.triplet(a, b, c)",
                         "Only the order of distances counts, so that classes may keep different widths."),
        "matches": Leaf("rows of a and b belong together, nothing says what does not",
                        "losses.info_nce(a, b)",
                        "Each a has to find its own b among those of the whole batch.",
                        "losses.nt_xent(a, b)"),
    }),
    # In the article KL divergence stands under similarity. It compares distributions, is not symmetric
    # and is no distance, so it has a task of its own.
    "distribution": Task("a whole distribution, such as a teacher's; p and q are rows of probabilities", {
        "known": Leaf("the distribution to be met is known", "losses.kl_divergence(q, p)",
                      "The information lost when q is taken for p; 0 only if they are equal."),
        "sampled": Leaf("only samples of it are known", "losses.cross_entropy(pred, label)",
                        "KL divergence but for a constant, the entropy of p: the same slope, and p is not "
                        "needed."),
    }),
}


def recommend(task: str, data: str) -> Leaf:
    """The leaf for a task and what the data are like. Raises ValueError for one that is not in `TREE`."""
    leaves = TREE[_one_of("task", task, TREE)].leaves
    return leaves[_one_of(f"data of {task}", data, leaves)]


def _one_of(name: str, given: str, choices: Mapping[str, object]) -> str:
    if given not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {given!r}.")
    return given


# ------------------------------------------------------------------------------------ the command line

def run(task: str | None, data: str | None, as_json: bool = False) -> int:
    """Ask what was not given and print the answer; 2 if there was no proper answer."""
    try:
        task = task or _ask("What is to be predicted?", {name: t.what for name, t in TREE.items()})
        leaves = TREE[_one_of("task", task, TREE)].leaves
        data = data or _ask("What are the data like?", {name: leaf.when for name, leaf in leaves.items()})
        leaf = recommend(task, data)
    except EOFError:
        print("Nobody answers; give --task and --data.", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps({"task": task, "data": data, **leaf._asdict(), "losses": leaf.losses}, indent=1))
        return 0
    screen = console()
    say(screen, leaf.call, style="bold")
    say(screen, f"    {leaf.reason}")
    if leaf.instead:
        say(screen, f"    Or try: {leaf.instead}")
    return 0


def show_tree(as_json: bool = False) -> int:
    """Print the whole tree."""
    if as_json:
        print(json.dumps({name: {"what": task.what, "leaves": {key: leaf._asdict() for key, leaf in
                                                               task.leaves.items()}}
                          for name, task in TREE.items()}, indent=1))
        return 0
    screen = console()
    for name, task in TREE.items():
        say(screen, f"{name}: {task.what}")
        for key, leaf in task.leaves.items():
            say(screen, f"    {key:<12}{leaf.when}")
            say(screen, f"{'':16}{leaf.call}")
    return 0


def _ask(question: str, choices: Mapping[str, str]) -> str:
    """One of the choices, by its name or its number; asked until it is one."""
    names = list(choices)
    print(question)
    for number, (name, text) in enumerate(choices.items(), 1):
        print(f"  {number}  {name:<12}  {text}")
    while True:
        answer = input("> ").strip().lower()
        if answer in choices:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        print(f"Type a number from 1 to {len(names)}, or a name.")
