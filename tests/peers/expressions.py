"""Random expressions, evaluated here and by PyTorch: value, first and second derivatives.

    python tests/peers/expressions.py --count 20000 --seed 0

An expression is a list of steps; each applies one row of `ROWS` to inputs or to earlier steps. A row says
what to call here, what to call there, and which settings suit the arrays it gets; where none do (the
logarithm of a negative number, a tie, a matrix that does not fit), another row is drawn. The first
derivative is taken against a random gradient from above, the second one along random directions. Prints
one line, and exits with 1 if any two differ by more than 1e-10 of the largest element, or if a row was
never drawn. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from tinygrad_loss import (
    Tensor,
    concatenate,
    engine,
    grad,
    maximum,
    minimum,
    no_grad,
    primitive,
    stack,
    where,
)

TOLERANCE = 1e-10                            # of the largest element; a few thousand roundings, amplified
FLOOR = 1e-3                                 # if all are smaller than this, numbers near 1 have cancelled
LARGEST, MOST = 20.0, 60                     # no element is larger, no array longer
CHUNK = 100                                  # expressions per task of a process
SHAPES = [(), (1,), (2,), (3,), (2, 3), (3, 2), (1, 3), (2, 1), (2, 2, 3), (3, 1, 2), (2, 3, 3)]


# -------------------------------------------------------------------------------------------- the rows

class Row(NamedTuple):
    """One operation: here, there, and `choose(rng, *arrays)`, which finds settings or gives None."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    choose: Callable[..., tuple[Any, ...] | None]
    arity: int = 1


def if_all(condition: Callable[..., Any]) -> Callable[..., tuple[Any, ...] | None]:
    """No settings; the arrays must satisfy the condition everywhere."""
    return lambda rng, *xs: () if np.all(condition(*xs)) else None


def within(low: float, high: float) -> Callable[..., tuple[Any, ...] | None]:
    return if_all(lambda x: (low < x) & (x < high))


def pair(condition: Callable[..., Any] = lambda a, b: True) -> Callable[..., tuple[Any, ...] | None]:
    """No settings; two arrays that can be broadcast together and satisfy the condition."""
    def choose(rng: np.random.Generator, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...] | None:
        try:
            return () if np.all(condition(*np.broadcast_arrays(a, b))) else None
        except ValueError:
            return None
    return choose


