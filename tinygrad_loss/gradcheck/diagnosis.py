"""From what is wrong to what was done wrong.

    zero, sign, factor     the whole gradient is a multiple of the right one
    upstream               it would be right if ones, or a single number, arrived from above
    transposed, permuted   the right numbers stand in other places
    branch                 a condition on the inputs tells the wrong elements from the right ones
    element                one or a few elements are wrong
    other                  none of these
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import conditions
from .factors import name_factor
from .programs import Program
from .witnesses import Element, Evidence, Witness

FLOAT32 = 6e-8                              # half of the distance of its neighbours, relative
SOME = 4                                    # elements that must agree before all are asked
TOGETHER = 6                                # more elements than these: one that is wrong is no branch


class Diagnosis(NamedTuple):
    """What was done wrong: a name, the factor where there is one, and words."""

    name: str
    factor: float | None
    pattern: str                            # where and by how much
    mistake: str = ""                       # what usually leads to it


def diagnose(program: Program, yours: np.ndarray, elements: Sequence[Element]) -> Diagnosis:
    """The pattern behind the wrong elements of one gradient."""
    sure = [e for e in elements if not e.at_kink and np.isfinite(e.numbers)] or list(elements)
    y, numbers, allowed = (np.array([getattr(e, a) for e in sure]) for a in ("yours", "numbers", "allowed"))
    return (_rounded(y, numbers, allowed)
            or _multiple(program, sure[0].input, y, numbers, allowed)
            or _upstream(program, sure, y, allowed)
            or _moved(yours, sure, numbers, allowed)
            or _vague(y, numbers)
            or _whole(y, numbers)
            or _subset(program, sure, y, numbers)
            or _displaced(sure)
            or _line_by_line(sure)
            or Diagnosis("other", None, "no single factor, place or condition explains it"))


def exchanged(program: Program, yours: Sequence[np.ndarray], evidence: Sequence[Evidence]) -> str:
    """Is the gradient of one input that of another, and the other way round? In words; else nothing."""
    def is_of(found: Evidence, d: np.ndarray) -> bool:
        return bool(found.elements) and all(abs(d[e.place] - e.numbers) <= e.allowed for e in found.elements)

    wrong = [i for i, found in enumerate(evidence) if any(e.is_wrong for e in found.elements)]
    for i, j in itertools.combinations(wrong, 2):
        same = yours[i].shape == yours[j].shape
        if same and is_of(evidence[i], yours[j]) and is_of(evidence[j], yours[i]):
            one, other = (program.names[program.at[k]] for k in (i, j))
            return f"the gradients of {one} and {other} are exchanged"
    return ""


# --------------------------------------------------------------------------------------- a multiple

def _multiple(program: Program, k: int, y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray
              ) -> Diagnosis | None:
    """Is it the right gradient, but for a factor?"""
    factor = _factor(y, numbers, allowed)
    if factor is None or y.size == 1 and program.inputs[k].size > 1:
        return None
    if abs(factor) < 1e-9:
        return Diagnosis("zero", 0.0, "it is 0 everywhere, the right one is not",
                         "nothing flows: a detached value, or a result that was never returned")
    if abs(factor + 1) < 1e-6:
        return Diagnosis("sign", factor, "it is exactly minus the right one",
                         "prediction and target exchanged, or a minus lost")
    text, mistake = name_factor(program, k, factor)
    return Diagnosis("factor", factor, f"it is the right one times {text}", mistake)


def _factor(y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray) -> float | None:
    """The number by which all of `numbers` must be multiplied to give y; None if there is none."""
    scale = float(np.max(np.abs(numbers), initial=0.0))
    if not scale > 0:
        return None
    unit = numbers / scale
    factor = float((y / scale) @ unit / (unit @ unit))
    fits = np.abs(y - factor * numbers) <= allowed * max(1.0, abs(factor)) + 1e-9 * np.abs(factor * numbers)
    return factor if fits.all() else None


# ------------------------------------------------------------------------------ upstream, and places

def _upstream(program: Program, elements: Sequence[Element], y: np.ndarray, allowed: np.ndarray
              ) -> Diagnosis | None:
    """Would it be right if something simpler arrived from above?"""
    if program.value_above is None or not program.output:
        return None
    k, ones = elements[0].input, np.ones(program.output)
    simple = program._replace(value=lambda xs: program.value_above(xs, ones))            # type: ignore[misc]
    witness = Witness(simple, k, program.inputs[k] * 0.0, np.random.default_rng(0), noise=0.0)

    def factor_of(count: int) -> float | None:
        numbers = np.array([witness.line(e.place).value for e in elements[:count]])
        return _factor(y[:count], numbers, allowed[:count] * 10)
    factor = None if factor_of(SOME) is None else factor_of(len(elements))   # some show most often: no
    if factor is None or not 1e-2 < abs(factor) < 1e2:
        return None
    ignored = abs(factor - 1) < 1e-6
    return Diagnosis("upstream", None if ignored else factor,
                     "it would be right if " + ("ones" if ignored else f"{factor:.6g} everywhere")
                     + " had arrived from above",
                     "the gradient from above is not multiplied in" if ignored else
                     "of what arrives from above, one number is used for all")


def _moved(yours: np.ndarray, elements: Sequence[Element], numbers: np.ndarray, allowed: np.ndarray
           ) -> Diagnosis | None:
    """Do the right numbers stand elsewhere?"""
    if np.ptp(numbers) <= 4 * allowed.max():
        return None
    for words, name, moved in _rearranged(yours, exchanges=len(elements) == yours.size):
        found = np.array([moved[e.place] for e in elements])
        if (np.abs(found - numbers) <= 2 * allowed + 1e-9 * np.abs(numbers)).all():
            return Diagnosis(name, None, words, "axes exchanged" if name == "transposed" else
                             "an index that is one off, or rows in another order")
    return _exchanged(elements)


def _exchanged(elements: Sequence[Element]) -> Diagnosis | None:
    """Do those that are wrong hold one another's numbers?"""
    wrong = [e for e in elements if e.is_wrong]
    y, numbers, allowed = (np.array([getattr(e, a) for e in wrong]) for a in ("yours", "numbers", "allowed"))
    if len(wrong) < 2 or np.ptp(np.abs(numbers)) <= 4 * allowed.max():       # signs alone are no order
        return None
    if not _same_up_to_order(y, numbers, allowed):
        return None
    words = (f"{wrong[0].name} and {wrong[1].name} are exchanged" if len(wrong) == 2 else
             "the right numbers, in another order")
    return Diagnosis("permuted", None, words, "an index, or rows in another order")


