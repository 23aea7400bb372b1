"""A learner's file in a process of its own: time limit, memory limit, no way to the answers.

What comes back is JSON that holds numbers and texts; nothing of it is executed. What the file prints is
read along and kept in part, so that it neither blocks nor fills anything.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple

from .child import ANSWERS, decode, encode

SECONDS = 10.0                               # for one call, and for loading the file
START = 120                                  # seconds for Python itself to be ready, on a busy machine
KEPT = 2000                                  # characters of what is printed
KEPT_SETTINGS = ("PATH", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH")    # the rest is private
LONGEST = 32 << 20                           # of a reply, in bytes


class Outcome(NamedTuple):
    """What came of one call: a value, or how it went wrong.

    kind   value; raised; exits: sys.exit(); late: the time was over; dead: the process ended; missing: there
           is no such function; garbled: the reply made no sense
    """

    kind: str
    value: Any = None
    type: str = ""                           # of the exception
    message: str = ""
    trace: str = ""                          # the learner's frames
    changed: tuple[int, ...] = ()            # arguments that were written to
    refused: tuple[str, ...] = ()            # what it tried and may not


class Pupil:
    """A learner's file, ready to be called. The process starts when it is needed, and again after it died."""

    def __init__(self, path: Path, seconds: float = SECONDS) -> None:
        self.path, self.seconds = path, seconds
        self.printed, self.characters = "", 0
        self._process: subprocess.Popen[bytes] | None = None
        self._replies: queue.Queue[bytes] = queue.Queue()
        self._folder = TemporaryDirectory(prefix="tinygrad-loss-")

    def __enter__(self) -> Pupil:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()
        self._folder.cleanup()

    def load(self, allows: Sequence[str] = ()) -> Outcome:
        """Run the file itself, in a fresh process."""
        try:
            source = self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            return Outcome("raised", type=type(error).__name__, message=str(error))
        self._end()
        self._begin()
        loaded = self._ask({"source": source, "file": str(self.path.resolve()), "allows": list(allows)})
        if loaded.kind != "value":
            self._end()
        return loaded

    def call(self, name: str, cases: Sequence[Sequence[Any]], allows: Sequence[str] = ()) -> list[Outcome]:
        """Call a function of the file with each case; up to the first that kills the process."""
        if self._process is None:
            loaded = self.load(allows)
            if loaded.kind != "value":
                return [loaded]
        found: list[Outcome] = []
        for case in cases:
            found.append(self._ask({"name": name, "case": [encode(x) for x in case], "allows": list(allows),
                                    "file": str(self.path.resolve())}))
            if self._process is None:
                break
        return found

    # ------------------------------------------------------------------------------------- the process

    def _begin(self) -> None:
        paths = [str(ANSWERS.parent.parent), os.environ.get("PYTHONPATH", "")]
        settings = {"PYTHONPATH": os.pathsep.join(p for p in paths if p), "PYTHONIOENCODING": "utf-8:replace",
                    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        own = self._folder.name
        settings |= {"HOME": own, "TMPDIR": own, "TEMP": own, "MPLCONFIGDIR": own, "MPLBACKEND": "Agg",
                     "NUMBA_CACHE_DIR": own}
        kept = {name: os.environ[name] for name in KEPT_SETTINGS if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-P", str(ANSWERS / "child.py")], cwd=own,
            env={**kept, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self._process, self._replies = process, queue.Queue()
        assert process.stdout and process.stderr
        threading.Thread(target=_read_replies, args=(process.stdout, self._replies), daemon=True).start()
        self._printing = threading.Thread(target=self._read_prints, args=(process.stderr,), daemon=True)
        self._printing.start()
        try:
            self._replies.get(timeout=START)                 # it is ready; or dead, as will be seen
        except queue.Empty:
            raise TimeoutError(f"Python did not start within {START} seconds.") from None

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._printing.join(timeout=1)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                try:
                    stream.close()
                except OSError:                              # what was still to be written goes nowhere
                    pass

    def _ask(self, request: dict[str, Any]) -> Outcome:
        """Send a request and wait for the reply; a process that gave none is gone afterwards."""
        process = self._process
        assert process and process.stdin
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            pass                                             # it is dead: the empty reply says so
        try:
            line = self._replies.get(timeout=self.seconds)
        except queue.Empty:
            self._end()
            return Outcome("late", message=f"{self.seconds:g}")
        if not line:
            try:
                code = process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                code = -1
            self._end()
            return Outcome("dead", message=str(code))
        try:
            return _outcome(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            self._end()
            return Outcome("garbled")

    def _read_prints(self, stream: IO[bytes]) -> None:
        while True:
            try:
                chunk = os.read(stream.fileno(), 65536)
            except (OSError, ValueError):
                return
            if not chunk:
                return
            text = chunk.decode("utf-8", errors="replace")
            self.printed += text[:KEPT - len(self.printed)]
            self.characters += len(text)


def _read_replies(stream: IO[bytes], replies: queue.Queue[bytes]) -> None:
    while True:
        try:
            line = stream.readline(LONGEST)
        except (OSError, ValueError):
            line = b""
        replies.put(line)
        if not line:
            replies.put(line)                                # for whoever still waits
            return


def _outcome(reply: dict[str, Any]) -> Outcome:
    """A reply, read with suspicion."""
    changed = tuple(int(i) for i in reply.get("changed", ()))
    refused = tuple(str(sentence) for sentence in reply["refused"])
    if reply["kind"] == "value":
        return Outcome("value", decode(reply["value"]), changed=changed, refused=refused)
    if reply["kind"] == "raised":
        return Outcome("exits" if reply["exits"] else "raised", None, str(reply["type"]),
                       str(reply["message"]), str(reply["trace"]), changed, refused)
    return Outcome("missing")
