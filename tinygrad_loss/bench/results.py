"""What a benchmark found, as a record, in a file, and read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .cases import size_text
from .contestants import LIMIT, NEW_ARRAY, Timing
from .peers import PEERS

COLUMNS = (LIMIT, NEW_ARRAY, "fused", "composed", "numpy", *PEERS)


class Result(NamedTuple):
    """One case and what every contestant needed for it."""

    loss: str
    family: str
    shape: tuple[int, ...]
    dtype: str
    timings: dict[str, Timing]
    left_out: dict[str, str]
    wrong: dict[str, str]
    others: float                                 # share of the machine that others took meanwhile

    @property
    def size(self) -> str:
        """The shape as people write it."""
        return size_text(self.shape)

    def over_limit(self, name: str) -> float | None:
        """A contestant's time in units of the limit's."""
        limit, own = self.timings.get(LIMIT), self.timings.get(name)
        return own.median / limit.median if own and limit else None

    @property
    def fastest_peer(self) -> str | None:
        """Who of the peers needed least."""
        peers = [name for name in PEERS if name in self.timings]
        return min(peers, key=lambda name: self.timings[name].median, default=None)

    def over_peer(self, name: str = "fused") -> float | None:
        """A contestant's time in units of the fastest peer's."""
        peer = self.fastest_peer
        if peer is None or name not in self.timings:
            return None
        return self.timings[name].median / self.timings[peer].median


class Report(NamedTuple):
    """A whole benchmark."""

    machine: dict[str, Any]
    method: dict[str, Any]
    absent: dict[str, str]                        # peers that were asked for and are not there
    startup: dict[str, Any]                       # empty: not measured
    results: list[Result]

    def contestants(self) -> list[str]:
        """Everybody who was measured at least once, in the usual order."""
        return [name for name in COLUMNS if any(name in r.timings for r in self.results)]


def write(report: Report, path: Path) -> None:
    """Write the report as JSON; what a figure has put into the same file stays there."""
    try:
        beside = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        beside = {}
    kept = {key: beside[key] for key in ("alt", "title", "axes") if key in beside}
    results = [{**r._asdict(), "timings": {name: t._asdict() for name, t in r.timings.items()}}
               for r in report.results]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_rounded({**kept, **report._asdict(), "results": results}), indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read(paths: Sequence[Path]) -> Report:
    """The report in one file, or in several of one machine; of a case measured twice the later counts."""
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    found: dict[Any, Result] = {}
    for part in parts:
        for r in part["results"]:
            timings = {name: Timing(**t) for name, t in r["timings"].items()}
            result = Result(**{**r, "shape": tuple(r["shape"]), "timings": timings})
            found[result.loss, result.shape, result.dtype] = result
    first = parts[0]
    startup: dict[str, Any] = next((part["startup"] for part in parts if part["startup"]), {})
    return Report(first["machine"], first["method"], first["absent"], startup, list(found.values()))


def _rounded(value: Any) -> Any:
    """Times to five digits: there are no more to be had."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
