"""Elementary functions for kernels, written so that a compiler can do many at once.

Why not `math.exp`? It is a call into a library, one number at a time. Inside a loop it forbids the
compiler to work on 4 or 8 numbers with one instruction, and becomes the whole cost of a loss. The
functions here are straight-line arithmetic: no branch, no table, no call. Compiled into a driver's
loop they disappear into it, and the loop as a whole becomes vector instructions. They are right to
1.5 ulp (units in the last place) over all float64 numbers, at 0, -0, inf and nan too; a test
compares them with 50 digits.

How to compute an exponential. Three steps, as in every such function:

1. Range reduction. A polynomial can follow exp only over a short stretch. Since exp(x + ln 2) =
   2 exp(x), take away whole multiples of ln 2:  x = n ln 2 + r  with |r| <= ln(2)/2 = 0.35.

   n is x / ln 2, rounded. Rounding without a branch: add 1.5 * 2^52. Up there neighbouring floats are
   1 apart, so the sum is rounded to a whole number by the adder itself; subtract it again and n is
   left. And the last bits of the sum, read as an integer, are n.

   r = x - n ln 2 must be right to the last bit although n ln 2 may be 700. So ln 2 comes in two parts:
   LN2_HIGH has 32 zero bits at its end, so that n * LN2_HIGH is exact, and subtracting it is too;
   LN2_LOW brings the rest.

2. Polynomial.  exp(r) = 1 + r + r^2 (c0 + c1 r + ... + c9 r^9).  The coefficients are those of the
   polynomial that comes closest over the stretch, near 1/2, 1/6, 1/24 ...; written out in Horner's
   form, because a loop over them would not be vectorised. The first two terms stay out of the
   polynomial: 1 and r are exact, and what is rounded is multiplied by r^2 < 0.12.

3. Put the exponent back. 2^n is the float whose exponent bits hold n + 1023: an addition and a shift.
   Near the ends of the range 2^n itself overflows or vanishes where the result does not, so it is
   applied in two halves. A result below 2^-1022 is thereby rounded once, as it should be.

Error budget of exp, in ulp of the result: rounding r 0.18, polynomial 0.1, r^2 * q and the sums 0.2,
the final addition 0.5; in all below 1. Logarithms go the other way: the exponent bits are taken off,
what is left lies between sqrt(1/2) and sqrt(2), and a series in s = f / (2 + f) finishes the work.

A power is exp(y log x), and an exponential turns an absolute error into a relative one: near 700, where
floats are 2^-43 apart, rounding y log x alone would cost a thousand ulp. So the logarithm and its
product with y are kept in two parts, a short number that carries the first digits and a rest. A number
of 24 or 26 bits times another one fits into the 53 bits of a float: such products are exact, and only
the rest is rounded, far below the last digit of the result.

A note on `np.float64(...).view(np.int64)`: the same 64 bits, read as an integer. It costs nothing.
"""

from __future__ import annotations

import numpy as np

ROUND = 6755399441055744.0                    # 1.5 * 2^52: adding it rounds to a whole number
ROUND_BITS = 0x4338000000000000               # the same number, as bits
LOG2_E = 1.4426950408889634                   # 1 / ln 2
LN2_HIGH = 0.6931471803691238                 # ln 2, its last 32 bits zero
LN2_LOW = 1.9082149292705877e-10              # ln 2 - LN2_HIGH
SIXTY_LN2 = 41.58883083359672                 # log(2^60)
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD           # sqrt(1/2)
ALL_BUT_SIGN = 0x7FFFFFFFFFFFFFFF
EXP_MIN, EXP_MAX = -746.0, 710.0              # beyond, exp is 0 or inf
SMALLEST_NORMAL = 2.2250738585072014e-308
FEW = 64                                      # numbers: starting a loop of vectors takes longer than the loop
ROW_SUM_TOLERANCE = 1e-4                      # room for the float32 roundings of a very wide softmax
UPPER_24, UPPER_26 = -1 << 29, -1 << 27       # masks for the first 24, 26 of the 53 digits of a float


def _reduce(x):
    """n, r and what rounding r lost, for x = n ln 2 + r; x from EXP_MIN to EXP_MAX, or nan."""
    shifted = x * LOG2_E + ROUND
    n = shifted - ROUND
    high, low = x - n * LN2_HIGH, n * LN2_LOW
    r = high - low
    return np.float64(shifted).view(np.int64) - ROUND_BITS, r, (high - r) - low


