"""The process that runs a learner's file: it gets inputs, calls the learner's functions, sends back what
they return. It holds no answers, and has no way to them.

It is started as a script, not imported from the package, which it refuses to import. It says when it is
ready; then one request per line comes in and one reply per line goes out, both JSON. What the learner prints
goes elsewhere (to standard error).
"""

from __future__ import annotations

import base64
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from tinygrad_loss import engine
from tinygrad_loss.engine import Tensor

MOST = 1_000_000                             # numbers that an answer may hold
FRAMES = 4                                   # of the learner's file that a traceback shows
MEMORY = 4 << 30                             # bytes of address space
ANSWERS = Path(__file__).resolve().parent


# --------------------------------------------------------------------------------------------- the wire

class Code(NamedTuple):
    """An input that is a function, as its text."""

    text: str


class Differentiable(NamedTuple):
    """An input that arrives as a Tensor; the reply holds the value and then the gradients of its sum."""

    array: Any


class Other(NamedTuple):
    """A result of a type that is no answer to anything."""

    type: str


def encode(value: Any) -> list[Any]:
    """A value as JSON."""
    match value:
        case None: return ["none"]
        case Code(text): return ["code", text]
        case Differentiable(array): return ["tensor", encode(array)]
        case str(): return ["text", value]
        case tuple(): return ["tuple", [encode(x) for x in value]]
        case list(): return ["list", [encode(x) for x in value]]
        case dict(): return ["dict", [[encode(k), encode(x)] for k, x in value.items()]]
    if not isinstance(value, bool | int | float | np.generic | np.ndarray | Tensor):
        return ["other", type(value).__name__]
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return ["other", f"{type(value).__name__} of {array.dtype}"]
    if array.size > MOST:
        return ["other", f"array of {array.size} numbers"]
    kind = "array" if isinstance(value, np.ndarray | Tensor) else "number"
    return [kind, array.dtype.str, array.shape, base64.b64encode(array.tobytes()).decode()]


def decode(text: Any) -> Any:
    """The value that was encoded. Nothing is ever executed, whoever sent it."""
    match text:
        case ["none"]: return None
        case ["code", str(source)]: return Code(source)
        case ["tensor", array]: return Differentiable(decode(array))
        case ["text", str(value)]: return value
        case ["tuple", [*items]]: return tuple(decode(x) for x in items)
        case ["list", [*items]]: return [decode(x) for x in items]
        case ["dict", [*items]]: return {_key(decode(k)): decode(x) for k, x in items}
        case ["other", str(name)]: return Other(name)
        case ["array" | "number" as kind, str(dtype), [*shape], str(data)]:
            flat = np.frombuffer(base64.b64decode(data), dtype=np.dtype(dtype))
            array = flat.reshape([int(n) for n in shape]).copy()
            return array.item() if kind == "number" else array
    raise ValueError("not a value")


def _key(key: Any) -> Any:
    return key if isinstance(key, str | int | float) else repr(key)


def call(function: Callable[..., Any], case: Sequence[Any]) -> Any:
    """What a function returns for encoded arguments: numbers as numbers, texts of functions as functions,
    and where Tensors are given, the value with the gradients of its sum."""
    args = [_argument(x) for x in case]
    result = function(*args)
    given = [x for x in args if isinstance(x, Tensor)]
    if not given:
        return result
    if not isinstance(result, Tensor):
        return result
    if not result.requires_grad:
        return (result.numpy(), *[np.zeros(x.shape) for x in given])
    return (result.numpy(), *[d.numpy() for d in _differentiate(result.sum(), given)])


_differentiate = engine.grad


def _argument(x: Any) -> Any:
    if isinstance(x, Code):
        return eval(x.text, {"np": np})
    if isinstance(x, Differentiable):
        return Tensor(x.array, requires_grad=True)
    return x.copy() if isinstance(x, np.ndarray) else x


# -------------------------------------------------------------------------------------------- the guard

class Refused(RuntimeError):
    """Something a learner's file may not do here."""


