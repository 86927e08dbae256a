"""Times one belief update (settle 20 steps, one weight update) of other programs on request of scripts/bench kernels.

Usage: peers.py numpy|jax|fabricpc|pcx THREADS      in an environment that has the program

One request a line on stdin, one JSON object a line on stdout:
  SHAPE BATCH SECONDS            e.g. 8-32-32-6 64 0.05 -> {"us": fastest call within the time}
  gemm M N K SECONDS             numpy only: the float32 product of M x K and K x N -> {"gflops": ...}
  version
The update is the same for all: tanh hidden layers, linear output, mu = f(W x), no biases, float32, input and output
clamped, start at the forward pass, Euler steps of 0.1 on the summed energy, weights down its mean over the batch at
rate 1e-3.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

STEPS, STEP, RATE = 20, 0.1, 1e-3


def data(shape: str, batch: int):
    import numpy as np

    rng = np.random.default_rng(0)
    widths = [int(w) for w in shape.split("-")]
    weights = [
        (rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32) for a, b in zip(widths, widths[1:], strict=False)
    ]
    x, y = (rng.normal(size=(batch, w)).astype(np.float32) for w in (widths[0], widths[-1]))
    return widths, weights, x, y


def jax_update(shape: str, batch: int) -> Callable[[], object]:
    """Plain JAX, one jitted call: automatic differentiation of the energy, a loop of STEPS, one weight update."""
    import jax
    import jax.numpy as jnp

    _, weights, x, y = data(shape, batch)

    def energy(weights, levels):
        total = 0.0
        for i, w in enumerate(weights):
            mu = levels[i] @ w
            mu = mu if i + 1 == len(weights) else jnp.tanh(mu)
            total += 0.5 * jnp.sum((levels[i + 1] - mu) ** 2)
        return total

    @jax.jit
    def update(weights, x, y):
        hidden = [x]
        for w in weights[:-1]:
            hidden.append(jnp.tanh(hidden[-1] @ w))
        hidden = hidden[1:]

        def settle(_, hidden):
            slope = jax.grad(lambda h: energy(weights, [x, *h, y]))(hidden)
            return [h - STEP * g for h, g in zip(hidden, slope, strict=True)]

        hidden = jax.lax.fori_loop(0, STEPS, settle, hidden)
        slope = jax.grad(lambda w: energy(w, [x, *hidden, y]) / x.shape[0])(weights)
        return [w - RATE * g for w, g in zip(weights, slope, strict=True)]

    arguments = [jnp.asarray(w) for w in weights], jnp.asarray(x), jnp.asarray(y)
    return lambda: jax.block_until_ready(update(*arguments))


def fabricpc_update(shape: str, batch: int) -> Callable[[], object]:
    """Its own training step: Linear nodes, InferenceSGD, feed-forward start, optax SGD; weights carried on."""
    import jax
    import jax.numpy as jnp
    import optax
    from fabricpc.core.activations import IdentityActivation, TanhActivation
    from fabricpc.core.inference import InferenceSGD
    from fabricpc.core.topology import Edge
    from fabricpc.graph_assembly import TaskMap, graph
    from fabricpc.graph_initialization import initialize_params
    from fabricpc.graph_initialization.state_initializer import FeedforwardStateInit
    from fabricpc.nodes import IdentityNode, Linear
    from fabricpc.training.trainer import make_train_step

    widths, weights, x, y = data(shape, batch)
    nodes = [IdentityNode(shape=(widths[0],), name="n0")]
    for i, w in enumerate(widths[1:], 1):
        last = i + 1 == len(widths)
        activation = IdentityActivation() if last else TanhActivation()
        nodes.append(Linear(shape=(w,), name=f"n{i}", activation=activation, use_bias=False))
    structure = graph(
        nodes=nodes,
        edges=[Edge(source=a, target=b.slot("in")) for a, b in zip(nodes, nodes[1:], strict=False)],
        task_map=TaskMap(x=nodes[0], y=nodes[-1]),
        inference=InferenceSGD(eta_infer=STEP, infer_steps=STEPS),
        graph_state_initializer=FeedforwardStateInit(),
    )
    params = initialize_params(structure, jax.random.PRNGKey(0))
    for i, w in enumerate(weights, 1):
        held = params.nodes[f"n{i}"].weights
        held[next(iter(held))] = jnp.asarray(w)
    optimizer = optax.sgd(RATE)
    step = make_train_step(structure, optimizer)
    state = {"params": params, "opt": optimizer.init(params)}
    sample, key = {"x": jnp.asarray(x), "y": jnp.asarray(y)}, jax.random.PRNGKey(1)

    def call():
        out = step(state["params"], state["opt"], sample, key)
        state["params"], state["opt"] = out[0], out[1]
        jax.block_until_ready(state["params"])
        return [state["params"].nodes[f"n{i}"].weights for i in range(1, len(widths))]

    return call


def pcx_update(shape: str, batch: int) -> Callable[[], object]:
    """The training step of its own examples: Vodes after each layer, two optimisers, jitted; weights carried on."""
    import jax
    import jax.numpy as jnp
    import optax
    import pcx.functional as pxf
    import pcx.nn as pxnn
    import pcx.predictive_coding as pxc
    import pcx.utils as pxu
    from pcx.core._parameter import get
    from pcx.core._parameter import set as set_value

    widths, weights, x, y = data(shape, batch)

    class Model(pxc.EnergyModule):
        def __init__(self):
            super().__init__()
            self.layers = [pxnn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:], strict=False)]
            self.vodes = [pxc.Vode() for _ in widths[1:]]
            self.vodes[-1].h.frozen = True

        def __call__(self, x, y):
            for layer, vode in zip(self.layers[:-1], self.vodes[:-1], strict=True):
                x = vode(jax.nn.tanh(layer(x)))
            self.vodes[-1](self.layers[-1](x))
            if y is not None:
                self.vodes[-1].set("h", y)
            return self.vodes[-1].get("u")

    model = Model()
    for layer, w in zip(model.layers, weights, strict=True):
        set_value(layer.nn.weight, jnp.asarray(w.T))

    per_sample = pxu.M(pxc.VodeParam | pxc.VodeParam.Cache).to((None, 0))

    @pxf.vmap(per_sample, in_axes=(0, 0), out_axes=0)
    def forward(x, y, *, model):
        return model(x, y)

    @pxf.vmap(per_sample, in_axes=(0,), out_axes=(None, 0), axis_name="batch")
    def energy(x, *, model):
        out = model(x, None)
        return jax.lax.psum(model.energy(), "batch"), out

    free = pxu.M_hasnot(pxc.VodeParam, frozen=True)

    @pxf.jit()
    def update(x, y, *, model, optim_w, optim_h):
        model.train()
        with pxu.step(model, pxc.STATUS.INIT, clear_params=pxc.VodeParam.Cache):
            forward(x, y, model=model)
        optim_h.init(free(model))
        for _ in range(STEPS):
            with pxu.step(model, clear_params=pxc.VodeParam.Cache):
                _, g = pxf.value_and_grad(free.to([False, True]), has_aux=True)(energy)(x, model=model)
            optim_h.step(model, g["model"])
        optim_h.clear()
        with pxu.step(model, clear_params=pxc.VodeParam.Cache):
            _, g = pxf.value_and_grad(pxu.M(pxnn.LayerParam).to([False, True]), has_aux=True)(energy)(x, model=model)
        optim_w.step(model, g["model"], scale_by=1.0 / x.shape[0])

    with pxu.step(model, pxc.STATUS.INIT, clear_params=pxc.VodeParam.Cache):
        forward(jnp.asarray(x), jnp.asarray(y), model=model)
        optim_h = pxu.Optim(lambda: optax.sgd(STEP))
    optim_w = pxu.Optim(lambda: optax.sgd(RATE), pxu.M(pxnn.LayerParam)(model))
    x, y = jnp.asarray(x), jnp.asarray(y)

    def call():
        update(x, y, model=model, optim_w=optim_w, optim_h=optim_h)
        return jax.block_until_ready([get(layer.nn.weight) for layer in model.layers])

    return call


def fastest(call: Callable[[], object], seconds: float) -> float:
    call()
    spent, best = 0.0, float("inf")
    while spent < seconds or best == float("inf"):
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
        spent, best = spent + once, min(best, once)
    return best


def gemm(m: int, n: int, k: int, seconds: float) -> float:
    import numpy as np

    a, b, out = np.ones((m, k), np.float32), np.ones((k, n), np.float32), np.empty((m, n), np.float32)
    return 2e-9 * m * n * k / fastest(lambda: np.matmul(a, b, out=out), seconds)


UPDATES = {"jax": jax_update, "fabricpc": fabricpc_update, "pcx": pcx_update}


def answer(peer: str, words: list[str], ready: dict) -> dict:
    if words[0] == "version":
        from importlib.metadata import version

        return {"version": version(peer)}
    if words[0] == "gemm":
        return {"gflops": gemm(*map(int, words[1:4]), float(words[4]))}
    shape, batch = words[0], int(words[1])
    if (shape, batch) not in ready:
        ready[shape, batch] = UPDATES[peer](shape, batch)
    return {"us": 1e6 * fastest(ready[shape, batch], float(words[2]))}


def main(peer: str, threads: int) -> None:
    # The pools of these programs take the processors they may use.
    os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    ready: dict = {}
    for line in sys.stdin:
        try:
            result = answer(peer, line.split(), ready)
        except Exception as error:  # the caller writes it into its notes
            result = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
