"""Predictive-coding hierarchies with NumPy arrays; a sample is a row everywhere.

    import infans
    net = infans.Hierarchy.chain([64, 128, 10], activation="tanh", output="categorical", seed=1)
    belief = net.belief(batch=32)
    belief.clamp(0, images)                  # top: causes or inputs
    belief.clamp(-1, labels)                 # bottom: what is predicted
    belief.predict()                         # feedforward start of what is free
    report = belief.settle(max_steps=20)     # F falls; report.energy, report.reason
    learner = infans.Adam(net, rate=1e-3)
    learner.learn(belief)                    # error x activity

    belief.release(0); belief.settle()       # the same model backwards: causes of given effects
    belief.clamp(0, half, units=range(32))   # or part of a node: the rest is completed

Long calls release the GIL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _infans


@dataclass(frozen=True)
class Node:
    """A block of Gaussian units, or, as a leaf, a categorical one.

    activation: identity, tanh, sigmoid, relu, leaky_relu, gelu or softplus. precision: unit, diagonal or full.
    prior: of a node without parents: its activity has a Gaussian prior with mean `bias`. decay: lambda of lambda/2 x'x.
    """

    width: int
    name: str = ""
    activation: str = "identity"
    categorical: bool = False
    precision: str = "unit"
    prior: bool = False
    decay: float = 0.0
    bias_deviation: float = 0.0


@dataclass(frozen=True)
class Edge:
    """A dense or residual prediction of node `target` by node `source` (indices); scale is fixed, deviation that of the
    initial weights (negative: 1/sqrt(fan-in))."""

    source: int
    target: int
    residual: bool = False
    scale: float = 1.0
    deviation: float = -1.0


@dataclass(frozen=True)
class Report:
    """How a settle ended: steps taken and rejected, F in nats summed over the batch, its part per node, and why."""

    steps: int
    rejected: int
    energy: float
    energies: dict[str, float]
    converged: bool
    reason: str


class Hierarchy:
    """A generative model: nodes on an acyclic graph of edges.

    form: "amb" (mu = W f(x) + b) or "mba" (mu = f(W x + b)). dtype: float64 or float32.
    Raises ValueError, naming node or edge, for a graph that is none.
    """

    def __init__(
        self, nodes: Sequence[Node], edges: Sequence[Edge], *, form: str = "amb", seed: int = 0, dtype: Any = np.float64
    ) -> None:
        spec = _infans.HierarchySpec(form)
        for i, n in enumerate(nodes):
            spec.add_node(n.name or f"x{i}", n.width, n.activation, n.categorical, n.precision, n.prior, n.decay,
                          n.bias_deviation)  # fmt: skip
        for e in edges:
            spec.add_edge(e.source, e.target, e.residual, e.scale, e.deviation)
        self._build(spec, seed, dtype)

    @classmethod
    def chain(
        cls,
        widths: Sequence[int],
        *,
        activation: str = "tanh",
        form: str = "amb",
        output: str = "gaussian",
        mupc: bool = False,
        seed: int = 0,
        dtype: Any = np.float64,
    ) -> Hierarchy:
        """A chain from top (causes, inputs) to bottom (effects, outputs); ends are linear, hidden nodes have the
        activation. output="categorical": softmax and cross-entropy. mupc: scales and residual edges that keep depth
        harmless (Innocenti et al. 2025; AMB form)."""
        if output not in ("gaussian", "categorical"):
            raise ValueError(f"output: there is no {output!r}; one of gaussian, categorical")
        if mupc and form != "amb":
            raise ValueError("mupc: the scaling is defined for the form amb")
        spec = _infans.chain_spec(list(widths), activation, form, mupc)
        if output == "categorical":
            _infans.set_categorical(spec, len(widths) - 1)
        self = cls.__new__(cls)
        self._build(spec, seed, dtype)
        return self

    def _build(self, spec: Any, seed: int, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype: float32 or float64, not {self.dtype}")
        self._suffix = "32" if self.dtype == np.float32 else "64"
        self._model = getattr(_infans, "Hierarchy" + self._suffix)(spec, seed)
        self.names: list[str] = [name for name, _ in spec.nodes]
        self.widths: list[int] = [width for _, width in spec.nodes]
        self.edges: list[tuple[int, int, bool]] = spec.edges

    def __repr__(self) -> str:
        nodes = ", ".join(f"{name}: {width}" for name, width in zip(self.names, self.widths, strict=True))
        return f"Hierarchy({nodes}; {len(self.edges)} edges, {self.dtype})"

    def index(self, node: int | str) -> int:
        """Index of a node from its name or from an index, which may count from the end."""
        if isinstance(node, str):
            return self._model.node(node)
        count = len(self.widths)
        if not -count <= node < count:
            raise IndexError(f"node {node} is not one of {-count}..{count - 1}")
        return node % count

    def belief(self, batch: int) -> Belief:
        """Activities of `batch` samples, all free."""
        return Belief(self, batch)

    def weight(self, edge: int) -> NDArray[Any]:
        """Copy of W, (target width, source width); empty for a residual edge."""
        return self._model.weight(edge)

    def set_weight(self, edge: int, value: ArrayLike) -> None:
        self._model.set_weight(edge, np.asarray(value, self.dtype))

    def bias(self, node: int | str) -> NDArray[Any]:
        return self._model.bias(self.index(node))

    def set_bias(self, node: int | str, value: ArrayLike) -> None:
        self._model.set_bias(self.index(node), np.asarray(value, self.dtype))

    def precision(self, node: int | str) -> NDArray[Any]:
        """Pi, (width, width)."""
        return self._model.precision(self.index(node))

    def set_precision(self, node: int | str, value: ArrayLike) -> None:
        """A vector (diagonal) or a symmetric positive definite matrix; else ValueError."""
        self._model.set_precision(self.index(node), np.asarray(value, self.dtype))

    def learn_precision(
        self,
        belief: Belief,
        nodes: Iterable[int | str],
        *,
        prior_mean: float = 0.0,
        prior_deviation: float = 3.0,
        rate: float = 1.0,
        uncertainty: bool = True,
    ) -> None:
        """Move the log-precisions of `nodes` to where F of the settled belief, with a normal prior on them, is least.
        uncertainty adds what is unknown about free activities (Laplace); rate < 1 for minibatches."""
        chosen = [self.index(node) for node in nodes]
        self._model.learn_precision(belief._state, chosen, prior_mean, prior_deviation, rate, uncertainty)

    def parameters(self) -> dict[str, NDArray[Any]]:
        """Copies of all weights, biases and precisions, for `np.savez(path, **net.parameters())`."""
        out = {f"weight{k}": self.weight(k) for k, (_, _, residual) in enumerate(self.edges) if not residual}
        for j in range(len(self.widths)):
            out[f"bias{j}"], out[f"precision{j}"] = self.bias(j), self.precision(j)
        return out

    def load_parameters(self, values: Mapping[str, ArrayLike]) -> None:
        """What `parameters` gave. Precisions that are diagonal become vectors."""
        missing = self.parameters().keys() - values.keys()
        if missing:
            raise ValueError(f"parameters: {', '.join(sorted(missing))} missing")
        for k, (_, _, residual) in enumerate(self.edges):
            if not residual:
                self.set_weight(k, values[f"weight{k}"])
        for j in range(len(self.widths)):
            self.set_bias(j, values[f"bias{j}"])
            precision = np.asarray(values[f"precision{j}"])
            diagonal = np.diagonal(precision)
            self.set_precision(j, diagonal if np.array_equal(precision, np.diag(diagonal)) else precision)


class Belief:
    """Activities of a batch of samples in one hierarchy: what is clamped stays, what is free settles."""

    def __init__(self, model: Hierarchy, batch: int) -> None:
        self.model = model
        self._state = getattr(_infans, "Belief" + model._suffix)(model._model, batch)

    @property
    def batch(self) -> int:
        return self._state.batch

    def _array(self, values: ArrayLike) -> NDArray[Any]:
        return np.asarray(values, self.model.dtype)

    def clamp(
        self,
        node: int | str,
        values: ArrayLike,
        *,
        units: Iterable[int] | None = None,
        mask: ArrayLike | None = None,
    ) -> None:
        """Clamp a node to values (batch, width), or only some of its units (batch, len(units)), or only where mask
        (batch, width) is true. Raises ValueError for a wrong shape or values that are not finite."""
        j = self.model.index(node)
        if units is not None and mask is not None:
            raise ValueError("clamp: units or mask, not both")
        if units is not None:
            self._state.clamp_units(j, list(units), self._array(values))
        elif mask is not None:
            self._state.clamp_where(j, self._array(values), self._array(mask))
        else:
            self._state.clamp(j, self._array(values))

    def release(self, node: int | str) -> None:
        """Free a whole node; its activity stays until it settles."""
        self._state.release(self.model.index(node))

    def clamped(self, node: int | str) -> NDArray[np.bool_]:
        return self._state.clamped(self.model.index(node))

    def activity(self, node: int | str) -> NDArray[Any]:
        """Copy, (batch, width)."""
        return self._state.activity(self.model.index(node))

    def set_activity(self, node: int | str, values: ArrayLike) -> None:
        """Start values (batch, width); what is clamped changes too and stays clamped."""
        self._state.set_activity(self.model.index(node), self._array(values))

    def prediction(self, node: int | str) -> NDArray[Any]:
        return self._state.prediction(self.model.index(node))

    def error(self, node: int | str) -> NDArray[Any]:
        return self._state.error(self.model.index(node))

    def predict(self) -> None:
        """Set everything free that has parents to its prediction, parents first."""
        self._state.predict()

    def free_energy(self) -> float:
        """F in nats, summed over the batch, without the constant (n/2) ln 2 pi."""
        return self._state.free_energy()

    def settle(
        self,
        solver: str = "sPC",
        *,
        max_steps: int = 20,
        step: float = 0.2,
        momentum: float = 0.0,
        slope: float = 0.0,
        gradient: float = 0.0,
    ) -> Report:
        """Descend F over what is free. solver: sPC (activities), ePC (errors), gauss_newton (small models) or
        fixed_prediction (learning from it is backpropagation). A step that would raise F is taken back and halved.
        Stops when F falls by less than slope * (1 + |F|) a step or no gradient is above `gradient`; 0: never."""
        report = self._state.settle(solver, _infans.SettleOptions(max_steps, step, momentum, slope, gradient))
        energies = dict(zip(self.model.names, self._state.energies(), strict=True))
        return Report(report.steps, report.rejected, report.energy, energies, report.converged, report.reason)

    def local_gradient(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """dF/dW per edge and dF/db per node of the settled state, means over the batch."""
        return self._state.local_gradient()


class _Learner:
    def __init__(self, model: Hierarchy, kind: str, options: Any) -> None:
        self.model = model
        self._learner = getattr(_infans, kind + model._suffix)(model._model, options)

    def learn(self, belief: Belief, rate_factor: float = 1.0) -> None:
        """One step of every weight and bias on its local gradient. ValueError for a belief of another hierarchy."""
        self._learner.learn(self.model._model, belief._state, rate_factor)

    def settle_and_learn(
        self, belief: Belief, *, max_steps: int = 20, step: float = 0.2, momentum: float = 0.0, rate_factor: float = 1.0
    ) -> float:
        """Incremental predictive coding (iPC): after every settling step one learning step. Returns the last F."""
        options = _infans.SettleOptions(max_steps, step, momentum, 0.0, 0.0)
        return self._learner.settle_and_learn(self.model._model, belief._state, options, rate_factor).energy


class Sgd(_Learner):
    """Gradient descent with momentum; decay is the fraction of a weight lost a step."""

    def __init__(self, model: Hierarchy, *, rate: float = 1e-2, momentum: float = 0.0, decay: float = 0.0) -> None:
        super().__init__(model, "Sgd", _infans.SgdOptions(rate, momentum, decay))


class Adam(_Learner):
    """Adam with decoupled weight decay (AdamW); decay is the fraction of a weight lost a step."""

    def __init__(
        self, model: Hierarchy, *, rate: float = 3e-3, decay: float = 0.0, beta1: float = 0.9, beta2: float = 0.999
    ) -> None:
        super().__init__(model, "Adam", _infans.AdamOptions(rate, decay, beta1, beta2))


class Amortiser:
    """Hybrid predictive coding: a discriminative net along `path` (observed node first) guesses where settling ends."""

    def __init__(
        self, model: Hierarchy, path: Sequence[int | str], batch: int, *, seed: int = 0, rate: float = 3e-3
    ) -> None:
        nodes = [model.index(node) for node in path]
        self._amortiser = getattr(_infans, "Amortiser" + model._suffix)(model._model, nodes, batch, seed, rate)

    def initialise(self, belief: Belief) -> None:
        """Set free units along the path to the guess."""
        self._amortiser.initialise(belief._state)

    def learn(self, belief: Belief) -> float:
        """One step towards the settled belief; returns the squared error of the guess, mean over the batch."""
        return self._amortiser.learn(belief._state)