def _exp_series(r):
    """(exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2."""
    q = 2.510038549551032e-08
    q = q * r + 2.7620088445409746e-07
    q = q * r + 2.7557268459997064e-06
    q = q * r + 2.4801521295954376e-05
    q = q * r + 0.00019841269863053618
    q = q * r + 0.0013888888917213717
    q = q * r + 0.008333333333330062
    q = q * r + 0.04166666666662413
    q = q * r + 0.16666666666666669
    return q * r + 0.5000000000000001


def _two_to_the(n):
    """2^n in two factors, each of them a normal number."""
    half = n >> 1
    return np.int64((half + 1023) << 52).view(np.float64), np.int64((n - half + 1023) << 52).view(np.float64)


def exp(x):
    """e to the power of x."""
    bounded = EXP_MAX if x > EXP_MAX else x
    bounded = EXP_MIN if x < EXP_MIN else bounded
    n, r, lost = _reduce(bounded)
    a, b = _two_to_the(n)
    return ((1.0 + (r + (r * r * _exp_series(r) + lost))) * a) * b


def expm1(x):
    """exp(x) - 1, without losing the digits of a small x."""
    bounded = EXP_MAX if x > EXP_MAX else x
    bounded = -50.0 if x < -50.0 else bounded
    n, r, lost = _reduce(bounded)
    s = r * r * _exp_series(r) + lost
    a, b = _two_to_the(n)
    two_n = a * b if n < 57 else 1.0
    whole = (two_n - 1.0) + two_n * r
    rest = two_n * r - (whole - (two_n - 1.0))               # what rounding the whole lost
    small, large = whole + (two_n * s + rest), ((1.0 + (r + s)) * a) * b
    result = small if n < 57 else large                      # where the 1 no longer counts
    return x if x == 0.0 else result


def _log_parts(x):
    """k and f = m - 1 for x = 2^k m, m between sqrt(1/2) and sqrt(2); x normal and positive."""
    bits = np.float64(x).view(np.int64)
    k = (bits - SQRT_HALF_BITS) >> 52
    m = np.int64(bits - (k << 52)).view(np.float64)
    return np.float64(k), m - 1.0


def _log_series(f, s):
    """log(1 + f) - f, for s = f / (2 + f) and |s| <= 0.172."""
    z = s * s
    q = 0.13086907887965027
    q = q * z + 0.13268746195596595
    q = q * z + 0.15386240708969665
    q = q * z + 0.18181795621632782
    q = q * z + 0.22222222391887064
    q = q * z + 0.2857142857080285
    q = q * z + 0.4000000000000088
    q = q * z + 0.6666666666666666
    return -s * (f - z * q)


def log(x):
    """The natural logarithm."""
    tiny = x < SMALLEST_NORMAL
    k, f = _log_parts(x * 18014398509481984.0 if tiny else x)            # 2^54
    k = k - 54.0 if tiny else k
    result = k * LN2_HIGH + (f + (_log_series(f, f / (2.0 + f)) + k * LN2_LOW))
    result = x if x == np.inf else result
    result = -np.inf if x == 0.0 else result
    return result if x >= 0.0 else np.nan


def log1p(x):
    """log(1 + x), without losing the digits of a small x."""
    u = 1.0 + x
    lost = x - (u - 1.0) if x < 1.0 else 1.0 - (u - x)                   # what rounding u lost
    k, f = _log_parts(u)
    result = k * LN2_HIGH + (f + (_log_series(f, f / (2.0 + f)) + (k * LN2_LOW + lost / u)))
    result = x if x == np.inf else result
    result = -np.inf if x == -1.0 else result
    result = x if x == 0.0 else result
    return result if x >= -1.0 else np.nan


def log1p_of_ratio(a, b):
    """log(1 + a / b) for a >= 0 and b > 0, also where a / b is too large for a float, by up to 2^60."""
    far = a * 2.0 ** -120 > b
    return log1p((a * 2.0 ** -60 if far else a) / b) + (SIXTY_LN2 if far else 0.0)


def logistic(x):
    """For x >= 0: exp(-x), sigmoid(x) and softplus(-x) = log(1 + exp(-x)), for one exponential and one
    division: 1 / (1 + e) and e / (2 + e) come from the reciprocal of (1 + e)(2 + e)."""
    n, r, _ = _reduce(EXP_MIN if x > -EXP_MIN else -x)
    a, b = _two_to_the(n)
    e = ((1.0 + (r + r * r * _exp_series(r))) * a) * b
    one, two = 1.0 + e, 2.0 + e
    reciprocal = 1.0 / (one * two)
    return e, two * reciprocal, _log1p_unit(e, e * one * reciprocal)