def _rearranged(yours: np.ndarray, exchanges: bool) -> Iterator[tuple[str, str, np.ndarray]]:
    """yours as it would be if its places had been confused in a common way."""
    if yours.ndim == 2:
        words = "it is the right one transposed"
        yield words, "transposed", yours.T.reshape(yours.shape)              # for a square, yours.T
        yield words, "transposed", yours.reshape(yours.shape[::-1]).T
    for axis in range(yours.ndim):
        what = {(1, 0): "elements", (2, 0): "rows", (2, 1): "columns"}.get((yours.ndim, axis), f"axis {axis}")
        for k in (1, -1, 2, -2):
            words = f"its {what} stand {abs(k)} place{'s' * (abs(k) > 1)} too {'early' if k > 0 else 'late'}"
            yield words, "permuted", np.roll(yours, k, axis)
        yield f"its {what} stand in reverse order", "permuted", np.flip(yours, axis)
        n = yours.shape[axis]
        for i, j in ((0, 1), (0, n - 1), (n - 2, n - 1)):
            if exchanges and 0 <= i < j < n:
                order = np.arange(n)
                order[[i, j]] = j, i
                yield f"its {what} {i} and {j} are exchanged", "permuted", np.take(yours, order, axis)


def _same_up_to_order(y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray) -> bool:
    first, second = np.argsort(y), np.argsort(numbers)
    return bool((np.abs(y[first] - numbers[second]) <= 2 * allowed[second]).all())


# --------------------------------------------------------------------------------- some of them only

