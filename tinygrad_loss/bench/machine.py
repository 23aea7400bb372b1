"""Where it was measured: processor, memory, versions."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("tinygrad_loss", "numpy", "numba", "torch", "jax", "scikit-learn", "autograd")


def cores() -> int:
    """How many cores this process may use; NUMBA_NUM_THREADS asks for fewer, as in `fused.threads`."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, int(os.environ.get("NUMBA_NUM_THREADS", available)))


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, versions, and how busy the machine was with other things."""
    return {"processor": _processor(), "cores": cores(), "memory_gb": _memory(),
            "system": platform.platform(terse=True), "python": platform.python_version(),
            "versions": {name: found for name in PACKAGES if (found := _version(name))},
            "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
            "date": datetime.date.today().isoformat()}


def sentence(machine: dict[str, Any]) -> str:
    """The machine in one sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB; "
            f"{machine['system']}; Python {machine['python']}, {versions}; {machine['date']}; "
            f"load of other work when it began: {machine['load_before']}")


def _processor() -> str:
    """The model, and the widest vectors it has."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines()
                     if ":" in line)
    except OSError:
        return platform.processor() or platform.machine()
    known = {key.strip(): value.strip() for key, value in lines.items()}
    name = known.get("model name") or platform.machine()
    flags = known.get("flags", "").split()
    model = f" (family {known['cpu family']}, model {known['model']})" if "cpu family" in known else ""
    return name + model + next((f", {v}" for v in ("avx512f", "avx2") if v in flags), "")


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None


def _version(name: str) -> str:
    if name == "tinygrad_loss":
        from .. import __version__
        return __version__
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
