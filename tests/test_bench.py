"""The benchmark, at sizes that take moments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrad_loss.bench import limit, peers, picture, race, results, tables
from tinygrad_loss.bench.by_hand import BY_HAND
from tinygrad_loss.bench.cases import Case, cases, parse_size, size_text
from tinygrad_loss.bench.contestants import Contestant, Timing, by_hand, ours, with_best_limits
from tinygrad_loss.cli import main
from tinygrad_loss.losses import LOSSES

ROOT = Path(__file__).parent.parent
QUICK = ["--repeat", "2", "--seconds", "0"]
SMALL = {"elementwise": (7,), "rows": (5, 4), "samples": (12,), "vectors": (4, 3), "sequences": (5, 3, 4),
         "batch": (4, 3)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What one small benchmark wrote, and what it printed into a pipe."""
    folder = tmp_path_factory.mktemp("bench")
    arguments = ["bench", "mse", "cross_entropy", "--sizes", "32", "1024", *QUICK, "--peers",
                 "--json", str(folder / "bench.json"), "--figure", str(folder / "bench.png"),
                 "--markdown", str(folder / "bench.md")]
    done = subprocess.run([sys.executable, "-W", "error", "-m", "tinygrad_loss", *arguments], cwd=ROOT,
                          capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "Agg"})
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def run(*arguments):
    return main([str(a) for a in arguments])


def test_the_json_holds_every_case_machine_and_method(files):
    found = json.loads((files[0] / "bench.json").read_text())
    cases_found = [(r["loss"], r["shape"], r["dtype"]) for r in found["results"]]
    assert cases_found == [(loss, [n, *width], dtype)
                           for loss, width in (("mse", []), ("cross_entropy", [10]))
                           for dtype in ("float64", "float32") for n in (32, 1024)]
    for r in found["results"]:
        assert {"limit", "fused", "composed", "numpy"} <= r["timings"].keys()
        assert r["wrong"] == {}
        for timing in r["timings"].values():
            assert 0 < timing["lower"] <= timing["median"] <= timing["upper"]
            assert timing["rounds"] >= 2 and timing["calls"] >= 1 and timing["first"] > 0
    machine = found["machine"]
    assert machine["processor"] and machine["cores"] >= 1
    assert machine["versions"]["numpy"] == np.__version__ and "numba" in machine["versions"]
    assert found["method"]["rounds"] == 2


def test_the_json_beside_the_picture_holds_both(files):
    found = json.loads((files[0] / "bench.json").read_text())
    assert found["alt"].startswith("For every loss") and found["results"]
    drawn = {s["label"]: s for s in found["axes"][0]["series"]}
    first = found["results"][0]
    assert (first["loss"], first["shape"], first["dtype"]) == ("mse", [32], "float64")
    ratio = first["timings"]["fused"]["median"] / first["timings"]["limit"]["median"]
    assert drawn["fused"]["x"][0] == pytest.approx(ratio, rel=1e-3)
    assert (files[0] / "bench.png").stat().st_size > 10_000


def test_first_calls_are_told_apart(files):
    startup = json.loads((files[0] / "bench.json").read_text())["startup"]
    for way in ("compiling", "loading"):
        assert startup[way]["first_loss"] == "mse" and startup[way]["further"].keys() == {"cross_entropy"}
        assert 0 < startup[way]["import"] < startup[way]["first"]
    assert startup["loading"]["further"]["cross_entropy"] < startup["compiling"]["further"]["cross_entropy"]


def test_a_pipe_gets_no_control_characters(files):
    assert [c for c in files[1] if not c.isprintable() and c != "\n"] == []
    lines = files[1].splitlines()
    assert lines[0].startswith("mse 32 float64: limit ")
    assert any(line.split()[:3] == ["cross_entropy", "1024x10", "float32"] for line in lines)


def test_absent_peers_are_named_and_present_ones_measured(files):
    found = json.loads((files[0] / "bench.json").read_text())
    there = peers.installed()
    assert found["absent"].keys() == peers.PEERS.keys() - set(there)
    for name in peers.PEERS:
        measured = all(name in r["timings"] or name in r["left_out"] for r in found["results"])
        assert measured == (name in there)
        assert (f"Absent: {name} (not installed)." in files[1]) == (name not in there)


