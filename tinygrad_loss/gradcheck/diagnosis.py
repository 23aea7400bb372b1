"""From what is wrong to what was done wrong.

    zero, sign, factor     the whole gradient is a multiple of the right one
    upstream               it would be right if ones, or a single number, arrived from above
    transposed, permuted   the right numbers stand in other places
    branch                 a condition on the inputs tells the wrong elements from the right ones
    element                one or a few elements are wrong
    other                  none of these
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import conditions
from .programs import Program
from .witnesses import Element, Witness

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
            or _subset(program, sure, y, numbers)
            or _displaced(sure)
            or Diagnosis("other", None, "no single factor, place or condition explains it"))


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
    return Diagnosis("factor", factor, f"it is {text} times the right one", mistake)


def _factor(y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray) -> float | None:
    """The number by which all of `numbers` must be multiplied to give y; None if there is none."""
    scale = float(np.max(np.abs(numbers), initial=0.0))
    if not scale > 0:
        return None
    unit = numbers / scale
    factor = float((y / scale) @ unit / (unit @ unit))
    fits = np.abs(y - factor * numbers) <= allowed * max(1.0, abs(factor)) + 1e-9 * np.abs(factor * numbers)
    return factor if fits.all() else None


def name_factor(program: Program, k: int, factor: float) -> tuple[str, str]:
    """A factor in words, such as 'n', and where it usually comes from."""
    for number, words, mistake in _known_factors(program, k):
        if number and abs(factor - number) <= 1e-6 * abs(number):
            return f"{factor:.6g} = {words}", mistake
    return f"{factor:.6g}", ""


def _known_factors(program: Program, k: int) -> Iterator[tuple[float, str, str]]:
    yield 2.0, "2", "the 1/2 of a square was forgotten, or counted in the loss alone"
    yield 0.5, "1/2", "the 2 that comes down from a square was lost"
    x = program.inputs[k]
    counts = [(x.size, "the number of elements")]
    if x.ndim > 1:
        counts += [(x.shape[0], "the number of rows"), (x.shape[-1], "the number of columns")]
    counts += [(int(np.prod(program.output)), "the number of results")]
    for n, words in counts:
        yield float(n), f"n, {words}", "the loss is a mean, the gradient that of the sum: divide by n"
        yield 1.0 / n if n else 0.0, f"1/n, n being {words}", "divided by n once too often"
        yield -float(n), f"-n, n being {words}", "a sign, and the mean's 1/n"
        yield (n - 1) / n if n else 0.0, f"(n - 1)/n, n being {words}", "n - 1 and n were confused"
        yield n / (n - 1) if n > 1 else 0.0, f"n/(n - 1), n being {words}", "n - 1 and n were confused"
    single = {program.names[j]: float(other.reshape(-1)[0]) for j, other in enumerate(program.inputs)
              if other.size == 1 and j != k and other.dtype.kind in "fiu"}
    for name, value in {**program.constants, **single}.items():
        if value not in (0.0, 1.0, -1.0):
            yield value, f"{name}", f"{name} is a factor too many"
            yield 1.0 / value, f"1/{name}", f"the factor {name} is missing"
    yield -2.0, "-2", "a sign, and the 2 of a square"
    yield -0.5, "-1/2", "a sign, and the 2 of a square"


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
    if len(elements) == yours.size and _same_up_to_order(yours.reshape(-1), numbers, allowed):
        return Diagnosis("permuted", None, "the right numbers, in another order", "rows in another order")
    return None


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
    how = ("always 0" if not y[wrong].any() else f"always {factor} of it" if same
           else f"{factor} of it" if there.size == 1 else "off by various factors")
    few = np.count_nonzero(wrong) <= max(1, len(elements) // 50)
    slight = not np.isnan(there).any() and bool((np.abs(there - 1) < 0.2).all())
    slip = few and (len(elements) > TOGETHER or slight)      # one number that is off makes no branch
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
    condition = conditions.describe(program, known, first)
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
    gaps = np.array([e.yours - e.numbers for e in elements if e.is_wrong])
    if gaps.size < 2 or np.ptp(np.abs(gaps)) > 1e-6 * np.max(np.abs(gaps)):
        return None
    return Diagnosis("other", None, f"off by {abs(gaps[0]):.6g}, up or down, wherever it is wrong",
                     "what is counted once stands in the wrong place: the 1 of a label, perhaps")


def _rounded(y: np.ndarray, numbers: np.ndarray, allowed: np.ndarray) -> Diagnosis | None:
    """Is it the right one, rounded to float32?"""
    if (np.abs(y - numbers) <= FLOAT32 * np.abs(numbers) + allowed).all():
        return Diagnosis("other", None, "right to seven digits, no more", "rounded to float32 somewhere")
    return None


def _vague(y: np.ndarray, numbers: np.ndarray) -> Diagnosis | None:
    """Is it only as right as a computation in float32 can be?"""
    gap, size = np.max(np.abs(y - numbers)), np.max(np.abs(numbers))
    scattered = np.count_nonzero(np.abs(y - numbers) > 1e-9 * np.abs(numbers)) > y.size / 2
    if gap < 8 * FLOAT32 * size and scattered:
        return Diagnosis("other", None, f"it is right to {gap / size:.0e} of it, no more",
                         "computed in float32 somewhere")
    return None
