"""Training beside PyTorch: the same weights, step for step, and the time of a step.

    PYTHONPATH=. python tests/peers/training.py               under a minute
    PYTHONPATH=. python tests/peers/training.py --seconds 20  longer stopwatch

The network is that of the article, 10-20-20-1 with ReLU. First PyTorch and both of our paths start from the
same weights and see the same batches, in float64, with every optimizer: after 200 steps no weight may differ
by more than 1e-9 of the largest. Then one step in float32 is timed, forward, loss, zero_grad, backward and
Adam, batches of 32: in turn, fifty steps each, and each judged by its median. PyTorch gets one thread, which
is its best for so small a network; ours never takes more here. So the time that counts is the processor's
time of that thread, and others on the machine do not disturb.

Exits with 1 if weights differ or our step takes more than a third of PyTorch's. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from tinygrad_loss import losses, nn, optim

STEPS, TOLERANCE = 200, 1e-9
THIRD = 1 / 3
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("Adam", {"lr": 0.01}), ("Adam", {"lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1, "eps": 1e-6}),
    ("AdamW", {"lr": 0.01}), ("AdamW", {"lr": 0.01, "weight_decay": 0.3})]
LOSSES = {"bce_with_logits": torch.nn.BCEWithLogitsLoss, "mse": torch.nn.MSELoss, "huber": torch.nn.HuberLoss}


def networks(dtype: str) -> tuple[nn.Module, torch.nn.Module]:
    """Ours and theirs, with the same weights."""
    rng = np.random.default_rng(0)

    def build(kind: Any, **named: Any) -> Any:
        return kind.Sequential(kind.Linear(10, 20, **named), kind.ReLU(), kind.Linear(20, 20, **named),
                               kind.ReLU(), kind.Linear(20, 1, **named))
    ours = build(nn, generator=rng, dtype=np.dtype(dtype))
    theirs = build(torch.nn, dtype=getattr(torch, dtype))
    theirs.load_state_dict({name: torch.tensor(x) for name, x in ours.state_dict().items()})
    return ours, theirs


def batches(dtype: str, n: int = 32) -> list[tuple[np.ndarray, np.ndarray]]:
    """Thirty-two batches, each with its labels."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(n):
        x = rng.standard_normal((32, 10)).astype(dtype)
        found.append((x, (x.sum(axis=1, keepdims=True) > 0).astype(dtype)))
    return found


def difference(name: str, settings: dict[str, Any], loss: str, path: str) -> float:
    """How far apart the weights are after all steps, relative to the largest."""
    ours, theirs = networks("float64")
    our_optimizer = getattr(optim, name)(ours.parameters(), **settings)
    their_optimizer = getattr(torch.optim, name)(theirs.parameters(), **settings)
    criterion, data = LOSSES[loss](), batches("float64")
    for i in range(STEPS):
        x, y = data[i % len(data)]
        our_optimizer.zero_grad()
        losses.LOSSES[loss](ours(x), y, path=path).backward()
        our_optimizer.step()
        their_optimizer.zero_grad()
        criterion(theirs(torch.tensor(x)), torch.tensor(y)).backward()
        their_optimizer.step()
    pairs = zip(ours.parameters(), [x.detach().numpy() for x in theirs.parameters()], strict=True)
    return max(float(np.max(np.abs(x.data - y)) / np.max(np.abs(y))) for x, y in pairs)


def steps() -> dict[str, Callable[[], Any]]:
    """One training step of either, batch after batch."""
    ours, theirs = networks("float32")
    data = batches("float32")
    converted = [(torch.tensor(x), torch.tensor(y)) for x, y in data]

    def step(model: Any, criterion: Any, optimizer: Any, data: list[Any]) -> Callable[[], Any]:
        turn = iter(range(10 ** 9))

        def once() -> None:
            x, y = data[next(turn) % len(data)]
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return once
    return {"tinygrad_loss": step(ours, nn.BCEWithLogitsLoss(), optim.Adam(ours.parameters(), lr=1e-3), data),
            "PyTorch": step(theirs, torch.nn.BCEWithLogitsLoss(),
                            torch.optim.Adam(theirs.parameters(), lr=1e-3), converted)}


def race(seconds: float, calls: int = 50) -> dict[str, list[float]]:
    """Seconds per step, sample after sample, the contestants in turn."""
    runners = steps()
    for run in runners.values():
        for _ in range(50):
            run()
    times: dict[str, list[float]] = {name: [] for name in runners}
    gc.collect()
    gc.freeze()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runners.items():
            run()                                            # fills the caches again
            start = time.thread_time()
            for _ in range(calls):
                run()
            times[name].append((time.thread_time() - start) / calls)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of the stopwatch (default %(default)s)")
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    console, worst = Console(), 0.0
    table = Table("optimizer", "loss", "composed", "fused", title=f"Weights after {STEPS} steps: difference")
    for i, (name, settings) in enumerate(OPTIMIZERS):
        loss = list(LOSSES)[i % len(LOSSES)]
        found = [difference(name, settings, loss, path) for path in ("composed", "fused")]
        worst = max(worst, *found)
        shown = ", ".join(f"{key}={value}" for key, value in settings.items())
        table.add_row(f"{name}({shown})", loss, *[f"{x:.0e}" for x in found])
    console.print(table)
    times = race(seconds)
    table = Table("one step of 10-20-20-1, float32", "median", "quartiles", "samples")
    for name, found in times.items():
        low, middle, high = (1e6 * x for x in statistics.quantiles(found, n=4))
        table.add_row(name, f"{middle:.0f} us", f"{low:.0f} to {high:.0f}", str(len(found)))
    console.print(table)
    ratio = statistics.median(times["tinygrad_loss"]) / statistics.median(times["PyTorch"])
    console.print(f"Our step takes {ratio:.2f} of PyTorch's; it may take {THIRD:.2f}. "
                  f"Weights differ by {worst:.0e} at most; they may by {TOLERANCE:.0e}.")
    return int(ratio > THIRD or not worst <= TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
