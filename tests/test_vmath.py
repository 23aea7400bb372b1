"""The elementary functions of kernels against 50 digits, and as vector instructions."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

from tinygrad_loss import Tensor, losses
from tinygrad_loss.fused import compile as fused_compile
from tinygrad_loss.fused import vmath, vmath32
from tinygrad_loss.fused.compile import OPTIONS, _allow, _with_helpers, driver

ROOT = Path(__file__).parent.parent
INF, NAN = math.inf, math.nan
TINY, SMALLEST = 2.2250738585072014e-308, 5e-324
LIMIT = 1.5                                            # ulp


def both_signs(x):
    return np.concatenate([x, -x])


def inputs(name):
    """Arguments from everywhere the function lives: its middle, its ends, the tiny and the subnormal.
    One array for each argument of the function."""
    rng = np.random.default_rng(7)
    tiny = 10.0 ** rng.uniform(-323, 0, 400)
    near = rng.uniform(0, 3, 600)
    bits = rng.integers(0, 2046 << 52, 600).view(np.float64)
    usual = rng.uniform(-745, 710, 600)                              # exponents of what exp can hold
    subnormal = rng.integers(1, 1 << 52, 300).view(np.float64)
    near_1 = 1 + rng.choice([-0.9, 0.9], 600) * 10.0 ** rng.uniform(-15, 0, 600)
    if name == "pow":
        x = np.concatenate([bits, near_1, near, bits, subnormal, -np.arange(1.0, 60), bits[:99]])
        return x, np.concatenate([usual / np.log(bits), usual / np.log(near_1), rng.uniform(-1, 5, 600),
                                  rng.choice([0.5, 1 / 3, 1.5, 2, 3, -1, -2], 600),
                                  rng.uniform(-1.5, 1.1, 300), np.arange(-29.0, 30), bits[-99:]])
    if name == "power_of_sigmoid":
        x = np.concatenate([rng.uniform(-140, 50, 900), both_signs(near), rng.uniform(-2, 2, 900)])
        return x, np.concatenate([rng.uniform(0, 5, 1500), rng.choice([0.5, 1, 1.5, 2, 3, 5], 1500)])
    return {
        "exp": np.concatenate([rng.uniform(-746, 710, 600), both_signs(near), both_signs(tiny),
                               [709.78, 709.79, -708.4, -745.13, -745.2]]),
        "expm1": np.concatenate([rng.uniform(-60, 710, 600), both_signs(near), both_signs(tiny)]),
        "log": np.concatenate([bits, near, 1 + both_signs(tiny)[both_signs(tiny) > -1], tiny]),
        "log1p": np.concatenate([bits, near, -rng.uniform(0, 1, 400), both_signs(tiny)]),
        "softplus": np.concatenate([rng.uniform(-750, 750, 600), both_signs(near), both_signs(tiny)]),
        "sigmoid": np.concatenate([rng.uniform(-750, 750, 600), both_signs(near), both_signs(tiny)]),
        "tanh": np.concatenate([rng.uniform(-25, 25, 600), both_signs(near), both_signs(tiny)]),
        "log_cosh": np.concatenate([rng.uniform(-25, 25, 300), bits, rng.uniform(0.7, 0.8, 600),
                                    both_signs(near), both_signs(tiny)]),
    }[name],


EXACT = {
    "exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p, "tanh": mpmath.tanh,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "power_of_sigmoid": lambda x, y: (1 + mpmath.exp(-x)) ** -y,
    "log_cosh": lambda x: mpmath.log1p(2 * mpmath.sinh(x / 2) ** 2), "pow": mpmath.power,
}


def compiled(function):
    """The function over arrays, compiled as in a driver."""
    import numba
    for helper in _with_helpers(function):
        _allow(helper)

    def run_one(result, x):
        vmath.wide_vectors()
        for i in range(x.size):
            result[i] = function(x[i])

    def run_two(result, x, y):
        vmath.wide_vectors()
        for i in range(x.size):
            result[i] = function(x[i], y[i])
    loop = numba.njit(run_one if function.__code__.co_argcount == 1 else run_two, **OPTIONS)

    def apply(*arguments):
        result = np.empty_like(arguments[0])
        loop(result, *arguments)
        return result
    apply.loop = loop
    return apply


def worst_ulp(name, function):
    arguments = inputs(name)
    worst = 0.0
    with mpmath.workdps(60):
        for *given, found in zip(*arguments, function(*arguments), strict=True):
            truth = EXACT[name](*[mpmath.mpf(float(a)) for a in given])
            rounded = float(truth)
            if math.isinf(rounded) or math.isinf(found):
                assert rounded == found, (name, given)
                continue
            worst = max(worst, float(abs(mpmath.mpf(float(found)) - truth) / math.ulp(rounded)))
    return worst


@pytest.mark.parametrize("name", EXACT)
def test_right_to_one_and_a_half_ulp(name):
    assert worst_ulp(name, compiled(getattr(vmath, name))) <= LIMIT


@pytest.mark.parametrize("name", EXACT)
def test_right_as_plain_python_too(name):
    function = np.vectorize(getattr(vmath, name), otypes=[np.float64])
    with np.errstate(all="ignore"):
        assert worst_ulp(name, function) <= LIMIT


def test_the_test_can_fail():
    with np.errstate(all="ignore"):
        assert worst_ulp("softplus", lambda x: np.logaddexp(0, x) * (1 + 3e-16)) > LIMIT
        assert worst_ulp("sigmoid", lambda x: 1 / (1 + np.exp(-np.maximum(x, -709)))) > LIMIT
        assert worst_ulp("log_cosh", lambda x: np.logaddexp(x, -x) - np.log(2)) > 1e9
        assert worst_ulp("power_of_sigmoid", lambda x, y: compiled(vmath.sigmoid)(x) ** y) > 2 * LIMIT
        assert worst_ulp("pow", lambda x, y: np.exp(y * np.log(x + 0j)).real) > 99


@pytest.mark.parametrize("name, exact", [("plus", mpmath.fadd), ("over", mpmath.fdiv),
                                         ("times", mpmath.fmul)])
def test_numbers_in_two_parts_have_twice_the_digits(name, exact):
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(1, 2, 500) * 2.0 ** rng.integers(-40, 40, 500) for _ in range(2))
    worst = {}
    for share in (0.0, 2.0 ** -54, 2.0 ** -26):              # of the second part
        for x, y in zip(a, b, strict=True):
            y_low = 0.0 if name == "times" else share * y
            high, low = getattr(vmath, name)((x, share * x), y if name == "times" else (y, y_low))
            with mpmath.workdps(60):
                truth = exact(mpmath.mpf(x) + share * x, mpmath.mpf(y) + y_low)
                error = abs((mpmath.mpf(float(high)) + mpmath.mpf(float(low))) / truth - 1)
            worst[share] = max(worst.get(share, 0), float(error))
    assert max(worst.values()) < 2.0 ** -74


@pytest.mark.parametrize("name, x, expected", [
    ("exp", [0.0, -0.0, INF, -INF, NAN, 1e308, -1e308], [1, 1, INF, 0, NAN, INF, 0]),
    ("expm1", [0.0, -0.0, INF, -INF, NAN], [0.0, -0.0, INF, -1, NAN]),
    ("log", [1.0, 0.0, -0.0, INF, -1.0, -INF, NAN], [0, -INF, -INF, INF, NAN, NAN, NAN]),
    ("log1p", [0.0, -0.0, -1.0, INF, -2.0, NAN], [0.0, -0.0, -INF, INF, NAN, NAN]),
    ("softplus", [INF, -INF, NAN], [INF, 0, NAN]),
    ("sigmoid", [0.0, INF, -INF, NAN], [0.5, 1, 0, NAN]),
    ("tanh", [0.0, -0.0, INF, -INF, NAN], [0.0, -0.0, 1, -1, NAN]),
    ("log_cosh", [0.0, -0.0, 3e-162, 1e308, INF, -INF, NAN], [0, 0, SMALLEST, 1e308, INF, INF, NAN]),
])
def test_the_ends_of_the_line(name, x, expected):
    found = compiled(getattr(vmath, name))(np.array(x))
    np.testing.assert_array_equal(found, expected)
    numbers = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(np.array(expected)[numbers]))


@pytest.mark.parametrize("module, dtype, digits", [(vmath, np.float64, 1e-15), (vmath32, np.float32, 1e-6)])
def test_powers_of_special_values(module, dtype, digits):
    """Every pair of them is as C has it: odd and even whole exponents, both zeros, both infinities."""
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, INF, -INF, NAN, 1e308, -1e308,
              SMALLEST, -SMALLEST, 2.0**53 - 1, 1 - 2.0**-53]
    x, y = map(np.array, zip(*itertools.product(values, values), strict=True))
    with np.errstate(all="ignore"):
        expected = np.array([power_in_c(a, b) for a, b in zip(x, y, strict=True)]).astype(dtype)
        for function in compiled(module.pow), np.vectorize(module.pow, otypes=[float]):
            found = function(x, y).astype(dtype)
            np.testing.assert_allclose(found, expected, rtol=digits)
            numbers = ~np.isnan(found)
            np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


def power_in_c(x, y):
    """math.pow is C's, except that it raises where C returns inf or nan."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0 and y % 2 == 1 else INF
    except ValueError:
        return NAN if x != 0 else math.copysign(INF, x) if y % 2 == 1 else INF


