#!/usr/bin/env python3
"""Draws the pictures of envs/bodies/README.md with MuJoCo's own renderer.

Usage: MUJOCO_GL=osmesa scripts/gen/draw_bodies.py [PRINTER] [FOLDER]

PRINTER writes a body's MJCF text (default build/release/bin/body_text: build the target infans_body_text);
FOLDER takes the pictures (default envs/bodies). Needs the packages mujoco, numpy and pillow.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import mujoco
import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
DAYLIGHT = (
    '<visual><headlight ambient="0.4 0.4 0.4" diffuse="0.2 0.2 0.2"/></visual><asset><texture type="skybox" '
    'builtin="flat" rgb1="1 1 1" width="16" height="16"/></asset><worldbody>'
)


def draw(
    printer: Path, name: str, view: dict, size: tuple[int, int], caption: str, seconds: float = 10.0
) -> np.ndarray:
    """One picture of a body after `seconds` without commands.

    view: lookat, azimuth, elevation (degrees), distance (m).
    """
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        subprocess.run([str(printer), name, file.name], check=True)
        text = Path(file.name).read_text()
    model = mujoco.MjModel.from_xml_string(text.replace("<worldbody>", DAYLIGHT, 1))
    data = mujoco.MjData(model)
    for _ in range(round(seconds / model.opt.timestep)):
        mujoco.mj_step(model, data)
    mujoco.mj_forward(model, data)
    camera = mujoco.MjvCamera()
    camera.lookat[:] = view["lookat"]
    camera.azimuth, camera.elevation, camera.distance = view["azimuth"], view["elevation"], view["distance"]
    with mujoco.Renderer(model, size[1], size[0]) as renderer:
        renderer.update_scene(data, camera)
        picture = Image.fromarray(renderer.render())
    ImageDraw.Draw(picture).text((8, 6), caption, fill=(40, 40, 40))
    return np.asarray(picture)


def save(rows: list[list[np.ndarray]], path: Path) -> None:
    picture = Image.fromarray(np.vstack([np.hstack(row) for row in rows]))
    picture.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} kB")


def main() -> None:
    printer = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/release/bin/body_text"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "envs/bodies"
    ages = (0, 3, 6, 12, 24)
    above = {"lookat": (-0.07, 0, 0), "azimuth": 180, "elevation": -90, "distance": 1.35}
    beside = {"lookat": (-0.1, 0, 0.05), "azimuth": 60, "elevation": -25, "distance": 1.5}
    save(
        [
            [draw(printer, f"infant?age={age}", view, (250, 260), f"{age} months") for age in ages]
            for view in (above, beside)
        ],
        folder / "infant_ages.png",
    )
    save(
        [
            [
                draw(
                    printer,
                    "infant?age=3&mobile=left",
                    {"lookat": (-0.05, 0, 0.25), "azimuth": 120, "elevation": -20, "distance": 1.3},
                    (420, 380),
                    "3 months, mobile tied to the left ankle",
                ),
                draw(
                    printer,
                    "infant?age=9&scene=seated&table=1&tool=right:0.12:0.02",
                    {"lookat": (0.1, 0, 0.35), "azimuth": 145, "elevation": -20, "distance": 1.3},
                    (420, 380),
                    "9 months, seated, tool in the right hand",
                ),
                draw(
                    printer,
                    "infant?age=9",
                    {"lookat": (-0.36, 0, 0.05), "azimuth": 60, "elevation": -35, "distance": 0.45},
                    (420, 380),
                    "9 months, head",
                ),
            ]
        ],
        folder / "infant_scenes.png",
    )
    side = {"azimuth": 90, "elevation": -10}
    others = [
        ("pendulum", {"lookat": (0, 0, -0.4), "distance": 2.6, **side}),
        ("cartpole_pilco", {"lookat": (0, 0, -0.2), "distance": 2.2, **side}),
        ("cartpole_pets", {"lookat": (0, 0, -0.2), "distance": 2.2, **side}),
        ("cartpole_dmc", {"lookat": (0, 0, 0.3), "distance": 3.2, **side}),
        ("arm", {"lookat": (0.3, 0, 0), "distance": 1.2, "azimuth": 90, "elevation": -60}),
        ("reacher", {"lookat": (0.1, 0, 0), "distance": 0.75, "azimuth": 90, "elevation": -70}),
        ("finger", {"lookat": (0.05, 0, -0.02), "distance": 0.3, "azimuth": 110, "elevation": -25}),
    ]
    save([[draw(printer, name, view, (180, 210), name, 0.0) for name, view in others]], folder / "bodies.png")


if __name__ == "__main__":
    main()
