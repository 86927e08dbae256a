"""The command `infans-export`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..reader import Agent, RecordError, Run, load
from ..state import StateError
from ..study import Participant, Study
from ..tables import MissingDatasetError
from . import FORMATS, LONG, MissingLibrary, write
from .episodes import dataset_id
from .long_table import Selection

EXAMPLES = """examples:
  infans-export runs/body_map-1                               CSV tables and a codebook into runs/body_map-1/csv
  infans-export run.h5 --format parquet -o tables             for pandas.read_parquet and arrow
  infans-export run.h5 --participants 1 2 5-9 --measure error one measure of some participants
  infans-export run.h5 --signals                              also what minds and bodies had inside (record.signals)
  infans-export run.h5 --format psych-ds -o shared            a Psych-DS dataset
  infans-export run.h5 --format minari -o datasets            MINARI_DATASETS_PATH=datasets, minari.load_dataset(...)
  infans-export run.h5 --format mujoco                        MJCF and states (record.physics_every) for exact replay

R:       trials <- read.csv("csv/trials_reach.csv"); lme4::lmer(error ~ group * age_days + (1 | participant), trials)
Python:  pandas.read_parquet("parquet/trials_reach.parquet")
"""


def numbers(text: str) -> range:
    """ "3" or "5-9"."""
    first, dash, last = text.partition("-")
    try:
        chosen = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is neither a number nor a range like 5-9") from None
    if chosen.start < 1:
        raise argparse.ArgumentTypeError(f"'{text}': numbers are counted from 1")
    if not chosen:
        raise argparse.ArgumentTypeError(f"'{text}' is a range of nobody; the smaller number comes first")
    return chosen


def people_of(record: Study | Run, ranges: Sequence[range]) -> list[int]:
    """Their numbers. Raises MissingDatasetError for one that is not there."""
    for some in ranges:  # before a range is spread: it may be a mistyped one of billions
        Selection((some[-1],)).lives(record)
    return [number for some in ranges for number in some]


def say_unfinished(lives: Sequence[Participant | Agent]) -> None:
    """One line of those that go on, or were stopped."""
    going = sum(not life.finished for life in lives)
    if going:
        what = f"{going} of {len(lives)} lives {'has' if going == 1 else 'have'} not ended"
        column = "" if isinstance(lives[0], Agent) else " (column finished of the participants' table)"
        print(f"infans-export: {what}{column}; what is exported of them ends where the record does", file=sys.stderr)


def main(argv: list[str] | None = None) -> None:
    """Exits 2 with one line where it cannot, 130 on Ctrl-C with nothing left behind."""
    parser = argparse.ArgumentParser(
        prog="infans-export", description="Export a record to what other programs read.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("record", metavar="RUN.h5", help="record, or the folder that holds run.h5")
    about = "; ".join(f"{name}: {what}" for name, what in FORMATS.items())
    parser.add_argument("--format", choices=FORMATS, default="csv", metavar="FORMAT", help=f"[csv] {about}")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder to write [FORMAT, beside the record]")
    parser.add_argument("--participants", nargs="+", type=numbers, default=[], metavar="N",
                        help="only these, e.g. 1 2 5-9; of a run: agents [all]")  # fmt: skip
    parser.add_argument("--measure", nargs="+", default=[], metavar="NAME",
                        help="only these variables, measures or signals, and tables that have one [all]")  # fmt: skip
    parser.add_argument("--signals", action="store_true", help="also the table of signals")
    parser.add_argument("--force", action="store_true", help="replace files that are already there")
    given = parser.parse_args(argv)
    if given.measure and given.format not in LONG:
        parser.error(f"--measure chooses columns of tables; --format {given.format} has none")
    try:
        with load(given.record) as record:
            people = people_of(record, given.participants)
            written = write(record, given.format, given.output, participants=people, measures=given.measure,
                            signals=given.signals, force=given.force, quiet=False)  # fmt: skip
            root = Path(given.output) if given.output else record.path.parent / given.format
            say_unfinished(Selection(people).lives(record))
            hint = dataset_id(record.attrs["spec_name"]) if given.format == "minari" else ""
    except KeyboardInterrupt:
        print("\ninfans-export: interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
    except (OSError, RecordError, MissingDatasetError, MissingLibrary, StateError) as error:
        print(f"infans-export: {error}", file=sys.stderr)
        sys.exit(2)
    print("\n".join(map(str, written)))
    if hint:
        print(f'infans-export: MINARI_DATASETS_PATH={root} python -c \'import minari; minari.load_dataset("{hint}")\'',
              file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    main()
