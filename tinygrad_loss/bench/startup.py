"""How long the first call takes: in a process that has to compile, and in the next one.

Time runs from before the process is started until the first gradient is there, imports included.
The second loss and all further ones are told apart: one import serves them all. The items are few, so
that the call itself takes no time. Python may keep the bytecode of modules, as it does unless forbidden.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REPEATS = 5                                        # of the process that need not compile

PROGRAM = """
import json, sys, time
started, names = float(sys.argv[1]), sys.argv[2:]
import numpy as np
from tinygrad_loss import Tensor
from tinygrad_loss.bench.cases import cases
imported = time.time()
seconds = {}
for name in names:
    case, = cases([name], [(4,)], ["float64"])
    first, *rest = case.inputs(np.random.default_rng(0))
    start = time.time() if seconds else started
    case.loss(Tensor(first, requires_grad=True), *rest).backward()
    seconds[name] = time.time() - start
print(json.dumps({"import": imported - started, "losses": seconds}))
"""


def measure(names: Sequence[str]) -> dict[str, Any]:
    """Seconds of first calls with an empty cache on disk, and with a filled one."""
    with tempfile.TemporaryDirectory() as folder:
        compiling = _process(names, folder)
        loading = [_process(names, folder) for _ in range(REPEATS)]
    return {"compiling": _summary([compiling]), "loading": _summary(loading)}


def _process(names: Sequence[str], cache: str) -> dict[str, Any]:
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache,
                   "PYTHONPATH": os.pathsep.join(path for path in paths if path),
                   "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(time.time()), *names], env=environment,
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the processes: imports alone, the first loss with them, every further one."""
    losses = {name: statistics.median(run["losses"][name] for run in runs) for name in runs[0]["losses"]}
    first, *further = losses
    return {"import": statistics.median(run["import"] for run in runs), "first": losses[first],
            "first_loss": first, "further": {name: losses[name] for name in further}}