def _log1p_unit(e, s):
    """log(1 + e) for 0 <= e <= 1, given s = e / (2 + e): the series alone, no exponent to take off."""
    z = s * s
    q = 0.161658308735399
    q = q * z + 0.08799896704480586
    q = q * z + 0.12001237586097568
    q = q * z + 0.13314126888092429
    q = q * z + 0.1538557112116336
    q = q * z + 0.18181789398507564
    q = q * z + 0.22222222718175985
    q = q * z + 0.2857142856710136
    q = q * z + 0.4000000000001461
    q = q * z + 0.6666666666666666
    return e - s * (e - z * q)


def softplus(x):
    """log(1 + exp(x)), as a sum of two terms that are never negative."""
    e = exp(-abs(x))
    rest = _log1p_unit(e, e / (2.0 + e))
    return rest + x if x > 0.0 else rest


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    p, _ = sigmoids(x)
    return p[0] + p[1]


def sigmoids(x):
    """sigmoid(x) and sigmoid(-x) for one exponential and one division; each in two parts, (high, low), for it
    is no difference: right where the other is nearly 1."""
    e, e_low = _exp_in_two_parts(-abs(x))
    below = 1.0 + e
    rest = (e - (below - 1.0)) + e_low                       # what rounding 1 + e lost
    inverse, short = 1.0 / below, _first_digits(below, UPPER_26)
    below -= short
    large, small = _first_digits(inverse, UPPER_26), _first_digits(e * inverse, UPPER_26)
    large_low = (((1.0 - large * short) - large * below) - large * rest) * inverse
    small_low = (((e - small * short) - small * below) + (e_low - small * rest)) * inverse
    negative = x < 0.0
    return ((small if negative else large, small_low if negative else large_low),
            (large if negative else small, large_low if negative else small_low))


def _exp_in_two_parts(x):
    """exp(x) for x <= 0, and what rounding it lost."""
    n, r, lost = _reduce(EXP_MIN if x < EXP_MIN else x)
    a, b = _two_to_the(n)
    s = r * r * _exp_series(r) + lost
    p = r + s
    high = 1.0 + p
    low = (p - (high - 1.0)) + ((r - p) + s)
    return (high * a) * b, (low * a) * b


def tanh(x):
    """The hyperbolic tangent, as t / (t + 2) with t = exp(2 |x|) - 1, both in two parts."""
    n, r, lost = _reduce(40.0 if abs(x) > 20.0 else 2.0 * abs(x))
    a, b = _two_to_the(n)
    two_n = a * b
    s = two_n * (r * r * _exp_series(r) + lost)
    whole = (two_n - 1.0) + two_n * r
    rest = two_n * r - (whole - (two_n - 1.0))
    t = whole + (s + rest)
    t_low = (whole - t) + (s + rest)
    below = t + 2.0
    below_low = (t - (below - 2.0) if t < 2.0 else 2.0 - (below - t)) + t_low
    result = t / below
    result = result + (t_low - result * below_low) / below
    return -result if x < 0.0 else x if x == 0.0 else result


def log_cosh(x):
    """log(cosh(x)), without losing the digits of a small x, where it is nearly x^2 / 2."""
    size = abs(x)
    z = x * x
    q = 1.888776450546259e-07
    q = q * z - 1.145913138246303e-06
    q = q * z + 4.0372692852773446e-06
    q = q * z - 1.1772306195155206e-05
    q = q * z + 3.271683462977627e-05
    q = q * z - 9.097530131359227e-05
    q = q * z + 0.00025657838426663623
    q = q * z - 0.0007386027476097365
    q = q * z + 0.0021869488413094962
    q = q * z - 0.006746031745663464
    q = q * z + 0.022222222222217893
    q = q * z - 0.08333333333333333
    half = (0.5 * x) * x
    small = half + z * (z * q)
    e = exp(-2.0 * size)
    large = (size - LN2_HIGH) + (_log1p_unit(e, e / (2.0 + e)) - LN2_LOW)
    return small if size < 0.75 else large


