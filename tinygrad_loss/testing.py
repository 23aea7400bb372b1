"""The laws that every loss obeys, for tests: ours, and yours.

A law is a function of a `Case`: one loss with one choice of settings and of target. It draws inputs
from the domains that the loss declares and raises AssertionError where the law is broken. `LAWS`
lists them all, `cases` all cases of a loss; `check_loss(loss)` applies every law to every case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .engine import Tensor, grad
from .gradcheck import Report, gradcheck
from .losses.arguments import PATHS, REDUCTIONS
from .losses.domain import INTEGERS, Domain
from .losses.loss import Loss
from .losses.weighted_sum import WeightedSum

SHAPES = {"elementwise": (7,), "rows": (4, 3), "samples": (3, 4), "vectors": (4, 3), "sequences": (4, 3, 4),
          "batch": (4, 3)}
FLOAT64 = 1e-12, 1e-13                                 # two paths in float64: some thousand ulp
FLOAT32 = 1e-6, 1e-6                                   # about ten ulp of float32
NEAR = 1e-2                                            # closer to a kink, numbers see both sides
ROWS = {"rows": Tensor.softmax, "log rows": Tensor.log_softmax}      # how to get such rows from any numbers


class Case(NamedTuple):
    """One loss with one choice of settings and of what its inputs are."""

    loss: Loss
    settings: dict[str, Any]
    domains: tuple[Domain, ...]                        # of the inputs

    def __str__(self) -> str:
        shown = {k: "given" if isinstance(v, np.ndarray) else v for k, v in self.settings.items()}
        kinds = zip(self.loss.input_names, self.domains, strict=True)
        chosen = [d.kind for name, d in kinds if len(self.loss.alternatives(name)) > 1]
        return "-".join([self.loss.name, *chosen, *(f"{k}={v}" for k, v in shown.items())])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first input."""
        return SHAPES[self.loss.family.name]

    @property
    def paths(self) -> tuple[str, str]:
        """Both paths; where there is no kernel, the composed one twice."""
        return PATHS if self.loss.kernel or isinstance(self.loss, WeightedSum) else ("composed", "composed")

    def complete(self) -> dict[str, Any]:
        """All settings, defaults included, as a kernel sees them."""
        settings = {**self.loss.defaults, **self.settings}
        return {k: np.ones(self.shape[-1]) if v is None and k == "weight" else v for k, v in settings.items()}

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64, shape: Any = None
             ) -> list[np.ndarray]:
        """Inputs from their domains."""
        drawn = [np.asarray(d.draw(rng, self.shape if shape is None else shape)) for d in self.domains]
        return [x.astype(dtype) if x.dtype.kind == "f" else x for x in drawn]

    def draw_smooth(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Inputs that stay away from kinks and seams, for numeric differences."""
        for _ in range(1000):
            inputs = self.draw(rng)
            edges = [np.asarray(e(*inputs, **self.complete())) for e in (self.loss.kinks, self.loss.seams)
                     if e is not None]
            if all((abs(e) > NEAR).all() for e in edges):
                return inputs
        raise AssertionError(f"{self}: 1000 draws from the domains all met a kink.")

    def draw_corners(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Inputs of the domains' examples, where ties and kinks are met exactly."""
        drawn = [_to_corners(x, d, rng) for x, d in zip(self.draw(rng), self.domains, strict=True)]
        if self.domains[0] is self.domains[1] and rng.random() < 0.3:      # a perfect prediction
            drawn[0] = drawn[1]
            if self.domains[1].kind == "elements":
                whole = np.round(drawn[1]) * rng.integers(2)
                drawn[0] = drawn[1] = np.where(self.domains[1].holds(whole), whole, drawn[1])
        return drawn

    def __call__(self, inputs: list[Any], **options: Any) -> Tensor:
        return self.loss(*inputs, **{**self.settings, **options})

    def run(self, inputs: list[Any], above: Any = None, **options: Any
            ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Value and gradients of the inputs that have slopes, with `above` from above."""
        tensors = self.tensors(inputs)
        value = self(tensors, **options)
        n = self.loss.family.differentiated
        slopes = grad(value, tensors[:n], np.ones(value.shape) if above is None else above)
        return value.numpy(), [s.numpy() for s in slopes]

    def tensors(self, inputs: list[Any]) -> list[Any]:
        """The inputs that have slopes as Tensors that want them."""
        n = self.loss.family.differentiated
        return [Tensor(x, requires_grad=True) for x in inputs[:n]] + inputs[n:]

    def unbound(self, inputs: list[Any], n: int) -> tuple[Callable[..., list[Any]], list[np.ndarray]]:
        """The first n inputs as a function of numbers that may be changed one by one, and these numbers.

        A single probability of a row cannot be changed: the row would no longer sum to 1. So the row is
        reached through a softmax, which moves the others with it. That leaves out the one direction
        in which all grow; there `paths_agree` and the 50-digit reference hold the slopes.
        """
        kinds = [d.kind for d in self.domains[:n]]

        def bound(*xs: Any) -> list[Any]:
            return [ROWS[kind](x) if kind in ROWS else x for x, kind in zip(xs, kinds, strict=True)]
        return bound, [np.log(x) if kind == "rows" else x for x, kind in zip(inputs[:n], kinds, strict=True)]

    def items(self, inputs: list[Any]) -> tuple[int, ...]:
        """The shape of the losses of single items."""
        return self(inputs, reduction="none", path="composed").shape


def cases(loss: Loss) -> Iterator[Case]:
    """The loss with its defaults; with each example of each setting; for each kind of target."""
    rng = np.random.default_rng(0)
    choices: list[dict[str, Any]] = [{}]
    for name in loss.defaults:
        domain = loss.domains[name]
        assert isinstance(domain, Domain)
        values = domain.examples or (domain.draw(rng, SHAPES[loss.family.name]),)
        choices += [{name: v} for v in values if v is not loss.defaults[name]]
    if len(loss.defaults) > 1:                             # and all of them at once
        choices.append({k: v for choice in choices for k, v in choice.items()})
    kinds = list(itertools.product(*[range(len(loss.alternatives(name))) for name in loss.input_names]))
    for kind, settings in itertools.product(kinds, choices):
        yield Case(loss, settings, tuple(loss.alternatives(name, settings)[i]
                                         for name, i in zip(loss.input_names, kind, strict=True)))


def _to_corners(x: np.ndarray, domain: Domain, rng: np.random.Generator) -> np.ndarray:
    """Examples of the domain in the shape of x; of rows of probabilities, all but one or about half of
    them become 0 or tiny."""
    if domain.kind not in ROWS:
        return np.asarray(rng.choice(domain.examples, x.shape)) if domain.examples else x
    p = x if domain.kind == "rows" else np.exp(x)
    best = p == p.max(axis=-1, keepdims=True)
    p = np.where(best | (rng.random(x.shape) < 0.5) & (rng.random() < 0.5), p, p * rng.choice([0.0, 1e-30]))
    p = p / p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return p if domain.kind == "rows" else np.log(p)


def check_loss(loss: Loss) -> int:
    """Apply every law to every case of a loss; the number of checks, or AssertionError."""
    pairs = [(law, case) for case in cases(loss) for law in LAWS]
    for law, case in pairs:
        law(case)
    return len(pairs)


# The laws.

def paths_agree(case: Case) -> None:
    """Values and gradients of both paths are equal: any reduction, weight, dtype, upstream."""
    rng = np.random.default_rng(1)
    every = list(itertools.product(REDUCTIONS, (False, True)))
    some = [("none", False), ("mean", True), ("sum", True)]            # each way is compiled: it takes time
    for dtype, tolerance, ways in ((np.float64, FLOAT64, every), (np.float32, FLOAT32, some)):
        inputs = case.draw(rng, dtype)
        items = case.items(inputs)
        for reduction, weighted in ways:
            above = rng.standard_normal(items if reduction == "none" else ())
            weight = rng.uniform(0.5, 2.0, items) if weighted else None
            (a, da), (b, db) = (case.run(inputs, above, reduction=reduction, sample_weight=weight,
                                         path=path) for path in case.paths)
            assert a.dtype == b.dtype == np.result_type(dtype, dtype), (a.dtype, b.dtype)
            np.testing.assert_allclose(a, b, *tolerance)
            for x, y, z in zip(da, db, inputs, strict=False):
                assert x.shape == z.shape and x.dtype == y.dtype == dtype
                np.testing.assert_allclose(x, y, *tolerance)


def numbers_agree(case: Case) -> None:
    """Away from kinks, the gradients of both paths and their derivatives are those of numeric differences;
    where they are not, two witnesses out of three say which path is wrong."""
    rng = np.random.default_rng(2)
    inputs = case.draw_smooth(rng)
    n = case.loss.family.differentiated
    bound, numbers = case.unbound(inputs, n)
    weight = rng.uniform(0.5, 2.0, case.items(inputs))
    orders = (1, 2) if not case.settings else (1,)           # elsewhere, `second_derivatives_agree` will do
    dtypes = (np.float64, np.float32) if not case.settings else (np.float64,)
    for order, dtype in itertools.product(orders, dtypes):
        reports = {}
        for path in dict.fromkeys(case.paths if order == 1 else case.paths[:1]):
            def f(*xs: Any, path: str = path, dtype: Any = dtype) -> Tensor:
                xs = tuple([x if x.requires_grad else Tensor(x, requires_grad=True) for x in xs])
                fixed = [x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs[n:]]
                return case([*bound(*xs), *fixed], path=path, reduction="none", sample_weight=weight)
            reports[path] = gradcheck(f, *[x.astype(dtype) for x in numbers], order=order, rng=3)
        wrong = {path: r for path, r in reports.items() if not _is_right(r, order)}
        assert not wrong, _vote(wrong, reports, order)


def _is_right(report: Report, order: int) -> bool:
    """Is nothing wrong? A loss may have no second derivative; and a few items do not visit each branch, which
    other laws do."""
    return report.ok or bool(report.unvisited) or (order, report.verdict) == (2, "UNTESTED")


def _vote(wrong: dict[str, Any], reports: dict[str, Any], order: int) -> str:
    """Who is wrong, and why."""
    right = [path for path in reports if path not in wrong]
    verdict = (f"The {' and the '.join(wrong)} path disagrees with the numbers; "
               + (f"the {right[0]} path agrees: it is the {next(iter(wrong))} one that is wrong." if right
                  else "none agrees: look for what they share, the formula."))
    return f"Order {order}. {verdict}\n" + "\n".join(map(str, wrong.values()))


def targets_agree(case: Case) -> None:
    """Inputs beyond those of the kernel, targets for instance, get the right gradient too, although a
    kernel was asked for."""
    inputs = case.draw_smooth(np.random.default_rng(4))
    n = next((k for k, d in enumerate(case.domains) if d.kind in {"choices", *INTEGERS}), len(inputs))
    if n > case.loss.family.differentiated:                # of the others, `numbers_agree` has seen all
        bound, numbers = case.unbound(inputs, n)
        report = gradcheck(lambda *xs: case([*bound(*xs), *inputs[n:]], path=case.paths[0]), *numbers)
        assert _is_right(report, 1), str(report)


def one_slope_is_enough(case: Case) -> None:
    """An input that alone wants a gradient gets the same as when all of them do."""
    inputs = case.draw(np.random.default_rng(16))
    for path in case.paths:
        _, slopes = case.run(inputs, path=path)
        for k, slope in enumerate(slopes):
            wanting = Tensor(inputs[k], requires_grad=True)
            (alone,) = grad(case([*inputs[:k], wanting, *inputs[k + 1:]], path=path), [wanting])
            np.testing.assert_allclose(alone.numpy(), slope, rtol=1e-14)


def reductions_agree(case: Case) -> None:
    """The sum is that of the items, a mean the sum divided by what it says."""
    inputs = case.draw(np.random.default_rng(17))
    items = case.items(inputs)
    for path in case.paths:
        found = {reduction: case(inputs, reduction=reduction, path=path).numpy() for reduction in REDUCTIONS}
        total = found["none"].sum()
        np.testing.assert_allclose(found["sum"], total, rtol=1e-13)
        np.testing.assert_allclose(found["batchmean"] * (items[0] if items else 1), total, rtol=1e-13)
        if not case.settings.keys() & {"weight", "ignore_index"}:
            np.testing.assert_allclose(found["mean"] * max(found["none"].size, 1), total, rtol=1e-13)


def corners_agree(case: Case) -> None:
    """At kinks and ties, where numbers cannot judge, both paths pick the same slope."""
    rng = np.random.default_rng(5)
    met = 0
    for _ in range(20):
        inputs = case.draw_corners(rng)
        (a, da), (b, db) = (case.run(inputs, reduction="sum", path=path) for path in case.paths)
        np.testing.assert_allclose(a, b, *FLOAT64, equal_nan=True)
        for x, y in zip(da, db, strict=True):
            np.testing.assert_allclose(x, y, *FLOAT64, equal_nan=True)
        if case.loss.kinks:
            met += int(np.sum(np.asarray(case.loss.kinks(*inputs, **case.complete())) == 0))
    assert met or not case.loss.kinks or case.settings, "the domains' examples never met a kink"


def second_derivatives_agree(case: Case) -> None:
    """With create_graph the fused gradient can be differentiated, and equals the composed one."""
    rng = np.random.default_rng(6)
    inputs = case.draw_smooth(rng)
    n = case.loss.family.differentiated
    found = []
    for path in case.paths:
        tensors = case.tensors(inputs)
        above = np.random.default_rng(7).standard_normal(case.items(inputs))
        slopes = grad(case(tensors, reduction="none", path=path), tensors[:n], above, create_graph=True)
        total = sum(((s * s).sum() for s in slopes), Tensor(0.0))
        found.append([*slopes, *(grad(total, tensors[:n]) if total.requires_grad else [])])
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), *FLOAT64)


def upstream_is_honoured(case: Case) -> None:
    """What arrives from above multiplies: 0, -1 and 2.5, and one number per item."""
    inputs = case.draw(np.random.default_rng(8))
    for path, reduction in itertools.product(case.paths, REDUCTIONS):
        _, once = case.run(inputs, reduction=reduction, path=path)
        for factor in (0.0, -1.0, 2.5):
            items = case.items(inputs) if reduction == "none" else ()
            _, scaled = case.run(inputs, np.full(items, factor), reduction=reduction, path=path)
            for x, y in zip(once, scaled, strict=True):
                np.testing.assert_allclose(factor * x, y, rtol=1e-13, atol=1e-15 * np.abs(x).max())


def heads_add_up(case: Case) -> None:
    """Two losses of one Tensor: its gradient is the sum; a second backward adds once more."""
    inputs = case.draw(np.random.default_rng(9))
    for path in case.paths:
        _, once = case.run(inputs, path=path)
        tensors = case.tensors(inputs)
        value = case(tensors, path=path) + 2 * case(tensors, path=path)
        for times in (3, 6):
            value.backward()
            for x, slope in zip(tensors, once, strict=False):
                np.testing.assert_allclose(np.asarray(x.grad), times * slope, rtol=1e-13, atol=1e-300)


def inputs_stay(case: Case) -> None:
    """No byte of an input changes, and read-only, strided and Fortran-ordered ones are welcome."""
    inputs = case.draw(np.random.default_rng(10))
    for path in case.paths:
        expected = case.run(inputs, path=path)
        for layout in (_read_only, _strided, _fortran):
            given = [layout(x) for x in inputs]
            before = [x.tobytes() for x in given]
            found = case.run(given, path=path)
            assert [x.tobytes() for x in given] == before
            np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
            for x, y in zip(found[1], expected[1], strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-14)


def single_items_work(case: Case) -> None:
    """The smallest input of the family: one number, one row without a batch, one vector."""
    batch_axis = case.loss.family.batch_axis
    shape = case.shape[:batch_axis] + case.shape[batch_axis + 1:]
    if case.loss.family.name == "samples":
        shape = (1, *shape)
    inputs = case.draw(np.random.default_rng(11), shape=shape)
    (a, da), (b, db) = (case.run(inputs, path=path) for path in case.paths)
    assert a.shape == b.shape == ()
    np.testing.assert_allclose(a, b, *FLOAT64)
    for x, y, z in zip(da, db, inputs, strict=False):
        assert x.shape == y.shape == z.shape
        np.testing.assert_allclose(x, y, *FLOAT64)


def values_without_gradients(case: Case) -> None:
    """Where no gradient is wanted the value is the same and leaves no history."""
    inputs = case.draw(np.random.default_rng(12))
    for path in case.paths:
        value = case(inputs, path=path)
        assert not value.requires_grad
        np.testing.assert_allclose(value.numpy(), case.run(inputs, path=path)[0], rtol=1e-15)


def nan_comes_out(case: Case) -> None:
    """NaN in one item: NaN in its loss and its slope on both paths, and, unless the items depend on each
    other, nowhere else."""
    rng = np.random.default_rng(13)
    clean = case.draw(rng)
    place = (1, 1)
    for x, domain in zip(clean, case.domains, strict=True):
        if domain.kind == "labels":                    # the label's number may be the only one that counts
            x[1], place = case.shape[-1] - 1, (1, case.shape[-1] - 1)
    for k, x in enumerate(clean):
        if x.dtype.kind != "f" or (k >= case.loss.family.differentiated and case.domains[k].kind in ROWS):
            continue                                   # smoothed away, a row of targets does not count
        inputs = [y.copy() for y in clean]
        inputs[k][place[:x.ndim]] = np.nan
        for path in case.paths:
            losses, expected = (case(x, reduction="none", path=path).numpy() for x in (inputs, clean))
            _, slopes = case.run(inputs, reduction="sum", path=path)
            if case.loss.family.coupled:
                assert np.isnan(losses[1]), (path, losses)
            elif losses.ndim and losses.size > 1:
                assert np.isnan(losses[1]) and np.isnan(losses).sum() == 1, (path, losses)
                np.testing.assert_allclose(np.delete(losses, 1), np.delete(expected, 1), rtol=1e-14)
                others = [np.delete(s, 1, axis=case.loss.family.batch_axis) for s in slopes]
                assert all(np.isfinite(s).all() for s in others), (path, slopes)
            else:
                assert np.isnan(losses).all(), (path, losses)
            assert any(np.isnan(slope[place[:x.ndim]]).all() for slope in slopes), (path, slopes)
            assert np.isnan(case(inputs, path=path).item())


def claims_hold(case: Case) -> None:
    """What the record claims is true, as far as 200 wild batches, 40 at other settings, can tell; at the
    defaults, what it denies is false, and bounds are tight."""
    if case.loss.claims is None:
        return
    convex, symmetric, lipschitz, minimum = case.loss.claims.under(case.complete(), case.shape[-1])
    seen = _extremes(case)
    assert seen.lowest >= minimum - 1e-12, f"a loss of {seen.lowest} is below the minimum, {minimum}"
    assert seen.steepest <= lipschitz * (1 + 1e-12), f"a slope of {seen.steepest} is over {lipschitz}"
    assert seen.sag <= 1e-12 or not convex, f"claimed convex, but a chord lies {seen.sag} below"
    assert seen.swap <= 1e-12 or not symmetric, f"claimed symmetric, but values differ by {seen.swap}"
    if not case.settings:
        low = minimum + 1e-6 if np.isfinite(minimum) else -10.0
        assert seen.lowest <= low, f"claimed a minimum of {minimum}; met only {seen.lowest}"
        tight = 0.9 * lipschitz if np.isfinite(lipschitz) else 10.0
        assert seen.steepest >= tight, f"claimed slopes up to {lipschitz}; met only {seen.steepest}"
        assert seen.sag > 1e-6 or convex, "claimed not to be convex, but no chord lies below"
        exchangeable = case.domains[0] is case.domains[1]
        assert seen.swap > 1e-6 or symmetric or not exchangeable, "claimed not symmetric, but is"


class _Extremes(NamedTuple):
    lowest: float                                      # loss of an item
    steepest: float                                    # slope
    sag: float                                         # of a chord below the graph
    swap: float                                        # change when two inputs are exchanged


def _extremes(case: Case) -> _Extremes:
    """The most extreme behaviour of a loss over batches from tame to wild."""
    rng = np.random.default_rng(14)
    n = case.loss.family.differentiated
    scales = (0.02, 1 - 1e-9, 1.0, 20.0)               # nearly 1: a perfect answer nearly met
    batches = []
    often = range(5 if case.settings else 25)
    for scale, draw, _ in itertools.product(scales, (case.draw, case.draw_corners), often):
        batches.append([np.where(d.holds(x * scale), x * scale, x) if d.kind == "elements" else x
                        for x, d in zip(draw(rng), case.domains, strict=True)])

    def losses(inputs: list[np.ndarray]) -> np.ndarray:
        return case(inputs, reduction="none", path="composed").numpy()

    lowest, steepest, sag, swap = np.inf, 0.0, -np.inf, 0.0
    for inputs, another in zip(batches, rng.permutation(len(batches)), strict=True):
        value, slopes = case.run(inputs, reduction="none", path="composed")
        other = [*batches[another][:n], *inputs[n:]]
        middle = [_middle(*pair) for pair in zip(case.domains, inputs, other, strict=True)]
        chord = (value + losses(other)) / 2
        lowest = min(lowest, -_largest(-value))
        if case.loss.family.coupled:                   # what an item costs depends on how many there are
            lowest = min(lowest, -_largest(-losses([x[:1] for x in inputs])))
        steepest = max([steepest, *(_largest(np.abs(s)) for s in slopes)])
        sag = max(sag, _largest(_change(losses(middle), chord)))
        if case.domains[0] is case.domains[1]:
            turned = losses([inputs[1], inputs[0], *inputs[2:]])
            swap = max(swap, _largest(np.abs(_change(turned, value))))
    return _Extremes(lowest, steepest, sag, swap)


def known_values_hold(case: Case) -> None:
    """Worked examples come out, on both paths."""
    if case.settings or case.domains != next(cases(case.loss)).domains:
        return
    for known, path in itertools.product(case.loss.known, case.paths):
        inputs = [np.asarray(x) for x in known.inputs]
        value, slopes = Case(case.loss, known.settings, case.domains).run(inputs, path=path)
        np.testing.assert_allclose(value, known.value, rtol=1e-9)
        if known.gradient is not None:
            expected = known.gradient if len(slopes) > 1 else [known.gradient]
            for slope, right in zip(slopes, expected, strict=True):
                np.testing.assert_allclose(slope, right, rtol=1e-8, atol=1e-30)


def bad_input_is_refused(case: Case) -> None:
    """Whatever an argument may not be raises, on both paths, one sentence that names it."""
    inputs = case.draw(np.random.default_rng(15))
    names = case.loss.input_names
    for path in case.paths:
        _refuses(case, inputs, "reduction", reduction="average", path=path)
        _refuses(case, inputs, "sample_weight", sample_weight=np.ones(99), path=path)
        _refuses(case, inputs, "no_such", no_such=1, path=path)
        _refuses(case, [inputs[0][..., None], *inputs[1:]], names[1], path=path)
        for k in range(1, len(inputs)):
            _refuses(case, [*inputs[:k], inputs[k][1:], *inputs[k + 1:]], names[k], path=path)
        _refuses(case, [x[:0] for x in inputs], "nothing to average|needs", path=path)
        for k, (name, domain) in enumerate(zip(names, case.domains, strict=True)):
            for bad in (inputs[k].astype(complex), inputs[k].astype(object), inputs[k].astype(str)):
                _refuses(case, [*inputs[:k], bad, *inputs[k + 1:]], name, path=path)
            for value in domain.refused:
                bad = inputs[k].copy()
                bad[(-1,) * bad.ndim] = value
                _refuses(case, [*inputs[:k], bad, *inputs[k + 1:]], name, path=path)
            for bad in _unfit(inputs[k], domain, inputs[0].shape[-1]):
                _refuses(case, [*inputs[:k], bad, *inputs[k + 1:]], name, path=path)
        for name, default in case.loss.defaults.items():
            setting = case.loss.domains[name]
            assert isinstance(setting, Domain)
            for value in setting.refused:
                if value is not default:
                    _refuses(case, inputs, name, **{name: value}, path=path)
            if setting.kind == "class weights":
                _refuses(case, inputs, name, **{name: np.ones(99)}, path=path)
                _refuses(case, inputs, name, **{name: -np.ones(case.shape[-1])}, path=path)
    _refuses(case, inputs, "path", path="fastest")


def _middle(domain: Domain, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Halfway from x to y, for logarithms of probabilities halfway between the probabilities."""
    if x.dtype.kind != "f" or (x == y).all():
        return x
    return np.logaddexp(x, y) - np.log(2) if domain.kind == "log rows" else (x + y) / 2


def _change(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x - y in units of y, where y is finite; else nothing."""
    y = np.where(np.isfinite(y), y, x)
    return np.subtract(x, y, where=x != y, out=np.zeros(x.shape)) / (1 + np.abs(y))


def _largest(x: np.ndarray) -> float:
    """The largest number in x; nan, the answer to 0/0, does not count."""
    return float(np.fmax.reduce(x, axis=None, initial=-np.inf))


def _unfit(x: np.ndarray, domain: Domain, n_classes: int) -> list[np.ndarray]:
    """Labels that are no labels, lengths that are no lengths, rows that do not sum to 1."""
    no_labels = [np.full_like(x, -1), np.full_like(x, n_classes), x.astype(float)]
    return {"labels": no_labels, "label lists": [x * 0 - 2, *no_labels[1:]], "spelling": no_labels,
            "lengths": [np.full_like(x, -1), np.full_like(x, 99), x.astype(float)],
            "rows": [x * 0.9], "log rows": [x - 0.1]}.get(domain.kind, [])


def _refuses(case: Case, inputs: list[Any], word: str, **options: Any) -> None:
    try:
        case(inputs, **options)
    except (TypeError, ValueError) as error:
        assert any(w in str(error) for w in word.split("|")), f"the message should name {word}: {error}"
        assert str(error).count("\n") == 0
    else:
        raise AssertionError(f"{case}: accepted {word} with {options}")


def _read_only(x: np.ndarray) -> np.ndarray:
    y = x.copy()
    y.flags.writeable = False
    return y


def _strided(x: np.ndarray) -> np.ndarray:
    return np.repeat(x, 2, axis=-1)[..., ::2]


def _fortran(x: np.ndarray) -> np.ndarray:
    return np.asfortranarray(x)


LAWS: list[Callable[[Case], None]] = [
    paths_agree, reductions_agree, numbers_agree, targets_agree, one_slope_is_enough, corners_agree,
    second_derivatives_agree,
    upstream_is_honoured, heads_add_up, inputs_stay, single_items_work, values_without_gradients,
    nan_comes_out, claims_hold, known_values_hold, bad_input_is_refused,
]
