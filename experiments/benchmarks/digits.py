"""Predictive coding on images of digits: accuracy beside backprop, completion, depth. Run by `scripts/bench digits`.

Data: scikit-learn's digits (1,797 images of 8 x 8; Alpaydin & Kaynak 1998), stratified 5-fold; or MNIST from IDX files.
"""

from __future__ import annotations

import argparse
import gzip
import json
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import infans
import numpy as np

CLASSES = 10


@dataclass
class Fold:
    images: np.ndarray  # (n, pixels), in [-1, 1]
    labels: np.ndarray  # (n,)
    test_images: np.ndarray
    test_labels: np.ndarray


def read_idx(folder: Path, stem: str) -> np.ndarray:
    """One IDX file (LeCun's format), plain or gzipped. Raises SystemExit with the names that were tried."""
    tried = [folder / (stem + end) for end in ("", ".gz")]
    path = next((p for p in tried if p.exists()), None)
    if path is None:
        sys.exit(f"digits: neither {tried[0]} nor {tried[1].name} is there; --mnist takes the folder of the IDX files")
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    zero, kind, dimensions = struct.unpack_from(">HBB", data)
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    if zero != 0 or kind != 8 or len(data) != 4 + 4 * dimensions + np.prod(shape):
        sys.exit(f"digits: {path} is not an IDX file of bytes, or is cut short")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def mnist(folder: Path) -> Iterator[Fold]:
    files = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    images, labels, test_images, test_labels = (read_idx(folder, name) for name in files)
    scale = [(x.reshape(len(x), -1) / 127.5 - 1.0).astype(np.float32) for x in (images, test_images)]
    yield Fold(scale[0], labels.astype(int), scale[1], test_labels.astype(int))


def digits(folds: int) -> Iterator[Fold]:
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import StratifiedKFold
    except ImportError:
        sys.exit("digits: scikit-learn brings the data: .venv/bin/pip install scikit-learn")
    images, labels = load_digits(return_X_y=True)
    images = (images / 8.0 - 1.0).astype(np.float32)
    splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(images, labels))
    for train, test in splits[:folds]:
        yield Fold(images[train], labels[train], images[test], labels[test])