def pow(x, y):
    """x to the power of y, as C has it: 1 if y = 0 or x = 1, whatever the other; nan for x < 0 unless y
    is whole."""
    high, low = _log_in_two_parts(abs(x))
    bounded = 1e20 if y > 1e20 else -1e20 if y < -1e20 else y            # beyond, the result is 0, 1 or inf
    return x * x if y == 2.0 else _with_edges(x, y, _exp_of_product(high, low, bounded))


def power_of_sigmoid(x, y):
    """sigmoid(x) to the power of y >= 0, for y up to 5 right as if the sigmoid had not been rounded.

    The power of a rounded number is wrong by y times its rounding. So the logarithm is taken before:
    -log(sigmoid(x)) = log(1 + exp(-|x|)) + max(-x, 0), all in two parts.
    """
    size = abs(x)
    e, e_low = _exp_in_two_parts(-size)
    below = 1.0 + e
    rest = (e - (below - 1.0)) + e_low                       # what rounding 1 + e lost
    high, low = _log_in_two_parts(below)
    low = low + rest / below
    linear = size if x < 0.0 else 0.0
    linear = 1e20 if linear > 1e20 else linear
    whole = linear + high
    added = whole - linear
    low = ((linear - (whole - added)) + (high - added)) + low            # what rounding the sum lost
    first = _first_digits(whole + low, UPPER_26)
    result = _exp_of_product(first, (whole - first) + low, -y)
    return 1.0 if y == 0.0 else result if x == x else x


def _log_in_two_parts(x):
    """log(x) for x > 0 as a number of 26 bits and a rest, together right to 2^-65 of it.

    With s = f / (3 + 3/2 f) and z = (3/2 s)^2, it is k ln 2 + s (3 + z + 3/5 z^2 + 3/7 z^3 + ...):
    every product below that has a short factor is exact.
    """
    tiny = x < SMALLEST_NORMAL
    k, f = _log_parts(x * 18014398509481984.0 if tiny else x)            # 2^54
    k = k - 54.0 if tiny else k
    below = _first_digits(3.0 + 1.5 * f, UPPER_26)
    below_rest = (f - (below - 3.0)) + 0.5 * f
    over = 1.0 / below
    s = _first_digits(f * over, UPPER_24)
    s_rest = ((f - s * below) - s * below_rest) * (over - over * (over * below_rest))
    z, z_rest = 2.25 * s * s, (4.5 * s + 2.25 * s_rest) * s_rest
    square = z + z_rest
    q = 0.17584767935814777
    q = q * square + 0.1755935450923681
    q = q * square + 0.20002207040770967
    q = q * square + 0.23076892443777647
    q = q * square + 0.272727275030892
    q = q * square + 0.3333333333248383
    q = q * square + 0.4285714285714405
    q = square * square * (q * square + 0.6)
    series = _first_digits(3.0 + (z + q), UPPER_26)
    series_rest = (q - ((series - 3.0) - z)) + z_rest
    main, rest = s * series, s_rest * series + (s + s_rest) * series_rest
    whole = k * LN2_HIGH + main
    rest = (main - (whole - k * LN2_HIGH)) + (rest + k * LN2_LOW)
    high = _first_digits(whole + rest, UPPER_26)
    return high, (whole - high) + rest


def _exp_of_product(high, low, y):
    """exp((high + low) y), for a high of 26 bits and |low| far smaller."""
    short = _first_digits(y, UPPER_26)
    return _exp_of_two_parts(short * high, (y - short) * high + y * low)


def _first_digits(x, mask):
    """x without its last binary digits."""
    return np.int64(np.float64(x).view(np.int64) & mask).view(np.float64)


def _exp_of_two_parts(x, rest):
    """exp(x + rest), for a rest that is far smaller than x."""
    bounded = EXP_MAX if x > EXP_MAX else x
    bounded = EXP_MIN if x < EXP_MIN else bounded
    n, first, lost = _reduce(bounded)
    lost = lost + rest if bounded == x else lost
    r = first + lost
    a, b = _two_to_the(n)
    return ((1.0 + (r + (r * r * _exp_series(r) + ((first - r) + lost)))) * a) * b


def _with_edges(x, y, power):
    """x^y, given |x|^y for finite x > 0; 0, inf, nan and the sign of x are seen to."""
    power = np.inf if abs(x) == np.inf or x == 0.0 else power
    power = 0.0 if (abs(x) == np.inf and y < 0.0) or (x == 0.0 and y > 0.0) else power
    whole = np.floor(y) == y
    odd = whole and np.floor(0.5 * y) != 0.5 * y
    power = -power if odd and np.float64(x).view(np.int64) < 0 else power
    power = np.nan if x < 0.0 and not whole and x != -np.inf else power
    power = np.nan if x != x or y != y else power
    return 1.0 if y == 0.0 or x == 1.0 else power