def test_powers_of_the_sigmoid_of_special_values():
    x = np.array([0.0, INF, -INF, NAN, -1e300, -5000.0, 2.0, -INF, 1e300])
    y = np.array([2.0, 2.0, 0.5, 2.0, 1e-3, 1.0, 0.0, 0.0, 5.0])
    np.testing.assert_array_equal(compiled(vmath.power_of_sigmoid)(x, y), [0.25, 1, 0, NAN, 0, 0, 1, 1, 1])
    assert np.isnan(compiled(vmath.power_of_sigmoid)(np.zeros(1), np.array([NAN])))


SHORT = {"exp": [np.concatenate([np.linspace(-87, 88, 999), np.logspace(-30, 1, 99)])],
         "log1p": [np.concatenate([np.linspace(-0.99, 50, 999), np.logspace(-30, 30, 199)])],
         "log_cosh": [np.concatenate([np.linspace(-50, 50, 998), np.logspace(-18, 30, 199)])],
         "pow": [np.logspace(-38, 38, 999), np.linspace(-1, 1, 999)],
         "power_of_sigmoid": [np.linspace(-17, 30, 999), np.tile([0.5, 1.0, 2.0], 333)]}


@pytest.mark.parametrize("name", SHORT)
def test_short_functions_are_right_to_a_quarter_ulp_of_float32(name):
    found, truth = (compiled(getattr(module, name))(*SHORT[name]) for module in (vmath32, vmath))
    assert np.max(np.abs(found - truth) / np.abs(truth)) < 0.25 * 2.0 ** -23


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 1000, 1025, 5000])
@np.errstate(all="ignore")
def test_peak_and_total(size):
    rng = np.random.default_rng(size)
    for x in (rng.standard_normal(size), -np.abs(rng.standard_normal(size)), np.full(size, -INF)):
        assert vmath.peak(x) == x.max()
    x = rng.standard_normal(size)
    x[size // 2] = -NAN
    assert np.isnan(vmath.peak(x))
    for scale in (1.0, 5e-324 * 2 ** 60, 1e290):
        x = scale * rng.uniform(0, 1, size) ** 5
        assert vmath.total(x) == pytest.approx(math.fsum(x), rel=3e-16)
        assert vmath.total(-x) == pytest.approx(-math.fsum(x), rel=1e-14)
    assert vmath.total(np.append(x, INF)) == INF and np.isnan(vmath.total(np.append(x, NAN)))


@pytest.mark.parametrize("x", [1.0, 1.99, 2.0, 0.7, 1e300, 1e-300, 5e-324])
def test_a_power_of_2_brings_any_number_near_1(x):
    factor = vmath.to_one(x)
    assert math.frexp(factor)[0] == 0.5 and (1 <= x * factor < 2 or factor == 2.0 ** 1023)


@pytest.mark.parametrize("x, y, half, towards", [
    ([3.0, 4.0], [0.0, 0.0], 2.5, [0.6, 0.8]),
    ([1e308, 1e308], [-1e308, -1e308], 1e308 * math.sqrt(2), [math.sqrt(0.5)] * 2),
    ([3e-323, 1.0], [0.0, 1.0], 1.5e-323, [1.0, 0.0]),
    ([5e-324, 0.0], [0.0, 5e-324], 5e-324, [math.sqrt(0.5), -math.sqrt(0.5)]),
    ([1e200, 7.0], [0.0, 7.0], 5e199, [1.0, 0.0]),
    ([7.0, 7.0], [7.0, 7.0], 0.0, [0.0, 0.0])])
@np.errstate(all="ignore")
def test_a_distance_neither_overflows_nor_vanishes(x, y, half, towards):
    slope = np.empty(2)
    found = vmath.half_distance(np.array(x), np.array(y), 2.0, False, slope)
    assert found == pytest.approx(half, rel=1e-15, abs=0)
    np.testing.assert_allclose(2 * slope, towards, rtol=1e-15)


@pytest.mark.parametrize("size", [2.0 ** -1074, 2.0 ** -1030, 2.0 ** -600, 1.0, 2.0 ** 1020])
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 100.0, INF])
@np.errstate(all="ignore")
def test_the_distance_of_any_norm_neither_overflows_nor_vanishes(p, size):
    x, slope = np.array([3.0, -1.0, 0.0, 5.0]), np.empty(4)
    power = np.sign(x) * abs(x) ** (p - 1) if p < INF else x * (x == 5)
    found = vmath.half_distance(x * size, 0 * x, p, False, slope)
    assert found == pytest.approx(np.linalg.norm(x, p) / 2 * size, rel=1e-14, abs=0)
    np.testing.assert_allclose(2 * slope, power / np.sum(power * x) * np.linalg.norm(x, p), rtol=1e-14)


