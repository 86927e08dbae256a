"""infans-replay: pictures of recorded states are those of a simulation that never saw the record."""

import base64
import copy
import io
import os
import re

import infans
import make_logs
import mujoco
import numpy as np
import pytest
from infans import replay
from infans.replay import command, film, scenes
from infans.tables import MissingDatasetError

LOOK = replay.Look(96, 64, camera="side")


@pytest.fixture(scope="module")
def opengl():
    with pytest.MonkeyPatch.context() as patched:
        if os.environ.get("MUJOCO_GL") == "off":  # by the tests of dm_control's tasks, which draw nothing
            patched.delenv("MUJOCO_GL")
        try:
            with replay.Painter(make_logs.BODIES[0], LOOK):
                pass
        except replay.CannotDraw as error:
            pytest.skip(str(error))
        yield


@pytest.fixture
def logged(study):
    with infans.load(study("logged")) as record:
        yield record


def test_frames_equal_those_of_the_simulation_itself(logged, opengl):
    number, first, last = 3, 44, 56  # the body grows at sample 50
    drawn, painters = [], []
    for sample, body, _, model, data in make_logs.simulate(number, last):
        if sample >= first and sample % make_logs.EVERY == 0:
            while len(painters) <= body:
                painters.append(replay.Painter(make_logs.BODIES[len(painters)], LOOK))
            now = copy.copy(data)  # mj_step leaves places of geoms behind; the simulation itself is not disturbed
            mujoco.mj_forward(model, now)
            drawn.append(painters[body].draw_data(now))
    for painter in painters:
        painter.close()
    clip = replay.clip_of_samples(logged, number, first, last)
    replayed = list(replay.frames(clip, LOOK))
    assert len(replayed) == len(drawn) == 7 and list(clip.body) == [0, 0, 0, 1, 1, 1, 1]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, replayed, strict=True))
    moved = sum(not np.array_equal(a, b) for a, b in zip(replayed, replayed[1:], strict=False))
    assert moved == 6


def test_frames_of_a_run_equal_those_of_mujoco_alone(opengl, tmp_path, monkeypatch):
    """The first state and the commands of an episode are enough: MuJoCo in Python lives and draws the rest itself."""
    pytest.importorskip("infans._infans")
    run = infans.run("cartpole_swingup", agents=1, out=tmp_path / "run", settings={"life.decisions": 30})
    step, look = run.agents[0].step, replay.Look(96, 64)
    with replay.Painter(run.attrs["mjcf"], look) as painter:
        model = mujoco.MjModel.from_xml_string(run.attrs["mjcf"])
        data = mujoco.MjData(model)
        size = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_setState(model, data, step.physics[0, :size], mujoco.mjtState.mjSTATE_INTEGRATION)
        drawn = []
        for action in step.action:
            now = copy.copy(data)
            mujoco.mj_forward(model, now)
            drawn.append(painter.draw_data(now))
            data.ctrl[:] = action
            mujoco.mj_step(model, data, round(run.control_period / model.opt.timestep))
    replayed = list(replay.frames(replay.clip_of_samples(run, 1, 1, 30), look))
    assert len(replayed) == 30 and not np.array_equal(replayed[0], replayed[29])
    monkeypatch.setattr(infans.report, "_sections", lambda _: [])  # its other pictures take their time
    assert "data:video/mp4;base64," in infans.report.html(run)
    assert all(np.array_equal(a, b) for a, b in zip(drawn, replayed, strict=True))


