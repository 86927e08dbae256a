"""Logs of a synthetic study (format 1.1): signals, physics, bodies and states whose truth is known.

A pendulum is swung by MuJoCo itself, one sample a step of SUBSTEPS; it grows once. What it senses and does is what
MuJoCo says, so that replays can be compared with a simulation that never saw the record.
"""

from __future__ import annotations

import json
import struct

import h5py
import mujoco
import numpy as np
from make_example import fixed

SUBSTEPS, GROWS = 5, 50  # steps of MuJoCo a sample; the body changes before this sample (from 1)
MJCF = """<mujoco model="pendulum"><option timestep="0.01"/>
<visual><global offwidth="320" offheight="240"/></visual>
<worldbody><light pos="0 -1 2"/><camera name="side" pos="0 -2.5 0" xyaxes="1 0 0 0 0 1"/>
<geom type="plane" size="2 2 .1" pos="0 0 -1" rgba=".8 .9 .8 1"/>
<body><joint name="hinge" axis="0 1 0" damping="0.02"/>
<geom type="capsule" fromto="0 0 0 0 0 -{length}" size=".04" mass="1" rgba=".7 .3 .2 1"/></body></worldbody>
<actuator><motor name="torque" joint="hinge" gear="3"/></actuator></mujoco>"""
BODIES = [MJCF.format(length=length) for length in (0.5, 0.7)]
SIGNALS = [
    {"name": "observation/proprioception", "unit": "rad,rad/s", "doc": "angle and speed", "shape": [2]},
    {"name": "observation/grid", "unit": "1", "doc": "where column c of row r has 10 r + c + sample", "shape": [2, 3]},
    {"name": "vfe/total", "unit": "nats", "doc": "of the sample", "shape": []},
    {"name": "action/torque", "unit": "1", "doc": "command", "shape": [1]},
    {"name": "action/candidates", "unit": "1", "doc": "commands that were weighed", "shape": [2]},
]
SIZE = sum(int(np.prod(s["shape"])) for s in SIGNALS)
LEDGER = ("samples", "belief_updates", "operations")
EVERY = 2  # physics has a row every so many samples


def command(number: int, sample: int) -> float:
    return float(np.sin(0.31 * sample + number))


def simulate(number: int, samples: int):
    """Yields sample, body, command and MjData after it, as a run would have them."""
    models = [mujoco.MjModel.from_xml_string(text) for text in BODIES]
    data = [mujoco.MjData(model) for model in models]
    body = 0
    for sample in range(1, samples + 1):
        if sample == GROWS:
            state = np.empty(mujoco.mj_stateSize(models[0], mujoco.mjtState.mjSTATE_INTEGRATION))
            mujoco.mj_getState(models[0], data[0], state, mujoco.mjtState.mjSTATE_INTEGRATION)
            mujoco.mj_setState(models[1], data[1], state, mujoco.mjtState.mjSTATE_INTEGRATION)
            body = 1
        data[body].ctrl[:] = command(number, sample)
        for _ in range(SUBSTEPS):
            mujoco.mj_step(models[body], data[body])
        yield sample, body, command(number, sample), models[body], data[body]


def grid(sample: int) -> np.ndarray:
    return 10.0 * np.arange(2)[:, None] + np.arange(3)[None, :] + sample


def field(kind: int, name: str, sizes: tuple[int, ...], values: bytes) -> bytes:
    """As base::StateWriter writes one (core/base/state.hpp)."""
    text = name.encode()
    return struct.pack("<BBH", kind, len(sizes), len(text)) + text + struct.pack(f"<{len(sizes)}Q", *sizes) + values


