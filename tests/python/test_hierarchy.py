"""infans.Hierarchy with NumPy arrays, against formulas written here."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import threading
import time
from pathlib import Path

import infans
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def small(**options):
    net = infans.Hierarchy.chain([3, 5, 2], activation="tanh", seed=4, **options)
    rng = np.random.default_rng(0)
    net.set_bias(1, rng.normal(size=5))
    net.set_precision(2, [2.0, 0.5])
    belief = net.belief(7)
    belief.clamp("x0", rng.normal(size=(7, 3)))
    belief.clamp(-1, rng.normal(size=(7, 2)))
    return net, belief


def energy(net, belief):
    """AMB: mu1 = W0 x0 + b1, mu2 = W1 tanh(x1) + b2."""
    x0, x1, x2 = (belief.activity(j) for j in range(3))
    e1 = x1 - (x0 @ net.weight(0).T + net.bias(1))
    e2 = x2 - (np.tanh(x1) @ net.weight(1).T + net.bias(2))
    pi = np.diag(net.precision(2))
    return 0.5 * (e1**2).sum() + 0.5 * (pi * e2**2).sum() - 0.5 * len(x0) * np.log(pi).sum()


def test_free_energy_is_the_formula():
    net, belief = small()
    belief.set_activity(1, np.random.default_rng(1).normal(size=(7, 5)))
    assert belief.free_energy() == pytest.approx(energy(net, belief), rel=1e-13)


@pytest.mark.parametrize("solver", ["sPC", "ePC", "gauss_newton"])
def test_settling_lowers_f_and_reports_why(solver):
    net, belief = small()
    belief.predict()
    before = belief.free_energy()
    report = belief.settle(solver, max_steps=2000, momentum=0.5, gradient=1e-9)
    assert report.energy < before
    assert report.energy == pytest.approx(energy(net, belief), rel=1e-12)
    assert report.converged and report.reason == "the gradient of F is below its limit"
    assert sum(report.energies.values()) == pytest.approx(report.energy)
    assert list(report.energies) == ["x0", "x1", "x2"]


def test_local_gradients_are_error_times_activity():
    net, belief = small()
    belief.predict()
    belief.settle(max_steps=5)
    weights, biases = belief.local_gradient()
    delta = belief.error(2) @ net.precision(2)
    np.testing.assert_allclose(weights[1], -delta.T @ np.tanh(belief.activity(1)) / 7, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(biases[2], -delta.mean(axis=0), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("learner", [infans.Sgd, infans.Adam])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_learning_xor(learner, dtype):
    net = infans.Hierarchy.chain([2, 16, 2], output="categorical", seed=1, dtype=dtype)
    inputs = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    labels = np.array([0, 1, 1, 0])
    belief, teacher = net.belief(4), learner(net, rate=0.05)
    for _ in range(500):
        belief.clamp(0, inputs)
        belief.clamp(1 + 1, np.eye(2)[labels])
        belief.predict()
        belief.settle(max_steps=10)
        teacher.learn(belief)
    belief.release(2)
    belief.predict()
    assert (belief.activity(2).argmax(axis=1) == labels).all()
    assert belief.activity(0).dtype == np.dtype(dtype)


def test_part_of_a_node_is_completed():
    net = infans.Hierarchy([infans.Node(1, "cause", prior=True), infans.Node(4, "effect")], [infans.Edge(0, 1)])
    seen = np.random.default_rng(2).normal(size=(6, 2))
    belief = net.belief(6)
    belief.clamp("effect", seen, units=[0, 2])
    belief.settle("gauss_newton", max_steps=2)
    w = net.weight(0)[:, 0]
    cause = seen @ w[[0, 2]] / (1 + (w[[0, 2]] ** 2).sum())
    np.testing.assert_allclose(belief.activity("effect")[:, 1], w[1] * cause, rtol=1e-10)
    assert belief.clamped("effect").tolist() == [[True, False, True, False]] * 6


def test_a_belief_of_another_hierarchy_is_refused():
    net, belief = small()
    other = infans.Hierarchy.chain([4, 9, 2])
    with pytest.raises(ValueError, match="another hierarchy"):
        infans.Adam(other).learn(belief)
    with pytest.raises(ValueError, match="another hierarchy"):
        infans.Sgd(other).settle_and_learn(belief)
    with pytest.raises(ValueError, match="another hierarchy"):
        other.learn_precision(belief, [1])
    guess = infans.Amortiser(other, [2, 1, 0], batch=7)
    with pytest.raises(ValueError, match="another hierarchy or another batch"):
        guess.initialise(belief)
    with pytest.raises(ValueError, match="another hierarchy or another batch"):
        infans.Amortiser(net, [2, 1, 0], batch=6).learn(belief)


def test_parameters_survive_a_file(tmp_path):
    net, belief = small()
    np.savez(tmp_path / "net.npz", **net.parameters())
    other = infans.Hierarchy.chain([3, 5, 2], activation="tanh", seed=99)
    other.load_parameters(np.load(tmp_path / "net.npz"))
    assert all((a == b).all() for a, b in zip(net.parameters().values(), other.parameters().values(), strict=True))
    with pytest.raises(ValueError, match="bias0 missing|bias0, "):
        other.load_parameters({})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: infans.Hierarchy.chain([3, 0, 2]), "node 1 'x1' needs at least one unit"),
        (lambda: infans.Hierarchy.chain([3, 2], activation="sine"), "there is no 'sine'; one of identity, tanh"),
        (lambda: infans.Hierarchy.chain([3, 2], form="abc"), "one of amb, mba"),
        (lambda: infans.Hierarchy.chain([3, 2], dtype="int32"), "float32 or float64"),
        (lambda: infans.Hierarchy([infans.Node(1)], [infans.Edge(0, 0)]), "edge 0 must join two different nodes"),
        (lambda: small()[1].clamp(0, np.zeros((3, 3))), "takes 3 units of 7 samples, not 3 of 3"),
        (lambda: small()[1].clamp(0, np.full((7, 3), np.nan)), "not finite"),
        (lambda: small()[1].settle("magic"), "one of sPC, ePC"),
        (lambda: small()[1].settle(step=-1), "step must be positive"),
        (lambda: small()[0].set_precision(1, -np.ones(5)), "positive"),
        (lambda: small()[0].index("x9"), "one of x0, x1, x2"),
    ],
)
def test_nonsense_is_refused_with_the_place(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_other_threads_run_while_a_belief_settles():
    net = infans.Hierarchy.chain([200, 300, 300, 100], seed=1)
    belief = net.belief(200)
    belief.clamp(0, np.ones((200, 200)))
    belief.clamp(-1, np.ones((200, 100)))
    worker = threading.Thread(target=lambda: belief.settle(max_steps=60, step=0.01))
    worker.start()
    ticks = 0
    while worker.is_alive():
        ticks += 1
        time.sleep(0.001)
    assert ticks > 3


def test_idx_files_are_read_and_checked(tmp_path):
    spec = importlib.util.spec_from_file_location("digits", ROOT / "experiments" / "benchmarks" / "digits.py")
    digits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digits)
    images = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
    head = struct.pack(">HBBIII", 0, 8, 3, 4, 3, 2)
    (tmp_path / "a").write_bytes(head + images.tobytes())
    with gzip.open(tmp_path / "b.gz", "wb") as out:
        out.write(head + images.tobytes())
    assert (digits.read_idx(tmp_path, "a") == images).all()
    assert (digits.read_idx(tmp_path, "b") == images).all()
    (tmp_path / "c").write_bytes(head + images.tobytes()[:-1])
    with pytest.raises(SystemExit, match="cut short"):
        digits.read_idx(tmp_path, "c")
    with pytest.raises(SystemExit, match="is there"):
        digits.read_idx(tmp_path, "d")