def test_frames_of_a_study_equal_those_of_mujocos_renderer(opengl, tmp_path, monkeypatch):
    """A callback inside the run says what participant 2 is in after each sample; mujoco.Renderer draws that."""
    pytest.importorskip("infans._infans")
    look, lived = replay.Look(96, 64), {}

    def watch(number, sample, body, physics):
        if number == 2:
            lived[sample] = (body, np.array(physics))

    settings = {"time.most_samples": 6, "record.physics_every": 1, "record.states": True}
    study = infans.run("mobile", agents=1, out=tmp_path / "run", settings=settings, threads=1, on_sample=watch)
    replayed = list(replay.frames(replay.clip_of_samples(study, 2, 1, 6), look))
    from mujoco.rendering.classic import gl_context
    from mujoco.rendering.classic import renderer as mujocos

    # Which OpenGL, it otherwise decides when mujoco is first imported.
    monkeypatch.setattr(gl_context, "GLContext", replay.drawing.opengl_context, raising=False)
    drawn = []
    for sample in range(1, 7):
        model = mujoco.MjModel.from_xml_string(lived[sample][0])
        data = mujoco.MjData(model)
        size = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_setState(model, data, lived[sample][1][:size], mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_forward(model, data)
        with mujocos.Renderer(model, look.height, look.width) as renderer:
            renderer.update_scene(data)
            drawn.append(renderer.render().copy())
    assert len(replayed) == 6 and all(np.array_equal(a, b) for a, b in zip(drawn, replayed, strict=True))
    assert not np.array_equal(replayed[0], replayed[-1])
    mind = study.participants[1].states[-1]  # as C++ wrote it
    assert mind.sample == 6 and mind.values


def test_bodies_fill_the_picture(logged):
    clip = replay.clip_of_samples(logged, 3, 2, 40)
    look = replay.framed(clip, replay.Look(96, 64))
    # The pendulum turns about the origin in the plane of x and z; its first body reaches 0.5 + 0.04 m.
    assert look.lookat[1] == 0 and 0.3 < look.distance < 3
    assert replay.framed(clip, LOOK) == LOOK and replay.framed(clip, replay.Look(distance=9.0)).lookat is None


def test_which_states_a_clip_shows(logged):
    # A sample lasts 5 s, every second one has a state: at 10, 20, 30 ... s.
    clip = replay.clip(logged, 2, 100, 130)
    assert clip.seconds.tolist() == [100, 110, 120, 130] and clip.fps == pytest.approx(0.1)
    fast = replay.clip(logged, 2, 100, 130, speed=20)
    assert fast.seconds.tolist() == [100, 110, 120, 130] and fast.fps == pytest.approx(2.0)
    smooth = replay.clip(logged, 2, 100, 120, fps=0.2)
    assert smooth.seconds.tolist() == [100, 100, 110, 110, 120]
    assert len(replay.clip_of_samples(logged, 2, 11, 20).row) == 5
    assert scenes.every(clip, 2).seconds.tolist() == [100, 130]
    with pytest.raises(replay.NothingToReplay, match="0 to 900 s"):
        replay.clip(logged, 2, 2000, 2010)
    with pytest.raises(replay.NothingToReplay, match="recorded: 0 to 180"):
        replay.clip_of_samples(logged, 2, 500, 600)


def test_mp4_and_strip(logged, opengl, tmp_path):
    av = pytest.importorskip("av")
    clip = replay.clip_of_samples(logged, 1, 2, 24, fps=12.0)
    pictures = list(replay.frames(clip, LOOK))
    film = replay.write_mp4(clip, tmp_path / "a.mp4", LOOK)
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert float(stream.average_rate) == 12.0 and stream.codec_context.name == "h264"
    assert len(decoded) == len(pictures) == 12
    for picture, shown in zip(pictures, decoded, strict=True):
        # 4:2:0 and quantisation: a few of 255 on average (crf 23 aims at about 40 dB, an error of 2.5).
        assert np.abs(picture.astype(int) - shown).mean() < 6
    with pytest.raises(replay.ExportExistsError, match="--force"):
        replay.write_mp4(clip, film, LOOK)
    first = film.read_bytes()
    assert replay.write_mp4(clip, film, LOOK, force=True).read_bytes() == first
    strip = replay.write_strip(clip, tmp_path / "a.png", 3, LOOK)
    with av.open(io.BytesIO(strip.read_bytes())) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert picture.shape == (64, 3 * 96 + 2 * 4, 3)
    assert np.array_equal(picture[:, :96], pictures[0]) and np.array_equal(picture[:, -96:], pictures[-1])


def test_a_film_for_the_report(logged, study, opengl, monkeypatch):
    av = pytest.importorskip("av")
    (section,) = film.section(logged, 1)
    data = base64.b64decode(re.search(r'src="data:video/mp4;base64,([^"]+)"', section)[1])
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 48
    # 48 states, one every 10 s, the last one at 900 s; 12 a second.
    assert "Participant 1 (active) from 430 to 900 s of its life" in section and "120 times as fast" in section
    with infans.load(study("within")) as without:
        assert film.section(without, 1) == []
    monkeypatch.setenv("MUJOCO_GL", "nothing")
    assert "there is no film of it" in film.section(logged, 1)[0]


def test_the_command(study, record, opengl, tmp_path, capsys, monkeypatch):
    path = str(study("logged"))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    common = ["--size", "64", "48", "--camera", "side"]
    command.main([path, "--participant", "2", "--from", "100", "--to", "130", "-o", str(tmp_path / "a.mp4"), *common])
    assert capsys.readouterr().out.strip() == str(tmp_path / "a.mp4") and (tmp_path / "a.mp4").stat().st_size > 500
    for arguments, message in (
        ([path, "--agent", "1"], "--participant 1"),
        ([str(record("single")), "--participant", "1"], "--agent 1"),
        ([path, "--participant", "77"], "there is: 1 to 6"),
        ([path, "--participant", "0"], "from 1"),
        ([path, "--participant", "-1"], "number"),
        ([str(record("single")), "--agent", "0"], "from 1"),
        ([str(record("single")), "--agent", "7"], "no agent 7"),
        ([path, "--from", "5", "--to", "1"], "before"),
        ([path, "--samples", "2", "4", "-o", str(tmp_path / "a.mp4")], "already there"),
        ([path, "--samples", "2", "4", "-o", str(tmp_path / "b.mp4"), "--camera", "nose"], "there is: side"),
        ([path, "--size", "63", "48"], "even"),
        ([path, "--fps", "inf"], "--fps inf"),
        ([path, "--fps", "nan"], "--fps nan"),
        ([path, "--fps", "1e9"], "frames a second"),
        ([path, "--speed", "inf"], "--speed inf"),
        ([path, "--samples", "2", "4", "--speed", "2"], "--fps says how fast"),
        ([path, "--samples", "2", "4", "--view"], "needs a screen"),
        ([path, "--samples", "2", "4", "--view", "--strip"], "writes no file"),
        ([str(study("within"))], "record.physics_every=1"),
    ):
        with pytest.raises(SystemExit) as stopped:
            command.main(arguments)
        assert stopped.value.code == 2 and message in capsys.readouterr().err, arguments
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_a_state_that_does_not_fit_its_body(logged):
    with pytest.raises(MissingDatasetError, match="participant 99"):
        replay.clip(logged, 99, 0, 1)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "nothing")
    with pytest.raises(replay.CannotDraw, match=r"nothing: .*libegl1.*MUJOCO_GL"):
        replay.Painter(make_logs.BODIES[0])
    monkeypatch.setenv("MUJOCO_GL", "off")
    with pytest.raises(replay.CannotDraw, match="MUJOCO_GL=off switches"):
        replay.Painter(make_logs.BODIES[0])


def test_a_full_disk_leaves_nothing(logged, opengl, tmp_path, monkeypatch):
    def half(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", half)
    with pytest.raises(OSError, match="No space"):
        replay.write_strip(replay.clip_of_samples(logged, 1, 2, 8), tmp_path / "a.png", 2, LOOK)
    assert not list(tmp_path.iterdir())
