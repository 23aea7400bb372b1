"""Does the checker find what is wrong? Mistakes are planted into right gradients, and it is asked.

A mistake takes a right gradient, d, and what it was computed from, and spoils it as people do. Each is
applied to every loss, from one number to 20 000; what the checker says is compared with what was planted.
`proving` does it everywhere and prints the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import methodcaller
from typing import Any, NamedTuple

import numpy as np

from ..engine import Tensor, grad, maximum, minimum, where
from ..joining import concatenate, stack
from . import gradcheck
from .report import Report

PLACES = ("permuted", "transposed")         # of a single number that is not 0, nobody can tell which
ROOM = 2 ** 24                              # numbers to remember: 128 MB
FROM = 20                                   # elements: with fewer, several mistakes may look the same


class Subject(NamedTuple):
    """A function of one array and its right gradient, which takes what arrives from above."""

    name: str
    f: Callable[[np.ndarray], np.ndarray]
    g: Callable[[np.ndarray, np.ndarray], np.ndarray]
    x: np.ndarray


def remembering(f: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """f, computed once for each x, as long as there is room: all mistakes in one subject ask for the same
    values of it."""
    known: dict[int, np.ndarray] = {}

    def remembered(x: np.ndarray) -> np.ndarray:
        key = hash(x.tobytes())
        if key in known:
            return known[key]
        y = f(x)
        if len(known) * y.size < ROOM:
            known[key] = y
        return y
    return remembered


class Mistake(NamedTuple):
    """How a gradient is spoilt, and what the checker should say."""

    name: str
    plant: Callable[[Subject], Callable[..., Any]]
    verdict: str = "WRONG"
    diagnosis: tuple[str | None, ...] = (None,)


def _of_result(change: Callable[[np.ndarray, np.ndarray], Any]) -> Callable[[Subject], Callable[..., Any]]:
    """A mistake in the result: change(d, x)."""
    return lambda subject: lambda x, above: change(np.array(subject.g(x, above)), x)


def _one(d: np.ndarray, x: np.ndarray, factor: float) -> np.ndarray:
    d.flat[np.argmax(np.abs(d))] *= factor
    return d


def _stale(subject: Subject) -> Callable[..., Any]:
    saved = subject.x.copy()                                 # right for the first inputs, and for no others
    return lambda x, above: subject.g(saved, above)


def _writes(subject: Subject) -> Callable[..., Any]:
    def gradient(x: np.ndarray, above: np.ndarray) -> np.ndarray:
        d = subject.g(x, above)
        x *= 0.5
        return d
    return gradient


def _jitters(subject: Subject) -> Callable[..., Any]:
    rng = np.random.default_rng(0)
    return lambda x, above: subject.g(x, above) * (1 + 1e-6 * rng.standard_normal())


def _raises(subject: Subject) -> Callable[..., Any]:
    def gradient(x: np.ndarray, above: np.ndarray) -> np.ndarray:
        raise KeyError("cache")
    return gradient


MISTAKES = [
    Mistake("sign turned", _of_result(lambda d, x: -d), "WRONG", ("sign",)),
    Mistake("twice", _of_result(lambda d, x: 2 * d), "WRONG", ("factor",)),
    Mistake("half", _of_result(lambda d, x: d / 2), "WRONG", ("factor",)),
    Mistake("times n", _of_result(lambda d, x: d * d.size), "WRONG", ("factor",)),
    Mistake("divided by n", _of_result(lambda d, x: d / d.size), "WRONG", ("factor",)),
    Mistake("1 % too large", _of_result(lambda d, x: 1.01 * d), "WRONG", ("factor",)),
    Mistake("zero", _of_result(lambda d, x: 0 * d), "WRONG", ("zero",)),
    Mistake("a branch dropped", _of_result(lambda d, x: np.where(x > np.median(x), 0, d)), "WRONG",
            ("branch", "zero", "element")),
    Mistake("another slope in a branch",
            _of_result(lambda d, x: np.where(np.abs(x) > np.median(np.abs(x)), 1.7 * d, d)),
            "WRONG", ("branch", "factor", "element")),
    Mistake("a signed threshold", _of_result(lambda d, x: np.where(x < np.quantile(x, 0.2), 0.4 * d, d)),
            "WRONG", ("branch", "factor", "element")),
    Mistake("alpha for alpha_t", _of_result(lambda d, x: d * np.where(x > np.median(x), 1 / 3, 3)),
            "WRONG", ("branch", "factor")),
    Mistake("5 % in one element", _of_result(lambda d, x: _one(d, x, 1.05)), "WRONG", ("element", "factor")),
    Mistake("one element forgotten", _of_result(lambda d, x: _one(d, x, 0.0)), "WRONG",
            ("element", "branch", "zero")),
    Mistake("one row off", _of_result(lambda d, x: np.roll(d, 1, 0)), "WRONG", PLACES),
    Mistake("in reverse order", _of_result(lambda d, x: d[::-1].copy()), "WRONG", PLACES),
    Mistake("columns exchanged", _of_result(lambda d, x: np.roll(d, 1, -1)), "WRONG", PLACES),
    Mistake("transposed",
            _of_result(lambda d, x: d.reshape(d.shape[::-1]).T if d.ndim == 2 else d), "WRONG",
            PLACES),
    Mistake("not times what is above", lambda s: lambda x, above: s.g(x, np.ones_like(above)), "WRONG",
            ("upstream", "factor", "zero")),
    Mistake("first number from above", lambda s: lambda x, above: s.g(x, np.full_like(above, above.flat[0])),
            "WRONG", ("upstream", "factor", "zero")),
    Mistake("float32 inside", _of_result(lambda d, x: d.astype(np.float32).astype(float)), "WRONG",
            ("other",)),
    Mistake("a saved value", _stale, "WRONG", ("other",)),
    Mistake("broadcast not undone", _of_result(lambda d, x: np.stack([d, d])), "SHAPE"),
    Mistake("summed over the rows", _of_result(lambda d, x: d.sum(0)), "SHAPE"),
    Mistake("nan in one element", _of_result(lambda d, x: _one(d, x, np.nan)), "NONFINITE"),
    Mistake("writes to its input", _writes, "MUTATES"),
    Mistake("another at every call", _jitters, "NONDETERMINISTIC"),
    Mistake("raises", _raises, "ERROR"),
]


class Trial(NamedTuple):
    """One mistake in one subject, and what was said of it."""

    subject: Subject
    mistake: Mistake
    report: Report

    @property
    def caught(self) -> bool:
        """Did the check fail?"""
        return not self.report.ok

    @property
    def named(self) -> bool:
        """Was it named as planted?"""
        return (self.report.verdict == self.mistake.verdict
                and (self.report.diagnosis in self.mistake.diagnosis or self.subject.x.size < FROM))


def trials(subject: Subject, mistakes: Sequence[Mistake] = tuple(MISTAKES)) -> Iterator[Trial]:
    """All mistakes that change anything in this subject."""
    above = np.random.default_rng(1).uniform(0.5, 1.5, np.shape(subject.f(subject.x)))
    for mistake in mistakes:
        planted = mistake.plant(subject)
        if mistake.verdict == "WRONG" and not _matters(subject, planted, above):
            continue
        yield Trial(subject, mistake, gradcheck(subject.f, subject.x, gradient=planted))


def _matters(subject: Subject, planted: Callable[..., Any], above: np.ndarray) -> bool:
    """Is the planted gradient another, here or (of a saved value) a little beside?"""
    for x in (subject.x, subject.x * 0.9995):
        right, wrong = subject.g(x, above), planted(x, above)
        if np.max(np.abs(right - wrong), initial=0.0) > 1e-9 * np.max(np.abs(right), initial=0.0):
            return True
    return False


def of_loss(loss: Any, n: int) -> Subject:
    """A loss with about n elements of pred, away from its kinks, the composed path giving the values and the
    fused one the gradient."""
    from ..testing import cases
    case = next(cases(loss))
    width = case.shape[-1]
    if case.loss.family.coupled or len(case.shape) == 3:     # each row meets each: many columns, few rows
        width = max(width, n // 60)
    shape = {1: (n,), 2: (-(-n // width), width), 3: (3, -(-n // (3 * width)), width)}[len(case.shape)]
    inputs = case.draw(np.random.default_rng(n), shape=shape)
    bound, (x, *others) = case.unbound(inputs, loss.family.differentiated)

    def call(x: Any, path: str) -> Tensor:
        given = [*bound(x, *map(Tensor, others)), *inputs[loss.family.differentiated:]]
        return case(given, reduction="none", path=path).reshape(-1)

    def right(x: np.ndarray, above: np.ndarray) -> np.ndarray:
        pred = Tensor(x, requires_grad=True)
        return grad(call(pred, "fused"), [pred], above)[0].numpy()
    return Subject(f"{loss.name} {n}", remembering(lambda x: call(Tensor(x), "composed").numpy()), right, x)


_A, _M = np.linspace(0.4, 1.6, 20).reshape(5, 4), np.linspace(-1, 1, 8).reshape(4, 2)
_ROW = np.arange(1.0, 5.0)

# Every primitive of the engine, as a function of one Tensor of shape (5, 4).
PRIMITIVES: dict[str, Callable[[Tensor], Any]] = {
    **{name: methodcaller(name) for name in (
        "exp expm1 log log1p sqrt tanh abs relu sigmoid softplus softmax log_softmax sum mean max min norm "
        "logsumexp transpose").split()},
    "add": lambda x: x + _ROW, "sub": lambda x: _ROW - x, "mul": lambda x: x * _ROW,
    "div": lambda x: x / _ROW, "div by": lambda x: _ROW / x, "power": lambda x: x ** 3,
    "pow": lambda x: x ** _ROW, "pow of": lambda x: _ROW ** x,
    "matmul": lambda x: x @ _M, "take": lambda x: x[:, [0, 2, 2, 1]],
    "clip": lambda x: (x.clip(0.5, 1.3) + x), "maximum": lambda x: maximum(x, x * x),
    "minimum": lambda x: minimum(x, 1 / x), "where": lambda x: where(x.data > 1, x * x, x.exp()),
    "stack": lambda x: stack([x, x * x]), "concatenate": lambda x: concatenate([x, x.exp()], axis=1),
    "broadcast_to": lambda x: x.broadcast_to((2, 5, 4)) * _A, "reshape": lambda x: x.reshape(4, 5) * 2,
    "max of rows": lambda x: x.max(axis=1), "sum of rows": lambda x: x.sum(axis=0),
    "neg": lambda x: -x}


def of_primitive(name: str) -> Subject:
    """A primitive of the engine, with the rule that stands beside it."""
    operation = PRIMITIVES[name]

    def call(x: Tensor) -> Tensor:
        made: Tensor = operation(x).reshape(-1)
        return made

    def right(x: np.ndarray, above: np.ndarray) -> np.ndarray:
        given = Tensor(x, requires_grad=True)
        return grad(call(given), [given], above)[0].numpy()
    x = np.random.default_rng(8).uniform(0.5, 1.5, (5, 4))
    return Subject(name, remembering(lambda x: call(Tensor(x)).numpy()), right, x)
