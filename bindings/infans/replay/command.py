"""The command `infans-replay`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..export.command import numbers
from ..export.staging import Progress
from ..reader import RecordError, Run, load
from ..study import Study
from ..tables import MissingDatasetError
from . import CannotDraw, Look, MissingLibrary, NothingToReplay, write_mp4, write_strip
from .scenes import Clip, clip_of_samples, clip_of_seconds, life_of, seconds_of

MOST_FPS = 1000.0  # what the MP4's rate, a fraction, holds
LENGTH = 10.0  # s of simulated time, unless asked otherwise
EXAMPLES = """examples:
  infans-replay runs/mobile-1 --participant 3 --from 120 --to 130    participant-0003_120-130s.mp4 beside the record
  infans-replay runs/mobile-1 --participant 3 --strip 8              eight pictures of its last 10 s in one PNG
  infans-replay run.h5 --participant 3 --samples 400 460             every recorded state of these samples
  infans-replay runs/cartpole_swingup-1 --agent 2 -o swing.mp4       an agent of a run; its last 10 s
  infans-replay run.h5 --participant 3 --from 120 --view             MuJoCo's interactive viewer

A study records physics with --set record.physics_every=1 (a state after every sample); a run always does.
Without a screen MuJoCo draws with EGL or OSMesa (MUJOCO_GL=egl, osmesa).
"""


def one_number(text: str) -> int:
    """Of a participant or an agent."""
    chosen = numbers(text)
    if len(chosen) > 1:
        raise argparse.ArgumentTypeError(f"'{text}': a replay is of one")
    return chosen.start


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="infans-replay", description="Show a recorded life as it was: MP4, PNG strip, or interactive.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("record", metavar="RUN.h5", help="record, or the folder that holds run.h5")
    who = made.add_mutually_exclusive_group()
    who.add_argument("--participant", type=one_number, metavar="N", help="of a study, from 1 [the first of the file]")
    who.add_argument("--agent", type=one_number, metavar="N", help="of a run, from 1 [1]")
    made.add_argument("--from", dest="start", type=float, metavar="S", help="simulated time, s [10 s before --to]")
    made.add_argument("--to", dest="stop", type=float, metavar="S", help="simulated time, s [10 s after --from; end]")
    made.add_argument("--samples", nargs=2, type=int, metavar=("A", "B"), help="samples in place of seconds; 0: birth")
    made.add_argument("--speed", type=float, metavar="X", help="times as fast as it was [1]; of seconds only")
    made.add_argument("--fps", type=float, metavar="F", help="frames a second [one a recorded state, 60 at most]")
    made.add_argument("--strip", nargs="?", type=int, const=8, metavar="N", help="a PNG of N pictures [8], no film")
    made.add_argument("--view", action="store_true", help="MuJoCo's interactive viewer, no file")
    made.add_argument("--size", nargs=2, type=int, default=(480, 360), metavar=("W", "H"), help="pixels [480 360]")
    made.add_argument("--camera", default="", metavar="NAME", help="a camera of the body [a free one]")
    for name, unit in (("azimuth", "degrees"), ("elevation", "degrees"), ("distance", "m")):
        made.add_argument(f"--{name}", type=float, metavar="X", help=f"of the free camera, {unit} [the body's own]")
    made.add_argument("-o", "--output", metavar="FILE", help="file to write [named after what it shows]")
    made.add_argument("--force", action="store_true", help="replace a file that is already there")
    return made


def chosen_clip(record: Study | Run, given: argparse.Namespace) -> Clip:
    """What the command line asks for."""
    if isinstance(record, Run):
        if given.participant is not None:
            raise NothingToReplay(f"{record.path} is a run: it has agents; --agent {given.participant}")
        number = given.agent or 1
    else:
        if given.agent is not None:
            raise NothingToReplay(f"{record.path} is a study: it has participants; --participant {given.agent}")
        number = given.participant or next(iter(record.participants.numbers), 1)
    if given.samples:
        return clip_of_samples(record, number, *given.samples, fps=given.fps or 25.0)
    start, stop = given.start, given.stop
    if stop is None:
        seconds = seconds_of(record, life_of(record, number))
        end = float(seconds[-1]) if len(seconds) else 0.0
        stop = end if start is None else start + LENGTH
    start = max(0.0, stop - LENGTH) if start is None else start
    return clip_of_seconds(record, number, start, stop, fps=given.fps, speed=given.speed or 1.0)


def output_of(record: Study | Run, clip: Clip, given: argparse.Namespace) -> Path:
    if given.output:
        return Path(given.output)
    span = f"{clip.seconds[0]:g}-{clip.seconds[-1]:g}s"
    return record.path.with_name(f"{clip.life.stem}_{span}.{'png' if given.strip else 'mp4'}")


def check(made: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Exits 2 with what is wrong."""
    if given.samples and (given.start is not None or given.stop is not None):
        made.error("--samples, or --from and --to, not both")
    if given.view and (given.strip or given.output):
        made.error("--view writes no file: leave --strip and -o out")
    if given.start is not None and given.stop is not None and given.stop < given.start:
        made.error(f"--to {given.stop:g} is before --from {given.start:g}")
    if given.samples and given.speed is not None:
        made.error("--samples shows every recorded state: --fps says how fast; --speed goes with --from and --to")
    for name, value in (("speed", given.speed), ("fps", given.fps)):
        if value is not None and not 0 < value < float("inf"):
            made.error(f"--{name} {value:g}: it must be a number greater than 0")
    if given.fps is not None and not MOST_FPS >= given.fps >= 1 / MOST_FPS:
        made.error(f"--fps {given.fps:g}: from {1 / MOST_FPS:g} to {MOST_FPS:g} frames a second")
    if min(given.size) < 16 or any(n % 2 for n in given.size):
        made.error(f"--size {given.size[0]} {given.size[1]}: even numbers of 16 pixels or more")
    if given.strip is not None and given.strip < 1:
        made.error("--strip: one picture or more")


def main(argv: list[str] | None = None) -> None:
    """Exits 2 with one line where it cannot, 130 on Ctrl-C with nothing left behind."""
    made = parser()
    given = made.parse_args(argv)
    check(made, given)
    look = Look(*given.size, given.camera, given.azimuth, given.elevation, given.distance)
    try:
        with load(given.record) as record:
            clip = chosen_clip(record, given)
            if given.view:
                from .viewer import view

                view(clip)
                return
            path = output_of(record, clip, given)
            count = min(given.strip, len(clip.row)) if given.strip else len(clip.row)
            progress = Progress("infans-replay", count, "frames")
            if given.strip:
                write_strip(clip, path, given.strip, look, force=given.force, tick=progress)
            else:
                write_mp4(clip, path, look, force=given.force, tick=progress)
            progress.end()
    except KeyboardInterrupt:
        print("\ninfans-replay: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
    except (OSError, RecordError, MissingDatasetError, MissingLibrary, CannotDraw, ValueError) as error:
        print(f"infans-replay: {error}", file=sys.stderr)
        sys.exit(2)
    print(path)


if __name__ == "__main__":
    main()