def train(
    net: infans.Hierarchy, fold: Fold, *, solver: str, epochs: int, batch: int, rate: float, steps: int, seed: int
) -> None:
    """Settle each minibatch, learn from it; the rate falls to a twentieth."""
    targets = np.eye(CLASSES)[fold.labels]
    belief, learner = net.belief(batch), infans.Adam(net, rate=rate)
    rng = np.random.default_rng(seed)
    updates = epochs * (len(fold.labels) // batch)
    done = 0
    for epoch in range(epochs):
        order = rng.permutation(len(fold.labels))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            belief.clamp(0, fold.images[chosen])
            belief.clamp(-1, targets[chosen])
            belief.predict()
            belief.settle(solver, max_steps=steps, step=0.2)
            learner.learn(belief, 1.0 - 0.95 * done / updates)
            done += 1
        if sys.stderr.isatty():
            print(f"\r{solver}: epoch {epoch + 1}/{epochs}  ", end="", file=sys.stderr, flush=True)


def accuracy(net: infans.Hierarchy, fold: Fold) -> float:
    belief = net.belief(len(fold.test_labels))
    belief.clamp(0, fold.test_images)
    belief.predict()
    return float((belief.activity(-1).argmax(axis=1) == fold.test_labels).mean())


def classifier(pixels: int, hidden: list[int], seed: int, mupc: bool = False) -> infans.Hierarchy:
    widths = [pixels, *hidden, CLASSES]
    return infans.Hierarchy.chain(
        widths, activation="tanh", output="categorical", mupc=mupc, seed=seed, dtype="float32"
    )


def classify(folds: list[Fold], options: argparse.Namespace) -> tuple[list[dict[str, Any]], list[infans.Hierarchy]]:
    rows, nets = [], []
    for solver, name in (("sPC", "predictive coding"), ("fixed_prediction", "backprop (fixed predictions)")):
        start = time.monotonic()
        scores = []
        for number, fold in enumerate(folds):
            net = classifier(fold.images.shape[1], options.hidden, number)
            train(net, fold, solver=solver, epochs=options.epochs, batch=32, rate=2e-3, steps=20, seed=number)
            scores.append(accuracy(net, fold))
            if solver == "sPC":
                nets.append(net)
        rows.append({"model": name, "accuracy": float(np.mean(scores)), "folds": scores,
                     "seconds": time.monotonic() - start})  # fmt: skip
    return rows, nets


def with_prior(net: infans.Hierarchy, fold: Fold) -> infans.Hierarchy:
    """The trained classifier with a Gaussian prior on its images, so that it can also run backwards."""
    last = len(net.widths) - 1
    nodes = [
        infans.Node(width, name, "tanh" if 0 < j < last else "identity", categorical=j == last, prior=j == 0,
                    precision="full" if j == 0 else "unit")
        for j, (name, width) in enumerate(zip(net.names, net.widths, strict=True))
    ]  # fmt: skip
    model = infans.Hierarchy(nodes, [infans.Edge(j, j + 1) for j in range(last)], dtype=net.dtype)
    for j in range(last):
        model.set_weight(j, net.weight(j))
        model.set_bias(j + 1, net.bias(j + 1))
    model.set_bias(0, fold.images.mean(axis=0))
    belief = model.belief(len(fold.images))
    belief.clamp(0, fold.images)
    belief.free_energy()
    model.learn_precision(belief, [0], prior_deviation=0.3, uncertainty=False)
    return model


def lower_half(model: infans.Hierarchy, fold: Fold, labels_given: bool) -> np.ndarray:
    """Squared error a pixel of the lower half, settled from the upper one."""
    pixels = fold.images.shape[1]
    upper = np.arange(pixels // 2)
    guess = fold.test_images.copy()
    guess[:, pixels // 2 :] = fold.images.mean(axis=0)[pixels // 2 :]
    belief = model.belief(len(guess))
    belief.clamp(0, guess)
    if labels_given:
        belief.clamp(-1, np.eye(CLASSES)[fold.test_labels])
    belief.predict()
    belief.release(0)
    belief.clamp(0, guess[:, upper], units=upper)
    belief.settle(max_steps=500, step=0.1, momentum=0.9, slope=1e-7)
    return (belief.activity(0) - fold.test_images)[:, pixels // 2 :] ** 2


def complete(folds: list[Fold], nets: list[infans.Hierarchy]) -> list[dict[str, Any]]:
    errors: dict[str, list[float]] = {"mean image": [], "label unknown": [], "label given": []}
    for net, fold in zip(nets, folds, strict=True):
        half = fold.images.shape[1] // 2
        model = with_prior(net, fold)
        mean = fold.images.mean(axis=0)
        errors["mean image"].append(float(((fold.test_images - mean)[:, half:] ** 2).mean()))
        errors["label unknown"].append(float(lower_half(model, fold, False).mean()))
        errors["label given"].append(float(lower_half(model, fold, True).mean()))
    means = {name: float(np.mean(values)) for name, values in errors.items()}
    return [{"completion": name, "squared_error": value, "factor_below_mean_image": means["mean image"] / value}
            for name, value in means.items()]  # fmt: skip


def depths(fold: Fold, options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for mupc, rates in ((True, (2e-2,)), (False, (1e-3, 3e-4))):
        for depth in options.depths:
            scores = []
            for rate in rates:
                net = classifier(fold.images.shape[1], [64] * (depth - 1), 0, mupc)
                train(net, fold, solver="ePC", epochs=options.depth_epochs, batch=32, rate=rate, steps=10, seed=0)
                scores.append(accuracy(net, fold))
            rows.append({"depth": depth, "muPC": mupc, "accuracy": max(scores), "rates": list(rates)})
            print(f"| {depth} | {'with' if mupc else 'without'} | {100 * max(scores):.1f} % |", flush=True)
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench digits", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--tasks", default="classify,complete,depth", help="of classify, complete, depth [all]")
    parser.add_argument("--mnist", type=Path, metavar="DIR", help="read MNIST's four IDX files (or .gz) from DIR")
    parser.add_argument("--folds", type=int, default=5, choices=range(1, 6), help="of the five [5]")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--hidden", type=int, nargs="+", default=[128], help="widths of the hidden nodes [128]")
    parser.add_argument("--depths", type=int, nargs="+", default=[8, 16, 32, 64, 128], help="edges of the deep chains")
    parser.add_argument("--depth-epochs", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    tasks = options.tasks.split(",")
    for task in tasks:
        if task not in ("classify", "complete", "depth"):
            parser.error(f"no task '{task}'; there are: classify, complete, depth")
    folds = list(mnist(options.mnist) if options.mnist else digits(options.folds))
    result: dict[str, Any] = {"data": "mnist" if options.mnist else "digits", "build": infans.build_info()}
    if "classify" in tasks or "complete" in tasks:
        rows, nets = classify(folds, options)
        result["classify"] = rows
        print(f"\n{len(folds)} fold(s), hidden {options.hidden}, tanh, {options.epochs} epochs, Adam\n")
        print("| trained by | accuracy | s |\n|---|---|---|")
        for row in rows:
            print(f"| {row['model']} | {100 * row['accuracy']:.2f} % | {row['seconds']:.1f} |")
    if "complete" in tasks:
        result["complete"] = complete(folds, nets)
        print("\nLower half of an image from its upper half, the same model run backwards\n")
        print("| completed by | squared error a pixel | below the mean image by |\n|---|---|---|")
        for row in result["complete"]:
            print(f"| {row['completion']} | {row['squared_error']:.4f} | {row['factor_below_mean_image']:.2f} x |")
    if "depth" in tasks:
        print(f"\nDeep chains, width 64, tanh, ePC 10 steps, {options.depth_epochs} epochs, first fold\n")
        print("| dense edges | muPC | accuracy (the better of the rates tried) |\n|---|---|---|")
        result["depth"] = depths(folds[0], options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