def state(number: int, stage: int) -> bytes:
    """steps: int; mind: {weights [2, 3] float, name: text}; toys: [{seen: 1}, {seen: 2}]."""
    weights = (np.arange(6.0).reshape(2, 3) + number + stage).astype("<f8")
    toys = b"".join(field(1, "", (), b"") + field(5, "seen", (), struct.pack("<q", k)) + b"\0" for k in (1, 2))
    return (
        field(5, "steps", (), struct.pack("<q", 36 * (stage + 1)))
        + field(1, "mind", (), b"") + field(3, "weights", (2, 3), weights.tobytes(order="F"))
        + field(6, "name", (4,), b"mind") + field(4, "rates", (2,), np.array([0.5, 0.25], "<f4").tobytes()) + b"\0"
        + field(2, "toys", (2,), b"") + toys + b"\0"
    )  # fmt: skip


def rows_of(number: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    signals, physics = [], []
    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    if samples:  # the recorder's first row is of birth
        model = mujoco.MjModel.from_xml_string(BODIES[0])
        row = np.empty(mujoco.mj_stateSize(model, kind))
        mujoco.mj_getState(model, mujoco.MjData(model), row, kind)
        physics.append([0, 0, *row])
    for sample, body, action, model, data in simulate(number, samples):
        seen = [*data.qpos, *data.qvel, *grid(sample).ravel(order="F"), 0.1 * sample, action, action - 1, action + 1]
        signals.append([sample, *seen])
        if sample % EVERY == 0:
            row = np.empty(mujoco.mj_stateSize(model, kind))
            mujoco.mj_getState(model, data, row, kind)
            physics.append([sample, body, *row])
    size = mujoco.mj_stateSize(mujoco.MjModel.from_xml_string(BODIES[0]), kind)
    return np.array(signals).reshape(-1, 1 + SIZE), np.array(physics).reshape(-1, 2 + size)


def write(group: h5py.Group, number: int, stage: np.ndarray, uncommitted: int) -> list[int]:
    """Every log of a participant that lived len(stage) samples; returns its row of /committed_logs."""
    lived = len(stage)
    signals, physics = rows_of(number, lived)
    texts = [body.encode() for body in BODIES[: min(lived, 1 + (lived >= GROWS))]]
    starts = np.cumsum([0, *map(len, texts)])
    bodies = [[s, 28.0 + 0.5 * s, starts[k], len(texts[k])] for k, s in enumerate([0, GROWS][: len(texts)])]
    ends = np.flatnonzero(np.diff(stage, append=-1)) + 1 if lived else []
    saved = [state(number, int(stage[end - 1])) for end in ends]
    places = np.cumsum([0, *map(len, saved)])
    states = [[e, 28 + 0.5 * e, stage[e - 1], places[k], len(saved[k])] for k, e in enumerate(ends)]
    tables = {
        "signals": signals, "physics": physics, "bodies": np.array(bodies).reshape(-1, 4),
        "bodies_text": np.frombuffer(b"".join(texts), np.uint8), "states": np.array(states).reshape(-1, 5),
        "states_bytes": np.frombuffer(b"".join(saved), np.uint8),
    }  # fmt: skip
    for name, values in tables.items():
        extra = np.full((uncommitted, *values.shape[1:]), 99, values.dtype)
        data = np.concatenate([values, extra])
        group.create_dataset(name, data=data, maxshape=(None, *values.shape[1:]), chunks=True)
    group["signals"].attrs["signals"] = fixed(json.dumps(SIGNALS))
    return [len(values) for values in tables.values()]


def finish(file: h5py.File, logged: list[list[int]], lived: int) -> None:
    """What the file says of all logs, once."""
    names = ["signals", "physics", "bodies", "bodies_text", "states", "states_bytes"]
    file["committed_logs"] = np.array(logged, np.int64).reshape(-1, len(names))
    file.attrs["logs"], file.attrs["threads"] = fixed("\n".join(names)), 2
    file.attrs["request"] = fixed("seed = 3\n")
    for k, name in enumerate(LEDGER):
        file[f"ledger/{name}"] = np.arange(len(logged)) + 1000.0 * (k + 1)
    file["ledger/samples"][:] = lived
    file["ledger/joules"] = np.array([123.0])
