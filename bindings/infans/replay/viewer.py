"""Recorded states in MuJoCo's interactive viewer: turn, zoom, look at forces; it repeats until it is closed."""

from __future__ import annotations

import time
import warnings
from typing import Any

from .drawing import CannotDraw
from .scenes import Clip


def view(clip: Clip) -> None:
    """Opens a window and returns when it is closed. Raises CannotDraw where there is no screen."""
    import glfw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below, once
        if not glfw.init():
            raise CannotDraw("the viewer needs a screen, and there is none here; without --view an MP4 is written")
    import mujoco
    import mujoco.viewer

    k = 0
    while k is not None:
        body = int(clip.body[k])
        model = mujoco.MjModel.from_xml_string(clip.life.bodies[body])
        window = mujoco.viewer.launch_passive(model, mujoco.MjData(model))
        with window:
            k = _show(window, model, clip, k, body)


def _show(window: Any, model: Any, clip: Clip, k: int, body: int) -> int | None:
    """Frames from k on for as long as the body is this one; the next frame, None when the window was closed."""
    import mujoco

    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    size = mujoco.mj_stateSize(model, kind)
    while window.is_running():
        if clip.body[k] != body:
            return k
        with window.lock():
            mujoco.mj_setState(model, window.d, clip.state(k)[:size], kind)
            mujoco.mj_forward(model, window.d)
        window.sync()
        time.sleep(1.0 / clip.fps)
        k = (k + 1) % len(clip.row)
    return None