def test_log1p_of_a_ratio():
    rng = np.random.default_rng(3)
    a, b = (10.0 ** rng.uniform(-320, 307, 3000) for _ in range(2))
    a[:1000] = np.minimum(b[:1000], 1e280) * 10.0 ** rng.uniform(-18, 18, 1000)
    keep = (a > 0) & (np.frexp(a)[1] - np.frexp(b)[1] < 1080)
    worst = 0.0
    with mpmath.workdps(60):
        for x, y in zip(a[keep].tolist(), b[keep].tolist(), strict=True):
            truth = mpmath.log1p(mpmath.mpf(x) / y)
            found = vmath.log1p_of_ratio(np.float64(x), np.float64(y))
            worst = max(worst, float(abs(found - truth) / math.ulp(float(truth))))
    assert worst <= 2.0                                # the quotient is rounded, then log1p


@pytest.mark.parametrize("size", [1e-323, 1e-200, 1.0, 1e308])
@np.errstate(over="ignore")
def test_scaled(size):
    x, out = np.random.default_rng(4).uniform(-1, 1, 9) * size, np.empty(9)
    up, length = vmath.scaled(x, out)
    assert math.frexp(up)[0] == 0.5 and (out == up * x).all() and 1e-101 < abs(out).max() < 1e150
    assert length == pytest.approx(np.linalg.norm(out), rel=1e-15)
    assert vmath.scaled(np.zeros(2), np.empty(2)) == (1, 0)


