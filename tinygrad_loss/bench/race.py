"""The stopwatch: contestants take turns, round after round, and each is judged by its median.

    first call      apart: this is when compilers work
    calibration     how many calls make a few milliseconds; who needs over a second for one is timed here,
                    by two calls, and who needs over a minute drops out
    rounds          in a random order each time; a pause, some calls that do not count, then those that do

A round counts if others left the machine alone; only when there are too few of these do all count.
The pause lets the threads of the one before fall asleep: OpenMP's spin for some milliseconds after
their work, and with them awake the next one would have fewer cores. A call that does not count
wakes the contestant's own threads, fills the caches and gets its memory from the system (a virtual
machine takes a second to find a gigabyte), as the step before it in a training loop would have done.
Of a few microseconds, many are needed: for a millisecond after the rest they are up to a quarter
slower. So a fifth as many do not count as do, and at least one.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .contestants import Answer, Contestant, Timing
from .neighbours import Neighbours

BATCH = 0.005                                 # seconds that the calls of one sample shall take
SLOW, TOO_LONG = 1.0, 60.0                    # seconds for one call: too many for the rounds, for us
QUIET = 0.08                                  # share of the machine that others may take in a round
PATIENCE = 4                                  # times the seconds asked for: so long we hope for quiet
PAUSE = 0.015                                 # seconds before each sample
TOLERANCES = {"float64": 1e-6, "float32": 1e-2}     # is it the same loss? no question of accuracy


Round = dict[str, float]                      # seconds per call of every contestant


class Outcome(NamedTuple):
    """What came of one race."""

    timings: dict[str, Timing]
    left_out: dict[str, str]                  # name: why
    wrong: dict[str, str]                     # name: in what it differs from the fused path
    others: float                             # share of the machine that others took meanwhile


def race(contestants: Sequence[Contestant], dtype: str, rounds: int, seconds: float) -> Outcome:
    """Measure all: at least so many rounds, and for so many seconds."""
    first, left_out, wrong = _first_calls(contestants, TOLERANCES[dtype])
    calls, timings = {}, {}
    for c in contestants:
        if c.name in left_out:
            continue
        once = _timed(c.run)[0]
        if once > TOO_LONG:
            left_out[c.name] = f"one call takes {once:.0f} s"
        elif once > SLOW:
            timings[c.name] = _timing([once, _timed(c.run)[0]], 1, first[c.name])
        else:
            calls[c.name] = max(1, round(BATCH / min(once, _timed(c.run)[0])))
    runners = [c for c in contestants if c.name in calls]
    used, others = _rounds(runners, calls, rounds, seconds)
    timings |= {name: _timing([samples[name] for samples in used], n, first[name])
                for name, n in calls.items()}
    return Outcome(timings, left_out, wrong, others)


def _first_calls(contestants: Sequence[Contestant], tolerance: float
                 ) -> tuple[dict[str, float], dict[str, str], dict[str, str]]:
    """The seconds of each first call; who failed; and who computes something else than the first one."""
    first, left_out, wrong = {}, {}, {}
    reference: Answer | None = None
    for c in contestants:
        try:
            first[c.name], found = _timed(c.run)
        except Exception as error:            # somebody else's compiler may miss something here
            left_out[c.name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
            continue
        if c.answer is not None:
            answer = c.answer(found)
            reference = reference or answer
            if problem := difference(answer, reference, tolerance):
                wrong[c.name] = problem
    return first, left_out, wrong


def _rounds(runners: list[Contestant], calls: dict[str, int], rounds: int, seconds: float
            ) -> tuple[list[Round], float]:
    """The quiet rounds if there are enough of them, else all; and how busy others were meanwhile."""
    rng, neighbours = np.random.default_rng(0), Neighbours()
    gc.collect()
    gc.freeze()                               # what the imports left shall not be searched again
    done: list[tuple[float, Round]] = []
    start, enough = time.perf_counter(), False
    while not enough:
        neighbours.share()
        samples: Round = {}
        for i in rng.permutation(len(runners)):
            c = runners[i]
            time.sleep(PAUSE)
            _sample(c.run, max(1, calls[c.name] // 5))                   # does not count
            samples[c.name] = _sample(c.run, calls[c.name])
        done.append((neighbours.share(), samples))
        n_quiet, elapsed = sum(share < QUIET for share, _ in done), time.perf_counter() - start
        enough = elapsed >= seconds and (n_quiet >= rounds or
                                         len(done) >= rounds and elapsed >= PATIENCE * seconds)
    quiet = [each for each in done if each[0] < QUIET]
    used = quiet if len(quiet) >= rounds else done
    return [samples for _, samples in used], statistics.median(share for share, _ in used)


def _sample(run: Callable[[], Any], calls: int) -> float:
    """Seconds per call."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def _timing(times: list[float], calls: int, first: float) -> Timing:
    lower, median, upper = map(float, np.quantile(times, (0.25, 0.5, 0.75)))
    return Timing(median, lower, upper, len(times), calls, first)


def difference(answer: Answer, reference: Answer, tolerance: float) -> str:
    """In what the answer differs from the reference by more than `tolerance`; nothing if in nothing."""
    if not abs(answer[0] - reference[0]) <= tolerance * abs(reference[0]):
        return f"the value is {answer[0]:g}, not {reference[0]:g}"
    for slope, right in zip(answer[1], reference[1], strict=True):
        slope = slope.reshape(right.shape)
        if not np.max(np.abs(slope - right)) <= tolerance * np.max(np.abs(right)):
            return "the gradient is another"
    return ""
