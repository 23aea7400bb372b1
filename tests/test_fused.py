"""The fused path as a machine: cached on disk, recompiled when edited, safe where it runs."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses
from tinygrad_loss.fused import buffers, threads
from tinygrad_loss.fused import compile as fused_compile
from tinygrad_loss.losses import LOSSES, Loss
from tinygrad_loss.testing import cases

ROOT = Path(__file__).parent.parent

PROGRAM = """
from tinygrad_loss import Tensor, losses
from tinygrad_loss.fused.compile import driver
pred = Tensor([1.5, -2.0, 0.5], requires_grad=True)
loss = losses.bce_with_logits(pred, [1.0, 0.0, 1.0])
loss.backward()
stats = driver(losses.bce_with_logits, True, False, losses.bce_with_logits.default_holds, (1.0, 0.0)).stats
print(float(loss), float(pred.grad[0]), sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package that a test may edit."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tinygrad_loss", tmp_path / "tinygrad_loss", ignore=ignored)
    return tmp_path


def run(folder: Path, program: str = PROGRAM, **environment: str) -> list[float]:
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], env=env, cwd=folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [float(word) for word in done.stdout.split()]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_second_process_compiles_nothing(package):
    *first, hits, misses = run(package)
    assert (hits, misses) == (0, 1)
    *second, hits, misses = run(package)
    assert (hits, misses) == (1, 0)
    assert first == second


def test_an_edited_kernel_is_compiled_again(package):
    value, slope, *_ = run(package)
    edit(package / "tinygrad_loss/losses/bce_with_logits.py", "return (yes + no)", "return 2.0 * (yes + no)")
    edited, same_slope, hits, misses = run(package)
    assert edited > value and same_slope == slope and (hits, misses) == (0, 1)


def test_an_edited_helper_is_compiled_again(package):
    value, *_ = run(package)
    edit(package / "tinygrad_loss/fused/vmath.py", "return e - s * (e - z * q)", "return e + s * (e - z * q)")
    edited, _, hits, misses = run(package)
    assert edited > value and (hits, misses) == (0, 1)


def test_nowhere_to_write_is_no_error(package):
    """No folder of the cache can be made: neither the one asked for, nor the package's, nor home's."""
    wall = package / "a_file"
    wall.write_text("")
    for folder in (package / "tinygrad_loss").rglob("*.py"):
        (folder.parent / "__pycache__").touch()
    value, *_ = run(package, NUMBA_CACHE_DIR=str(wall / "x"), HOME=str(wall), XDG_CACHE_HOME=str(wall))
    assert value == pytest.approx(run(ROOT)[0], rel=1e-15)


def test_a_disk_that_fills_up_is_no_error(monkeypatch):
    from numba.core.caching import IndexDataCacheFile

    def no_space(*_):
        raise OSError(28, "No space left on device")
    fused_compile.driver.cache_clear()
    monkeypatch.setattr(IndexDataCacheFile, "save", no_space)
    monkeypatch.setattr(IndexDataCacheFile, "load", lambda *_: None)
    monkeypatch.setattr(fused_compile._disk, "usable", True)
    assert losses.mse([1.0, 2.0], [0.0, 0.0]).item() == 2.5
    assert fused_compile._disk.usable is False
    fused_compile.driver.cache_clear()


def test_no_two_losses_share_an_index_of_machine_code(package):
    """Two processes that compile at once would write each other's numbers into it."""
    run(package, """
from tinygrad_loss import Tensor, losses
for loss in (losses.mse, losses.mae):
    for dtype in ("float32", "float64"):
        loss(Tensor([1.0], dtype=dtype), Tensor([2.0], dtype=dtype))
""")
    names = sorted(file.name.partition("-")[0] for file in package.rglob("*.nbi"))
    assert names == [f"elementwise.{name}_float{bits}" for name in ("mae", "mse") for bits in (32, 64)]


def test_kernels_stay_within_their_arrays(package):
    """numba does not look where an index leads: -1 is the last element, and one too many a stranger's memory.
    With NUMBA_BOUNDSCHECK=1 it looks. (The laws hold for all kernels as plain Python, where NumPy looks.)"""
    program = """
import numpy as np
from tinygrad_loss.losses import LOSSES
from tinygrad_loss.testing import cases
for name in ("nll", "multiclass_hinge", "contrastive"):
    case = next(cases(LOSSES[name]))
    inputs = case.draw(np.random.default_rng(0))
    print(*[case.run(inputs, path=path)[0] for path in case.paths])
"""
    found = np.reshape(run(package, program, NUMBA_BOUNDSCHECK="1"), (3, 2))
    np.testing.assert_allclose(found[:, 0], found[:, 1], rtol=1e-14)