def exponent(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    n = (0, 1, 2, 3, 0.5, -1, -1.5)[rng.integers(7)]
    return (n,) if n in (0, 1, 2, 3) or np.all(x > 0.3) else None


def bounds(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    low, high = sorted(rng.uniform(-2, 2, 2))
    low, high = ((low, high), (None, high), (low, None))[rng.integers(3)]
    return (low, high) if all(np.all(abs(x - b) > 1e-2) for b in (low, high) if b is not None) else None


def axes(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    """axis, keepdims: an axis is None, an integer of either sign, or a tuple."""
    if x.ndim == 0:
        return None
    some = tuple(int(i) for i in rng.choice(x.ndim, rng.integers(1, x.ndim + 1), replace=False))
    return (None, some[0], some[0] - x.ndim, some)[rng.integers(4)], bool(rng.integers(2))


def axes_without_ties(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    gaps = np.diff(np.sort(x, axis=None))
    return axes(rng, x) if np.all(gaps > 1e-3) else None


def axes_away_from_zero(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    found = axes(rng, x)
    return found if found and np.all((x * x).sum(found[0]) > 0.1) else None


def one_axis(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    return (int(rng.integers(-x.ndim, x.ndim)),) if x.ndim and np.all(abs(x) < 6) else None


def mask(rng: np.random.Generator, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...] | None:
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return None
    return (rng.random(shape[rng.integers(len(shape) + 1):]) < 0.5,)


def index(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    """Integers, slices, None, an Ellipsis, integer arrays with repeats, boolean arrays."""
    if x.ndim == 0:
        return None
    n, last = x.shape[0], x.shape[-1]
    repeats = rng.integers(-n, n, (rng.integers(1, 3), 2))
    some = rng.random(x.shape[:rng.integers(1, x.ndim + 1)]) < 0.6
    return ((int(rng.integers(-n, n)),), (slice(None, None, 2), None), (..., int(rng.integers(last))),
            (repeats,), (..., rng.integers(0, last, 3)), (slice(0, 1), ..., None), (some,),
            (repeats[0], ..., repeats[-1] % last) if x.ndim > 1 else (repeats[0],))[rng.integers(8)]


def places(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...] | None:
    if x.ndim == 0:
        return None
    return rng.integers(0, 4, len(x)), (4, *x.shape[1:])


def new_shape(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...]:
    shapes = (-1,), x.shape[::-1], (1, *x.shape), (*x.shape, 1), (x.shape[0], -1) if x.ndim else (1, 1)
    return (shapes[rng.integers(5)],)


def wider(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...]:
    return ((2,) * int(rng.integers(2)) + tuple(3 if n == 1 else n for n in x.shape)),


def order(rng: np.random.Generator, x: np.ndarray) -> tuple[Any, ...]:
    return tuple(int(i) for i in rng.permutation(x.ndim)),


def join_axis(new: int) -> Callable[..., tuple[Any, ...] | None]:
    """An axis for concatenate (new = 0) or stack (new = 1)."""
    def choose(rng: np.random.Generator, *xs: np.ndarray) -> tuple[Any, ...] | None:
        ndim = xs[0].ndim + new
        if ndim == 0 or len({x.ndim for x in xs}) > 1:
            return None
        axis = int(rng.integers(-ndim, ndim))
        try:
            (np.stack if new else np.concatenate)(xs, axis)
        except ValueError:
            return None
        return (axis,)
    return choose


def product(rng: np.random.Generator, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...] | None:
    try:
        a @ b
    except ValueError:
        return None
    return ()


def dims(x: torch.Tensor, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def to_torch(index: Any) -> tuple[Any, ...]:
    return tuple(torch.from_numpy(i) if isinstance(i, np.ndarray) else i for i in index)


def to_numpy(x: torch.Tensor) -> np.ndarray:
    """The sum is needed because a ZeroTensor, which some derivatives are, has no memory to show."""
    return (torch.zeros(x.shape, dtype=x.dtype) + x.detach()).numpy()


def put(x: torch.Tensor, where: np.ndarray, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.zeros(shape, dtype=x.dtype).index_put((torch.from_numpy(where),), x, accumulate=True)


ANY, ALWAYS = pair(), if_all(lambda x: True)
ROWS = {
    "add":         Row(lambda a, b: a + b, torch.add, ANY, 2),
    "sub":         Row(lambda a, b: a - b, torch.sub, ANY, 2),
    "mul":         Row(lambda a, b: a * b, torch.mul, ANY, 2),
    "div":         Row(lambda a, b: a / b, torch.div, pair(lambda a, b: abs(b) > 0.3), 2),
    "pow":         Row(lambda a, b: a ** b, torch.pow,
                       pair(lambda a, b: (a > 0.3) & (a < 3) & (abs(b) < 3)), 2),
    "power":       Row(lambda x, n: x ** n, torch.pow, exponent),
    "rpow":        Row(lambda x: 1.7 ** x, lambda x: 1.7 ** x, within(-4, 4)),
    "neg":         Row(lambda x: -x, torch.neg, ALWAYS),
    "rsub":        Row(lambda x: 2 - x, lambda x: 2 - x, ALWAYS),
    "rdiv":        Row(lambda x: 2 / x, lambda x: 2 / x, if_all(lambda x: abs(x) > 0.3)),
    "exp":         Row(lambda x: x.exp(), torch.exp, within(-5, 3)),
    "expm1":       Row(lambda x: x.expm1(), torch.expm1, within(-5, 3)),
    "log":         Row(lambda x: x.log(), torch.log, within(0.2, 20)),
    "log1p":       Row(lambda x: x.log1p(), torch.log1p, within(-0.7, 20)),
    "sqrt":        Row(lambda x: x.sqrt(), torch.sqrt, within(0.2, 20)),
    "tanh":        Row(lambda x: x.tanh(), torch.tanh, within(-3, 3)),
    "sigmoid":     Row(lambda x: x.sigmoid(), torch.sigmoid, within(-5, 5)),
    "softplus":    Row(lambda x: x.softplus(), torch.nn.functional.softplus, within(-5, 5)),
    "abs":         Row(abs, torch.abs, if_all(lambda x: abs(x) > 1e-2)),
    "relu":        Row(lambda x: x.relu(), torch.relu, if_all(lambda x: abs(x) > 1e-2)),
    "clip":        Row(lambda x, low, high: x.clip(low, high), torch.clamp, bounds),
    "maximum":     Row(maximum, torch.maximum, pair(lambda a, b: abs(a - b) > 1e-2), 2),
    "minimum":     Row(minimum, torch.minimum, pair(lambda a, b: abs(a - b) > 1e-2), 2),
    "where":       Row(lambda a, b, cond: where(cond, a, b),
                       lambda a, b, cond: torch.where(torch.from_numpy(np.asarray(cond)), a, b), mask, 2),
    "xlogy":       Row(engine.xlogy, torch.xlogy, pair(lambda a, b: b > 0.2), 2),
    "softmax":     Row(lambda x, axis: x.softmax(axis), torch.softmax, one_axis),
    "log_softmax": Row(lambda x, axis: x.log_softmax(axis), torch.log_softmax, one_axis),
    "sum":         Row(lambda x, axis, keep: x.sum(axis, keep),
                       lambda x, axis, keep: x.sum(dims(x, axis), keep), axes),
    "mean":        Row(lambda x, axis, keep: x.mean(axis, keep),
                       lambda x, axis, keep: x.mean(dims(x, axis), keep), axes),
    "max":         Row(lambda x, axis, keep: x.max(axis, keep),
                       lambda x, axis, keep: x.amax(dims(x, axis), keep), axes_without_ties),
    "min":         Row(lambda x, axis, keep: x.min(axis, keep),
                       lambda x, axis, keep: x.amin(dims(x, axis), keep), axes_without_ties),
    "norm":        Row(lambda x, axis, keep: x.norm(axis, keep),
                       lambda x, axis, keep: torch.linalg.vector_norm(x, dim=dims(x, axis), keepdim=keep),
                       axes_away_from_zero),
    "logsumexp":   Row(lambda x, axis, keep: x.logsumexp(axis, keep),
                       lambda x, axis, keep: x.logsumexp(dims(x, axis), keep), axes),
    "take":        Row(lambda x, *i: x[i], lambda x, *i: x[to_torch(i)], index),
    "scatter":     Row(lambda x, i, shape: engine.scatter(x, i, shape), put, places),
    "reshape":     Row(lambda x, shape: x.reshape(shape), torch.reshape, new_shape),
    "transpose":   Row(lambda x, axes: x.transpose(axes), torch.permute, order),
    "T":           Row(lambda x: x.T, lambda x: x.permute(tuple(range(x.ndim))[::-1]), ALWAYS),
    "broadcast_to": Row(lambda x, shape: x.broadcast_to(shape), torch.broadcast_to, wider),
    "matmul":      Row(lambda a, b: a @ b, torch.matmul, product, 2),
    "concatenate": Row(lambda *xs: concatenate(xs[:-1], xs[-1]),
                       lambda *xs: torch.cat(xs[:-1], xs[-1]), join_axis(0), 3),
    "stack":       Row(lambda *xs: stack(xs[:-1], xs[-1]),
                       lambda *xs: torch.stack(xs[:-1], xs[-1]), join_axis(1), 2),
}
# All primitives but astype: rounding to float32 would turn a difference in the last digit into one of 1e-7.


# ------------------------------------------------------------------------------------------ expressions

class Step(NamedTuple):
    """The row applied to these nodes; nodes are numbered inputs first, then steps."""

    row: str
    nodes: tuple[int, ...]
    settings: tuple[Any, ...]


class Expression(NamedTuple):
    """Input arrays, steps, and which of the nodes is the result."""

    inputs: list[np.ndarray]
    steps: list[Step]
    result: int

    def evaluate(self, inputs: list[Any], way: str) -> Any:
        nodes = list(inputs)
        for step in self.steps:
            nodes.append(getattr(ROWS[step.row], way)(*(nodes[i] for i in step.nodes), *step.settings))
        return nodes[self.result]

    def needed(self) -> set[int]:
        """The nodes that the result depends on."""
        found, stack = set(), [self.result]
        while stack:
            node = stack.pop()
            found.add(node)
            if node >= len(self.inputs):
                stack += self.steps[node - len(self.inputs)].nodes
        return found

    def __str__(self) -> str:
        lines = [f"n{i} = np.{x!r}" for i, x in enumerate(self.inputs)]
        lines += [f"n{i} = {s.row}({', '.join([f'n{j}' for j in s.nodes] + [repr(v) for v in s.settings])})"
                  for i, s in enumerate(self.steps, len(self.inputs))]
        return "\n".join(line for i, line in enumerate(lines) if i in self.needed())


def draw(rng: np.random.Generator) -> Expression:
    """Two to four inputs, some positive, and one to nine steps that prefer what has not been used."""
    inputs = [rng.uniform(0.4, 2.0, SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(2, 5))]
    inputs = [np.asarray(x * rng.choice([-1, 1], x.shape) if rng.integers(2) else x) for x in inputs]
    values, steps, names = list(inputs), list[Step](), list(ROWS)
    unused = set(range(len(inputs)))
    length = rng.integers(1, 10)
    for _ in range(40 * length):
        row = names[rng.integers(len(names))]
        nodes = tuple(int(rng.choice(sorted(unused) if unused and rng.random() < 0.7 else len(values)))
                      for _ in range(ROWS[row].arity))
        arrays = [values[i] for i in nodes]
        settings = ROWS[row].choose(rng, *arrays)
        if settings is None:
            continue
        value = ROWS[row].ours(*map(Tensor, arrays), *settings).numpy()
        if 0 < value.size <= MOST and np.all(abs(value) < LARGEST):
            unused = (unused - set(nodes)) | {len(values)}
            values.append(value)
            steps.append(Step(row, nodes, settings))
            if len(steps) == length:
                break
    return Expression(inputs, steps, len(values) - 1)


def here(e: Expression, above: np.ndarray, directions: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Value, first and second derivatives by this package."""
    xs = [Tensor(x, requires_grad=True) for x in e.inputs]
    y = e.evaluate(xs, "ours")
    first = grad(y, xs, above, create_graph=True)
    along = sum((d * v).sum() for d, v in zip(first, directions, strict=True))
    second = grad(along, xs) if along.requires_grad else [Tensor(np.zeros(x.shape)) for x in xs]
    return [[y.numpy()], [d.numpy() for d in first], [d.numpy() for d in second]]


def there(e: Expression, above: np.ndarray, directions: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Value, first and second derivatives by PyTorch."""
    xs = [torch.tensor(x, requires_grad=True) for x in e.inputs]
    y = e.evaluate(xs, "theirs")

    def derivatives(of: torch.Tensor, above: torch.Tensor, create_graph: bool) -> list[torch.Tensor]:
        found = (torch.autograd.grad(of, xs, above, create_graph=create_graph, allow_unused=True)
                 if of.requires_grad else [None] * len(xs))
        return [torch.zeros_like(x) if d is None else d for x, d in zip(xs, found, strict=True)]
    first = derivatives(y, torch.tensor(above), True)
    along = sum((d * torch.tensor(v)).sum() for d, v in zip(first, directions, strict=True))
    second = derivatives(along, torch.ones_like(along), False)
    return [[to_numpy(t) for t in part] for part in ([y], first, second)]


def difference(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference, relative to the largest element of all."""
    if any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return np.inf
    scale = max(FLOOR, *(np.max(abs(b), initial=0) for b in theirs))
    worst = max(float(np.max(abs(a - b), initial=0)) for a, b in zip(ours, theirs, strict=True))
    return np.inf if np.isnan(worst) else worst / scale


def compare(e: Expression, rng: np.random.Generator) -> list[float]:
    """The differences of value, first and second derivative."""
    with no_grad():
        shape = e.evaluate([Tensor(x) for x in e.inputs], "ours").shape
    above = np.asarray(rng.standard_normal(shape))
    directions = [np.asarray(rng.standard_normal(x.shape)) for x in e.inputs]
    ours, theirs = here(e, above, directions), there(e, above, directions)
    return [difference(a, b) for a, b in zip(ours, theirs, strict=True)]


def check(seed: int, number: int) -> tuple[list[float], list[str], str]:
    """One expression: its differences, the rows it uses, and where it first goes wrong, if it does."""
    rng = np.random.default_rng((seed, number))
    e = draw(rng)
    worst = compare(e, rng)
    rows = [step.row for step in e.steps]
    if max(worst) <= TOLERANCE:
        return worst, rows, ""
    for i in range(len(e.inputs), e.result + 1):                   # the first step at which the two part
        part = e._replace(result=i)
        found = compare(part, np.random.default_rng(number))
        if max(found) > TOLERANCE:
            return worst, rows, f"{part}\nvalue {found[0]:.1e}, first {found[1]:.1e}, second {found[2]:.1e}"
    return worst, rows, f"{e}\nvalue {worst[0]:.1e}, first {worst[1]:.1e}, second {worst[2]:.1e}"


def check_chunk(numbers: range, seed: int) -> tuple[list[float], Counter[str], list[str]]:
    torch.set_num_threads(1)
    worst, rows, problems = [0.0] * 3, Counter[str](), list[str]()
    for number in numbers:
        try:
            found, used, problem = check(seed, number)
        except Exception as error:                                 # a crash is a disagreement too
            found, used, problem = [0.0] * 3, [], f"{type(error).__name__}: {error}"
        worst = [max(pair) for pair in zip(worst, found, strict=True)]
        rows.update(used)
        problems += [f"expression {number} of seed {seed}\n{problem}"] if problem else []
    return worst, rows, problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="how many expressions")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same expressions")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    console = Console()

    chunks = [range(i, min(i + CHUNK, options.count)) for i in range(0, options.count, CHUNK)]
    worst, rows, problems = [0.0] * 3, Counter[str](), list[str]()
    with ProcessPoolExecutor(options.processes) as pool:
        results = pool.map(partial(check_chunk, seed=options.seed), chunks)
        for found, used, wrong in track(results, "Here and in PyTorch", len(chunks), console=console):
            worst = [max(pair) for pair in zip(worst, found, strict=True)]
            rows.update(used)
            problems += wrong
    for problem in problems[:3]:
        console.print(problem, style="red", highlight=False, markup=False)

    primitives = {op.name for op in vars(engine).values() if isinstance(op, primitive)}
    console.print(f"{options.count} expressions, {rows.total()} operations of {len(rows)} kinds, "
                  f"{len(primitives & set(rows))} of {len(primitives)} primitives: {len(problems)} disagree. "
                  f"Largest relative difference: value {worst[0]:.1e}, first derivative {worst[1]:.1e}, "
                  f"second {worst[2]:.1e}.", highlight=False, soft_wrap=True)
    return 1 if problems or set(ROWS) - set(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