def in_any_order(function):
    """Mark a function whose sums may be taken in any order, so that they are vectorised."""
    function.any_order = True
    return function


@in_any_order
def exponentials(x, top, left_out, out):
    """Fill out with exp(x - top), top being the largest x. Returns their sum without out[left_out].

    Where top is inf, it has 1 and all below it 0.
    """
    wide_vectors()
    result = 0.0
    for i in range(x.size):
        out[i] = _exp_minus(x[i], top)
        result += 0.0 if i == left_out else out[i]
    return result


def _exp_minus(x, top):
    """exp(x - top) for x <= top, right although x - top is rounded; 1 where they are equal."""
    d = 0.0 if x == top else x - top
    t = d - x
    lost = (x - (d - t)) - (top + t)                         # x - top = d + lost, exactly
    bounded = EXP_MIN if d < EXP_MIN else d
    n, r, rest = _reduce(bounded)
    rest = rest + lost if EXP_MIN < d < 0.0 else rest
    a, b = _two_to_the(n)
    s = r * r * _exp_series(r)
    high = 1.0 + r
    low = r - (high - 1.0)                                   # what rounding it lost
    return ((high + (low + (s + (rest + rest * (r + s))))) * a) * b


@in_any_order
def exp_minus(x, top, out):
    """Fill out with exp(x - top), for a finite top. Returns the sum."""
    wide_vectors()
    result = 0.0
    for i in range(x.size):
        out[i] = _exp_minus(np.float64(x[i]), top)
        result += out[i]
    return result


def total(x):
    """The sum of x, as if rounded once, or nearly.

    A thousand numbers at a time are cut at a common binary place, above which their sum is exact; what
    lies below is too little for its roundings to matter. [S. Rump, T. Ogita, S. Oishi 2008]
    """
    result, lost, cut = 0.0, 0.0, 0.0
    for start in range(0, x.size, 1024):
        stop = min(start + 1024, x.size)
        above, below = _sums(x, start, stop, cut)
        if 0.25 * cut < above < 1e300:                       # the first, or larger than all before
            cut = 8.0 * (1.0 / to_one(above))
            above, below = _sums(x, start, stop, cut)
        result, rounding = two_sum(result, above)
        lost += rounding + below
    return result + lost if abs(result) < np.inf else result


@in_any_order
def are_probabilities(rows, of_logs, scratch):
    """Does each row, or do its exponentials, sum to 1? nan is let through. scratch is as large as rows."""
    wide_vectors()
    ok, numbers, p = True, rows.reshape(-1), scratch.reshape(-1)
    for k in range(numbers.size if of_logs else 0):
        p[k] = exp(np.float64(numbers[k]))
    for r in range(len(rows)):
        mass = 0.0
        for c in range(rows.shape[1]):
            mass += scratch[r, c] if of_logs else rows[r, c]
        ok &= not abs(mass - 1.0) > ROW_SUM_TOLERANCE
    return ok


def totals(rows, out):
    """Fill out with the total of each row."""
    if rows.shape[1] < FEW:
        for r in range(len(rows)):
            out[r] = _total_of_few(rows[r])
    else:
        for r in range(len(rows)):
            out[r] = total(rows[r])


def _total_of_few(x):
    result, lost = 0.0, 0.0
    for i in range(x.size):
        result, rounding = two_sum(result, x[i])
        lost += rounding
    return result + lost if abs(result) < np.inf else result


def two_sum(a, b):
    """a + b, rounded, and what rounding lost. [D. Knuth]"""
    result = a + b
    added = result - a
    return result, (a - (result - added)) + (b - added)


def plus(a, b):
    """a + b of numbers in two parts, (high, low), which are right to twice the digits of a float."""
    high, lost = two_sum(a[0], b[0])
    return _in_two_parts(high, lost + (a[1] + b[1]))


def times(a, x):
    """a x, for a number in two parts and one float."""
    high, short = _first_digits(a[0], UPPER_26), _first_digits(x, UPPER_26)
    return _in_two_parts(high * short, high * (x - short) + ((a[0] - high) * x + a[1] * x))