def test_helpers_are_sent_to_other_cores_than_the_callers(monkeypatch):
    """Else two threads may share a core for as long as the call takes."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    pred = np.zeros(2 * threads.SERIAL)
    threads.helpers.cache_clear()
    losses.mse(pred, pred)                                                # from now on there are helpers
    for core in cores if len(cores) > 1 else ():
        monkeypatch.setattr(threads, "_sched_getcpu", lambda core=core: core)
        losses.mse(pred, pred)
        helping = [t.native_id for t in threading.enumerate() if t.name.startswith("tinygrad_loss")]
        assert helping and cores - {core} in [os.sched_getaffinity(thread) for thread in helping]
    monkeypatch.setattr(threads, "_sched_getcpu", lambda: -1)

    def refuse(*_):
        raise PermissionError
    monkeypatch.setattr(os, "sched_setaffinity", refuse, raising=False)
    losses.mse(pred, pred)                                                # a refusal is no error,
    threads.helpers.cache_clear()
    assert fused_compile._disk.usable                                     # least of all one of the disk


def compiled(run) -> int:
    """How many functions are compiled, or loaded from disk, while this runs."""
    from numba.core.event import install_recorder
    with install_recorder("numba:compile") as recorder:
        run()
    return len(recorder.buffer)


@pytest.mark.parametrize("name", ["mse", "dice", "kl_divergence"])
def test_a_mixture_of_types_is_not_compiled_for_itself(name):
    case = next(cases(LOSSES[name]))
    pred, target = case.draw(np.random.default_rng(0))
    single = pred.astype(np.float32).astype(float)
    exact = case.run([single, Tensor(target)], path="fused")      # the general way, as for a mixture
    found = []
    assert compiled(lambda: found.append(case.run([pred.astype(np.float32), target], path="fused"))) == 0
    [(value, slopes)] = found
    assert value == exact[0] and slopes[0].dtype == np.float32
    np.testing.assert_array_equal(slopes[0], exact[1][0].astype(np.float32))


def test_a_mask_of_logits_is_not_compiled_for_itself():
    pred, target = np.array([[0.25, 0.5]]), np.array([[0.0, 1.0]])
    losses.jaccard(pred, target)
    assert compiled(lambda: losses.jaccard(pred - 7, target, from_logits=True)) == 0
    assert compiled(lambda: losses.jaccard(pred, target, per_sample=True)) == 0
    with pytest.raises(ValueError, match="pred"):
        losses.jaccard(pred - 7, target)


def test_what_single_precision_shares_is_there_once():
    from tinygrad_loss.fused.overlap import sums
    short = fused_compile._shortened(sums)
    assert short is fused_compile._shortened(sums) is not sums


def fingerprint(loss, n_threads, monkeypatch):
    """A digest of all results of a loss on inputs large enough for many blocks."""
    monkeypatch.setattr(threads, "_cores", lambda: n_threads)
    monkeypatch.setattr(threads, "SERIAL", 0)
    case = next(cases(loss))
    shape = {1: (20_011,), 2: (5_003, 4), 3: (5, 1_003, 4)}[len(case.shape)]
    value, slopes = case.run(case.draw(np.random.default_rng(0), shape=shape), path="fused")
    return hashlib.sha256(b"".join([value.tobytes(), *(s.tobytes() for s in slopes)])).hexdigest()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_same_bits_for_any_number_of_threads(loss, monkeypatch):
    threads.helpers.cache_clear()
    digests = {fingerprint(loss, n, monkeypatch) for n in (1, 2, 3, 7)}
    threads.helpers.cache_clear()
    assert len(digests) == 1


def big_loss() -> float:
    rng = np.random.default_rng(0)
    pred = Tensor(rng.standard_normal(300_000), requires_grad=True)
    value = losses.huber(pred, rng.standard_normal(300_000))
    value.backward()
    return value.item() + float(np.asarray(pred.grad).sum())


def test_many_python_threads_at_once():
    expected, found = big_loss(), []
    workers = [threading.Thread(target=lambda: found.extend(big_loss() for _ in range(5))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 20


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_after_the_parent_ran_threads():
    expected = big_loss()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(big_loss).get(timeout=60) == expected


def test_without_numba_the_composed_path_is_taken_and_said_once(package):
    program = """
import importlib.util, sys, warnings
found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "numba" else found(name)
sys.modules["numba"] = None
from tinygrad_loss import losses
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    values = [losses.mse([1.0], [3.0]).item() for _ in range(2)]
try:
    losses.mse([1.0], [3.0], path="fused")
except ImportError as error:
    raised = "numba" in str(error)
