"""A factor in words, such as n, and where it usually comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .programs import Program


def name_factor(program: Program, k: int, factor: float) -> tuple[str, str]:
    """The factor by which the gradient of input k is off, in words, and the usual mistake; "" if unknown."""
    for number, words, mistake in _known(program, k):
        if number and abs(factor - number) <= 1e-6 * abs(number):
            return (f"{factor:.6g} = {words}" if words else f"{factor:.6g}"), mistake
    return f"{factor:.6g}", ""


def _known(program: Program, k: int) -> Iterator[tuple[float, str, str]]:
    """Numbers that gradients are wrong by, the likeliest first."""
    yield 2.0, "", "the 1/2 of a square was forgotten, or counted in the loss alone"
    yield 0.5, "1/2", "the 2 that comes down from a square was lost"
    yield -1.0, "", "a sign is turned there"
    counts = list(_counts(program, k))
    for n, words in counts:
        yield float(n), f"n, {words}", "the loss is a mean, the gradient that of the sum: divide by n"
        yield 1.0 / n, f"1/n, n being {words}", "divided by n once too often"
        yield -float(n), f"-n, n being {words}", "a sign, and the mean's 1/n"
        yield (n - 1) / n, f"(n - 1)/n, n being {words}", "n - 1 and n were confused"
        yield n / (n - 1), f"n/(n - 1), n being {words}", "n - 1 and n were confused"
    single = {program.names[j]: float(other.reshape(-1)[0]) for j, other in enumerate(program.inputs)
              if other.size == 1 and j != k and other.dtype.kind in "fiu"}
    for name, value in {**program.constants, **single}.items():
        if value not in (0.0, 1.0, -1.0):
            yield value, f"{name}", f"{name} is a factor too many"
            yield 1.0 / value, f"1/{name}", f"the factor {name} is missing"
    yield -2.0, "", "a sign, and the 2 of a square"
    yield -0.5, "-1/2", "a sign, and the 2 of a square"
    for base in (2, 10):
        yield math.log(base), f"ln {base}", f"the logarithm is natural, the slope that of base {base}, or so"
        yield 1 / math.log(base), f"1/ln {base}", f"a logarithm of base {base} has the slope 1/(x ln {base})"
    for n, words in counts:
        yield math.sqrt(n), f"sqrt(n), n being {words}", "the scale 1/sqrt(n) is missing"
        yield 1 / math.sqrt(n), f"1/sqrt(n), n being {words}", "the scale 1/sqrt(n) is there once too often"
        yield math.sqrt((n - 1) / n), f"sqrt((n - 1)/n), n being {words}", "n - 1 and n were confused"
        yield math.sqrt(n / (n - 1)), f"sqrt(n/(n - 1)), n being {words}", "n - 1 and n were confused"


def _counts(program: Program, k: int) -> Iterator[tuple[int, str]]:
    """How many there are of what is counted, if more than one."""
    x = program.inputs[k]
    found = [(x.size, "the number of elements")]
    if x.ndim > 1:
        found += [(x.shape[0], "the number of rows"), (x.shape[-1], "the number of columns")]
    found += [(math.prod(program.output), "the number of results")]
    for name, other in zip(program.names, program.inputs, strict=True):
        if other is not x and other.ndim:
            found += [(other.shape[0], f"the length of {name}"), (other.shape[-1], f"the columns of {name}")]
    yield from [(n, words) for n, words in found if n > 1]