def _subset(program: Program, elements: Sequence[Element], y: np.ndarray, numbers: np.ndarray
            ) -> Diagnosis | None:
    """Are only some elements wrong, or all of them but in two ways? Where any small slope would pass,
    elements tell nothing."""
    told = np.array([e.is_wrong or e.has_power for e in elements])
    elements, y, numbers = [e for e, t in zip(elements, told, strict=True) if t], y[told], numbers[told]
    wrong = np.array([e.is_wrong for e in elements])
    ratio = np.divide(y, numbers, where=numbers != 0, out=np.full(y.shape, np.nan))
    if wrong.all():
        return _two_ways(program, elements)
    there = ratio[wrong]
    same = there.size > 1 and np.ptp(there) <= 1e-6 * np.max(np.abs(there), initial=0.0)
    factor, mistake = name_factor(program, elements[0].input, float(there[0]))
    how = ("always 0" if not y[wrong].any() else "it should be 0" if not numbers[wrong].any() else
           f"always {factor} of it" if same
           else f"{factor} of it" if there.size == 1 else "off by various factors")
    few = np.count_nonzero(wrong) <= max(1, len(elements) // 50)
    slight = not np.isnan(there).any() and bool((np.abs(there - 1) < 0.2).all())
    slip = few and (len(elements) > TOGETHER or slight)      # one number that is off makes no branch
    if there.size > 1 and not same and np.count_nonzero(~wrong) <= max(1, len(elements) // 50):
        return None                                          # one that is right among many wrong is chance
    condition = "" if slip else conditions.describe(program, elements, wrong)
    if condition:
        usual = ("a branch is missing, or its threshold looks at the wrong side" if not y[wrong].any()
                 else mistake if same and mistake else "one branch of the formula has another slope")
        return Diagnosis("branch", None, f"wrong where {condition}: there {how}; right elsewhere", usual)
    if np.count_nonzero(wrong) <= max(2, len(elements) // 20):
        names = ", ".join(e.name for e in elements if e.is_wrong)
        return Diagnosis("element", None, f"only {names}: {how}", "an index, or the end of a loop")
    return None


def _two_ways(program: Program, elements: Sequence[Element]) -> Diagnosis | None:
    """Two factors, told apart by a condition?"""
    known = sorted([e for e in elements if e.numbers], key=lambda e: -abs(e.numbers))
    if len(known) < 4:
        return None
    one = known[0].yours / known[0].numbers                  # of the largest slopes, the surest
    first = np.array([_has_ratio(e, one) for e in known])
    rest = [e for e, f in zip(known, first, strict=True) if not f]
    other = rest[0].yours / rest[0].numbers if rest else one
    apart = abs(one - other) > 1e-3 * max(abs(one), abs(other))
    condition = conditions.describe(program, known, first) if apart else ""
    if not condition or not all(_has_ratio(e, other) for e in rest):
        return None
    return Diagnosis("branch", None, f"{one:.6g} of it where {condition}, elsewhere {other:.6g}",
                     "two classes or branches are exchanged, or weighted alike")


def _has_ratio(e: Element, ratio: float) -> bool:
    """Is it right, but for this factor?"""
    away = abs(e.yours - ratio * e.numbers)
    return away <= e.allowed * max(1.0, abs(ratio)) + 1e-6 * abs(ratio * e.numbers)


def _displaced(elements: Sequence[Element]) -> Diagnosis | None:
    """Is it off by the same number everywhere, up here and down there?"""
    wrong = [e for e in elements if e.is_wrong]
    gaps, vague = np.array([e.yours - e.numbers for e in wrong]), max((e.allowed for e in wrong), default=0.0)
    if gaps.size < 2 or np.ptp(np.abs(gaps)) > 1e-6 * np.max(np.abs(gaps)) + vague:
        return None
    if np.ptp(gaps) <= 2 * vague + 1e-6 * np.max(np.abs(gaps)):
        much = f"too {'large' if gaps[0] > 0 else 'small'} by {abs(gaps[0]):.4g} wherever it is wrong"
        return Diagnosis("other", None, much, "a constant that does not belong there, an epsilon perhaps")
    return Diagnosis("other", None, f"off by {abs(gaps[0]):.6g}, up or down, wherever it is wrong",
                     "what is counted once stands in the wrong place: the 1 of a label, perhaps")


def _line_by_line(elements: Sequence[Element]) -> Diagnosis | None:
    """Has each row, or each column, a factor of its own?"""
    for axis, kind in enumerate(("row", "column") if len(elements[0].place) == 2 else ()):
        known = sorted([e for e in elements if e.numbers], key=lambda e: abs(e.numbers))
        surest = {e.place[axis]: e.yours / e.numbers for e in known}           # the largest of each line
        if 2 * len(surest) <= len(known) and all(_has_ratio(e, surest[e.place[axis]]) for e in known):
            return Diagnosis("other", None, f"each {kind} is right but for a factor of its own",
                             "a weight that is missing, or a sum along the wrong axis")
    return None


def _rounded(y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray) -> Diagnosis | None:
    """Is it the right one, rounded to float32?"""
    if (np.abs(y - numbers) <= FLOAT32 * np.abs(numbers) + allowed).all():
        return Diagnosis("other", None, "right to seven digits, no more",
                         "rounded to float32 somewhere, or itself made of differences")
    return None


def _whole(y: np.ndarray, numbers: np.ndarray) -> Diagnosis | None:
    """Is it the right one, cut off to integers?"""
    if y.any() and (y == np.trunc(numbers * (1 + 1e-6))).all():
        return Diagnosis("other", None, "the right one without what stands behind the point",
                         "an array of integers holds no fractions")
    return None


def _vague(y: np.ndarray, numbers: np.ndarray) -> Diagnosis | None:
    """Is it only as right as a computation in float32 can be?"""
    gap, size = np.max(np.abs(y - numbers)), np.max(np.abs(numbers))
    scattered = np.count_nonzero(np.abs(y - numbers) > 1e-9 * np.abs(numbers)) > y.size / 2
    if gap < 8 * FLOAT32 * size and scattered:
        return Diagnosis("other", None, f"it is right to {gap / size:.0e} of it, no more",
                         "computed in float32 somewhere")
    return None
