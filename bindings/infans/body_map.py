"""Where a body was touched: counts of touches seen from the front and from the side."""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .analysis.touches import BodyMap
from .figures import WIDTH

VIEWS = (("front", 1, "y"), ("side", 0, "x"))  # horizontal axis; who faces the infant sees its left (y) on the right
CELLS = 28  # hexagons across the body's larger extent


def body_map(picture: BodyMap) -> Figure:
    """Front and side view of each group, one colour scale of touches in a hexagon."""
    groups = {name: places for name, places in picture.groups.items() if len(places)}
    everything = np.concatenate(list(groups.values()))
    low, high = everything.min(axis=0), everything.max(axis=0)
    margin = 0.06 * float((high - low).max() or 1.0)
    size = float((high - low).max() or 1.0) / CELLS
    tall = (high[2] - low[2] + 2 * margin) / max(float((high - low)[:2].max()) + 2 * margin, 1e-9)
    # A body that stands has its two views side by side, one that lies has them one above the other.
    side = tall > 1.2 and len(groups) <= 3
    columns = len(groups) * (2 if side else 1)
    panel = min(3.6, WIDTH * 0.85 / columns * min(max(tall, 0.4), 2.5))
    figure = Figure(figsize=(WIDTH, (panel if side else 2 * panel) + 0.9), layout="constrained")
    axes = figure.subplots(1 if side else 2, columns, squeeze=False, sharey=True)
    drawn = []
    for pair, (name, places) in zip(axes.reshape(-1, 2) if side else axes.T, groups.items(), strict=True):
        for ax, (view, k, letter) in zip(pair, VIEWS, strict=True):
            extent = (low[k] - margin, high[k] + margin, low[2] - margin, high[2] + margin)
            count = max(1, round((extent[1] - extent[0]) / size)), max(1, round((extent[3] - extent[2]) / size / 1.73))
            drawn.append(ax.hexbin(places[:, k], places[:, 2], gridsize=count, extent=extent, mincnt=1,
                                   cmap="viridis_r", linewidths=0.2))  # fmt: skip
            ax.set_aspect("equal")
            ax.set_xlim(extent[:2])
            ax.set_xlabel(f"{letter} ({picture.unit})")
            ax.set_title(fill(f"{name}, {view}", 15 if columns > 4 else 40))
            ax.xaxis.set_major_locator(MaxNLocator(3))
            if columns > 4:
                ax.tick_params(axis="x", labelrotation=60)
    most = max(float(np.max(h.get_array())) for h in drawn)
    for hexagons in drawn:
        hexagons.set_norm(LogNorm(1, max(most, 2)))
    for row in axes:
        row[0].set_ylabel(f"height z ({picture.unit})")
    bar = figure.colorbar(drawn[0], ax=axes, label="touches in a hexagon", shrink=0.7, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.formatter = lambda v, _: f"{v:g}"
    bar.update_ticks()
    return figure
