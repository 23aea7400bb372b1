"""What kind of function each loss is, at its default settings: `tinygrad-loss losses --properties`.

Nothing here is typed in by hand. Some properties follow from a loss's record, whose claims the laws
verify; the others are found out by trying.

    convex           chords lie above the graph                                     claimed
    differentiable   one slope everywhere                                           no kinks declared
    Lipschitz        the steepest slope there is                                    claimed
    symmetric        the first two inputs may be exchanged                          claimed
    bounded          no item costs more than some limit                             tried
    robust           no item, however wrong, pulls harder than some limit           tried
    calibrated       what the best constant prediction says where several classes   tried
                     are possible: their "probability", or only which of them is
                     the likeliest, a "decision"; or neither, "no"
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from .losses.domain import Domain
from .losses.loss import Loss
from .testing import Case, cases

FAR, FARTHER = (1e-2, 1e2), (1e-6, 1e6)                # factors; what grows between them has no limit
GROWS = 1.5                                            # a logarithm grows by 3, a softplus by nothing
CHANCES = (0.1, 0.3, 0.45, 0.55, 0.7, 0.9)             # of the second of two classes


class Properties(NamedTuple):
    """One row of the table."""

    convex: bool
    differentiable: bool
    lipschitz: float                                   # inf: there is no steepest slope
    symmetric: bool
    bounded: bool
    robust: bool
    calibrated: str                                    # "": there are no classes


def properties(loss: Loss) -> Properties:
    """What kind of function a loss is."""
    case = next(cases(loss))
    assert loss.claims is not None, f"{loss.name} claims nothing"
    convex, symmetric, lipschitz, _ = loss.claims.under(case.complete(), case.shape[-1])
    (cost, pull), (higher_cost, stronger_pull) = _largest(case, FAR), _largest(case, FARTHER)
    return Properties(convex=bool(convex), differentiable=loss.kinks is None, lipschitz=float(lipschitz),
                      symmetric=bool(symmetric), bounded=higher_cost <= GROWS * cost < math.inf,
                      robust=stronger_pull <= GROWS * pull < math.inf, calibrated=_calibrated(loss))


# -------------------------------------------------------------------------------- bounded and robust

def _largest(case: Case, scales: tuple[float, ...]) -> tuple[float, float]:
    """The largest loss and the largest slope of single items among inputs of those sizes."""
    rng = np.random.default_rng(0)
    cost = pull = 0.0
    for draw, scale, _ in itertools.product((case.draw, case.draw_corners), scales, range(25)):
        inputs = [_stretched(x, d, scale, rng) for x, d in zip(draw(rng), case.domains, strict=True)]
        costs, slopes = case.run(inputs, reduction="none", path="composed")
        cost = float(np.fmax.reduce(np.abs(costs), axis=None, initial=cost))      # 0/0 does not count
        pull = max(float(np.fmax.reduce(np.abs(slope), axis=None, initial=pull)) for slope in slopes)
    return cost, pull


def _stretched(x: Any, domain: Domain, scale: float, rng: np.random.Generator) -> Any:
    """Half of the time, numbers made larger or smaller where they may be, rows of probabilities nearly
    certain; each input by itself, or what depends on a ratio would never change."""
    if rng.random() < 0.5:
        return x
    if domain.kind == "elements":
        return np.where(domain.holds(x * scale), x * scale, x)
    if domain.kind == "rows":
        certain = np.eye(x.shape[-1])[rng.integers(x.shape[-1], size=x.shape[:-1])]
        doubt = min(scale, 1 / scale) ** 40            # 1e-80 and 1e-240: a logarithm must grow, too
        return doubt * x + (1 - doubt) * certain
    return x


# ----------------------------------------------------------------------------------------- calibrated

def _calibrated(loss: Loss) -> str:
    """What the prediction with the least expected loss tells about the chances of the classes."""
    if len(loss.input_names) != 2 or loss.family.name not in ("elementwise", "rows", "samples"):
        return ""
    kinds = [domain.kind for domain in loss.alternatives(loss.input_names[1])]
    one_of_many = loss.family.name == "rows" and kinds != ["choices"]      # else each class is a yes or no
    if not one_of_many and classes(loss) is None:
        return ""
    trials = _rows_of_three(loss) if one_of_many else _two_classes(loss)
    if all(np.max(np.abs(told - chances)) < 0.04 for chances, told in trials):
        return "probability"
    right = all(np.argmax(told) == np.argmax(chances) and np.ptp(told) > 1e-9 for chances, told in trials)
    return "decision" if right else "no"


def classes(loss: Loss) -> tuple[float, float] | None:
    """The labels of two classes, the least and the largest target; None if there is no largest."""
    domain = loss.alternatives(loss.input_names[1])[-1]
    if np.all(domain.holds(1e6)):
        return None                                    # a quantity, not a class
    allowed = [*domain.examples, *domain.draw(np.random.default_rng(0), (50,))]
    return float(min(allowed)), float(max(allowed))


def _two_classes(loss: Loss) -> list[tuple[Any, Any]]:
    """Pairs of the true chances of two classes and those that the best prediction tells."""
    scores = np.all(loss.alternatives(loss.input_names[0])[-1].holds(-8.0))
    pred = np.linspace(-8, 8, 1601) if scores else np.linspace(0, 1, 1001)
    each: dict[str, Any] = {"per_sample": True} if loss.family.name == "samples" else {}
    costs = [loss(pred[:, None], np.full((pred.size, 1), label), **each, reduction="none",
                  path="composed").numpy().reshape(-1)
             for label in classes(loss) or ()]
    found = []
    for chance in CHANCES:
        best = pred[np.nanargmin((1 - chance) * costs[0] + chance * costs[1])]
        p = 1 / (1 + math.exp(-best)) if scores else best
        found.append((np.array([1 - chance, chance]), np.array([1 - p, p])))
    return found


def _rows_of_three(loss: Loss) -> list[tuple[Any, Any]]:
    """The same for three classes; a prediction is a row of logits, probabilities or their logarithms."""
    kinds = [domain.kind for name in loss.input_names for domain in loss.alternatives(name)]
    steps = np.arange(0, 21) / 20
    if kinds[0] in ("rows", "log rows"):
        pred = np.array([[a, b, 1 - a - b] for a, b in itertools.product(steps, steps) if a + b <= 1 + 1e-9])
        told = np.clip(pred, 0, 1)
        with np.errstate(divide="ignore"):
            pred = told if kinds[0] == "rows" else np.log(told)
    else:
        pred = np.array([[a, b, 0] for a, b in itertools.product(8 * steps - 4, 8 * steps - 4)])
        told = np.exp(pred) / np.exp(pred).sum(axis=1, keepdims=True)
    row = {"labels": np.arange(3), "label lists": np.array([[c, -1, -1] for c in range(3)])}
    targets = next((rows for kind, rows in row.items() if kind in kinds), np.eye(3))
    costs = [loss(pred, np.repeat(targets[c:c + 1], len(pred), axis=0), reduction="none",
                  path="composed").numpy() for c in range(3)]
    found = []
    for chances in itertools.permutations((0.2, 0.3, 0.5)):
        best = np.nanargmin(sum(chance * cost for chance, cost in zip(chances, costs, strict=True)))
        found.append((np.array(chances), told[best]))
    return found
