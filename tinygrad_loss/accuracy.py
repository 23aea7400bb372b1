"""How many digits are right: every loss, on both paths, against its definition in hundreds of digits.

Each loss file has, besides its two implementations, the textbook formula of one item,
`exact(mp, *inputs, *settings)`, for numbers of any precision (`mp` is mpmath's context). This module
draws inputs that hurt (huge, tiny and subnormal numbers, kinks, ties and their neighbours, answers
that are nearly certain, infinities) and counts by how many ulp the value and the gradient miss the
truth. An ulp is the distance from the true number to the next that its dtype can hold, so that a
correctly rounded result is wrong by at most 0.5. inf counts as the next number after the largest.

    value       the formula, in as many digits as the inputs need
    gradient    its difference quotient, with a step far below the distance of any two numbers
    at a kink   any slope between those of the two sides, the same on both paths
    infinity    its limit: a number far beyond all others stands for it

Where the data cancel, no program can know the result to an ulp: the slope of a target of 0.3 is the
pull of "yes" against the pull of "no". There `exact` returns the loss as a list of terms. The terms
above 0 and those below make two sides, and errors are counted in ulp of the larger side: of the
result itself wherever only one side has terms, as it has for targets of 0 and 1. Where slopes cancel
in another way, `exact` returns the loss and lists, or a function that returns them: for each number of
each input that has slopes, the largest term of its slope. `mp.hinge(terms)` is max(0, their sum), as
terms; where the sum is less than what rounding the terms may change, no program can know its sign, and
the slopes are left out. An item both of whose sides overflow is left out: inf - inf.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from .losses import LOSSES
from .losses.arguments import PATHS
from .losses.domain import Domain
from .testing import ROWS, Case, cases

LIMITS = {"fused": 4.0, "composed": 64.0}              # ulp
DTYPES = (np.float64, np.float32)
WIDTHS = (2, 3, 5, 9, 40)                              # of rows, samples, vectors and frames
FRAMES = 6                                             # of sequences at most: all paths are listed
TOGETHER = 3                                           # items whose losses depend on each other
SLOPES = 4                                             # checked of each input of an item
INFINITY = 700                                         # 10^700 stands for it: 1e308 beside it is nothing
SIGN_IS_KNOWN = 64                                     # this many ulp of its terms away from 0


class Row(NamedTuple):
    """The worst of one case of a loss on one path in one dtype."""

    loss: str
    case: str
    path: str
    dtype: str
    items: int                                         # that were measured
    value: float                                       # ulp
    gradient: float                                    # ulp
    where: str                                         # the worse of both: its inputs and the truth

    @property
    def ok(self) -> bool:
        """Was anything measured, and is it within the limit of its path?"""
        return self.items > 0 and max(self.value, self.gradient) <= LIMITS[self.path]


def table(names: Sequence[str] = (), samples: int = 200,
          progress: Callable[[list[Any]], Any] = iter) -> list[Row]:
    """The rows of the named losses, or of all, from so many items for each case and dtype."""
    todo = [(case, dtype) for name in names or LOSSES for case in cases(LOSSES[name]) for dtype in DTYPES]
    return [row for case, dtype in progress(todo) for row in measure(case, dtype, samples)]


def measure(case: Case, dtype: Any, samples: int) -> list[Row]:
    """The worst of a case in a dtype: a row for each path."""
    value, gradient = ({path: Miss(0.0, str) for path in PATHS} for _ in range(2))
    items = 0
    for batch, inputs in draw(case, dtype, samples):
        found = {path: run(batch, inputs, path) for path in PATHS}
        for i, truth in truths(batch, inputs, dtype):
            items += 1
            fused = [s[i] for s in found["fused"][1]]
            for path, (values, slopes) in found.items():
                value[path] = worse(value[path], truth.miss("value", values.reshape(-1)[i], truth.value))
                gradient[path] = worse(gradient[path], truth.miss_of_slopes([s[i] for s in slopes], fused))
    return [Row(case.loss.name, str(case), path, np.dtype(dtype).name, items, value[path].ulp,
                gradient[path].ulp, worse(value[path], gradient[path]).where()) for path in PATHS]


def run(batch: Case, inputs: list[np.ndarray], path: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """The values and the slopes of single items, which inputs and slopes have on their first axis. Where the
    items of a batch depend on each other, they are one: inputs and slopes have a single batch there."""
    if batch.loss.family.coupled:
        value, slopes = batch.run([x[0] for x in inputs], reduction="sum", path=path)
        return value, [slope[None] for slope in slopes]
    axis = batch.loss.family.batch_axis
    values, slopes = batch.run([np.moveaxis(inputs[0], 0, axis), *inputs[1:]], reduction="none", path=path)
    return values, [np.moveaxis(slopes[0], axis, 0), *slopes[1:]]


# ------------------------------------------------------------------------------------------- truth

class Miss(NamedTuple):
    """By how much a result is wrong, and a function that says where."""

    ulp: float
    where: Callable[[], str]


def worse(a: Miss, b: Miss) -> Miss:
    """The larger of two misses."""
    return a if a.ulp >= b.ulp else b


class Span(NamedTuple):
    """A true number, or at a kink all numbers between two; and the scale of its ulp."""

    low: Any
    high: Any
    scale: Any


class Truth(NamedTuple):
    """All that is known about one item, and in which precision."""

    mp: Any
    dtype: Any
    inputs: list[Any]                                  # as drawn
    value: Span
    slopes: dict[tuple[int, int], Span]                # by input and place

    def miss_of_slopes(self, slopes: list[Any], fused: list[Any]) -> Miss:
        """The largest error of the slopes; at kinks also their distance from those of the fused path."""
        worst = Miss(0.0, str)
        for (k, j), span in self.slopes.items():
            spans, same = [span], fused[k].reshape(-1)[j]
            if span.low < span.high and np.isfinite(same):
                spans.append(Span(self.mp.mpf(float(same)), self.mp.mpf(float(same)), span.scale))
            for each in spans:
                name, slope = f"slope {j} of input {k}", slopes[k].reshape(-1)[j]
                worst = worse(worst, self.miss(name, slope, each))
        return worst

    def miss(self, name: str, found: Any, span: Span) -> Miss:
        """The distance of what was found from the truth."""
        def where() -> str:
            return (f"{name} is {found}, should be {mp.nstr(span.low, 8)}, for "
                    + ", ".join(str(x.tolist()) for x in self.inputs))

        mp, info = self.mp, np.finfo(self.dtype)
        if np.isnan(found):
            return Miss(np.inf, where)
        beyond = mp.mpf(2) ** info.maxexp
        low, high, x = (max(-beyond, min(mp.mpf(y), beyond)) for y in (span.low, span.high, float(found)))
        exponent = mp.mag(min(span.scale, beyond)) if span.scale else info.minexp
        spacing = mp.mpf(2) ** int(max(exponent - info.nmant - 1, info.minexp - info.nmant))
        return Miss(float(max(low - x, x - high, 0) / spacing), where)


def truths(case: Case, inputs: list[np.ndarray], dtype: Any) -> Iterator[tuple[int, Truth]]:
    """The truth about each item of a batch that has one."""
    for i in range(len(inputs[0])):
        with suppress(ArithmeticError):                # 0/0 and inf - inf have no truth
            yield i, truth(case, [x[i] for x in inputs], dtype)


def truth(case: Case, item: list[Any], dtype: Any) -> Truth:
    """The value of an item and, by differences, some of its slopes."""
    finite = [float(np.abs(x[np.isfinite(x)]).max(initial=1.0)) for x in item]
    large = max(map(np.log10, finite)) if all(np.isfinite(x).all() for x in item) else INFINITY
    mp, step = context(dtype, -int(-large // 100) * 100)
    exact: Any = case.loss.exact
    numbers = [_numbers(mp, x) for x in item]
    settings = [_numbers(mp, np.asarray(x)) for x in case.settings.values()]

    def formula(k: int, x: Any) -> tuple[list[Any], list[Any]]:
        result = exact(mp, *numbers[:k], x, *numbers[k + 1:], *settings)
        terms, scales = result if isinstance(result, tuple) else (result, [])
        return terms if isinstance(terms, list) else [terms], scales

    mp.sign_is_known = True                            # until mp.hinge finds otherwise
    middle, scales = formula(0, numbers[0])
    scales = scales() if callable(scales) else scales
    if min(_sides(middle)) > mp.mpf(float(np.finfo(dtype).max)):
        raise ArithmeticError("inf - inf")
    slopes = {}
    for k, j in _places(case, item) if mp.sign_is_known and all(map(mp.isfinite, middle)) else []:
        before, after = (formula(k, _moved(numbers[k], j, by))[0] for by in (-step, step))
        slopes[k, j] = _slope(before, middle, after, step, scales[k][j] if scales else 0)
    return Truth(mp, dtype, item, Span(sum(middle), sum(middle), max(_sides(middle))), slopes)


def _moved(x: Any, j: int, by: Any) -> Any:
    """x with its number j moved; or x itself moved, where it is a number. Rows count one after the other."""
    if not isinstance(x, list):
        return x + by
    k, j = divmod(j, len(x[0])) if isinstance(x[0], list) else (j, 0)
    return [*x[:k], _moved(x[k], j, by), *x[k + 1:]]


def _slope(before: list[Any], middle: list[Any], after: list[Any], step: Any, scale: Any) -> Span:
    """The slopes on both sides; where they differ, there is a kink."""
    left, right = ([(b - a) / step for a, b in zip(x, y, strict=True)]
                   for x, y in ((before, middle), (middle, after)))
    low, high = sorted([sum(left), sum(right)])
    if high - low < 1e-9 * max(abs(low), abs(high)):
        low = high = (low + high) / 2
    return Span(low, high, max(scale, *_sides(left), *_sides(right)))


def _sides(terms: list[Any]) -> tuple[Any, Any]:
    """What the terms above 0 add up to, and those below."""
    return sum(x for x in terms if x > 0), -sum(x for x in terms if x < 0)


def _numbers(mp: Any, x: Any) -> Any:
    """An array as numbers that `exact` understands; labels, counts and choices stay what they are."""
    if x.ndim:
        return [_numbers(mp, number) for number in x]
    if x.dtype.kind != "f":
        return x.item()
    return mp.mpf(float(x)) if np.isfinite(x) else mp.mpf(int(np.sign(x)) * 10 ** INFINITY)


def _places(case: Case, item: list[Any]) -> list[tuple[int, int]]:
    """Which slopes to check: the label's, those of the largest and the smallest input, and others."""
    places = []
    for k, x in enumerate(map(np.ravel, item[:case.loss.family.differentiated])):
        label = [int(item[1])] if case.domains[1].kind == "labels" else []
        chosen = [*label, int(np.argmax(x)), int(np.argmin(x)), x.size // 2, *range(x.size)]
        if case.domains[k].kind in ROWS:               # at probability 0 ends the domain; a slope is a rule
            chosen = [j for j in chosen if (x[j] if case.domains[k].kind == "rows" else np.exp(x[j])) > 0]
        places += [(k, j) for j in list(dict.fromkeys(chosen))[:SLOPES]]
    return places


@cache
def context(dtype: Any, large: int) -> tuple[Any, Any]:
    """mpmath's context for inputs up to 10^large, with what formulas need besides; and a step."""
    try:
        import mpmath  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError("The accuracy table needs mpmath. Run pip install 'tinygrad_loss[test]'.") from None
    info, mp = np.finfo(dtype), mpmath.MPContext()
    tiny = int(-np.log10(float(info.tiny))) + info.precision + 20        # 10^-tiny is below any distance
    mp.dps = 2 * tiny + 2 * large + 50                 # for a square, its difference, and its slope
    exp, third = mp.exp, mp.mpf(1) / 3

    def exp_of_all(x: Any) -> Any:                     # of a huge integer, mpmath multiplies e by itself
        if x < -mp.mpf(10) ** (INFINITY // 2):
            return mp.zero                             # x stands for -inf
        return exp(x + third) / exp(third) if abs(x) > 2000 else exp(x)

    def hinge(terms: list[Any]) -> list[Any]:          # max(0, gap) = gap + max(0, -gap)
        gap, rounding = sum(terms), max(float(info.eps) * max(_sides(terms)), float(info.smallest_subnormal))
        mp.sign_is_known &= gap == 0 or abs(gap) > SIGN_IS_KNOWN * rounding
        return [*terms, max(0, -gap)]
    mp.largest = float(info.max)                       # beyond, numbers of this dtype are inf
    mp.exp, mp.hinge = lru_cache(10_000)(exp_of_all), hinge          # of many inputs, one moves at a time
    return mp, mp.mpf(10) ** -tiny


# ----------------------------------------------------------------------------------- inputs that hurt

def draw(case: Case, dtype: Any, samples: int) -> Iterator[tuple[Case, list[np.ndarray]]]:
    """Batches of inputs, with the case they belong to: its settings complete."""
    rng = np.random.default_rng(0)
    widths = (1,) if case.loss.family.name == "elementwise" else WIDTHS
    for width in widths:
        n = -(-samples // len(widths))
        batch = Case(case.loss, _complete(case, width, rng), case.domains)
        items = [draw_whole(batch, width, dtype, rng) for _ in range(n)]
        inputs = [np.stack(x) for x in zip(*items, strict=True)]
        if case.loss.family.flat:
            inputs = [x.reshape(-1) for x in inputs]
        if run(batch, inputs, "composed")[0].ndim:
            yield batch, inputs
        else:                                          # the whole batch would be one item
            yield from ((batch, [x[i:i + 1] for x in inputs]) for i in range(n))


def _complete(case: Case, width: int, rng: np.random.Generator) -> dict[str, Any]:
    """All settings; weights are one for each class, some of them 0."""
    settings = {**case.loss.defaults, **case.settings}
    for name, value in settings.items():
        domain = case.loss.domains[name]
        if isinstance(domain, Domain) and domain.kind == "class weights":
            settings[name] = (np.ones(width) if value is None
                              else domain.draw(rng, (width,)) * (rng.random(width) > 0.1))
    return settings


def draw_whole(case: Case, width: int, dtype: Any, rng: np.random.Generator) -> list[Any]:
    """The inputs of one item, or of a few that depend on each other."""
    if not case.loss.family.coupled:
        return draw_item(case, width, dtype, rng)
    items = [draw_item(case, width, dtype, rng) for _ in range(TOGETHER)]
    return [np.stack(x) for x in zip(*items, strict=True)]


def draw_item(case: Case, width: int, dtype: Any, rng: np.random.Generator) -> list[Any]:
    """The inputs of one item; often a second input is a close relative of the first."""
    item: list[Any] = []
    shape = (width,) if len(case.shape) < 3 else (min(width, FRAMES), max(width, 3))
    for domain in case.domains:
        if domain.kind == "labels":
            item.append(domain.draw(rng, shape) if rng.random() < 0.5 else np.argmax(item[0]))
        elif domain.kind in ("label lists", "spelling", "lengths"):
            item.append(np.asarray(domain.draw(rng, shape)))
        elif domain.kind == "choices":
            item.append(np.asarray(domain.draw(rng, (width,)), dtype))
        elif domain.kind in ROWS:
            item.append(_row(domain, item, width, dtype, rng) if len(shape) == 1
                        else _frames(domain, shape, dtype, rng))
        elif item and domain is case.domains[0] and rng.random() < 0.6:
            item.append(_relative(item[0], case, dtype, rng))
        else:
            item.append(_numbers_that_hurt(domain, width, dtype, rng))
    unbounded = case.domains[0].kind == "elements" and case.domains[0].holds(-np.inf)
    if case.loss.family.differentiated == 1 and unbounded and rng.random() < 0.05:
        chosen = rng.random(width) < 0.5
        chosen[rng.integers(width)] = width == 1       # not all: a row of nothing but -inf has no softmax
        item[0][chosen] = rng.choice([-np.inf, np.inf], width)[chosen]
    return item


def _numbers_that_hurt(domain: Domain, width: int, dtype: Any, rng: np.random.Generator) -> Any:
    """A vector in one style of many, held within the domain."""
    info = np.finfo(dtype)
    tiny, far = float(info.smallest_subnormal), 1.02 * np.log(float(info.max))     # exp overflows at far
    special = [0.0, -0.0, tiny, float(info.tiny), 10.0 ** int(np.log10(info.max)), float(info.max),
               1 - info.epsneg, 1 + info.eps, 1.0, 2.0, 40.0, far, *domain.examples]
    sign, hot = rng.choice([-1.0, 1.0], width), np.arange(width) == rng.integers(width)

    def magnitude(n: int) -> Any:
        return 10.0 ** rng.uniform(np.log10(tiny), np.log10(float(info.max)), n)

    styles: list[Callable[[], Any]] = [
        lambda: rng.standard_normal(width),
        lambda: rng.uniform(-far, far, width),
        lambda: sign * magnitude(width),
        lambda: sign * magnitude(1) * rng.random(width),                             # all alike
        lambda: sign * rng.choice(special, width),
        lambda: sign * float(info.max) * rng.uniform(0.4, 1, width),                 # differences overflow
        lambda: rng.choice(domain.examples or (-1.0, 0.0, 1.0), width),              # kinks and ties
        lambda: rng.integers(-3, 4, width) * rng.choice([1.0, 1.0, tiny]),
        lambda: rng.integers(0, 2, width) + sign * 10.0 ** rng.uniform(-17, -1, width),
        lambda: np.where(hot, 0.0, -rng.exponential(rng.choice([5, 50]), width)),    # nearly certain
        lambda: 10.0 ** rng.uniform(0, 10) + rng.standard_normal(width) * 10.0 ** rng.uniform(-8, 2),
    ]
    return _held(domain, styles[rng.integers(len(styles))]().astype(dtype), rng)


def _held(domain: Domain, x: Any, rng: np.random.Generator) -> Any:
    """x where it is allowed, else something allowed made of it, else a draw from the domain."""
    held = np.asarray(domain.draw(rng, x.shape)).astype(x.dtype)
    with np.errstate(all="ignore"):
        for y in (1 / abs(x), abs(x), x):
            held = np.where(domain.holds(y), y, held)
    return held


def _relative(x: Any, case: Case, dtype: Any, rng: np.random.Generator) -> Any:
    """Equal to x, a neighbour of it, or away from it by a setting, where kinks are; or its opposite."""
    steps = [dtype(v) for v in case.settings.values() if isinstance(v, float)] or [dtype(1)]
    with np.errstate(all="ignore"):
        near = [x, np.nextafter(x, dtype(0)), np.nextafter(x, dtype(9)), x + rng.choice(steps),
                x - rng.choice(steps), x * dtype(rng.uniform(1 - 1e-6, 1 + 1e-6)), -x]
    size = x.shape if rng.random() < 0.5 else (1,)     # each number its own relation, or all the same
    chosen = np.choose(rng.integers(len(near), size=size), near).astype(dtype)
    return _held(case.domains[0], np.where(np.isfinite(chosen), chosen, x), rng)


def _row(domain: Domain, item: list[Any], width: int, dtype: Any, rng: np.random.Generator) -> Any:
    """Probabilities or their logarithms; often those of the first input, or nearly."""
    p = _probabilities(width, dtype, rng)
    if item and rng.random() < 0.3 and (item[0] >= 0).all() and (item[0] <= 1).all():
        if abs(np.sum(item[0]) - 1) < 1e-3:
            p = item[0] + rng.choice([0.0, 1e-12, 1e-6, 0.1]) * (p - item[0])
    p = p.astype(dtype)
    with np.errstate(divide="ignore"):
        return p if domain.kind == "rows" else np.log(p)


def _frames(domain: Domain, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> Any:
    """A row for each frame, mostly without a 0: with a few of them, nothing would be possible."""
    rows = np.stack([_row(domain, [], shape[-1], dtype, rng) for _ in range(shape[0])])
    tiny = np.finfo(dtype).tiny if domain.kind == "rows" else np.log(np.finfo(dtype).tiny)
    return np.maximum(rows, tiny) if rng.random() < 0.8 else rows


def _probabilities(width: int, dtype: Any, rng: np.random.Generator) -> Any:
    """A row that sums to 1: certain, nearly certain, with zeros, or of any kind."""
    p, first = rng.dirichlet(np.ones(width)), rng.integers(width)
    tiny = 10.0 ** rng.uniform(0.9 * np.log10(float(np.finfo(dtype).tiny)), -1, width)
    p = [p, p * 0, p * tiny, p * (rng.random(width) < 0.5)][rng.integers(4)]
    p[first] = 0
    p[first] = 1 - p.sum()
    return p


# ---------------------------------------------------------------------------------------- the table

def main(names: Sequence[str] = (), samples: int = 200, json: bool = False) -> int:
    """Print the worst errors of each loss; 1 if one of them is over the limit of its path."""
    from rich.console import Console
    from rich.progress import track

    err = Console(stderr=True)
    rows = table(names, samples, lambda todo: track(todo, "measuring", console=err, transient=True,
                                                    disable=not err.is_terminal))
    if json:
        print(json_format.dumps([{**row._asdict(), "ok": row.ok} for row in rows], indent=1))
    else:
        _print(rows, Console())
    return int(not all(row.ok for row in rows))


def _print(rows: list[Row], screen: Any) -> None:
    """A line for each loss and dtype with the worst over its cases; then what is over a limit."""
    from rich import box
    from rich.table import Table

    shown = Table("loss", "dtype", title="worst errors in ulp", box=box.SIMPLE)
    columns = [(path, kind) for path in PATHS for kind in ("value", "gradient")]
    for path, kind in columns:
        shown.add_column(f"{path}\n{kind}", justify="right")
    for loss, dtype in dict.fromkeys((row.loss, row.dtype) for row in rows):
        own = [row for row in rows if (row.loss, row.dtype) == (loss, dtype)]
        worst = [max(getattr(row, kind) for row in own if row.path == path) for path, kind in columns]
        shown.add_row(loss, dtype, *(f"{x:.2f}" if x < 1000 else f"[red]{x:.0e}" for x in worst))
    screen.print(shown)
    screen.print("limits: " + ", ".join(f"{path} {limit:g} ulp" for path, limit in LIMITS.items()))
    for row in rows:
        if not row.ok:
            screen.print(f"OVER THE LIMIT: {row.case}, {row.path}, {row.dtype}: {row.where}", markup=False,
                         highlight=False, soft_wrap=True)