def test_the_page_has_a_line_per_case_and_shows_the_picture(files):
    page = (files[0] / "bench.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith(("| mse", "| cross_entropy"))]
    assert len(rows) == 8 and len({row.count("|") for row in rows}) == 1
    assert "](bench.png)" in page and "Machine: " in page


def test_what_was_measured_can_be_shown_again(files, tmp_path, capsys):
    one = json.loads((files[0] / "bench.json").read_text())
    two = {**one, "results": [{**one["results"][0], "loss": "mae"}], "startup": {}}
    (tmp_path / "two.json").write_text(json.dumps(two))
    assert run("bench", "--from", files[0] / "bench.json", tmp_path / "two.json",
               "--json", tmp_path / "both.json") == 0
    assert "mae" in capsys.readouterr().out
    both = results.read([tmp_path / "both.json"])
    assert len(both.results) == 9 and both.startup == one["startup"]


# --------------------------------------------------------------------------------------------- its pieces

@pytest.mark.parametrize("name", BY_HAND)
def test_numpy_by_hand_computes_the_same(name):
    loss = LOSSES[name]
    case = Case(loss, SMALL[loss.family.name], "float64")
    arrays = case.inputs(np.random.default_rng(1))
    hand, composed = by_hand(case, arrays), ours(case, arrays, "composed")
    assert race.difference(hand.answer(hand.run()), composed.answer(composed.run()), 1e-12) == ""


def test_a_loss_nobody_has_is_measured_and_the_others_named():
    case = Case(LOSSES["mse"], (9,), "float64")
    nameless = case._replace(loss=type("Other", (), {"name": "new", "family": case.loss.family})())
    assert by_hand(nameless, []) is None
    assert all(peer(nameless, [], 1) is None for peer in peers.PEERS.values())


def test_the_limit_reads_labels_and_floats_that_have_no_gradient():
    inputs = [np.ones((4, 3), np.float32), np.ones((4, 3), np.float32), np.ones(4, np.float32), np.arange(4)]
    limit.mover(inputs, 2, threads=2)()


@pytest.mark.parametrize("name", LOSSES)
def test_inputs_fit_every_loss(name):
    for case in cases([name], [(6,)], ["float64", "float32"]):
        arrays = case.inputs(np.random.default_rng(0))
        assert arrays[0].shape == case.shape and arrays[0].dtype == case.dtype
        fused, composed = (ours(case, arrays, path) for path in ("fused", "composed"))
        assert race.difference(fused.answer(fused.run()), composed.answer(composed.run()), 1e-5) == ""


def test_a_wrong_contestant_and_a_failing_one_are_found():
    def fail():
        raise RuntimeError("no compiler\nfound")

    right, wrong = ((lambda found: (1.0, [np.ones(3)])), (lambda found: (1.0, [np.array([1, 1, 2])])))
    entered = [Contestant("fused", list, right), Contestant("numpy", list, wrong),
               Contestant("jax", fail, right)]
    outcome = race.race(entered, "float64", rounds=1, seconds=0)
    assert outcome.wrong == {"numpy": "the gradient is another"}
    assert outcome.left_out == {"jax": "RuntimeError: no compiler"}
    assert outcome.timings.keys() == {"fused", "numpy"}


def test_slow_contestants_are_timed_twice_and_hopeless_ones_not_at_all(monkeypatch):
    def after(seconds):
        return Contestant(f"{seconds} s", lambda: time.sleep(seconds), lambda found: (1.0, [np.ones(3)]))

    monkeypatch.setattr(race, "SLOW", 0.01)
    monkeypatch.setattr(race, "TOO_LONG", 0.05)
    outcome = race.race([after(0.0), after(0.02), after(0.06)], "float64", rounds=3, seconds=0)
    assert {name: timing.rounds for name, timing in outcome.timings.items()} == {"0.0 s": 3, "0.02 s": 2}
    assert outcome.left_out.keys() == {"0.06 s"} and "one call takes" in outcome.left_out["0.06 s"]


def test_wrong_answers_make_the_command_fail(files, tmp_path, capsys):
    report = json.loads((files[0] / "bench.json").read_text())
    report["results"][0]["wrong"] = {"numpy": "the value is 2, not 1"}
    (tmp_path / "wrong.json").write_text(json.dumps(report))
    assert run("bench", "--from", tmp_path / "wrong.json") == 1
    assert "WRONG: numpy for mse 32 float64: the value is 2, not 1." in capsys.readouterr().out


def test_difference_compares_with_the_largest_slope_and_sees_nan():
    right = 1.0, [np.array([1.0, 1e-9])]
    assert race.difference((1.0, [np.array([1.0, 2e-9])]), right, 1e-6) == ""
    assert race.difference((1.1, right[1]), right, 1e-6) == "the value is 1.1, not 1"
    assert race.difference((np.nan, right[1]), right, 1e-6) == "the value is nan, not 1"
    assert race.difference((1.0, [np.array([1.0, np.nan])]), right, 1e-6) == "the gradient is another"


def test_ratios():
    timings = {name: Timing(t, t, t, 5, 1, t) for name, t in
               (("limit", 1.0), ("fused", 1.5), ("torch", 9.0), ("jax", 6.0))}
    result = results.Result("mse", "elementwise", (10**7,), "float64", timings, {}, {}, 0.0)
    assert result.over_limit("fused") == 1.5 and result.over_limit("numpy") is None
    assert (result.fastest_peer, result.over_peer()) == ("jax", 0.25)
    assert "Fused: 1.5 to 2 times" in picture._in_words([result])


def test_the_limit_is_the_faster_of_one_thread_and_all():
    timings = {name: Timing(t, t, t, 5, 1, t) for name, t in
               (("fused", 3.0), ("limit on 1", 2.0), ("limit on 2", 1.0), ("limit, new array on 1", 4.0))}
    best = with_best_limits(timings)
    assert {name: timing.median for name, timing in best.items()} == {
        "limit": 1.0, "fused": 3.0, "limit, new array": 4.0}


@pytest.mark.parametrize("text, shape", [("32", (32,)), ("1e5", (100_000,)), ("2e4x1000", (20_000, 1000)),
                                         ("1e6x10", (10**6, 10)), ("2000x32000", (2000, 32_000))])
def test_sizes_are_read_and_written(text, shape):
    assert parse_size(text) == shape and size_text(shape) == text


@pytest.mark.parametrize("seconds, text", [(1.234, "1.23 s"), (0.0123, "12.3 ms"), (4.56e-4, "456 us"),
                                           (9.996e-6, "10.0 us"), (0.9999, "1000 ms")])
def test_times_have_three_digits(seconds, text):
    assert tables.time_text(seconds) == text