print(*values, len(said), int("numba" in str(said[0].message)), int(raised))
"""
    assert run(package, program) == [4.0, 4.0, 1.0, 1.0, 1.0]


def test_importing_loads_neither_numba_nor_matplotlib():
    heavy = ("numba", "matplotlib", "rich")
    program = f"import sys, tinygrad_loss; print(*(int(m in sys.modules) for m in {heavy}))"
    assert run(ROOT, program) == [0, 0, 0]


def gradient_of(pred: Tensor, target: np.ndarray) -> np.ndarray:
    pred.grad = None
    losses.mse(pred, target).backward()
    return np.asarray(pred.grad)


def test_memory_is_used_again_only_when_nobody_refers_to_it():
    rng = np.random.default_rng(0)
    pred, target = Tensor(rng.standard_normal(50_000), requires_grad=True), rng.standard_normal(50_000)
    first = gradient_of(pred, target)
    view, kept = first[7:9], first.copy()
    del first
    other = gradient_of(Tensor(pred.numpy() + 1, requires_grad=True), target)
    assert not np.shares_memory(view, other)
    np.testing.assert_array_equal(view, kept[7:9])
    place = other.__array_interface__["data"][0]
    del other
    assert gradient_of(pred, target).__array_interface__["data"][0] == place


def test_a_mean_needs_one_gradient_array_and_no_more():
    pred, target = Tensor(np.zeros(2_000_000), requires_grad=True), np.ones(2_000_000)
    gradient_of(pred, target)
    pred.grad = None
    buffers._owners.clear()
    tracemalloc.start()
    gradient_of(pred, target)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pred.numpy().nbytes <= peak <= 1.01 * pred.numpy().nbytes


@pytest.mark.parametrize("shape", [(6,), (3, 2), (1,), ()], ids=str)
def test_the_short_cut_gives_what_the_general_way_gives(shape):
    """Value, gradient and the derivative of the gradient; a keyword is not for the short cut."""
    x, t = np.linspace(-2, 3, 6)[:np.prod(shape, dtype=int)].reshape(shape), np.ones(shape)
    found = []
    for general in ({}, {"reduction": "mean"}):
        pred = Tensor(x, requires_grad=True)
        value = losses.log_cosh(pred, t, **general)
        (first,) = grad(value, [pred], create_graph=True)
        (second,) = grad(first.sum(), [pred])
        found.append((value.item(), first.numpy(), second.numpy()))
        assert first.shape == second.shape == shape
    for short, long in zip(*found, strict=True):
        np.testing.assert_array_equal(short, long)


LABELLED = [name for name, loss in LOSSES.items() if loss.is_plain and loss.takes_labels]
OF_ROWS = [(name, k) for name, loss in LOSSES.items() if loss.is_plain and not loss.family.flat
           for k in range(len(loss.alternatives("target")))]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "k"), OF_ROWS)
def test_the_short_cut_for_rows_gives_what_the_general_way_gives(name, k, dtype):
    """Value, gradient and the derivative of the gradient, of one block and of several."""
    loss, rng = LOSSES[name], np.random.default_rng(0)
    for shape in ((1, 3), (700, 5)):
        x = loss.alternatives("pred")[-1].draw(rng, shape).astype(dtype)
        target = loss.alternatives("target")[k].draw(rng, shape)
        target = target if target.ndim == 1 else target.astype(dtype)
        found = []
        for general in ({}, {"reduction": "mean"}):
            pred = Tensor(x, requires_grad=True)
            value = loss(pred, target, **general)
            (first,) = grad(value, [pred], create_graph=True)
            (second,) = grad((first * pred).sum(), [pred])
            found.append((value.item(), loss(x, target, **general).item(), loss(Tensor(x), target).item(),
                          grad(3.0 * loss(pred, target, **general), [pred])[0].numpy(),
                          grad(value, [pred])[0].numpy(), first.numpy(), second.numpy()))
        for short, long in zip(*found, strict=True):
            np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("name", LABELLED)
def test_the_short_cut_leaves_labels_that_are_no_classes_to_the_general_way(name):
    loss, x = LOSSES[name], LOSSES[name].alternatives("pred")[-1].draw(np.random.default_rng(0), (3, 4))
    for wrong in ([0, 4, 1], [0, -1, 1], [0.0, 1.0, 2.0]):
        with pytest.raises((TypeError, ValueError), match="target"):
            loss(Tensor(x), np.asarray(wrong))
    if "ignore_index" in loss.defaults:
        expected = loss(Tensor(x[1:]), np.array([1, 2])).item()
        np.testing.assert_allclose(loss(Tensor(x), np.array([-100, 1, 2])).item(), expected, rtol=1e-15)


def test_a_default_that_ignores_or_weighs_labels_is_not_for_the_short_cut():
    plain = losses.cross_entropy
    def composed(pred, target, weight=None, ignore_index=0, label_smoothing=0.0):
        return plain.composed(pred, target, weight, ignore_index, label_smoothing)
    loss = Loss(composed, plain.kernel, plain.family, domains=plain.domains, name="ignores_0")
    x, labels = np.random.default_rng(0).standard_normal((3, 4)), np.array([0, 1, 2])
    assert loss(Tensor(x), labels).item() == loss(Tensor(x), labels, path="fused").item()
    assert loss(Tensor(x), labels).item() == plain(Tensor(x), labels, ignore_index=0).item()


def test_for_read_only_inputs_nothing_is_compiled_anew():
    pred, target = Tensor(np.zeros(5), requires_grad=True), np.arange(5.0)
    expected, found = gradient_of(pred, Tensor(target)), []    # the general way, as for read-only ones
    target.flags.writeable = False
    assert compiled(lambda: found.append(gradient_of(pred, target))) == 0
    np.testing.assert_array_equal(found[0], expected)


def test_inputs_that_lie_as_they_should_are_not_reshaped():
    vectors = [Tensor(np.full((3, 4), float(i)), requires_grad=True) for i in range(3)]
    value = losses.triplet(*vectors)
    assert all(x is given for x, given in zip(value._inputs, vectors, strict=True))