def over(a, b):
    """a / b of numbers in two parts: as many digits as can be multiplied exactly, and what they leave."""
    high, short = _first_digits(a[0] / b[0], UPPER_26), _first_digits(b[0], UPPER_26)
    rest = ((a[0] - high * short) - high * (b[0] - short)) + (a[1] - high * b[1])
    return _in_two_parts(high, rest / (b[0] + b[1]))


def _in_two_parts(high, low):
    """Infinity is one part: what rounding it lost would be inf - inf."""
    return high, low if abs(high) < np.inf else 0.0


@in_any_order
def _sums(x, start, stop, cut):
    """The sums of what lies above and below 2^-53 cut, in the order that suits the vector unit."""
    above, below = 0.0, 0.0
    for i in range(start, stop):
        above += _above(x[i], cut)
        below += _below(x[i], cut)
    return above, below


def _above(x, cut):
    return (cut + x) - cut


def _below(x, cut):
    return x - _above(x, cut)


@in_any_order
def any_order_sum(x):
    """The sum of x in the order that suits the vector unit, fixed when compiled."""
    wide_vectors()
    result = 0.0
    for i in range(x.size):
        result += x[i]
    return result


def peak(x):
    """The largest element of x; nan if there is one.

    Compared as integers, since a maximum of floats is not vectorised: floats are ordered like their
    bits, if those of negative ones are turned round.
    """
    wide_vectors()
    if x.size < 32:                                          # too few to be worth it
        top = x[0]
        for i in range(1, x.size):
            top = x[i] if x[i] > top or x[i] != x[i] else top
        return top
    bits = x.view(np.int64)
    largest = bits[0] ^ ((bits[0] >> 63) & ALL_BUT_SIGN)
    nans = 0
    for i in range(x.size):
        key = bits[i] ^ ((bits[i] >> 63) & ALL_BUT_SIGN)
        largest = key if key > largest else largest
        nans += x[i] != x[i]
    return np.nan if nans else np.int64(largest ^ ((largest >> 63) & ALL_BUT_SIGN)).view(np.float64)


def extent(x):
    """The smallest and the largest element of x; with a nan among them, one of the two is nan."""
    wide_vectors()
    bits = x.view(np.int64)
    low = high = bits[0] ^ ((bits[0] >> 63) & ALL_BUT_SIGN)
    for i in range(x.size):
        key = bits[i] ^ ((bits[i] >> 63) & ALL_BUT_SIGN)
        low = key if key < low else low
        high = key if key > high else high
    low, high = low ^ ((low >> 63) & ALL_BUT_SIGN), high ^ ((high >> 63) & ALL_BUT_SIGN)
    return np.int64(low).view(np.float64), np.int64(high).view(np.float64)


def to_one(x):
    """A power of 2 that brings x > 0 near 1, for x below 2^1023. To multiply by it rounds nothing."""
    return np.int64((2046 - (np.float64(x).view(np.int64) >> 52)) << 52).view(np.float64)


def half_distance(x, y, p, squared, slope):
    """Half of |x - y|_p, which cannot overflow, or of its square if p = 2 and squared. Fills `slope` with its
    slope with respect to x, which is 0 where x is y; for p = inf, ties share it equally."""
    for i in range(x.size):
        slope[i] = x[i] - y[i]
    squares = dot(slope, slope)
    if squared and p == 2.0:
        return 0.5 * squares
    if p != 2.0 or not 1e-200 < squares < 1e300:
        return _half_p_distance(x, y, p, slope)
    length = np.sqrt(squares)
    for i in range(x.size):
        slope[i] *= 0.5 / length
    return 0.5 * length


def gap_of_distances(a, b, c, p, squared, swap, da, db, dc):
    """(D(a, b) - D(a, c)) / 2, for D as in half_distance; with swap, D(b, c) takes the place of D(a, c) where
    it is smaller, and half of it in a tie. Fills da, db and dc with the slopes."""
    near, far = half_distance(b, a, p, squared, db), half_distance(a, c, p, squared, dc)
    other = half_distance(b, c, p, squared, da) if swap else np.inf
    own = 1.0 if far < other or not swap else 0.5 if far == other else 0.0           # the share of D(a, c)
    for i in range(a.size):
        kept, swapped = own * dc[i], (1.0 - own) * da[i] if swap else 0.0
        da[i] = -db[i] - kept
        db[i] -= swapped
        dc[i] = kept + swapped
    return near - (far if own > 0.0 else other)


