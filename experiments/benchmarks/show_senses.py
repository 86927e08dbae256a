#!/usr/bin/env python3
"""Draws all senses of one body on one page: show_senses BODY HEAD EYE [OTHER_EYE] | show_senses.py OUT.png."""

from __future__ import annotations

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def skin(axes: plt.Axes, places: np.ndarray, pressure: np.ndarray, across: int, title: str) -> None:
    """Taxels from one side: `across` is the world axis to the right, z is up."""
    order = np.argsort(pressure, kind="stable")  # what is felt stays visible
    felt = np.log10(np.maximum(pressure[order], 1e-3))
    dots = axes.scatter(places[order, across], places[order, 2], c=felt, s=3, cmap="inferno_r", vmin=-3, vmax=0)
    axes.set_aspect("equal")
    axes.set_title(title)
    axes.set_xlabel(f"{'xy'[across]} (m)")
    axes.set_ylabel("z (m)")
    plt.colorbar(dots, ax=axes, label="log10 pressure / N", shrink=0.8)


def eye(figure: plt.Figure, column: int, data: dict, name: str, what: str) -> None:
    rays = np.array(data[f"{name}.directions"]).reshape(-1, 3)
    angle = np.degrees(np.arccos(np.clip(-rays[:, 2], -1, 1)))
    around = np.arctan2(rays[:, 1], rays[:, 0])
    axes = figure.add_subplot(1, 4, column)
    place = angle * np.cos(around), angle * np.sin(around)
    if what == "colour":
        axes.scatter(*place, c=np.clip(np.array(data[f"{name}.colour"]).reshape(-1, 3), 0, 1), s=2 + angle)
    else:
        dots = axes.scatter(*place, c=data[f"{name}.depth"], s=2 + angle, cmap="viridis")
        plt.colorbar(dots, ax=axes, label="m", shrink=0.7)
    axes.set_aspect("equal")
    axes.set_title(f"{name}: {what}, {len(rays)} receptors")
    axes.set_xlabel("right (degrees)")
    axes.set_ylabel("up (degrees)")


def page(data: dict) -> plt.Figure:
    figure = plt.figure(figsize=(17, 14), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1.2, 1, 0.8])
    places, pressure = np.array(data["taxels"]).reshape(-1, 3), np.array(data["skin"])
    skin(top.add_subplot(1, 3, 1), places, pressure, 0, f"skin from the side: {len(pressure)} taxels")
    skin(top.add_subplot(1, 3, 2), places, pressure, 1, f"skin from the front: {pressure.sum():.1f} N in all")
    ear = top.add_subplot(1, 3, 3)
    ear.bar(range(6), [*data["vestibular.acceleration"], *data["vestibular.rotation"]], color=["C0"] * 3 + ["C1"] * 3)
    ear.set_xticks(range(6), ["ax", "ay", "az", "wx", "wy", "wz"])
    ear.set_title("inner ear (m/s², rad/s)")
    for k, name in enumerate(data["eyes"][:2]):
        eye(middle, 1 + 2 * k, data, name, "colour")
        eye(middle, 2 + 2 * k, data, name, "depth")
    rows = [("joint_position", "m, rad"), ("joint_velocity", "m/s, rad/s"), ("actuator_force", "N, N m"),
            ("joint_limit", "1")]
    for k, (name, unit) in enumerate(rows):
        axes = bottom.add_subplot(1, 4, 1 + k)
        axes.bar(range(len(data[name])), data[name])
        axes.set_title(f"{name} ({unit})")
    return figure


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    page(json.load(sys.stdin)).savefig(arguments[0], dpi=70)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
