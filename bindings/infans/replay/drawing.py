"""MuJoCo's pictures of recorded states, without a screen."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .scenes import Clip

NO_OPENGL = (
    "MuJoCo cannot draw here ({}). Without a screen it needs EGL or OSMesa: `apt-get install libegl1 libgl1-mesa-dri` "
    "or `apt-get install libosmesa6`, then MUJOCO_GL=egl or MUJOCO_GL=osmesa"
)


class CannotDraw(RuntimeError):
    """There is no OpenGL that MuJoCo can draw with; the message says what to install."""


OFF = ("disable", "disabled", "off", "false", "0")  # values of MUJOCO_GL, as MuJoCo reads it
ON = ("", "enable", "enabled", "on", "true", "1")
MOST_GEOMS = 10_000  # drawn at once


@dataclass(frozen=True)
class Look:
    """Size in pixels (even, as H.264 wants), and from where: a camera of the body by name, or the free camera:
    azimuth and elevation in degrees, distance in m, the place that it looks at (x, y, z), m [the body's own]."""

    width: int = 480
    height: int = 360
    camera: str = ""
    azimuth: float | None = None
    elevation: float | None = None
    distance: float | None = None
    lookat: tuple[float, float, float] | None = None


def opengl_context(width: int, height: int) -> Any:
    """An OpenGL context of MuJoCo's own: the one that MUJOCO_GL names, else of the screen, else EGL or OSMesa.

    Not left to mujoco.Renderer, which decides when mujoco is first imported. Raises CannotDraw.
    """
    named = os.environ.get("MUJOCO_GL", "").lower().strip()
    if named in OFF:
        raise CannotDraw(f"MUJOCO_GL={named} switches MuJoCo's pictures off; unset it, or say MUJOCO_GL=egl or osmesa")
    kinds = (["glfw"] if os.environ.get("DISPLAY") else []) + ["egl", "osmesa"]
    kinds = kinds if named in ON else [{"glx": "glfw"}.get(named, named)]
    said = []
    for kind in kinds:
        try:
            context = importlib.import_module(f"mujoco.{kind}").GLContext(width, height)
            context.make_current()
            return context
        except Exception as error:  # whatever the OpenGL of this machine raises
            said.append(f"{kind}: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}")
    raise CannotDraw(NO_OPENGL.format("; ".join(said)))


class Painter:
    """Draws states of one body: `painter.draw(state)` is RGB, uint8 [height, width, 3]. Use it in a with block.

    Equal states give equal pixels on one machine: MuJoCo computes everything from the state.
    Raises CannotDraw, and ValueError for a state or a camera that the body does not have.
    """

    def __init__(self, mjcf: str, look: Look | None = None) -> None:
        import mujoco

        self._mujoco: Any = mujoco
        look = look or Look()
        self.model = mujoco.MjModel.from_xml_string(mjcf)
        self.data = mujoco.MjData(self.model)
        offscreen = self.model.vis.global_
        offscreen.offwidth, offscreen.offheight = look.width, look.height
        self._size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)
        self._camera = self._camera_of(look)
        self._window = mujoco.MjrRect(0, 0, look.width, look.height)
        self._scene, self._option = mujoco.MjvScene(self.model, MOST_GEOMS), mujoco.MjvOption()
        self._context = opengl_context(look.width, look.height)
        self._device = mujoco.MjrContext(self.model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._device)

    def _camera_of(self, look: Look) -> Any:
        names = [self.model.camera(k).name for k in range(self.model.ncam)]
        if look.camera:
            if look.camera not in names:
                raise ValueError(f"the body has no camera '{look.camera}'; there is: {', '.join(names) or 'none'}")
            camera = self._mujoco.MjvCamera()
            camera.type, camera.fixedcamid = self._mujoco.mjtCamera.mjCAMERA_FIXED, names.index(look.camera)
            return camera
        camera = self._mujoco.MjvCamera()
        self._mujoco.mjv_defaultFreeCamera(self.model, camera)
        for name in ("azimuth", "elevation", "distance", "lookat"):
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
        m = self._mujoco
        self._context.make_current()
        m.mjv_updateScene(self.model, data, self._option, None, self._camera, m.mjtCatBit.mjCAT_ALL.value, self._scene)
        m.mjr_render(self._window, self._scene, self._device)
        picture = np.empty((self._window.height, self._window.width, 3), np.uint8)
        m.mjr_readPixels(picture, None, self._window, self._device)
        return picture[::-1].copy()  # OpenGL counts rows from below

    def close(self) -> None:
        self._context.make_current()
        self._device.free()
        self._context.free()

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def framed(clip: Clip, look: Look | None = None) -> Look:
    """The look from where bodies fill the picture through all of the clip, unless it says from where."""
    look = look or Look()
    if look.camera or look.distance is not None or look.lookat is not None:
        return look
    import mujoco

    model = mujoco.MjModel.from_xml_string(clip.life.bodies[int(clip.body[0])])
    data = mujoco.MjData(model)
    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    bodies = (model.geom_bodyid != 0) & (model.geom_rbound > 0)
    if not bodies.any():
        return look
    corners = []
    for frame in np.unique(np.linspace(0, len(clip.row) - 1, 12).astype(int)):
        if clip.body[frame] == clip.body[0]:
            mujoco.mj_setState(model, data, clip.state(frame)[: mujoco.mj_stateSize(model, kind)], kind)
            mujoco.mj_kinematics(model, data)
            shown = bodies & ~_behind_a_plane(model, data)
            radius = model.geom_rbound[shown, None]
            corners += [*(data.geom_xpos[shown] - radius), *(data.geom_xpos[shown] + radius)]
    if not corners:
        return look
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    angle = np.radians(model.vis.global_.fovy) / 2
    distance = float(np.linalg.norm(high - low)) / 2 / np.sin(angle)
    return replace(look, distance=distance, lookat=tuple(((low + high) / 2).tolist()))


def _behind_a_plane(model: Any, data: Any) -> np.ndarray:
    """Of every geom, whether its middle is on the wrong side of a floor or wall: things that are put away."""
    hidden = np.zeros(model.ngeom, bool)
    for plane in np.flatnonzero(model.geom_type == 0):  # mjGEOM_PLANE
        normal = data.geom_xmat[plane].reshape(3, 3)[:, 2]
        hidden |= (data.geom_xpos - data.geom_xpos[plane]) @ normal < -1e-6
    return hidden


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
