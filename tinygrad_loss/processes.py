"""Work shared out over the processors, one process for each, and the results as they come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


def share(work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """work(job) for each job, in any order. Processes are started, not forked: a fork cannot run kernels."""
    kept = {name: os.environ.get(name) for name in ONE_THREAD}
    with ProcessPoolExecutor(min(len(jobs), os.cpu_count() or 1), get_context("spawn")) as pool:
        os.environ.update(ONE_THREAD)                        # the processes are the threads
        try:
            futures = [pool.submit(work, job) for job in jobs]                 # the first starts them all
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        for future in as_completed(futures):
            yield future.result()