def _half_p_distance(x, y, p, slope):
    """The same for any p, and for differences of any size: they are brought near 1 first.

    With S = sum |x - y|^p the length is S^(1/p), and the slope |x - y|^(p - 1) S^(1/p) / S.
    """
    top, part = _differences(x, y, 1.0, slope), 1.0
    if not top < 1e300:                                      # an eighth of a difference cannot overflow
        top, part = _differences(x, y, 0.125, slope), 0.125
    up = to_one(top) if top > 0.0 else 1.0
    more = to_one(top * up) if top > 0.0 else 1.0            # 1, except for subnormal numbers
    top = top * up * more
    powers, lost = 0.0, 0.0
    for i in range(x.size):
        sign, size = np.sign(slope[i]), abs(slope[i]) * up * more
        if p == np.inf:
            slope[i] = 1.0 if size == top else 0.0
        elif size > 1e-290 or up >= 1.0:
            slope[i] = pow(size, p - 1.0)
        else:                                                # the size has lost its digits
            slope[i] = pow(abs(slope[i]), p - 1.0) * pow(up, p - 1.0)
        powers, rounding = two_sum(powers, slope[i] * size)
        lost += rounding
        slope[i] *= sign
    powers += lost
    length = top if p == np.inf else powers if p == 1.0 else pow(powers, 1.0 / p)
    for i in range(x.size):
        slope[i] *= 0.5 * length / powers if powers != 0.0 else 0.0
    return 0.5 * length / up / more / part


def _differences(x, y, part, out):
    """Fill out with part x - part y. Returns the largest size in it; nan if there is one."""
    top = 0.0
    for i in range(x.size):
        out[i] = part * x[i] - part * y[i]
        size = abs(out[i])
        top = size if size > top or size != size else top
    return top


@in_any_order
def dot(x, y):
    """The sum of x y, in the order that suits the vector unit."""
    result = 0.0
    for i in range(x.size):
        result += x[i] * y[i]
    return result


@in_any_order
def squared_distance(x, y):
    """The sum of (x - y)^2, in the order that suits the vector unit."""
    result = 0.0
    for i in range(x.size):
        result += (x[i] - y[i]) * (x[i] - y[i])
    return result


def scaled(x, out):
    """Fill out with up x, so that no square overflows or vanishes. Returns up, which is a power of 2, and 1
    where x is 0 or infinite; and the length of out."""
    squares, up = dot(x, x), 1.0
    if not 1e-200 < squares < 1e300:
        top = 0.0
        for i in range(x.size):
            top = max(top, abs(x[i]))
        up = 1.0 if top == 0.0 or top == np.inf else to_one(top) if top < 1e300 else 2.0 ** -1000
    for i in range(x.size):
        out[i] = up * x[i]
    return up, np.sqrt(squares if up == 1.0 else dot(out, out))


def cosine(x, y, dx, dy):
    """cos = x y / |x| |y|, and 1 - cos. Fills dx and dy with the slopes of cos. Where x or y is 0, there is
    no angle: cos and all slopes are 0."""
    up_x, length_x = scaled(x, dx)
    up_y, length_y = scaled(y, dy)
    if length_x == 0.0 or length_y == 0.0:
        dx[:], dy[:] = 0.0, 0.0
        return 0.0, 1.0
    cos, by_x, by_y = dot(dx, dy) / (length_x * length_y), 1.0 / length_x, 1.0 / length_y
    for i in range(x.size):
        dx[i], dy[i] = dx[i] * by_x, dy[i] * by_y
    apart = squared_distance(dx, dy)                         # |x/|x| - y/|y||^2 = 2 - 2 cos
    for i in range(x.size):
        u, v = dx[i], dy[i]
        dx[i] = (v - cos * u) * by_x * up_x
        dy[i] = (u - cos * v) * by_y * up_y
    return cos, 0.5 * apart


def wide_vectors():
    """A word to the compiler, where a driver's loop says it: use the widest vectors there are."""


def prefetch(x):
    """A word to the processor: x, a piece of an array, will soon be needed."""


def part(array, here):
    """A part of an array; None of None."""
    return None if array is None else array[here]


def keep(costs, losses):
    """Fill losses with the first costs. In a loop: with an assignment of slices comes an error message, which
    takes longer to compile than all the rest."""
    for i in range(losses.size):
        losses[i] = costs[i]