class Guard:
    """Refuses the library's losses, the answers, and whatever reaches outside; and remembers it, should the
    learner's file catch the refusal."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.allowed: set[str] = set()
        self.own = Path.cwd().resolve()                      # a folder that is thrown away
        self.armed = True

    def refuse(self, sentence: str) -> None:
        self.refused.append(sentence)
        raise Refused(sentence)

    def install(self) -> None:
        """From now on, for good: a hook that Python does not let anybody remove."""
        self._losses()
        self._engine()
        sys.meta_path.insert(0, self)
        sys.addaudithook(self._hook)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.startswith("tinygrad_loss.exercises"):
            self.refuse("It imports tinygrad_loss.exercises, where the grader keeps its answers.")

    def _losses(self) -> None:
        from tinygrad_loss.losses import LOSSES
        loss: Any = sys.modules["tinygrad_loss.losses.loss"]

        def guarded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(*args: Any, **named: Any) -> Any:
                if name not in self.allowed:
                    self.refuse(f"It calls the library's losses.{name}; here that is yours to write.")
                return original(*args, **named)
            return wrapper
        for name, its in LOSSES.items():
            record: Any = its
            module = sys.modules[record.composed.__module__]
            for part in ("composed", "kernel", "exact", "kernel_for_rows", "softens"):
                if callable(original := getattr(record, part, None)):
                    setattr(record, part, guarded(name, original))
                    if getattr(module, part, None) is original:
                        setattr(module, part, getattr(record, part))
        from tinygrad_loss import mining
        mine = mining.triplets

        def triplets(*args: Any, **named: Any) -> Any:
            if "mining" not in self.allowed:
                self.refuse("It calls the library's mining.triplets; here that is yours to write.")
            return mine(*args, **named)
        setattr(mining, "triplets", triplets)                # noqa: B010
        begin = loss.Call.__init__

        def init(call: Any, record: Any, given: Any) -> None:
            name: str = record.name
            if record is LOSSES.get(name) and name not in self.allowed:
                self.refuse(f"It calls the library's losses.{name}; here that is yours to write.")
            begin(call, record, given)
        loss.Call.__init__ = init
        for its in LOSSES.values():
            its.is_plain = False                             # no short cut past the line above

    def _engine(self) -> None:
        sweep = engine._sweep

        def guarded(*args: Any) -> Any:
            if "engine" not in self.allowed and self.armed:
                self.refuse("It lets the library differentiate; here the slope is yours to write.")
            return sweep(*args)
        setattr(engine, "_sweep", guarded)                   # noqa: B010

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            self._open(*args)
        elif event in ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link", "os.symlink",
                       "shutil.rmtree", "os.mkdir", "os.chmod"):
            paths = args[:2] if event in ("os.rename", "os.link", "os.symlink") else args[:1]
            if not all(self._is_own(path) for path in paths):
                self.refuse(f"It changes files ({event} of {args[0]}), which is refused here.")
        elif event == "subprocess.Popen" and "fc-list" in str(args[0]):
            raise FileNotFoundError(args[0])                 # matplotlib looks for fonts; it has its own
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
                       "os.forkpty", "os.startfile", "os.kill", "_winapi.CreateProcess"):
            self.refuse(f"It starts or stops another program ({event}), which is refused here.")
        elif event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
            self.refuse("It reaches for the network, which is refused here.")

    def _is_own(self, path: Any) -> bool:
        """Is it in the folder that is thrown away afterwards? Libraries keep their caches there."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        real = Path(os.path.realpath(os.fsdecode(path)))
        return self.own in (real, *real.parents)

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or not isinstance(flags, int):
            return
        name = os.path.realpath(os.fsdecode(path))
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes and name != os.devnull and not self._is_own(name):
            self.refuse(f"It writes to a file ({name}), which is refused here.")
        parts = Path(name).parts
        if ("tinygrad_loss", "exercises") in zip(parts, parts[1:], strict=False):
            self.refuse("It reads tinygrad_loss/exercises, where the grader keeps its answers.")


# --------------------------------------------------------------------------------------------- the loop

def reply_to(request: dict[str, Any], space: dict[str, Any], guard: Guard) -> dict[str, Any]:
    """Call one of the learner's functions; whatever it does short of dying becomes a reply."""
    guard.armed = False
    function = space.get(request["name"])
    case = [decode(x) for x in request["case"]]
    if not callable(function):
        return {"kind": "missing"}
    kept = [x.copy() if isinstance(x, np.ndarray) else x for x in case]
    given: list[Any] = []

    def remembered(*args: Any) -> Any:
        given.extend(args)
        try:
            guard.armed = True
            return function(*args)
        finally:
            guard.armed = False
    try:
        result = encode(call(remembered, case))
        reply = {"kind": "value", "value": result}
    except BaseException as error:                           # sys.exit() too, and what has no name
        reply = raised(error, request["file"])
    reply["changed"] = [i for i, (a, b) in enumerate(zip(given, kept, strict=False))
                        if isinstance(a, np.ndarray) and a.tobytes() != np.asarray(b).tobytes()]
    return reply


def raised(error: BaseException, file: str) -> dict[str, Any]:
    """An exception, its traceback cut to the frames of the learner's file."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if isinstance(error, SyntaxError) and error.filename == file:
        trace = traceback.format_exception_only(error)[:-1]
    else:
        trace = traceback.format_list(frames[-FRAMES:])
    return {"kind": "raised", "type": type(error).__name__, "message": str(error)[:500],
            "trace": "".join(trace), "exits": isinstance(error, SystemExit)}


def load(source: str, file: str, guard: Guard) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the learner's file; its names, and the reply."""
    import linecache
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    module = sys.modules["learner"] = ModuleType("learner")
    module.__file__ = file
    space = module.__dict__
    try:
        code = compile(source, file, "exec")
        guard.armed = True
        exec(code, space)
    except BaseException as error:
        guard.armed = False                                  # a traceback reads the files it shows
        return space, raised(error, file)
    finally:
        guard.armed = False
    return space, {"kind": "value", "value": ["none"]}


def limit_memory() -> None:
    """Where the platform can."""
    try:
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


def main() -> None:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)                                            # print() goes where errors go
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)                         # input() finds nothing
    limit_memory()
    sys.dont_write_bytecode = True
    guard, space = Guard(), dict[str, Any]()
    guard.armed = False
    guard.install()
    replies.write(b"ready\n")
    replies.flush()
    for line in requests:
        request = json.loads(line)
        guard.allowed, guard.refused = set(request["allows"]), []
        if "source" in request:
            space, reply = load(request["source"], request["file"], guard)
        else:
            reply = reply_to(request, space, guard)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):    # the learner closed or replaced it
                pass
        replies.write(json.dumps({**reply, "refused": guard.refused}).encode() + b"\n")
        replies.flush()


if __name__ == "__main__":
    main()