def widest_registers() -> str | None:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "zmm" if "avx512dq" in flags else "ymm" if "avx2" in flags else None


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "softplus", "sigmoid", "tanh", "log_cosh", "pow",
                                  "power_of_sigmoid"])
def test_functions_become_vector_instructions(name):
    apply = compiled(getattr(vmath, name))
    apply(*[np.ones(100)] * len(inputs(name)))
    register = widest_registers()
    if register:
        code = "".join(apply.loop.inspect_asm().values())
        assert re.search(rf"v(mul|fmadd\w*)pd\s.*%{register}", code), f"no {register} in the code of {name}"


def test_a_driver_is_vectorised(monkeypatch):
    monkeypatch.setattr(fused_compile._disk, "usable", False)        # code from the disk is not shown
    driver.cache_clear()
    losses.bce_with_logits(Tensor(np.zeros(3), requires_grad=True), np.zeros(3), reduction="mean")
    register = widest_registers()
    if register:
        walk = driver(losses.bce_with_logits, True, False, losses.bce_with_logits.default_holds,
                      losses.bce_with_logits.default_settings)
        code = "".join(walk.inspect_asm().values())
        assert re.search(rf"vdivpd\s.*%{register}", code)
    driver.cache_clear()


def test_kernels_run_as_plain_python():
    """With NUMBA_DISABLE_JIT=1 the laws hold as well: a debugger can step through a kernel."""
    command = [sys.executable, "-m", "pytest", "tests/test_laws.py", "-p", "no:cacheprovider", "-k",
               "paths_agree or nan_comes_out"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1",
                                                  "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) >= 2 * len(losses.LOSSES)
