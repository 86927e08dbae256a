"""MuJoCo's pictures of recorded states, without a screen."""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .scenes import Clip

NO_OPENGL = (
    "MuJoCo cannot draw here ({}). Without a screen it needs EGL or OSMesa: `apt-get install libegl1 libgl1-mesa-dri` "
    "or `apt-get install libosmesa6`, then MUJOCO_GL=egl or MUJOCO_GL=osmesa"
)


class CannotDraw(RuntimeError):
    """There is no OpenGL that MuJoCo can draw with; the message says what to install."""


@dataclass(frozen=True)
class Look:
    """Size in pixels (even, as H.264 wants), and from where: a camera of the body by name, or the free camera, which
    looks at its centre; azimuth and elevation in degrees, distance in m [its own]."""

    width: int = 480
    height: int = 360
    camera: str = ""
    azimuth: float | None = None
    elevation: float | None = None
    distance: float | None = None


def choose_opengl() -> None:
    """Tell MuJoCo, before it is imported, to draw without a screen where there is none."""
    if "MUJOCO_GL" in os.environ or os.environ.get("DISPLAY") or "mujoco" in sys.modules:
        return
    for name, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if ctypes.util.find_library(library):
            os.environ["MUJOCO_GL"] = name
            return


class Painter:
    """Draws states of one body: `painter.draw(state)` is RGB, uint8 [height, width, 3]. Use it in a with block.

    Equal states give equal pixels on one machine: MuJoCo computes everything from the state.
    Raises CannotDraw, and ValueError for a state or a camera that the body does not have.
    """

    def __init__(self, mjcf: str, look: Look | None = None) -> None:
        self._look = look or Look()
        choose_opengl()
        import mujoco

        self._mujoco: Any = mujoco
        self.model = mujoco.MjModel.from_xml_string(mjcf)
        self.data = mujoco.MjData(self.model)
        offscreen = self.model.vis.global_
        offscreen.offwidth = max(offscreen.offwidth, self._look.width)
        offscreen.offheight = max(offscreen.offheight, self._look.height)
        self._size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self._camera = self._camera_of(self._look)
        self._renderer = self._renderer_of(self._look)

    def _renderer_of(self, look: Look) -> Any:
        try:
            return self._mujoco.Renderer(self.model, look.height, look.width)
        except Exception as error:  # whatever the OpenGL of this machine raises
            raise CannotDraw(NO_OPENGL.format(str(error).strip().split("\n")[0] or type(error).__name__)) from error

    def _camera_of(self, look: Look) -> Any:
        names = [self.model.camera(k).name for k in range(self.model.ncam)]
        if look.camera:
            if look.camera not in names:
                raise ValueError(f"the body has no camera '{look.camera}'; there is: {', '.join(names) or 'none'}")
            return look.camera
        camera = self._mujoco.MjvCamera()
        self._mujoco.mjv_defaultFreeCamera(self.model, camera)
        for name in ("azimuth", "elevation", "distance"):
            if getattr(look, name) is not None:
                setattr(camera, name, getattr(look, name))
        return camera

    def put(self, state: np.ndarray) -> None:
        """Put the body into a state; numbers after mjSTATE_INTEGRATION are of the senses and are left out."""
        if len(state) < self._size:
            raise ValueError(f"a state of {len(state)} numbers; this body has {self._size}")
        kind = self._mujoco.mjtState.mjSTATE_INTEGRATION
        self._mujoco.mj_setState(self.model, self.data, np.ascontiguousarray(state[: self._size]), kind)
        self._mujoco.mj_forward(self.model, self.data)

    def draw(self, state: np.ndarray) -> np.ndarray:
        self.put(state)
        return self.draw_data(self.data)

    def draw_data(self, data: Any) -> np.ndarray:
        """A picture of an mjData of this body, e.g. of a simulation that goes on."""
        self._renderer.update_scene(data, self._camera)
        return self._renderer.render()

    def close(self) -> None:
        self._renderer.close()

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def frames(clip: Clip, look: Look | None = None, tick: Callable[[int], None] = lambda _: None) -> Iterator[np.ndarray]:
    """Pictures of a clip in order, RGB uint8 [height, width, 3]; one body's painter is open at a time."""
    painter, drawn, picture = None, (-1, -1), np.zeros(0)
    try:
        for k, (row, body) in enumerate(zip(clip.row, clip.body, strict=True)):
            if painter is None or body != drawn[1]:
                if painter is not None:
                    painter.close()
                painter = Painter(clip.life.bodies[int(body)], look)
            if (row, body) != drawn:
                picture = painter.draw(clip.state(k))
            drawn = (row, body)
            yield picture
            tick(1)
    finally:
        if painter is not None:
            painter.close()
